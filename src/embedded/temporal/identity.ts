import { ReusePolicy, Status } from "./proto/enums.ts"
import { alreadyStarted } from "./errors.ts"
import type { ServiceError } from "./errors.ts"
import { isOpen } from "./state.ts"
import type { Run } from "./run.ts"

/** The answer to a start whose workflow id has a running execution. */
export const alreadyRunning = (run: Run): ServiceError =>
  alreadyStarted(
    `Workflow execution is already running. WorkflowId: ${run.workflowId}, RunId: ${run.runId}.`,
    run.x.startRequestId,
    run.runId
  )

const unsuccessful: ReadonlySet<number> = new Set([
  Status.Failed,
  Status.Canceled,
  Status.Terminated,
  Status.TimedOut
])

/**
 * Why a workflow id cannot be used again, if so; see service/history/api/workflow_id_dedup.go. A running execution
 * is in the way whatever the reuse policy says.
 */
export const alreadyStartedRun = (run: Run, reusePolicy: number): ServiceError | undefined => {
  if (isOpen(run.h)) return alreadyRunning(run)
  const ids = `WorkflowId: ${run.workflowId}, RunId: ${run.runId}.`
  if (reusePolicy === ReusePolicy.AllowDuplicateFailedOnly && !unsuccessful.has(run.h.status))
    return alreadyStarted(
      `Workflow execution already finished successfully. ${ids} Workflow Id reuse policy: allow duplicate workflow Id if last run failed.`,
      run.x.startRequestId,
      run.runId
    )
  if (reusePolicy === ReusePolicy.RejectDuplicate)
    return alreadyStarted(
      `Workflow execution already finished. ${ids} Workflow Id reuse policy: reject duplicate workflow Id.`,
      run.x.startRequestId,
      run.runId
    )
  return undefined
}
