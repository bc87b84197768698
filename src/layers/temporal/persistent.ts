/** The workflow engine in this process, on a SQLite file. */
import { Effect, Layer } from "effect"
import { Temporal } from "../../services/Temporal.ts"
import type { LayerError } from "../LayerError.ts"
import { ownFile } from "../FileOwner.ts"
import { type EmbeddedTemporalLayerOptions, makeEmbeddedTemporal } from "./EmbeddedEngine.ts"

/** The engine on a file. Durations are milliseconds. */
export interface PersistentTemporalOptions extends EmbeddedTemporalLayerOptions {
  /** The absolute path of the file; its folder is made when it is missing, readable by its owner only. */
  readonly file: string
  /**
   * `normal` (the default): what was acknowledged survives the death of the process, `kill -9` included, and a power loss
   * may take the newest steps; `full`: it survives a power loss too.
   */
  readonly synchronous?: "normal" | "full"
}

/**
 * A workflow engine in this process whose executions survive it: a new layer on the same file goes on where the last one
 * ended, however it ended. One process owns the file.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Temporal } from "../../services/Temporal.ts"
 * import { layer } from "./persistent.ts"
 *
 * const namespace = Effect.map(Temporal, (temporal) => temporal.namespace).pipe(
 *   Effect.provide(layer({ file: "/var/lib/compozy/temporal.db" }))
 * )
 * ```
 */
export const layer = (options: PersistentTemporalOptions): Layer.Layer<Temporal, LayerError> =>
  Layer.effect(
    Temporal,
    Effect.gen(function* () {
      const { file, synchronous } = options
      yield* ownFile({
        path: file,
        layer: "temporal",
        key: "temporal.file",
        what: "workflow engine's database"
      })
      return yield* makeEmbeddedTemporal(options, { file, ...(synchronous !== undefined && { synchronous }) })
    })
  )
