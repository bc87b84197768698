import { randomUUID } from "node:crypto"

import { EventType, Initiator, ParentClosePolicy, RetryState, Status, TaskQueueKind } from "./proto/enums.ts"
import { fromMillis, toMillis } from "./proto/time.ts"
import type {
  Failure,
  Header,
  Link,
  Payloads,
  RetryPolicy,
  SearchAttributes,
  StartedAttributes,
  UserMetadata,
  WorkflowExecution,
  Memo
} from "./proto/root.ts"
import { cronBackoff } from "./cron.ts"
import { decideRetry, withDefaults } from "./retry.ts"
import { resetPointsOf } from "./reset-points.ts"
import { effectiveTimeouts, runDeadline } from "./run-timeouts.ts"
import { executionTime, isOpen } from "./state.ts"
import type { ChildInfo } from "./state.ts"
import { noteClosed } from "./notes.ts"
import type { EventBody, Tx } from "./tx.ts"
import { Run } from "./run.ts"
import { forceCloseTask, isDelayed, scheduleTask } from "./workflow-task.ts"

export interface NewRun {
  readonly namespace: string
  readonly workflowId: string
  readonly runId: string
  readonly requestId: string
  readonly attributes: StartedAttributes
  readonly userMetadata?: UserMetadata | null | undefined
  readonly links?: Link[] | null | undefined
  /** Signals that enter the history before the first workflow task. */
  readonly beforeFirstTask?: (run: Run) => void
}

/** Creates a run: its started event, and its first workflow task unless that has to wait. */
export const createRun = (tx: Tx, options: NewRun): Run => {
  const run = new Run(options)
  tx.create(run)
  run.x.startRequestId = options.requestId
  tx.add(run, EventType.WorkflowExecutionStarted, {
    workflowExecutionStartedEventAttributes: options.attributes,
    ...(options.userMetadata ? { userMetadata: options.userMetadata } : {}),
    ...(options.links && options.links.length > 0 ? { links: options.links } : {})
  })
  run.x.delayed = executionTime(run.h) > tx.now
  if (run.x.delayed) run.wakeAt(executionTime(run.h))
  const end = runDeadline(run)
  if (end !== undefined) run.wakeAt(end.at)
  options.beforeFirstTask?.(run)
  if (!run.x.delayed) scheduleTask(tx, run)
  return run
}

export interface StartOptions {
  readonly workflowType: string
  readonly taskQueue: string
  readonly input: Payloads | null | undefined
  readonly header: Header | null | undefined
  readonly memo: Memo | null | undefined
  readonly searchAttributes: SearchAttributes | null | undefined
  readonly retryPolicy: RetryPolicy | null | undefined
  readonly cronSchedule: string
  readonly executionMs: number
  readonly runMs: number
  readonly taskMs: number
  readonly identity: string
  readonly priority?: StartedAttributes["priority"]
}

/** The attributes of the first run of an execution. */
export const firstStarted = (
  now: number,
  key: { readonly workflowId: string; readonly runId: string },
  options: StartOptions,
  extra: StartedAttributes & { readonly startDelayMs?: number }
): StartedAttributes => {
  const { startDelayMs, ...attributes } = extra
  const { runMs, taskMs } = effectiveTimeouts(options)
  const backoff =
    options.cronSchedule === "" ? (startDelayMs ?? 0) : cronBackoff(options.cronSchedule, now, now)
  return {
    workflowType: { name: options.workflowType },
    taskQueue: { name: options.taskQueue, kind: TaskQueueKind.Normal },
    input: options.input,
    header: options.header,
    memo: options.memo,
    searchAttributes: options.searchAttributes,
    retryPolicy: options.retryPolicy ? withDefaults(options.retryPolicy) : options.retryPolicy,
    cronSchedule: options.cronSchedule,
    workflowExecutionTimeout: fromMillis(options.executionMs),
    workflowRunTimeout: fromMillis(runMs),
    workflowTaskTimeout: fromMillis(taskMs),
    workflowExecutionExpirationTime:
      options.executionMs > 0 ? fromMillis(now + backoff + options.executionMs) : null,
    firstWorkflowTaskBackoff: fromMillis(backoff),
    originalExecutionRunId: key.runId,
    firstExecutionRunId: key.runId,
    workflowId: key.workflowId,
    identity: options.identity,
    attempt: 1,
    priority: options.priority,
    ...(options.cronSchedule === "" ? {} : { initiator: Initiator.Cron }),
    ...attributes
  }
}

/** The identity that ends a run because another one takes its place. */
export const resetterIdentity = "history-resetter"

/** What is closed, beside the closing event, when a run ends. */
export const closeRun = (tx: Tx, run: Run, type: number, body: EventBody): void => {
  const children = [...run.h.children.values()]
  const parent = run.h.started.parentWorkflowExecution
  tx.add(run, type, body)
  noteClosed(tx, run, body)
  run.x.task = undefined
  for (const id of run.x.attempts.keys()) run.deleteAttempt(id)
  run.x.delayed = false
  // After a reset the children belong to the new run, and the parent waits for that one.
  if (body.workflowExecutionTerminatedEventAttributes?.identity === resetterIdentity) return
  for (const child of children) tx.defer(() => applyParentClosePolicy(tx, run, child))
  if (parent?.runId) tx.defer(() => notifyParent(tx, run, parent))
}

const applyParentClosePolicy = (tx: Tx, parent: Run, child: ChildInfo): void => {
  const policy = child.attributes.parentClosePolicy
  if (child.runId === "" || policy === ParentClosePolicy.Abandon) return
  const run = tx.currentRun(child.attributes.namespace || parent.namespace, child.attributes.workflowId ?? "")
  if (run === undefined || !isOpen(run.h) || run.h.started.parentWorkflowExecution?.runId !== parent.runId)
    return
  if (policy === ParentClosePolicy.RequestCancel)
    requestCancel(tx, run, {
      cause: "",
      identity: "history-service",
      external: { workflowId: parent.workflowId, runId: parent.runId }
    })
  else terminateRun(tx, run, { reason: "by parent close policy", identity: "history-service" })
}

/** The run in which a closed one goes on, empty if in none. */
export const newRunIdOf = (run: Run): string => {
  const event = run.h.closeEvent
  return (
    event?.workflowExecutionCompletedEventAttributes?.newExecutionRunId ||
    event?.workflowExecutionFailedEventAttributes?.newExecutionRunId ||
    event?.workflowExecutionTimedOutEventAttributes?.newExecutionRunId ||
    event?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ||
    ""
  )
}

/** Tells the parent how its child ended, unless the child goes on in another run. */
const notifyParent = (tx: Tx, run: Run, parentExecution: WorkflowExecution): void => {
  if (newRunIdOf(run) !== "") return
  let parent = tx.findRun(parentExecution.runId ?? "")
  // recordchildworkflowcompleted/api.go: where the parent was reset, its new run is told.
  while (parent !== undefined && !isOpen(parent.h) && parent.x.resetRunId !== undefined)
    parent = tx.findRun(parent.x.resetRunId)
  const initiatedEventId = Number(run.h.started.parentInitiatedEventId ?? 0)
  const child = parent?.h.children.get(initiatedEventId)
  if (parent === undefined || child === undefined || !isOpen(parent.h)) return
  const common = {
    namespace: child.attributes.namespace,
    namespaceId: child.attributes.namespaceId,
    workflowExecution: { workflowId: run.workflowId, runId: run.runId },
    workflowType: child.attributes.workflowType,
    initiatedEventId,
    startedEventId: child.startedEventId
  }
  const event = run.h.closeEvent
  switch (run.h.status) {
    case Status.Completed:
      tx.add(parent, EventType.ChildCompleted, {
        childWorkflowExecutionCompletedEventAttributes: {
          ...common,
          result: event?.workflowExecutionCompletedEventAttributes?.result
        }
      })
      break
    case Status.Failed:
      tx.add(parent, EventType.ChildFailed, {
        childWorkflowExecutionFailedEventAttributes: {
          ...common,
          failure: event?.workflowExecutionFailedEventAttributes?.failure,
          retryState: event?.workflowExecutionFailedEventAttributes?.retryState ?? RetryState.Unspecified
        }
      })
      break
    case Status.Canceled:
      tx.add(parent, EventType.ChildCanceled, {
        childWorkflowExecutionCanceledEventAttributes: {
          ...common,
          details: event?.workflowExecutionCanceledEventAttributes?.details
        }
      })
      break
    case Status.Terminated:
      tx.add(parent, EventType.ChildTerminated, { childWorkflowExecutionTerminatedEventAttributes: common })
      break
    case Status.TimedOut:
      tx.add(parent, EventType.ChildTimedOut, {
        childWorkflowExecutionTimedOutEventAttributes: {
          ...common,
          retryState: event?.workflowExecutionTimedOutEventAttributes?.retryState ?? RetryState.Unspecified
        }
      })
      break
    default:
      return
  }
  scheduleTask(tx, parent)
}

/** Ends a run from outside, whatever it is doing. */
export const terminateRun = (
  tx: Tx,
  run: Run,
  options: {
    readonly reason: string
    readonly identity: string
    readonly details?: Payloads | null | undefined
    readonly links?: Link[] | null | undefined
  }
): void => {
  forceCloseTask(tx, run)
  closeRun(tx, run, EventType.WorkflowExecutionTerminated, {
    workflowExecutionTerminatedEventAttributes: {
      reason: options.reason,
      details: options.details,
      identity: options.identity
    },
    ...(options.links && options.links.length > 0 ? { links: options.links } : {})
  })
}

export const requestCancel = (
  tx: Tx,
  run: Run,
  options: {
    readonly cause: string
    readonly identity: string
    readonly external?: WorkflowExecution
    readonly externalInitiatedEventId?: number
    readonly links?: Link[] | null | undefined
  }
): void => {
  if (run.h.cancelRequested) return
  tx.add(run, EventType.WorkflowExecutionCancelRequested, {
    workflowExecutionCancelRequestedEventAttributes: {
      cause: options.cause,
      identity: options.identity,
      externalWorkflowExecution: options.external,
      externalInitiatedEventId: options.externalInitiatedEventId ?? 0
    },
    ...(options.links && options.links.length > 0 ? { links: options.links } : {})
  })
  scheduleTask(tx, run)
}

export const signalRun = (
  tx: Tx,
  run: Run,
  signal: {
    readonly name: string
    readonly input: Payloads | null | undefined
    readonly header: Header | null | undefined
    readonly identity: string
    readonly requestId: string
    readonly external?: WorkflowExecution
    readonly links?: Link[] | null | undefined
  }
): void => {
  if (signal.requestId !== "" && run.h.signalRequestIds.has(signal.requestId)) return
  tx.add(run, EventType.WorkflowExecutionSignaled, {
    workflowExecutionSignaledEventAttributes: {
      signalName: signal.name,
      input: signal.input,
      identity: signal.identity,
      header: signal.header,
      externalWorkflowExecution: signal.external,
      requestId: signal.requestId
    },
    ...(signal.links && signal.links.length > 0 ? { links: signal.links } : {})
  })
  if (!isDelayed(run, tx.now)) scheduleTask(tx, run)
}

/** How a run goes on in a new one. */
export interface Continuation {
  readonly initiator: number
  readonly backoffMs: number
  readonly failure?: Failure | null | undefined
  readonly lastCompletionResult?: Payloads | null | undefined
  /** What continue-as-new changes; retries and cron repeat the started event. */
  readonly changes?: StartedAttributes
}

/** Creates the run that follows. Its id has been written into the event that closed the old one. */
export const continueRun = (tx: Tx, run: Run, runId: string, how: Continuation): Run => {
  const { started } = run.h
  const retrying = how.initiator === Initiator.Retry
  return createRun(tx, {
    namespace: run.namespace,
    workflowId: run.workflowId,
    runId,
    requestId: randomUUID(),
    attributes: {
      ...started,
      originalExecutionRunId: runId,
      // Nobody asked for this run.
      identity: "",
      prevAutoResetPoints: resetPointsOf(run.runId, run.h.resetPoints),
      memo: Object.keys(run.h.memo).length > 0 ? { fields: run.h.memo } : started.memo,
      searchAttributes:
        Object.keys(run.h.searchAttributes).length > 0
          ? { indexedFields: run.h.searchAttributes }
          : started.searchAttributes,
      ...how.changes,
      continuedExecutionRunId: run.runId,
      initiator: how.initiator,
      continuedFailure: how.failure,
      lastCompletionResult: how.lastCompletionResult,
      attempt: retrying ? (started.attempt ?? 1) + 1 : 1,
      firstWorkflowTaskBackoff: fromMillis(how.backoffMs)
    }
  })
}

/** Whether a run that failed or timed out is tried again, or repeated by its cron schedule. */
export const followUp = (
  tx: Tx,
  run: Run,
  failure: Failure | null | undefined
): { readonly retryState: number; readonly next: Continuation | undefined } => {
  const { started } = run.h
  const decision = decideRetry({
    now: tx.now,
    attempt: started.attempt ?? 1,
    policy: started.retryPolicy,
    failure,
    expiresAt: toMillis(started.workflowExecutionExpirationTime)
  })
  if ("delayMs" in decision)
    return {
      retryState: RetryState.InProgress,
      next: {
        initiator: Initiator.Retry,
        backoffMs: decision.delayMs,
        failure,
        lastCompletionResult: started.lastCompletionResult
      }
    }
  return {
    retryState: decision.state,
    next: cronFollowUp(tx, run, { failure, lastCompletionResult: started.lastCompletionResult })
  }
}

/** The next run of a cron schedule, if the run has one. */
export const cronFollowUp = (
  tx: Tx,
  run: Run,
  carried: { failure?: Failure | null | undefined; lastCompletionResult?: Payloads | null | undefined }
): Continuation | undefined => {
  const schedule = run.h.started.cronSchedule ?? ""
  if (schedule === "") return undefined
  const backoffMs = cronBackoff(schedule, executionTime(run.h), tx.now)
  const expiresAt = toMillis(run.h.started.workflowExecutionExpirationTime)
  if (expiresAt !== undefined && tx.now + backoffMs > expiresAt) return undefined
  return { initiator: Initiator.Cron, backoffMs, ...carried }
}

/** The run or the execution ran out of time. */
export const timeOutRun = (tx: Tx, run: Run, whole: boolean): void => {
  forceCloseTask(tx, run)
  const failure: Failure = {
    message: "workflow timeout",
    source: "Server",
    timeoutFailureInfo: { timeoutType: 1 }
  }
  const { retryState, next } = whole
    ? { retryState: RetryState.Timeout, next: undefined }
    : followUp(tx, run, failure)
  const newRunId = next === undefined ? "" : randomUUID()
  closeRun(tx, run, EventType.WorkflowExecutionTimedOut, {
    workflowExecutionTimedOutEventAttributes: { retryState, newExecutionRunId: newRunId }
  })
  if (next !== undefined) continueRun(tx, run, newRunId, next)
}
