import { EventType, TaskFailedCause, TaskQueueKind } from "../proto/enums.ts"
import { fromMillis, positiveMillis, toMillis, toNumber } from "../proto/time.ts"
import type { Command } from "../proto/root.ts"
import { addAttempt, addCanceled, findActivity, noteDeadline } from "../activities.ts"
import { deduceTimeouts } from "../activity-timeouts.ts"
import { ServiceError } from "../errors.ts"
import { jsonPayloads, sizeOfPayloads } from "../payload.ts"
import { validateRetryPolicy, withDefaults } from "../retry.ts"
import { CommandFailure, metadataOf } from "./context.ts"
import type { CommandContext } from "./context.ts"

const bad = (message: string): CommandFailure =>
  new CommandFailure(TaskFailedCause.BadScheduleActivityAttributes, message)

export const scheduleActivity = (context: CommandContext, command: Command): void => {
  const { tx, run } = context
  const { limits } = tx.core
  const attributes = command.scheduleActivityTaskCommandAttributes
  if (!attributes)
    throw bad("ScheduleActivityTaskCommandAttributes is not set on ScheduleActivityTaskCommand.")
  const activityId = attributes.activityId ?? ""
  const activityType = attributes.activityType?.name ?? ""
  const describe = `ActivityId=${activityId} ActivityType=${activityType}`
  if (activityId === "") throw bad(`ActivityId is not set. ActivityType=${activityType}`)
  if (activityType === "") throw bad(`ActivityType is not set. ActivityID=${activityId}`)
  if (activityId.length > limits.idLength || activityType.length > limits.idLength)
    throw bad(`ActivityId or ActivityType exceeds length limit. ${describe} Limit=${limits.idLength}`)
  const millis = {
    scheduleToClose: toMillis(attributes.scheduleToCloseTimeout),
    scheduleToStart: toMillis(attributes.scheduleToStartTimeout),
    startToClose: toMillis(attributes.startToCloseTimeout),
    heartbeat: toMillis(attributes.heartbeatTimeout)
  }
  for (const [name, value] of Object.entries(millis))
    if (value !== undefined && value < 0) throw bad(`Invalid ${name} timeout: negative duration. ${describe}`)
  const policy = attributes.retryPolicy ?? {}
  try {
    validateRetryPolicy(policy)
  } catch (error) {
    if (error instanceof ServiceError) throw bad(`invalid ActivityRetryPolicy: ${error.message} ${describe}`)
    throw error
  }
  if (sizeOfPayloads(attributes.input) > limits.blobSize)
    throw new CommandFailure(
      TaskFailedCause.BadScheduleActivityAttributes,
      "ScheduleActivityTaskCommandAttributes.Input exceeds size limit.",
      true
    )
  if (run.h.activities.size >= limits.pendingActivities)
    throw new CommandFailure(
      TaskFailedCause.PendingActivitiesLimitExceeded,
      `the number of pending activities, ${run.h.activities.size}, has reached the per-workflow limit of ${limits.pendingActivities}`
    )
  if (run.h.activityIds.has(activityId))
    throw new CommandFailure(
      TaskFailedCause.ScheduleActivityDuplicateId,
      `invalid history builder state for action: add-activitytask-scheduled-event, ActivityID: ${activityId}`
    )
  const effective = deduceTimeouts(
    {
      scheduleToClose: millis.scheduleToClose ?? 0,
      scheduleToStart: millis.scheduleToStart ?? 0,
      startToClose: millis.startToClose ?? 0,
      heartbeat: millis.heartbeat ?? 0
    },
    positiveMillis(run.h.started.workflowRunTimeout) ?? 0
  )
  if (effective === undefined)
    throw bad(
      `A valid StartToClose or ScheduleToCloseTimeout is not set on ScheduleActivityTaskCommand. ${describe}`
    )
  const event = tx.add(run, EventType.ActivityTaskScheduled, {
    activityTaskScheduledEventAttributes: {
      activityId,
      activityType: { name: activityType },
      taskQueue: {
        name: attributes.taskQueue?.name || (run.h.started.taskQueue?.name ?? ""),
        kind: TaskQueueKind.Normal
      },
      header: attributes.header,
      input: attributes.input,
      scheduleToCloseTimeout: fromMillis(effective.scheduleToClose),
      scheduleToStartTimeout: fromMillis(effective.scheduleToStart),
      startToCloseTimeout: fromMillis(effective.startToClose),
      heartbeatTimeout: fromMillis(effective.heartbeat),
      workflowTaskCompletedEventId: context.completedEventId,
      retryPolicy: withDefaults(policy),
      useWorkflowBuildId: attributes.useWorkflowBuildId ?? false,
      priority: attributes.priority
    },
    ...metadataOf(command)
  })
  const scheduledEventId = toNumber(event.eventId)
  addAttempt(run, scheduledEventId, tx.now)
  const added = findActivity(run, scheduledEventId)
  if (added !== undefined) noteDeadline(run, added)
  if (attributes.requestEagerExecution === true) context.eager.push({ scheduledEventId })
  else tx.offers.push({ kind: "activity", run, scheduledEventId })
}

export const requestCancelActivity = (context: CommandContext, command: Command): void => {
  const { tx, run } = context
  const cause = TaskFailedCause.BadRequestCancelActivityAttributes
  const attributes = command.requestCancelActivityTaskCommandAttributes
  if (!attributes)
    throw new CommandFailure(
      cause,
      "RequestCancelActivityTaskCommandAttributes is not set on RequestCancelActivityTaskCommand."
    )
  const scheduledEventId = toNumber(attributes.scheduledEventId)
  if (scheduledEventId <= 0)
    throw new CommandFailure(cause, "ScheduledEventId is not set on RequestCancelActivityTaskCommand.")
  const activity = findActivity(run, scheduledEventId)
  // An activity that just closed, or whose end still waits in the buffer, is only noted as cancelled.
  const known =
    scheduledEventId < context.completedEventId
      ? run.event(scheduledEventId).eventType === EventType.ActivityTaskScheduled
      : activity !== undefined
  if (!known)
    throw new CommandFailure(
      cause,
      `invalid history builder state for action: add-activitytask-cancel-requested-event, ScheduledEventID: ${scheduledEventId}`
    )
  if (activity !== undefined && activity.info.cancelRequestedEventId > 0)
    throw new CommandFailure(
      cause,
      `invalid history builder state for action: add-activitytask-cancel-requested-event, ScheduledEventID: ${scheduledEventId}`
    )
  tx.add(run, EventType.ActivityTaskCancelRequested, {
    activityTaskCancelRequestedEventAttributes: {
      scheduledEventId,
      workflowTaskCompletedEventId: context.completedEventId
    },
    ...metadataOf(command)
  })
  if (activity === undefined || activity.attempt.startedTime > 0) return
  addCanceled(tx, run, activity.info, {
    details: jsonPayloads("ACTIVITY_ID_NOT_STARTED"),
    identity: context.identity,
    startedEventId: 0
  })
  run.deleteAttempt(scheduledEventId)
  context.activityCancelled = true
}
