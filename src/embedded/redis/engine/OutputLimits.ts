/** How much may wait for a client that does not read. 0 is no limit. */
export interface OutputLimit {
  /** Bytes from which the client is cut off at once. */
  readonly hard: number
  /** Bytes that may not wait for longer than `seconds`. */
  readonly soft: number
  readonly seconds: number
}

/** The limits of clients that subscribe, and of all others. */
export interface OutputLimits {
  readonly normal: OutputLimit
  readonly pubsub: OutputLimit
}

const NONE: OutputLimit = { hard: 0, soft: 0, seconds: 0 }

/** Reads `client-output-buffer-limit`, which has been checked: class, hard, soft and seconds, again and again. */
export const parseOutputLimits = (text: string): OutputLimits => {
  const words = text.split(" ")
  const limitOf = (name: string): OutputLimit => {
    const at = words.indexOf(name)
    if (at === -1) return NONE
    const [hard = 0, soft = 0, seconds = 0] = words.slice(at + 1, at + 4).map(Number)
    return { hard, soft, seconds }
  }
  return { normal: limitOf("normal"), pubsub: limitOf("pubsub") }
}

const LONGEST_TIMER = 2147483647

/** Watches how much waits for one client. */
export class OutputGuard {
  private overSince: number | undefined
  private timer: NodeJS.Timeout | undefined

  /** Whether so many bytes are too many; calls `again` when they would be if they still wait then. */
  exceeds({ hard, soft, seconds }: OutputLimit, waiting: number, again: () => void): boolean {
    if (hard > 0 && waiting > hard) return true
    if (soft === 0 || waiting <= soft) {
      this.stop()
      return false
    }
    const now = performance.now()
    this.overSince ??= now
    const left = this.overSince + seconds * 1000 - now
    if (left < 0) return true
    this.timer ??= setTimeout(
      () => {
        this.timer = undefined
        again()
      },
      Math.min(left + 1, LONGEST_TIMER)
    ).unref()
    return false
  }

  stop(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.overSince = undefined
  }
}
