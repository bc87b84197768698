/** What is wrong with a configuration: all of it, each with its code, key, value, fix and place. */
import * as Schema from "effect/Schema"

/** A place in a source file; line and column count from 1. */
export const Place = Schema.Struct({ file: Schema.String, line: Schema.Number, column: Schema.Number })
/** A place in a source file; line and column count from 1. */
export type Place = typeof Place.Type

/** The stable codes of what can be wrong with a setting. */
export const ConfigProblemCode = Schema.Literals([
  "COMPOZY_CONFIG_MODE_RETIRED",
  "COMPOZY_CONFIG_MODE_UNKNOWN",
  "COMPOZY_CONFIG_UNKNOWN_KEY",
  "COMPOZY_CONFIG_RENAMED_KEY",
  "COMPOZY_CONFIG_DROPPED_KEY",
  "COMPOZY_CONFIG_KEY_OF_OTHER_MODE",
  "COMPOZY_CONFIG_INVALID_VALUE",
  "COMPOZY_CONFIG_VARIABLE",
  "COMPOZY_CONFIG_FILE_UNREADABLE",
  "COMPOZY_CONFIG_MISSING_CONNECTION",
  "COMPOZY_CONFIG_CONFLICT",
  "COMPOZY_CONFIG_PGVECTOR_ON_SQLITE",
  "COMPOZY_CONFIG_EXPOSED",
  "COMPOZY_CONFIG_WORKFLOWS",
  "COMPOZY_CONFIG_LAYER_MISSING",
  "COMPOZY_CONFIG_FUNCTION_THREW",
  "COMPOZY_CONFIG_NOT_AN_OBJECT",
  // Warnings: they never stop a start.
  "COMPOZY_CONFIG_SQLITE_CONCURRENCY",
  "COMPOZY_CONFIG_MIXED_MODES",
  "COMPOZY_CONFIG_NOT_FOR_PRODUCTION",
  "COMPOZY_CONFIG_UNENCRYPTED",
  "COMPOZY_CONFIG_NO_EFFECT",
  "COMPOZY_CONFIG_UNKNOWN_VARIABLE",
  "COMPOZY_CONFIG_TESTED_REFERENCE"
])
/** The stable codes of what can be wrong with a setting. */
export type ConfigProblemCode = typeof ConfigProblemCode.Type

/** One thing that is wrong. */
export const ConfigProblem = Schema.Struct({
  code: ConfigProblemCode,
  /** The dotted path of the setting. */
  key: Schema.String,
  /** The value as it was given, in JSON and cut short; never there for a secret. */
  value: Schema.optionalKey(Schema.String),
  /** Where it was set: `compozy.config.ts`, `DB_PORT`, `--port`. */
  source: Schema.optionalKey(Schema.String),
  message: Schema.String,
  fix: Schema.String,
  place: Schema.optionalKey(Place)
})
/** One thing that is wrong. */
export type ConfigProblem = typeof ConfigProblem.Type

const shown = 50

/** `file:line:column`, which terminals and editors open. */
export const formatPlace = (place: Place): string => `${place.file}:${place.line}:${place.column}`

const formatProblem = (problem: ConfigProblem, index: number): string => {
  const at = problem.place === undefined ? (problem.source ?? "") : formatPlace(problem.place)
  return [
    `${index + 1}. ${problem.message}`,
    ...(at === "" ? [] : [`   at ${at}`]),
    `   fix: ${problem.fix}`,
    `   [${problem.code}] ${problem.key}${problem.value === undefined ? "" : ` = ${problem.value}`}`
  ].join("\n")
}

/** The text of several problems, at most fifty of them. */
export const formatProblems = (problems: ReadonlyArray<ConfigProblem>): string => {
  const head = `The configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}.`
  const more = problems.length - shown
  return [
    head,
    ...problems.slice(0, shown).map(formatProblem),
    ...(more > 0 ? [`... and ${more} more.`] : [])
  ].join("\n\n")
}

/**
 * A configuration that cannot be used, with every problem that was found. The message lists all of them.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { resolveConfig } from "compozy"
 *
 * const program = resolveConfig(undefined, { root: "/srv/app", env: { COMPOZY_MODE: "standalone" } }).pipe(
 *   Effect.catchTag("ConfigInvalid", (error) => Effect.logError(error.message))
 * )
 * ```
 */
export class ConfigInvalid extends Schema.TaggedError<ConfigInvalid>()("ConfigInvalid", {
  problems: Schema.NonEmptyArray(ConfigProblem)
}) {
  readonly code = "COMPOZY_CONFIG_INVALID"
  readonly isRetryable = false
  override get message(): string {
    return formatProblems(this.problems)
  }
}
