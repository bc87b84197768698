/** Connections to a Redis elsewhere: one server, behind sentinels, or a cluster. */
import type { Cluster, ClusterOptions, Redis, RedisOptions } from "ioredis"
import { Effect, Redacted, type Scope } from "effect"
import type { ConnectionOptions } from "node:tls"
import { LayerError } from "../LayerError.ts"
import {
  detailOf,
  failureOf,
  formatAddress,
  reach,
  type Target,
  type TlsClientOptions,
  unreachable
} from "../Reachability.ts"
import type { RedisClient, RedisCommands } from "./RedisClient.ts"

/** A host and a port. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
}

/** TLS settings; certificates and keys are PEM text. */
export interface RedisTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: Redacted.Redacted
  /** The name to expect in the server's certificate. Default: the host. */
  readonly serverName?: string
}

/** A Redis, with everything decided. Durations are milliseconds. */
export interface RedisServer {
  /** The server, the sentinels, or some nodes of the cluster. */
  readonly nodes: readonly [RedisAddress, ...ReadonlyArray<RedisAddress>]
  readonly kind: "single" | "sentinel" | "cluster"
  /** The config key that names the nodes. */
  readonly key: string
  readonly username: string | undefined
  readonly password: Redacted.Redacted | undefined
  readonly db: number
  readonly tls: RedisTls | undefined
  readonly sentinel: {
    readonly name: string
    readonly username: string | undefined
    readonly password: Redacted.Redacted | undefined
  }
  readonly connectTimeout: number
  readonly retry: { readonly maxAttempts: number; readonly initialDelay: number; readonly maxDelay: number }
}

/** No command of ours takes longer on a server that is well. */
const COMMAND_TIMEOUT = 10_000

const reveal = (secret: Redacted.Redacted | undefined) =>
  secret === undefined ? undefined : Redacted.value(secret)

const toTls = (tls: RedisTls): ConnectionOptions => ({
  ...(tls.ca !== undefined && { ca: tls.ca }),
  ...(tls.cert !== undefined && { cert: tls.cert }),
  ...(tls.key !== undefined && { key: Redacted.value(tls.key) }),
  ...(tls.serverName !== undefined && { servername: tls.serverName })
})

const toProbeTls = (tls: RedisTls): TlsClientOptions => ({
  ...(tls.ca !== undefined && { ca: tls.ca }),
  ...(tls.cert !== undefined && { cert: tls.cert }),
  ...(tls.key !== undefined && { key: Redacted.value(tls.key) }),
  ...(tls.serverName !== undefined && { serverName: tls.serverName })
})

const cliOf = (server: RedisServer, { host, port }: RedisAddress): string =>
  `redis-cli -h ${host} -p ${port}${server.tls === undefined ? "" : " --tls"}${server.username === undefined ? "" : ` --user ${server.username}`} ping`

const variables = {
  single: "REDIS_URL",
  sentinel: "REDIS_SENTINEL_NODES",
  cluster: "REDIS_CLUSTER_NODES"
} as const

const targetOf = (server: RedisServer, node: RedisAddress): Target => ({
  layer: "redis",
  service: server.kind === "sentinel" ? "the Redis sentinel" : "Redis",
  ...node,
  key: server.key,
  variable: variables[server.kind],
  command: cliOf(server, node),
  timeout: server.connectTimeout,
  ...(server.tls !== undefined && { tls: toProbeTls(server.tls) })
})

class NoAnswer extends Error {}

/** What the first connection failed with, for a person. */
const connectError = (server: RedisServer, attempts: number, cause: unknown): LayerError => {
  const [node] = server.nodes
  const address = formatAddress(node.host, node.port)
  const detail = detailOf(cause)
  const fields = { layer: "redis" as const, address, attempts, cause }
  if (/^(NOAUTH|WRONGPASS|NOPERM)|invalid password|without any password configured/.test(detail)) {
    return new LayerError({
      ...fields,
      failure: "auth",
      message: `Redis at ${address} refused the credentials: ${detail}.`,
      fix: `Check redis.username and redis.password, or those in redis.url (REDIS_URL). Try: ${cliOf(server, node)}`,
      key: "redis.password"
    })
  }
  if (/sentinel/i.test(detail)) {
    return new LayerError({
      ...fields,
      failure: "not-found",
      message: `No sentinel knows a Redis master "${server.sentinel.name}": ${detail}.`,
      fix: `Check redis.sentinel.name and redis.sentinel.nodes. Try: redis-cli -h ${node.host} -p ${node.port} sentinel masters`,
      key: "redis.sentinel.name",
      value: server.sentinel.name
    })
  }
  if (/cluster support disabled|slots cache/i.test(detail)) {
    return new LayerError({
      ...fields,
      failure: "invalid",
      message: `Redis at ${address} is no cluster, or is not complete: ${detail}.`,
      fix: `Use redis.url for a single server. Try: redis-cli -h ${node.host} -p ${node.port} cluster info`,
      key: "redis.cluster.nodes",
      value: address
    })
  }
  if (detail.startsWith("Protocol error")) {
    return new LayerError({
      ...fields,
      failure: "invalid",
      message: `What answers at ${address} does not speak Redis's protocol.`,
      fix: `Check redis.host and redis.port, or redis.url (REDIS_URL), and whether the server wants TLS. Try: ${cliOf(server, node)}`,
      key: server.key,
      value: address
    })
  }
  const target = targetOf(server, node)
  return cause instanceof NoAnswer
    ? unreachable(
        target,
        "timeout",
        `it accepts connections, but does not answer within ${server.connectTimeout} ms`,
        attempts,
        cause
      )
    : unreachable(target, failureOf(cause), detail, attempts, cause)
}

/** The pause before a reconnection: it doubles up to the limit. The first connection is not repeated: it was probed. */
const reconnect = (server: RedisServer, wasReady: () => boolean) => (times: number) =>
  wasReady() ? Math.min(server.retry.initialDelay * 2 ** (times - 1), server.retry.maxDelay) : null

const commonOptions = (server: RedisServer): RedisOptions => {
  const password = reveal(server.password)
  return {
    ...(server.username !== undefined && { username: server.username }),
    ...(password !== undefined && { password }),
    ...(server.tls !== undefined && { tls: toTls(server.tls) }),
    connectTimeout: server.connectTimeout,
    commandTimeout: COMMAND_TIMEOUT,
    keepAlive: 30_000,
    maxRetriesPerRequest: server.retry.maxAttempts,
    connectionName: "compozy",
    lazyConnect: true
  }
}

const singleOptions = (server: RedisServer, wasReady: () => boolean): RedisOptions => {
  const [node] = server.nodes
  const sentinelPassword = reveal(server.sentinel.password)
  const retry = reconnect(server, wasReady)
  return {
    ...commonOptions(server),
    db: server.db,
    retryStrategy: retry,
    ...(server.kind === "sentinel"
      ? {
          sentinels: [...server.nodes],
          name: server.sentinel.name,
          sentinelRetryStrategy: retry,
          ...(server.sentinel.username !== undefined && { sentinelUsername: server.sentinel.username }),
          ...(sentinelPassword !== undefined && { sentinelPassword }),
          ...(server.tls !== undefined && { enableTLSForSentinelMode: true, sentinelTLS: toTls(server.tls) })
        }
      : { host: node.host, port: node.port })
  }
}

const clusterOptions = (server: RedisServer, wasReady: () => boolean): ClusterOptions => ({
  lazyConnect: true,
  clusterRetryStrategy: reconnect(server, wasReady),
  redisOptions: commonOptions(server)
})

interface Drivers {
  readonly Redis: typeof Redis
  readonly Cluster: typeof Cluster
}

/** Connects once; what the connection reports later reaches the callers of commands. */
const connectOnce = async (drivers: Drivers, server: RedisServer): Promise<RedisCommands> => {
  let ready = false
  let reported: unknown
  const redis: RedisCommands =
    server.kind === "cluster"
      ? new drivers.Cluster(
          [...server.nodes],
          clusterOptions(server, () => ready)
        )
      : new drivers.Redis(singleOptions(server, () => ready))
  redis.on("error", (cause: unknown) => {
    reported = cause
  })
  const timer = setTimeout(() => {
    reported = new NoAnswer("no answer")
    redis.disconnect()
  }, server.connectTimeout)
  try {
    await redis.connect()
    await redis.ping()
    ready = true
    return redis
  } catch (cause) {
    redis.disconnect()
    // "Connection is closed" is only what follows from the cause, which was reported before.
    throw reported ?? cause
  } finally {
    clearTimeout(timer)
  }
}

/** One of the cluster's masters, the same one for a channel as long as the cluster does not change. */
const masterOf = (cluster: Cluster, channel: string): RedisCommands => {
  const nameOf = ({ options }: Redis) => `${options.host}:${options.port}`
  const masters = cluster.nodes("master").toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  let hash = 0
  for (let index = 0; index < channel.length; index++) hash = (hash * 31 + channel.charCodeAt(index)) >>> 0
  return masters[hash % masters.length] ?? cluster
}

/** The connections to `server`, which has answered; they are closed with the scope. */
export const connectRedis = Effect.fnUntraced(function* (
  server: RedisServer
): Effect.fn.Return<RedisClient, LayerError, Scope.Scope> {
  const drivers = yield* Effect.promise(() => import("ioredis"))
  const attempts = yield* Effect.raceAll(server.nodes.map((node) => reach(targetOf(server, node))))
  const commands = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => connectOnce(drivers, server),
      catch: (cause) => connectError(server, attempts, cause)
    }),
    (redis) => Effect.sync(() => redis.disconnect())
  )
  return {
    commands,
    connectSubscriber: () => connectOnce(drivers, server),
    keyspaces: () => ("nodes" in commands ? commands.nodes("master") : [commands]),
    publisher: (channel) => ("nodes" in commands ? masterOf(commands, channel) : commands),
    isCluster: server.kind === "cluster",
    isExclusive: false
  }
})
