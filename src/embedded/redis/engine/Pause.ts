import type { Arguments } from "../exec/Arguments.ts"
import type { Session } from "./Session.ts"

const LONGEST_TIMER = 2147483647

/** Commands that wait while CLIENT PAUSE holds them back. */
export class PauseState {
  private until = 0
  private all = false
  private timer: NodeJS.Timeout | undefined
  private held: Array<{ readonly session: Session; readonly args: Arguments }> = []
  private readonly release: (session: Session, args: Arguments) => void
  private readonly onChange: (paused: boolean) => void

  constructor(release: (session: Session, args: Arguments) => void, onChange: (paused: boolean) => void) {
    this.release = release
    this.onChange = onChange
  }

  get isPaused(): boolean {
    return this.until > 0
  }

  /** How many clients wait. */
  get waiting(): number {
    return this.held.length
  }

  /** Whether a command must wait. */
  holds(changesData: boolean): boolean {
    return this.until > 0 && (this.all || changesData)
  }

  /** Pauses until a time; a pause that holds more or lasts longer stays as it is. */
  pause(until: number, all: boolean): void {
    this.all = this.all || all
    this.until = Math.max(this.until, until)
    this.onChange(true)
    this.arm()
  }

  private arm(): void {
    clearTimeout(this.timer)
    const left = Math.min(Math.max(1, this.until - Date.now()), LONGEST_TIMER)
    this.timer = setTimeout(() => {
      if (Date.now() >= this.until) this.unpause()
      else this.arm()
    }, left)
    this.timer.unref()
  }

  /** Holds a command back; its client reads no further. */
  hold(session: Session, args: Arguments): void {
    session.pause()
    this.held.push({ session, args })
  }

  unpause(): void {
    clearTimeout(this.timer)
    this.until = 0
    this.all = false
    this.onChange(false)
    const { held } = this
    this.held = []
    for (const { session, args } of held) {
      if (!session.closed) this.release(session, args)
      session.resume()
    }
  }

  close(): void {
    clearTimeout(this.timer)
    this.held = []
  }
}
