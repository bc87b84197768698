import { invalidArgument } from "./errors.ts"
import type { ServiceError } from "./errors.ts"
import type { Limits } from "./limits.ts"
import type { Run } from "./run.ts"
import { isOpen } from "./state.ts"

/** A run whose history has become too long: what made it so is undone, and the run terminated. */
export class HistoryTooLong extends Error {
  readonly run: Run
  constructor(run: Run, what: "count" | "size") {
    super(`Workflow history ${what} exceeds limit.`)
    this.name = "HistoryTooLong"
    this.run = run
  }

  /** What the caller is answered. */
  toAnswer(): ServiceError {
    return invalidArgument(this.message)
  }
}

/** Refuses a transition that leaves an open run with too long a history; service/history/workflow/context.go. */
export const checkHistory = (run: Run, limits: Limits): void => {
  if (!isOpen(run.h)) return
  if (run.historySize > limits.historySize) throw new HistoryTooLong(run, "size")
  if (run.frames.length > limits.historyCount) throw new HistoryTooLong(run, "count")
}
