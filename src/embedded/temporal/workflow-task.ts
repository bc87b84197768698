import { EventType, TaskFailedCause, TimeoutType } from "./proto/enums.ts"
import { fromMillis, positiveMillis } from "./proto/time.ts"
import type { Failure, Request } from "./proto/root.ts"
import { executionTime, isOpen } from "./state.ts"
import { currentQueue } from "./tx.ts"
import type { Tx } from "./tx.ts"
import type { Run, WorkflowTask } from "./run.ts"

/** The name under which the service itself acts. */
export const serviceIdentity = "history-service"

const defaultTimeoutMs = 10_000

/** How long a chain of forced tasks (local activity heartbeats) may last. */
const heartbeatLimitMs = 30 * 60_000

// service/history/workflow/workflow_task_state_machine.go, getStartToCloseTimeout: from the fourth attempt on the
// timeout grows, which makes it the backoff of a workflow task that keeps failing.
const startToClose = (run: Run, attempt: number): number => {
  const base = positiveMillis(run.h.started.workflowTaskTimeout) ?? defaultTimeoutMs
  return attempt <= 3 ? base : base + Math.min(5000 * 2 ** (attempt - 3), 600_000)
}

/** Whether the first workflow task of the run still waits for its backoff. */
export const isDelayed = (run: Run, now: number): boolean =>
  !run.h.hadTask && run.x.delayed && executionTime(run.h) > now

/**
 * Schedules a workflow task unless one is pending. What waits in the buffer enters the history first; a repetition
 * of a failed task is transient, unless something new has come (AddWorkflowTaskScheduledEventAsHeartbeat).
 */
export const scheduleTask = (tx: Tx, run: Run, originalScheduledTime?: number): void => {
  const { x } = run
  if (x.task !== undefined || !isOpen(run.h)) return
  tx.touch(run)
  if (tx.flush(run)) x.taskAttempt = 1
  if (x.sticky !== undefined && !tx.core.isPolled(run.namespace, x.sticky.queue)) x.sticky = undefined
  const attempt = x.taskAttempt
  const transient = attempt > 1
  const timeoutMs = startToClose(run, attempt)
  x.delayed = false
  const scheduledEventId = run.nextEventId
  if (!transient)
    tx.add(run, EventType.WorkflowTaskScheduled, {
      workflowTaskScheduledEventAttributes: {
        taskQueue: currentQueue(run),
        startToCloseTimeout: fromMillis(timeoutMs),
        attempt
      }
    })
  x.task = {
    scheduledEventId,
    startedEventId: 0,
    attempt,
    transient,
    scheduledTime: tx.now,
    originalScheduledTime: originalScheduledTime ?? tx.now,
    startedTime: 0,
    timeoutMs,
    stickyUntil: x.sticky === undefined ? undefined : tx.now + x.sticky.scheduleToStartMs,
    requestId: "",
    identity: "",
    suggestContinueAsNew: false,
    historySize: 0
  }
  if (x.task.stickyUntil !== undefined) run.wakeAt(x.task.stickyUntil)
  tx.offers.push({ kind: "workflow", run })
}

/** A worker takes the pending task. */
export const startTask = (tx: Tx, run: Run, identity: string, requestId: string): WorkflowTask => {
  const { x } = run
  const pending = x.task
  if (pending === undefined || pending.startedEventId > 0) throw new Error("no workflow task to start")
  tx.touch(run)
  let { transient, attempt, scheduledEventId } = pending
  // Something came after a transient task was scheduled: it becomes a normal one.
  if (transient && scheduledEventId !== run.nextEventId) {
    transient = false
    attempt = 1
    x.taskAttempt = 1
    scheduledEventId = run.nextEventId
    tx.add(run, EventType.WorkflowTaskScheduled, {
      workflowTaskScheduledEventAttributes: {
        taskQueue: currentQueue(run),
        startToCloseTimeout: fromMillis(pending.timeoutMs),
        attempt
      }
    })
  }
  const { limits } = tx.core
  const task: WorkflowTask = {
    ...pending,
    transient,
    attempt,
    scheduledEventId,
    // Between being scheduled and being started anything may have entered the history.
    startedEventId: transient ? scheduledEventId + 1 : run.nextEventId,
    startedTime: tx.now,
    requestId,
    identity,
    historySize: run.historySize,
    suggestContinueAsNew:
      run.frames.length >= limits.suggestContinueAsNewCount ||
      run.historySize >= limits.suggestContinueAsNewSize
  }
  if (!transient) addStarted(tx, run, task)
  x.task = task
  run.wakeAt(task.startedTime + task.timeoutMs)
  return task
}

const addStarted = (tx: Tx, run: Run, task: WorkflowTask): void => {
  tx.add(
    run,
    EventType.WorkflowTaskStarted,
    {
      workflowTaskStartedEventAttributes: {
        scheduledEventId: task.scheduledEventId,
        identity: task.identity,
        requestId: task.requestId,
        suggestContinueAsNew: task.suggestContinueAsNew,
        historySizeBytes: task.historySize
      }
    },
    task.startedTime
  )
}

/** Writes the completion of the started task. Returns the id of its event. */
export const completeTask = (
  tx: Tx,
  run: Run,
  task: WorkflowTask,
  request: Request<"RespondWorkflowTaskCompleted">
): number => {
  tx.touch(run)
  const { x } = run
  if (task.transient) {
    tx.add(
      run,
      EventType.WorkflowTaskScheduled,
      {
        workflowTaskScheduledEventAttributes: {
          taskQueue: currentQueue(run),
          startToCloseTimeout: fromMillis(task.timeoutMs),
          attempt: task.attempt
        }
      },
      task.scheduledTime
    )
    addStarted(tx, run, task)
  }
  x.task = undefined
  x.taskAttempt = 1
  const completedEventId = run.nextEventId
  tx.add(run, EventType.WorkflowTaskCompleted, {
    workflowTaskCompletedEventAttributes: {
      scheduledEventId: task.scheduledEventId,
      startedEventId: task.startedEventId,
      identity: request.identity ?? "",
      binaryChecksum: request.binaryChecksum ?? "",
      workerVersion: request.workerVersionStamp,
      sdkMetadata: request.sdkMetadata,
      meteringMetadata: request.meteringMetadata
    }
  })
  return completedEventId
}

// failWorkflowTask of the state machine: a task that failed on a sticky queue is tried on the normal one before
// its attempts are counted.
const afterFailure = (run: Run, countAttempt: boolean): void => {
  const { x } = run
  x.taskAttempt = countAttempt && x.sticky === undefined ? x.taskAttempt + 1 : 1
  x.sticky = undefined
  x.task = undefined
  for (const query of run.queries) query.attached = false
}

export interface TaskFailure {
  readonly cause: number
  readonly failure: Failure | undefined
  readonly identity: string
  readonly binaryChecksum?: string
}

/** The pending task failed. Repetitions that fail leave no trace in the history. */
export const failTask = (tx: Tx, run: Run, why: TaskFailure): void => {
  const task = run.x.task
  if (task === undefined) return
  tx.touch(run)
  if (!task.transient)
    tx.add(run, EventType.WorkflowTaskFailed, {
      workflowTaskFailedEventAttributes: {
        scheduledEventId: task.scheduledEventId,
        startedEventId: task.startedEventId,
        cause: why.cause,
        failure: why.failure,
        identity: why.identity,
        binaryChecksum: why.binaryChecksum ?? ""
      }
    })
  afterFailure(run, true)
}

/** A started task was not answered in time, or a sticky one not taken in time. */
export const timeOutTask = (tx: Tx, run: Run, timeoutType: number): void => {
  const task = run.x.task
  if (task === undefined) return
  tx.touch(run)
  if (!task.transient)
    tx.add(run, EventType.WorkflowTaskTimedOut, {
      workflowTaskTimedOutEventAttributes: {
        scheduledEventId: task.scheduledEventId,
        startedEventId: timeoutType === TimeoutType.ScheduleToStart ? 0 : task.startedEventId,
        timeoutType
      }
    })
  afterFailure(run, timeoutType !== TimeoutType.ScheduleToStart)
}

/** Ends a started task before the run is closed from outside; what was buffered is kept. */
export const forceCloseTask = (tx: Tx, run: Run): void => {
  const task = run.x.task
  if (task !== undefined && task.startedEventId > 0)
    failTask(tx, run, {
      cause: TaskFailedCause.ForceCloseCommand,
      failure: undefined,
      identity: serviceIdentity
    })
  run.x.task = undefined
  tx.flush(run)
}

/** Whether a chain of forced tasks without progress has lasted too long. */
export const heartbeatExpired = (task: WorkflowTask, now: number): boolean =>
  now > task.originalScheduledTime + heartbeatLimitMs
