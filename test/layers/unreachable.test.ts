/** What a person reads when a service of distributed mode is not there. */
import { describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { once } from "node:events"
import { createServer, type Server } from "node:net"
import { expect } from "vitest"
import * as DatabaseDistributed from "../../src/layers/database/distributed.ts"
import type { LayerError } from "../../src/layers/LayerError.ts"
import * as RedisDistributed from "../../src/layers/redis/distributed.ts"
import * as TemporalDistributed from "../../src/layers/temporal/distributed.ts"

/** Long enough for two tries, short enough for a test. */
const TIMEOUT = 200

const portOf = (server: Server): number => {
  const address = server.address()
  return address === null || typeof address === "string" ? 0 : address.port
}

/** A port that nothing listens on. */
const closedPort = Effect.promise(async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const port = portOf(server)
  server.close()
  await once(server, "close")
  return port
})

/** A server that answers every connection with `reply`, or with nothing. */
const serverWith = (reply: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const server = createServer((socket) => {
          socket.on("error", () => socket.destroy())
          socket.on("data", () => (reply === "" ? undefined : socket.end(reply)))
        }).listen(0, "127.0.0.1")
        await once(server, "listening")
        return server
      }),
      (server) => Effect.sync(() => server.close())
    ),
    portOf
  )

/** Builds the layer, which must fail, and gives what a person reads. */
const failureOf = <A>(layer: Layer.Layer<A, LayerError>, port: number) =>
  Effect.map(Effect.flip(Effect.scoped(Layer.build(layer))), (error) =>
    `${error.code}\n${error.message}\n${error.fix}`
      .replaceAll(`:${port}`, ":PORT")
      .replaceAll(`-p ${port}`, "-p PORT")
      .replace(/tried (?:once|\d+ times)/, "tried N times")
  )

const database = (
  host: string,
  port: number,
  options: Partial<DatabaseDistributed.DistributedDatabaseOptions> = {}
) =>
  DatabaseDistributed.layer({
    host,
    port,
    user: "ada",
    password: Redacted.make("s3cret"),
    name: "compozy",
    connectTimeout: TIMEOUT,
    ...options
  })

const redis = (host: string, port: number, options: Partial<RedisDistributed.DistributedRedisOptions> = {}) =>
  RedisDistributed.layer({
    url: Redacted.make(`redis://ada:s3cret@${host}:${port}/0`),
    connectTimeout: TIMEOUT,
    ...options
  })

const temporal = (
  host: string,
  port: number,
  options: Partial<TemporalDistributed.DistributedTemporalOptions> = {}
) =>
  TemporalDistributed.layer({
    address: `${host}:${port}`,
    namespace: "default",
    startTimeout: TIMEOUT,
    ...options
  })

describe("PostgreSQL that cannot be reached", () => {
  it.live("because nothing listens", () =>
    Effect.gen(function* () {
      const port = yield* closedPort
      expect(yield* failureOf(database("127.0.0.1", port), port)).toMatchInlineSnapshot(`
        "COMPOZY_DATABASE_REFUSED
        PostgreSQL at 127.0.0.1:PORT cannot be reached: nothing listens there, tried N times.
        Start PostgreSQL, or correct database.url (COMPOZY_DATABASE_URL). Try: pg_isready -h 127.0.0.1 -p PORT"
      `)
    })
  )

  it.live("because the host name does not resolve", () =>
    Effect.gen(function* () {
      expect(yield* failureOf(database("nowhere..invalid", 5432), 5432)).toMatchInlineSnapshot(`
        "COMPOZY_DATABASE_DNS
        PostgreSQL at nowhere..invalid:PORT cannot be reached: the host name "nowhere..invalid" does not resolve, tried N times.
        Start PostgreSQL, or correct database.url (COMPOZY_DATABASE_URL). Try: pg_isready -h nowhere..invalid -p PORT"
      `)
    })
  )

  it.live("because it does not answer", () =>
    Effect.gen(function* () {
      const port = yield* serverWith("")
      expect(yield* failureOf(database("127.0.0.1", port), port)).toMatchInlineSnapshot(`
        "COMPOZY_DATABASE_TIMEOUT
        PostgreSQL at 127.0.0.1:PORT cannot be reached: it accepts connections, but does not answer within 200 ms, tried N times.
        Start PostgreSQL, or correct database.url (COMPOZY_DATABASE_URL). Try: pg_isready -h 127.0.0.1 -p PORT"
      `)
    })
  )

  it.live("because something else listens", () =>
    Effect.gen(function* () {
      const port = yield* serverWith("HTTP/1.1 400 Bad Request\r\n\r\n")
      expect(yield* failureOf(database("127.0.0.1", port), port)).toMatchInlineSnapshot(`
        "COMPOZY_DATABASE_FAILED
        PostgreSQL at 127.0.0.1:PORT cannot be reached: what listens there does not answer as PostgreSQL (Message length 1414811695 exceeds maxMessageSize 536870912), tried N times.
        Start PostgreSQL, or correct database.url (COMPOZY_DATABASE_URL). Try: pg_isready -h 127.0.0.1 -p PORT"
      `)
    })
  )

  it.live("because it has no TLS", () =>
    Effect.gen(function* () {
      const port = yield* serverWith("N")
      const layer = database("127.0.0.1", port, { ssl: { mode: "verify-full" } })
      expect(yield* failureOf(layer, port)).toMatchInlineSnapshot(`
        "COMPOZY_DATABASE_TLS
        The TLS handshake with PostgreSQL at 127.0.0.1:PORT failed: The server does not support TLS.
        Check database.ssl: mode disable for a server without TLS, ca for a certificate authority of your own."
      `)
    })
  )

  it.live("because its URL is none", () =>
    Effect.gen(function* () {
      const layer = DatabaseDistributed.layer({ url: Redacted.make("ada:s3cret@db") })
      expect(yield* failureOf(layer, 1)).toMatchInlineSnapshot(`
        "COMPOZY_DATABASE_INVALID
        database.url is no PostgreSQL URL.
        Write it as postgresql://user:password@host:5432/database; special characters of the password are percent-encoded."
      `)
    })
  )
})

describe("Redis that cannot be reached", () => {
  it.live("because something else listens there", () =>
    Effect.gen(function* () {
      const port = yield* serverWith("HTTP/1.1 400 Bad Request\r\n\r\n")
      expect(yield* failureOf(redis("127.0.0.1", port), port)).toMatchInlineSnapshot(`
        "COMPOZY_REDIS_INVALID
        What answers at 127.0.0.1:PORT does not speak Redis's protocol.
        Check redis.host and redis.port, or redis.url (REDIS_URL), and whether the server wants TLS. Try: redis-cli -h 127.0.0.1 -p PORT --user ada ping"
      `)
    })
  )

  it.live("because nothing listens", () =>
    Effect.gen(function* () {
      const port = yield* closedPort
      expect(yield* failureOf(redis("127.0.0.1", port), port)).toMatchInlineSnapshot(`
        "COMPOZY_REDIS_REFUSED
        Redis at 127.0.0.1:PORT cannot be reached: nothing listens there, tried N times.
        Start Redis, or correct redis.url (REDIS_URL). Try: redis-cli -h 127.0.0.1 -p PORT --user ada ping"
      `)
    })
  )

  it.live("because the host name does not resolve", () =>
    Effect.gen(function* () {
      expect(yield* failureOf(redis("nowhere..invalid", 6379), 6379)).toMatchInlineSnapshot(`
        "COMPOZY_REDIS_DNS
        Redis at nowhere..invalid:PORT cannot be reached: the host name "nowhere..invalid" does not resolve, tried N times.
        Start Redis, or correct redis.url (REDIS_URL). Try: redis-cli -h nowhere..invalid -p PORT --user ada ping"
      `)
    })
  )

  it.live("because it does not answer", () =>
    Effect.gen(function* () {
      const port = yield* serverWith("")
      expect(yield* failureOf(redis("127.0.0.1", port), port)).toMatchInlineSnapshot(`
        "COMPOZY_REDIS_TIMEOUT
        Redis at 127.0.0.1:PORT cannot be reached: it accepts connections, but does not answer within 200 ms, tried N times.
        Start Redis, or correct redis.url (REDIS_URL). Try: redis-cli -h 127.0.0.1 -p PORT --user ada ping"
      `)
    })
  )

  it.live("because the password is wrong", () =>
    Effect.gen(function* () {
      const port = yield* serverWith("-WRONGPASS invalid username-password pair or user is disabled.\r\n")
      expect(yield* failureOf(redis("127.0.0.1", port), port)).toMatchInlineSnapshot(`
        "COMPOZY_REDIS_AUTH
        Redis at 127.0.0.1:PORT refused the credentials: WRONGPASS invalid username-password pair or user is disabled.
        Check redis.username and redis.password, or those in redis.url (REDIS_URL). Try: redis-cli -h 127.0.0.1 -p PORT --user ada ping"
      `)
    })
  )

  it.live("because it has no TLS", () =>
    Effect.gen(function* () {
      const port = yield* serverWith("-ERR unknown command\r\n")
      const layer = redis("127.0.0.1", port, { tls: { enabled: true } })
      expect(yield* failureOf(layer, port)).toMatchInlineSnapshot(`
        "COMPOZY_REDIS_TLS
        Redis at 127.0.0.1:PORT cannot be reached: the TLS handshake failed: the server does not speak TLS, tried N times.
        Check redis.tls: no TLS for a server without it, ca for a certificate authority of your own. Try: redis-cli -h 127.0.0.1 -p PORT --tls --user ada ping"
      `)
    })
  )

  it.live("because no sentinel listens", () =>
    Effect.gen(function* () {
      const port = yield* closedPort
      const layer = RedisDistributed.layer({
        sentinel: { name: "primary", nodes: [{ host: "127.0.0.1", port }] },
        connectTimeout: TIMEOUT
      })
      expect(yield* failureOf(layer, port)).toMatchInlineSnapshot(`
        "COMPOZY_REDIS_REFUSED
        The Redis sentinel at 127.0.0.1:PORT cannot be reached: nothing listens there, tried N times.
        Start the Redis sentinel, or correct redis.sentinel.nodes (REDIS_SENTINEL_NODES). Try: redis-cli -h 127.0.0.1 -p PORT ping"
      `)
    })
  )

  it.live("because its URL is none", () =>
    Effect.gen(function* () {
      const layer = RedisDistributed.layer({ url: Redacted.make("http://ada:s3cret@redis") })
      expect(yield* failureOf(layer, 1)).toMatchInlineSnapshot(`
        "COMPOZY_REDIS_INVALID
        redis.url is no Redis URL.
        Write it as redis://user:password@host:6379/0, or rediss:// for TLS; special characters of the password are percent-encoded."
      `)
    })
  )
})

describe("Temporal that cannot be reached", () => {
  it.live("because nothing listens", () =>
    Effect.gen(function* () {
      const port = yield* closedPort
      expect(yield* failureOf(temporal("127.0.0.1", port), port)).toMatchInlineSnapshot(`
        "COMPOZY_TEMPORAL_REFUSED
        Temporal at 127.0.0.1:PORT cannot be reached: nothing listens there, tried N times.
        Start Temporal, or correct temporal.address (TEMPORAL_HOST_PORT). Try: temporal operator cluster health --address 127.0.0.1:PORT"
      `)
    })
  )

  it.live("because the host name does not resolve", () =>
    Effect.gen(function* () {
      expect(yield* failureOf(temporal("nowhere..invalid", 7233), 7233)).toMatchInlineSnapshot(`
        "COMPOZY_TEMPORAL_DNS
        Temporal at nowhere..invalid:PORT cannot be reached: the host name "nowhere..invalid" does not resolve, tried N times.
        Start Temporal, or correct temporal.address (TEMPORAL_HOST_PORT). Try: temporal operator cluster health --address nowhere..invalid:PORT"
      `)
    })
  )

  it.live("because it does not answer", () =>
    Effect.gen(function* () {
      const port = yield* serverWith("")
      expect(yield* failureOf(temporal("127.0.0.1", port), port)).toMatchInlineSnapshot(`
        "COMPOZY_TEMPORAL_TIMEOUT
        Temporal at 127.0.0.1:PORT accepts connections, but did not answer as a Temporal frontend within 200 ms.
        Check temporal.address, and set temporal.tls.enabled if the frontend wants TLS. Try: temporal operator cluster health --address 127.0.0.1:PORT"
      `)
    })
  )

  it.live("because it has no TLS", () =>
    Effect.gen(function* () {
      const port = yield* serverWith("HTTP/1.1 400 Bad Request\r\n\r\n")
      const layer = temporal("127.0.0.1", port, { apiKey: Redacted.make("s3cret") })
      expect(yield* failureOf(layer, port)).toMatchInlineSnapshot(`
        "COMPOZY_TEMPORAL_TLS
        Temporal at 127.0.0.1:PORT cannot be reached: the TLS handshake failed: the server does not speak TLS, tried N times.
        Check temporal.tls: no TLS for a server without it, ca for a certificate authority of your own. Try: temporal operator cluster health --tls --address 127.0.0.1:PORT"
      `)
    })
  )

  it.live("because its address is none", () =>
    Effect.gen(function* () {
      const layer = TemporalDistributed.layer({ address: "http://temporal:7233", namespace: "default" })
      expect(yield* failureOf(layer, 1)).toMatchInlineSnapshot(`
        "COMPOZY_TEMPORAL_INVALID
        temporal.address is no host:port: "http://temporal:7233".
        Write it as host:port, e.g. temporal.example.com:7233, without http:// and without a path."
      `)
    })
  )
})
