/**
 * Modes: where state lives. `defineMode` makes a config of it, in whose types each component is a union on its
 * own effective mode: a key of another mode, an unknown key or a missing connection do not compile.
 */
import * as Schema from "effect/Schema"
import { modeFormat, ModeTypeId } from "./config/Definition.ts"
import type { ModeDefinition } from "./config/Definition.ts"
import type { AnyConfig, ConfigOf, Environment, Workflows } from "./config/ModeConfig.ts"
import type { AnyWorkflow } from "./workflow/Workflow.ts"

export { isModeDefinition } from "./config/Definition.ts"
export type { ModeDefinition } from "./config/Definition.ts"
export type { AnyConfig, ConfigOf, Environment, Services, Workflows } from "./config/ModeConfig.ts"

/**
 * Where state lives: `memory` (gone on exit, the default), `persistent` (files under `.compozy`) or
 * `distributed` (PostgreSQL, Redis and Temporal of your own).
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { Mode } from "compozy"
 *
 * Schema.is(Mode)("memory") // => true
 * ```
 */
export const Mode = Schema.Literals(["memory", "persistent", "distributed"])
/** Where state lives. */
export type Mode = typeof Mode.Type

/** The effective mode of Temporal: `remote` is a Temporal cluster. */
export const TemporalMode = Schema.Literals(["memory", "persistent", "remote"])
/** The effective mode of Temporal. */
export type TemporalMode = typeof TemporalMode.Type

const BuiltTypeId: unique symbol = Symbol.for("compozy/ModeConfig")

/** What {@link memory}, {@link persistent} and {@link distributed} make: a checked config for {@link defineMode}. */
export interface Built<M extends Mode> {
  readonly mode: M
  readonly [BuiltTypeId]: M
}

/**
 * A config in memory mode: SQLite, Redis and Temporal inside the process; everything is gone when it ends.
 *
 * @param config - The settings, workflows and their `layer`; all may be left out.
 * @returns What {@link defineMode} takes.
 * @example
 * ```ts
 * import { defineMode, memory } from "compozy"
 *
 * export default defineMode(memory({ name: "hello", server: { port: 0 } }))
 * ```
 */
export const memory = <const W extends ReadonlyArray<AnyWorkflow> = []>(
  config?: ConfigOf<"memory"> & { readonly mode?: "memory" } & Workflows<W>
): Built<"memory"> => ({ ...config, mode: "memory", [BuiltTypeId]: "memory" })

/**
 * A config in persistent mode: SQLite, Redis and Temporal inside the process, with their files under
 * `.compozy` beside the config file.
 *
 * @param config - The settings, workflows and their `layer`; all may be left out.
 * @returns What {@link defineMode} takes.
 * @example
 * ```ts
 * import { defineMode, persistent } from "compozy"
 *
 * export default defineMode(persistent({ name: "hello", database: { path: "data/hello.db" } }))
 * ```
 */
export const persistent = <const W extends ReadonlyArray<AnyWorkflow> = []>(
  config?: ConfigOf<"persistent"> & { readonly mode?: "persistent" } & Workflows<W>
): Built<"persistent"> => ({ ...config, mode: "persistent", [BuiltTypeId]: "persistent" })

/**
 * A config in distributed mode: PostgreSQL, Redis and Temporal of your own. The three connections are needed.
 *
 * @param config - The settings, workflows and their `layer`.
 * @returns What {@link defineMode} takes.
 * @example
 * ```ts
 * import { Config } from "effect"
 * import { defineMode, distributed } from "compozy"
 *
 * export default defineMode(
 *   distributed({
 *     database: { url: Config.Redacted("COMPOZY_DATABASE_URL") },
 *     redis: { url: Config.Redacted("REDIS_URL") },
 *     temporal: { address: "temporal.internal:7233", namespace: "orders" }
 *   })
 * )
 * ```
 */
export const distributed = <const W extends ReadonlyArray<AnyWorkflow> = []>(
  config: ConfigOf<"distributed"> & { readonly mode?: "distributed" } & Workflows<W>
): Built<"distributed"> => ({ ...config, mode: "distributed", [BuiltTypeId]: "distributed" })

/**
 * Makes the default export of `compozy.config.ts`.
 *
 * It takes a literal, what a builder makes, or a function of the environment (the process's, over the `.env`
 * file beside the config) that returns either. Any value may be an Effect `Config`. Settings of other modes stand
 * under `modes` and are merged when that mode is effective. Nothing is read or checked here: that happens when
 * the config is resolved, with every problem reported at once as `ConfigInvalid`.
 *
 * @param config - The settings, the workflows, and the `layer` that gives the services that they list.
 * @returns A branded value: `export default` it.
 * @example
 * ```ts
 * import { defineMode } from "compozy"
 *
 * export default defineMode({
 *   mode: "memory",
 *   name: "hello",
 *   modes: { persistent: { database: { path: "data/hello.db" } } }
 * })
 * ```
 */
export const defineMode = <const W extends ReadonlyArray<AnyWorkflow> = []>(
  config:
    | (AnyConfig & Workflows<W>)
    | Built<Mode>
    | ((environment: Environment) => (AnyConfig & Workflows<W>) | Built<Mode>)
): ModeDefinition => ({ [ModeTypeId]: { format: modeFormat }, config })
