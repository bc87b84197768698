import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { readFileSync } from "node:fs"
import { describe as group, expect } from "vitest"
import * as DatabaseDistributed from "../../src/layers/database/distributed.ts"
import type { LayerError } from "../../src/layers/LayerError.ts"
import { Store } from "../../src/services/Store.ts"
import * as MigratorContract from "../contracts/MigratorContract.ts"
import { admin, freshDatabase, urlWith } from "./FreshDatabase.ts"
import { address, isLeftOut } from "./Services.ts"

const port = () => new URL(address("COMPOZY_DATABASE_URL")).port

const textOf = (error: LayerError) =>
  `${error.code}\n${error.message}\n${error.fix}`.replaceAll(port(), "PORT")

const failureOf = (options: DatabaseDistributed.DistributedDatabaseOptions) =>
  Effect.map(Effect.flip(Effect.scoped(Layer.build(DatabaseDistributed.layer(options)))), textOf)

group.skipIf(isLeftOut("postgres"))("PostgreSQL", () => {
  MigratorContract.suite(
    "PostgreSQL",
    Effect.map(freshDatabase, (url) => ({ open: DatabaseDistributed.migrator({ url }) }))
  )

  describe("migrations", () => {
    it.live("run once when many processes start together", () =>
      Effect.gen(function* () {
        const url = yield* freshDatabase
        const applied = yield* Effect.forEach(
          [1, 2, 3, 4],
          () => Effect.flatMap(DatabaseDistributed.migrator({ url }), (migrator) => migrator.up),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          applied.map((list) => list.length).toSorted((a, b) => a - b),
          [0, 0, 0, 1]
        )
      })
    )

    it.live("give up waiting for another process after their timeout", () =>
      Effect.gen(function* () {
        const url = yield* freshDatabase
        const sql = yield* Effect.provideContext(
          SqlClient,
          yield* Layer.build(DatabaseDistributed.layer({ url, autoMigrate: false }))
        )
        const migrator = yield* DatabaseDistributed.migrator({ url, migrationTimeout: 100 })
        const error = yield* sql.withTransaction(
          Effect.andThen(sql`SELECT pg_advisory_xact_lock(6020130471)`, Effect.flip(migrator.up))
        )
        expect(textOf(error)).toMatchInlineSnapshot(`
          "COMPOZY_DATABASE_MIGRATION
          Another process has been migrating the database for more than 100 ms.
          Wait until it is done and start again, or raise database.migrationTimeout."
        `)
      })
    )
  })

  describe("a connection", () => {
    it.live("is refused for a wrong password", () =>
      Effect.gen(function* () {
        const text = yield* failureOf({ url: urlWith(() => undefined), password: Redacted.make("wrong") })
        expect(text).toMatchInlineSnapshot(`
          "COMPOZY_DATABASE_AUTH
          PostgreSQL at 127.0.0.1:PORT refused the user "compozy": password authentication failed for user "compozy".
          Check database.user and database.password, or those in database.url (COMPOZY_DATABASE_URL). Try: psql -h 127.0.0.1 -p PORT -U compozy compozy"
        `)
      })
    )

    it.live("is refused for a database that does not exist", () =>
      Effect.gen(function* () {
        const text = yield* failureOf({ url: urlWith(() => undefined), name: "missing" })
        expect(text).toMatchInlineSnapshot(`
          "COMPOZY_DATABASE_NOT_FOUND
          PostgreSQL at 127.0.0.1:PORT has no database "missing".
          Correct database.name or the path of database.url, or create it: createdb -h 127.0.0.1 -p PORT missing"
        `)
      })
    )

    it.live("checks the server's certificate", () =>
      Effect.gen(function* () {
        const text = yield* failureOf({ url: urlWith(() => undefined), ssl: { mode: "verify-full" } })
        expect(text).toMatchInlineSnapshot(`
          "COMPOZY_DATABASE_TLS
          The TLS handshake with PostgreSQL at 127.0.0.1:PORT failed: unable to verify the first certificate; if the root CA is installed locally, try running Node.js with --use-system-ca.
          Check database.ssl: mode disable for a server without TLS, ca for a certificate authority of your own."
        `)
      })
    )

    it.live("is encrypted, with a certificate authority of one's own", () =>
      Effect.gen(function* () {
        const ca = readFileSync(address("COMPOZY_SERVICES_CA"), "utf8")
        for (const ssl of [{ mode: "verify-full" as const, ca }, { mode: "require" as const }]) {
          const context = yield* Layer.build(
            DatabaseDistributed.layer({ url: urlWith(() => undefined), ssl, autoMigrate: false })
          )
          const sql = yield* Effect.provideContext(SqlClient, context)
          const rows = yield* sql`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`
          assert.deepStrictEqual(rows, [{ ssl: true }])
        }
      })
    )
  })

  describe("the store", () => {
    it.live("works on when the server has cut its connections", () =>
      Effect.gen(function* () {
        const url = yield* freshDatabase
        const context = yield* Layer.build(DatabaseDistributed.layer({ url }))
        const store = yield* Effect.provideContext(Store, context)
        const killer = yield* Effect.provideContext(SqlClient, yield* admin)
        const name = new URL(Redacted.value(url)).pathname.slice(1)
        const cut = killer`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${name}`
        yield* store.ping
        for (const _ of [1, 2, 3]) {
          yield* cut
          yield* store.listUsers
        }
        const cutting = yield* Effect.forkChild(Effect.andThen(Effect.sleep(5), cut))
        for (let index = 0; index < 50; index++) {
          yield* store.putBlob({
            hash: `blob-${index}`,
            bytes: Uint8Array.of(index),
            executionId: "execution"
          })
        }
        yield* Fiber.join(cutting)
      })
    )

    it.live("says TimedOut of a statement that takes too long", () =>
      Effect.gen(function* () {
        const url = yield* freshDatabase
        const context = yield* Layer.build(DatabaseDistributed.layer({ url, queryTimeout: 100 }))
        const store = yield* Effect.provideContext(Store, context)
        const other = yield* Effect.provideContext(
          SqlClient,
          yield* Layer.build(DatabaseDistributed.layer({ url, autoMigrate: false }))
        )
        const error = yield* other.withTransaction(
          Effect.andThen(other`LOCK TABLE users IN ACCESS EXCLUSIVE MODE`, Effect.flip(store.listUsers))
        )
        assert.strictEqual(error._tag, "TimedOut")
        yield* store.ping
      })
    )
  })
})
