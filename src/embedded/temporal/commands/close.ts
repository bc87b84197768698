import { randomUUID } from "node:crypto"

import { EventType, Initiator, TaskFailedCause, TaskQueueKind } from "../proto/enums.ts"
import { fromMillis, positiveMillis, toMillis } from "../proto/time.ts"
import type { Command, StartedAttributes } from "../proto/root.ts"
import { closeRun, continueRun, cronFollowUp, followUp } from "../lifecycle.ts"
import { effectiveTimeouts } from "../run-timeouts.ts"
import { sizeOfFailure } from "../failure-size.ts"
import { sizeOfFields, sizeOfPayloads } from "../payload.ts"
import { validateRetryPolicy, withDefaults } from "../retry.ts"
import { isOpen } from "../state.ts"
import { CommandFailure, metadataOf } from "./context.ts"
import type { CommandContext } from "./context.ts"
import { checkSearchAttributes } from "./search-attributes.ts"

/** A run is not closed over something its workflow has not seen. False if the run is closed already. */
const mayClose = (context: CommandContext): boolean => {
  if (context.hasBuffered) throw new CommandFailure(TaskFailedCause.UnhandledCommand, "")
  return isOpen(context.run.h)
}

export const completeWorkflow = (context: CommandContext, command: Command): void => {
  if (!mayClose(context)) return
  const { tx, run } = context
  const cause = TaskFailedCause.BadCompleteWorkflowExecutionAttributes
  const attributes = command.completeWorkflowExecutionCommandAttributes
  if (!attributes)
    throw new CommandFailure(
      cause,
      "CompleteWorkflowExecutionCommandAttributes is not set on CompleteWorkflowExecutionCommand."
    )
  if (sizeOfPayloads(attributes.result) > tx.core.limits.blobSize)
    throw new CommandFailure(
      cause,
      "CompleteWorkflowExecutionCommandAttributes.Result exceeds size limit.",
      true
    )
  const next = cronFollowUp(tx, run, { lastCompletionResult: attributes.result })
  const newExecutionRunId = next === undefined ? "" : randomUUID()
  closeRun(tx, run, EventType.WorkflowExecutionCompleted, {
    workflowExecutionCompletedEventAttributes: {
      result: attributes.result,
      workflowTaskCompletedEventId: context.completedEventId,
      newExecutionRunId
    },
    ...metadataOf(command)
  })
  if (next !== undefined) continueRun(tx, run, newExecutionRunId, next)
}

export const failWorkflow = (context: CommandContext, command: Command): void => {
  if (!mayClose(context)) return
  const { tx, run } = context
  const failure = command.failWorkflowExecutionCommandAttributes?.failure
  if (!failure)
    throw new CommandFailure(
      TaskFailedCause.BadFailWorkflowExecutionAttributes,
      "Failure is not set on FailWorkflowExecutionCommand."
    )
  if (sizeOfFailure(failure) > tx.core.limits.blobSize)
    throw new CommandFailure(
      TaskFailedCause.BadFailWorkflowExecutionAttributes,
      "FailWorkflowExecutionCommandAttributes.Failure exceeds size limit.",
      true
    )
  const { retryState, next } = followUp(tx, run, failure)
  const newExecutionRunId = next === undefined ? "" : randomUUID()
  closeRun(tx, run, EventType.WorkflowExecutionFailed, {
    workflowExecutionFailedEventAttributes: {
      failure,
      retryState,
      workflowTaskCompletedEventId: context.completedEventId,
      newExecutionRunId
    },
    ...metadataOf(command)
  })
  if (next !== undefined) continueRun(tx, run, newExecutionRunId, next)
}

export const cancelWorkflow = (context: CommandContext, command: Command): void => {
  if (!mayClose(context)) return
  const attributes = command.cancelWorkflowExecutionCommandAttributes
  if (!attributes)
    throw new CommandFailure(
      TaskFailedCause.BadCancelWorkflowExecutionAttributes,
      "CancelWorkflowExecutionCommandAttributes is not set on CancelWorkflowExecutionCommand."
    )
  closeRun(context.tx, context.run, EventType.WorkflowExecutionCanceled, {
    workflowExecutionCanceledEventAttributes: {
      workflowTaskCompletedEventId: context.completedEventId,
      details: attributes.details
    },
    ...metadataOf(command)
  })
}

export const continueAsNew = (context: CommandContext, command: Command): void => {
  if (!mayClose(context)) return
  const { tx, run } = context
  const { limits } = tx.core
  const cause = TaskFailedCause.BadContinueAsNewAttributes
  const attributes = command.continueAsNewWorkflowExecutionCommandAttributes
  if (!attributes)
    throw new CommandFailure(
      cause,
      "ContinueAsNewWorkflowExecutionCommandAttributes is not set on ContinueAsNewWorkflowExecutionCommand."
    )
  if (sizeOfPayloads(attributes.input) > limits.blobSize)
    throw new CommandFailure(
      cause,
      "ContinueAsNewWorkflowExecutionCommandAttributes. Input exceeds size limit.",
      true
    )
  if (sizeOfFields(attributes.memo?.fields) > limits.memoSize)
    throw new CommandFailure(
      cause,
      "ContinueAsNewWorkflowExecutionCommandAttributes. Memo exceeds size limit.",
      true
    )
  validateRetryPolicy(attributes.retryPolicy)
  const { started } = run.h
  const { runMs, taskMs } = effectiveTimeouts({
    executionMs: positiveMillis(started.workflowExecutionTimeout) ?? 0,
    runMs: positiveMillis(attributes.workflowRunTimeout) ?? positiveMillis(started.workflowRunTimeout) ?? 0,
    taskMs: positiveMillis(attributes.workflowTaskTimeout) ?? positiveMillis(started.workflowTaskTimeout) ?? 0
  })
  const workflowType = { name: attributes.workflowType?.name || (started.workflowType?.name ?? "") }
  const taskQueue = {
    name: attributes.taskQueue?.name || (started.taskQueue?.name ?? ""),
    kind: TaskQueueKind.Normal
  }
  const searchAttributes = checkSearchAttributes(
    context,
    run.namespace,
    attributes.searchAttributes,
    (message) =>
      `invalid SearchAttributes on ContinueAsNewWorkflowExecutionCommand: ${message}. WorkflowType=${workflowType.name} TaskQueue=${taskQueue.name}`
  )
  const newExecutionRunId = randomUUID()
  // Memo and search attributes go on only as the command says.
  const { memo } = attributes
  const initiator = attributes.initiator || Initiator.Workflow
  const backoffMs = Math.max(toMillis(attributes.backoffStartInterval) ?? 0, 0)
  const common = { workflowType, taskQueue, input: attributes.input, header: attributes.header, memo }
  closeRun(tx, run, EventType.WorkflowExecutionContinuedAsNew, {
    workflowExecutionContinuedAsNewEventAttributes: {
      ...common,
      newExecutionRunId,
      searchAttributes,
      workflowRunTimeout: fromMillis(runMs),
      workflowTaskTimeout: fromMillis(taskMs),
      workflowTaskCompletedEventId: context.completedEventId,
      inheritBuildId: attributes.inheritBuildId ?? false,
      backoffStartInterval: fromMillis(backoffMs),
      initiator: attributes.initiator ?? Initiator.Unspecified,
      failure: attributes.failure,
      lastCompletionResult: attributes.lastCompletionResult
    },
    ...metadataOf(command)
  })
  const changes: StartedAttributes = {
    ...common,
    searchAttributes,
    workflowRunTimeout: fromMillis(runMs),
    workflowTaskTimeout: fromMillis(taskMs),
    ...(attributes.retryPolicy ? { retryPolicy: withDefaults(attributes.retryPolicy) } : {}),
    ...(attributes.cronSchedule ? { cronSchedule: attributes.cronSchedule } : {})
  }
  continueRun(tx, run, newExecutionRunId, {
    initiator,
    backoffMs,
    failure: attributes.failure,
    lastCompletionResult: attributes.lastCompletionResult ?? started.lastCompletionResult,
    changes
  })
}
