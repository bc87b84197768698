import { positiveMillis, toMillis } from "./proto/time.ts"
import { timeoutsFrom } from "./state.ts"
import type { Run } from "./run.ts"

/** A run timeout never exceeds the execution's; a task timeout never the run's. Zero means none. */
export const effectiveTimeouts = (timeouts: {
  readonly executionMs: number
  readonly runMs: number
  readonly taskMs: number
}): { runMs: number; taskMs: number } => {
  const { executionMs } = timeouts
  const runMs =
    executionMs > 0 && (timeouts.runMs === 0 || timeouts.runMs > executionMs) ? executionMs : timeouts.runMs
  const taskMs = Math.min(timeouts.taskMs === 0 ? 10_000 : timeouts.taskMs, 120_000)
  return { runMs, taskMs: runMs > 0 ? Math.min(taskMs, runMs) : taskMs }
}

/** When a run is over by its timeouts, and whether that ends the whole execution. */
export const runDeadline = (run: Run): { at: number; whole: boolean } | undefined => {
  const { started } = run.h
  const runTimeout = positiveMillis(started.workflowRunTimeout)
  const expiresAt = toMillis(started.workflowExecutionExpirationTime)
  const runEnd = runTimeout === undefined ? undefined : timeoutsFrom(run.h) + runTimeout
  if (expiresAt !== undefined && (runEnd === undefined || expiresAt <= runEnd))
    return { at: expiresAt, whole: true }
  return runEnd === undefined ? undefined : { at: runEnd, whole: false }
}
