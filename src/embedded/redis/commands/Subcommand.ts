import type { CommandDefinition } from "../exec/CommandTable.ts"

/** Makes the definitions of a container's subcommands, which have these flags where they do not say else. */
export const subcommandsWith =
  (common: string) =>
  (
    name: string,
    arity: number,
    since: string,
    summary: string,
    run: CommandDefinition["run"] & {},
    flags = common
  ): CommandDefinition => ({ name, arity, flags, since, summary, run })
