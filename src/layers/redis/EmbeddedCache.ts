/** The cache on the Redis in this process, for memory and persistent mode. */
import { Effect, Redacted, type Scope } from "effect"
import type { EmbeddedRedisError, EmbeddedRedisOptions } from "../../embedded/redis/index.ts"
import type { Cache } from "../../services/Cache.ts"
import { LayerError, type LayerFailure } from "../LayerError.ts"
import { makeIoredisCache } from "./IoredisCache.ts"
import { loadEngine } from "./LoadEngine.ts"

/** What memory and persistent mode have in common. */
export interface EmbeddedRedisLayerOptions {
  /** What every key and channel starts with. Default `compozy:`. */
  readonly keyPrefix?: string
  /** Opens a port of loopback, for redis-cli. Without it no port is opened. */
  readonly listen?: {
    /** 0 takes any free one. */
    readonly port: number
    readonly host?: string
    /** What clients of that port must know. */
    readonly password?: Redacted.Redacted
  }
}

const failures: Record<EmbeddedRedisError["reason"], readonly [LayerFailure, string]> = {
  Locked: ["in-use", "redis.persistence.dataDir"],
  Damaged: ["storage", "redis.persistence.dataDir"],
  Unsupported: ["storage", "redis.persistence.dataDir"],
  Io: ["storage", "redis.persistence.dataDir"],
  InvalidOption: ["invalid", "redis.persistence"],
  Exposed: ["invalid", "redis.listen.host"],
  Listen: ["failed", "redis.listen.port"],
  Closed: ["failed", "redis.listen.port"]
}

const toLayerError = (error: EmbeddedRedisError): LayerError => {
  const [failure, key] = failures[error.reason]
  return new LayerError({
    layer: "redis",
    failure,
    message: error.message,
    fix: error.fix,
    key,
    cause: error
  })
}

/** Opens the port that redis-cli connects to. */
const listen = (
  server: Effect.Success<ReturnType<typeof open>>["server"],
  options: NonNullable<EmbeddedRedisLayerOptions["listen"]>
): Effect.Effect<void, LayerError, Scope.Scope> => {
  const { host, password, port } = options
  if (password === undefined) {
    return Effect.fail(
      new LayerError({
        layer: "redis",
        failure: "invalid",
        message: "redis.listen opens a port, and no password is set for it.",
        fix: "Set redis.listen.password: every program of this machine can reach the port.",
        key: "redis.listen.password"
      })
    )
  }
  return server
    .listen({ port, ...(host !== undefined && { host }), password: Redacted.value(password) })
    .pipe(
      Effect.mapError(toLayerError),
      Effect.flatMap((address) =>
        Effect.logInfo(`The embedded Redis listens on ${address.host}:${address.port}`)
      )
    )
}

const open = Effect.fnUntraced(function* (persistence: EmbeddedRedisOptions["persistence"]) {
  const [{ EmbeddedRedis }, { Redis }] = yield* Effect.all(
    [loadEngine, Effect.promise(() => import("ioredis"))],
    { concurrency: "unbounded" }
  )
  const log = Effect.runForkWith(yield* Effect.context())
  const levels = {
    debug: Effect.logDebug,
    info: Effect.logInfo,
    warn: Effect.logWarning,
    error: Effect.logError
  }
  const server = yield* EmbeddedRedis.make({
    ...(persistence !== undefined && { persistence }),
    logger: (level, message) => {
      log(Effect.annotateLogs(levels[level](message), { service: "redis" }))
    }
  }).pipe(Effect.mapError(toLayerError))
  const connect = () => {
    const redis = new Redis({
      Connector: server.connector,
      lazyConnect: true,
      enableReadyCheck: false,
      disableClientInfo: true,
      // Nothing lies between: a connection ends when the engine does, and only then.
      retryStrategy: null,
      maxRetriesPerRequest: 0
    })
    // The commands that the end cuts off tell their callers.
    redis.on("error", () => undefined)
    return redis
  }
  return { server, connect }
})

/** The cache on an engine of its own, which `persistence` keeps in a folder. */
export const makeEmbeddedCache = Effect.fnUntraced(function* (
  options: EmbeddedRedisLayerOptions,
  persistence: EmbeddedRedisOptions["persistence"]
): Effect.fn.Return<Cache["Service"], LayerError, Scope.Scope> {
  const { connect, server } = yield* open(persistence)
  const commands = yield* Effect.acquireRelease(Effect.sync(connect), (redis) =>
    Effect.sync(() => redis.disconnect())
  )
  const cache = yield* makeIoredisCache(
    {
      commands,
      connectSubscriber: async () => {
        const redis = connect()
        await redis.connect()
        return redis
      },
      keyspaces: () => [commands],
      publisher: () => commands,
      isCluster: false,
      isExclusive: true
    },
    options.keyPrefix ?? "compozy:"
  )
  yield* Effect.mapError(
    cache.ping,
    (cause) =>
      new LayerError({
        layer: "redis",
        failure: "failed",
        message: `The embedded Redis does not answer: ${cause.message}`,
        fix: "This is a defect: please report it with the cause.",
        cause
      })
  )
  if (options.listen !== undefined) yield* listen(server, options.listen)
  return cache
})
