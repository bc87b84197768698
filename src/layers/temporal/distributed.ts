/** The workflow engine on a Temporal cluster or Temporal Cloud. */
import { Effect, Layer, Redacted } from "effect"
import { Temporal } from "../../services/Temporal.ts"
import { LayerError } from "../LayerError.ts"
import { reach, type TlsClientOptions } from "../Reachability.ts"
import { checkNamespace } from "./ClientConnection.ts"
import type { Endpoint, TemporalTls } from "./Endpoint.ts"
import { makeTemporal } from "./EndpointLayer.ts"

/** The connection to a Temporal cluster. Durations are milliseconds, certificates and keys PEM text. */
export interface DistributedTemporalOptions {
  /** The frontend, as `host:port`; port 7233 where it is left out. */
  readonly address: string
  readonly namespace: string
  /** For Temporal Cloud; turns TLS on. */
  readonly apiKey?: Redacted.Redacted
  /** Default: no TLS, unless there is an API key or a certificate. */
  readonly tls?: TemporalTls & { readonly enabled?: boolean }
  /** How long the frontend has to answer. Default 10,000. */
  readonly startTimeout?: number
}

const DEFAULT_PORT = 7233

/** `host:port`, `[::1]:port`, `host`. */
const parseAddress = (address: string): Effect.Effect<{ host: string; port: number }, LayerError> => {
  const match = /^(?:\[([^\]]+)\]|([^:/[\]\s]+))(?::(\d{1,5}))?$/.exec(address.trim())
  const host = match?.[1] ?? match?.[2]
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3])
  return host === undefined || port < 1 || port > 65_535
    ? Effect.fail(
        new LayerError({
          layer: "temporal",
          failure: "invalid",
          message: `temporal.address is no host:port: "${address}".`,
          fix: "Write it as host:port, e.g. temporal.example.com:7233, without http:// and without a path.",
          key: "temporal.address",
          value: address
        })
      )
    : Effect.succeed({ host, port })
}

const tlsOf = ({ apiKey, tls }: DistributedTemporalOptions): TemporalTls | undefined => {
  const wanted =
    tls?.enabled === true || apiKey !== undefined || tls?.ca !== undefined || tls?.cert !== undefined
  return wanted ? (tls ?? {}) : undefined
}

/** gRPC is HTTP/2, which a TLS server is asked for in the handshake. */
const probeTls = (tls: TemporalTls): TlsClientOptions => ({
  protocols: ["h2"],
  ...(tls.ca !== undefined && { ca: tls.ca }),
  ...(tls.cert !== undefined && { cert: tls.cert }),
  ...(tls.key !== undefined && { key: Redacted.value(tls.key) }),
  ...(tls.serverName !== undefined && { serverName: tls.serverName })
})

/**
 * The workflow engine of a cluster. Building it has checked that the frontend answers and that the namespace exists;
 * it never falls back to an embedded engine.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Temporal } from "../../services/Temporal.ts"
 * import { layer } from "./distributed.ts"
 *
 * const namespace = Effect.map(Temporal, (temporal) => temporal.namespace).pipe(
 *   Effect.provide(layer({ address: "temporal.example.com:7233", namespace: "default" }))
 * )
 * ```
 */
export const layer = (options: DistributedTemporalOptions): Layer.Layer<Temporal, LayerError> =>
  Layer.effect(
    Temporal,
    Effect.gen(function* () {
      const { host, port } = yield* parseAddress(options.address)
      const { startTimeout = 10_000 } = options
      const tls = tlsOf(options)
      yield* reach({
        layer: "temporal",
        service: "Temporal",
        host,
        port,
        key: "temporal.address",
        variable: "TEMPORAL_HOST_PORT",
        command: `temporal operator cluster health${tls ? " --tls" : ""} --address ${options.address}`,
        // The rest is for the process around it, which has to say in time what is wrong.
        timeout: Math.round(startTimeout * 0.8),
        ...(tls !== undefined && { tls: probeTls(tls) })
      })
      const endpoint: Endpoint = {
        address: options.address.trim(),
        namespace: options.namespace,
        startTimeout,
        loopback: host === "localhost" || host === "127.0.0.1" || host === "::1",
        ...(options.apiKey !== undefined && { apiKey: options.apiKey }),
        ...(tls !== undefined && { tls })
      }
      return yield* makeTemporal(endpoint, (connection) => checkNamespace(connection, endpoint))
    })
  )
