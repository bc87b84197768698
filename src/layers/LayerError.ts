/**
 * The one error that building a layer fails with: which service, at which address, after how many tries, why,
 * and what to do next.
 */
import { Schema } from "effect"

/** The infrastructure piece whose layer could not be built. */
export const LayerName = Schema.Literals(["database", "redis", "temporal"])
/** The infrastructure piece whose layer could not be built. */
export type LayerName = typeof LayerName.Type

/**
 * Why a layer could not be built.
 *
 * - `dns`: the host name does not resolve; `refused`: nothing listens at the address; `unreachable`: no route, or the
 *   connection was cut; `timeout`: no answer in time; `tls`: the TLS handshake failed; `auth`: credentials or
 *   permissions were refused.
 * - `in-use`: another process owns the files; `storage`: a file cannot be opened or written, or is damaged.
 * - `migration`: the schema could not be brought up to date; `not-found`: the named database or namespace does not exist;
 *   `invalid`: an option has no usable value; `failed`: anything else.
 */
export const LayerFailure = Schema.Literals([
  "dns",
  "refused",
  "unreachable",
  "timeout",
  "tls",
  "auth",
  "in-use",
  "storage",
  "migration",
  "not-found",
  "invalid",
  "failed"
])
/** Why a layer could not be built. */
export type LayerFailure = typeof LayerFailure.Type

const retryable: ReadonlySet<LayerFailure> = new Set(["dns", "refused", "unreachable", "timeout"])

/**
 * A layer could not be built. `message` is whole sentences for a person; secrets never appear in it.
 *
 * @example
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { layer } from "./database/memory.ts"
 *
 * const program = Effect.scoped(Layer.build(layer)).pipe(
 *   Effect.catchTag("LayerError", (error) => Effect.logError(`${error.message} ${error.fix}`))
 * )
 * ```
 */
export class LayerError extends Schema.TaggedError<LayerError>()("LayerError", {
  layer: LayerName,
  failure: LayerFailure,
  message: Schema.String,
  /** What to do about it, with the next command to try where there is one. */
  fix: Schema.String,
  /** The config key that most likely holds the wrong value, e.g. `database.url`. */
  key: Schema.optionalKey(Schema.String),
  /** That key's value, without secrets. */
  value: Schema.optionalKey(Schema.String),
  /** `host:port` or the path of a file. */
  address: Schema.optionalKey(Schema.String),
  /** How many times it was tried. */
  attempts: Schema.optionalKey(Schema.Number),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  /** A stable code, e.g. `COMPOZY_DATABASE_REFUSED`. */
  get code(): string {
    return `COMPOZY_${this.layer.toUpperCase()}_${this.failure.toUpperCase().replaceAll("-", "_")}`
  }
  /** Whether the same call may succeed later without a change of the configuration. */
  get isRetryable(): boolean {
    return retryable.has(this.failure)
  }
}
