import { Wakeups } from "./clock.ts"
import type { SkippingClock } from "./clock.ts"
import { isOpen } from "./state.ts"
import type { Run } from "./run.ts"

/** What a call waits for. */
export type Wait = "result" | "update" | "query"

/** The calls that wait, by what they wait for. */
export class Waits {
  readonly #waits: Readonly<Record<Wait, Set<object>>> = {
    result: new Set(),
    update: new Set(),
    query: new Set()
  }
  /** Called when a wait begins or ends. */
  changed: () => void = () => {}

  begin(call: object, wait: Wait): void {
    this.#waits[wait].add(call)
    this.changed()
  }

  end(call: object): void {
    for (const set of Object.values(this.#waits)) set.delete(call)
    this.changed()
  }

  count(wait: Wait): number {
    return this.#waits[wait].size
  }
}

export interface TimeSkippingOptions {
  /** Time may be skipped from the start, as if `UnlockTimeSkipping` had been called. */
  readonly unlocked: boolean
  /** Time may be skipped whenever a call waits for the result of a workflow. */
  readonly whileWaiting: boolean
}

/** What of a run is with a worker, or waits for one. */
const inFlight = (run: Run): boolean => {
  if (!isOpen(run.h)) return false
  if (run.x.task !== undefined) return true
  for (const attempt of run.x.attempts.values()) if (attempt.offered || attempt.startedTime > 0) return true
  return false
}

/** When a skip was wanted for so much real time, and nothing happened, the log says what stands in its way. */
const complainAfterMs = 10_000

/**
 * Puts the clock forward to the next thing that is due, as long as somebody wants time to pass (a call that waits,
 * a sleep, an unlock of the test service) and nothing is in flight that takes real time: workflow tasks and
 * activities, whether with a worker or waiting for one, and queries. What is in flight is read off the state of
 * the runs after each of their commits; there is no count that could go wrong.
 */
export class TimeSkipping {
  readonly #clock: SkippingClock
  readonly #waits: Waits
  readonly #whileWaiting: boolean
  readonly #warn: (message: string, attributes: Record<string, unknown>) => void
  readonly #busy = new Set<Run>()
  readonly #sleeps = new Map<string, () => void>()
  readonly #unlockingSleeps = new Set<string>()
  readonly #wakeups: Wakeups
  #locks: number
  #sleepNumber = 0
  #look: NodeJS.Immediate | undefined
  #complaint: NodeJS.Timeout | undefined
  #closed = false

  constructor(
    clock: SkippingClock,
    waits: Waits,
    options: TimeSkippingOptions,
    warn: (message: string, attributes: Record<string, unknown>) => void
  ) {
    this.#clock = clock
    this.#waits = waits
    this.#whileWaiting = options.whileWaiting
    this.#warn = warn
    this.#locks = options.unlocked ? 0 : 1
    this.#wakeups = new Wakeups(
      clock,
      (sleep) => this.#sleeps.get(sleep)?.(),
      (sleep) => (this.#sleeps.has(sleep) ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
    )
    waits.changed = () => this.changed()
  }

  now(): number {
    return this.#clock.now()
  }

  /** Reads off a run what of it is in flight. */
  readonly committed = (run: Run): void => {
    if (inFlight(run)) this.#busy.add(run)
    else this.#busy.delete(run)
    this.#blocked(false)
    this.changed()
  }

  /** Time may be skipped if it was unlocked as often as it was locked. Clients lock again after they waited. */
  unlock(): void {
    this.#locks -= 1
    this.changed()
  }

  lock(): void {
    this.#locks += 1
    this.changed()
  }

  /** Ends when the clock reaches a time, or the caller goes away; `unlocking` lets it be put forward until then. */
  sleepUntil(time: number, unlocking: boolean, onCancel: (cancel: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed || time <= this.now()) return resolve()
      const sleep = String((this.#sleepNumber += 1))
      const end = (): void => {
        this.#sleeps.delete(sleep)
        this.#unlockingSleeps.delete(sleep)
        resolve()
        this.changed()
      }
      this.#sleeps.set(sleep, end)
      if (unlocking) this.#unlockingSleeps.add(sleep)
      this.#wakeups.push(time, sleep)
      onCancel(end)
      this.changed()
    })
  }

  /** What keeps time from being skipped, for the log. */
  describe(): Record<string, unknown> {
    return {
      locks: this.#locks,
      queries: this.#waits.count("query"),
      runs: [...this.#busy].slice(0, 10).map((run) => `${run.workflowId} (${run.runId})`)
    }
  }

  /** The locks that count: somebody who waits for what time brings is as good as an unlock of all of them. */
  #effectiveLocks(): number {
    const waited = this.#waits.count("update") + (this.#whileWaiting ? this.#waits.count("result") : 0)
    return waited > 0 ? 0 : Math.max(this.#locks, 0)
  }

  #isWanted(): boolean {
    return this.#effectiveLocks() <= this.#unlockingSleeps.size
  }

  // As the Java test server counts: a sleep that unlocks makes up for one thing that is in flight, which lets an
  // activity sleep through the clock (SelfAdvancingTimerImpl, unlockTimeSkippingWhileSleep of TestService).
  #isIdle(): boolean {
    const inFlight = this.#busy.size + this.#waits.count("query")
    return inFlight <= Math.max(this.#unlockingSleeps.size - this.#effectiveLocks(), 0)
  }

  /** Something changed: looks whether time can be skipped, once what has arrived by now is dealt with. */
  changed(): void {
    if (this.#closed) return
    this.#look ??= setImmediate(this.#skip)
  }

  readonly #skip = (): void => {
    this.#look = undefined
    if (this.#closed) return
    if (!this.#isWanted()) return this.#blocked(false)
    if (!this.#isIdle()) return this.#blocked(true)
    this.#blocked(false)
    const next = this.#clock.next()
    if (!Number.isFinite(next) || next <= this.now()) return
    this.#clock.skipTo(next)
    this.changed()
  }

  #blocked(blocked: boolean): void {
    if (!blocked) {
      clearTimeout(this.#complaint)
      this.#complaint = undefined
      return
    }
    if (this.#complaint !== undefined) return
    this.#complaint = setTimeout(
      () => this.#warn("time is not skipped: something is with a worker, or waits for one", this.describe()),
      complainAfterMs
    )
    this.#complaint.unref()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#complaint)
    clearImmediate(this.#look)
    this.#wakeups.close()
    for (const end of Array.from(this.#sleeps.values())) end()
  }
}
