// What is told of a task queue: how fast tasks come and go, and who polls it.

const bucketMs = 5000
const buckets = 6

/** Events per second over the last half minute; service/matching/task_tracker.go. */
export class RateCounter {
  readonly #counts = Array.from({ length: buckets }, () => 0)
  #bucket = 0
  #since = 0

  #advance(now: number): void {
    const bucket = Math.floor(now / bucketMs)
    if (this.#since === 0) this.#since = now
    for (let next = Math.max(this.#bucket + 1, bucket - buckets + 1); next <= bucket; next += 1)
      this.#counts[next % buckets] = 0
    this.#bucket = bucket
  }

  add(now: number): void {
    this.#advance(now)
    const at = this.#bucket % buckets
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
  }

  perSecond(now: number): number {
    if (this.#since === 0) return 0
    this.#advance(now)
    const covered = Math.min(now - this.#since, bucketMs * (buckets - 1) + (now % bucketMs))
    return this.#counts.reduce((sum, count) => sum + count, 0) / Math.max(covered / 1000, 1)
  }
}

/** How many tasks a second a queue may give out, as a bucket of tokens. */
export class RateLimit {
  readonly perSecond: number
  #tokens: number
  #at: number

  constructor(perSecond: number, now: number) {
    this.perSecond = perSecond
    this.#tokens = this.#burst
    this.#at = now
  }

  get #burst(): number {
    return this.perSecond <= 0 ? 0 : Math.max(1, Math.ceil(this.perSecond))
  }

  /** How long the next task has to wait, in milliseconds; infinite if none is allowed. */
  delay(now: number): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) * this.perSecond) / 1000)
    this.#at = now
    if (this.#tokens >= 1) return 0
    return this.perSecond <= 0 ? Number.POSITIVE_INFINITY : ((1 - this.#tokens) * 1000) / this.perSecond
  }

  take(): void {
    this.#tokens -= 1
  }
}

/** How long a poller is told of after its last poll; service/matching/poller_history.go. */
const pollerMs = 300_000

/** Pollers that are remembered of one queue. */
const mostPollers = 1000

export interface PollerInfo {
  readonly identity: string
  readonly lastAccess: number
  /** The tasks per second that it asked for, if it did. */
  readonly ratePerSecond: number | undefined
}

/** Who polled a queue lately. */
export class PollerHistory {
  readonly #pollers = new Map<string, PollerInfo>()

  note(info: PollerInfo): void {
    this.#pollers.delete(info.identity)
    this.#pollers.set(info.identity, info)
    if (this.#pollers.size <= mostPollers) return
    const [oldest] = this.#pollers.keys()
    if (oldest !== undefined) this.#pollers.delete(oldest)
  }

  /** The latest one first. */
  list(now: number): PollerInfo[] {
    for (const [identity, { lastAccess }] of this.#pollers)
      if (lastAccess < now - pollerMs) this.#pollers.delete(identity)
    return [...this.#pollers.values()].toReversed()
  }
}
