/** The store in PostgreSQL. */
import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Redacted, type Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { ConnectionOptions } from "node:tls"
import { Store } from "../../services/Store.ts"
import { LayerError } from "../LayerError.ts"
import { detailOf, failureOf, formatAddress, reach, type Target, unreachable } from "../Reachability.ts"
import { postgres } from "./Dialect.ts"
import { makeMigrator, type Migrator } from "./Migrator.ts"
import { migrations } from "./migrations/postgres/index.ts"
import { makeSqlStore } from "./SqlStore.ts"

/** What is checked of the server's certificate, as libpq names it. Certificates and keys are PEM text. */
export interface PostgresSsl {
  /**
   * `disable`; `require` encrypts and checks nothing; `verify-ca` checks who signed the certificate; `verify-full` checks
   * the host name too.
   */
  readonly mode?: "disable" | "require" | "verify-ca" | "verify-full"
  readonly ca?: string
  readonly cert?: string
  readonly key?: Redacted.Redacted
}

/** The connection to PostgreSQL. Durations are milliseconds. */
export interface DistributedDatabaseOptions {
  /** `postgresql://user:password@host:port/database`; what else is given here goes before it. */
  readonly url?: Redacted.Redacted
  /** A host name, an address, or the folder of a socket. */
  readonly host?: string
  /** Default 5432. */
  readonly port?: number
  readonly user?: string
  readonly password?: Redacted.Redacted
  /** The database. */
  readonly name?: string
  /** Without it, what the URL says (`sslmode`). */
  readonly ssl?: PostgresSsl
  /** Default 10. */
  readonly maxConnections?: number
  /** Default 1. */
  readonly minConnections?: number
  /** How long the server has to accept the first connection, and each further one. Default 5,000. */
  readonly connectTimeout?: number
  /** Default 30,000. */
  readonly queryTimeout?: number
  /** Whether pending migrations run when the layer is built. Default true. */
  readonly autoMigrate?: boolean
  /** Default 120,000. */
  readonly migrationTimeout?: number
}

const DEFAULT_CONNECT_TIMEOUT = 5_000
const DEFAULT_QUERY_TIMEOUT = 30_000
/** The largest row that is read: large values are kept as blobs. */
const MAX_MESSAGE_SIZE = 512 * 1024 * 1024

const PROTOCOLS = new Set(["postgres:", "postgresql:"])

const invalid = (message: string, fix: string, key: string) =>
  new LayerError({ layer: "database", failure: "invalid", message, fix, key })

interface Place {
  readonly host: string
  readonly port: number
  readonly database: string | undefined
  readonly user: string | undefined
}

const decode = (text: string): string | undefined => (text === "" ? undefined : decodeURIComponent(text))

/** Where the server is, for messages: the driver reads the same options itself. */
const placeOf = (options: DistributedDatabaseOptions): Effect.Effect<Place, LayerError> =>
  Effect.try({
    try: () => {
      const url = options.url === undefined ? undefined : new URL(Redacted.value(options.url))
      if (url !== undefined && !PROTOCOLS.has(url.protocol)) throw new Error("no PostgreSQL URL")
      const query = url?.searchParams
      const host = options.host ?? query?.get("host") ?? decode(url?.hostname ?? "") ?? "localhost"
      return {
        host: host.replace(/^\[|\]$/g, ""),
        port: options.port ?? Number(query?.get("port") ?? decode(url?.port ?? "") ?? 5432),
        database: options.name ?? decode(url?.pathname.slice(1) ?? ""),
        user: options.user ?? decode(url?.username ?? "")
      }
    },
    // The cause would show the URL, which may hold the password.
    catch: () =>
      invalid(
        "database.url is no PostgreSQL URL.",
        "Write it as postgresql://user:password@host:5432/database; special characters of the password are percent-encoded.",
        "database.url"
      )
  })

const toTls = (ssl: PostgresSsl | undefined): boolean | ConnectionOptions | undefined => {
  if (ssl?.mode === undefined && ssl?.ca === undefined && ssl?.cert === undefined) return undefined
  if (ssl.mode === "disable") return false
  return {
    rejectUnauthorized: ssl.mode !== "require",
    // The chain is checked, the name is not.
    ...(ssl.mode === "verify-ca" && { checkServerIdentity: () => undefined }),
    ...(ssl.ca !== undefined && { ca: ssl.ca }),
    ...(ssl.cert !== undefined && { cert: ssl.cert }),
    ...(ssl.key !== undefined && { key: Redacted.value(ssl.key) })
  }
}

const sqlStateOf = (cause: unknown): string | undefined =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined

/** What the first connection failed with, for a person. */
const connectError = (target: Target, place: Place, attempts: number, error: SqlError): LayerError => {
  const { cause } = error.reason
  const state = sqlStateOf(cause)
  const address = formatAddress(place.host, place.port)
  const detail = detailOf(cause)
  if (state === "3D000") {
    return new LayerError({
      layer: "database",
      failure: "not-found",
      message: `PostgreSQL at ${address} has no database "${place.database}".`,
      fix: `Correct database.name or the path of database.url, or create it: createdb -h ${place.host} -p ${place.port} ${place.database}`,
      key: "database.name",
      value: place.database ?? "",
      address,
      attempts,
      cause: error
    })
  }
  if (error.reason._tag === "AuthenticationError") {
    return new LayerError({
      layer: "database",
      failure: "auth",
      message: `PostgreSQL at ${address} refused the user "${place.user}": ${detail}.`,
      fix: `Check database.user and database.password, or those in database.url (COMPOZY_DATABASE_URL). Try: psql -h ${place.host} -p ${place.port} -U ${place.user} ${place.database}`,
      key: "database.password",
      address,
      attempts,
      cause: error
    })
  }
  const failure = failureOf(cause)
  if (failure === "tls" || /TLS|SSL|certificate/i.test(detail)) {
    return new LayerError({
      layer: "database",
      failure: "tls",
      message: `The TLS handshake with PostgreSQL at ${address} failed: ${detail}.`,
      fix: "Check database.ssl: mode disable for a server without TLS, ca for a certificate authority of your own.",
      key: "database.ssl",
      address,
      attempts,
      cause: error
    })
  }
  if (failure !== "failed") return unreachable(target, failure, detail, attempts, error)
  return /timed out/i.test(detail)
    ? unreachable(
        target,
        "timeout",
        `it accepts connections, but does not answer within ${target.timeout} ms`,
        attempts,
        error
      )
    : unreachable(
        target,
        failure,
        `what listens there does not answer as PostgreSQL (${detail})`,
        attempts,
        error
      )
}

interface OpenDatabase {
  readonly sql: PgClient.PgClient
  readonly queryTimeout: number
}

const open = Effect.fnUntraced(function* (
  options: DistributedDatabaseOptions
): Effect.fn.Return<OpenDatabase, LayerError, Scope.Scope | Reactivity.Reactivity> {
  const { PgClient } = yield* Effect.promise(() => import("@effect/sql-pg"))
  const place = yield* placeOf(options)
  const { connectTimeout = DEFAULT_CONNECT_TIMEOUT, queryTimeout = DEFAULT_QUERY_TIMEOUT, url } = options
  const target: Target = {
    layer: "database",
    service: "PostgreSQL",
    host: place.host,
    port: place.port,
    key: "database.url",
    variable: "COMPOZY_DATABASE_URL",
    command: `pg_isready -h ${place.host} -p ${place.port}`,
    timeout: connectTimeout
  }
  const attempts = place.host.startsWith("/") ? 1 : yield* reach(target)
  const ssl = toTls(options.ssl)
  const sql = yield* PgClient.make({
    ...(url !== undefined && { url }),
    ...(options.host !== undefined && { host: options.host }),
    ...(options.port !== undefined && { port: options.port }),
    ...(options.user !== undefined && { username: options.user }),
    ...(options.password !== undefined && { password: options.password }),
    ...(options.name !== undefined && { database: options.name }),
    ...(ssl !== undefined && { ssl }),
    applicationName: "compozy",
    connectTimeout,
    keepAlive: "30 seconds",
    maxConnections: options.maxConnections ?? 10,
    minConnections: options.minConnections ?? 1,
    maxMessageSize: MAX_MESSAGE_SIZE,
    // The server stops a statement that nobody waits for any longer.
    startupParameters: { statement_timeout: String(queryTimeout) }
  }).pipe(
    Effect.tap((sql) => sql`SELECT 1`),
    Effect.mapError((error) => connectError(target, place, attempts, error))
  )
  return { sql, queryTimeout }
})

const migratorOf = (sql: SqlClient, options: DistributedDatabaseOptions): Migrator =>
  makeMigrator({
    sql,
    dialect: postgres,
    migrations,
    ...(options.migrationTimeout !== undefined && { timeout: options.migrationTimeout })
  })

/**
 * The migrator of the database, without a store: for `compozy migrate`.
 *
 * @example
 * ```ts
 * import { Effect, Redacted } from "effect"
 * import { migrator } from "./distributed.ts"
 *
 * const url = Redacted.make("postgresql://compozy:secret@db.example.com/compozy")
 * const status = Effect.scoped(Effect.flatMap(migrator({ url }), (migrator) => migrator.status))
 * ```
 */
export const migrator = (
  options: DistributedDatabaseOptions
): Effect.Effect<Migrator, LayerError, Scope.Scope> =>
  Effect.provide(
    Effect.map(open(options), ({ sql }) => migratorOf(sql, options)),
    Reactivity.layer
  )

/**
 * The store in PostgreSQL and its `SqlClient`. Building it has checked that the server answers; it never falls back to
 * another database.
 *
 * @example
 * ```ts
 * import { Effect, Redacted } from "effect"
 * import { Store } from "../../services/Store.ts"
 * import { layer } from "./distributed.ts"
 *
 * const url = Redacted.make("postgresql://compozy:secret@db.example.com/compozy")
 * const users = Effect.flatMap(Store, (store) => store.listUsers).pipe(Effect.provide(layer({ url })))
 * ```
 */
export const layer = (options: DistributedDatabaseOptions): Layer.Layer<Store | SqlClient, LayerError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const { queryTimeout, sql } = yield* open(options)
      if (options.autoMigrate !== false) yield* migratorOf(sql, options).up
      return Context.make(SqlClient, sql).pipe(
        Context.add(Store, makeSqlStore(sql, { dialect: postgres, queryTimeout }))
      )
    })
  ).pipe(Layer.provide(Reactivity.layer))
