/** The project that a command works with: the nearest config, resolved with the flags of the command line. */
import * as Effect from "effect/Effect"
import type { ConfigFileError } from "../config/FileError.ts"
import { keys } from "../config/Keys.ts"
import { loadConfig } from "../config/Load.ts"
import type { ConfigInvalid } from "../config/Problem.ts"
import type { ResolvedConfig } from "../config/Resolve.ts"
import type { CommandContext } from "./Terminal.ts"

/** The project of the nearest config. */
export type Project = ResolvedConfig

/** Loads the project, and follows what it says of the output; every problem of its config is in the error. */
export const loadProject = (
  context: CommandContext
): Effect.Effect<Project, ConfigFileError | ConfigInvalid> => {
  const { cwd, env } = context.terminal
  const flags: Record<string, string> = {}
  for (const key of keys) {
    const value = key.flag === undefined ? undefined : context.flags[key.flag]
    if (value !== undefined) flags[key.path] = value
  }
  const file = context.config === undefined ? {} : { file: context.config }
  return Effect.tap(loadConfig({ cwd, env, flags, ...file }), ({ settings }) =>
    Effect.sync(() => {
      context.terminal.useColor(settings.cli.color)
      if (settings.cli.format === "json") context.json = true
    })
  )
}
