import type { Arguments } from "../exec/Arguments.ts"
import type { Persistence } from "../exec/Context.ts"

/** A change to be logged: the command that repeats it. */
export interface Effect {
  readonly db: number
  readonly args: Arguments
}

/** Where changes are made durable. */
export interface ChangeLog extends Persistence {
  /** Takes the changes of one command; several belong together. The array is the caller's and used again. */
  readonly append: (effects: ReadonlyArray<Effect>) => void
  /** Writes what was taken; the text of the error if that fails, in which case it is kept for the next try. */
  readonly flush: () => string | undefined
  /** Why changes are refused now. */
  readonly problem: string | undefined
  /** Whether changes are refused because the last dump could not be written. */
  readonly refusesChanges: boolean
}
