/** A config file that cannot be loaded: which, where, why, and the command to type. */
import * as Schema from "effect/Schema"
import { Place, formatPlace } from "./Problem.ts"

/** The stable codes of a config file that cannot be loaded. */
export const ConfigFileErrorCode = Schema.Literals([
  "COMPOZY_CONFIG_FILE_NOT_FOUND",
  "COMPOZY_CONFIG_FILE_THREW",
  "COMPOZY_CONFIG_FILE_NO_DEFAULT",
  "COMPOZY_CONFIG_FILE_NOT_A_CONFIG",
  "COMPOZY_CONFIG_FILE_SYNTAX",
  "COMPOZY_CONFIG_FILE_UNSUPPORTED_SYNTAX",
  "COMPOZY_CONFIG_FILE_TYPE_IMPORT",
  "COMPOZY_CONFIG_FILE_PATH_ALIAS",
  "COMPOZY_CONFIG_FILE_PACKAGE_MISSING",
  "COMPOZY_CONFIG_FILE_IMPORT_MISSING",
  "COMPOZY_CONFIG_FILE_DEFINITION"
])
/** The stable codes of a config file that cannot be loaded. */
export type ConfigFileErrorCode = typeof ConfigFileErrorCode.Type

/**
 * A config file, or a file that it imports, cannot be loaded.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { loadConfig } from "compozy"
 *
 * const program = loadConfig({ cwd: process.cwd() }).pipe(
 *   Effect.catchTag("ConfigFileError", (error) => Effect.logError(`${error.code}: ${error.fix}`))
 * )
 * ```
 */
export class ConfigFileError extends Schema.TaggedError<ConfigFileError>()("ConfigFileError", {
  code: ConfigFileErrorCode,
  /** The config file. */
  file: Schema.String,
  /** One sentence: what is wrong. */
  problem: Schema.String,
  /** What to change or to type. */
  fix: Schema.String,
  place: Schema.optionalKey(Place),
  /** Further places that belong to it, such as where an id was given first. */
  related: Schema.optionalKey(Schema.Array(Schema.Struct({ what: Schema.String, place: Place }))),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  readonly isRetryable = false
  override get message(): string {
    return [
      this.problem,
      `   at ${this.place === undefined ? this.file : formatPlace(this.place)}`,
      ...(this.related ?? []).map(({ what, place }) => `   ${what} ${formatPlace(place)}`),
      `   fix: ${this.fix}`,
      `   [${this.code}]`
    ].join("\n")
  }
}
