import type { Request } from "../proto/root.ts"
import {
  cancelActivity,
  completeActivity,
  failActivity,
  findActivity,
  recordHeartbeat,
  startedActivity
} from "../activities.ts"
import type { PendingActivity } from "../activities.ts"
import {
  pauseActivity,
  resetActivity,
  restoreActivityOptions,
  selectActivities,
  unpauseActivity,
  updateActivityOptions
} from "../activity-operations.ts"
import type { ActivitySelector } from "../activity-operations.ts"
import type { Engine } from "../engine.ts"
import { invalidArgument, notFound, workflowCompleted } from "../errors.ts"
import type { ActivityOptions, Run } from "../run.ts"
import { isOpen } from "../state.ts"
import { parseActivityToken } from "../token.ts"
import type { Tx } from "../tx.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"
import type { Lookup } from "./lookup.ts"
import { answeringWorker } from "../task-worker.ts"

interface Found {
  readonly run: Run
  readonly activity: PendingActivity
}

interface ById {
  readonly namespace?: string | null | undefined
  readonly workflowId?: string | null | undefined
  readonly runId?: string | null | undefined
  readonly activityId?: string | null | undefined
}

interface Operation extends ActivitySelector {
  readonly namespace?: string | null | undefined
  readonly execution?: Parameters<Lookup["open"]>[1]
}

/** The handlers with which workers answer activities, and those with which activities are paused, reset and changed. */
export const activityHandlers = (engine: Engine, lookup: Lookup): Record<string, Handler> => {
  const byToken = (token: Uint8Array | null | undefined): Found => {
    const { runId, scheduledEventId, attempt } = parseActivityToken(token)
    const run = engine.findRun(runId)
    if (run === undefined) throw notFound(`workflow execution not found for run ID "${runId}"`)
    if (!isOpen(run.h)) throw workflowCompleted()
    return { run, activity: startedActivity(run, scheduledEventId, attempt) }
  }

  const byId = (request: ById): Found => {
    if (!request.activityId) throw invalidArgument("ActivityId is not set on request.")
    const run = lookup.open(request.namespace, { workflowId: request.workflowId, runId: request.runId })
    const scheduledEventId = run.h.activityIds.get(request.activityId)
    const activity = scheduledEventId === undefined ? undefined : findActivity(run, scheduledEventId)
    if (activity === undefined)
      throw notFound(
        `cannot find pending activity with ActivityID ${request.activityId}, check workflow execution history for more details`
      )
    return { run, activity }
  }

  const heartbeat = (
    { run, activity }: Found,
    request: Request<"RecordActivityTaskHeartbeat"> | Request<"RecordActivityTaskHeartbeatById">
  ) => engine.transact((tx) => recordHeartbeat(tx, run, activity, request.details, request.identity ?? ""))

  const complete = (
    { run, activity }: Found,
    request: Request<"RespondActivityTaskCompleted"> | Request<"RespondActivityTaskCompletedById">
  ) => {
    engine.transact((tx) => completeActivity(tx, run, activity, request.result, answeringWorker(request)))
    return {}
  }

  const fail = (
    { run, activity }: Found,
    request: Request<"RespondActivityTaskFailed"> | Request<"RespondActivityTaskFailedById">
  ) => {
    const failures = engine.transact((tx) =>
      failActivity(tx, run, activity, {
        failure: request.failure,
        ...answeringWorker(request),
        lastHeartbeatDetails: request.lastHeartbeatDetails
      })
    )
    return { failures }
  }

  const cancel = (
    { run, activity }: Found,
    request: Request<"RespondActivityTaskCanceled"> | Request<"RespondActivityTaskCanceledById">
  ) => {
    engine.transact((tx) => cancelActivity(tx, run, activity, request.details, request.identity ?? ""))
    return {}
  }

  /** Does the same to each activity that the request means. */
  const each = (request: Operation, action: (tx: Tx, run: Run, activity: PendingActivity) => void): void => {
    if (!request.execution?.workflowId) throw invalidArgument("WorkflowId is not set on request.")
    if (!request.id && !request.type)
      throw invalidArgument("Either Activity.Id or Activity.Type should be set on request.")
    const run = lookup.open(request.namespace, request.execution)
    engine.transact((tx) => {
      for (const activity of selectActivities(run, request)) action(tx, run, activity)
    })
  }

  return {
    RecordActivityTaskHeartbeat: on<"RecordActivityTaskHeartbeat">((request) =>
      heartbeat(byToken(request.taskToken), request)
    ),
    RecordActivityTaskHeartbeatById: on<"RecordActivityTaskHeartbeatById">((request) =>
      heartbeat(byId(request), request)
    ),
    RespondActivityTaskCompleted: on<"RespondActivityTaskCompleted">((request) =>
      complete(byToken(request.taskToken), request)
    ),
    RespondActivityTaskCompletedById: on<"RespondActivityTaskCompletedById">((request) =>
      complete(byId(request), request)
    ),
    RespondActivityTaskFailed: on<"RespondActivityTaskFailed">((request) =>
      fail(byToken(request.taskToken), request)
    ),
    RespondActivityTaskFailedById: on<"RespondActivityTaskFailedById">((request) =>
      fail(byId(request), request)
    ),
    RespondActivityTaskCanceled: on<"RespondActivityTaskCanceled">((request) =>
      cancel(byToken(request.taskToken), request)
    ),
    RespondActivityTaskCanceledById: on<"RespondActivityTaskCanceledById">((request) =>
      cancel(byId(request), request)
    ),
    PauseActivity: on<"PauseActivity">((request) => {
      each(request, (tx, run, activity) =>
        pauseActivity(tx, run, activity, { identity: request.identity ?? "", reason: request.reason ?? "" })
      )
      return {}
    }),
    UnpauseActivity: on<"UnpauseActivity">((request) => {
      each(request, (tx, run, activity) =>
        unpauseActivity(tx, run, activity, {
          resetAttempts: request.resetAttempts === true,
          resetHeartbeat: request.resetHeartbeat === true,
          jitter: request.jitter
        })
      )
      return {}
    }),
    ResetActivity: on<"ResetActivity">((request) => {
      each(request, (tx, run, activity) =>
        resetActivity(tx, run, activity, {
          keepPaused: request.keepPaused === true,
          resetHeartbeat: request.resetHeartbeat === true,
          restoreOptions: request.restoreOriginalOptions === true,
          jitter: request.jitter
        })
      )
      return {}
    }),
    UpdateActivityOptions: on<"UpdateActivityOptions">((request) => {
      const restore = request.restoreOriginal === true
      const paths = request.updateMask?.paths ?? undefined
      if (restore && (paths?.length ?? 0) > 0)
        throw invalidArgument("Both UpdateMask and RestoreOriginal are provided")
      let activityOptions: ActivityOptions | undefined
      each(request, (tx, run, activity) => {
        if (restore) activityOptions = restoreActivityOptions(tx, run, activity)
        else if (!request.activityOptions) throw invalidArgument("ActivityOptions are not provided")
        else if (!request.updateMask) throw invalidArgument("UpdateMask is not provided")
        else activityOptions = updateActivityOptions(tx, run, activity, request.activityOptions, paths ?? [])
      })
      return { activityOptions }
    })
  }
}
