import { randomUUID } from "node:crypto"

import { ServiceError } from "../errors.ts"
import { newRunIdOf, requestCancel, terminateRun } from "../lifecycle.ts"
import { jsonPayload } from "../payload.ts"
import { ReusePolicy, Status } from "../proto/enums.ts"
import { fromMillis } from "../proto/time.ts"
import type { Failure, Payload, Payloads, WorkflowExecution } from "../proto/root.ts"
import type { Run } from "../run.ts"
import { startWorkflow } from "../start.ts"
import { isOpen } from "../state.ts"
import type { Tx } from "../tx.ts"
import type { ActionResult, NewWorkflow } from "./messages.ts"
import { OverlapPolicy } from "./overlap.ts"
import type { BufferedStart } from "./overlap.ts"
import type { ScheduleState } from "./state.ts"

const identityOf = (schedule: ScheduleState): string =>
  `temporal-scheduler-${schedule.namespace}-${schedule.scheduleId}`

/** The time in a workflow's id, to the second. */
const timeText = (ms: number): string =>
  new Date(Math.floor(ms / 1000) * 1000).toISOString().replace(".000Z", "Z")

const typed = (type: string, value: unknown): Payload => {
  const payload = jsonPayload(value)
  return { ...payload, metadata: { ...payload.metadata, type: new TextEncoder().encode(type) } }
}

/** Starts a schedule's workflow. Undefined if that is refused, most often since it was started before. */
export const startAction = (
  tx: Tx,
  schedule: ScheduleState,
  action: NewWorkflow,
  start: BufferedStart,
  allowAll: boolean
): ActionResult | undefined => {
  const time = timeText(start.nominal)
  const keepId = schedule.schedule.policies?.keepOriginalWorkflowId === true && !allowAll
  const workflowId = keepId ? (action.workflowId ?? "") : `${action.workflowId ?? ""}-${time}`
  // Runs that may overlap have no order in which results could be handed on.
  const carried = allowAll
    ? {}
    : {
        lastCompletionResult: schedule.lastCompletionResult,
        continuedFailure: schedule.continuedFailure
      }
  try {
    const { run } = startWorkflow(tx, {
      namespace: schedule.namespace,
      workflowId,
      workflowType: action.workflowType,
      taskQueue: action.taskQueue,
      input: action.input,
      workflowExecutionTimeout: action.workflowExecutionTimeout,
      workflowRunTimeout: action.workflowRunTimeout,
      workflowTaskTimeout: action.workflowTaskTimeout,
      identity: identityOf(schedule),
      requestId: randomUUID(),
      workflowIdReusePolicy:
        start.manual || keepId ? ReusePolicy.AllowDuplicate : ReusePolicy.RejectDuplicate,
      retryPolicy: action.retryPolicy,
      memo: action.memo,
      searchAttributes: {
        indexedFields: {
          ...action.searchAttributes?.indexedFields,
          TemporalScheduledStartTime: typed("Datetime", time),
          TemporalScheduledById: typed("Keyword", schedule.scheduleId)
        }
      },
      header: action.header,
      userMetadata: action.userMetadata,
      priority: action.priority,
      ...carried
    })
    return {
      scheduleTime: fromMillis(start.actual),
      actualTime: fromMillis(tx.now),
      startWorkflowResult: { workflowId, runId: run.runId },
      startWorkflowStatus: Status.Running
    }
  } catch (error) {
    if (error instanceof ServiceError) return undefined
    throw error
  }
}

/** The run that a started execution has come to: the last one of its chain. */
const lastRunOf = (tx: Tx, namespace: string, execution: WorkflowExecution): Run | undefined => {
  const first = execution.runId ?? ""
  const current = tx.currentRun(namespace, execution.workflowId ?? "")
  if (current?.h.started.firstExecutionRunId === first) return current
  // The id stands for another execution by now.
  let run = tx.findRun(first)
  for (let next = run && newRunIdOf(run); run !== undefined && next; next = newRunIdOf(run)) {
    const following = tx.findRun(next)
    if (following === undefined) break
    run = following
  }
  return run
}

/** How a started execution ended; undefined while it runs. */
export const outcomeOf = (
  tx: Tx,
  namespace: string,
  execution: WorkflowExecution
): { status: number; result?: Payloads | undefined; failure?: Failure | undefined } | undefined => {
  const run = lastRunOf(tx, namespace, execution)
  if (run === undefined) return { status: Status.Unspecified }
  if (isOpen(run.h)) return undefined
  const event = run.h.closeEvent
  return {
    status: run.h.status,
    result: event?.workflowExecutionCompletedEventAttributes?.result ?? undefined,
    failure: event?.workflowExecutionFailedEventAttributes?.failure ?? undefined
  }
}

/** Ends what a schedule started, so that its next action can begin. */
export const endOther = (
  tx: Tx,
  schedule: ScheduleState,
  execution: WorkflowExecution,
  policy: typeof OverlapPolicy.CancelOther | typeof OverlapPolicy.TerminateOther
): void => {
  const run = lastRunOf(tx, schedule.namespace, execution)
  if (run === undefined || !isOpen(run.h)) return
  const identity = identityOf(schedule)
  if (policy === OverlapPolicy.TerminateOther)
    terminateRun(tx, run, { reason: "terminated by schedule overlap policy", identity })
  else requestCancel(tx, run, { cause: "cancelled by schedule overlap policy", identity })
}
