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

export const queryFailed = (message: string, failure?: unknown): ServiceError =>
  new ServiceError(Code.InvalidArgument, message, [
    detail("QueryFailedFailure", failure === undefined || failure === null ? {} : { failure })
  ])

export const namespaceNotFound = (namespace: string): ServiceError =>
  new ServiceError(Code.NotFound, `Namespace ${namespace} is not found.`, [
    detail("NamespaceNotFoundFailure", { namespace })
  ])

export const namespaceExists = (): ServiceError =>
  new ServiceError(Code.AlreadyExists, "Namespace already exists.", [detail("NamespaceAlreadyExistsFailure")])

export const alreadyStarted = (message: string, requestId: string, runId: string): ServiceError =>
  new ServiceError(Code.AlreadyExists, message, [
    detail("WorkflowExecutionAlreadyStartedFailure", { startRequestId: requestId, runId })
  ])

/** The failure of one of two operations that belong together; the other one was aborted. */
export const multiOperationFailed = (error: ServiceError, position: number): ServiceError => {
  const failed = { code: error.code, message: error.message, details: encodeDetails(error) }
  const aborted = { code: Code.Aborted, message: "Operation was aborted.", details: [] }
  return new ServiceError(error.code, `Update-with-Start could not be executed: ${error.message}`, [
    detail("MultiOperationExecutionFailure", {
      statuses: position === 0 ? [failed, aborted] : [aborted, failed]
    })
  ])
}

// The real server's texts, see service/history/consts/const.go.
export const workflowCompleted = (): ServiceError => notFound("workflow execution already completed")
export const workflowTaskNotFound = (): ServiceError => notFound("Workflow task not found.")
export const activityTaskNotFound = (): ServiceError =>
  notFound("invalid activityID or activity already timed out or invoking workflow is completed")
export const activityNotFound = (): ServiceError =>
  notFound("Can't find pending activity with such ID. Invalid activityID or activity already completed")
export const badTaskToken = (): ServiceError => invalidArgument("error deserializing task token")

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
