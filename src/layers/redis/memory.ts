/** The cache in memory: what it holds lives and dies with the layer. */
import { Layer } from "effect"
import { Cache } from "../../services/Cache.ts"
import type { LayerError } from "../LayerError.ts"
import { type EmbeddedRedisLayerOptions, makeEmbeddedCache } from "./EmbeddedCache.ts"

/** The Redis in memory. */
export type MemoryRedisOptions = EmbeddedRedisLayerOptions

/**
 * A cache in this process that keeps nothing. It opens no port unless told to.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Cache } from "../../services/Cache.ts"
 * import { layer } from "./memory.ts"
 *
 * const greeting = Effect.gen(function* () {
 *   const cache = yield* Cache
 *   yield* cache.values.set("greeting", "hello", { ttl: 60_000 })
 *   return yield* cache.values.get("greeting")
 * }).pipe(Effect.provide(layer()))
 * ```
 */
export const layer = (options: MemoryRedisOptions = {}): Layer.Layer<Cache, LayerError> =>
  Layer.effect(Cache, makeEmbeddedCache(options, undefined))
