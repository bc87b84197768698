import { messageType } from "./proto/root.ts"
import { Code } from "./proto/enums.ts"

/** A typed detail of an error, as it goes into `grpc-status-details-bin`. */
export interface ErrorDetail {
  readonly type: string
  readonly value: Record<string, unknown>
}

/** An answer of the service that is an error: a gRPC code, the real server's message and its details. */
export class ServiceError extends Error {
  readonly code: number
  readonly details: readonly ErrorDetail[]
  constructor(code: number, message: string, details: readonly ErrorDetail[] = []) {
    super(message)
    this.name = "ServiceError"
    this.code = code
    this.details = details
  }
}

const detail = (name: string, value: Record<string, unknown> = {}): ErrorDetail => ({
  type: `temporal.api.errordetails.v1.${name}`,
  value
})

export const invalidArgument = (message: string): ServiceError =>
  new ServiceError(Code.InvalidArgument, message)

export const notFound = (message: string): ServiceError =>
  new ServiceError(Code.NotFound, message, [detail("NotFoundFailure")])

export const workflowNotReady = (message: string): ServiceError =>
  new ServiceError(Code.FailedPrecondition, message, [detail("WorkflowNotReadyFailure")])

const busyWorkflow = 5
const concurrentLimit = 2

const resourceExhausted = (message: string, cause: number): ServiceError =>
  new ServiceError(Code.ResourceExhausted, message, [detail("ResourceExhaustedFailure", { cause, scope: 1 })])

/** The caller is to ask again: the next run of the workflow may take it. */
export const workflowClosing = (): ServiceError =>
  resourceExhausted("workflow operation can not be applied because workflow is closing", busyWorkflow)

export const tooManyUpdates = (limit: number): ServiceError =>
  resourceExhausted(
    `limit on number of concurrent in-flight updates has been reached (${limit})`,
    concurrentLimit
  )

export const tooManyBatches = (): ServiceError =>
  resourceExhausted("Max concurrent batch operations is reached", concurrentLimit)

export const unimplemented = (message: string): ServiceError => new ServiceError(Code.Unimplemented, message)

export const aborted = (message: string): ServiceError => new ServiceError(Code.Aborted, message)

export const unavailable = (message: string): ServiceError => new ServiceError(Code.Unavailable, message)

export const permissionDenied = (message: string): ServiceError =>
  new ServiceError(Code.PermissionDenied, message, [detail("PermissionDeniedFailure")])

export const queryFailed = (message: string, failure?: unknown): ServiceError =>
  new ServiceError(Code.InvalidArgument, message, [
    detail("QueryFailedFailure", failure === undefined || failure === null ? {} : { failure })
  ])

export const namespaceNotFound = (namespace: string): ServiceError =>
  new ServiceError(Code.NotFound, `Namespace ${namespace} is not found.`, [
    detail("NamespaceNotFoundFailure", { namespace })
  ])

export const namespaceExists = (namespace: string): ServiceError =>
  new ServiceError(Code.AlreadyExists, `Namespace ${JSON.stringify(namespace)} already exists`, [
    detail("NamespaceAlreadyExistsFailure")
  ])

export const alreadyStarted = (message: string, requestId: string, runId: string): ServiceError =>
  new ServiceError(Code.AlreadyExists, message, [
    detail("WorkflowExecutionAlreadyStartedFailure", { startRequestId: requestId, runId })
  ])

/** What became of the operations of a request when not all of them succeeded; undefined for one that did. */
export const multiOperationFailed = (results: readonly (ServiceError | undefined)[]): ServiceError => {
  const code = results.find((error) => error !== undefined && error.code !== Code.Aborted)?.code
  const statuses = results.map((error) =>
    error === undefined
      ? { code: Code.Ok, message: "", details: [] }
      : { code: error.code, message: error.message, details: encodeDetails(error) }
  )
  return new ServiceError(code ?? Code.Aborted, "Update-with-Start could not be executed.", [
    detail("MultiOperationExecutionFailure", { statuses })
  ])
}

/** An operation was not carried out because the other one failed. */
export const operationAborted = (): ServiceError =>
  new ServiceError(Code.Aborted, "Operation was aborted.", [
    { type: "temporal.api.failure.v1.MultiOperationExecutionAborted", value: {} }
  ])

// The real server's texts, see service/history/consts/const.go.
export const workflowCompleted = (): ServiceError => notFound("workflow execution already completed")
export const workflowTaskNotFound = (): ServiceError => notFound("Workflow task not found.")
export const activityTaskNotFound = (): ServiceError =>
  notFound("invalid activityID or activity already timed out or invoking workflow is completed")
export const activityNotFound = (): ServiceError =>
  notFound("Can't find pending activity with such ID. Invalid activityID or activity already completed")
export const badTaskToken = (): ServiceError => invalidArgument("Error deserializing task token.")

interface StatusMessage {
  readonly code: number
  readonly message: string
  readonly details: readonly { readonly type_url: string; readonly value: Uint8Array }[]
}

const encodeDetails = (error: ServiceError): StatusMessage["details"] =>
  error.details.map((item) => ({
    type_url: `type.googleapis.com/${item.type}`,
    value: messageType<Record<string, unknown>>(item.type).encode(item.value).finish()
  }))

/** Encodes the error as a `google.rpc.Status`, the content of the `grpc-status-details-bin` trailer. */
export const encodeStatus = (error: ServiceError): Uint8Array =>
  messageType<StatusMessage>("google.rpc.Status")
    .encode({
      code: error.code,
      message: error.message,
      details: encodeDetails(error)
    })
    .finish()
