import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { join } from "node:path"
import { sqlite } from "../../src/layers/database/Dialect.ts"
import type { Migration } from "../../src/layers/database/Migration.ts"
import { makeMigrator } from "../../src/layers/database/Migrator.ts"
import { migrations as postgres } from "../../src/layers/database/migrations/postgres/index.ts"
import { migrations } from "../../src/layers/database/migrations/sqlite/index.ts"
import { migrator } from "../../src/layers/database/persistent.ts"
import * as SqliteClient from "../../src/layers/database/SqliteClient.ts"
import * as MigratorContract from "../contracts/MigratorContract.ts"
import { temporaryFolder } from "./TemporaryFolder.ts"

MigratorContract.suite(
  "SQLite",
  Effect.map(temporaryFolder, (folder) => ({ open: migrator({ path: join(folder, "compozy.db") }) }))
)

const inMemory = Effect.provide(SqliteClient.make({ filename: ":memory:" }), Reactivity.layer)

const second: Migration = {
  id: 2,
  name: "second",
  up: ["CREATE TABLE second (id)"],
  down: ["DROP TABLE second"]
}

describe("Migrator", () => {
  it("has the same history on every database", () => {
    const names = (list: ReadonlyArray<Migration>) => list.map(({ id, name }) => ({ id, name }))
    assert.deepStrictEqual(names(postgres), names(migrations))
  })

  it.effect("leaves the schema as it was when a migration fails", () =>
    Effect.gen(function* () {
      const sql = yield* inMemory
      const broken = { ...second, up: ["CREATE TABLE half (id)", "CREATE TABEL other (id)"] }
      const error = yield* Effect.flip(
        makeMigrator({ sql, dialect: sqlite, migrations: [...migrations, broken] }).up
      )
      assert.strictEqual(error.code, "COMPOZY_DATABASE_MIGRATION")
      assert.strictEqual(
        error.message,
        'The database\'s schema could not be migrated: near "TABEL": syntax error'
      )
      assert.deepStrictEqual(yield* sql`SELECT name FROM sqlite_schema`, [])
    })
  )

  it.effect("undoes several migrations, newest first", () =>
    Effect.gen(function* () {
      const sql = yield* inMemory
      const both = makeMigrator({ sql, dialect: sqlite, migrations: [...migrations, second] })
      yield* both.up
      const undone = yield* both.down(2)
      assert.deepStrictEqual(
        undone.map(({ id }) => id),
        [2, 1]
      )
    })
  )

  it.effect("leaves a database alone that a newer version wrote", () =>
    Effect.gen(function* () {
      const sql = yield* inMemory
      yield* makeMigrator({ sql, dialect: sqlite, migrations: [...migrations, second] }).up
      const older = makeMigrator({ sql, dialect: sqlite, migrations })
      const error = yield* Effect.flip(older.up)
      assert.strictEqual(
        `${error.message} ${error.fix}`,
        'The database\'s schema has migration 2 ("second"), which this version of Compozy does not know: a newer version wrote it. Start the version of Compozy that wrote it, or use another database.'
      )
      assert.deepStrictEqual(
        (yield* older.status).map(({ name }) => name),
        ["foundation", "second"]
      )
    })
  )
})
