/** The entry of the command line: reads arguments, runs one command, and leaves with its exit code. */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { keys } from "../config/Keys.ts"
import { wantsColor } from "../runtime/Color.ts"
import { mark } from "../runtime/Startup.ts"
import type { CommandTreeOptions } from "./Commands.ts"
import { ExitCode } from "./ExitCode.ts"
import { invoke } from "./Invocation.ts"
import { packageVersion } from "./PackageRoot.ts"
import { quickArguments } from "./QuickArguments.ts"
import { report } from "./Report.ts"
import { listenToSignals, signalExitCode } from "./Signals.ts"
import type { StopSignal, Terminal } from "./Terminal.ts"

const processTerminal = (): Terminal => {
  const colorOf = (setting: "auto" | "always" | "never") => ({
    out: wantsColor(setting, process.stdout),
    err: wantsColor(setting, process.stderr)
  })
  const color = colorOf("auto")
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    color,
    useColor: (setting) => void Object.assign(color, colorOf(setting)),
    interactive: process.stderr.isTTY === true,
    cwd: process.cwd(),
    env: process.env
  }
}

/**
 * Parses the arguments and runs the command.
 *
 * @param args without `node` and the script
 * @param terminal where the output goes
 * @param stopRequested waits for the signal to stop; never by default
 * @returns the exit code; interrupting the effect stops the command in order
 */
export const runCommandLine = (
  args: ReadonlyArray<string>,
  terminal: Terminal,
  stopRequested: Effect.Effect<StopSignal> = Effect.never
): Effect.Effect<ExitCode> => {
  let code: ExitCode = ExitCode.ok
  const options = {
    keys,
    terminal,
    version: packageVersion(),
    stopRequested,
    finish: (value: ExitCode) => {
      code = value
    },
    report
  }
  return Effect.map(runQuickly(args, options) ?? runWhole(args, options), () => code)
}

/** The commands that people wait for do not wait for what reads all the others. */
const runQuickly = (
  args: ReadonlyArray<string>,
  options: CommandTreeOptions
): Effect.Effect<void> | undefined => {
  const quick = quickArguments(args, options.keys)
  switch (quick?.command) {
    case undefined:
      return undefined
    case "start":
      return invoke(options, quick.shared, async (context) =>
        (await import("./commands/Start.ts")).start(context)
      )
    case "run":
      return invoke(options, quick.shared, async (context) =>
        (await import("./commands/Run.ts")).run(context, quick.run)
      )
  }
}

const runWhole = (args: ReadonlyArray<string>, options: CommandTreeOptions): Effect.Effect<void> =>
  Effect.flatMap(
    Effect.promise(() => import("./CommandLine.ts")),
    ({ runCommand }) => runCommand(args, options)
  )

const leave = (code: number): void => {
  process.exitCode = code
  // Streams that are pipes may still hold text; after that nothing is left to wait for.
  const finish = () => process.exit(code)
  process.stdout.write("", () => process.stderr.write("", finish))
}

/**
 * Runs the command line in this process, and leaves it.
 *
 * @param args without `node` and the script
 */
export const main = (args: ReadonlyArray<string>): void => {
  mark("cli")
  const terminal = processTerminal()
  process.stdout.on("error", () => process.exit(ExitCode.failed))
  let stoppedBy: StopSignal | undefined
  let claimed = false
  const stopped = Deferred.makeUnsafe<StopSignal>()
  const stopRequested = Effect.suspend(() => {
    claimed = true
    return Deferred.await(stopped)
  })
  const fiber = Effect.runFork(runCommandLine(args, terminal, stopRequested))
  const unlisten = listenToSignals({
    stop: (signal) => {
      stoppedBy = signal
      Deferred.doneUnsafe(stopped, Effect.succeed(signal))
      if (!claimed) fiber.interruptUnsafe()
    },
    force: () => {
      terminal.err("Forced to stop.\n")
      process.exit(ExitCode.interrupted)
    }
  })
  fiber.addObserver((exit) => {
    unlisten()
    if (Exit.isSuccess(exit)) return leave(exit.value)
    if (stoppedBy !== undefined && Cause.hasInterruptsOnly(exit.cause))
      return leave(signalExitCode(stoppedBy))
    terminal.err(`${Cause.pretty(exit.cause)}\n`)
    leave(ExitCode.failed)
  })
}

if (process.argv[1] !== undefined && import.meta.filename === process.argv[1]) main(process.argv.slice(2))
