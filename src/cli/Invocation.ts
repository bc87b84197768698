/** One command of the command line: what it is given, and what becomes of what it gives. */
import * as Effect from "effect/Effect"
import type { ExitCode } from "./ExitCode.ts"
import type { CommandContext, StopSignal, Terminal } from "./Terminal.ts"

/** What a command does: gives its exit code, or fails with an error that is reported. */
export type CommandEffect = Effect.Effect<ExitCode, unknown>

/** What every command shares. */
export interface Invocation {
  readonly terminal: Terminal
  readonly version: string
  /** Waits for the signal to stop, and takes over what it leads to. */
  readonly stopRequested: Effect.Effect<StopSignal>
  /** Called with the exit code of the command that ran. */
  readonly finish: (code: ExitCode) => void
  /** Turns an error of a command into a message and an exit code. */
  readonly report: (error: unknown, context: CommandContext) => ExitCode
}

/** The flags that every command takes. */
export type SharedFlags = Pick<CommandContext, "flags" | "config" | "json">

/** Loads a command's work and runs it. */
export const invoke = (
  { finish, report, stopRequested, terminal, version }: Invocation,
  shared: SharedFlags,
  command: (context: CommandContext) => Promise<CommandEffect>
): Effect.Effect<void> => {
  const context: CommandContext = { ...shared, terminal, version, stopRequested }
  return Effect.promise(() => command(context)).pipe(
    Effect.flatten,
    Effect.catch((error) => Effect.sync(() => report(error, context))),
    Effect.map(finish)
  )
}
