/**
 * Brings a database's schema up to date, back down, and says where it stands.
 *
 * Every run is one transaction: a failed migration leaves the schema as it was. On PostgreSQL an advisory lock makes
 * processes that start together wait for each other; on SQLite the transaction itself does.
 */
import { Clock, Effect } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { LayerError } from "../LayerError.ts"
import { type Dialect, postgres } from "./Dialect.ts"
import type { Migration } from "./Migration.ts"
import { toNumber } from "./Rows.ts"
import { transact } from "./Transaction.ts"

/** One migration and whether the database has it. `appliedAt` is in milliseconds since the epoch. */
export interface MigrationStatus {
  readonly id: number
  readonly name: string
  readonly appliedAt: number | null
}

/** What a migrator needs. */
export interface MigratorOptions {
  readonly sql: SqlClient
  readonly dialect: Dialect
  /** The schema's history, oldest first. */
  readonly migrations: ReadonlyArray<Migration>
  /** How long a run may wait for another one, and how long it may then take, in milliseconds. Default 120,000. */
  readonly timeout?: number
}

/** Runs migrations on one database. */
export interface Migrator {
  /** Applies every pending migration; gives those that it applied. */
  readonly up: Effect.Effect<ReadonlyArray<MigrationStatus>, LayerError>
  /** Undoes the newest `steps` migrations (default 1), newest first; gives those that it undid. Their data is lost. */
  readonly down: (steps?: number) => Effect.Effect<ReadonlyArray<MigrationStatus>, LayerError>
  /** Every migration, oldest first. Changes nothing. */
  readonly status: Effect.Effect<ReadonlyArray<MigrationStatus>, LayerError>
}

interface AppliedRow {
  readonly id: number
  readonly name: string
  readonly applied_at: unknown
}

const TABLE = "compozy_migrations"

/** Any constant will do, as long as nobody else on the server uses it for another purpose. */
const ADVISORY_LOCK = 6_020_130_471

const failed = (message: string, fix: string, cause?: unknown) =>
  new LayerError({
    layer: "database",
    failure: "migration",
    message,
    fix,
    ...(cause !== undefined && { cause })
  })

/**
 * The migrator of one database.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { SqlClient } from "effect/sql/SqlClient"
 * import { sqlite } from "./Dialect.ts"
 * import { migrations } from "./migrations/sqlite/index.ts"
 * import { makeMigrator } from "./Migrator.ts"
 *
 * const up = Effect.flatMap(SqlClient, (sql) => makeMigrator({ sql, dialect: sqlite, migrations }).up)
 * ```
 */
export const makeMigrator = (options: MigratorOptions): Migrator => {
  const { dialect, migrations, sql, timeout = 120_000 } = options
  const isPostgres = dialect.name === postgres.name

  const readApplied = sql<AppliedRow>`SELECT id, name, applied_at FROM ${sql(TABLE)} ORDER BY id`

  const createTable = isPostgres
    ? sql`CREATE TABLE IF NOT EXISTS ${sql(TABLE)}
        (id integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)`
    : sql`CREATE TABLE IF NOT EXISTS ${sql(TABLE)}
        (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT`

  const tableExists = Effect.map(
    isPostgres
      ? sql`SELECT 1 AS found WHERE to_regclass(${TABLE}) IS NOT NULL`
      : sql`SELECT 1 AS found FROM sqlite_schema WHERE type = 'table' AND name = ${TABLE}`,
    (rows) => rows.length > 0
  )

  /** Held until the transaction ends. `lock_timeout` bounds the wait, `statement_timeout` is off for long migrations. */
  const takeLock = isPostgres
    ? Effect.all(
        [
          sql`SELECT set_config('lock_timeout', ${`${timeout}ms`}, true), set_config('statement_timeout', '0', true)`,
          sql`SELECT pg_advisory_xact_lock(${BigInt(ADVISORY_LOCK)})`
        ],
        { discard: true }
      )
    : Effect.void

  const toStatus = (row: AppliedRow): MigrationStatus => ({
    id: row.id,
    name: row.name,
    appliedAt: toNumber(row.applied_at)
  })

  const execute = (statements: ReadonlyArray<string>) =>
    Effect.forEach(statements, (statement) => sql.unsafe(statement).unprepared, { discard: true })

  /** A database that knows more than this version was written by a newer one, and is left alone. */
  const checkKnown = (applied: ReadonlyArray<AppliedRow>) => {
    const unknown = applied.find(
      (row) => !migrations.some(({ id, name }) => id === row.id && name === row.name)
    )
    return unknown === undefined
      ? Effect.void
      : Effect.fail(
          failed(
            `The database's schema has migration ${unknown.id} ("${unknown.name}"), which this version of Compozy does not know: a newer version wrote it.`,
            "Start the version of Compozy that wrote it, or use another database."
          )
        )
  }

  const lockFailed = (cause: SqlError) =>
    failed(
      `Another process has been migrating the database for more than ${timeout} ms.`,
      "Wait until it is done and start again, or raise database.migrationTimeout.",
      cause
    )

  const guard = <A>(effect: Effect.Effect<A, SqlError | LayerError>): Effect.Effect<A, LayerError> =>
    effect.pipe(
      Effect.mapError((error) => {
        if (error instanceof LayerError) return error
        if (error.reason._tag === "LockTimeoutError") return lockFailed(error)
        const detail = error.reason.cause instanceof Error ? error.reason.cause.message : error.message
        return failed(
          `The database's schema could not be migrated: ${detail}`,
          "Nothing was changed. Check that the user may create tables; `compozy migrate status` shows where it stands.",
          error
        )
      }),
      Effect.timeoutOrElse({
        duration: 2 * timeout,
        orElse: () =>
          Effect.fail(
            failed(
              `The migrations did not finish within ${2 * timeout} ms, and were undone.`,
              "Raise database.migrationTimeout, or run `compozy migrate up` beforehand."
            )
          )
      })
    )

  const locked = <A>(effect: Effect.Effect<A, SqlError | LayerError>) =>
    guard(transact(sql, Effect.andThen(takeLock, effect)))

  return {
    up: locked(
      Effect.gen(function* () {
        yield* createTable
        const applied = yield* readApplied
        yield* checkKnown(applied)
        const done: Array<MigrationStatus> = []
        for (const { id, name, up } of migrations) {
          if (applied.some((row) => row.id === id)) continue
          yield* execute(up)
          const appliedAt = yield* Clock.currentTimeMillis
          yield* sql`INSERT INTO ${sql(TABLE)} ${sql.insert({ id, name, applied_at: dialect.time(appliedAt) })}`
          done.push({ id, name, appliedAt })
        }
        return done
      })
    ),

    down: (steps = 1) =>
      locked(
        Effect.gen(function* () {
          if (!(yield* tableExists)) return []
          const applied = yield* readApplied
          yield* checkKnown(applied)
          const undone: Array<MigrationStatus> = []
          for (const row of applied.toReversed().slice(0, steps)) {
            yield* execute(migrations.find(({ id }) => id === row.id)?.down ?? [])
            yield* sql`DELETE FROM ${sql(TABLE)} WHERE id = ${row.id}`
            undone.push({ ...toStatus(row), appliedAt: null })
          }
          return undone
        })
      ),

    status: guard(
      Effect.gen(function* () {
        const applied = (yield* tableExists) ? yield* readApplied : []
        const known = migrations.map(({ id, name }) => {
          const row = applied.find((row) => row.id === id)
          return { id, name, appliedAt: row === undefined ? null : toNumber(row.applied_at) }
        })
        const unknown = applied.filter((row) => !migrations.some(({ id }) => id === row.id)).map(toStatus)
        return [...known, ...unknown]
      })
    )
  }
}
