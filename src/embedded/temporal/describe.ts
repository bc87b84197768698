import { EventType, PendingActivityState, PendingTaskState, TaskQueueKind } from "./proto/enums.ts"
import { fromMillis, toMillis } from "./proto/time.ts"
import type { Payload, PendingActivityInfo, WorkflowExecutionInfo } from "./proto/root.ts"
import { expiresAt, findActivity, optionsOf } from "./activities.ts"
import type { PendingActivity } from "./activities.ts"
import type { CustomTypes } from "./visibility/attributes.ts"
import { resetPointsOf } from "./reset-points.ts"
import { visibilityOf, withTypes } from "./visibility/record.ts"
import { timeoutsFrom } from "./state.ts"
import type { VisibilityRecord } from "./storage/storage.ts"
import type { Run } from "./run.ts"

const fieldsOf = (fields: Record<string, Payload>): Record<string, Payload> | undefined =>
  Object.keys(fields).length > 0 ? fields : undefined

/** A run as listings and descriptions show it. */
export const executionInfo = (record: VisibilityRecord): WorkflowExecutionInfo => ({
  execution: { workflowId: record.workflowId, runId: record.runId },
  type: { name: record.type },
  startTime: fromMillis(record.startTime),
  executionTime: fromMillis(record.executionTime),
  closeTime: record.closeTime > 0 ? fromMillis(record.closeTime) : null,
  executionDuration:
    record.closeTime > 0 ? fromMillis(Math.max(record.closeTime - record.executionTime, 0)) : null,
  status: record.status,
  historyLength: record.historyLength,
  historySizeBytes: record.historySize,
  stateTransitionCount: record.stateTransitions,
  taskQueue: record.taskQueue,
  firstRunId: record.firstRunId,
  memo: { fields: fieldsOf(record.memo) ?? {} },
  searchAttributes: { indexedFields: fieldsOf(record.searchAttributes) ?? {} },
  parentNamespaceId: record.parentWorkflowId === "" ? "" : record.namespace,
  parentExecution:
    record.parentWorkflowId === ""
      ? null
      : { workflowId: record.parentWorkflowId, runId: record.parentRunId },
  rootExecution: { workflowId: record.rootWorkflowId, runId: record.rootRunId }
})

const activityState = ({ info, attempt }: PendingActivity): number => {
  if (info.cancelRequestedEventId > 0) return PendingActivityState.CancelRequested
  const started = attempt.startedTime > 0
  if (attempt.pause !== undefined)
    return started ? PendingActivityState.PauseRequested : PendingActivityState.Paused
  return started ? PendingActivityState.Started : PendingActivityState.Scheduled
}

const pendingActivity = (activity: PendingActivity, now: number): PendingActivityInfo => {
  const { info, attempt } = activity
  const started = attempt.startedTime > 0
  const options = optionsOf(activity)
  const policy = options.retryPolicy
  const expires = expiresAt(activity)
  const queue = options.taskQueue?.name ?? ""
  const waits = !started && attempt.scheduledTime > now
  return {
    activityId: info.attributes.activityId,
    activityType: info.attributes.activityType,
    state: activityState(activity),
    ...(attempt.lastHeartbeat > 0
      ? { heartbeatDetails: attempt.heartbeatDetails, lastHeartbeatTime: fromMillis(attempt.lastHeartbeat) }
      : {}),
    lastStartedTime: started ? fromMillis(attempt.startedTime) : null,
    attempt: attempt.attempt,
    maximumAttempts: policy?.maximumAttempts ?? 0,
    scheduledTime: fromMillis(attempt.scheduledTime),
    expirationTime: expires === undefined ? null : fromMillis(expires),
    lastFailure: attempt.lastFailure,
    lastWorkerIdentity: attempt.identity || attempt.lastWorkerIdentity,
    lastAttemptCompleteTime:
      attempt.lastAttemptCompleteTime > 0 ? fromMillis(attempt.lastAttemptCompleteTime) : null,
    nextAttemptScheduleTime: waits ? fromMillis(attempt.scheduledTime) : null,
    ...(started
      ? {}
      : {
          currentRetryInterval: fromMillis(
            waits
              ? attempt.scheduledTime - attempt.lastAttemptCompleteTime
              : (toMillis(policy?.initialInterval) ?? 0) *
                  (policy?.backoffCoefficient ?? 0) ** Math.max(attempt.attempt - 1, 0)
          )
        }),
    priority: info.attributes.priority,
    paused: attempt.pause !== undefined,
    ...(attempt.pause === undefined
      ? {}
      : {
          pauseInfo: {
            pauseTime: fromMillis(attempt.pause.time),
            manual: { identity: attempt.pause.identity, reason: attempt.pause.reason }
          }
        }),
    activityOptions: { ...options, taskQueue: { name: queue, normalName: queue } }
  }
}

const pendingActivities = (run: Run, now: number): PendingActivityInfo[] =>
  Array.from(run.h.activities.keys()).flatMap((scheduledEventId) => {
    const activity = findActivity(run, scheduledEventId)
    return activity === undefined ? [] : [pendingActivity(activity, now)]
  })

/** The answer to `DescribeWorkflowExecution`. */
export const describeRun = (run: Run, now: number, custom: CustomTypes) => {
  const { h, x } = run
  const record = visibilityOf(run)
  const { started } = h
  const expiresAt = toMillis(started.workflowExecutionExpirationTime)
  const runTimeout = toMillis(started.workflowRunTimeout) ?? 0
  return {
    executionConfig: {
      taskQueue: { name: started.taskQueue?.name ?? "", kind: TaskQueueKind.Normal },
      workflowExecutionTimeout:
        (toMillis(started.workflowExecutionTimeout) ?? 0) > 0 ? started.workflowExecutionTimeout : null,
      workflowRunTimeout: runTimeout > 0 ? started.workflowRunTimeout : null,
      defaultWorkflowTaskTimeout: started.workflowTaskTimeout,
      userMetadata: h.userMetadata
    },
    workflowExecutionInfo: {
      ...executionInfo({
        ...record,
        searchAttributes: withTypes(record.searchAttributes, custom)
      }),
      priority: started.priority,
      autoResetPoints: resetPointsOf(run.runId, h.resetPoints),
      mostRecentWorkerVersionStamp: h.workerVersion
    },
    pendingActivities: pendingActivities(run, now),
    pendingChildren: [...h.children.values()].map((child) => ({
      workflowId: child.attributes.workflowId,
      runId: child.runId,
      workflowTypeName: child.attributes.workflowType?.name ?? "",
      initiatedId: child.initiatedEventId,
      parentClosePolicy: child.attributes.parentClosePolicy
    })),
    pendingWorkflowTask:
      x.task === undefined
        ? null
        : {
            state: x.task.startedEventId > 0 ? PendingTaskState.Started : PendingTaskState.Scheduled,
            scheduledTime: fromMillis(x.task.scheduledTime),
            originalScheduledTime: fromMillis(x.task.originalScheduledTime),
            startedTime: x.task.startedTime > 0 ? fromMillis(x.task.startedTime) : null,
            attempt: x.task.attempt
          },
    workflowExtendedInfo: {
      executionExpirationTime: expiresAt === undefined ? null : fromMillis(expiresAt),
      runExpirationTime: runTimeout > 0 ? fromMillis(timeoutsFrom(h) + runTimeout) : null,
      cancelRequested: h.cancelRequested,
      originalStartTime: fromMillis(h.originalStartTime),
      lastResetTime: h.wasReset ? fromMillis(h.startTime) : null,
      resetRunId: x.resetRunId ?? "",
      requestIdInfos: {
        [x.startRequestId]: { eventType: EventType.WorkflowExecutionStarted, eventId: 1, buffered: false }
      }
    }
  }
}
