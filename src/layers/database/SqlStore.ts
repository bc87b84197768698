/**
 * The `Store` on any `SqlClient`. SQLite and PostgreSQL share every statement; `Dialect` holds what differs.
 */
import { Array as Arr, Clock, Effect, Option, Schedule } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import { InvalidRequest, type ServiceError, TimedOut } from "../../services/ServiceError.ts"
import type { Page, Status, Store, TaskState } from "../../services/Store.ts"
import { type CursorKey, decodeCursor, encodeCursor } from "./Cursor.ts"
import type { Dialect } from "./Dialect.ts"
import {
  type ApiKeyRow,
  emailKey,
  makeRows,
  type TaskRow,
  toBytes,
  toNumber,
  type UserRow,
  type WorkflowRow
} from "./Rows.ts"
import { toStoreError } from "./StoreErrors.ts"
import { transact } from "./Transaction.ts"

const TERMINAL = [
  "SUCCESS",
  "FAILED",
  "TIMED_OUT",
  "CANCELED",
  "SKIPPED"
] as const satisfies ReadonlyArray<Status>
const terminal: ReadonlySet<Status> = new Set(TERMINAL)

/** Batches are cut into pieces of these sizes, so that a handful of prepared statements serves every batch. */
const PIECES = [64, 16, 4, 1] as const

const DEFAULT_PAGE = 50
const MAX_PAGE = 500
const DEFAULT_TASK_PAGE = 1_000
const MAX_TASK_PAGE = 10_000

/** A server that restarts is back within seconds: 50 ms, then twice as long each time, up to 3 s in all. */
const RECONNECTIONS = { schedule: Schedule.exponential(50), times: 6 }

const isUnavailable = (error: ServiceError): boolean => error._tag === "Unavailable"

/** Marks what a caller's effect failed with, so that the transaction's own failures can be told apart from it. */
class CallerFailure<E> {
  readonly error: E
  constructor(error: E) {
    this.error = error
  }
}

/** Whether `next` replaces `stored`: the order of the contract, which the SQL below states as well. */
const supersedes = (next: TaskState, stored: TaskState): boolean => {
  if (next.eventId !== stored.eventId) return next.eventId > stored.eventId
  if (next.attempt !== stored.attempt) return next.attempt > stored.attempt
  return !terminal.has(stored.status) || terminal.has(next.status)
}

/** The newest state of each step: one statement must not touch a row twice. */
const latestStates = (states: ReadonlyArray<TaskState>): ReadonlyArray<TaskState> => {
  if (states.length === 1) return states
  const latest = new Map<string, TaskState>()
  for (const state of states) {
    const key = JSON.stringify([state.executionId, state.path])
    const stored = latest.get(key)
    if (stored === undefined || supersedes(state, stored)) latest.set(key, state)
  }
  return [...latest.values()]
}

const pieces = <A>(items: ReadonlyArray<A>): ReadonlyArray<Arr.NonEmptyReadonlyArray<A>> => {
  const cut: Array<Arr.NonEmptyReadonlyArray<A>> = []
  let from = 0
  for (const size of PIECES) {
    for (; items.length - from >= size; from += size) {
      const piece = items.slice(from, from + size)
      if (Arr.isArrayNonEmpty(piece)) cut.push(piece)
    }
  }
  return cut
}

const pageSize = (operation: string, limit: number | undefined, standard: number, max: number) =>
  limit === undefined
    ? Effect.succeed(standard)
    : Number.isInteger(limit) && limit >= 1 && limit <= max
      ? Effect.succeed(limit)
      : Effect.fail(
          new InvalidRequest({
            service: "store",
            operation,
            message: `limit must be a whole number from 1 to ${max}, got ${limit}`
          })
        )

/** One row more than the page was read: it only says that there is a next page. */
const toPage = <Row, A>(
  rows: ReadonlyArray<Row>,
  limit: number,
  decode: (row: Row) => A,
  key: (row: Row) => CursorKey
): Page<A> => {
  const shown = rows.length > limit ? rows.slice(0, limit) : rows
  const last = shown.at(-1)
  return {
    items: shown.map(decode),
    next: rows.length > limit && last !== undefined ? encodeCursor(key(last)) : null
  }
}

/** Settings of a store. */
export interface SqlStoreOptions {
  readonly dialect: Dialect
  /**
   * Milliseconds after which a statement counts as unanswered. Set for a server elsewhere, which also makes what can be
   * repeated try again when a connection breaks. Default: none, for a database in this process.
   */
  readonly queryTimeout?: number
}

/**
 * The `Store` on `sql`, whose schema is up to date.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { SqlClient } from "effect/sql/SqlClient"
 * import { sqlite } from "./Dialect.ts"
 * import { makeSqlStore } from "./SqlStore.ts"
 *
 * const store = Effect.map(SqlClient, (sql) => makeSqlStore(sql, { dialect: sqlite }))
 * ```
 */
export const makeSqlStore = (sql: SqlClient, options: SqlStoreOptions): Store["Service"] => {
  const { dialect, queryTimeout } = options
  const rows = makeRows(dialect)
  const terminalList = sql.literal(`('${TERMINAL.join("','")}')`)
  const byCodePoint = (column: string) => sql.literal(dialect.byCodePoint(column))

  /** Runs a statement that may be cut off at any time, once. */
  const runOnce = <A>(
    operation: string,
    effect: Effect.Effect<A, SqlError>
  ): Effect.Effect<A, ServiceError> => {
    const mapped = Effect.mapError(effect, (error) => toStoreError(operation, error))
    return queryTimeout === undefined
      ? mapped
      : Effect.timeoutOrElse(mapped, {
          duration: queryTimeout,
          orElse: () =>
            Effect.fail(
              new TimedOut({
                service: "store",
                operation,
                message: `${operation}: the database did not answer within ${queryTimeout} ms`
              })
            )
        })
  }

  const isInTransaction = Effect.map(Effect.serviceOption(sql.transactionService), Option.isSome)

  /** Runs a statement that changes nothing more when it is repeated: a server that restarts is waited for. */
  const run = <A>(operation: string, effect: Effect.Effect<A, SqlError>): Effect.Effect<A, ServiceError> => {
    const once = runOnce(operation, effect)
    return queryTimeout === undefined
      ? once
      : Effect.flatMap(isInTransaction, (inside) =>
          // The transaction is lost with its connection.
          inside ? once : Effect.retry(once, { while: isUnavailable, ...RECONNECTIONS })
        )
  }

  const first = <Row extends object, A>(
    operation: string,
    statement: Effect.Effect<ReadonlyArray<Row>, SqlError>,
    decode: (row: Row) => A
  ): Effect.Effect<Option.Option<A>, ServiceError> =>
    Effect.map(run(operation, statement), ([row]) =>
      row === undefined ? Option.none() : Option.some(decode(row))
    )

  const write = (operation: string, statement: Effect.Effect<unknown, SqlError>) =>
    Effect.asVoid(run(operation, statement))

  /** Keeps the row with the higher event id; at an equal one, a terminal status is not left. */
  const putTaskPiece = (piece: Arr.NonEmptyReadonlyArray<TaskState>) => sql`
    INSERT INTO task_states ${sql.insert(Arr.map(piece, rows.fromTaskState))}
    ON CONFLICT (execution_id, path) DO UPDATE SET
      attempt = excluded.attempt, parent_path = excluded.parent_path, workflow_id = excluded.workflow_id,
      task_id = excluded.task_id, type = excluded.type, component = excluded.component,
      status = excluded.status, input = excluded.input, output = excluded.output, error = excluded.error,
      started_at = excluded.started_at, updated_at = excluded.updated_at, closed_at = excluded.closed_at,
      event_id = excluded.event_id
    WHERE excluded.event_id > task_states.event_id
      OR (excluded.event_id = task_states.event_id AND (excluded.attempt > task_states.attempt
        OR (excluded.attempt = task_states.attempt
          AND (task_states.status NOT IN ${terminalList} OR excluded.status IN ${terminalList}))))`

  return {
    withTransaction: (effect) =>
      transact(
        sql,
        Effect.mapError(effect, (error) => new CallerFailure(error))
      ).pipe(
        Effect.mapError((error) =>
          error instanceof CallerFailure ? error.error : toStoreError("store.withTransaction", error)
        )
      ),

    ping: Effect.asVoid(runOnce("store.ping", sql`SELECT 1`)),

    putWorkflowState: (state) =>
      write(
        "store.putWorkflowState",
        sql`
          INSERT INTO workflow_states ${sql.insert(rows.fromWorkflowState(state))}
          ON CONFLICT (execution_id) DO UPDATE SET
            workflow_id = excluded.workflow_id, status = excluded.status, input = excluded.input,
            output = excluded.output, error = excluded.error, definition = excluded.definition,
            parent_execution_id = excluded.parent_execution_id, started_at = excluded.started_at,
            updated_at = excluded.updated_at, closed_at = excluded.closed_at, event_id = excluded.event_id
          WHERE excluded.event_id > workflow_states.event_id
            OR (excluded.event_id = workflow_states.event_id
              AND (workflow_states.status NOT IN ${terminalList} OR excluded.status IN ${terminalList}))`
      ),

    getWorkflowState: (executionId) =>
      first(
        "store.getWorkflowState",
        sql<WorkflowRow>`SELECT * FROM workflow_states WHERE execution_id = ${executionId}`,
        rows.toWorkflowState
      ),

    listWorkflowStates: Effect.fnUntraced(function* (query) {
      const operation = "store.listWorkflowStates"
      const limit = yield* pageSize(operation, query.limit, DEFAULT_PAGE, MAX_PAGE)
      const conditions: Array<Fragment> = []
      if (query.workflowId !== undefined) conditions.push(sql`workflow_id = ${query.workflowId}`)
      if (query.status !== undefined) conditions.push(sql`status IN ${sql.in(query.status)}`)
      if (query.cursor !== undefined) {
        const [startedAt, executionId] = yield* decodeCursor(operation, query.cursor)
        conditions.push(
          sql`(started_at, ${byCodePoint("execution_id")}) < (${dialect.time(startedAt)}, ${String(executionId)})`
        )
      }
      const found = yield* run(
        operation,
        sql<WorkflowRow>`
          SELECT * FROM workflow_states WHERE ${sql.and(conditions)}
          ORDER BY started_at DESC, ${byCodePoint("execution_id")} DESC LIMIT ${limit + 1}`
      )
      return toPage(found, limit, rows.toWorkflowState, (row) => [toNumber(row.started_at), row.execution_id])
    }),

    deleteWorkflowState: (executionId) =>
      write(
        "store.deleteWorkflowState",
        transact(
          sql,
          Effect.all(
            [
              sql`
                DELETE FROM blobs WHERE hash IN (SELECT hash FROM blob_uses WHERE execution_id = ${executionId})
                  AND NOT EXISTS (SELECT 1 FROM blob_uses
                    WHERE blob_uses.hash = blobs.hash AND blob_uses.execution_id <> ${executionId})
                  AND NOT EXISTS (SELECT 1 FROM workflow_states
                    WHERE workflow_states.definition = blobs.hash AND workflow_states.execution_id <> ${executionId})`,
              sql`DELETE FROM blob_uses WHERE execution_id = ${executionId}`,
              sql`DELETE FROM task_states WHERE execution_id = ${executionId}`,
              sql`DELETE FROM workflow_states WHERE execution_id = ${executionId}`
            ],
            { discard: true }
          )
        )
      ),

    putTaskStates: (states) => {
      const cut = pieces(latestStates(states))
      const [only] = cut
      if (only === undefined) return Effect.void
      return write(
        "store.putTaskStates",
        cut.length === 1
          ? putTaskPiece(only)
          : transact(sql, Effect.forEach(cut, putTaskPiece, { discard: true }))
      )
    },

    getTaskState: (executionId, path) =>
      first(
        "store.getTaskState",
        sql<TaskRow>`SELECT * FROM task_states WHERE execution_id = ${executionId} AND path = ${path}`,
        rows.toTaskState
      ),

    listTaskStates: Effect.fnUntraced(function* (executionId, query = {}) {
      const operation = "store.listTaskStates"
      const limit = yield* pageSize(operation, query.limit, DEFAULT_TASK_PAGE, MAX_TASK_PAGE)
      const conditions: Array<Fragment> = [sql`execution_id = ${executionId}`]
      if (query.parentPath === null) conditions.push(sql`parent_path IS NULL`)
      else if (query.parentPath !== undefined) conditions.push(sql`parent_path = ${query.parentPath}`)
      if (query.cursor !== undefined) {
        const [startedAt, sequence] = yield* decodeCursor(operation, query.cursor)
        conditions.push(sql`(started_at, sequence) > (${dialect.time(startedAt)}, ${Number(sequence)})`)
      }
      const found = yield* run(
        operation,
        sql<TaskRow>`
          SELECT * FROM task_states WHERE ${sql.and(conditions)} ORDER BY started_at, sequence LIMIT ${limit + 1}`
      )
      return toPage(found, limit, rows.toTaskState, (row) => [
        toNumber(row.started_at),
        toNumber(row.sequence)
      ])
    }),

    putBlob: Effect.fnUntraced(function* ({ bytes, executionId, hash }) {
      const operation = "store.putBlob"
      const insert = Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.asVoid(sql`
          INSERT INTO blobs ${sql.insert({ hash, bytes, created_at: dialect.time(now) })}
          ON CONFLICT (hash) DO NOTHING`)
      )
      if (executionId === undefined) return yield* run(operation, insert)
      const use = sql`
        INSERT INTO blob_uses ${sql.insert({ execution_id: executionId, hash })}
        ON CONFLICT (execution_id, hash) DO NOTHING`
      yield* write(operation, transact(sql, Effect.andThen(insert, use)))
    }),

    getBlob: (hash) =>
      first(
        "store.getBlob",
        sql<{ readonly bytes: Uint8Array }>`SELECT bytes FROM blobs WHERE hash = ${hash}`,
        (row) => toBytes(row.bytes)
      ),

    createUser: (user) =>
      write("store.createUser", sql`INSERT INTO users ${sql.insert(rows.fromUser(user))}`),

    getUser: (id) => first("store.getUser", sql<UserRow>`SELECT * FROM users WHERE id = ${id}`, rows.toUser),

    getUserByEmail: (email) =>
      first(
        "store.getUserByEmail",
        sql<UserRow>`SELECT * FROM users WHERE email_key = ${emailKey(email)}`,
        rows.toUser
      ),

    listUsers: Effect.map(
      run("store.listUsers", sql<UserRow>`SELECT * FROM users ORDER BY created_at, ${byCodePoint("id")}`),
      (found) => found.map(rows.toUser)
    ),

    deleteUser: (id) => write("store.deleteUser", sql`DELETE FROM users WHERE id = ${id}`),

    createApiKey: (key) =>
      Effect.asVoid(
        runOnce("store.createApiKey", sql`INSERT INTO api_keys ${sql.insert(rows.fromApiKey(key))}`)
      ),

    getApiKeyByFingerprint: (fingerprint) =>
      first(
        "store.getApiKeyByFingerprint",
        sql<ApiKeyRow>`SELECT * FROM api_keys WHERE fingerprint = ${fingerprint}`,
        rows.toApiKey
      ),

    listApiKeys: (userId) =>
      Effect.map(
        run(
          "store.listApiKeys",
          sql<ApiKeyRow>`
            SELECT * FROM api_keys WHERE user_id = ${userId} ORDER BY created_at, ${byCodePoint("id")}`
        ),
        (found) => found.map(rows.toApiKey)
      ),

    touchApiKey: (id, at) =>
      write(
        "store.touchApiKey",
        sql`UPDATE api_keys SET last_used_at = ${dialect.time(at)} WHERE id = ${id}`
      ),

    deleteApiKey: (id) => write("store.deleteApiKey", sql`DELETE FROM api_keys WHERE id = ${id}`)
  }
}
