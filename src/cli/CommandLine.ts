/** The whole command line, read by `effect/cli`: every command, help, completions, and what is wrong with the arguments. */
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import { type CommandTreeOptions, makeCommands } from "./Commands.ts"
import { environment } from "./Environment.ts"
import { ExitCode } from "./ExitCode.ts"

/** Reads the arguments and runs their command; `finish` is told how it ended. */
export const runCommand = (
  args: ReadonlyArray<string>,
  { version, ...options }: CommandTreeOptions
): Effect.Effect<void> =>
  Command.runWith(makeCommands({ version, ...options }), { version })(args).pipe(
    Effect.catch((error) =>
      Effect.sync(() => {
        // The presenter has already said what is wrong; help without a command is no success either.
        options.finish(error._tag === "ShowHelp" ? ExitCode.usage : ExitCode.failed)
      })
    ),
    Effect.provide(environment(options.terminal))
  )
