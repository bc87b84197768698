import type { Arguments } from "./Arguments.ts"
import type { Command } from "./Context.ts"

/** Whether a call has the number of arguments that its command wants. */
export const arityMatches = (command: Command, args: Arguments): boolean =>
  command.arity >= 0 ? args.length === command.arity : args.length >= -command.arity
