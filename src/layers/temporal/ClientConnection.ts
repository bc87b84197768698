/** The client's connection to a Temporal frontend: opened, checked, and closed with the scope. */
import type { Connection } from "@temporalio/client/lib/connection.js"
import { Effect, Redacted, type Scope } from "effect"
import { LayerError, type LayerFailure } from "../LayerError.ts"
import type { Endpoint, TemporalTls } from "./Endpoint.ts"
import { makeRetries } from "./Retries.ts"
import type { Sdk } from "./Sdk.ts"
import { grpcStatusOf } from "./TemporalErrors.ts"

/** TLS settings as both of the SDK's connections take them; `false` says that an API key alone does not turn TLS on. */
export const toSdkTls = (tls: TemporalTls | undefined) =>
  tls === undefined
    ? false
    : {
        ...(tls.serverName !== undefined && { serverNameOverride: tls.serverName }),
        ...(tls.ca !== undefined && { serverRootCACertificate: Buffer.from(tls.ca) }),
        ...(tls.cert !== undefined &&
          tls.key !== undefined && {
            clientCertPair: { crt: Buffer.from(tls.cert), key: Buffer.from(Redacted.value(tls.key)) }
          })
      }

const failed = (
  endpoint: Endpoint,
  failure: LayerFailure,
  message: string,
  fix: string,
  key: string,
  cause: unknown
) =>
  new LayerError({
    layer: "temporal",
    failure,
    message,
    fix,
    key,
    value: key === "temporal.namespace" ? endpoint.namespace : endpoint.address,
    address: endpoint.address,
    attempts: 1,
    cause
  })

const connectError = (endpoint: Endpoint, cause: unknown): LayerError => {
  const { address, startTimeout } = endpoint
  const status = grpcStatusOf(cause)
  if (status?.code === 7 || status?.code === 16) {
    return failed(
      endpoint,
      "auth",
      `Temporal at ${address} refused the credentials: ${status.details}.`,
      "Check temporal.apiKey (TEMPORAL_API_KEY), or the client certificate in temporal.tls.",
      "temporal.apiKey",
      cause
    )
  }
  if (status === undefined || status.code === 4 || status.code === 14) {
    return failed(
      endpoint,
      "timeout",
      `Temporal at ${address} accepts connections, but did not answer as a Temporal frontend within ${startTimeout} ms.`,
      endpoint.tls === undefined
        ? "Check temporal.address, and set temporal.tls.enabled if the frontend wants TLS. Try: temporal operator cluster health --address " +
            address
        : `Check temporal.address and temporal.tls. Try: temporal operator cluster health --tls --address ${address}`,
      "temporal.address",
      cause
    )
  }
  return failed(
    endpoint,
    "failed",
    `Temporal at ${address} answered with an error: ${status.details}.`,
    `Try: temporal operator cluster health --address ${address}`,
    "temporal.address",
    cause
  )
}

/** A connection whose frontend has answered. */
export const connectClient = (
  sdk: Sdk,
  endpoint: Endpoint
): Effect.Effect<Connection, LayerError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const retries = makeRetries(sdk.retry)
      const connection = sdk.Connection.lazy({
        address: endpoint.address,
        tls: toSdkTls(endpoint.tls),
        connectTimeout: endpoint.startTimeout,
        interceptors: retries.interceptors,
        ...(endpoint.apiKey !== undefined && { apiKey: Redacted.value(endpoint.apiKey) })
      })
      return { connection, retries }
    }),
    ({ connection, retries }) => Effect.promise(() => retries.close(connection))
  ).pipe(
    Effect.map(({ connection }) => connection),
    Effect.tap((connection) =>
      Effect.tryPromise({
        try: () => connection.ensureConnected(),
        catch: (cause) => connectError(endpoint, cause)
      })
    )
  )

/** Fails unless the namespace exists and may be used. */
export const checkNamespace = (connection: Connection, endpoint: Endpoint): Effect.Effect<void, LayerError> =>
  Effect.tryPromise({
    try: () =>
      connection.withDeadline(Date.now() + endpoint.startTimeout, () =>
        connection.workflowService.describeNamespace({ namespace: endpoint.namespace })
      ),
    catch: (cause) => {
      const { address, namespace } = endpoint
      return grpcStatusOf(cause)?.code === 5
        ? failed(
            endpoint,
            "not-found",
            `Temporal at ${address} has no namespace "${namespace}".`,
            `Correct temporal.namespace, or create it: temporal operator namespace create --namespace ${namespace} --address ${address}`,
            "temporal.namespace",
            cause
          )
        : connectError(endpoint, cause)
    }
  })
