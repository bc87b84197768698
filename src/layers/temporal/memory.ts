/** The workflow engine in memory: its executions live and die with the layer. */
import { Layer } from "effect"
import { Temporal } from "../../services/Temporal.ts"
import type { LayerError } from "../LayerError.ts"
import { type EmbeddedTemporalLayerOptions, makeEmbeddedTemporal } from "./EmbeddedEngine.ts"

/** The engine in memory. Durations are milliseconds. */
export type MemoryTemporalOptions = EmbeddedTemporalLayerOptions

/**
 * A workflow engine in this process that keeps nothing. It listens on loopback and answers only its own key.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Temporal } from "../../services/Temporal.ts"
 * import { layer } from "./memory.ts"
 *
 * const namespace = Effect.map(Temporal, (temporal) => temporal.namespace).pipe(Effect.provide(layer()))
 * ```
 */
export const layer = (options: MemoryTemporalOptions = {}): Layer.Layer<Temporal, LayerError> =>
  Layer.effect(Temporal, makeEmbeddedTemporal(options, {}))
