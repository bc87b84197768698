import type { Keyspace } from "../db/Keyspace.ts"
import type { Arguments } from "../exec/Arguments.ts"
import type { ChangeLog, Effect } from "./ChangeLog.ts"
import { ReadyKeys } from "./ReadyKeys.ts"

/** What belongs together: the changes of a command go to the log as one, and then those who wait for its keys are served. */
export class AtomicSteps {
  /** Where changes go; without it none are kept. */
  log: ChangeLog | undefined
  /** How many steps have changed something. */
  committed = 0
  readonly ready = new ReadyKeys()
  private depth = 0
  private readonly effects: Array<Effect> = []
  private readonly onCommit: () => void

  constructor(onCommit: () => void) {
    this.onCommit = onCommit
  }

  /** Whether no step is under way. */
  get isIdle(): boolean {
    return this.depth === 0
  }

  enter(): void {
    this.depth++
  }

  leave(): void {
    this.depth--
    if (this.depth === 0 && this.effects.length > 0) this.commit()
  }

  /** Serves those who wait, once the outermost step has ended. */
  settle(): void {
    if (this.depth > 0 || this.ready.isEmpty) return
    this.ready.serve((take) => {
      this.depth++
      try {
        take()
      } finally {
        this.leave()
      }
    })
  }

  /** Logs a change as the command that repeats it. */
  propagate(db: Keyspace, args: Arguments): void {
    if (this.log !== undefined) this.effects.push({ db: db.index, args })
  }

  private commit(): void {
    this.committed++
    this.log?.append(this.effects)
    this.effects.length = 0
    this.onCommit()
  }
}
