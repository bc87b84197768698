/** Single services for tests: the real layers, without the rest of a stack. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Settings } from "../config/Settings.ts"
import type { LayerError } from "../layers/LayerError.ts"
import { SkipsTime } from "../layers/temporal/SkipsTime.ts"
import { databaseLayer, redisLayer, temporalLayer } from "../runtime/Stack.ts"
import type { Cache } from "../services/Cache.ts"
import type { Store } from "../services/Store.ts"
import type { Temporal } from "../services/Temporal.ts"
import { makeEnvironment, makePromised } from "../layers/temporal/TestEnvironment.ts"
import { setup, type TestOptions, type TestSetupError } from "./TestOptions.ts"

const single =
  <A>(layerOf: (settings: Settings) => Layer.Layer<A, LayerError>) =>
  (options: TestOptions = {}): Layer.Layer<A, LayerError | TestSetupError> =>
    Layer.effectContext(
      Effect.flatMap(setup(undefined, options), ({ settings }) => Layer.build(layerOf(settings))).pipe(
        Effect.provideService(SkipsTime, options.timeSkipping === true)
      )
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
 * Temporal for a test: the engine as Compozy uses it, or an environment for workflows that are written with Temporal's
 * own SDK, with its client, a worker, and a clock that skips time.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Temporal, TestTemporal } from "compozy/testing"
 *
 * const program = Effect.flatMap(Temporal, (temporal) => temporal.ping).pipe(Effect.provide(TestTemporal.layer()))
 *
 * // With promises:
 * export const promised = async () => {
 *   await using temporal = await TestTemporal.make()
 *   const { client, taskQueue } = temporal
 *   return temporal.runUntil({ workflowsPath: import.meta.resolve("./workflows.ts") }, () =>
 *     client.workflow.execute("reminder", { taskQueue, workflowId: "one", args: ["in 30 days"] })
 *   )
 * }
 *
 * // With Effect:
 * export const effectful = Effect.gen(function* () {
 *   const temporal = yield* TestTemporal.environment()
 *   yield* temporal.sleep("1 day")
 *   return yield* temporal.currentTime
 * }).pipe(Effect.scoped)
 * ```
 */
export const TestTemporal: {
  /** An engine without a worker, as the stack's layer is. */
  readonly layer: (options?: TestOptions) => Layer.Layer<Temporal, LayerError | TestSetupError>
  /**
   * An environment that lives as long as its scope. Fails with an `EmbeddedTemporalError` or a `TestTemporalFailed`.
   * `Client` is the type that its client is given: a part of the SDK's, or `Client` of `@temporalio/client`.
   *
   * @param options whether time is skipped (it is), and the namespace
   */
  readonly environment: typeof makeEnvironment
  /**
   * An environment for tests that are written with promises. Rejects with an `EmbeddedTemporalError` or a
   * `TestTemporalFailed`.
   *
   * @param options whether time is skipped (it is), and the namespace
   */
  readonly make: typeof makePromised
} = {
  layer: single((settings) => temporalLayer(settings.temporal)),
  environment: makeEnvironment,
  make: makePromised
}
