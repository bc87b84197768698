import type { ErrorReply } from "../resp/Reply.ts"
import type { Session } from "./Session.ts"

/** How long replies are delivered before the event loop gets its turn. */
const TURN_MILLIS = 2

/** Decides when replies leave, and when a client that has had its turn goes on. */
export class Turns {
  private pending: Array<Session> = []
  private deferred: Array<Session> = []
  private flushScheduled = false
  private deferScheduled = false
  private turnOpen = false
  private turnStart = 0
  private readonly makeDurable: () => ErrorReply | undefined

  /** `makeDurable` is called before replies leave; what it returns takes the place of those to changes. */
  constructor(makeDurable: () => ErrorReply | undefined) {
    this.makeDurable = makeDurable
  }

  /** A client has replies to be sent. */
  schedule(session: Session): void {
    this.pending.push(session)
    this.scheduleFlush()
  }

  /**
   * Replies leave in a later step, never from within the client's write. `nextTick` is fastest, but a loop of awaited
   * commands would then never let the event loop turn: after two milliseconds `setImmediate` takes over.
   */
  scheduleFlush(): void {
    if (this.flushScheduled) return
    this.flushScheduled = true
    const now = performance.now()
    if (!this.turnOpen) {
      this.turnOpen = true
      this.turnStart = now
      setImmediate(this.endTurn)
    }
    if (now - this.turnStart < TURN_MILLIS) process.nextTick(this.flush)
    else setImmediate(this.flush)
  }

  private readonly endTurn = (): void => {
    this.turnOpen = false
  }

  /** Makes changes durable, then sends the replies. */
  readonly flush = (): void => {
    this.flushScheduled = false
    const sessions = this.pending
    this.pending = []
    const error = this.makeDurable()
    if (error !== undefined) for (const session of sessions) session.failWrites(error)
    for (const session of sessions) session.flush()
  }

  /** Goes on with a client's commands in a later step. */
  defer(session: Session): void {
    this.deferred.push(session)
    if (this.deferScheduled) return
    this.deferScheduled = true
    setImmediate(() => {
      this.deferScheduled = false
      const sessions = this.deferred
      this.deferred = []
      for (const waiting of sessions) if (!waiting.closed) waiting.process()
    })
  }
}
