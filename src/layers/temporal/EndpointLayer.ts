/** The `Temporal` service on any frontend. */
import { Effect, RcRef, type Scope } from "effect"
import { hostname } from "node:os"
import type { Temporal } from "../../services/Temporal.ts"
import type { LayerError } from "../LayerError.ts"
import { connectClient } from "./ClientConnection.ts"
import type { Endpoint } from "./Endpoint.ts"
import { connectNative } from "./NativeRuntime.ts"
import { loadSdk } from "./Sdk.ts"
import { makeTemporalOperations } from "./TemporalService.ts"
import { startWorker } from "./Worker.ts"

/**
 * The service on a frontend that has answered. The worker's side of the SDK is loaded, and its connection opened, when
 * the first worker starts; the connection is closed after the last one has ended.
 */
export const makeTemporal = Effect.fnUntraced(function* (
  endpoint: Endpoint,
  check: (connection: Effect.Success<ReturnType<typeof connectClient>>) => Effect.Effect<void, LayerError>
): Effect.fn.Return<Temporal["Service"], LayerError, Scope.Scope> {
  const sdk = yield* loadSdk
  const connection = yield* connectClient(sdk, endpoint)
  yield* check(connection)
  const native = yield* RcRef.make({ acquire: connectNative(endpoint) })
  const { namespace } = endpoint
  return {
    ...makeTemporalOperations(sdk, connection, namespace, `compozy@${process.pid}@${hostname()}`),
    worker: (options) =>
      Effect.flatMap(RcRef.get(native), (connection) => startWorker(connection, namespace, options))
  }
})
