import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Scope } from "effect/Scope"
import { openServer } from "./EmbeddedServer.ts"
import { EmbeddedRedisError } from "./Errors.ts"
import type { RedisConnector } from "./net/Connector.ts"
import type { Listening } from "./net/Listener.ts"
import type { EmbeddedRedisOptions, ListenOptions } from "./Options.ts"
import type { Recovery } from "./persist/Recovery.ts"

/** Where an embedded Redis listens, for programs that cannot use its connector. */
export interface EmbeddedRedisAddress {
  readonly host: string
  /** 0 for a Unix socket. */
  readonly port: number
  /** The Unix socket; `undefined` for TCP. */
  readonly path: string | undefined
  /** What clients must AUTH with; `undefined` if nothing. */
  readonly password: Redacted.Redacted<string> | undefined
}

/**
 * A running embedded Redis.
 *
 * `connector` goes into ioredis's `Connector` option: connections without a port. `listen` opens a TCP port on
 * loopback, or a Unix socket, until the scope closes.
 */
export interface EmbeddedRedis {
  readonly connector: RedisConnector
  /** What was found in the folder; `undefined` without persistence. */
  readonly recovery: Recovery | undefined
  /** Compacts what is on disk (Redis's SAVE); nothing without persistence. */
  readonly save: Effect.Effect<void, EmbeddedRedisError>
  readonly listen: (options?: ListenOptions) => Effect.Effect<EmbeddedRedisAddress, EmbeddedRedisError, Scope>
}

/** The same for code without Effect. `close` ends every connection and writes what is to be written. */
export interface OpenEmbeddedRedis {
  readonly connector: RedisConnector
  /** What was found in the folder; `undefined` without persistence. */
  readonly recovery: Recovery | undefined
  /** Compacts what is on disk (Redis's SAVE); nothing without persistence. */
  readonly save: () => Promise<void>
  readonly listen: (options?: ListenOptions) => Promise<Listening>
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const toError = (cause: unknown): EmbeddedRedisError =>
  cause instanceof EmbeddedRedisError
    ? cause
    : new EmbeddedRedisError({
        reason: "Io",
        message: `The embedded Redis failed: ${cause instanceof Error ? cause.message : String(cause)}`,
        fix: "See the cause.",
        cause
      })

const attempt = <A>(body: () => Promise<A>): Effect.Effect<A, EmbeddedRedisError> =>
  Effect.tryPromise({ try: body, catch: toError })

/** Closing must not fail the scope: what could not be written has been logged. */
const closing = (body: () => Promise<void>): Effect.Effect<void> => Effect.ignore(attempt(body))

const make = Effect.fnUntraced(function* (options: EmbeddedRedisOptions = {}) {
  const server = yield* Effect.acquireRelease(
    attempt(() => openServer(options)),
    (opened) => closing(opened.close)
  )
  const instance: EmbeddedRedis = {
    connector: server.connector,
    recovery: server.recovery,
    save: attempt(server.save),
    listen: (listenOptions = {}) =>
      Effect.map(
        Effect.acquireRelease(
          attempt(() => server.listen(listenOptions)),
          (listening) => closing(listening.close)
        ),
        ({ host, port, path, password }) => ({
          host,
          port,
          path,
          password: password === undefined ? undefined : Redacted.make(password)
        })
      )
  }
  return instance
})

const open = async (options: EmbeddedRedisOptions = {}): Promise<OpenEmbeddedRedis> => {
  const server = await openServer(options)
  return {
    connector: server.connector,
    recovery: server.recovery,
    save: server.save,
    listen: (listenOptions = {}) => server.listen(listenOptions),
    close: server.close,
    [Symbol.asyncDispose]: server.close
  }
}

/**
 * Makes in-process Redis servers: `make` for Effect (closed with the scope), `open` for plain promises.
 *
 * Fails with `EmbeddedRedisError`: a folder that another process holds (`Locked`), a damaged file (`Damaged`, with file
 * and offset), an option that cannot be (`InvalidOption`), or what the operating system refuses (`Io`).
 *
 * @example
 * ```ts
 * import { Redis } from "ioredis"
 * import { EmbeddedRedis } from "compozy/embedded/redis"
 *
 * const server = await EmbeddedRedis.open()
 * const redis = new Redis({ Connector: server.connector })
 * await redis.set("greeting", "hello")
 * await redis.quit()
 * await server.close()
 * ```
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { EmbeddedRedis } from "compozy/embedded/redis"
 *
 * const program = Effect.scoped(
 *   Effect.gen(function* () {
 *     const server = yield* EmbeddedRedis.make({ persistence: { dir: "data/redis" } })
 *     return yield* server.listen({ port: 0 })
 *   })
 * )
 * ```
 */
export const EmbeddedRedis: {
  readonly make: (options?: EmbeddedRedisOptions) => Effect.Effect<EmbeddedRedis, EmbeddedRedisError, Scope>
  readonly open: (options?: EmbeddedRedisOptions) => Promise<OpenEmbeddedRedis>
} = { make, open }
