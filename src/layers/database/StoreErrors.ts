/** Translates SQL failures into the neutral errors of the `Store` contract. */
import type { SqlError } from "effect/sql/SqlError"
import {
  AccessDenied,
  Conflict,
  InvalidRequest,
  NotFound,
  ResourceExhausted,
  type ServiceError,
  ServiceFailure,
  TimedOut,
  Unavailable
} from "../../services/ServiceError.ts"

/** SQLite's SQLITE_FULL and PostgreSQL's class 53 (out of disk, memory or connections). */
const isExhausted = (code: unknown, errcode: unknown): boolean =>
  (typeof code === "string" && code.startsWith("53")) || errcode === 13

/** PostgreSQL's class 57P: the server is shutting down, crashed or starting. */
const isShutdown = (code: unknown): boolean => typeof code === "string" && code.startsWith("57P")

/** PostgreSQL's and SQLite's codes of a missing referenced row. */
const isMissingReference = (code: unknown, errcode: unknown): boolean => code === "23503" || errcode === 787

const detailOf = (cause: unknown, name: string): unknown =>
  typeof cause === "object" && cause !== null && name in cause ? Reflect.get(cause, name) : undefined

/**
 * The neutral error for a failed statement of `operation`.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import type { SqlClient } from "effect/sql/SqlClient"
 * import { toStoreError } from "./StoreErrors.ts"
 *
 * const ping = (sql: SqlClient) =>
 *   sql`SELECT 1`.pipe(Effect.mapError((error) => toStoreError("store.ping", error)))
 * ```
 */
export const toStoreError = (operation: string, error: SqlError): ServiceError => {
  const cause = error.reason.cause
  const detail = cause instanceof Error ? cause.message : error.message
  const fields = { service: "store" as const, operation, message: `${operation}: ${detail}`, cause: error }
  const code = detailOf(cause, "code")
  const errcode = detailOf(cause, "errcode")
  switch (error.reason._tag) {
    case "ConnectionError":
    case "DeadlockError":
    case "SerializationError":
    case "LockTimeoutError":
      return new Unavailable(fields)
    case "StatementTimeoutError":
      return isShutdown(code) ? new Unavailable(fields) : new TimedOut(fields)
    case "AuthenticationError":
    case "AuthorizationError":
      return new AccessDenied(fields)
    case "UniqueViolation":
      return new Conflict(fields)
    case "ConstraintError":
      return isMissingReference(code, errcode) ? new NotFound(fields) : new InvalidRequest(fields)
    case "SqlSyntaxError":
    case "UnknownError":
      if (isExhausted(code, errcode)) return new ResourceExhausted(fields)
      return isShutdown(code) ? new Unavailable(fields) : new ServiceFailure(fields)
  }
}
