/**
 * The relational state of a deployment: executions, their steps, users and API keys.
 *
 * For executions it is a projection of Temporal's history: every write is an idempotent upsert, ordered by
 * `eventId`, so that replays and reconciliation can repeat it in any order.
 */
import { Context, type Effect, type Option, Schema } from "effect"
import type { ServiceError } from "./ServiceError.ts"

/** The state of an execution or of a step. The names are those of the HTTP API. */
export const Status = Schema.Literals([
  "PENDING",
  "RUNNING",
  "WAITING",
  "PAUSED",
  "SUCCESS",
  "FAILED",
  "TIMED_OUT",
  "CANCELED",
  "SKIPPED"
])
/** The state of an execution or of a step. */
export type Status = typeof Status.Type

/** What a failed execution or step says: a stable code, a message and, where there is one, a stack. */
export const StoredError = Schema.Struct({
  code: Schema.String,
  message: Schema.String,
  type: Schema.optionalKey(Schema.String),
  /** The path of the step that failed. */
  task: Schema.optionalKey(Schema.String),
  stack: Schema.optionalKey(Schema.String),
  details: Schema.optionalKey(Schema.Json)
})
/** What a failed execution or step says. */
export type StoredError = typeof StoredError.Type

/** One execution of a workflow. Times are milliseconds since the epoch. */
export const WorkflowState = Schema.Struct({
  executionId: Schema.String,
  workflowId: Schema.String,
  status: Status,
  input: Schema.Json,
  output: Schema.NullOr(Schema.Json),
  error: Schema.NullOr(StoredError),
  /** The content hash of the definition that this execution runs. */
  definition: Schema.NullOr(Schema.String),
  /** The execution that started this one as a child. */
  parentExecutionId: Schema.NullOr(Schema.String),
  startedAt: Schema.Number,
  updatedAt: Schema.Number,
  closedAt: Schema.NullOr(Schema.Number),
  /** Orders writes: one with a smaller event id than the stored row changes nothing. */
  eventId: Schema.Number
})
/** One execution of a workflow. */
export type WorkflowState = typeof WorkflowState.Type

/** One step of an execution; `path` is its identity (`reports[2].report`), `parentPath` its container. */
export const TaskState = Schema.Struct({
  executionId: Schema.String,
  path: Schema.String,
  attempt: Schema.Number,
  parentPath: Schema.NullOr(Schema.String),
  workflowId: Schema.String,
  taskId: Schema.String,
  /** `tool`, `router`, `parallel`, `collection`, ... */
  type: Schema.String,
  /** The tool's or child workflow's id. */
  component: Schema.NullOr(Schema.String),
  status: Status,
  input: Schema.NullOr(Schema.Json),
  output: Schema.NullOr(Schema.Json),
  error: Schema.NullOr(StoredError),
  startedAt: Schema.Number,
  updatedAt: Schema.Number,
  closedAt: Schema.NullOr(Schema.Number),
  eventId: Schema.Number
})
/** One step of an execution. */
export type TaskState = typeof TaskState.Type

/** A person or a machine that may call the API. */
export const User = Schema.Struct({
  id: Schema.String,
  email: Schema.String,
  role: Schema.Literals(["admin", "user"]),
  createdAt: Schema.Number
})
/** A person or a machine that may call the API. */
export type User = typeof User.Type

/** An API key: only its hash is kept. */
export const ApiKey = Schema.Struct({
  id: Schema.String,
  userId: Schema.String,
  hash: Schema.Uint8Array,
  fingerprint: Schema.String,
  prefix: Schema.String,
  createdAt: Schema.Number,
  lastUsedAt: Schema.NullOr(Schema.Number)
})
/** An API key: only its hash is kept. */
export type ApiKey = typeof ApiKey.Type

/** Which executions to list: newest first, `limit` at most 500 (default 50), after `cursor`. */
export interface WorkflowStateQuery {
  readonly workflowId?: string
  readonly status?: ReadonlyArray<Status>
  readonly limit?: number
  readonly cursor?: string
}

/** One page of a listing; `next` is the cursor of the following one. */
export interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly next: string | null
}

/** A blob kept by the content hash of its bytes: definitions and large values. */
export interface Blob {
  readonly hash: string
  readonly bytes: Uint8Array
}

/**
 * The relational store. Reads return `Option` where absence is ordinary; writes of states are upserts that
 * keep the row with the higher `eventId` (a terminal status never returns to a running one at an equal id).
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Store } from "./Store.ts"
 *
 * const newest = Effect.gen(function* () {
 *   const store = yield* Store
 *   return yield* store.listWorkflowStates({ status: ["RUNNING"], limit: 10 })
 * })
 * ```
 */
export class Store extends Context.Service<
  Store,
  {
    /**
     * Runs `effect` in one transaction: all its store writes commit together or not at all, and its error is given as it
     * is. Nests as savepoints. On SQLite nothing else is read or written meanwhile: keep it short.
     */
    readonly withTransaction: <A, E, R>(
      effect: Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E | ServiceError, R>
    /** Fails with `Unavailable` unless the database answers. */
    readonly ping: Effect.Effect<void, ServiceError>

    readonly putWorkflowState: (state: WorkflowState) => Effect.Effect<void, ServiceError>
    readonly getWorkflowState: (
      executionId: string
    ) => Effect.Effect<Option.Option<WorkflowState>, ServiceError>
    readonly listWorkflowStates: (
      query: WorkflowStateQuery
    ) => Effect.Effect<Page<WorkflowState>, ServiceError>
    /** Deletes the execution with its steps, and the blobs that no other execution uses. */
    readonly deleteWorkflowState: (executionId: string) => Effect.Effect<void, ServiceError>

    /**
     * Upserts many steps at once, each keyed by execution and path. The higher event id wins, at an equal one the higher
     * attempt, and at an equal attempt a terminal status is not left. The same step may be in the list several times.
     */
    readonly putTaskStates: (states: ReadonlyArray<TaskState>) => Effect.Effect<void, ServiceError>
    readonly getTaskState: (
      executionId: string,
      path: string
    ) => Effect.Effect<Option.Option<TaskState>, ServiceError>
    /**
     * The steps of an execution in the order they started, `limit` at most 10,000 (default 1,000); `parentPath` keeps
     * those of one container (`null`: those of none). `InvalidRequest` for a cursor or limit that makes no sense.
     */
    readonly listTaskStates: (
      executionId: string,
      options?: { readonly parentPath?: string | null; readonly limit?: number; readonly cursor?: string }
    ) => Effect.Effect<Page<TaskState>, ServiceError>

    /**
     * Keeps bytes under their content hash; writing the same hash twice changes nothing. With `executionId` the blob is
     * deleted with the last execution that uses it.
     */
    readonly putBlob: (blob: Blob & { readonly executionId?: string }) => Effect.Effect<void, ServiceError>
    readonly getBlob: (hash: string) => Effect.Effect<Option.Option<Uint8Array>, ServiceError>

    /** `Conflict` when the e-mail is taken (compared without case). */
    readonly createUser: (user: User) => Effect.Effect<void, ServiceError>
    readonly getUser: (id: string) => Effect.Effect<Option.Option<User>, ServiceError>
    readonly getUserByEmail: (email: string) => Effect.Effect<Option.Option<User>, ServiceError>
    readonly listUsers: Effect.Effect<ReadonlyArray<User>, ServiceError>
    /** Deletes the user and its keys. */
    readonly deleteUser: (id: string) => Effect.Effect<void, ServiceError>

    /** `Conflict` when fingerprint or prefix is taken, `NotFound` without its user. */
    readonly createApiKey: (key: ApiKey) => Effect.Effect<void, ServiceError>
    readonly getApiKeyByFingerprint: (
      fingerprint: string
    ) => Effect.Effect<Option.Option<ApiKey>, ServiceError>
    readonly listApiKeys: (userId: string) => Effect.Effect<ReadonlyArray<ApiKey>, ServiceError>
    readonly touchApiKey: (id: string, at: number) => Effect.Effect<void, ServiceError>
    readonly deleteApiKey: (id: string) => Effect.Effect<void, ServiceError>
  }
>()("compozy/services/Store") {}
