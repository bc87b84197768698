/** The cache in this process, kept in a folder. */
import { Layer } from "effect"
import { Cache } from "../../services/Cache.ts"
import type { LayerError } from "../LayerError.ts"
import { type EmbeddedRedisLayerOptions, makeEmbeddedCache } from "./EmbeddedCache.ts"

/** The Redis in a folder. Durations are milliseconds. */
export interface PersistentRedisOptions extends EmbeddedRedisLayerOptions {
  readonly persistence: {
    /** The absolute path of the folder; it is made when it is missing, readable by its owner only. */
    readonly dataDir: string
    /**
     * When writes are forced to the disk. Whatever is acknowledged survives the death of the process, `kill -9` included,
     * with each of them. Default `everysec`.
     */
    readonly fsync?: "always" | "everysec" | "no"
    /** Default 0: the log is compacted when it has grown. */
    readonly snapshotInterval?: number
    /** Default false. */
    readonly snapshotOnShutdown?: boolean
    /** Default true. */
    readonly restoreOnStartup?: boolean
  }
}

/**
 * A cache in this process whose keys, values and times to live survive it. One process owns the folder.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Cache } from "../../services/Cache.ts"
 * import { layer } from "./persistent.ts"
 *
 * const greeting = Effect.flatMap(Cache, (cache) => cache.values.get("greeting")).pipe(
 *   Effect.provide(layer({ persistence: { dataDir: "/var/lib/compozy/redis" } }))
 * )
 * ```
 */
export const layer = (options: PersistentRedisOptions): Layer.Layer<Cache, LayerError> => {
  const { dataDir, ...rest } = options.persistence
  return Layer.effect(Cache, makeEmbeddedCache(options, { dir: dataDir, ...rest }))
}
