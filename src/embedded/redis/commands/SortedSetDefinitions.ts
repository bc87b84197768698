import type { CommandDefinition } from "../exec/CommandTable.ts"

/** A command that reads the sorted set under its first argument. */
export const read = (
  name: string,
  arity: number,
  since: string,
  complexity: string,
  summary: string,
  run: CommandDefinition["run"] & {}
): CommandDefinition => ({ name, arity, flags: "readonly", keys: [1, 1, 1], since, complexity, summary, run })

/** The same, for one that takes at most logarithmic time. */
export const readFast: typeof read = (...definition) => ({ ...read(...definition), flags: "readonly fast" })

/** A command that changes the sorted set under its first argument, unless `more` says otherwise. */
export const write = (
  name: string,
  arity: number,
  since: string,
  complexity: string,
  summary: string,
  run: CommandDefinition["run"] & {},
  more: Partial<CommandDefinition> = {}
): CommandDefinition => ({
  name,
  arity,
  flags: "write",
  keys: [1, 1, 1],
  since,
  complexity,
  summary,
  run,
  ...more
})
