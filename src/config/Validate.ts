/** What `compozy config validate` adds to resolving: doubts that only the source shows. */
import * as Effect from "effect/Effect"
import type { ConfigProblem } from "./Problem.ts"
import type { ResolvedConfig } from "./Resolve.ts"

/**
 * The warnings of a resolved config, and where its source (the config file and the files that it imports by relative
 * paths) tests a reference: `if (ref)`, `!ref`, `ref ?? x`.
 *
 * @param config - A resolved config; what is wrong has been said by then, as `ConfigInvalid`.
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { loadConfig, validateConfig } from "compozy"
 *
 * const program = Effect.flatMap(loadConfig({ cwd: process.cwd() }), validateConfig)
 * ```
 */
export const validateConfig = Effect.fn("validateConfig")(function* (config: ResolvedConfig) {
  const { file } = config.settings
  if (file === undefined) return config.warnings
  const { findTestedReferences } = yield* Effect.promise(() => import("./References.ts"))
  const warnings: ReadonlyArray<ConfigProblem> = [...config.warnings, ...findTestedReferences(file)]
  return warnings
})
