import { EventType, RetryState, TimeoutType } from "./proto/enums.ts"
import { fromMillis, positiveMillis } from "./proto/time.ts"
import type { Failure, Payloads, PollActivityTaskResponse, WorkerVersion } from "./proto/root.ts"
import { activityTaskNotFound, invalidArgument } from "./errors.ts"
import { sizeOfFailure, tooLarge, truncateFailure } from "./failure-size.ts"
import { noteActivityFailed, noteRetry } from "./notes.ts"
import { sizeOfPayloads } from "./payload.ts"
import { decideRetry, isRetryable } from "./retry.ts"
import { buffered, isOpen } from "./state.ts"
import type { ActivityInfo } from "./state.ts"
import { activityToken } from "./token.ts"
import type { Tx } from "./tx.ts"
import type { ActivityAttempt, ActivityOptions, Run } from "./run.ts"
import type { TaskWorker } from "./task-worker.ts"
import { scheduleTask } from "./workflow-task.ts"

// Attempts leave no events: `ActivityTaskStarted` is written when the activity closes, with the number of the
// attempt and the failure before it (mutable_state_impl.go, AddActivityTaskStartedEvent with a transient id).

export interface PendingActivity {
  readonly info: ActivityInfo
  readonly attempt: ActivityAttempt
}

/** A new activity's first attempt. */
export const addAttempt = (run: Run, scheduledEventId: number, now: number): ActivityAttempt => {
  const attempt: ActivityAttempt = {
    scheduledEventId,
    attempt: 1,
    scheduledTime: now,
    offered: true,
    startedTime: 0,
    lastHeartbeat: 0,
    requestId: "",
    identity: "",
    heartbeatDetails: undefined,
    lastFailure: undefined,
    lastAttemptCompleteTime: 0,
    lastWorkerIdentity: ""
  }
  run.setAttempt(attempt)
  return attempt
}

export const findActivity = (run: Run, scheduledEventId: number): PendingActivity | undefined => {
  const info = run.h.activities.get(scheduledEventId)
  const attempt = run.x.attempts.get(scheduledEventId)
  return info === undefined || attempt === undefined || !isOpen(run.h) ? undefined : { info, attempt }
}

/** An activity that a worker has, by the token it got. */
export const startedActivity = (run: Run, scheduledEventId: number, attempt: number): PendingActivity => {
  const activity = findActivity(run, scheduledEventId)
  if (activity === undefined || activity.attempt.startedTime === 0 || activity.attempt.attempt !== attempt)
    throw activityTaskNotFound()
  return activity
}

/** The options that hold for an activity now: what it was scheduled with, unless they were replaced. */
export const optionsOf = ({ info, attempt }: PendingActivity): ActivityOptions =>
  attempt.options ?? info.attributes

/** When an activity was scheduled first, whatever became of it since. */
export const firstScheduled = ({ info, attempt }: PendingActivity): number =>
  attempt.firstScheduledTime ?? info.scheduledTime

/** When an activity has to be over, all its attempts included. */
export const expiresAt = (activity: PendingActivity): number | undefined => {
  const timeout = positiveMillis(optionsOf(activity).scheduleToCloseTimeout)
  return timeout === undefined ? undefined : firstScheduled(activity) + timeout
}

/** A worker takes an activity. Returns its task, or undefined if it no longer waits for one. */
export const startActivity = (
  tx: Tx,
  run: Run,
  scheduledEventId: number,
  task: { readonly attempt: number; readonly stamp: number },
  worker: { readonly identity: string; readonly requestId: string }
): PollActivityTaskResponse | undefined => {
  const found = findActivity(run, scheduledEventId)
  if (found === undefined) return undefined
  const { info, attempt } = found
  if (
    attempt.attempt !== task.attempt ||
    (attempt.stamp ?? 0) !== task.stamp ||
    attempt.pause !== undefined ||
    attempt.startedTime > 0 ||
    attempt.scheduledTime > tx.now
  )
    return undefined
  tx.touch(run)
  const started: ActivityAttempt = { ...attempt, startedTime: tx.now, ...worker }
  run.setAttempt(started)
  noteDeadline(run, { info, attempt: started })
  const { attributes } = info
  return {
    taskToken: activityToken(run, scheduledEventId, attempt.attempt),
    workflowNamespace: run.namespace,
    workflowType: run.h.started.workflowType,
    workflowExecution: { workflowId: run.workflowId, runId: run.runId },
    activityType: attributes.activityType,
    activityId: attributes.activityId,
    header: attributes.header,
    input: attributes.input,
    heartbeatDetails: attempt.heartbeatDetails,
    scheduledTime: fromMillis(firstScheduled(found)),
    currentAttemptScheduledTime: fromMillis(attempt.scheduledTime),
    startedTime: fromMillis(tx.now),
    attempt: attempt.attempt,
    // As they were scheduled, also where they were changed since; so the real server tells them. The worker refuses
    // a task without the first two, even where they are zero.
    scheduleToCloseTimeout: attributes.scheduleToCloseTimeout ?? fromMillis(0),
    startToCloseTimeout: attributes.startToCloseTimeout ?? fromMillis(0),
    heartbeatTimeout: attributes.heartbeatTimeout ?? fromMillis(0),
    retryPolicy: attributes.retryPolicy,
    priority: attributes.priority
  }
}

/**
 * Writes the started event of the attempt that closes. Returns the id by which the closing event refers to it. The
 * version is that of the worker that answers (mutable_state_impl.go, addStartedEventForTransientActivity).
 */
const addStarted = (tx: Tx, run: Run, attempt: ActivityAttempt, workerVersion?: WorkerVersion): number => {
  if (attempt.startedTime === 0) return 0
  tx.add(
    run,
    EventType.ActivityTaskStarted,
    {
      activityTaskStartedEventAttributes: {
        scheduledEventId: attempt.scheduledEventId,
        identity: attempt.identity,
        requestId: attempt.requestId,
        attempt: attempt.attempt,
        lastFailure: attempt.lastFailure,
        workerVersion
      }
    },
    attempt.startedTime
  )
  return buffered
}

const closed = (tx: Tx, run: Run, scheduledEventId: number): void => {
  run.deleteAttempt(scheduledEventId)
  scheduleTask(tx, run)
}

export const completeActivity = (
  tx: Tx,
  run: Run,
  activity: PendingActivity,
  result: Payloads | null | undefined,
  { identity, workerVersion }: TaskWorker
): void => {
  if (sizeOfPayloads(result) > tx.core.limits.blobSize)
    return failLarge(tx, run, activity, "Complete result exceeds size limit.", identity)
  tx.touch(run)
  const { attempt } = activity
  const startedEventId = addStarted(tx, run, attempt, workerVersion)
  tx.add(run, EventType.ActivityTaskCompleted, {
    activityTaskCompletedEventAttributes: {
      result,
      scheduledEventId: attempt.scheduledEventId,
      startedEventId,
      identity
    }
  })
  closed(tx, run, attempt.scheduledEventId)
}

/** Plans the next attempt, if there is to be one (mutable_state_impl.go, RetryActivity). */
const retry = (tx: Tx, run: Run, activity: PendingActivity, failure: Failure): number => {
  const { info, attempt } = activity
  if (info.cancelRequestedEventId > 0) return RetryState.CancelRequested
  const policy = optionsOf(activity).retryPolicy
  // One that is paused waits with its next attempt, which then is allowed whatever the policy says of their number.
  const decision =
    attempt.pause === undefined
      ? decideRetry({
          now: tx.now,
          attempt: attempt.attempt,
          policy,
          failure,
          expiresAt: expiresAt(activity)
        })
      : isRetryable(failure, policy?.nonRetryableErrorTypes ?? [])
        ? { delayMs: 0 }
        : { state: RetryState.NonRetryableFailure }
  if ("state" in decision) return decision.state
  noteRetry(tx, run, info, attempt.attempt, failure, decision.delayMs)
  if (attempt.pause === undefined) run.wakeAt(tx.now + decision.delayMs)
  const { reset: _, forgetHeartbeat, ...kept } = attempt
  run.setAttempt({
    ...kept,
    ...(forgetHeartbeat === true ? { heartbeatDetails: undefined, lastHeartbeat: 0 } : {}),
    attempt: attempt.attempt + 1,
    scheduledTime: tx.now + decision.delayMs,
    offered: false,
    startedTime: 0,
    requestId: "",
    identity: "",
    lastFailure: failure,
    lastAttemptCompleteTime: tx.now,
    lastWorkerIdentity: attempt.identity
  })
  return RetryState.InProgress
}

/** What a worker says of an activity is too large to be kept: that fails it. */
const failLarge = (tx: Tx, run: Run, activity: PendingActivity, message: string, identity: string): void => {
  failActivity(tx, run, activity, { failure: tooLarge(message), identity, lastHeartbeatDetails: undefined })
}

/** Returns what of the report was too large and is not kept. */
export const failActivity = (
  tx: Tx,
  run: Run,
  { info, attempt: failed }: PendingActivity,
  options: TaskWorker & {
    readonly failure: Failure | null | undefined
    readonly lastHeartbeatDetails: Payloads | null | undefined
  }
): Failure[] => {
  tx.touch(run)
  const { blobSize, blobSizeWarn } = tx.core.limits
  const refused: Failure[] = []
  let attempt = failed
  if (sizeOfPayloads(options.lastHeartbeatDetails) > blobSize)
    refused.push(tooLarge("Heartbeat details exceed size limit."))
  else if (options.lastHeartbeatDetails)
    attempt = { ...failed, heartbeatDetails: options.lastHeartbeatDetails, lastHeartbeat: tx.now }
  let failure = options.failure ?? {}
  if (sizeOfFailure(failure) > blobSize) {
    failure = tooLarge("Failure exceeds size limit.", truncateFailure(failure, blobSizeWarn))
    refused.push(failure)
  }
  const retryState = retry(tx, run, { info, attempt }, failure)
  if (retryState === RetryState.InProgress) return refused
  noteActivityFailed(tx, run, info, attempt.attempt, failure, retryState)
  const startedEventId = addStarted(tx, run, attempt, options.workerVersion)
  tx.add(run, EventType.ActivityTaskFailed, {
    activityTaskFailedEventAttributes: {
      failure,
      scheduledEventId: attempt.scheduledEventId,
      startedEventId,
      identity: options.identity,
      retryState
    }
  })
  closed(tx, run, attempt.scheduledEventId)
  return refused
}

const timeoutNames: Record<number, string> = {
  [TimeoutType.StartToClose]: "StartToClose",
  [TimeoutType.ScheduleToStart]: "ScheduleToStart",
  [TimeoutType.ScheduleToClose]: "ScheduleToClose",
  [TimeoutType.Heartbeat]: "Heartbeat"
}

const timeoutFailure = (type: number): Failure => ({
  message: `activity ${timeoutNames[type]} timeout`,
  source: "Server",
  timeoutFailureInfo: { timeoutType: type }
})

/** An attempt ran out of time: it is tried again where the policy allows, else the activity closes. */
export const timeOutActivity = (tx: Tx, run: Run, activity: PendingActivity, type: number): void => {
  tx.touch(run)
  const { attempt } = activity
  const retryState = retry(tx, run, activity, timeoutFailure(type))
  if (retryState === RetryState.InProgress) return
  // No time is left for another attempt: that is the schedule-to-close timeout.
  const failure = timeoutFailure(retryState === RetryState.Timeout ? TimeoutType.ScheduleToClose : type)
  if (failure.timeoutFailureInfo) failure.timeoutFailureInfo.lastHeartbeatDetails = attempt.heartbeatDetails
  if (attempt.lastFailure !== undefined) failure.cause = attempt.lastFailure
  noteActivityFailed(tx, run, activity.info, attempt.attempt, failure, retryState)
  const startedEventId = addStarted(tx, run, attempt)
  tx.add(run, EventType.ActivityTaskTimedOut, {
    activityTaskTimedOutEventAttributes: {
      failure,
      scheduledEventId: attempt.scheduledEventId,
      startedEventId,
      retryState
    }
  })
  closed(tx, run, attempt.scheduledEventId)
}

/** The worker reports an activity as canceled, which is only right after that was asked for. */
export const cancelActivity = (
  tx: Tx,
  run: Run,
  activity: PendingActivity,
  details: Payloads | null | undefined,
  identity: string
): void => {
  const { info, attempt } = activity
  if (sizeOfPayloads(details) > tx.core.limits.blobSize)
    return failLarge(tx, run, activity, "Cancel details exceed size limit.", identity)
  if (info.cancelRequestedEventId === 0)
    throw invalidArgument("unable to mark activity as canceled without activity being request canceled first")
  tx.touch(run)
  const startedEventId = addStarted(tx, run, attempt)
  addCanceled(tx, run, info, { details, identity, startedEventId })
  closed(tx, run, attempt.scheduledEventId)
}

export const addCanceled = (
  tx: Tx,
  run: Run,
  info: ActivityInfo,
  options: {
    readonly details: Payloads | null | undefined
    readonly identity: string
    readonly startedEventId: number
  }
): void => {
  tx.add(run, EventType.ActivityTaskCanceled, {
    activityTaskCanceledEventAttributes: {
      details: options.details,
      latestCancelRequestedEventId: info.cancelRequestedEventId,
      scheduledEventId: info.scheduledEventId,
      startedEventId: options.startedEventId,
      identity: options.identity
    }
  })
}

export const recordHeartbeat = (
  tx: Tx,
  run: Run,
  activity: PendingActivity,
  details: Payloads | null | undefined,
  identity: string
): { cancelRequested: boolean; activityPaused: boolean; activityReset: boolean } => {
  const { info, attempt } = activity
  if (sizeOfPayloads(details) > tx.core.limits.blobSize) {
    failLarge(tx, run, activity, "Heartbeat details exceed size limit.", identity)
    return { cancelRequested: true, activityPaused: false, activityReset: false }
  }
  tx.touch(run)
  run.setAttempt({
    ...attempt,
    lastHeartbeat: tx.now,
    heartbeatDetails: details ?? attempt.heartbeatDetails
  })
  return {
    cancelRequested: info.cancelRequestedEventId > 0,
    activityPaused: attempt.pause !== undefined,
    activityReset: attempt.reset === true
  }
}

/** Until when a pending attempt has to get on, and what it runs into otherwise. The earliest comes first. */
export const nextActivityDeadline = (activity: PendingActivity): { at: number; type: number } | undefined => {
  const { attempt } = activity
  // timer_sequence.go, LoadAndSortActivityTimers: no time runs for what is paused.
  if (attempt.pause !== undefined) return undefined
  const options = optionsOf(activity)
  let first: { at: number; type: number } | undefined
  const consider = (at: number | undefined, type: number): void => {
    if (at !== undefined && (first === undefined || at < first.at)) first = { at, type }
  }
  // Of two at the same time the one that says more wins: never taken, then out of time altogether.
  const scheduleToStart = positiveMillis(options.scheduleToStartTimeout)
  if (attempt.startedTime === 0 && scheduleToStart !== undefined)
    consider(attempt.scheduledTime + scheduleToStart, TimeoutType.ScheduleToStart)
  consider(expiresAt(activity), TimeoutType.ScheduleToClose)
  if (attempt.startedTime > 0) {
    const startToClose = positiveMillis(options.startToCloseTimeout)
    if (startToClose !== undefined) consider(attempt.startedTime + startToClose, TimeoutType.StartToClose)
    const heartbeat = positiveMillis(options.heartbeatTimeout)
    if (heartbeat !== undefined)
      consider(Math.max(attempt.lastHeartbeat, attempt.startedTime) + heartbeat, TimeoutType.Heartbeat)
  }
  return first
}

/** Has the run looked at when the attempt runs out of time. */
export const noteDeadline = (run: Run, activity: PendingActivity): void => {
  const deadline = nextActivityDeadline(activity)
  if (deadline !== undefined) run.wakeAt(deadline.at)
}
