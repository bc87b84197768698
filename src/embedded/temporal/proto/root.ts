import type { temporal } from "@temporalio/proto"

import { loadRoot } from "./lazy-root.ts"
import type { MessageType, ReflectionMethod } from "./reflection.ts"

/** What the engine reads and writes of a 64-bit integer: numbers when it writes, `Long` objects when it reads. */
export type Int64 = number | { readonly low: number; readonly high: number; readonly unsigned: boolean }

/**
 * The shape of a protobuf message as this engine handles it: the generated interface with 64-bit integers as
 * {@link Int64}, so that plain objects with plain numbers can be written without wrapping each id.
 */
export type View<T> = T extends Uint8Array
  ? T
  : T extends { low: number; high: number; unsigned: boolean }
    ? Int64
    : T extends readonly (infer U)[]
      ? View<U>[]
      : T extends object
        ? { [K in keyof T]: View<T[K]> | undefined }
        : T

type Api = typeof temporal.api
type Common = temporal.api.common.v1.IPayload

export type Payload = View<Common>
export type Payloads = View<temporal.api.common.v1.IPayloads>
export type Header = View<temporal.api.common.v1.IHeader>
export type Memo = View<temporal.api.common.v1.IMemo>
export type SearchAttributes = View<temporal.api.common.v1.ISearchAttributes>
export type Failure = View<temporal.api.failure.v1.IFailure>
export type RetryPolicy = View<temporal.api.common.v1.IRetryPolicy>
export type WorkflowExecution = View<temporal.api.common.v1.IWorkflowExecution>
export type UserMetadata = View<temporal.api.sdk.v1.IUserMetadata>
export type ResetPoint = View<temporal.api.workflow.v1.IResetPointInfo>
export type WorkerVersion = View<temporal.api.common.v1.IWorkerVersionStamp>
export type Link = View<temporal.api.common.v1.ILink>
export type HistoryEvent = View<temporal.api.history.v1.IHistoryEvent>
export type Command = View<temporal.api.command.v1.ICommand>
export type ActivityOptionsMessage = View<temporal.api.activity.v1.IActivityOptions>
export type Duration = { seconds?: Int64 | null | undefined; nanos?: number | null | undefined }
export type Timestamp = Duration

export type StartedAttributes = View<temporal.api.history.v1.IWorkflowExecutionStartedEventAttributes>
export type ActivityScheduledAttributes = View<temporal.api.history.v1.IActivityTaskScheduledEventAttributes>
export type ChildInitiatedAttributes =
  View<temporal.api.history.v1.IStartChildWorkflowExecutionInitiatedEventAttributes>
export type SignalExternalAttributes =
  View<temporal.api.history.v1.ISignalExternalWorkflowExecutionInitiatedEventAttributes>
export type CancelExternalAttributes =
  View<temporal.api.history.v1.IRequestCancelExternalWorkflowExecutionInitiatedEventAttributes>

type ServiceMethods = Api["workflowservice"]["v1"]["WorkflowService"]["prototype"] &
  Api["operatorservice"]["v1"]["OperatorService"]["prototype"]

/** Requests of the workflow service and of the operator service, by the name of the call. */
export type Request<M extends string> = M extends keyof RequestMap ? View<RequestMap[M]> : never

type MethodName = Exclude<keyof ServiceMethods, "rpcCall" | "requestDelimited" | "responseDelimited">
type RequestMap = {
  [M in MethodName as M extends string ? Capitalize<M> : never]: ServiceMethods[M] extends {
    (request: infer R): unknown
  }
    ? R
    : never
}

export type { MessageType, ReflectionMethod } from "./reflection.ts"

const root = loadRoot()

/** A message type by its full name, built with all that it refers to when it is first used. */
export const messageType = <T>(path: string): MessageType<T> => {
  let type: MessageType<T> | undefined
  const built = () => (type ??= root.lookupType(path) as MessageType<T>)
  return { encode: (message) => built().encode(message), decode: (bytes) => built().decode(bytes) }
}

/** The methods of a service of the reflection root. */
export const serviceMethods = (path: string): ReflectionMethod[] => root.lookupService(path).methodsArray

export const types = {
  historyEvent: messageType<HistoryEvent>("temporal.api.history.v1.HistoryEvent"),
  history: messageType<{ events?: HistoryEvent[] | null | undefined }>("temporal.api.history.v1.History"),
  pollWorkflowTask: messageType<View<temporal.api.workflowservice.v1.IPollWorkflowTaskQueueResponse>>(
    "temporal.api.workflowservice.v1.PollWorkflowTaskQueueResponse"
  ),
  respondWorkflowTaskCompleted: messageType<
    View<temporal.api.workflowservice.v1.IRespondWorkflowTaskCompletedResponse>
  >("temporal.api.workflowservice.v1.RespondWorkflowTaskCompletedResponse"),
  getHistory: messageType<View<temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryResponse>>(
    "temporal.api.workflowservice.v1.GetWorkflowExecutionHistoryResponse"
  ),
  payloads: messageType<Payloads>("temporal.api.common.v1.Payloads"),
  failure: messageType<Failure>("temporal.api.failure.v1.Failure"),
  updateRequest: messageType<UpdateRequest>("temporal.api.update.v1.Request"),
  updateAcceptance: messageType<View<temporal.api.update.v1.IAcceptance>>(
    "temporal.api.update.v1.Acceptance"
  ),
  updateRejection: messageType<View<temporal.api.update.v1.IRejection>>("temporal.api.update.v1.Rejection"),
  updateResponse: messageType<View<temporal.api.update.v1.IResponse>>("temporal.api.update.v1.Response"),
  memo: messageType<Memo>("temporal.api.common.v1.Memo"),
  searchAttributes: messageType<SearchAttributes>("temporal.api.common.v1.SearchAttributes")
}

export type PollWorkflowTaskResponse = View<temporal.api.workflowservice.v1.IPollWorkflowTaskQueueResponse>
export type PollActivityTaskResponse = View<temporal.api.workflowservice.v1.IPollActivityTaskQueueResponse>
export type WorkflowExecutionInfo = View<temporal.api.workflow.v1.IWorkflowExecutionInfo>
export type PendingActivityInfo = View<temporal.api.workflow.v1.IPendingActivityInfo>
export type UpdateRequest = View<temporal.api.update.v1.IRequest>
export type UpdateOutcome = View<temporal.api.update.v1.IOutcome>
export type ProtocolMessage = View<temporal.api.protocol.v1.IMessage>
export type WorkerHeartbeat = View<temporal.api.worker.v1.IWorkerHeartbeat>
export type Query = View<temporal.api.query.v1.IWorkflowQuery>
export type QueryResult = View<temporal.api.query.v1.IWorkflowQueryResult>
