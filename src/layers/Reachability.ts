/**
 * Finds out whether something listens at an address before a driver is asked to connect: drivers report a wrong host
 * name, a closed port and a bad certificate in their own words or not at all, and this says it the same way for all.
 */
import { Effect } from "effect"
import { connect as connectTcp, isIP, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"
import { LayerError, type LayerFailure, type LayerName } from "./LayerError.ts"

/** TLS settings of a connection; certificates and keys are PEM text. */
export interface TlsClientOptions {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** The name to expect in the server's certificate. Default: the host. */
  readonly serverName?: string
  /** Protocols to offer (ALPN). */
  readonly protocols?: ReadonlyArray<string>
}

/** A service to be reached. */
export interface Target {
  readonly layer: LayerName
  /** What people call it: `PostgreSQL`. */
  readonly service: string
  readonly host: string
  readonly port: number
  /** The config key that holds the address. */
  readonly key: string
  /** The environment variable that sets that key. */
  readonly variable: string
  /** The command that shows what is wrong. */
  readonly command: string
  /** Speaks TLS from the first byte, with these settings. */
  readonly tls?: TlsClientOptions
  /** How long to try, in milliseconds. */
  readonly timeout: number
}

/** The pause before a further try: it doubles up to a second. */
const pause = (attempt: number): number => Math.min(100 * 2 ** (attempt - 1), 1_000)

const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : ""

const TLS_CODES =
  /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH|CRL_)/

/** Why a socket failed, by Node's and OpenSSL's error codes. */
export const failureOf = (cause: unknown): LayerFailure => {
  const code = codeOf(cause)
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NODATA":
    case "EAI_NONAME":
      return "dns"
    case "ECONNREFUSED":
    case "ENOENT":
      return "refused"
    case "ETIMEDOUT":
      return "timeout"
    case "ECONNRESET":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EPIPE":
    case "EHOSTDOWN":
    case "EADDRNOTAVAIL":
      return "unreachable"
    default:
      return TLS_CODES.test(code) ? "tls" : "failed"
  }
}

/** `host:port`, with brackets around an IPv6 address. */
export const formatAddress = (host: string, port: number): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`

class ConnectTimeout extends Error {
  readonly code = "ETIMEDOUT"
}

/** Opens one connection and closes it again. */
const tryOnce = (target: Target, timeout: number): Effect.Effect<void, Error> =>
  Effect.callback((resume) => {
    const { host, port, tls } = target
    const onOpen = () => {
      socket.destroy()
      resume(Effect.void)
    }
    const socket: Socket =
      tls === undefined
        ? connectTcp({ host, port }, onOpen)
        : connectTls(
            {
              host,
              port,
              ...(tls.ca !== undefined && { ca: tls.ca }),
              ...(tls.cert !== undefined && { cert: tls.cert }),
              ...(tls.key !== undefined && { key: tls.key }),
              ...(tls.protocols !== undefined && { ALPNProtocols: [...tls.protocols] }),
              // A name for SNI must not be an address.
              ...(tls.serverName !== undefined
                ? { servername: tls.serverName }
                : isIP(host) === 0 && { servername: host })
            },
            onOpen
          )
    const timer = setTimeout(
      () => socket.destroy(new ConnectTimeout(`no answer within ${timeout} ms`)),
      timeout
    )
    socket.once("close", () => clearTimeout(timer))
    socket.once("error", (error) => resume(Effect.fail(error)))
    return Effect.sync(() => socket.destroy())
  })

/** What went wrong, as part of a sentence. */
export const detailOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).trim().replace(/\.$/, "")

/** OpenSSL's own words come with a thread, a file and a line; its reason alone does. */
const tlsReason = (cause: Error): string => {
  if (codeOf(cause) === "ERR_SSL_WRONG_VERSION_NUMBER") return "the server does not speak TLS"
  return "reason" in cause && typeof cause.reason === "string" ? cause.reason : detailOf(cause)
}

const reasonOf = (target: Target, failure: LayerFailure, cause: Error): string => {
  switch (failure) {
    case "dns":
      return `the host name "${target.host}" does not resolve`
    case "refused":
      return "nothing listens there"
    case "timeout":
      return "it does not answer"
    case "tls":
      return `the TLS handshake failed: ${tlsReason(cause)}`
    default:
      return detailOf(cause) || codeOf(cause) || "the connection broke"
  }
}

const times = (attempts: number): string => (attempts === 1 ? "tried once" : `tried ${attempts} times`)

/** The error of a service that was not reached. */
export const unreachable = (
  target: Target,
  failure: LayerFailure,
  reason: string,
  attempts: number,
  cause?: unknown
): LayerError => {
  const address = formatAddress(target.host, target.port)
  const advice =
    failure === "tls"
      ? `Check ${target.layer}.tls: no TLS for a server without it, ca for a certificate authority of your own.`
      : `Start ${target.service}, or correct ${target.key} (${target.variable}).`
  return new LayerError({
    layer: target.layer,
    failure,
    message: `${target.service.charAt(0).toUpperCase()}${target.service.slice(1)} at ${address} cannot be reached: ${reason}, ${times(attempts)}.`,
    fix: `${advice} Try: ${target.command}`,
    key: failure === "tls" ? `${target.layer}.tls` : target.key,
    value: address,
    address,
    attempts,
    ...(cause !== undefined && { cause })
  })
}

/**
 * Waits until the target accepts a connection, trying again until its timeout; a failed TLS handshake is final.
 * Succeeds with the number of tries.
 *
 * @example
 * ```ts
 * import { reach } from "./Reachability.ts"
 *
 * const attempts = reach({
 *   layer: "redis",
 *   service: "Redis",
 *   host: "127.0.0.1",
 *   port: 6379,
 *   key: "redis.url",
 *   variable: "REDIS_URL",
 *   command: "redis-cli -h 127.0.0.1 ping",
 *   timeout: 5_000
 * })
 * ```
 */
export const reach = Effect.fnUntraced(function* (target: Target): Effect.fn.Return<number, LayerError> {
  const deadline = performance.now() + target.timeout
  for (let attempt = 1; ; attempt++) {
    const left = Math.max(1, deadline - performance.now())
    const cause = yield* Effect.match(tryOnce(target, left), {
      onSuccess: () => undefined,
      onFailure: (cause) => cause
    })
    if (cause === undefined) return attempt
    const failure = failureOf(cause)
    const wait = pause(attempt)
    if (failure === "tls" || failure === "failed" || performance.now() + wait >= deadline) {
      return yield* unreachable(target, failure, reasonOf(target, failure, cause), attempt, cause)
    }
    yield* Effect.sleep(wait)
  }
})
