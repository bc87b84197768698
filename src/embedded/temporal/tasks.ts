import { randomUUID } from "node:crypto"

import type { Call } from "./call.ts"
import { types } from "./proto/root.ts"
import type { PollActivityTaskResponse, PollWorkflowTaskResponse, Request } from "./proto/root.ts"
import { findActivity, optionsOf, startActivity } from "./activities.ts"
import type { Engine } from "./engine.ts"
import { Matching } from "./matching.ts"
import type { Poller, QueuedTask } from "./matching.ts"
import { pollingWorker } from "./task-worker.ts"
import type { TaskWorker } from "./task-worker.ts"
import type { Queries } from "./queries.ts"
import { isOpen } from "./state.ts"
import type { Offer, Tx } from "./tx.ts"
import type { Run } from "./run.ts"
import type { Updates } from "./updates.ts"
import { joined, TaskAnswers } from "./workflow-task-answers.ts"
import { WorkflowTaskResponses } from "./workflow-task-responses.ts"
import { startTask } from "./workflow-task.ts"

/** How long a sticky queue counts as served after the last poll; service/matching/matching_engine.go. */
const stickyPollerMs = 10_000

/** Workers that are remembered after their end. */
const mostGone = 10_000

/** How long a query waits for the worker that has the workflow in its cache. */
const stickyQueryMs = 2000

/** Workflow and activity tasks: their queues, and how workers take and answer them. */
export class Tasks {
  readonly workflows: Matching<Uint8Array>
  readonly activities: Matching<PollActivityTaskResponse>
  readonly #engine: Engine
  readonly #queries: Queries
  readonly #answers: TaskAnswers
  readonly #responses: WorkflowTaskResponses
  /** Workers that shut down: their polls are answered with nothing. */
  readonly #gone = new Set<string>()
  readonly #waiting = new Set<() => void>()
  #closed = false

  constructor(engine: Engine, queries: Queries, updates: Updates) {
    this.#engine = engine
    this.#queries = queries
    this.#answers = new TaskAnswers(queries, updates)
    this.#responses = new WorkflowTaskResponses(engine, queries, updates, this.#answers)
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
    worker: TaskWorker & { readonly workerInstanceKey: string },
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
    if (queued.kind === "query") return this.#answers.queryTask(run, queued.queryId ?? "", sticky)
    const pending = run.x.task
    if (
      !isOpen(run.h) ||
      pending === undefined ||
      pending.startedEventId > 0 ||
      pending.scheduledEventId !== queued.id ||
      pending.attempt !== queued.attempt
    )
      return undefined
    const task = this.#engine.transact((tx) => startTask(tx, run, poller, randomUUID()))
    return joined(this.#answers.workflowTask(run, task, sticky))
  }

  respondWorkflowTaskCompleted(request: Request<"RespondWorkflowTaskCompleted">): Uint8Array {
    return this.#responses.completed(request)
  }

  respondWorkflowTaskFailed(request: Request<"RespondWorkflowTaskFailed">): void {
    this.#responses.failed(request)
  }

  /** Gives the first task of a run that was just created to the one who started it. */
  startEagerly(tx: Tx, run: Run, identity: string): PollWorkflowTaskResponse {
    const task = startTask(tx, run, { identity }, randomUUID())
    return types.pollWorkflowTask.decode(joined(this.#answers.workflowTask(run, task, false)))
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

const workerOf = (
  request: Parameters<typeof pollingWorker>[0] & { readonly workerInstanceKey?: string | null | undefined }
): TaskWorker & { workerInstanceKey: string } => ({
  ...pollingWorker(request),
  workerInstanceKey: request.workerInstanceKey ?? ""
})
