import { PollerHistory, RateCounter, RateLimit } from "./queue-stats.ts"
import type { PollerInfo } from "./queue-stats.ts"
import type { TaskWorker } from "./task-worker.ts"

/** A task that waits for a worker: only a hint, whether it still stands is checked when one takes it. */
export interface QueuedTask {
  readonly kind: "workflow" | "activity" | "query"
  readonly runId: string
  /** The scheduled event and the attempt; zero for a query, which has its own id. */
  readonly id: number
  readonly attempt: number
  /** Of an activity: what has to be unchanged for the task to stand, beside its attempt. */
  readonly stamp?: number
  readonly queryId?: string
}

/** A worker's poll that waits for a task. */
export interface Poller<T> extends TaskWorker {
  readonly workerInstanceKey: string
  /** Whether its caller has gone away, which is known before the call is told to end. */
  readonly isGone: () => boolean
  /** Answers the poll; undefined for the empty answer. */
  readonly resolve: (answer: T | undefined) => void
}

interface Waiting {
  readonly task: QueuedTask
  readonly since: number
}

interface Queue<T> {
  readonly tasks: Waiting[]
  head: number
  readonly pollers: Set<Poller<T>>
  lastPoll: number
  readonly added: RateCounter
  readonly dispatched: RateCounter
  readonly history: PollerHistory
  /** What its workers ask for, and what an operator has set, in tasks per second; the latter counts. */
  workerLimit: RateLimit | undefined
  operatorLimit: RateLimit | undefined
  timer: NodeJS.Timeout | undefined
}

/** What is told of a queue. */
export interface QueueStats {
  readonly backlog: number
  /** How long the oldest task has waited, in milliseconds. */
  readonly backlogAge: number
  readonly addRate: number
  readonly dispatchRate: number
}

/** Turns a task into the answer of a poll, or undefined if the task no longer stands. */
export type StartTask<T> = (task: QueuedTask, poller: Poller<T>, queue: string) => T | undefined

/**
 * Task queues of one kind (workflow or activity tasks). In memory only: on a restart they are filled again from
 * the state of the runs.
 */
export class Matching<T> {
  readonly #queues = new Map<string, Queue<T>>()
  readonly #start: StartTask<T>
  /** Called with each task that a worker took, and how long it waited; set where that is counted. */
  dispatched: (task: QueuedTask, waitedMs: number) => void = () => {}
  readonly #now: () => number

  constructor(start: StartTask<T>, now: () => number) {
    this.#start = start
    this.#now = now
  }

  static key(namespace: string, queue: string): string {
    return `${namespace}\0${queue}`
  }

  #queue(key: string): Queue<T> {
    const known = this.#queues.get(key)
    if (known !== undefined) return known
    const queue: Queue<T> = {
      tasks: [],
      head: 0,
      pollers: new Set(),
      lastPoll: 0,
      added: new RateCounter(),
      dispatched: new RateCounter(),
      history: new PollerHistory(),
      workerLimit: undefined,
      operatorLimit: undefined,
      timer: undefined
    }
    this.#queues.set(key, queue)
    return queue
  }

  /** Gives a task to a waiting poller, or keeps it for the next one. */
  offer(key: string, task: QueuedTask): void {
    const queue = this.#queue(key)
    const now = this.#now()
    queue.added.add(now)
    queue.tasks.push({ task, since: now })
    this.#serve(key, queue)
  }

  /**
   * Answers a poll at once if there is a task, else keeps the poller until {@link remove}.
   *
   * @param perSecond how many tasks a second the worker wants the whole queue to give out
   */
  poll(key: string, poller: Poller<T>, perSecond?: number): void {
    const queue = this.#queue(key)
    const now = this.#now()
    queue.lastPoll = now
    queue.history.note({ identity: poller.identity, lastAccess: now, ratePerSecond: perSecond })
    if (perSecond !== queue.workerLimit?.perSecond)
      queue.workerLimit = perSecond === undefined ? undefined : new RateLimit(perSecond, now)
    queue.pollers.add(poller)
    try {
      this.#serve(key, queue)
    } catch (error) {
      // Its caller is told, and polls again.
      queue.pollers.delete(poller)
      throw error
    }
  }

  /** Limits what a queue gives out, whatever its workers ask for. */
  limit(key: string, perSecond: number | undefined): void {
    const queue = this.#queue(key)
    queue.operatorLimit = perSecond === undefined ? undefined : new RateLimit(perSecond, this.#now())
    this.#serve(key, queue)
  }

  /** The limits of a queue in tasks per second. */
  limits(key: string): { readonly worker: number | undefined; readonly operator: number | undefined } {
    const queue = this.#queues.get(key)
    return { worker: queue?.workerLimit?.perSecond, operator: queue?.operatorLimit?.perSecond }
  }

  /** Brings tasks and pollers together, for as long as there are both and the limit allows it. */
  #serve(key: string, queue: Queue<T>): void {
    while (queue.head < queue.tasks.length) {
      const [poller] = queue.pollers
      if (poller === undefined) return
      queue.pollers.delete(poller)
      if (poller.isGone()) continue
      const limit = queue.operatorLimit ?? queue.workerLimit
      const delay = limit?.delay(this.#now()) ?? 0
      if (delay > 0) {
        queue.pollers.add(poller)
        this.#serveLater(key, queue, delay)
        return
      }
      const waiting = queue.tasks[queue.head]
      queue.head += 1
      if (queue.head === queue.tasks.length) queue.tasks.length = queue.head = 0
      else if (queue.head > 1000 && queue.head * 2 > queue.tasks.length) {
        queue.tasks.splice(0, queue.head)
        queue.head = 0
      }
      let answer: T | undefined
      try {
        answer = waiting === undefined ? undefined : this.#start(waiting.task, poller, key)
      } catch (error) {
        // It could not be stored that the worker has it: the task waits on, and so does the worker.
        if (waiting !== undefined) queue.tasks.splice(queue.head, 0, waiting)
        queue.pollers.add(poller)
        throw error
      }
      if (answer === undefined || waiting === undefined) {
        queue.pollers.add(poller)
        continue
      }
      limit?.take()
      const now = this.#now()
      queue.dispatched.add(now)
      this.dispatched(waiting.task, now - waiting.since)
      poller.resolve(answer)
    }
  }

  #serveLater(key: string, queue: Queue<T>, delay: number): void {
    clearTimeout(queue.timer)
    if (delay === Number.POSITIVE_INFINITY) return
    queue.timer = setTimeout(() => this.#serve(key, queue), Math.ceil(delay))
    queue.timer.unref()
  }

  remove(key: string, poller: Poller<T>): void {
    this.#queues.get(key)?.pollers.delete(poller)
    this.#collect(key)
  }

  /** Whether a worker polls this queue or did within `withinMs`. */
  isPolled(key: string, withinMs: number): boolean {
    const queue = this.#queues.get(key)
    if (queue === undefined) return false
    return queue.pollers.size > 0 || queue.lastPoll > this.#now() - withinMs
  }

  /** Answers every poll of a worker that shuts down with nothing. */
  release(matches: (poller: Poller<T>) => boolean): void {
    for (const [key, queue] of this.#queues) {
      for (const poller of queue.pollers) {
        if (!matches(poller)) continue
        queue.pollers.delete(poller)
        poller.resolve(undefined)
      }
      this.#collect(key)
    }
  }

  /** Forgets that a queue was ever polled, so that nothing is dispatched to it any more. */
  forget(key: string): void {
    const queue = this.#queues.get(key)
    if (queue !== undefined) queue.lastPoll = 0
  }

  /** Takes everything that waits in a queue out of it. */
  drain(key: string): QueuedTask[] {
    const queue = this.#queues.get(key)
    if (queue === undefined) return []
    const tasks = queue.tasks.slice(queue.head).map(({ task }) => task)
    queue.tasks.length = 0
    queue.head = 0
    return tasks
  }

  stats(key: string): QueueStats {
    const queue = this.#queues.get(key)
    if (queue === undefined) return { backlog: 0, backlogAge: 0, addRate: 0, dispatchRate: 0 }
    const now = this.#now()
    const oldest = queue.tasks[queue.head]
    return {
      backlog: queue.tasks.length - queue.head,
      backlogAge: oldest === undefined ? 0 : now - oldest.since,
      addRate: queue.added.perSecond(now),
      dispatchRate: queue.dispatched.perSecond(now)
    }
  }

  /** Who polls a queue or did lately, the latest one first. */
  pollers(key: string): PollerInfo[] {
    return this.#queues.get(key)?.history.list(this.#now()) ?? []
  }

  /** All queues, with how many tasks and polls wait in each. */
  *queues(): Iterable<{ readonly key: string; readonly backlog: number; readonly pollers: number }> {
    for (const [key, queue] of this.#queues)
      yield { key, backlog: queue.tasks.length - queue.head, pollers: queue.pollers.size }
  }

  close(): void {
    for (const queue of this.#queues.values()) clearTimeout(queue.timer)
  }

  /** Sticky queues come and go with their workers: one that is idle is dropped. */
  #collect(key: string): void {
    const queue = this.#queues.get(key)
    if (queue === undefined || queue.pollers.size > 0 || queue.head < queue.tasks.length) return
    if (queue.operatorLimit !== undefined) return
    if (queue.lastPoll < this.#now() - 60_000) this.#queues.delete(key)
  }
}
