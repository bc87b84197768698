/** The store in a SQLite file, owned by this process. */
import { Context, Effect, Layer, type Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { Store } from "../../services/Store.ts"
import { type OwnedFile, ownFile, storageError } from "../FileOwner.ts"
import type { LayerError } from "../LayerError.ts"
import { sqlite } from "./Dialect.ts"
import { makeMigrator, type Migrator } from "./Migrator.ts"
import { migrations } from "./migrations/sqlite/index.ts"
import * as SqliteClient from "./SqliteClient.ts"
import { makeSqlStore } from "./SqlStore.ts"

/** Where and how the database is kept. Durations are milliseconds. */
export interface PersistentDatabaseOptions {
  /** The absolute path of the file; its folder is made when it is missing, readable by its owner only. */
  readonly path: string
  /** Whether pending migrations run when the layer is built. Default true. */
  readonly autoMigrate?: boolean
  /** Default 120,000. */
  readonly migrationTimeout?: number
  /** How long a statement waits for another program that reads or writes the file. Default 5,000. */
  readonly busyTimeout?: number
  /**
   * `normal` (the default): what was acknowledged survives the death of the process, `kill -9` included, and a power loss
   * may take the newest writes; `full`: it survives a power loss too, and every write waits for the disk.
   */
  readonly synchronous?: "normal" | "full"
}

const open = Effect.fnUntraced(function* (
  options: PersistentDatabaseOptions
): Effect.fn.Return<SqliteClient.SqliteClient, LayerError, Scope.Scope | Reactivity.Reactivity> {
  const { busyTimeout, path, synchronous } = options
  const file: OwnedFile = { path, layer: "database", key: "database.path", what: "database" }
  yield* ownFile(file)
  const openError = (error: SqlError) => storageError(file, "cannot be opened", error.reason.cause)
  const sql = yield* Effect.mapError(
    SqliteClient.make({
      filename: path,
      ...(busyTimeout !== undefined && { busyTimeout }),
      ...(synchronous !== undefined && { synchronous })
    }),
    openError
  )
  // The first read finds out whether this is a database at all.
  yield* Effect.mapError(sql`SELECT count(*) FROM sqlite_schema`, openError)
  return sql
})

const migratorOf = (sql: SqlClient, options: PersistentDatabaseOptions): Migrator =>
  makeMigrator({
    sql,
    dialect: sqlite,
    migrations,
    ...(options.migrationTimeout !== undefined && { timeout: options.migrationTimeout })
  })

/**
 * The migrator of the file, without a store: for `compozy migrate`. Owns the file like the layer does.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { migrator } from "./persistent.ts"
 *
 * const status = Effect.scoped(
 *   Effect.flatMap(migrator({ path: "/var/lib/compozy/compozy.db" }), (migrator) => migrator.status)
 * )
 * ```
 */
export const migrator = (
  options: PersistentDatabaseOptions
): Effect.Effect<Migrator, LayerError, Scope.Scope> =>
  Effect.provide(
    Effect.map(open(options), (sql) => migratorOf(sql, options)),
    Reactivity.layer
  )

/**
 * The store in the file at `path` and its `SqlClient`. One process owns the file: a second one fails with the owner's pid.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Store } from "../../services/Store.ts"
 * import { layer } from "./persistent.ts"
 *
 * const users = Effect.flatMap(Store, (store) => store.listUsers).pipe(
 *   Effect.provide(layer({ path: "/var/lib/compozy/compozy.db" }))
 * )
 * ```
 */
export const layer = (options: PersistentDatabaseOptions): Layer.Layer<Store | SqlClient, LayerError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const sql = yield* open(options)
      if (options.autoMigrate !== false) yield* migratorOf(sql, options).up
      return Context.make(SqlClient, sql).pipe(Context.add(Store, makeSqlStore(sql, { dialect: sqlite })))
    })
  ).pipe(Layer.provide(Reactivity.layer))
