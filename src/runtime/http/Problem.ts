/** Errors on the wire: `application/problem+json` (RFC 9457) with a stable code. */
import type { Issue } from "../ExecutionError.ts"
import type { ServiceError } from "../../services/ServiceError.ts"
import type {
  ExecutionNotFound,
  IdempotencyKeyReused,
  InputInvalid,
  SignalInvalid,
  WorkflowNotFound
} from "../ExecutionError.ts"

/** The HTTP status of every code that this API answers with. */
export const problemStatus = {
  COMPOZY_BAD_REQUEST: 400,
  COMPOZY_INPUT_INVALID: 400,
  COMPOZY_SIGNAL_INVALID: 400,
  COMPOZY_INVALID_REQUEST: 400,
  COMPOZY_HOST_REFUSED: 403,
  COMPOZY_ORIGIN_REFUSED: 403,
  COMPOZY_ROUTE_NOT_FOUND: 404,
  COMPOZY_WORKFLOW_NOT_FOUND: 404,
  COMPOZY_EXECUTION_NOT_FOUND: 404,
  COMPOZY_NOT_FOUND: 404,
  COMPOZY_METHOD_NOT_ALLOWED: 405,
  COMPOZY_CONFLICT: 409,
  COMPOZY_IDEMPOTENCY_KEY_REUSED: 409,
  COMPOZY_BODY_TOO_LARGE: 413,
  COMPOZY_UNSUPPORTED_MEDIA_TYPE: 415,
  COMPOZY_RESOURCE_EXHAUSTED: 429,
  COMPOZY_INTERNAL: 500,
  COMPOZY_SERVICE_FAILURE: 500,
  COMPOZY_ACCESS_DENIED: 502,
  COMPOZY_SHUTTING_DOWN: 503,
  COMPOZY_UNAVAILABLE: 503,
  COMPOZY_TIMED_OUT: 504
} as const

/** A stable code of the HTTP API. */
export type ProblemCode = keyof typeof problemStatus

/** A problem: what went wrong, and where it helps, what was wrong with the value. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly issues?: ReadonlyArray<Issue>
}

const titles: Record<number, string> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout"
}

/** A failure of a request, as the router writes it. */
export class ProblemError extends Error {
  readonly _tag = "ProblemError"
  readonly code: ProblemCode
  readonly issues: ReadonlyArray<Issue> | undefined
  readonly headers: Readonly<Record<string, string>>
  constructor(
    code: ProblemCode,
    detail: string,
    options?: { readonly issues?: ReadonlyArray<Issue>; readonly headers?: Readonly<Record<string, string>> }
  ) {
    super(detail)
    this.code = code
    this.issues = options?.issues
    this.headers = options?.headers ?? {}
  }
}

/** What a handler may fail with. */
export type HandlerError =
  | ProblemError
  | WorkflowNotFound
  | IdempotencyKeyReused
  | ExecutionNotFound
  | InputInvalid
  | SignalInvalid
  | ServiceError

/** The problem that an error is answered with. */
export const problemOf = (error: HandlerError): Problem => {
  const status = problemStatus[error.code]
  const issues = "issues" in error ? error.issues : undefined
  return {
    type: `urn:compozy:error:${error.code}`,
    title: titles[status] ?? "Error",
    status,
    code: error.code,
    detail: error.message,
    ...(issues === undefined ? {} : { issues })
  }
}
