import type { Keyspace } from "../db/Keyspace.ts"

/** What the removal of expired keys needs of the engine. */
export interface ExpiryHost {
  readonly databases: ReadonlyArray<Keyspace>
  readonly now: number
  readonly closed: boolean
  readonly pause: { readonly isPaused: boolean }
  readonly settings: { readonly latencyThreshold: number }
  readonly observer: { readonly spike: (event: string, millis: number, now: number) => void }
  readonly atomically: <A>(body: () => A) => A
}

/** How many keys are removed in one step. */
const BATCH = 500
/** How soon expired keys are looked for again while clients are paused. */
const PAUSED_MILLIS = 100
const LONGEST_TIMER = 2147483647

/** Removes keys when they expire: one timer for all of them. */
export class ActiveExpiry {
  private readonly host: ExpiryHost
  private timer: NodeJS.Timeout | undefined
  private at = Infinity
  private isOn = true

  constructor(host: ExpiryHost) {
    this.host = host
  }

  /** Wakes up at a time, unless it does so earlier anyway. */
  arm(at: number): void {
    if (at >= this.at || this.host.closed) return
    this.at = at
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.run(), Math.min(Math.max(1, at - Date.now() + 1), LONGEST_TIMER))
    this.timer.unref()
  }

  /** Whether keys are removed by themselves. */
  setOn(on: boolean): void {
    this.isOn = on
    if (on) this.run()
  }

  /** Removes what has expired, and waits for the next. */
  run(): void {
    const { host } = this
    this.at = Infinity
    if (!this.isOn || host.pause.isPaused) {
      if (host.pause.isPaused) this.arm(Date.now() + PAUSED_MILLIS)
      return
    }
    let more = false
    const start = performance.now()
    host.atomically(() => {
      for (const db of host.databases) more = db.expireDue(host.now, BATCH) === BATCH || more
    })
    const millis = Math.floor(performance.now() - start)
    const { latencyThreshold } = host.settings
    if (latencyThreshold > 0 && millis >= latencyThreshold)
      host.observer.spike("expire-cycle", millis, host.now)
    const next = Math.min(...host.databases.map((db) => db.nextDeadline() ?? Infinity))
    if (next !== Infinity) this.arm(more ? host.now : next)
  }

  close(): void {
    clearTimeout(this.timer)
  }
}
