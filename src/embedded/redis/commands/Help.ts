import type { CommandDefinition } from "../exec/CommandTable.ts"
import { Status } from "../resp/Reply.ts"

/** The HELP subcommand of a container: `lines` are what Redis prints between the title and HELP itself. */
export const help = (container: string, since: string, lines: ReadonlyArray<string>): CommandDefinition => ({
  name: "help",
  arity: 2,
  flags: "loading stale",
  since,
  summary: "Returns helpful text about the different subcommands.",
  run: () =>
    [
      `${container.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
      ...lines,
      "HELP",
      "    Prints this help."
    ].map((line) => new Status(line))
})
