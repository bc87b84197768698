/** The `Temporal` service on any frontend. */
import { Effect, Fiber, RcRef, Scope } from "effect"
import { hostname } from "node:os"
import type { Temporal } from "../../services/Temporal.ts"
import type { LayerError } from "../LayerError.ts"
import { connectClient } from "./ClientConnection.ts"
import type { Endpoint } from "./Endpoint.ts"
import { lazyOperations } from "./LazyOperations.ts"
import { connectNative } from "./NativeRuntime.ts"
import { startSandbox } from "./Sandbox.ts"
import { loadSdk } from "./Sdk.ts"
import { toTemporalError } from "./TemporalErrors.ts"
import { makeTemporalOperations, type TemporalOperations } from "./TemporalService.ts"
import { startWorker } from "./Worker.ts"

const identity = `compozy@${process.pid}@${hostname()}`

/** Opens the client's side; `check` runs on the connection before anything else does. */
const connect = Effect.fnUntraced(function* (
  endpoint: Endpoint,
  check: (connection: Effect.Success<ReturnType<typeof connectClient>>) => Effect.Effect<void, LayerError>
): Effect.fn.Return<TemporalOperations, LayerError, Scope.Scope> {
  const sdk = yield* loadSdk
  const connection = yield* connectClient(sdk, endpoint)
  yield* check(connection)
  return makeTemporalOperations(sdk, connection, endpoint.namespace, identity)
})

/** The worker's side is loaded, and its connection opened, when the first worker starts, and closed after the last one. */
const withWorkers = Effect.fnUntraced(function* (
  endpoint: Endpoint,
  operations: TemporalOperations
): Effect.fn.Return<Temporal["Service"], never, Scope.Scope> {
  const native = yield* RcRef.make({ acquire: connectNative(endpoint) })
  return {
    ...operations,
    worker: (options) =>
      Effect.gen(function* () {
        const sandbox = yield* startSandbox
        const connection = yield* RcRef.get(native)
        return yield* startWorker(connection, sandbox, endpoint.namespace, options)
      })
  }
})

/** The service on a frontend that has answered, and passed `check`. */
export const makeTemporal = (
  endpoint: Endpoint,
  check: (connection: Effect.Success<ReturnType<typeof connectClient>>) => Effect.Effect<void, LayerError>
): Effect.Effect<Temporal["Service"], LayerError, Scope.Scope> =>
  Effect.flatMap(connect(endpoint, check), (operations) => withWorkers(endpoint, operations))

/**
 * The service on a frontend that is known to answer: Temporal's client, a fifth of a start, is loaded when it is first
 * used.
 */
export const makeLazyTemporal = Effect.fnUntraced(function* (
  endpoint: Endpoint
): Effect.fn.Return<Temporal["Service"], never, Scope.Scope> {
  const scope = yield* Effect.scope
  const connecting = yield* Effect.cached(
    connect(endpoint, () => Effect.void).pipe(
      Effect.mapError((error) => toTemporalError("temporal.connect", error)),
      // A caller that goes away does not take the connection of the others with it.
      Effect.forkIn(scope),
      Effect.provideService(Scope.Scope, scope)
    )
  )
  return yield* withWorkers(
    endpoint,
    lazyOperations(endpoint.namespace, Effect.flatMap(connecting, Fiber.join))
  )
})
