/** The cache on a Redis elsewhere. */
import { Effect, Layer, Redacted } from "effect"
import { Cache } from "../../services/Cache.ts"
import { LayerError } from "../LayerError.ts"
import { connectRedis, type RedisAddress, type RedisServer, type RedisTls } from "./Connect.ts"
import { makeIoredisCache } from "./IoredisCache.ts"

/** The connection to Redis. Durations are milliseconds. One of `url`, `host`, `sentinel` and `cluster` says where it is. */
export interface DistributedRedisOptions {
  /** `redis://user:password@host:port/db`, or `rediss://` for TLS; what else is given here goes before it. */
  readonly url?: Redacted.Redacted
  readonly host?: string
  /** Default 6379. */
  readonly port?: number
  readonly username?: string
  readonly password?: Redacted.Redacted
  /** Default 0. */
  readonly db?: number
  readonly tls?: RedisTls & { readonly enabled?: boolean }
  readonly sentinel?: {
    /** The name of the master that the sentinels watch. */
    readonly name: string
    readonly nodes: ReadonlyArray<RedisAddress>
    readonly username?: string
    readonly password?: Redacted.Redacted
  }
  readonly cluster?: { readonly nodes: ReadonlyArray<RedisAddress> }
  /** What every key and channel starts with. Default `compozy:`. */
  readonly keyPrefix?: string
  /** How long the server has to accept the first connection, and each further one. Default 5,000. */
  readonly connectTimeout?: number
  readonly retry?: {
    /** How often a command is tried again on a broken connection. Default 3. */
    readonly maxAttempts?: number
    /** The pause before the first reconnection; it doubles each time. Default 50. */
    readonly initialDelay?: number
    /** Default 2,000. */
    readonly maxDelay?: number
  }
}

const DEFAULT_PORT = 6379

const invalid = (key: string, message: string, fix: string) =>
  new LayerError({ layer: "redis", failure: "invalid", message, fix, key })

interface ParsedUrl {
  readonly host?: string
  readonly port?: number
  readonly username?: string
  readonly password?: string
  readonly db?: number
  readonly tls?: boolean
}

const parseUrl = (text: Redacted.Redacted): Effect.Effect<ParsedUrl, LayerError> =>
  Effect.try({
    try: () => {
      const url = new URL(Redacted.value(text))
      const db = url.pathname.slice(1)
      if ((url.protocol !== "redis:" && url.protocol !== "rediss:") || !/^\d*$/.test(db))
        throw new Error("no Redis URL")
      return {
        ...(url.hostname !== "" && { host: url.hostname.replace(/^\[|\]$/g, "") }),
        ...(url.port !== "" && { port: Number(url.port) }),
        ...(url.username !== "" && { username: decodeURIComponent(url.username) }),
        ...(url.password !== "" && { password: decodeURIComponent(url.password) }),
        ...(db !== "" && { db: Number(db) }),
        tls: url.protocol === "rediss:"
      }
    },
    // The cause would show the URL, which may hold the password.
    catch: () =>
      invalid(
        "redis.url",
        "redis.url is no Redis URL.",
        "Write it as redis://user:password@host:6379/0, or rediss:// for TLS; special characters of the password are percent-encoded."
      )
  })

const resolve = Effect.fnUntraced(function* (
  options: DistributedRedisOptions
): Effect.fn.Return<RedisServer, LayerError> {
  const { cluster, retry, sentinel, tls } = options
  const url = options.url === undefined ? {} : yield* parseUrl(options.url)
  const [kind, key] =
    cluster !== undefined
      ? (["cluster", "redis.cluster.nodes"] as const)
      : sentinel !== undefined
        ? (["sentinel", "redis.sentinel.nodes"] as const)
        : (["single", options.url === undefined ? "redis.host" : "redis.url"] as const)
  const single: RedisAddress = {
    host: options.host ?? url.host ?? "localhost",
    port: url.port ?? options.port ?? DEFAULT_PORT
  }
  const [node, ...nodes] = cluster?.nodes ?? sentinel?.nodes ?? [single]
  if (node === undefined)
    return yield* invalid(key, `${key} is empty.`, "Name at least one node as host:port.")
  const password = options.password ?? (url.password === undefined ? undefined : Redacted.make(url.password))
  const encrypted = tls?.enabled ?? url.tls ?? false
  return {
    nodes: [node, ...nodes],
    kind,
    key,
    username: options.username ?? url.username,
    password,
    db: url.db ?? options.db ?? 0,
    tls: encrypted || url.tls === true ? (tls ?? {}) : undefined,
    sentinel: {
      name: sentinel?.name ?? "",
      username: sentinel?.username,
      password: sentinel?.password
    },
    connectTimeout: options.connectTimeout ?? 5_000,
    retry: {
      maxAttempts: retry?.maxAttempts ?? 3,
      initialDelay: retry?.initialDelay ?? 50,
      maxDelay: retry?.maxDelay ?? 2_000
    }
  }
})

/**
 * The cache on one Redis server, behind sentinels, or on a cluster. Building it has checked that the server answers; it
 * never falls back to an embedded one.
 *
 * @example
 * ```ts
 * import { Effect, Redacted } from "effect"
 * import { Cache } from "../../services/Cache.ts"
 * import { layer } from "./distributed.ts"
 *
 * const url = Redacted.make("rediss://compozy:secret@redis.example.com:6380/0")
 * const ping = Effect.flatMap(Cache, (cache) => cache.ping).pipe(Effect.provide(layer({ url })))
 * ```
 */
export const layer = (options: DistributedRedisOptions): Layer.Layer<Cache, LayerError> =>
  Layer.effect(
    Cache,
    Effect.gen(function* () {
      const client = yield* connectRedis(yield* resolve(options))
      return yield* makeIoredisCache(client, options.keyPrefix ?? "compozy:")
    })
  )
