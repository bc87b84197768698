/**
 * Keeps test stacks that share real services apart: each has its own schema in PostgreSQL, its own prefix in Redis and its
 * own task queue in Temporal. Embedded services are apart by themselves.
 */
import { createHash, randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { SqlClient } from "effect/sql/SqlClient"
import type { DatabaseDistributed, Settings } from "../config/Settings.ts"
import type { FlagValues } from "../config/Sources.ts"
import type { LayerError } from "../layers/LayerError.ts"

/** What keeps a stack apart. */
export interface Isolation {
  /** Settings that lie over those of the config. */
  readonly flags: FlagValues
  /** Makes what has to be there before the stack starts, and takes it away when the scope closes. */
  readonly apply: (settings: Settings) => Effect.Effect<Settings, LayerError, Scope.Scope>
}

const embedded: Isolation = { flags: {}, apply: Effect.succeed }

/** The connection, with every table in the schema. */
const inSchema = (database: DatabaseDistributed, schema: string): DatabaseDistributed => {
  const url = new URL(Redacted.value(database.url))
  url.searchParams.set("options", `-c search_path=${schema}`)
  return { ...database, url: Redacted.make(url.href) }
}

const withSql = <A, E>(
  database: DatabaseDistributed,
  use: (sql: SqlClient) => Effect.Effect<A, E>
): Effect.Effect<A, E | LayerError> =>
  Effect.flatMap(
    Effect.promise(() => import("../layers/database/distributed.ts")),
    ({ layer }) =>
      Effect.scoped(
        Effect.flatMap(
          Layer.build(layer({ ...database, autoMigrate: false, maxConnections: 1 })),
          (context) => Effect.provideContext(Effect.flatMap(SqlClient, use), context)
        )
      )
  )

/** Makes the schema; a temporary one is dropped with everything in it. */
const ownSchema = (database: DatabaseDistributed, schema: string, temporary: boolean) =>
  Effect.acquireRelease(
    withSql(database, (sql) => Effect.orDie(sql`CREATE SCHEMA IF NOT EXISTS ${sql(schema)}`)),
    () =>
      temporary
        ? Effect.ignore(withSql(database, (sql) => sql`DROP SCHEMA IF EXISTS ${sql(schema)} CASCADE`))
        : Effect.void
  )

/**
 * What keeps a stack apart from others.
 *
 * @param distributed whether it uses services that others use too
 * @param directory names what is kept; without one everything has a name of its own and goes with the scope
 */
export const isolationOf = (distributed: boolean, directory: string | undefined): Isolation => {
  if (!distributed) return embedded
  const source = directory ?? randomUUID()
  const name = `compozy_test_${createHash("sha256").update(source).digest("hex").slice(0, 24)}`
  return {
    flags: { "redis.keyPrefix": `${name}:`, "temporal.taskQueue": name },
    apply: Effect.fnUntraced(function* (settings) {
      const { database } = settings
      if (database.mode !== "distributed") return settings
      yield* ownSchema(database, name, directory === undefined)
      return { ...settings, database: inSchema(database, name) }
    })
  }
}
