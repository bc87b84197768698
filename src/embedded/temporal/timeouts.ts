import { EventType, TimeoutType } from "./proto/enums.ts"
import { findActivity, nextActivityDeadline, timeOutActivity } from "./activities.ts"
import { timeOutRun } from "./lifecycle.ts"
import { runDeadline } from "./run-timeouts.ts"
import { executionTime, isOpen } from "./state.ts"
import type { Run } from "./run.ts"
import type { Tx } from "./tx.ts"
import { scheduleTask, timeOutTask } from "./workflow-task.ts"

interface Deadline {
  readonly at: number
  /** What is to happen first where two fall on the same instant. */
  readonly order: number
  readonly act: (tx: Tx) => void
}

/** Everything of a run that happens by itself, with its time. It follows from the state, so nothing can go stale. */
const deadlines = function* (run: Run): Generator<Deadline> {
  const { h, x } = run
  if (!isOpen(h)) return
  const end = runDeadline(run)
  if (end !== undefined) yield { at: end.at, order: 9, act: (tx) => timeOutRun(tx, run, end.whole) }
  if (x.delayed && x.task === undefined)
    yield { at: executionTime(h), order: 0, act: (tx) => scheduleTask(tx, run) }
  const { task } = x
  if (task !== undefined && task.startedEventId > 0)
    yield {
      at: task.startedTime + task.timeoutMs,
      order: 1,
      act: (tx) => {
        timeOutTask(tx, run, TimeoutType.StartToClose)
        scheduleTask(tx, run)
      }
    }
  else if (task?.stickyUntil !== undefined)
    yield {
      at: task.stickyUntil,
      order: 1,
      act: (tx) => {
        timeOutTask(tx, run, TimeoutType.ScheduleToStart)
        scheduleTask(tx, run)
      }
    }
  for (const timer of h.timers.values())
    yield {
      at: timer.fireAt,
      order: 2,
      act: (tx) => {
        tx.add(run, EventType.TimerFired, {
          timerFiredEventAttributes: { timerId: timer.timerId, startedEventId: timer.startedEventId }
        })
        scheduleTask(tx, run)
      }
    }
  for (const attempt of x.attempts.values()) {
    const activity = findActivity(run, attempt.scheduledEventId)
    if (activity === undefined) continue
    if (!attempt.offered && attempt.pause === undefined)
      yield {
        at: attempt.scheduledTime,
        order: 3,
        act: (tx) => {
          tx.touch(run)
          run.setAttempt({ ...attempt, offered: true })
          tx.offers.push({
            kind: "activity",
            run,
            scheduledEventId: attempt.scheduledEventId
          })
        }
      }
    const deadline = nextActivityDeadline(activity)
    if (deadline !== undefined)
      yield { at: deadline.at, order: 4, act: (tx) => timeOutActivity(tx, run, activity, deadline.type) }
  }
}

/** When the run next does something by itself. */
export const nextDeadline = (run: Run): number => {
  let next = Number.POSITIVE_INFINITY
  for (const deadline of deadlines(run)) if (deadline.at < next) next = deadline.at
  return next
}

/** Does what is due, in the order in which it fell due. Each step may change what else is due. */
export const fireDue = (tx: Tx, run: Run): void => {
  for (;;) {
    const due: Deadline[] = []
    for (const deadline of deadlines(run)) if (deadline.at <= tx.now) due.push(deadline)
    if (due.length === 0) return
    due.sort((a, b) => a.at - b.at || a.order - b.order)
    // Timers and activities do not touch each other: they are done in one go, the others one at a time.
    const first = due[0]
    if (first === undefined) return
    if (first.order < 2 || first.order === 9) {
      first.act(tx)
      continue
    }
    for (const deadline of due) {
      if (deadline.order < 2 || deadline.order === 9 || !isOpen(run.h)) break
      deadline.act(tx)
    }
  }
}
