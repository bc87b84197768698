import { TimeoutType } from "./proto/enums.ts"
import { findActivity, timeOutActivity } from "./activities.ts"
import type { Run } from "./run.ts"
import type { Tx } from "./tx.ts"
import { scheduleTask, timeOutTask } from "./workflow-task.ts"

/**
 * What becomes of an activity whose worker died together with the service: `"retry"` counts it as an attempt that
 * timed out, so its retry policy decides (and one with a single attempt is not run twice); `"repeat"` runs the
 * same attempt again, whatever the policy.
 */
export type LostActivities = "retry" | "repeat"

/** After a restart: the workers that had tasks are gone with the process, so nothing has to wait for them. */
export const recoverTasks = (tx: Tx, run: Run, lost: LostActivities): void => {
  const { x } = run
  tx.touch(run)
  const { task } = x
  if (task?.speculative === true) {
    // The update that it was made for was in memory only, and is asked for again.
    x.task = undefined
    x.sticky = undefined
  } else if (task !== undefined && task.startedEventId > 0 && !task.transient) {
    timeOutTask(tx, run, TimeoutType.StartToClose)
    // The service died, not the workflow: the next task is a first attempt.
    x.taskAttempt = 1
    scheduleTask(tx, run)
  } else if (task !== undefined) {
    x.sticky = undefined
    x.task = { ...task, startedEventId: 0, startedTime: 0, stickyUntil: undefined }
    tx.offers.push({ kind: "workflow", run })
  } else x.sticky = undefined
  for (const attempt of Array.from(x.attempts.values())) {
    const activity = findActivity(run, attempt.scheduledEventId)
    if (activity === undefined) continue
    if (attempt.startedTime === 0) {
      if (attempt.offered) offerActivity(tx, run, attempt.scheduledEventId)
      continue
    }
    if (lost === "repeat") {
      run.setAttempt({ ...attempt, startedTime: 0, lastHeartbeat: 0, scheduledTime: tx.now, offered: true })
      offerActivity(tx, run, attempt.scheduledEventId)
      continue
    }
    timeOutActivity(tx, run, activity, TimeoutType.StartToClose)
    const next = x.attempts.get(attempt.scheduledEventId)
    if (next === undefined || next.pause !== undefined) continue
    run.setAttempt({ ...next, scheduledTime: tx.now, offered: true })
    offerActivity(tx, run, next.scheduledEventId)
  }
}

const offerActivity = (tx: Tx, run: Run, scheduledEventId: number): void => {
  tx.offers.push({ kind: "activity", run, scheduledEventId })
}
