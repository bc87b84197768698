/** What goes off at some time: a clock that can be put forward has to know of it. */
export interface Alarm {
  /** When it next goes off; infinite if never. */
  next(): number
  /** The clock was put forward: whatever is due by now goes off. */
  wake(): void
}

/** Where the engine takes the time from, in milliseconds since 1970. */
export interface Clock {
  now(): number
  /** Registers something that goes off by a clock that can be put forward; returns how to take it away. */
  attach?(alarm: Alarm): () => void
}

export const systemClock: Clock = { now: () => Date.now() }

/** A clock that runs like the system's but can be put forward. */
export class SkippingClock implements Clock {
  readonly #alarms = new Set<Alarm>()
  #ahead = 0

  now(): number {
    return Date.now() + this.#ahead
  }

  attach(alarm: Alarm): () => void {
    this.#alarms.add(alarm)
    return () => this.#alarms.delete(alarm)
  }

  /** When something next goes off; infinite if never. */
  next(): number {
    let next = Number.POSITIVE_INFINITY
    for (const alarm of this.#alarms) next = Math.min(next, alarm.next())
    return next
  }

  /** Puts the clock forward to a time, if that is still to come, and lets go off what is due then. */
  skipTo(time: number): void {
    const ahead = time - this.now()
    if (ahead <= 0) return
    this.#ahead += ahead
    for (const alarm of Array.from(this.#alarms)) alarm.wake()
  }
}

// `setTimeout` counts in a signed 32-bit integer: longer waits are taken in steps.
const longestWait = 2_000_000_000

interface Entry {
  readonly at: number
  readonly key: string
}

/**
 * Wake-ups of runs, in one heap with one `setTimeout` that does not keep the process alive. An entry is only a
 * hint: what is due is derived from the run's state when it fires, so a stale one does nothing.
 */
export class Wakeups implements Alarm {
  readonly #clock: Clock
  readonly #fire: (key: string, at: number) => void
  readonly #detach: (() => void) | undefined
  readonly #actual: ((key: string) => number) | undefined
  readonly #heap: Entry[] = []
  #timer: NodeJS.Timeout | undefined
  #armedFor = Number.POSITIVE_INFINITY
  #closed = false

  /** `actual` tells when a key is really next due, where the heap may hold stale entries. */
  constructor(clock: Clock, fire: (key: string, at: number) => void, actual?: (key: string) => number) {
    this.#clock = clock
    this.#fire = fire
    this.#actual = actual
    this.#detach = clock.attach?.(this)
  }

  get size(): number {
    return this.#heap.length
  }

  push(at: number, key: string): void {
    const heap = this.#heap
    let index = heap.length
    const entry = { at, key }
    heap.push(entry)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || above.at <= at) break
      heap[index] = above
      index = parent
    }
    heap[index] = entry
    if (at < this.#armedFor) this.#arm()
  }

  next(): number {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      const actual = this.#actual?.(first.key) ?? first.at
      if (actual <= first.at) return first.at
      this.#pop()
      if (Number.isFinite(actual)) this.push(actual, first.key)
    }
    return Number.POSITIVE_INFINITY
  }

  wake(): void {
    clearTimeout(this.#timer)
    this.#run()
  }

  close(): void {
    this.#closed = true
    this.#detach?.()
    clearTimeout(this.#timer)
    this.#heap.length = 0
  }

  #pop(): Entry | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined || heap.length === 0) return top
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      const left = heap[child]
      if (left === undefined) break
      const right = heap[child + 1]
      let least = left
      if (right !== undefined && right.at < left.at) {
        child += 1
        least = right
      }
      if (least.at >= last.at) break
      heap[index] = least
      index = child
    }
    heap[index] = last
    return top
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const first = this.#heap[0]
    if (first === undefined || this.#closed) {
      this.#armedFor = Number.POSITIVE_INFINITY
      return
    }
    this.#armedFor = first.at
    const wait = Math.min(Math.max(first.at - this.#clock.now(), 0), longestWait)
    this.#timer = setTimeout(this.#run, wait)
    this.#timer.unref()
  }

  readonly #run = (): void => {
    this.#armedFor = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    const due = new Map<string, number>()
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      const entry = this.#pop()
      if (entry !== undefined && !due.has(entry.key)) due.set(entry.key, entry.at)
    }
    try {
      for (const [key, at] of due) this.#fire(key, at)
    } finally {
      this.#arm()
    }
  }
}
