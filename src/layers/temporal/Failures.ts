/** Temporal's failures as plain values. */
import type { temporal } from "@temporalio/proto"
import type { ExecutionFailure, Json } from "../../services/Temporal.ts"
import { decodePayloads } from "./Payloads.ts"

type Failure = temporal.api.failure.v1.IFailure

const TIMEOUT_TYPES = [
  "UNSPECIFIED",
  "START_TO_CLOSE",
  "SCHEDULE_TO_START",
  "SCHEDULE_TO_CLOSE",
  "HEARTBEAT"
] as const

/** The failure's type, and what Temporal records with it beyond the message. */
const describe = (
  failure: Failure
): { readonly type: string | null; readonly details: ReadonlyArray<Json> } => {
  const { activityFailureInfo, applicationFailureInfo, canceledFailureInfo } = failure
  const { childWorkflowExecutionFailureInfo, serverFailureInfo, terminatedFailureInfo, timeoutFailureInfo } =
    failure
  if (applicationFailureInfo) {
    return {
      type: applicationFailureInfo.type || null,
      details: decodePayloads(applicationFailureInfo.details)
    }
  }
  if (timeoutFailureInfo) {
    const timeoutType = TIMEOUT_TYPES[timeoutFailureInfo.timeoutType ?? 0] ?? "UNSPECIFIED"
    return { type: "TimeoutFailure", details: [{ timeoutType }] }
  }
  if (activityFailureInfo) {
    const { activityId, activityType } = activityFailureInfo
    return {
      type: "ActivityFailure",
      details: [{ activityId: activityId ?? "", activityType: activityType?.name ?? "" }]
    }
  }
  if (childWorkflowExecutionFailureInfo) {
    const { workflowExecution, workflowType } = childWorkflowExecutionFailureInfo
    return {
      type: "ChildWorkflowExecutionFailure",
      details: [{ workflowId: workflowExecution?.workflowId ?? "", workflowType: workflowType?.name ?? "" }]
    }
  }
  if (canceledFailureInfo)
    return { type: "CanceledFailure", details: decodePayloads(canceledFailureInfo.details) }
  if (terminatedFailureInfo) return { type: "TerminatedFailure", details: [] }
  if (serverFailureInfo) return { type: "ServerFailure", details: [] }
  return { type: null, details: [] }
}

/**
 * The failure with its causes. `type` is the application's own type, or the name of Temporal's failure
 * (`TimeoutFailure`, `ActivityFailure`, `ChildWorkflowExecutionFailure`, `CanceledFailure`, ...).
 */
export const toExecutionFailure = (failure: Failure): ExecutionFailure => ({
  message: failure.message ?? "",
  stack: failure.stackTrace || null,
  ...describe(failure),
  cause: failure.cause ? toExecutionFailure(failure.cause) : null
})

/** A failure that has only a type and a message. */
export const plainFailure = (
  type: string,
  message: string,
  details: ReadonlyArray<Json> = []
): ExecutionFailure => ({
  message,
  type,
  stack: null,
  details,
  cause: null
})
