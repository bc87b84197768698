/**
 * The worker's side of Temporal's SDK: its native runtime and connections, loaded when the first worker starts.
 *
 * The runtime is one for the process, and the program's: it installs it first (`Runtime.install`) if it wants options of
 * its own, for instance a logger that says less than the SDK's.
 */
import type { NativeConnection } from "@temporalio/worker"
import { Effect, Redacted, type Scope } from "effect"
import type { ServiceError } from "../../services/ServiceError.ts"
import { toSdkTls } from "./ClientConnection.ts"
import type { Endpoint } from "./Endpoint.ts"
import { toTemporalError } from "./TemporalErrors.ts"

/** Loads the SDK's worker package: the slowest import there is, so programs start it early and wait for it late. */
export const loadWorkerSdk = Effect.promise(() => import("@temporalio/worker"))

/** The signals that the SDK's default runtime listens to. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGQUIT", "SIGUSR2"] as const

/**
 * Runs `make` and takes away the signal listeners that it added: a runtime that is made on the way would stop every
 * worker at the first Ctrl-C, and a library leaves that to its program.
 */
export const withoutNewSignalListeners = <A>(make: () => A): A => {
  const before = SIGNALS.map((signal) => new Set(process.listeners(signal)))
  const made = make()
  SIGNALS.forEach((signal, index) => {
    for (const listener of process.listeners(signal)) {
      if (!before[index]?.has(listener)) process.off(signal, listener)
    }
  })
  return made
}

/** A native connection, closed with the scope. Its workers are stopped by then. */
export const connectNative = (
  endpoint: Endpoint
): Effect.Effect<NativeConnection, ServiceError, Scope.Scope> =>
  Effect.flatMap(loadWorkerSdk, (sdk) =>
    Effect.acquireRelease(
      Effect.tryPromise({
        try: () =>
          withoutNewSignalListeners(() => {
            sdk.Runtime.instance()
            return sdk.NativeConnection.connect({
              address: endpoint.address,
              tls: toSdkTls(endpoint.tls),
              ...(endpoint.apiKey !== undefined && { apiKey: Redacted.value(endpoint.apiKey) }),
              ...(endpoint.loopback && { grpcCompression: { codec: "none" } })
            })
          }),
        catch: (cause) => toTemporalError("temporal.worker", cause)
      }),
      (connection) =>
        Effect.tryPromise(() => connection.close()).pipe(
          Effect.catch((error) =>
            Effect.logDebug("The connection of the Temporal workers was not closed", error)
          )
        )
    )
  )
