/** Transactions whose connection may break. */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { isSqlError, type SqlError } from "effect/sql/SqlError"

/**
 * Runs `effect` in one transaction of `sql`. A client dies when the rollback fails, which it does whenever the connection
 * broke: that is a failure like any other here, for the server has rolled back.
 *
 * @example
 * ```ts
 * import type { SqlClient } from "effect/sql/SqlClient"
 * import { transact } from "./Transaction.ts"
 *
 * const reset = (sql: SqlClient) => transact(sql, sql`DELETE FROM users`)
 * ```
 */
export const transact = <A, E, R>(
  sql: SqlClient,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError, R> =>
  Effect.catchDefect(sql.withTransaction(effect), (defect) =>
    isSqlError(defect) ? Effect.fail(defect) : Effect.die(defect)
  )
