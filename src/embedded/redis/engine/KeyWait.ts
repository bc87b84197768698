import type { Keyspace, Waiter } from "../db/Keyspace.ts"
import type { BlockRequest } from "../exec/Context.ts"
import type { Reply } from "../resp/Reply.ts"

const LONGEST_TIMER = 2147483647

/** A client that waits for keys, until one can serve it or its time is over. */
export class KeyWait implements Waiter {
  readonly servesGone: boolean
  readonly serve: (key: string) => boolean
  /** What is answered when the time is over. */
  readonly onTimeout: Reply
  /** The command that waits. */
  readonly args: ReadonlyArray<string>
  /** When it began to. */
  readonly startedAt = performance.now()
  private readonly keys: ReadonlyArray<string>
  private readonly onEnd: () => void
  private timer: NodeJS.Timeout | undefined

  /** Begins to wait in a database. */
  constructor(
    db: Keyspace,
    args: ReadonlyArray<string>,
    request: BlockRequest,
    serve: (key: string) => boolean,
    onEnd: () => void
  ) {
    this.args = args
    this.servesGone = request.servesGone === true
    this.serve = serve
    this.onTimeout = request.onTimeout
    this.keys = request.keys
    this.onEnd = onEnd
    if (this.servesGone) db.goneWaiters++
    for (const key of this.keys) {
      const set = db.waiters.get(key)
      if (set === undefined) db.waiters.set(key, new Set([this]))
      else set.add(this)
    }
    if (request.timeout > 0) this.startTimer(Date.now() + request.timeout)
  }

  private startTimer(deadline: number): void {
    const left = deadline - Date.now()
    this.timer = setTimeout(
      () => {
        // The clock shows whole milliseconds: when it shows the last one, that has just begun.
        if (Date.now() <= deadline) this.startTimer(deadline)
        else this.onEnd()
      },
      Math.min(Math.max(1, left + 1), LONGEST_TIMER)
    )
    // The connection itself keeps the process alive; an unref'd one must not because of its timer.
    this.timer.unref()
  }

  /** Waits no more, in the database that the client is in now. */
  end(db: Keyspace): void {
    clearTimeout(this.timer)
    if (this.servesGone) db.goneWaiters--
    for (const key of this.keys) {
      const set = db.waiters.get(key)
      set?.delete(this)
      if (set?.size === 0) db.waiters.delete(key)
    }
  }
}
