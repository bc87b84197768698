/** Single services for tests: the real layers, without the rest of a stack. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Settings } from "../config/Settings.ts"
import type { LayerError } from "../layers/LayerError.ts"
import { databaseLayer, redisLayer, temporalLayer } from "../runtime/Stack.ts"
import type { Cache } from "../services/Cache.ts"
import type { Store } from "../services/Store.ts"
import type { Temporal } from "../services/Temporal.ts"
import { setup, type TestOptions, type TestSetupError } from "./TestOptions.ts"

const single =
  <A>(layerOf: (settings: Settings) => Layer.Layer<A, LayerError>) =>
  (options: TestOptions = {}): Layer.Layer<A, LayerError | TestSetupError> =>
    Layer.effectContext(
      Effect.flatMap(setup(undefined, options), ({ settings }) => Layer.build(layerOf(settings)))
    )

/**
 * The store of a test.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Store, TestStore } from "compozy/testing"
 *
 * const program = Effect.flatMap(Store, (store) => store.listUsers).pipe(Effect.provide(TestStore.layer()))
 * ```
 */
export const TestStore: {
  /** An empty, migrated store and its `SqlClient`. */
  readonly layer: (options?: TestOptions) => Layer.Layer<Store | SqlClient, LayerError | TestSetupError>
} = { layer: single((settings) => databaseLayer(settings.database)) }

/**
 * The cache of a test.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Cache, TestCache } from "compozy/testing"
 *
 * const program = Effect.flatMap(Cache, (cache) => cache.values.set("key", "value")).pipe(
 *   Effect.provide(TestCache.layer())
 * )
 * ```
 */
export const TestCache: {
  /** An empty cache. */
  readonly layer: (options?: TestOptions) => Layer.Layer<Cache, LayerError | TestSetupError>
} = { layer: single((settings) => redisLayer(settings.redis)) }

/**
 * The workflow engine of a test.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Temporal, TestTemporal } from "compozy/testing"
 *
 * const program = Effect.flatMap(Temporal, (temporal) => temporal.ping).pipe(Effect.provide(TestTemporal.layer()))
 * ```
 */
export const TestTemporal: {
  /** An engine without a worker. */
  readonly layer: (options?: TestOptions) => Layer.Layer<Temporal, LayerError | TestSetupError>
} = { layer: single((settings) => temporalLayer(settings.temporal)) }
