/** Translates what Temporal's SDK throws into the neutral errors of the `Temporal` contract. */
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

/** The gRPC status of an error, and the server's own words (https://grpc.io/docs/guides/status-codes/). */
export const grpcStatusOf = (
  cause: unknown
): { readonly code: number; readonly details: string } | undefined => {
  for (let error = cause, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    if ("code" in error && typeof error.code === "number") {
      const details = "details" in error && typeof error.details === "string" ? error.details : error.message
      return { code: error.code, details }
    }
  }
  return undefined
}

/**
 * The neutral error for what a call of `operation` threw.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { toTemporalError } from "./TemporalErrors.ts"
 *
 * const call = (request: () => Promise<void>) =>
 *   Effect.tryPromise({ try: request, catch: (cause) => toTemporalError("temporal.signal", cause) })
 * ```
 */
export const toTemporalError = (operation: string, cause: unknown): ServiceError => {
  const status = grpcStatusOf(cause)
  const detail = status?.details ?? (cause instanceof Error ? cause.message : String(cause))
  const fields = { service: "temporal" as const, operation, message: `${operation}: ${detail}`, cause }
  switch (status?.code) {
    case 1: // CANCELLED
    case 10: // ABORTED
    case 14: // UNAVAILABLE
      return new Unavailable(fields)
    case 3: // INVALID_ARGUMENT
    case 9: // FAILED_PRECONDITION
    case 11: // OUT_OF_RANGE
    case 12: // UNIMPLEMENTED
      return new InvalidRequest(fields)
    case 4: // DEADLINE_EXCEEDED
      return new TimedOut(fields)
    case 5: // NOT_FOUND
      return new NotFound(fields)
    case 6: // ALREADY_EXISTS
      return new Conflict(fields)
    case 7: // PERMISSION_DENIED
    case 16: // UNAUTHENTICATED
      return new AccessDenied(fields)
    case 8: // RESOURCE_EXHAUSTED
      return new ResourceExhausted(fields)
    default:
      return new ServiceFailure(fields)
  }
}
