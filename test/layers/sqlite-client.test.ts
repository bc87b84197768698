/** The SQLite client beyond what the store needs of it: it has the surface of `@effect/sql-sqlite-node`. */
import { mkdtemp, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { afterEach, beforeEach, expect, it } from "vitest"
import * as SqliteClient from "../../src/layers/database/SqliteClient.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "compozy-sqlite-"))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const withClient = <A, E>(
  use: (sql: SqliteClient.SqliteClient) => Effect.Effect<A, E>,
  options: Partial<SqliteClient.SqliteClientConfig> = {}
) =>
  Effect.runPromise(
    Effect.flatMap(SqliteClient.SqliteClient, use).pipe(
      Effect.provide(SqliteClient.layer({ filename: ":memory:", ...options }))
    )
  )

it("binds a boolean as 0 or 1, a date as its ISO text and bytes as they are; nothing else has a form", async () => {
  const [bound, refused] = await withClient((sql) =>
    Effect.all([
      sql`SELECT ${true} AS t, ${false} AS f, ${new Date(0)} AS date, ${new Uint8Array([1])} AS bytes, ${null} AS absent`,
      Effect.flip(sql.unsafe("SELECT ?", [{ an: "object" }]))
    ])
  )
  expect(bound).toEqual([
    { t: 1, f: 0, date: "1970-01-01T00:00:00.000Z", bytes: new Uint8Array([1]), absent: null }
  ])
  expect(refused.reason).toMatchObject({
    cause: new TypeError("A value of type object cannot be bound to a SQLite statement")
  })
})

it("tells which key a row already has", async () => {
  const error = await withClient((sql) =>
    Effect.gen(function* () {
      yield* sql`CREATE TABLE city (name TEXT PRIMARY KEY)`
      yield* sql`INSERT INTO city VALUES ('Rome')`
      return yield* Effect.flip(sql`INSERT INTO city VALUES ('Rome')`)
    })
  )
  expect(error.reason).toMatchObject({ _tag: "UniqueViolation", constraint: "city.name" })
})

it("gives rows as objects, as arrays, unprepared and as a stream, with names as they are wanted", async () => {
  const query = "SELECT 1 AS one_two UNION SELECT 2"
  const rows = await withClient(
    (sql) =>
      Effect.all([
        sql.unsafe(query),
        sql.unsafe(query).values,
        sql.unsafe(query).withoutTransform,
        sql.unsafe(query).raw,
        sql.unsafe(query).unprepared,
        Stream.runCollect(sql.unsafe(query).stream)
      ]),
    { transformResultNames: (name) => name.toUpperCase(), prepareCacheSize: 1 }
  )
  const upper = [{ ONE_TWO: 1 }, { ONE_TWO: 2 }]
  const plain = [{ one_two: 1 }, { one_two: 2 }]
  expect(rows).toEqual([upper, [[1], [2]], plain, plain, upper, upper])
})

it("copies the whole database into a new private file, and not over one", async () => {
  const copy = join(folder, "copy.db")
  const again = await withClient(
    (sql) =>
      Effect.gen(function* () {
        yield* sql`CREATE TABLE city (name TEXT)`
        yield* sql`INSERT INTO city VALUES ('Rome')`
        yield* sql.backup(copy)
        return yield* Effect.flip(sql.backup(copy))
      }),
    { filename: join(folder, "whole.db"), synchronous: "full" }
  )
  expect(again._tag).toBe("SqlError")
  expect((await stat(join(folder, "whole.db"))).mode & 0o777).toBe(0o600)
  expect(await withClient((sql) => sql`SELECT * FROM city`, { filename: copy, readonly: true })).toEqual([
    { name: "Rome" }
  ])
})

it("says which file it cannot open", async () => {
  const filename = join(folder, "missing", "a.db")
  const error = await Effect.runPromise(
    Effect.flip(Effect.provide(SqliteClient.SqliteClient, SqliteClient.layer({ filename })))
  )
  expect(error.reason).toMatchObject({ _tag: "ConnectionError", message: `Failed to open ${filename}` })
})
