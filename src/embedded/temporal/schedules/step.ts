import { Status } from "../proto/enums.ts"
import { toMillis, toNumber } from "../proto/time.ts"
import type { Tx } from "../tx.ts"
import { endOther, outcomeOf, startAction } from "./actions.ts"
import type { SchedulePatch } from "./messages.ts"
import { decideStarts, OverlapPolicy } from "./overlap.ts"
import type { CompiledSpec } from "./spec.ts"
import { catchupWindow } from "./state.ts"
import type { ScheduleState } from "./state.ts"

// What a schedule does by itself, one step at a time; see service/worker/scheduler/workflow.go.

/** A schedule in the middle of a step. Its parts are still only replaced. */
export type Draft = { -readonly [K in keyof ScheduleState]: ScheduleState[K] }

export interface Step {
  readonly tx: Tx
  readonly draft: Draft
  /** Undefined if the specification cannot be read (any more). */
  readonly spec: () => CompiledSpec | undefined
  readonly seed: string
}

/** Starts and backfills that may wait. */
const bufferLimit = 1000
const backfillsPerStep = 10
/** So many times are gone through before others get their turn. */
const timesPerStep = 2000
const recentActions = 10
/** How long a schedule that has nothing more to do is kept. */
const idleRetentionMs = 7 * 86_400_000

const stateOf = (draft: ScheduleState): { paused: boolean; limited: boolean; remaining: number } => {
  const { state } = draft.schedule
  return {
    paused: state?.paused === true,
    limited: state?.limitedActions === true,
    remaining: toNumber(state?.remainingActions)
  }
}

/** Whether an action by the specification may be taken. */
export const canAct = (draft: ScheduleState): boolean => {
  const { paused, limited, remaining } = stateOf(draft)
  return !paused && (!limited || remaining > 0)
}

/** Takes one action off those that remain. False if there is none, or the schedule is paused. */
const takeAction = (draft: Draft, manual: boolean): boolean => {
  if (manual) return true
  if (!canAct(draft)) return false
  const { limited, remaining } = stateOf(draft)
  if (limited) changeState(draft, { remainingActions: remaining - 1 })
  return true
}

const changeState = (draft: Draft, changes: NonNullable<Draft["schedule"]["state"]>): void => {
  draft.schedule = { ...draft.schedule, state: { ...draft.schedule.state, ...changes } }
  draft.conflictToken += 1
}

const resolvePolicy = (draft: ScheduleState, policy: number): number =>
  policy || draft.schedule.policies?.overlapPolicy || OverlapPolicy.Skip

const addStart = (
  draft: Draft,
  nominal: number,
  actual: number,
  overlapPolicy: number,
  manual: boolean
): void => {
  if (draft.buffer.length >= bufferLimit) draft.bufferDropped += 1
  else draft.buffer = [...draft.buffer, { nominal, actual, overlapPolicy, manual }]
}

/** Goes through the times since the last step. Returns when the next one is; there may be more to do at once. */
const takeTimes = ({ tx, draft, spec, seed }: Step): number => {
  const { now } = tx
  const compiled = spec()
  if (compiled === undefined) return Number.POSITIVE_INFINITY
  if (!canAct(draft)) {
    // What goes by now is not made up for later.
    draft.processed = Math.max(draft.processed, now)
    return Number.POSITIVE_INFINITY
  }
  const window = catchupWindow(draft.schedule)
  for (let count = 0; count < timesPerStep; count += 1) {
    const time = compiled.next(seed, draft.processed)
    if (time === undefined) return Number.POSITIVE_INFINITY
    if (time.next > now) return time.next
    draft.processed = time.next
    // Times before an update belong to what was there before it.
    if (time.next < draft.updateTime) continue
    if (now - time.next > window) draft.missedCatchupWindow += 1
    else addStart(draft, time.nominal, time.next, OverlapPolicy.Unspecified, false)
  }
  return now
}

const backfill = ({ draft, spec, seed }: Step): void => {
  const compiled = spec()
  let left = backfillsPerStep
  // Half of the buffer is left to the schedule itself.
  while (left > 0 && draft.buffer.length < bufferLimit / 2) {
    const [range, ...others] = draft.backfills
    if (range === undefined) return
    const time = compiled?.next(seed, range.start)
    if (time === undefined || time.next > range.end) {
      draft.backfills = others
      continue
    }
    addStart(draft, time.nominal, time.next, range.overlapPolicy, true)
    left -= 1
    draft.backfills = [{ ...range, start: time.next }, ...others]
  }
}

/** Looks how the workflows that it started are getting on. */
const refresh = ({ tx, draft }: Step): void => {
  for (const execution of draft.running) {
    const outcome = outcomeOf(tx, draft.namespace, execution)
    if (outcome === undefined) continue
    const { status, result, failure } = outcome
    draft.running = draft.running.filter((other) => other !== execution)
    const workflowId = execution.workflowId ?? ""
    draft.recentActions = draft.recentActions.map((action) =>
      action.startWorkflowResult?.workflowId === workflowId &&
      action.startWorkflowResult.runId === execution.runId
        ? { ...action, startWorkflowStatus: status }
        : action
    )
    const failed = status === Status.Failed || status === Status.TimedOut
    if (failed && draft.schedule.policies?.pauseOnFailure === true && !stateOf(draft).paused)
      changeState(draft, {
        paused: true,
        notes:
          status === Status.Failed
            ? `paused due to workflow failure: ${workflowId}: ${failure?.message ?? ""}`
            : `paused due to workflow timeout: ${workflowId}`
      })
    if (result !== undefined) {
      draft.lastCompletionResult = result
      draft.continuedFailure = undefined
    } else if (failure !== undefined) draft.continuedFailure = failure
  }
}

/** Starts what waits and may start. Returns whether there could be more of it at once. */
const startBuffered = ({ tx, draft }: Step): boolean => {
  const action = draft.schedule.action?.startWorkflow
  if (!action || draft.buffer.length === 0) {
    draft.buffer = []
    return false
  }
  const resolve = (policy: number): number => resolvePolicy(draft, policy)
  const decision = decideStarts(draft.buffer, draft.running.length > 0, resolve)
  draft.buffer = decision.waiting
  draft.overlapSkipped += decision.skipped
  let again = false
  for (const start of decision.single ? [...decision.overlapping, decision.single] : decision.overlapping) {
    const result = takeAction(draft, start.manual)
      ? startAction(tx, draft, action, start, start !== decision.single)
      : undefined
    if (result === undefined) {
      again = true
      continue
    }
    draft.actionCount += 1
    draft.recentActions = [...draft.recentActions, result].slice(-recentActions)
    if (start === decision.single && result.startWorkflowResult)
      draft.running = [...draft.running, result.startWorkflowResult]
  }
  if (decision.terminate || decision.cancel)
    for (const execution of draft.running)
      endOther(
        tx,
        draft,
        execution,
        decision.terminate ? OverlapPolicy.TerminateOther : OverlapPolicy.CancelOther
      )
  return again
}

/** When a schedule that has nothing more to do is over; infinite if it has. */
const idleUntil = (draft: ScheduleState, next: number): number => {
  const busy = Number.isFinite(next) && canAct(draft)
  if (stateOf(draft).paused || busy || draft.backfills.length > 0) return Number.POSITIVE_INFINITY
  const lastAction = toMillis(draft.recentActions.at(-1)?.actualTime) ?? 0
  return Math.max(lastAction, draft.createTime, draft.updateTime) + idleRetentionMs
}

/** Changes a schedule as its owner asks. */
export const applyPatch = ({ tx, draft }: Step, patch: SchedulePatch): void => {
  const trigger = patch.triggerImmediately
  if (trigger) {
    const at = toMillis(trigger.scheduledTime) ?? tx.now
    addStart(draft, at, at, trigger.overlapPolicy ?? OverlapPolicy.Unspecified, true)
  }
  for (const request of patch.backfillRequest ?? []) {
    if (draft.backfills.length >= bufferLimit) {
      draft.bufferDropped += 1
      continue
    }
    draft.backfills = [
      ...draft.backfills,
      {
        // The start belongs to the range.
        start: (toMillis(request.startTime) ?? 0) - 1,
        end: toMillis(request.endTime) ?? 0,
        overlapPolicy: request.overlapPolicy ?? OverlapPolicy.Unspecified
      }
    ]
  }
  if (patch.pause) changeState(draft, { paused: true, notes: patch.pause })
  if (patch.unpause) changeState(draft, { paused: false, notes: patch.unpause })
}

/**
 * One step: what came due since the last one, what its owner asked for, what waits. Returns when the next one is
 * due, infinite if only something from outside can bring it.
 */
export const takeStep = (step: Step, change?: (step: Step) => void): number => {
  const { tx, draft } = step
  let next = takeTimes(step)
  if (change !== undefined) {
    change(step)
    next = takeTimes(step)
  }
  backfill(step)
  refresh(step)
  while (startBuffered(step)) refresh(step)
  const over = idleUntil(draft, next)
  if (over <= tx.now) {
    draft.closeTime = tx.now
    return Number.POSITIVE_INFINITY
  }
  // Backfills go on as soon as there is room, or nothing in their way whose end would be noticed.
  const [range] = draft.backfills
  const goesOn =
    range !== undefined &&
    (resolvePolicy(draft, range.overlapPolicy) === OverlapPolicy.AllowAll || draft.running.length === 0)
  return Math.min(canAct(draft) ? next : Number.POSITIVE_INFINITY, over, goesOn ? tx.now + 1000 : Infinity)
}
