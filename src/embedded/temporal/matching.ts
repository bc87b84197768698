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
export interface Poller<T> {
  readonly identity: string
  readonly workerInstanceKey: string
  /** Whether its caller has gone away, which is known before the call is told to end. */
  readonly isGone: () => boolean
  /** Answers the poll; undefined for the empty answer. */
  readonly resolve: (answer: T | undefined) => void
}

interface Queue<T> {
  readonly tasks: QueuedTask[]
  head: number
  readonly pollers: Set<Poller<T>>
  lastPoll: number
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
    const queue: Queue<T> = { tasks: [], head: 0, pollers: new Set(), lastPoll: 0 }
    this.#queues.set(key, queue)
    return queue
  }

  /** Gives a task to a waiting poller, or keeps it for the next one. */
  offer(key: string, task: QueuedTask): void {
    const queue = this.#queue(key)
    for (const poller of queue.pollers) {
      queue.pollers.delete(poller)
      if (poller.isGone()) continue
      const answer = this.#start(task, poller, key)
      if (answer === undefined) queue.pollers.add(poller)
      else poller.resolve(answer)
      return
    }
    queue.tasks.push(task)
  }

  /** Answers a poll at once if there is a task, else keeps the poller until {@link remove}. */
  poll(key: string, poller: Poller<T>): void {
    const queue = this.#queue(key)
    queue.lastPoll = this.#now()
    while (queue.head < queue.tasks.length) {
      const task = queue.tasks[queue.head]
      queue.head += 1
      if (queue.head > 1000 && queue.head * 2 > queue.tasks.length) {
        queue.tasks.splice(0, queue.head)
        queue.head = 0
      }
      if (task === undefined) continue
      const answer = this.#start(task, poller, key)
      if (answer === undefined) continue
      poller.resolve(answer)
      return
    }
    queue.tasks.length = 0
    queue.head = 0
    queue.pollers.add(poller)
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
    const tasks = queue.tasks.slice(queue.head)
    queue.tasks.length = 0
    queue.head = 0
    return tasks
  }

  backlog(key: string): number {
    const queue = this.#queues.get(key)
    return queue === undefined ? 0 : queue.tasks.length - queue.head
  }

  pollers(key: string): { identity: string }[] {
    return [...(this.#queues.get(key)?.pollers ?? [])].map(({ identity }) => ({ identity }))
  }

  /** Sticky queues come and go with their workers: one that is idle is dropped. */
  #collect(key: string): void {
    const queue = this.#queues.get(key)
    if (queue === undefined || queue.pollers.size > 0 || queue.head < queue.tasks.length) return
    if (queue.lastPoll < this.#now() - 60_000) this.#queues.delete(key)
  }
}
