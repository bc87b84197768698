import { causeName, RetryState, TaskFailedCause, TimeoutType } from "./proto/enums.ts"
import type { Failure } from "./proto/root.ts"
import type { Run, WorkflowTask } from "./run.ts"
import type { ActivityInfo } from "./state.ts"
import type { EventBody, Note, Tx } from "./tx.ts"

// What the log is told of the things that go wrong, with the ids by which they are found. It is told when the
// transition is committed: what is undone has not happened.

const nameIn = (names: Readonly<Record<string, number>>, value: number): string =>
  Object.keys(names).find((name) => names[name] === value) ?? String(value)

const note = (
  tx: Tx,
  run: Run,
  level: Note["level"],
  message: string,
  more: Record<string, unknown>
): void => {
  const { namespace, workflowId, runId } = run
  const workflowType = run.h.started.workflowType?.name ?? ""
  tx.notes ??= []
  tx.notes.push({ level, message, attributes: { namespace, workflowId, runId, workflowType, ...more } })
}

export const noteTaskFailed = (
  tx: Tx,
  run: Run,
  task: WorkflowTask,
  why: { readonly cause: number; readonly failure: Failure | undefined; readonly identity: string }
): void => {
  // These are the service's own way to put an end to a task.
  if (why.cause === TaskFailedCause.ForceCloseCommand || why.cause === TaskFailedCause.ResetWorkflow) return
  note(tx, run, "info", "a workflow task failed", {
    attempt: task.attempt,
    cause: causeName(why.cause),
    failure: why.failure?.message ?? "",
    identity: why.identity
  })
}

export const noteTaskTimedOut = (tx: Tx, run: Run, task: WorkflowTask, timeoutType: number): void =>
  // That a worker does not come back to its sticky queue is nothing to be told of.
  note(tx, run, timeoutType === TimeoutType.ScheduleToStart ? "debug" : "info", "a workflow task timed out", {
    attempt: task.attempt,
    timeout: nameIn(TimeoutType, timeoutType),
    identity: task.identity
  })

const activityOf = ({ attributes }: ActivityInfo, attempt: number, failure: Failure) => ({
  activityId: attributes.activityId ?? "",
  activityType: attributes.activityType?.name ?? "",
  attempt,
  failure: failure.message ?? "",
  ...(failure.timeoutFailureInfo
    ? { timeout: nameIn(TimeoutType, failure.timeoutFailureInfo.timeoutType ?? 0) }
    : {})
})

export const noteRetry = (
  tx: Tx,
  run: Run,
  info: ActivityInfo,
  attempt: number,
  failure: Failure,
  delayMs: number
): void =>
  note(tx, run, "debug", "an activity will be tried again", {
    ...activityOf(info, attempt, failure),
    delayMs
  })

export const noteActivityFailed = (
  tx: Tx,
  run: Run,
  info: ActivityInfo,
  attempt: number,
  failure: Failure,
  retryState: number
): void =>
  note(tx, run, "info", failure.timeoutFailureInfo ? "an activity timed out" : "an activity failed", {
    ...activityOf(info, attempt, failure),
    retryState: nameIn(RetryState, retryState)
  })

/** What is told of a run that ends, by the attributes of its closing event. */
export const noteClosed = (tx: Tx, run: Run, body: EventBody): void => {
  const attempt = run.h.started.attempt ?? 1
  const failed = body.workflowExecutionFailedEventAttributes
  const terminated = body.workflowExecutionTerminatedEventAttributes
  if (failed) note(tx, run, "info", "a workflow failed", { attempt, failure: failed.failure?.message ?? "" })
  else if (body.workflowExecutionTimedOutEventAttributes)
    note(tx, run, "info", "a workflow timed out", { attempt })
  else if (terminated)
    note(tx, run, "info", "a workflow was terminated", {
      reason: terminated.reason ?? "",
      identity: terminated.identity ?? ""
    })
}
