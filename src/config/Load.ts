/** Loads a config file as a native ES module: Node strips the types, so it takes tens of milliseconds. */
import { dirname } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type ModeDefinition, isModeDefinition } from "./Definition.ts"
import { ConfigFileError } from "./FileError.ts"
import { findConfig } from "./Find.ts"
import { installHooks } from "./Hooks.ts"
import type { Environment } from "./ModeConfig.ts"
import { resolveConfig } from "./Resolve.ts"
import type { FlagValues } from "./Sources.ts"
import { quietly } from "./TypeScript.ts"

const example = "export default defineMode({ ... })"

const definitionOf = (file: string, module: object): Effect.Effect<ModeDefinition, ConfigFileError> => {
  const exported: unknown = Reflect.get(module, "default")
  if (isModeDefinition(exported)) return Effect.succeed(exported)
  const named = Object.entries(module).find(([, value]) => isModeDefinition(value))?.[0]
  const missing = exported === undefined
  return Effect.fail(
    new ConfigFileError({
      code: missing ? "COMPOZY_CONFIG_FILE_NO_DEFAULT" : "COMPOZY_CONFIG_FILE_NOT_A_CONFIG",
      file,
      problem: missing
        ? "The config file has no default export."
        : "The default export of the config file was not made by defineMode.",
      fix:
        named !== undefined && missing
          ? `write "export default ${named}"`
          : `end it with "${example}", with defineMode imported from "compozy"`
    })
  )
}

/**
 * Loads the definition in a config file.
 *
 * @param file - The absolute path.
 * Fails with `ConfigFileError`: the file or one that it imports cannot be loaded, or exports no config.
 * @example
 * ```ts
 * import { loadDefinition } from "compozy"
 *
 * const program = loadDefinition("/srv/app/compozy.config.ts")
 * ```
 */
export const loadDefinition = Effect.fn("loadDefinition")(function* (file: string) {
  const module = yield* Effect.tryPromise({
    try: async (): Promise<object> => {
      installHooks()
      const loaded: unknown = await quietly(() => import(pathToFileURL(file).href))
      return typeof loaded === "object" && loaded !== null ? loaded : {}
    },
    catch: (cause) => cause
  }).pipe(
    Effect.catch((cause) =>
      Effect.flatMap(
        Effect.promise(() => import("./LoadFailure.ts")),
        ({ explain }) => Effect.fail(explain(file, cause))
      )
    )
  )
  return yield* definitionOf(file, module)
})

/** Where to look for a config, and what may override it. */
export interface LoadOptions {
  /** The folder to start from. Absolute. */
  readonly cwd: string
  /** The config file or its folder, from `cwd`. Default: the nearest one in `cwd` or above. */
  readonly file?: string
  /** The variables of the process. Default: `process.env`. */
  readonly env?: Environment
  /** The `.env` file, from the config's folder. Default: `.env`, where there is one. */
  readonly envFile?: string
  /** What flags set, by the path of the key. */
  readonly flags?: FlagValues
}

/**
 * Finds, loads and resolves the config of a folder. Where there is none, the settings are those of memory mode as far as
 * the environment and flags do not say else, `settings.file` is not there and `workflows` is empty.
 *
 * @param options - Where to look, and what may override the config.
 * Fails with `ConfigFileError` where a file cannot be loaded, and with `ConfigInvalid`, which lists every problem.
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { loadConfig } from "compozy"
 *
 * const program = Effect.gen(function* () {
 *   const { settings, workflows } = yield* loadConfig({ cwd: process.cwd(), flags: { mode: "memory" } })
 *   return [settings.mode, workflows.length]
 * })
 * ```
 */
export const loadConfig = Effect.fn("loadConfig")(function* (options: LoadOptions) {
  const { cwd, file, env = process.env, envFile, flags } = options
  const found = yield* findConfig({ cwd, ...(file === undefined ? {} : { file }) })
  const surroundings = {
    env,
    ...(envFile === undefined ? {} : { envFile }),
    ...(flags === undefined ? {} : { flags })
  }
  if (Option.isNone(found)) return yield* resolveConfig(undefined, { root: cwd, ...surroundings })
  const definition = yield* loadDefinition(found.value)
  return yield* resolveConfig(definition, { root: dirname(found.value), file: found.value, ...surroundings })
})
