/** Databases of the real PostgreSQL that a test has for itself. */
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { randomUUID } from "node:crypto"
import * as DatabaseDistributed from "../../src/layers/database/distributed.ts"
import { address } from "./Services.ts"

/** The server's URL with something changed. */
export const urlWith = (change: (url: URL) => void) => {
  const url = new URL(address("COMPOZY_DATABASE_URL"))
  change(url)
  return Redacted.make(url.href)
}

/** The database that the URL names, to make others from. */
export const admin = Effect.suspend(() =>
  Layer.build(DatabaseDistributed.layer({ url: urlWith(() => undefined), autoMigrate: false }))
)

/** A database of its own for a test, dropped when the scope closes. */
export const freshDatabase = Effect.gen(function* () {
  const sql = yield* Effect.provideContext(SqlClient, yield* admin)
  const name = `test_${randomUUID().replaceAll("-", "")}`
  yield* Effect.acquireRelease(sql`CREATE DATABASE ${sql(name)}`, () =>
    Effect.orDie(sql`DROP DATABASE ${sql(name)} WITH (FORCE)`)
  )
  return urlWith((url) => {
    url.pathname = `/${name}`
  })
})
