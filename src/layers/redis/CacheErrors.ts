/** Translates what ioredis throws into the neutral errors of the `Cache` contract. */
import {
  AccessDenied,
  InvalidRequest,
  ResourceExhausted,
  type ServiceError,
  ServiceFailure,
  TimedOut,
  Unavailable
} from "../../services/ServiceError.ts"

/** The first word of Redis's error replies says what they mean (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors). */
const KINDS = new Map<string, "access" | "exhausted" | "invalid" | "unavailable">([
  ["NOAUTH", "access"],
  ["WRONGPASS", "access"],
  ["NOPERM", "access"],
  ["OOM", "exhausted"],
  ["MISCONF", "exhausted"],
  ["LOADING", "unavailable"],
  ["CLUSTERDOWN", "unavailable"],
  ["MASTERDOWN", "unavailable"],
  ["TRYAGAIN", "unavailable"],
  ["READONLY", "unavailable"],
  ["BUSY", "unavailable"],
  ["UNBLOCKED", "unavailable"],
  ["WRONGTYPE", "invalid"],
  ["CROSSSLOT", "invalid"],
  ["ERR", "invalid"]
])

/**
 * The neutral error for what a call of `operation` threw.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { toCacheError } from "./CacheErrors.ts"
 *
 * const call = (command: () => Promise<string>) =>
 *   Effect.tryPromise({ try: command, catch: (cause) => toCacheError("cache.ping", cause) })
 * ```
 */
export const toCacheError = (operation: string, cause: unknown): ServiceError => {
  const name = cause instanceof Error ? cause.name : ""
  const detail = cause instanceof Error ? cause.message : String(cause)
  const fields = { service: "cache" as const, operation, message: `${operation}: ${detail}`, cause }
  if (name === "ReplyError") {
    if (detail.startsWith("ERR max number of clients")) return new ResourceExhausted(fields)
    switch (KINDS.get(detail.split(" ", 1)[0] ?? "")) {
      case "access":
        return new AccessDenied(fields)
      case "exhausted":
        return new ResourceExhausted(fields)
      case "invalid":
        return new InvalidRequest(fields)
      case "unavailable":
        return new Unavailable(fields)
      default:
        return new ServiceFailure(fields)
    }
  }
  if (detail === "Command timed out") return new TimedOut(fields)
  if (
    name === "MaxRetriesPerRequestError" ||
    name === "ClusterAllFailedError" ||
    name === "AbortError" ||
    detail.startsWith("Connection is closed") ||
    detail.startsWith("Stream isn't writeable") ||
    (cause instanceof Error && "code" in cause)
  ) {
    return new Unavailable(fields)
  }
  return new ServiceFailure(fields)
}
