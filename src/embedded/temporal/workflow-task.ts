import { EventType, TaskFailedCause, TimeoutType } from "./proto/enums.ts"
import { positiveMillis } from "./proto/time.ts"
import type { Failure, Request } from "./proto/root.ts"
import { executionTime, isOpen } from "./state.ts"
import type { Tx } from "./tx.ts"
import { noteTaskFailed, noteTaskTimedOut } from "./notes.ts"
import type { Run, WorkflowTask } from "./run.ts"
import { respondingWorker } from "./task-worker.ts"
import type { TaskWorker } from "./task-worker.ts"
import { isUnwritten, scheduledBody, startedBody } from "./workflow-task-events.ts"

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

/** How long a speculative task waits on a normal queue; tasks.SpeculativeWorkflowTaskScheduleToStartTimeout. */
const speculativeScheduleToStartMs = 5000

/**
 * Schedules a workflow task unless one is pending. What waits in the buffer enters the history first; a repetition
 * of a failed task is transient, unless something new has come (AddWorkflowTaskScheduledEventAsHeartbeat).
 */
export const scheduleTask = (
  tx: Tx,
  run: Run,
  how: { readonly originalScheduledTime?: number | undefined; readonly speculative?: boolean } = {}
): void => {
  const { x } = run
  if (x.task !== undefined || !isOpen(run.h)) return
  tx.touch(run)
  const flushed = tx.flush(run)
  if (flushed) x.taskAttempt = 1
  if (x.sticky !== undefined && !tx.core.isPolled(run.namespace, x.sticky.queue)) x.sticky = undefined
  const attempt = x.taskAttempt
  const transient = attempt > 1
  const speculative = how.speculative === true && !flushed && !transient
  const timeoutMs = startToClose(run, attempt)
  const scheduledEventId = run.nextEventId
  if (speculative) tx.speculate(run)
  else x.delayed = false
  if (!transient && !speculative)
    tx.add(run, EventType.WorkflowTaskScheduled, scheduledBody(run, { timeoutMs, attempt }))
  const scheduleToStartMs =
    x.sticky?.scheduleToStartMs ?? (speculative ? speculativeScheduleToStartMs : undefined)
  x.task = {
    scheduledEventId,
    startedEventId: 0,
    attempt,
    transient,
    ...(speculative ? { speculative } : {}),
    scheduledTime: tx.now,
    originalScheduledTime: how.originalScheduledTime ?? tx.now,
    startedTime: 0,
    timeoutMs,
    stickyUntil: scheduleToStartMs === undefined ? undefined : tx.now + scheduleToStartMs,
    requestId: "",
    identity: "",
    suggestContinueAsNew: false,
    historySize: 0
  }
  if (x.task.stickyUntil !== undefined) run.wakeAt(x.task.stickyUntil)
  tx.offers.push({ kind: "workflow", run })
}

/** A worker takes the pending task. */
export const startTask = (tx: Tx, run: Run, worker: TaskWorker, requestId: string): WorkflowTask => {
  const { x } = run
  const pending = x.task
  if (pending === undefined || pending.startedEventId > 0) throw new Error("no workflow task to start")
  tx.touch(run)
  let { transient, attempt, scheduledEventId, speculative = false } = pending
  // Something came after it was scheduled: it becomes a normal one.
  if (isUnwritten(pending) && scheduledEventId !== run.nextEventId) {
    transient = false
    speculative = false
    attempt = 1
    x.taskAttempt = 1
    scheduledEventId = run.nextEventId
    tx.add(run, EventType.WorkflowTaskScheduled, scheduledBody(run, { ...pending, attempt }))
  }
  if (speculative) tx.speculate(run)
  const unwritten = transient || speculative
  const { limits } = tx.core
  const task: WorkflowTask = {
    ...pending,
    transient,
    speculative,
    attempt,
    scheduledEventId,
    // Between being scheduled and being started anything may have entered the history.
    startedEventId: unwritten ? scheduledEventId + 1 : run.nextEventId,
    startedTime: tx.now,
    requestId,
    identity: worker.identity,
    ...(worker.workerVersion ? { workerVersion: worker.workerVersion } : {}),
    historySize: run.historySize,
    suggestContinueAsNew:
      run.frames.length >= limits.suggestContinueAsNewCount ||
      run.historySize >= limits.suggestContinueAsNewSize ||
      run.h.updates.size >= limits.suggestContinueAsNewUpdates
  }
  if (!unwritten) tx.add(run, EventType.WorkflowTaskStarted, startedBody(task), task.startedTime)
  x.task = task
  run.wakeAt(task.startedTime + task.timeoutMs)
  return task
}

/** Writes what is not in the history of a task that a worker has. Returns it with the ids that it got. */
const writeStarted = (tx: Tx, run: Run, task: WorkflowTask, worker: TaskWorker = task): WorkflowTask => {
  const scheduledEventId = run.nextEventId
  const written = { ...task, scheduledEventId, startedEventId: scheduledEventId + 1 }
  tx.add(run, EventType.WorkflowTaskScheduled, scheduledBody(run, task), task.scheduledTime)
  tx.add(run, EventType.WorkflowTaskStarted, startedBody(written, worker), task.startedTime)
  return written
}

type Completion = Request<"RespondWorkflowTaskCompleted">

/** From how many events on that were sent along a task is written although nothing came of it. */
const discardedEvents = 10

// skipWorkflowTaskCompletedEvent of the state machine: a speculative task that only rejected updates never was.
const leavesNoTrace = (run: Run, task: WorkflowTask, request: Completion): boolean => {
  if (task.speculative !== true) return false
  if ((request.commands?.length ?? 0) > 0 || request.forceCreateNewWorkflowTask === true) return false
  const sent = run.nextEventId - (run.h.lastStartedEventId + 2)
  const most = request.capabilities?.discardSpeculativeWorkflowTaskWithEvents === true ? discardedEvents : 0
  if (sent > most) return false
  return (request.messages ?? []).every((message) =>
    message.body?.type_url?.endsWith("/temporal.api.update.v1.Rejection")
  )
}

const versioned = 2

/** What a worker says of its deployment is told again; where a task goes does not depend on it. */
const deploymentOf = ({ deploymentOptions: options, versioningBehavior }: Completion) =>
  options?.deploymentName
    ? {
        workerDeploymentName: options.deploymentName,
        deploymentVersion: { deploymentName: options.deploymentName, buildId: options.buildId },
        versioningBehavior: options.workerVersioningMode === versioned ? (versioningBehavior ?? 0) : 0
      }
    : {}

/** Writes the completion of the started task. Returns the id of its event; undefined if nothing is to be written. */
export const completeTask = (
  tx: Tx,
  run: Run,
  task: WorkflowTask,
  request: Completion
): number | undefined => {
  tx.touch(run)
  const { x } = run
  x.task = undefined
  x.taskAttempt = 1
  delete x.closeAttempted
  if (leavesNoTrace(run, task, request)) return undefined
  const written = isUnwritten(task) ? writeStarted(tx, run, task, respondingWorker(request)) : task
  x.delayed = false
  const completedEventId = run.nextEventId
  tx.add(run, EventType.WorkflowTaskCompleted, {
    workflowTaskCompletedEventAttributes: {
      scheduledEventId: written.scheduledEventId,
      startedEventId: written.startedEventId,
      identity: request.identity ?? "",
      binaryChecksum: request.binaryChecksum ?? "",
      workerVersion: request.workerVersionStamp,
      sdkMetadata: request.sdkMetadata,
      meteringMetadata: request.meteringMetadata,
      ...deploymentOf(request)
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
  delete x.closeAttempted
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
  const written = task.speculative === true ? writeStarted(tx, run, task, why) : task
  if (!task.transient)
    tx.add(run, EventType.WorkflowTaskFailed, {
      workflowTaskFailedEventAttributes: {
        scheduledEventId: written.scheduledEventId,
        startedEventId: written.startedEventId,
        cause: why.cause,
        failure: why.failure,
        identity: why.identity,
        binaryChecksum: why.binaryChecksum ?? ""
      }
    })
  noteTaskFailed(tx, run, task, why)
  afterFailure(run, true)
  if (why.cause === TaskFailedCause.UnhandledCommand) run.x.closeAttempted = true
}

/** A started task was not answered in time, or one not taken in time. */
export const timeOutTask = (tx: Tx, run: Run, timeoutType: number): void => {
  const task = run.x.task
  if (task === undefined) return
  tx.touch(run)
  const untaken = timeoutType === TimeoutType.ScheduleToStart
  let written = task
  if (task.speculative === true && untaken) {
    written = { ...task, scheduledEventId: run.nextEventId }
    tx.add(run, EventType.WorkflowTaskScheduled, scheduledBody(run, task), task.scheduledTime)
  } else if (task.speculative === true) written = writeStarted(tx, run, task, { identity: "" })
  if (!task.transient)
    tx.add(run, EventType.WorkflowTaskTimedOut, {
      workflowTaskTimedOutEventAttributes: {
        scheduledEventId: written.scheduledEventId,
        startedEventId: untaken ? 0 : written.startedEventId,
        timeoutType
      }
    })
  noteTaskTimedOut(tx, run, task, timeoutType)
  afterFailure(run, !untaken)
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
