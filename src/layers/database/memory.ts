/** The store in memory: a SQLite database that lives and dies with the layer. */
import { Context, Effect, Layer } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { SqlClient } from "effect/sql/SqlClient"
import { Store } from "../../services/Store.ts"
import { LayerError } from "../LayerError.ts"
import { sqlite } from "./Dialect.ts"
import { makeMigrator } from "./Migrator.ts"
import { migrations } from "./migrations/sqlite/index.ts"
import * as SqliteClient from "./SqliteClient.ts"
import { makeSqlStore } from "./SqlStore.ts"

/**
 * A fresh, empty, migrated store and its `SqlClient`. Two builds share nothing.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Store } from "../../services/Store.ts"
 * import { layer } from "./memory.ts"
 *
 * const users = Effect.flatMap(Store, (store) => store.listUsers).pipe(Effect.provide(layer))
 * ```
 */
export const layer: Layer.Layer<Store | SqlClient, LayerError> = Layer.effectContext(
  Effect.gen(function* () {
    const sql = yield* Effect.mapError(
      SqliteClient.make({ filename: ":memory:" }),
      (cause) =>
        new LayerError({
          layer: "database",
          failure: "failed",
          message: "SQLite cannot open a database in memory.",
          fix: "Check that this Node.js was built with node:sqlite: node -e \"require('node:sqlite')\"",
          cause
        })
    )
    yield* makeMigrator({ sql, dialect: sqlite, migrations }).up
    return Context.make(SqlClient, sql).pipe(Context.add(Store, makeSqlStore(sql, { dialect: sqlite })))
  })
).pipe(Layer.provide(Reactivity.layer))
