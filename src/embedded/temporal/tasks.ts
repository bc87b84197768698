import { randomUUID } from "node:crypto"

import type { Call } from "./call.ts"
import { TaskFailedCause, TaskQueueKind } from "./proto/enums.ts"
import { fromMillis, toMillis } from "./proto/time.ts"
import { types } from "./proto/root.ts"
import type { PollActivityTaskResponse, PollWorkflowTaskResponse, Request } from "./proto/root.ts"
import { findActivity, optionsOf, startActivity } from "./activities.ts"
import { CommandFailure } from "./commands/context.ts"
import type { CommandContext } from "./commands/context.ts"
import { handleCommands, validateSequence } from "./commands/index.ts"
import type { Engine } from "./engine.ts"
import { invalidArgument, ServiceError, workflowTaskNotFound } from "./errors.ts"
import { delimited } from "./history.ts"
import { historyPage } from "./history-page.ts"
import { terminateRun } from "./lifecycle.ts"
import { Matching } from "./matching.ts"
import type { Poller, QueuedTask } from "./matching.ts"
import type { Queries } from "./queries.ts"
import { isOpen } from "./state.ts"
import type { Updates } from "./updates.ts"
import { parseWorkflowToken, queryToken, workflowToken } from "./token.ts"
import type { Offer, Tx } from "./tx.ts"
import type { Run, WorkflowTask } from "./run.ts"
import {
  completeTask,
  failTask,
  heartbeatExpired,
  scheduleTask,
  serviceIdentity,
  startTask,
  timeOutTask
} from "./workflow-task.ts"

/** How long a sticky queue counts as served after the last poll; service/matching/matching_engine.go. */
const stickyPollerMs = 10_000

/** Workers that are remembered after their end. */
const mostGone = 10_000

/** How long a query waits for the worker that has the workflow in its cache. */
const stickyQueryMs = 2000

// Numbers of the history fields in the messages that carry it.
const pollHistoryField = 8
const completedTaskField = 1

/** Workflow and activity tasks: their queues, and how workers take and answer them. */
export class Tasks {
  readonly workflows: Matching<Uint8Array>
  readonly activities: Matching<PollActivityTaskResponse>
  readonly #engine: Engine
  readonly #queries: Queries
  readonly #updates: Updates
  /** Workers that shut down: their polls are answered with nothing. */
  readonly #gone = new Set<string>()
  readonly #waiting = new Set<() => void>()
  #closed = false

  constructor(engine: Engine, queries: Queries, updates: Updates) {
    this.#engine = engine
    this.#queries = queries
    this.#updates = updates
    // Whether a worker is there shows in real time, however the engine's clock is put forward.
    this.workflows = new Matching(this.#startWorkflowTask, Date.now)
    this.activities = new Matching(this.#startActivityTask, Date.now)
    engine.offer = this.#offer
    engine.isPolled = (namespace, queue) =>
      this.workflows.isPolled(Matching.key(namespace, queue), stickyPollerMs)
    engine.changed = (run) => {
      updates.changed(run)
      queries.release(run)
    }
    queries.dispatch = this.#dispatchQuery
  }

  readonly #offer = (offer: Offer): void => {
    const { run } = offer
    if (offer.kind === "workflow") {
      const { task, sticky } = run.x
      if (task === undefined || task.startedEventId > 0) return
      const queue =
        task.stickyUntil !== undefined && sticky !== undefined
          ? sticky.queue
          : (run.h.started.taskQueue?.name ?? "")
      this.workflows.offer(Matching.key(run.namespace, queue), {
        kind: "workflow",
        runId: run.runId,
        id: task.scheduledEventId,
        attempt: task.attempt
      })
      return
    }
    const activity = findActivity(run, offer.scheduledEventId)
    if (activity === undefined) return
    const { attempt } = activity
    this.activities.offer(Matching.key(run.namespace, optionsOf(activity).taskQueue?.name ?? ""), {
      kind: "activity",
      runId: run.runId,
      id: offer.scheduledEventId,
      attempt: attempt.attempt,
      stamp: attempt.stamp ?? 0
    })
  }

  readonly #dispatchQuery = (run: Run, queryId: string): void => {
    const sticky = run.x.sticky
    const normal = run.h.started.taskQueue?.name ?? ""
    let queue = normal
    if (sticky !== undefined && this.#engine.isPolled(run.namespace, sticky.queue)) {
      queue = sticky.queue
      // Its worker may have died a moment ago: then any other one answers.
      const fallBack = setTimeout(() => {
        if (this.#queries.direct(queryId)?.taken !== false) return
        this.workflows.offer(Matching.key(run.namespace, normal), {
          kind: "query",
          runId: run.runId,
          id: 0,
          attempt: 0,
          queryId
        })
      }, stickyQueryMs)
      fallBack.unref()
    }
    this.workflows.offer(Matching.key(run.namespace, queue), {
      kind: "query",
      runId: run.runId,
      id: 0,
      attempt: 0,
      queryId
    })
  }

  #poll<T>(
    matching: Matching<T>,
    key: string,
    worker: { readonly identity: string; readonly workerInstanceKey: string },
    call: Call,
    perSecond?: number
  ): Promise<T | undefined> {
    if (this.#closed || (worker.workerInstanceKey !== "" && this.#gone.has(worker.workerInstanceKey)))
      return Promise.resolve(undefined)
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined
      const release = (): void => poller.resolve(undefined)
      const poller: Poller<T> = {
        ...worker,
        isGone: () => call.isCancelled(),
        resolve: (answer) => {
          clearTimeout(timer)
          this.#waiting.delete(release)
          matching.remove(key, poller)
          resolve(answer)
        }
      }
      call.onCancel(release)
      this.#waiting.add(release)
      const wait = Math.min(60_000, call.deadline - Date.now() - 500)
      timer = setTimeout(release, Math.max(wait, 0))
      timer.unref()
      if (!call.isCancelled()) matching.poll(key, poller, perSecond)
    })
  }

  pollWorkflowTask(request: Request<"PollWorkflowTaskQueue">, call: Call): Promise<Uint8Array | undefined> {
    const queue = request.taskQueue?.name ?? ""
    return this.#poll(this.workflows, Matching.key(request.namespace ?? "", queue), workerOf(request), call)
  }

  pollActivityTask(
    request: Request<"PollActivityTaskQueue">,
    call: Call
  ): Promise<PollActivityTaskResponse | undefined> {
    const queue = request.taskQueue?.name ?? ""
    return this.#poll(
      this.activities,
      Matching.key(request.namespace ?? "", queue),
      workerOf(request),
      call,
      request.taskQueueMetadata?.maxTasksPerSecond?.value ?? undefined
    )
  }

  readonly #startActivityTask = (
    task: QueuedTask,
    poller: Poller<PollActivityTaskResponse>
  ): PollActivityTaskResponse | undefined => {
    const run = this.#engine.findRun(task.runId)
    if (run === undefined) return undefined
    return this.#engine.transact((tx) =>
      startActivity(
        tx,
        run,
        task.id,
        { attempt: task.attempt, stamp: task.stamp ?? 0 },
        { identity: poller.identity, requestId: randomUUID() }
      )
    )
  }

  readonly #startWorkflowTask = (
    queued: QueuedTask,
    poller: Poller<Uint8Array>,
    key: string
  ): Uint8Array | undefined => {
    const run = this.#engine.findRun(queued.runId)
    if (run === undefined) return undefined
    const sticky = run.x.sticky !== undefined && key === Matching.key(run.namespace, run.x.sticky.queue)
    if (queued.kind === "query") return this.#queryTask(run, queued.queryId ?? "", sticky)
    const pending = run.x.task
    if (
      !isOpen(run.h) ||
      pending === undefined ||
      pending.startedEventId > 0 ||
      pending.scheduledEventId !== queued.id ||
      pending.attempt !== queued.attempt
    )
      return undefined
    const task = this.#engine.transact((tx) => startTask(tx, run, poller.identity, randomUUID()))
    return concat(this.#workflowTask(run, task, sticky))
  }

  /** Gives the first task of a run that was just created to the one who started it. */
  startEagerly(tx: Tx, run: Run, identity: string): PollWorkflowTaskResponse {
    const task = startTask(tx, run, identity, randomUUID())
    return types.pollWorkflowTask.decode(concat(this.#workflowTask(run, task, false)))
  }

  /** The encoded answer to a poll: the fields, and the history as it is stored. */
  #workflowTask(run: Run, task: WorkflowTask, sticky: boolean): Uint8Array[] {
    const previousStartedEventId = run.h.lastStartedEventId
    const page = historyPage(run, sticky ? previousStartedEventId + 1 : 1, task.startedEventId)
    return this.#encode(
      {
        taskToken: workflowToken(run, task),
        workflowExecution: { workflowId: run.workflowId, runId: run.runId },
        workflowType: run.h.started.workflowType,
        previousStartedEventId,
        startedEventId: task.startedEventId,
        attempt: task.attempt,
        workflowExecutionTaskQueue: {
          name: run.h.started.taskQueue?.name ?? "",
          kind: TaskQueueKind.Normal
        },
        scheduledTime: fromMillis(task.scheduledTime),
        startedTime: fromMillis(task.startedTime),
        queries: this.#queries.attach(run),
        messages: this.#updates.messages(run, task.startedEventId),
        nextPageToken: page.nextPageToken
      },
      page.frames
    )
  }

  #encode(response: PollWorkflowTaskResponse, frames: readonly Uint8Array[]): Uint8Array[] {
    return [types.pollWorkflowTask.encode(response).finish(), ...delimited(pollHistoryField, frames)]
  }

  #queryTask(run: Run, queryId: string, sticky: boolean): Uint8Array | undefined {
    const direct = this.#queries.direct(queryId)
    if (direct === undefined || direct.taken) return undefined
    direct.taken = true
    const page = sticky
      ? { frames: [], nextPageToken: new Uint8Array(0) }
      : historyPage(run, 1, run.frames.length)
    return concat(
      this.#encode(
        {
          taskToken: queryToken(run.runId, queryId),
          workflowExecution: { workflowId: run.workflowId, runId: run.runId },
          workflowType: run.h.started.workflowType,
          previousStartedEventId: run.h.lastStartedEventId,
          startedEventId: 0,
          attempt: 1,
          workflowExecutionTaskQueue: {
            name: run.h.started.taskQueue?.name ?? "",
            kind: TaskQueueKind.Normal
          },
          query: direct.pending.query,
          nextPageToken: page.nextPageToken
        },
        page.frames
      )
    )
  }

  /** The run and task that a worker answers, if it still has it. */
  #started(token: Uint8Array | null | undefined): { run: Run; task: WorkflowTask } {
    const parsed = parseWorkflowToken(token)
    const run = this.#engine.findRun(parsed.runId)
    const task = run?.x.task
    if (
      run === undefined ||
      task === undefined ||
      !isOpen(run.h) ||
      task.startedEventId === 0 ||
      task.startedEventId !== parsed.startedEventId ||
      task.scheduledEventId !== parsed.scheduledEventId ||
      task.startedTime !== parsed.startedTime ||
      task.attempt !== parsed.attempt
    )
      throw workflowTaskNotFound()
    return { run, task }
  }

  respondWorkflowTaskCompleted(request: Request<"RespondWorkflowTaskCompleted">): Uint8Array {
    const { run, task } = this.#started(request.taskToken)
    const commands = request.commands ?? []
    validateSequence(commands)
    const settleQueries = this.#queries.take(run, request.queryResults)
    try {
      return this.#engine.transact((tx) => this.#complete(tx, run, task, request))
    } catch (error) {
      this.#updates.undo(run)
      if (!(error instanceof CommandFailure || error instanceof ServiceError)) throw error
      this.#updates.abort(run)
      // Its history was too long: it is closed by now.
      if (!isOpen(run.h)) throw error
      const unhandled =
        error instanceof CommandFailure && error.failedCause === TaskFailedCause.UnhandledCommand
      // A task that keeps failing for what it says is dropped: it times out, and that is its backoff.
      if (task.attempt > 1 && !unhandled) throw invalidArgument(error.message)
      this.#engine.transact((tx) => {
        failTask(tx, run, {
          cause: error instanceof CommandFailure ? error.failedCause : TaskFailedCause.Unspecified,
          failure: { message: error.message, serverFailureInfo: {} },
          identity: request.identity ?? ""
        })
        if (error instanceof CommandFailure && error.terminate) {
          tx.flush(run)
          terminateRun(tx, run, { reason: error.message, identity: serviceIdentity })
        } else scheduleTask(tx, run)
      })
      throw invalidArgument(error.message)
    } finally {
      settleQueries()
    }
  }

  #complete(
    tx: Tx,
    run: Run,
    task: WorkflowTask,
    request: Request<"RespondWorkflowTaskCompleted">
  ): Uint8Array {
    const commands = request.commands ?? []
    const forced = request.forceCreateNewWorkflowTask === true
    const heartbeat = forced && commands.length === 0 && (request.messages?.length ?? 0) === 0
    const expired = heartbeat && heartbeatExpired(task, tx.now)
    let completedEventId: number | undefined = 0
    if (expired) timeOutTask(tx, run, 1)
    else completedEventId = completeTask(tx, run, task, request)
    const sticky = request.stickyAttributes
    run.x.sticky =
      sticky?.workerTaskQueue?.name && !expired
        ? {
            queue: sticky.workerTaskQueue.name,
            scheduleToStartMs: toMillis(sticky.scheduleToStartTimeout) || 10_000
          }
        : undefined
    const context: CommandContext = {
      tx,
      run,
      completedEventId: completedEventId ?? 0,
      identity: request.identity ?? "",
      hasBuffered: run.x.buffered.length > 0,
      activityCancelled: false,
      protocolMessage: (messageId) => {
        const message = messages.get(messageId)
        if (message === undefined)
          throw new CommandFailure(
            TaskFailedCause.BadUpdateWorkflowExecutionMessage,
            `ProtocolMessageCommand referenced absent message ID ${messageId}`
          )
        messages.delete(messageId)
        this.#updates.handle(context, message)
      },
      eager: []
    }
    const messages = new Map((request.messages ?? []).map((message) => [message.id ?? "", message]))
    handleCommands(context, commands)
    for (const message of messages.values()) this.#updates.handle(context, message)
    // Where the workflow has closed itself, the updates that it passed over are aborted instead.
    if (!forced && isOpen(run.h)) this.#updates.rejectUnanswered(run)
    if (isOpen(run.h) && (forced || context.hasBuffered || context.activityCancelled))
      scheduleTask(tx, run, {
        originalScheduledTime: heartbeat && !expired ? task.originalScheduledTime : undefined
      })
    tx.settle()
    // What came in while the worker had the task is carried by one that may leave no trace, if it is taken at once.
    if (isOpen(run.h) && this.#updates.hasUnsent(run))
      scheduleTask(tx, run, { speculative: request.returnNewWorkflowTask === true })
    if (completedEventId === undefined) tx.speculate(run)
    const answer: Uint8Array[] = []
    if (request.returnNewWorkflowTask === true && run.x.task?.startedEventId === 0) {
      const next = startTask(tx, run, request.identity ?? "", "request-from-RespondWorkflowTaskCompleted")
      answer.push(...delimited(completedTaskField, this.#workflowTask(run, next, run.x.sticky !== undefined)))
    }
    const eager = context.eager.flatMap(({ scheduledEventId }) => {
      const started = startActivity(
        tx,
        run,
        scheduledEventId,
        { attempt: 1, stamp: 0 },
        { identity: request.identity ?? "", requestId: randomUUID() }
      )
      return started === undefined ? [] : [started]
    })
    if (eager.length > 0)
      answer.push(types.respondWorkflowTaskCompleted.encode({ activityTasks: eager }).finish())
    // The worker has to go back to before what it was shown of a task that never was.
    if (completedEventId === undefined)
      answer.push(
        types.respondWorkflowTaskCompleted.encode({ resetHistoryEventId: run.h.lastStartedEventId }).finish()
      )
    return concat(answer)
  }

  respondWorkflowTaskFailed(request: Request<"RespondWorkflowTaskFailed">): void {
    const { run } = this.#started(request.taskToken)
    this.#engine.transact((tx) => {
      failTask(tx, run, {
        cause: request.cause ?? 0,
        failure: request.failure ?? undefined,
        identity: request.identity ?? "",
        binaryChecksum: request.binaryChecksum ?? ""
      })
      scheduleTask(tx, run)
    })
  }

  /** A worker says that it goes: its polls end now, and nothing more is put on its sticky queue. */
  shutdownWorker(request: Request<"ShutdownWorker">): void {
    const key = request.workerInstanceKey ?? ""
    if (key !== "") {
      this.#gone.add(key)
      const [oldest] = this.#gone
      if (this.#gone.size > mostGone && oldest !== undefined) this.#gone.delete(oldest)
      this.workflows.release((poller) => poller.workerInstanceKey === key)
      this.activities.release((poller) => poller.workerInstanceKey === key)
    }
    if (!request.stickyTaskQueue) return
    const sticky = Matching.key(request.namespace ?? "", request.stickyTaskQueue)
    this.workflows.forget(sticky)
    for (const task of this.workflows.drain(sticky)) this.#moveToNormalQueue(task)
  }

  /** What waits for a worker that is gone need not wait for the sticky timeout. */
  #moveToNormalQueue(queued: QueuedTask): void {
    const run = this.#engine.findRun(queued.runId)
    if (run === undefined) return
    if (queued.kind === "query") return this.#queries.redispatch(run, queued.queryId ?? "")
    const { task } = run.x
    if (task === undefined || task.startedEventId > 0 || task.scheduledEventId !== queued.id) return
    this.#engine.transact((tx) => {
      tx.touch(run)
      run.x.sticky = undefined
      run.x.task = { ...task, stickyUntil: undefined }
      tx.offers.push({ kind: "workflow", run })
    })
  }

  /** How many polls wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Ends every poll; later ones end at once. */
  close(): void {
    this.#closed = true
    this.workflows.close()
    this.activities.close()
    for (const release of Array.from(this.#waiting)) release()
  }
}

const workerOf = (request: {
  readonly identity?: string | null | undefined
  readonly workerInstanceKey?: string | null | undefined
}): { identity: string; workerInstanceKey: string } => ({
  identity: request.identity ?? "",
  workerInstanceKey: request.workerInstanceKey ?? ""
})

const concat = (parts: readonly Uint8Array[]): Uint8Array =>
  parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
