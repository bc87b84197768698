/**
 * The neutral errors of every service contract. A layer translates what its driver throws into one of
 * these; code above a contract never sees a driver's own error type.
 */
import { Schema } from "effect"

/** The service whose contract was called. */
export const ServiceName = Schema.Literals(["store", "cache", "temporal"])
/** The service whose contract was called. */
export type ServiceName = typeof ServiceName.Type

const fields = {
  service: ServiceName,
  /** The contract's operation, e.g. `store.getWorkflowState`. */
  operation: Schema.String,
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}

/** The thing asked for does not exist. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", fields) {
  readonly code = "COMPOZY_NOT_FOUND"
  readonly isRetryable = false
}

/** The thing already exists, or another writer won. */
export class Conflict extends Schema.TaggedError<Conflict>()("Conflict", fields) {
  readonly code = "COMPOZY_CONFLICT"
  readonly isRetryable = false
}

/** The request itself is wrong: repeating it cannot help. */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>()("InvalidRequest", fields) {
  readonly code = "COMPOZY_INVALID_REQUEST"
  readonly isRetryable = false
}

/** The service cannot be reached, or is shutting down. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", fields) {
  readonly code = "COMPOZY_UNAVAILABLE"
  readonly isRetryable = true
}

/** The service did not answer in time; whether the request took effect is unknown. */
export class TimedOut extends Schema.TaggedError<TimedOut>()("TimedOut", fields) {
  readonly code = "COMPOZY_TIMED_OUT"
  readonly isRetryable = true
}

/** A limit was reached: a full disk, a payload over the limit, too many requests. */
export class ResourceExhausted extends Schema.TaggedError<ResourceExhausted>()("ResourceExhausted", fields) {
  readonly code = "COMPOZY_RESOURCE_EXHAUSTED"
  readonly isRetryable = true
}

/** The service refused the credentials or the permission. */
export class AccessDenied extends Schema.TaggedError<AccessDenied>()("AccessDenied", fields) {
  readonly code = "COMPOZY_ACCESS_DENIED"
  readonly isRetryable = false
}

/** The service failed in a way that its contract does not name. */
export class ServiceFailure extends Schema.TaggedError<ServiceFailure>()("ServiceFailure", fields) {
  readonly code = "COMPOZY_SERVICE_FAILURE"
  readonly isRetryable = false
}

/** What any call on a service contract may fail with. */
export type ServiceError =
  | NotFound
  | Conflict
  | InvalidRequest
  | Unavailable
  | TimedOut
  | ResourceExhausted
  | AccessDenied
  | ServiceFailure
