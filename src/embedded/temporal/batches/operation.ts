import { invalidArgument } from "../errors.ts"
import { EventType } from "../proto/enums.ts"
import { toNumber } from "../proto/time.ts"
import type { Request, ResetPoint, WorkflowExecution } from "../proto/root.ts"
import type { Run } from "../run.ts"

export type BatchRequest = Request<"StartBatchOperation">

/** A call that a batch makes for one of its executions. */
export interface BatchCall {
  readonly method: string
  readonly request: Record<string, unknown>
}

/** What a batch does to each of its executions. */
export interface BatchOperation {
  /** The protocol's number of the operation. */
  readonly type: number
  readonly identity: string
  /** What is added to the query: closed executions, or those without paused activities, are none of its business. */
  readonly condition: string
  readonly calls: (execution: WorkflowExecution, run: () => Run) => BatchCall[]
}

const OperationType = {
  Terminate: 1,
  Cancel: 2,
  Signal: 3,
  Delete: 4,
  Reset: 5,
  UpdateExecutionOptions: 6,
  UnpauseActivity: 7,
  UpdateActivityOptions: 8,
  ResetActivity: 9
} as const

const ResetType = { FirstWorkflowTask: 1, LastWorkflowTask: 2 } as const

const running = "ExecutionStatus = 'Running'"

/**
 * Checks what every batch has to say; see ValidateBatchOperation in service/worker/batcher/workflow.go. Some of it
 * the real server refuses as UNKNOWN, which makes clients ask again and again.
 */
const validate = (request: BatchRequest): void => {
  const hasQuery = Boolean(request.visibilityQuery)
  const hasExecutions = (request.executions?.length ?? 0) > 0
  if (!request.reason || !request.namespace || !(hasQuery || hasExecutions))
    throw invalidArgument("must provide required parameters: BatchType/Reason/Namespace/Query/Executions")
  if (!request.jobId) throw invalidArgument("JobId is not set on request.")
  if (hasQuery && hasExecutions) throw invalidArgument("batch query and executions are mutually exclusive")
}

/** The workflow task that a reset goes back to: behind its completion, or where there is none, its schedule. */
const resetPoint = (run: Run, which: "first" | "last"): number => {
  let scheduled = 0
  const count = run.frames.length
  for (let step = 1; step <= count; step += 1) {
    const id = which === "first" ? step : count + 1 - step
    const type = run.event(id).eventType
    if (type === EventType.WorkflowTaskCompleted) return id
    if (type === EventType.WorkflowTaskScheduled && (which === "last" || scheduled === 0)) scheduled = id + 1
  }
  if (scheduled === 0) throw invalidArgument("unable to find any scheduled or completed task")
  return scheduled
}

/** GetResetPointByBuildId of the batcher: where the build that is to be undone did its first task. */
const resetPointOfBuild = (run: Run, buildId: string, currentRunOnly: boolean): ResetPoint => {
  const point = run.h.resetPoints.find((each) => each.buildId === buildId)
  if (point === undefined) throw invalidArgument(`Can't find reset point for ${buildId}`)
  if (point.resettable !== true) throw invalidArgument(`Reset point for ${buildId} is not resettable`)
  if (point.runId && currentRunOnly)
    throw invalidArgument(`Reset point for ${buildId} points to previous run and CurrentRunOnly is set`)
  return point
}

const resetOperation = (
  request: BatchRequest,
  reset: NonNullable<BatchRequest["resetOperation"]>
): BatchOperation => {
  const { options } = reset
  const legacy = reset.resetType ?? 0
  const target = options?.firstWorkflowTask
    ? "first"
    : options?.lastWorkflowTask
      ? "last"
      : options?.buildId
        ? "build"
        : options
          ? toNumber(options.workflowTaskId)
          : legacy === ResetType.FirstWorkflowTask
            ? "first"
            : "last"
  if (options && target === 0) throw invalidArgument("batch reset missing target")
  if (!options && legacy !== ResetType.FirstWorkflowTask && legacy !== ResetType.LastWorkflowTask)
    throw invalidArgument(`unknown batch reset type ${legacy}`)
  return {
    type: OperationType.Reset,
    identity: reset.identity ?? "",
    condition: "",
    calls: (execution, run) => {
      const point =
        target === "build"
          ? resetPointOfBuild(run(), options?.buildId ?? "", options?.currentRunOnly ?? false)
          : {
              runId: "",
              firstWorkflowTaskCompletedId: typeof target === "number" ? target : resetPoint(run(), target)
            }
      return [
        {
          method: "ResetWorkflowExecution",
          request: {
            // A build may have begun in a former run.
            workflowExecution: point.runId ? { ...execution, runId: point.runId } : execution,
            reason: request.reason,
            // The same once more if the batch is taken up again after a crash.
            requestId: `${request.jobId ?? ""}:${execution.runId ?? ""}`,
            workflowTaskFinishEventId: point.firstWorkflowTaskCompletedId,
            resetReapplyType: options?.resetReapplyType ?? reset.resetReapplyType ?? 0,
            resetReapplyExcludeTypes: options?.resetReapplyExcludeTypes ?? [],
            postResetOperations: reset.postResetOperations ?? [],
            identity: reset.identity ?? ""
          }
        }
      ]
    }
  }
}

/** Which activities of a run an operation is for: those of one type, or all. */
const typesOf = (
  activities: { readonly type?: string | null | undefined; readonly matchAll?: boolean | null | undefined },
  run: Run
): string[] =>
  activities.type
    ? [activities.type]
    : [...new Set(Array.from(run.h.activities.values(), (info) => info.attributes.activityType?.name ?? ""))]

const checkTypes = (activities: {
  readonly type?: string | null | undefined
  readonly matchAll?: boolean | null | undefined
}): void => {
  if (!activities.type && activities.matchAll !== true)
    throw invalidArgument("Either activity type must be set, or match all should be set to true")
}

const quote = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`

/** What one call does, for operations that need nothing of the run. */
const single = (
  type: number,
  identity: string | null | undefined,
  condition: string,
  method: string,
  request: (execution: WorkflowExecution) => Record<string, unknown>
): BatchOperation => ({
  type,
  identity: identity ?? "",
  condition,
  calls: (execution) => [{ method, request: request(execution) }]
})

/** Reads what a batch is to do. */
export const readOperation = (request: BatchRequest): BatchOperation => {
  validate(request)
  const { reason, jobId } = request
  const {
    terminationOperation: terminate,
    cancellationOperation: cancel,
    signalOperation: signal,
    deletionOperation: remove,
    resetOperation: reset,
    updateWorkflowOptionsOperation: options,
    unpauseActivitiesOperation: unpause,
    resetActivitiesOperation: resetActivities,
    updateActivityOptionsOperation: activityOptions
  } = request
  if (terminate) {
    const { identity } = terminate
    return single(OperationType.Terminate, identity, running, "TerminateWorkflowExecution", (execution) => ({
      workflowExecution: execution,
      reason,
      identity
    }))
  }
  if (cancel) {
    const { identity } = cancel
    return single(OperationType.Cancel, identity, running, "RequestCancelWorkflowExecution", (execution) => ({
      workflowExecution: execution,
      identity
    }))
  }
  if (signal) {
    if (!signal.signal) throw invalidArgument("must provide signal name")
    return single(OperationType.Signal, signal.identity, running, "SignalWorkflowExecution", (execution) => ({
      workflowExecution: execution,
      signalName: signal.signal,
      input: signal.input,
      header: signal.header,
      identity: signal.identity,
      requestId: `${jobId ?? ""}:${execution.runId ?? ""}`
    }))
  }
  if (remove)
    return single(OperationType.Delete, remove.identity, "", "DeleteWorkflowExecution", (execution) => ({
      workflowExecution: execution
    }))
  if (reset) return resetOperation(request, reset)
  if (options) {
    if (!options.workflowExecutionOptions) throw invalidArgument("must provide UpdateOptions")
    if (!options.updateMask) throw invalidArgument("must provide UpdateMask")
    return single(
      OperationType.UpdateExecutionOptions,
      options.identity,
      running,
      "UpdateWorkflowExecutionOptions",
      (execution) => ({
        workflowExecution: execution,
        workflowExecutionOptions: options.workflowExecutionOptions,
        updateMask: options.updateMask
      })
    )
  }
  if (unpause) {
    checkTypes(unpause)
    const paused = unpause.type
      ? `TemporalPauseInfo = ${quote(`property:activityType=${unpause.type}`)}`
      : "TemporalPauseInfo IS NOT NULL"
    return {
      type: OperationType.UnpauseActivity,
      identity: unpause.identity ?? "",
      condition: `${running} AND ${paused}`,
      calls: (execution, run) =>
        typesOf(unpause, run()).map((type) => ({
          method: "UnpauseActivity",
          request: {
            execution,
            type,
            identity: unpause.identity,
            resetAttempts: unpause.resetAttempts,
            resetHeartbeat: unpause.resetHeartbeat,
            jitter: unpause.jitter
          }
        }))
    }
  }
  if (resetActivities) {
    checkTypes(resetActivities)
    return {
      type: OperationType.ResetActivity,
      identity: resetActivities.identity ?? "",
      condition: "",
      calls: (execution, run) =>
        typesOf(resetActivities, run()).map((type) => ({
          method: "ResetActivity",
          request: {
            execution,
            type,
            identity: resetActivities.identity,
            resetHeartbeat: resetActivities.resetHeartbeat,
            keepPaused: resetActivities.keepPaused,
            restoreOriginalOptions: resetActivities.restoreOriginalOptions,
            jitter: resetActivities.jitter
          }
        }))
    }
  }
  if (activityOptions) {
    const restore = activityOptions.restoreOriginal === true
    if (activityOptions.activityOptions && restore)
      throw invalidArgument("cannot set both activity options and restore original")
    if (!activityOptions.activityOptions && !restore)
      throw invalidArgument("Either activity type must be set, or restore original should be set to true")
    checkTypes(activityOptions)
    return {
      type: OperationType.UpdateActivityOptions,
      identity: activityOptions.identity ?? "",
      condition: "",
      calls: (execution, run) =>
        typesOf(activityOptions, run()).map((type) => ({
          method: "UpdateActivityOptions",
          request: {
            execution,
            type,
            identity: activityOptions.identity,
            activityOptions: activityOptions.activityOptions,
            updateMask: activityOptions.updateMask,
            restoreOriginal: restore
          }
        }))
    }
  }
  throw invalidArgument("must provide required parameters: BatchType/Reason/Namespace/Query/Executions")
}
