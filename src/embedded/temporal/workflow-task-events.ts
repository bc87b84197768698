import { EventType, TaskQueueKind } from "./proto/enums.ts"
import { fromMillis } from "./proto/time.ts"
import type { HistoryEvent } from "./proto/root.ts"
import type { Run, WorkflowTask } from "./run.ts"
import type { TaskWorker } from "./task-worker.ts"

// The events of a workflow task. Those of a transient one (the repetition of a failed task) and of a speculative one
// (made for an update alone) are written when it is certain that they stay, and only shown to the worker before.

/** The queue that the next workflow task of a run goes to. */
export const currentQueue = (run: Run): { name: string; kind: number; normalName?: string } => {
  const normal = run.h.started.taskQueue?.name ?? ""
  return run.x.sticky === undefined
    ? { name: normal, kind: TaskQueueKind.Normal }
    : { name: run.x.sticky.queue, kind: TaskQueueKind.Sticky, normalName: normal }
}

/** Whether nothing of a task is in the history yet. */
export const isUnwritten = (task: WorkflowTask): boolean => task.transient || task.speculative === true

export const scheduledBody = (
  run: Run,
  task: Pick<WorkflowTask, "timeoutMs" | "attempt">
): Pick<HistoryEvent, "workflowTaskScheduledEventAttributes"> => ({
  workflowTaskScheduledEventAttributes: {
    taskQueue: currentQueue(run),
    startToCloseTimeout: fromMillis(task.timeoutMs),
    attempt: task.attempt
  }
})

export const startedBody = (
  task: WorkflowTask,
  { identity, workerVersion }: TaskWorker = task
): Pick<HistoryEvent, "workflowTaskStartedEventAttributes"> => ({
  workflowTaskStartedEventAttributes: {
    scheduledEventId: task.scheduledEventId,
    identity,
    requestId: task.requestId,
    suggestContinueAsNew: task.suggestContinueAsNew,
    historySizeBytes: task.historySize,
    workerVersion
  }
})

/** The events of the pending task that are not in the history, as its worker sees them. */
export const unwrittenEvents = (run: Run): HistoryEvent[] => {
  const task = run.x.task
  if (task === undefined || !isUnwritten(task)) return []
  const events: HistoryEvent[] = [
    {
      eventId: task.scheduledEventId,
      eventTime: fromMillis(task.scheduledTime),
      eventType: EventType.WorkflowTaskScheduled,
      ...scheduledBody(run, task)
    }
  ]
  if (task.startedEventId > 0)
    events.push({
      eventId: task.startedEventId,
      eventTime: fromMillis(task.startedTime),
      eventType: EventType.WorkflowTaskStarted,
      ...startedBody(task)
    })
  return events
}
