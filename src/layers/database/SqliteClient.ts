/**
 * An `effect/sql` client on Node's own SQLite, in the shape of `@effect/sql-sqlite-node` (`SqliteClient.layer`), which
 * has no release for this version of Effect.
 *
 * One connection serves the whole process: statements run synchronously and one at a time, a transaction keeps
 * the connection to itself. Nothing else of the package's API is here than what its users need: the client,
 * `backup`, and the layer.
 */
import { Context, Effect, Layer, type Scope, Semaphore, Stream } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { classifySqliteError, ConnectionError, SqlError, UniqueViolation } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import { closeSync, openSync } from "node:fs"
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"
import type * as sqlite from "node:sqlite"

/** Settings of a SQLite client. */
export interface SqliteClientConfig {
  /** A path, or `:memory:` for a database of its own that vanishes with the client. */
  readonly filename: string
  /** Opens an existing file without ever writing to it. Default false. */
  readonly readonly?: boolean
  /** Keeps SQLite's rollback journal instead of a write-ahead log. Default false. */
  readonly disableWAL?: boolean
  /** How long a statement waits for another process's lock, in milliseconds. Default 5,000. */
  readonly busyTimeout?: number
  /**
   * When commits reach the disk. `normal` (the default) survives the death of the process, and a power loss may take
   * the newest commits; `full` waits for the disk at every commit (https://sqlite.org/pragma.html#pragma_synchronous).
   */
  readonly synchronous?: "normal" | "full"
  /** How many prepared statements are kept. Default 200. */
  readonly prepareCacheSize?: number
  readonly spanAttributes?: Readonly<Record<string, unknown>>
  readonly transformResultNames?: (name: string) => string
  readonly transformQueryNames?: (name: string) => string
}

/** A SQLite `SqlClient`. */
export interface SqliteClient extends SqlClient.SqlClient {
  readonly config: SqliteClientConfig
  /**
   * Copies the whole database into a new file at `destination`, consistent even while others write
   * (`VACUUM INTO`). Fails when the file exists.
   */
  readonly backup: (destination: string) => Effect.Effect<void, SqlError>
}

/** The service tag of the SQLite client. */
export const SqliteClient = Context.Service<SqliteClient>("compozy/layers/database/SqliteClient")

/**
 * Loads `node:sqlite`. Node 22 announces there that it is experimental; that one warning is dropped, any other
 * passes.
 */
const loadSqlite = (): typeof sqlite => {
  const original = process.emitWarning
  process.emitWarning = ((...args: Parameters<typeof process.emitWarning>) => {
    const [warning] = args
    const text = typeof warning === "string" ? warning : warning.message
    if (!text.startsWith("SQLite is an experimental feature")) {
      original.apply(process, args)
    }
  }) as typeof process.emitWarning
  try {
    return process.getBuiltinModule("node:sqlite")
  } finally {
    process.emitWarning = original
  }
}

const PRIMARY_KEY_VIOLATION = 1555

/** Translates what `node:sqlite` throws; its extended result code is in `errcode`. */
const sqlError = (cause: unknown, message: string, operation: string): SqlError => {
  const code = cause instanceof Error && "errcode" in cause ? cause.errcode : undefined
  if (cause instanceof Error && typeof code === "number") {
    if (code === PRIMARY_KEY_VIOLATION) {
      const constraint = cause.message.replace("UNIQUE constraint failed: ", "")
      return new SqlError({ reason: new UniqueViolation({ cause, message, operation, constraint }) })
    }
    Object.defineProperty(cause, "errno", { value: code, configurable: true })
  }
  return new SqlError({ reason: classifySqliteError(cause, { message, operation }) })
}

/** SQLite has no booleans and no dates: a boolean is 0 or 1, a date its ISO text. */
const toSqlite = (value: unknown): SQLInputValue => {
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
      return value
    case "boolean":
      return value ? 1 : 0
    case "undefined":
      return null
    default:
      if (value === null || value instanceof Uint8Array) return value
      if (value instanceof Date) return value.toISOString()
      throw new TypeError(`A value of type ${typeof value} cannot be bound to a SQLite statement`)
  }
}

/** Runs compiled SQL on one open database, keeping its prepared statements. */
class SqliteConnection implements Connection {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #capacity: number

  constructor(db: DatabaseSync, capacity: number) {
    this.#db = db
    this.#capacity = capacity
  }

  get inTransaction(): boolean {
    return this.#db.isTransaction
  }

  /** A map keeps insertion order: the first entry is the one used longest ago. */
  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql)
      if (this.#statements.size >= this.#capacity) {
        const oldest = this.#statements.keys().next()
        if (!oldest.done) this.#statements.delete(oldest.value)
      }
    } else {
      this.#statements.delete(sql)
    }
    this.#statements.set(sql, statement)
    return statement
  }

  #run<A>(
    sql: string,
    params: ReadonlyArray<unknown>,
    prepare: boolean,
    asArrays: boolean
  ): Effect.Effect<ReadonlyArray<A>, SqlError> {
    return Effect.suspend(() => {
      try {
        const statement = prepare ? this.#prepare(sql) : this.#db.prepare(sql)
        statement.setReturnArrays(asArrays)
        // The caller names the row's type, as with every SQL client.
        return Effect.succeed(
          statement.all(...params.map(toSqlite)) as ReadonlyArray<unknown> as ReadonlyArray<A>
        )
      } catch (cause) {
        return Effect.fail(sqlError(cause, "Failed to execute statement", "execute"))
      }
    })
  }

  execute: Connection["execute"] = (sql, params, transformRows) => {
    const rows = this.#run<object>(sql, params, true, false)
    return transformRows === undefined ? rows : Effect.map(rows, transformRows)
  }
  executeRaw: Connection["executeRaw"] = (sql, params) => this.#run(sql, params, true, false)
  executeValues: Connection["executeValues"] = (sql, params) => this.#run(sql, params, true, true)
  executeValuesUnprepared: Connection["executeValuesUnprepared"] = (sql, params) =>
    this.#run(sql, params, false, true)
  executeUnprepared: Connection["executeUnprepared"] = (sql, params, transformRows) => {
    const rows = this.#run<object>(sql, params, false, false)
    return transformRows === undefined ? rows : Effect.map(rows, transformRows)
  }
  executeStream: Connection["executeStream"] = (sql, params, transformRows) =>
    Stream.fromIterableEffect(this.execute(sql, params, transformRows))
}

/**
 * Opens a database as the client does; the caller closes it. A new file is readable by its owner only, and so are
 * its log and its index, which take the file's mode.
 */
export const openSqlite = (config: SqliteClientConfig): DatabaseSync => {
  const { DatabaseSync } = loadSqlite()
  if (config.filename !== ":memory:" && config.readonly !== true) {
    closeSync(openSync(config.filename, "a", 0o600))
  }
  const db = new DatabaseSync(config.filename, {
    readOnly: config.readonly ?? false,
    enableForeignKeyConstraints: true,
    timeout: config.busyTimeout ?? 5_000
  })
  try {
    if (config.readonly !== true && config.filename !== ":memory:") {
      if (config.disableWAL !== true) db.exec("PRAGMA journal_mode = WAL")
      db.exec(`PRAGMA synchronous = ${config.synchronous === "full" ? "FULL" : "NORMAL"}`)
    }
    return db
  } catch (cause) {
    db.close()
    throw cause
  }
}

/**
 * Opens a database and closes it with the scope.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import * as Reactivity from "effect/reactivity/Reactivity"
 * import { make } from "./SqliteClient.ts"
 *
 * const program = Effect.gen(function* () {
 *   const sql = yield* make({ filename: ":memory:" })
 *   return yield* sql`SELECT 1 AS one`
 * }).pipe(Effect.scoped, Effect.provide(Reactivity.layer))
 * ```
 */
export const make = Effect.fnUntraced(function* (
  config: SqliteClientConfig
): Effect.fn.Return<SqliteClient, SqlError, Scope.Scope | Reactivity.Reactivity> {
  const db = yield* Effect.acquireRelease(
    Effect.try({
      try: () => openSqlite(config),
      catch: (cause) =>
        new SqlError({
          reason: new ConnectionError({
            cause,
            message: `Failed to open ${config.filename}`,
            operation: "open"
          })
        })
    }),
    (db) => Effect.sync(() => db.close())
  )
  const connection = new SqliteConnection(db, config.prepareCacheSize ?? 200)
  const transformRows = config.transformResultNames
    ? Statement.defaultTransforms(config.transformResultNames).array
    : undefined

  const client = yield* SqlClient.make({
    ...SqlClient.makeSqliteAcquirers({
      connection: Effect.succeed(connection),
      semaphore: Semaphore.makeUnsafe(1),
      isTransaction: (connection) => connection.inTransaction
    }),
    driver: "sqlite-node",
    compiler: Statement.makeCompilerSqlite(config.transformQueryNames),
    // Takes the write lock at once: a transaction that reads first would otherwise fail when it turns to writing.
    beginTransaction: config.readonly === true ? "BEGIN" : "BEGIN IMMEDIATE",
    prepareTransactionControls: true,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    spanAttributes: [...Object.entries(config.spanAttributes ?? {}), ["db.system.name", "sqlite"]],
    ...(transformRows && { transformRows })
  })

  return Object.assign(client, {
    config,
    backup: (destination: string) => Effect.asVoid(client`VACUUM INTO ${destination}`)
  })
})

/**
 * A SQLite database as `SqliteClient` and as `SqlClient`; closed with the layer.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import * as SqlClient from "effect/sql/SqlClient"
 * import * as SqliteClient from "./SqliteClient.ts"
 *
 * const program = Effect.gen(function* () {
 *   const sql = yield* SqlClient.SqlClient
 *   return yield* sql`SELECT 1 AS one`
 * }).pipe(Effect.provide(SqliteClient.layer({ filename: ":memory:" })))
 * ```
 *
 * @public what `@effect/sql-sqlite-node` has, so that it can take this file's place
 */
export const layer = (
  config: SqliteClientConfig
): Layer.Layer<SqliteClient | SqlClient.SqlClient, SqlError> =>
  Layer.effectContext(
    Effect.map(make(config), (client) =>
      Context.make(SqliteClient, client).pipe(Context.add(SqlClient.SqlClient, client))
    )
  ).pipe(Layer.provide(Reactivity.layer))
