import { EventType, ParentClosePolicy, ReusePolicy, TaskFailedCause, TaskQueueKind } from "../proto/enums.ts"
import { fromMillis, positiveMillis, toNumber } from "../proto/time.ts"
import type { Command } from "../proto/root.ts"
import { validateCron } from "../cron.ts"
import { ServiceError } from "../errors.ts"
import { cancelExternal, signalExternal, startChild } from "../external.ts"
import { effectiveTimeouts } from "../run-timeouts.ts"
import { sizeOfFields, sizeOfPayloads } from "../payload.ts"
import { validateRetryPolicy, withDefaults } from "../retry.ts"
import { CommandFailure, metadataOf } from "./context.ts"
import type { CommandContext } from "./context.ts"
import { checkSearchAttributes } from "./search-attributes.ts"

export const startChildWorkflow = (context: CommandContext, command: Command): void => {
  const { tx, run } = context
  const { limits } = tx.core
  const cause = TaskFailedCause.BadStartChildExecutionAttributes
  const attributes = command.startChildWorkflowExecutionCommandAttributes
  if (!attributes)
    throw new CommandFailure(
      cause,
      "StartChildWorkflowExecutionCommandAttributes is not set on StartChildWorkflowExecutionCommand."
    )
  const workflowId = attributes.workflowId ?? ""
  const workflowType = attributes.workflowType?.name ?? ""
  const namespace = attributes.namespace || run.namespace
  if (workflowId === "")
    throw new CommandFailure(
      cause,
      `Required field WorkflowId is not set on StartChildWorkflowExecutionCommand. WorkflowType=${workflowType} Namespace=${namespace}`
    )
  if (workflowType === "")
    throw new CommandFailure(
      cause,
      `Required field WorkflowType is not set on StartChildWorkflowExecutionCommand. WorkflowId=${workflowId} Namespace=${namespace}`
    )
  if (workflowId.length > limits.idLength || workflowType.length > limits.idLength)
    throw new CommandFailure(
      cause,
      `WorkflowId on StartChildWorkflowExecutionCommand exceeds length limit. WorkflowId=${workflowId}`
    )
  try {
    validateRetryPolicy(attributes.retryPolicy)
    validateCron(attributes.cronSchedule ?? "")
  } catch (error) {
    if (error instanceof ServiceError) throw new CommandFailure(cause, error.message)
    throw error
  }
  if (
    sizeOfPayloads(attributes.input) > limits.blobSize ||
    sizeOfFields(attributes.memo?.fields) > limits.memoSize
  )
    throw new CommandFailure(
      cause,
      "StartChildWorkflowExecutionCommandAttributes. Input exceeds size limit.",
      true
    )
  if (run.h.children.size >= limits.pendingChildren)
    throw new CommandFailure(
      TaskFailedCause.PendingChildWorkflowsLimitExceeded,
      `the number of pending child workflow executions, ${run.h.children.size}, has reached the per-workflow limit of ${limits.pendingChildren}`
    )
  const searchAttributes = checkSearchAttributes(
    context,
    namespace,
    attributes.searchAttributes,
    (message) =>
      `invalid SearchAttributes on StartChildWorkflowCommand: ${message}. WorkflowId=${workflowId} WorkflowType=${workflowType} Namespace=${namespace}`
  )
  const executionMs = positiveMillis(attributes.workflowExecutionTimeout) ?? 0
  const { runMs, taskMs } = effectiveTimeouts({
    executionMs,
    runMs: positiveMillis(attributes.workflowRunTimeout) ?? 0,
    taskMs: positiveMillis(attributes.workflowTaskTimeout) ?? 0
  })
  const event = tx.add(run, EventType.StartChildInitiated, {
    startChildWorkflowExecutionInitiatedEventAttributes: {
      namespace,
      workflowId,
      workflowType: { name: workflowType },
      taskQueue: {
        name: attributes.taskQueue?.name || (run.h.started.taskQueue?.name ?? ""),
        kind: TaskQueueKind.Normal
      },
      input: attributes.input,
      workflowExecutionTimeout: fromMillis(executionMs),
      workflowRunTimeout: fromMillis(runMs),
      workflowTaskTimeout: fromMillis(taskMs),
      parentClosePolicy: attributes.parentClosePolicy || ParentClosePolicy.Terminate,
      control: attributes.control ?? "",
      workflowTaskCompletedEventId: context.completedEventId,
      workflowIdReusePolicy: attributes.workflowIdReusePolicy || ReusePolicy.AllowDuplicate,
      retryPolicy: attributes.retryPolicy ? withDefaults(attributes.retryPolicy) : undefined,
      cronSchedule: attributes.cronSchedule ?? "",
      header: attributes.header,
      memo: attributes.memo,
      searchAttributes,
      inheritBuildId: attributes.inheritBuildId ?? false,
      priority: attributes.priority
    },
    ...metadataOf(command)
  })
  const initiatedEventId = toNumber(event.eventId)
  tx.defer(() => startChild(tx, run, initiatedEventId))
}

export const signalExternalWorkflow = (context: CommandContext, command: Command): void => {
  const { tx, run } = context
  const { limits } = tx.core
  const cause = TaskFailedCause.BadSignalWorkflowExecutionAttributes
  const attributes = command.signalExternalWorkflowExecutionCommandAttributes
  if (!attributes)
    throw new CommandFailure(
      cause,
      "SignalExternalWorkflowExecutionCommandAttributes is not set on SignalExternalWorkflowExecutionCommand."
    )
  const namespace = attributes.namespace || run.namespace
  const workflowId = attributes.execution?.workflowId ?? ""
  if (workflowId === "")
    throw new CommandFailure(
      cause,
      `WorkflowId is not set on SignalExternalWorkflowExecutionCommand. Namespace=${namespace} RunId=${attributes.execution?.runId ?? ""} SignalName=${attributes.signalName ?? ""}`
    )
  if (!attributes.signalName)
    throw new CommandFailure(
      cause,
      `SignalName is not set on SignalExternalWorkflowExecutionCommand. WorkflowId=${workflowId} Namespace=${namespace} RunId=${attributes.execution?.runId ?? ""}`
    )
  if (sizeOfPayloads(attributes.input) > limits.blobSize)
    throw new CommandFailure(
      cause,
      "SignalExternalWorkflowExecutionCommandAttributes.Input exceeds size limit.",
      true
    )
  if (run.h.signalsOut.size >= limits.pendingSignals)
    throw new CommandFailure(
      TaskFailedCause.PendingSignalsLimitExceeded,
      `the number of pending signals to external workflows, ${run.h.signalsOut.size}, has reached the per-workflow limit of ${limits.pendingSignals}`
    )
  const event = tx.add(run, EventType.SignalExternalInitiated, {
    signalExternalWorkflowExecutionInitiatedEventAttributes: {
      workflowTaskCompletedEventId: context.completedEventId,
      namespace: attributes.namespace ?? "",
      workflowExecution: { workflowId, runId: attributes.execution?.runId ?? "" },
      signalName: attributes.signalName,
      input: attributes.input,
      control: attributes.control ?? "",
      childWorkflowOnly: attributes.childWorkflowOnly ?? false,
      header: attributes.header
    },
    ...metadataOf(command)
  })
  const initiatedEventId = toNumber(event.eventId)
  tx.defer(() => signalExternal(tx, run, initiatedEventId))
}

export const cancelExternalWorkflow = (context: CommandContext, command: Command): void => {
  const { tx, run } = context
  const { limits } = tx.core
  const cause = TaskFailedCause.BadRequestCancelExternalWorkflowExecutionAttributes
  const attributes = command.requestCancelExternalWorkflowExecutionCommandAttributes
  if (!attributes)
    throw new CommandFailure(
      cause,
      "RequestCancelExternalWorkflowExecutionCommandAttributes is not set on RequestCancelExternalWorkflowExecutionCommand."
    )
  const namespace = attributes.namespace || run.namespace
  const workflowId = attributes.workflowId ?? ""
  if (workflowId === "")
    throw new CommandFailure(
      cause,
      `WorkflowId is not set on RequestCancelExternalWorkflowExecutionCommand. Namespace=${namespace} RunId=${attributes.runId ?? ""}`
    )
  if (run.h.cancelsOut.size >= limits.pendingCancels)
    throw new CommandFailure(
      TaskFailedCause.PendingRequestCancelLimitExceeded,
      `the number of pending requests to cancel external workflows, ${run.h.cancelsOut.size}, has reached the per-workflow limit of ${limits.pendingCancels}`
    )
  const event = tx.add(run, EventType.RequestCancelExternalInitiated, {
    requestCancelExternalWorkflowExecutionInitiatedEventAttributes: {
      workflowTaskCompletedEventId: context.completedEventId,
      namespace: attributes.namespace ?? "",
      workflowExecution: { workflowId, runId: attributes.runId ?? "" },
      control: attributes.control ?? "",
      childWorkflowOnly: attributes.childWorkflowOnly ?? false,
      reason: attributes.reason ?? ""
    },
    ...metadataOf(command)
  })
  const initiatedEventId = toNumber(event.eventId)
  tx.defer(() => cancelExternal(tx, run, initiatedEventId))
}
