/** What `effect/cli` asks of its platform, as far as this command line uses it: nothing is prompted, spawned or read. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Stdio from "effect/Stdio"
import * as EffectTerminal from "effect/Terminal"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliOutput from "effect/cli/CliOutput"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import { ChildProcessSpawner, make as makeSpawner } from "effect/process/ChildProcessSpawner"
import type { Terminal } from "./Terminal.ts"

const unused = (what: string) => Effect.die(new Error(`The command line does not use ${what}.`))

const presenter = (terminal: Terminal): CliOutput.Presenter => {
  const formatter = (colors: boolean) =>
    CliOutput.defaultFormatter({ colors, inheritedFlags: "full", globalFlags: "summary" })
  const out = formatter(terminal.color.out)
  const err = formatter(terminal.color.err)
  return {
    present: (event) =>
      Effect.sync(() => {
        switch (event._tag) {
          case "Version":
            return terminal.out(`${event.version}\n`)
          case "Help":
            return event.reason === "Requested"
              ? terminal.out(`${out.formatHelpDoc(event.helpDoc)}\n`)
              : terminal.err(`${err.formatHelpDoc(event.helpDoc)}\n`)
          case "InvalidInvocation":
            return terminal.err(
              `${err.formatErrors(event.errors).trimStart()}\n\nTry: ${event.commandPath.join(" ")} --help\n`
            )
        }
      })
  }
}

/** The services of the command line. */
export const environment = (terminal: Terminal) =>
  Layer.mergeAll(
    FileSystem.layerNoop({}),
    Path.layer,
    Stdio.layerTest({}),
    Layer.succeed(
      EffectTerminal.Terminal,
      EffectTerminal.make({
        columns: Effect.succeed(process.stdout.columns ?? 100),
        rows: Effect.succeed(process.stdout.rows ?? 24),
        size: unused("the terminal's size"),
        readInput: unused("keys"),
        readLine: unused("lines"),
        display: () => unused("prompts")
      })
    ),
    Layer.succeed(
      ChildProcessSpawner,
      makeSpawner(() => unused("child processes"))
    ),
    CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] }),
    CliOutput.layerPresenter(presenter(terminal))
  )
