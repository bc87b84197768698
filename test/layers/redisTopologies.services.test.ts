import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Redacted, Stream } from "effect"
import { once } from "node:events"
import { describe as group, expect } from "vitest"
import * as RedisDistributed from "../../src/layers/redis/distributed.ts"
import type { LayerError } from "../../src/layers/LayerError.ts"
import { Cache } from "../../src/services/Cache.ts"
import * as CacheContract from "../contracts/CacheContract.ts"
import { redisCluster, redisServer, sentinelOf } from "./RedisServers.ts"
import { address, isLeftOut } from "./Services.ts"

const PASSWORD = "compozy-test"
const password = Redacted.make(PASSWORD)

const cluster = Layer.unwrap(
  Effect.map(redisCluster, (nodes) =>
    RedisDistributed.layer({ cluster: { nodes: nodes.map(({ host, port }) => ({ host, port })) } })
  )
)

const sentinel = Layer.unwrap(
  Effect.gen(function* () {
    const master = yield* redisServer(["--requirepass", PASSWORD])
    const { host, port } = yield* sentinelOf(master, PASSWORD)
    return RedisDistributed.layer({ sentinel: { name: "primary", nodes: [{ host, port }] }, password })
  })
)

const textOf = (error: LayerError, port: number | string) =>
  `${error.code}\n${error.message}\n${error.fix}`.replaceAll(String(port), "PORT")

const build = (options: RedisDistributed.DistributedRedisOptions) =>
  Effect.flatMap(Layer.build(RedisDistributed.layer(options)), (context) =>
    Effect.provideContext(Cache, context)
  )

const failureOf = (options: RedisDistributed.DistributedRedisOptions, port: number | string) =>
  Effect.map(Effect.flip(Effect.scoped(build(options))), (error) => textOf(error, port))

group.skipIf(isLeftOut("redis"))("Redis", () => {
  CacheContract.suite("a cluster", cluster)

  CacheContract.suite("behind a sentinel", sentinel)

  describe("a connection", () => {
    it.live("is refused for a wrong password", () =>
      Effect.gen(function* () {
        const { host, port } = yield* redisServer(["--requirepass", PASSWORD])
        const wrong = yield* failureOf({ host, port, password: Redacted.make("wrong") }, port)
        expect(wrong).toMatchInlineSnapshot(`
          "COMPOZY_REDIS_AUTH
          Redis at 127.0.0.1:PORT refused the credentials: WRONGPASS invalid username-password pair or user is disabled.
          Check redis.username and redis.password, or those in redis.url (REDIS_URL). Try: redis-cli -h 127.0.0.1 -p PORT ping"
        `)
        const none = yield* failureOf({ host, port }, port)
        expect(none).toMatchInlineSnapshot(`
          "COMPOZY_REDIS_AUTH
          Redis at 127.0.0.1:PORT refused the credentials: NOAUTH Authentication required.
          Check redis.username and redis.password, or those in redis.url (REDIS_URL). Try: redis-cli -h 127.0.0.1 -p PORT ping"
        `)
      })
    )

    it.live("checks the server's certificate", () =>
      Effect.gen(function* () {
        const url = address("COMPOZY_SERVICES_REDIS_TLS_URL")
        const text = yield* failureOf({ url: Redacted.make(url) }, new URL(url).port)
        expect(text).toMatchInlineSnapshot(`
          "COMPOZY_REDIS_TLS
          Redis at 127.0.0.1:PORT cannot be reached: the TLS handshake failed: self-signed certificate in certificate chain, tried once.
          Check redis.tls: no TLS for a server without it, ca for a certificate authority of your own. Try: redis-cli -h 127.0.0.1 -p PORT --tls --user compozy ping"
        `)
      })
    )

    it.live("is refused when the sentinels do not know the master", () =>
      Effect.gen(function* () {
        const master = yield* redisServer(["--requirepass", PASSWORD])
        const { host, port } = yield* sentinelOf(master, PASSWORD)
        const text = yield* failureOf(
          { sentinel: { name: "other", nodes: [{ host, port }] }, password },
          port
        )
        expect(text).toMatchInlineSnapshot(`
          "COMPOZY_REDIS_NOT_FOUND
          No sentinel knows a Redis master "other": All sentinels are unreachable and retry is disabled. Last error: ERR No such master with that name.
          Check redis.sentinel.name and redis.sentinel.nodes. Try: redis-cli -h 127.0.0.1 -p PORT sentinel masters"
        `)
      })
    )

    it.live("is refused when a single server is taken for a cluster", () =>
      Effect.gen(function* () {
        const { host, port } = yield* redisServer()
        const text = yield* failureOf({ cluster: { nodes: [{ host, port }] } }, port)
        expect(text).toMatchInlineSnapshot(`
          "COMPOZY_REDIS_INVALID
          Redis at 127.0.0.1:PORT is no cluster, or is not complete: Failed to refresh slots cache.
          Use redis.url for a single server. Try: redis-cli -h 127.0.0.1 -p PORT cluster info"
        `)
      })
    )
  })

  describe("the cache", () => {
    it.live("works on when the server has restarted, subscriptions too", () =>
      Effect.gen(function* () {
        const first = yield* redisServer()
        const { host, port } = first
        const cache = yield* build({ host, port, retry: { maxAttempts: 20, maxDelay: 100 } })
        const live = yield* cache.pubsub.subscribe("news")
        yield* cache.values.set("key", "value")
        first.process.kill("SIGKILL")
        yield* Effect.promise(() => once(first.process, "exit"))
        const waiting = yield* Effect.forkChild(cache.values.get("key"))
        yield* redisServer([], port)
        assert.isTrue(Option.isNone(yield* Fiber.join(waiting)))
        yield* Effect.repeat(cache.pubsub.publish("news", "hello"), { until: (count) => count === 1 })
        const [message] = yield* Stream.runCollect(Stream.take(live, 1))
        assert.strictEqual(message?.payload, "hello")
      })
    )

    it.live("says Unavailable while the server is away", () =>
      Effect.gen(function* () {
        const server = yield* redisServer()
        const { host, port } = server
        const cache = yield* build({ host, port, retry: { maxAttempts: 2 } })
        server.process.kill("SIGKILL")
        yield* Effect.promise(() => once(server.process, "exit"))
        const error = yield* Effect.flip(cache.values.get("key"))
        assert.strictEqual(error._tag, "Unavailable")
        assert.isTrue(error.isRetryable)
      })
    )
  })
})
