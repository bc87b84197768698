/** The `Cache` on any Redis that ioredis reaches. */
import { Effect, Option, type Scope, Stream } from "effect"
import { createHash, randomUUID } from "node:crypto"
import type { Cache, Lock } from "../../services/Cache.ts"
import { Conflict, InvalidRequest, type ServiceError } from "../../services/ServiceError.ts"
import { toCacheError } from "./CacheErrors.ts"
import { makeEventLog, repliesOf } from "./EventLog.ts"
import { prefixed, prefixedForCluster } from "./KeyNames.ts"
import type { RedisClient } from "./RedisClient.ts"
import { refreshLock, releaseLock, replaceValue, runScript } from "./Scripts.ts"
import { makePubSub } from "./Subscriptions.ts"

const SCAN_COUNT = 500

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const etagOf = (value: string): string => createHash("sha256").update(value).digest("hex")

const conflict = (operation: string, message: string) =>
  new Conflict({ service: "cache", operation, message })

/** Redis takes whole milliseconds from 1 on. */
const checkTtl = (operation: string, ttl: number): Effect.Effect<void, InvalidRequest> =>
  Number.isInteger(ttl) && ttl > 0
    ? Effect.void
    : Effect.fail(
        new InvalidRequest({
          service: "cache",
          operation,
          message: `${operation}: a time to live is a whole number of milliseconds above 0, got ${ttl}`
        })
      )

/**
 * The cache on open connections. Keys and channels carry `prefix`.
 */
export const makeIoredisCache = Effect.fnUntraced(function* (
  client: RedisClient,
  prefix: string
): Effect.fn.Return<Cache["Service"], never, Scope.Scope> {
  const redis = client.commands
  const names = client.isCluster ? prefixedForCluster(prefix) : prefixed(prefix)
  const { toRedis } = names
  const pubsub = yield* makePubSub(client, prefix)
  const append = makeEventLog(client, names, (key) => prefix + key)

  const call = <A>(operation: string, command: () => Promise<A>): Effect.Effect<A, ServiceError> =>
    Effect.tryPromise({ try: command, catch: (cause) => toCacheError(operation, cause) })

  const withTtl = <A>(operation: string, ttl: number, command: () => Promise<A>) =>
    Effect.andThen(checkTtl(operation, ttl), call(operation, command))

  /** A cluster takes several keys only if they share a slot; one by one they travel in the same packets anyway. */
  const removeAll = async (keys: ReadonlyArray<string>): Promise<number> => {
    if (keys.length === 0) return 0
    if (!client.isCluster) return redis.unlink(...keys)
    const removed = await Promise.all(keys.map((key) => redis.unlink(key)))
    return removed.reduce((sum, count) => sum + count, 0)
  }

  const set = (key: string, value: string | Buffer, ttl: number | undefined, ifAbsent: boolean) => {
    const name = toRedis(key)
    if (ttl === undefined) return ifAbsent ? redis.set(name, value, "NX") : redis.set(name, value)
    return ifAbsent ? redis.set(name, value, "PX", ttl, "NX") : redis.set(name, value, "PX", ttl)
  }

  const scanKeys = (pattern: string): Stream.Stream<string, ServiceError> => {
    const seen = new Set<string>()
    const sources = client
      .keyspaces()
      .flatMap((node) => names.patterns(pattern).map((match) => ({ node, match })))
    return Stream.fromIterable(sources).pipe(
      Stream.flatMap(({ match, node }) =>
        Stream.paginate<string, string, ServiceError>("0", (cursor) =>
          Effect.map(
            call("cache.keys", () => node.scan(cursor, "MATCH", match, "COUNT", SCAN_COUNT)),
            ([next, found]) => {
              const keys = found.map(names.fromRedis).filter((key) => {
                if (seen.has(key) || !names.matches(pattern, key)) return false
                seen.add(key)
                return true
              })
              return [keys, next === "0" ? Option.none() : Option.some(next)]
            }
          )
        )
      )
    )
  }

  const makeLock = (key: string, token: string): Lock => ({
    key,
    token,
    refresh: (ttl) =>
      Effect.map(
        withTtl("cache.locks.refresh", ttl, () =>
          runScript(redis, refreshLock, [toRedis(key)], [token, ttl])
        ),
        (count) => count === 1
      ),
    release: Effect.map(
      call("cache.locks.release", () => runScript(redis, releaseLock, [toRedis(key)], [token])),
      (count) => count === 1
    )
  })

  return {
    ping: Effect.asVoid(call("cache.ping", () => redis.ping())),

    values: {
      get: (key) =>
        Effect.map(
          call("cache.values.get", () => redis.get(toRedis(key))),
          Option.fromNullOr
        ),
      getBytes: (key) =>
        Effect.map(
          call("cache.values.getBytes", () => redis.getBuffer(toRedis(key))),
          (bytes) => Option.map(Option.fromNullOr(bytes), (bytes) => new Uint8Array(bytes))
        ),
      getMany: (keys) => {
        if (keys.length === 0) return Effect.succeed([])
        const found = call("cache.values.getMany", () =>
          client.isCluster
            ? Promise.all(keys.map((key) => redis.get(toRedis(key))))
            : redis.mget(keys.map(toRedis))
        )
        return Effect.map(found, (values) => values.map(Option.fromNullOr))
      },
      getAndExpire: (key, ttl) =>
        Effect.map(
          withTtl("cache.values.getAndExpire", ttl, () => redis.getex(toRedis(key), "PX", ttl)),
          Option.fromNullOr
        ),
      set: (key, value, options = {}) => {
        const { ifAbsent = false, ttl } = options
        const data = typeof value === "string" ? value : toBuffer(value)
        const write = call("cache.values.set", () => set(key, data, ttl, ifAbsent))
        const checked = ttl === undefined ? write : Effect.andThen(checkTtl("cache.values.set", ttl), write)
        return Effect.map(checked, (reply) => reply === "OK")
      },
      remove: (...keys) => call("cache.values.remove", () => removeAll(keys.map(toRedis))),
      has: (key) =>
        Effect.map(
          call("cache.values.has", () => redis.exists(toRedis(key))),
          (count) => count === 1
        ),
      expire: (key, ttl) =>
        Effect.map(
          withTtl("cache.values.expire", ttl, () => redis.pexpire(toRedis(key), ttl)),
          (count) => count === 1
        ),
      ttl: (key) =>
        Effect.map(
          call("cache.values.ttl", () => redis.pttl(toRedis(key))),
          (left) => (left < 0 ? Option.none() : Option.some(left))
        ),
      increment: (key, by = 1) => call("cache.values.increment", () => redis.incrby(toRedis(key), by)),
      putIfMatch: Effect.fnUntraced(function* (key, value, etag) {
        const operation = "cache.values.putIfMatch"
        const name = toRedis(key)
        if (etag === null) {
          const written = yield* call(operation, () => redis.set(name, value, "NX"))
          if (written !== "OK") return yield* conflict(operation, `${operation}: "${key}" exists already`)
          return etagOf(value)
        }
        const current = yield* call(operation, () => redis.get(name))
        const replaced =
          current === null || etagOf(current) !== etag
            ? 0
            : yield* call(operation, () => runScript(redis, replaceValue, [name], [current, value]))
        if (replaced === 0) {
          return yield* conflict(operation, `${operation}: "${key}" was changed by somebody else`)
        }
        return etagOf(value)
      })
    },

    lists: {
      append: (key, ...values) =>
        call("cache.lists.append", () =>
          values.length === 0 ? redis.llen(toRedis(key)) : redis.rpush(toRedis(key), ...values)
        ),
      prepend: (key, ...values) =>
        call("cache.lists.prepend", () =>
          values.length === 0 ? redis.llen(toRedis(key)) : redis.lpush(toRedis(key), ...values)
        ),
      range: (key, start, stop) => call("cache.lists.range", () => redis.lrange(toRedis(key), start, stop)),
      trim: (key, start, stop) =>
        Effect.asVoid(call("cache.lists.trim", () => redis.ltrim(toRedis(key), start, stop))),
      length: (key) => call("cache.lists.length", () => redis.llen(toRedis(key)))
    },

    hashes: {
      get: (key, field) =>
        Effect.map(
          call("cache.hashes.get", () => redis.hget(toRedis(key), field)),
          Option.fromNullOr
        ),
      getAll: (key) => call("cache.hashes.getAll", () => redis.hgetall(toRedis(key))),
      set: (key, fields) =>
        call("cache.hashes.set", () =>
          Object.keys(fields).length === 0 ? Promise.resolve(0) : redis.hset(toRedis(key), { ...fields })
        ),
      remove: (key, ...fields) =>
        call("cache.hashes.remove", () =>
          fields.length === 0 ? Promise.resolve(0) : redis.hdel(toRedis(key), ...fields)
        ),
      increment: (key, field, by) =>
        call("cache.hashes.increment", () => redis.hincrby(toRedis(key), field, by))
    },

    pubsub,

    locks: {
      acquire: Effect.fnUntraced(function* (key, ttl) {
        const operation = "cache.locks.acquire"
        yield* checkTtl(operation, ttl)
        const token = randomUUID()
        const taken = yield* call(operation, () => redis.set(toRedis(key), token, "PX", ttl, "NX"))
        if (taken !== "OK") return yield* conflict(operation, `${operation}: somebody else holds "${key}"`)
        return makeLock(key, token)
      })
    },

    keys: (pattern) => Stream.suspend(() => scanKeys(pattern)),

    appendAndTrim: Effect.fnUntraced(function* ({ increments = {}, key, maxLength, ttl, values }) {
      const operation = "cache.appendAndTrim"
      if (ttl !== undefined) yield* checkTtl(operation, ttl)
      const list = toRedis(key)
      const metadata = toRedis(`${key}:metadata`)
      return yield* call(operation, async () => {
        const transaction = redis.multi()
        if (values.length > 0) transaction.rpush(list, ...values)
        transaction.ltrim(list, -maxLength, -1)
        for (const [field, by] of Object.entries(increments)) transaction.hincrby(metadata, field, by)
        if (ttl !== undefined) transaction.pexpire(list, ttl).pexpire(metadata, ttl)
        const replies = repliesOf(await transaction.llen(list).hgetall(metadata).exec())
        // The last two commands: their replies are a number and what ioredis makes of a hash.
        return { length: Number(replies.at(-2)), metadata: replies.at(-1) as Record<string, string> }
      })
    }),

    appendEvent: (options) =>
      Effect.andThen(
        checkTtl("cache.appendEvent", options.ttl),
        call("cache.appendEvent", () => append(options))
      ),

    clear: scanKeys("*").pipe(
      Stream.grouped(SCAN_COUNT),
      Stream.runForEach((keys) => call("cache.clear", () => removeAll(keys.map(toRedis))))
    )
  }
})
