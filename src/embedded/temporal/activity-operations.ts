import { TaskQueueKind } from "./proto/enums.ts"
import { fromMillis, positiveMillis, toMillis } from "./proto/time.ts"
import type { ActivityOptionsMessage, Duration } from "./proto/root.ts"
import { findActivity, noteDeadline, optionsOf } from "./activities.ts"
import type { PendingActivity } from "./activities.ts"
import { deduceTimeouts } from "./activity-timeouts.ts"
import { activityNotFound, invalidArgument } from "./errors.ts"
import type { ActivityAttempt, ActivityOptions, Run } from "./run.ts"
import type { Tx } from "./tx.ts"

// What can be done to a pending activity from outside; service/history/workflow/activity.go. None of it leaves an
// event.

/** Which activities of a run a request means. */
export interface ActivitySelector {
  readonly id?: string | null | undefined
  readonly type?: string | null | undefined
}

/** The pending activities with this id or of this type; there has to be one. */
export const selectActivities = (run: Run, { id, type }: ActivitySelector): PendingActivity[] => {
  const found: PendingActivity[] = []
  for (const info of run.h.activities.values()) {
    const { activityId, activityType } = info.attributes
    if (id ? activityId !== id : activityType?.name !== type) continue
    const activity = findActivity(run, info.scheduledEventId)
    if (activity !== undefined) found.push(activity)
  }
  if (found.length === 0) throw activityNotFound()
  return found
}

/** Tasks that were given out for the attempt so far are worthless: it is to begin at `at`, as it then is. */
const reschedule = (tx: Tx, run: Run, attempt: ActivityAttempt, at: number): void => {
  const { reset: _, forgetHeartbeat, ...kept } = attempt
  const offered = at <= tx.now
  const next: ActivityAttempt = {
    ...kept,
    ...(forgetHeartbeat === true ? { heartbeatDetails: undefined, lastHeartbeat: 0 } : {}),
    stamp: (attempt.stamp ?? 0) + 1,
    scheduledTime: at,
    offered,
    lastFailure: undefined
  }
  run.setAttempt(next)
  const activity = findActivity(run, attempt.scheduledEventId)
  if (activity === undefined) return
  if (!offered) run.wakeAt(at)
  else if (attempt.pause === undefined)
    tx.offers.push({ kind: "activity", run, scheduledEventId: attempt.scheduledEventId })
  noteDeadline(run, activity)
}

const jittered = (now: number, jitter: Duration | null | undefined): number => {
  const most = positiveMillis(jitter) ?? 0
  return now + Math.floor(Math.random() * most)
}

/** An activity that waits does not start; one that a worker has is told so by its heartbeats. */
export const pauseActivity = (
  tx: Tx,
  run: Run,
  { attempt }: PendingActivity,
  by: { readonly identity: string; readonly reason: string }
): void => {
  if (attempt.pause !== undefined) return
  tx.touch(run)
  // What is given out for an attempt that no worker has yet must not start it when the pause ends.
  const stamp = (attempt.stamp ?? 0) + (attempt.startedTime === 0 ? 1 : 0)
  run.setAttempt({ ...attempt, stamp, pause: { time: tx.now, ...by } })
}

export const unpauseActivity = (
  tx: Tx,
  run: Run,
  { attempt }: PendingActivity,
  how: {
    readonly resetAttempts: boolean
    readonly resetHeartbeat: boolean
    readonly jitter: Duration | null | undefined
  }
): void => {
  if (attempt.pause === undefined) return
  tx.touch(run)
  const { pause: _, ...kept } = attempt
  const next: ActivityAttempt = {
    ...kept,
    ...(how.resetAttempts ? { attempt: 1 } : {}),
    ...(how.resetHeartbeat ? { heartbeatDetails: undefined, lastHeartbeat: 0 } : {})
  }
  if (attempt.startedTime === 0) return reschedule(tx, run, next, jittered(tx.now, how.jitter))
  run.setAttempt({ ...next, stamp: (attempt.stamp ?? 0) + 1 })
  noteDeadlineOf(run, attempt.scheduledEventId)
}

const noteDeadlineOf = (run: Run, scheduledEventId: number): void => {
  const activity = findActivity(run, scheduledEventId)
  if (activity !== undefined) noteDeadline(run, activity)
}

/** Begins an activity's attempts anew: at once, or where a worker has it with its next one. */
export const resetActivity = (
  tx: Tx,
  run: Run,
  { attempt }: PendingActivity,
  how: {
    readonly keepPaused: boolean
    readonly resetHeartbeat: boolean
    readonly restoreOptions: boolean
    readonly jitter: Duration | null | undefined
  }
): void => {
  tx.touch(run)
  const { options, ...rest } = attempt
  const next: ActivityAttempt = {
    ...rest,
    ...(options !== undefined && !how.restoreOptions ? { options } : {}),
    attempt: 1,
    reset: true,
    ...(how.resetHeartbeat ? { forgetHeartbeat: true } : {}),
    stamp: (attempt.stamp ?? 0) + (how.restoreOptions ? 1 : 0)
  }
  if (attempt.startedTime > 0 || (attempt.pause !== undefined && how.keepPaused)) {
    run.setAttempt(next)
    return noteDeadlineOf(run, attempt.scheduledEventId)
  }
  const { pause: _, ...running } = next
  reschedule(tx, run, running, jittered(tx.now, how.jitter))
}

// common/util/field_mask.go: a mask names fields as the protocol or as its JSON form does.
const camelCase = (path: string): string =>
  path.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

const duration = (value: Duration | null | undefined): Duration => fromMillis(toMillis(value) ?? 0)

const needed = <T>(value: T | null | undefined, name: string): T => {
  if (value === null || value === undefined) throw invalidArgument(`${name} is not provided`)
  return value
}

const policyFields = ["initialInterval", "backoffCoefficient", "maximumInterval", "maximumAttempts"] as const

const timeoutFields = [
  "scheduleToCloseTimeout",
  "scheduleToStartTimeout",
  "startToCloseTimeout",
  "heartbeatTimeout"
] as const

/** The options with those fields replaced that the mask names. */
const merge = (
  into: ActivityOptions,
  from: ActivityOptionsMessage,
  mask: readonly string[]
): ActivityOptions => {
  const paths = new Set(mask.map(camelCase))
  const merged: ActivityOptions = { ...into }
  if (paths.has("taskQueue.name")) merged.taskQueue = { name: needed(from.taskQueue, "TaskQueue").name }
  for (const field of timeoutFields) if (paths.has(field)) merged[field] = from[field]
  for (const field of policyFields) {
    if (!paths.has(`retryPolicy.${field}`)) continue
    const policy = needed(from.retryPolicy, "RetryPolicy")
    merged.retryPolicy = { ...merged.retryPolicy, [field]: policy[field] }
  }
  return merged
}

// GetNextScheduledTime: a repetition's backoff is counted anew from the end of the attempt before.
const nextScheduledTime = (attempt: ActivityAttempt, options: ActivityOptions): number => {
  if (attempt.attempt <= 1) return attempt.scheduledTime
  const policy = options.retryPolicy
  let interval =
    (toMillis(policy?.initialInterval) ?? 0) * (policy?.backoffCoefficient ?? 0) ** (attempt.attempt - 1)
  const maximum = positiveMillis(policy?.maximumInterval)
  if (maximum !== undefined && (interval <= 0 || interval > maximum)) interval = maximum
  return interval > 0 ? attempt.lastAttemptCompleteTime + interval : attempt.scheduledTime
}

const applyOptions = (tx: Tx, run: Run, attempt: ActivityAttempt, options: ActivityOptions): void => {
  tx.touch(run)
  if (attempt.startedTime === 0)
    return reschedule(tx, run, attempt, Math.max(nextScheduledTime(attempt, options), 0))
  run.setAttempt({ ...attempt, stamp: (attempt.stamp ?? 0) + 1 })
  noteDeadlineOf(run, attempt.scheduledEventId)
}

/** Replaces options of an activity. Returns the ones that hold now. */
export const updateActivityOptions = (
  tx: Tx,
  run: Run,
  activity: PendingActivity,
  from: ActivityOptionsMessage,
  paths: readonly string[]
): ActivityOptions => {
  const { attributes } = activity.info
  const merged = merge(optionsOf(activity), from, paths)
  const timeouts = deduceTimeouts(
    {
      scheduleToClose: toMillis(merged.scheduleToCloseTimeout) ?? 0,
      scheduleToStart: toMillis(merged.scheduleToStartTimeout) ?? 0,
      startToClose: toMillis(merged.startToCloseTimeout) ?? 0,
      heartbeat: toMillis(merged.heartbeatTimeout) ?? 0
    },
    0
  )
  if (timeouts === undefined)
    throw invalidArgument(
      `A valid StartToClose or ScheduleToCloseTimeout is not set on ScheduleActivityTaskCommand. ActivityId=${attributes.activityId ?? ""} ActivityType=${attributes.activityType?.name ?? ""}`
    )
  const policy = merged.retryPolicy
  // As plain numbers: they are stored with the attempt.
  const options: ActivityOptions = {
    taskQueue: { name: merged.taskQueue?.name ?? "", kind: TaskQueueKind.Normal },
    scheduleToCloseTimeout: fromMillis(timeouts.scheduleToClose),
    scheduleToStartTimeout: fromMillis(timeouts.scheduleToStart),
    startToCloseTimeout: fromMillis(timeouts.startToClose),
    heartbeatTimeout: fromMillis(timeouts.heartbeat),
    retryPolicy: {
      initialInterval: duration(policy?.initialInterval),
      backoffCoefficient: policy?.backoffCoefficient ?? 0,
      maximumInterval: duration(policy?.maximumInterval),
      maximumAttempts: policy?.maximumAttempts ?? 0,
      nonRetryableErrorTypes: policy?.nonRetryableErrorTypes ?? []
    }
  }
  applyOptions(tx, run, { ...activity.attempt, options }, options)
  return options
}

/** Goes back to the options that an activity was scheduled with. */
export const restoreActivityOptions = (tx: Tx, run: Run, activity: PendingActivity): ActivityOptions => {
  const { options: _, ...attempt } = activity.attempt
  const { attributes } = activity.info
  applyOptions(tx, run, attempt, attributes)
  const { scheduleToCloseTimeout, scheduleToStartTimeout, startToCloseTimeout, heartbeatTimeout } = attributes
  return {
    taskQueue: { name: attributes.taskQueue?.name },
    scheduleToCloseTimeout,
    scheduleToStartTimeout,
    startToCloseTimeout,
    heartbeatTimeout,
    retryPolicy: attributes.retryPolicy
  }
}
