/** Rows of the store's tables, and how they become the contract's values and back. */
import type { ApiKey, StoredError, TaskState, User, WorkflowState } from "../../services/Store.ts"
import type { Dialect } from "./Dialect.ts"

/** A row of `workflow_states`. Columns that databases return in forms of their own are `unknown`. */
export interface WorkflowRow {
  readonly execution_id: string
  readonly workflow_id: string
  readonly status: WorkflowState["status"]
  readonly input: unknown
  readonly output: unknown
  readonly error: unknown
  readonly definition: string | null
  readonly parent_execution_id: string | null
  readonly started_at: unknown
  readonly updated_at: unknown
  readonly closed_at: unknown
  readonly event_id: unknown
}

/** A row of `task_states`. */
export interface TaskRow {
  readonly sequence: unknown
  readonly execution_id: string
  readonly path: string
  readonly attempt: number
  readonly parent_path: string | null
  readonly workflow_id: string
  readonly task_id: string
  readonly type: string
  readonly component: string | null
  readonly status: TaskState["status"]
  readonly input: unknown
  readonly output: unknown
  readonly error: unknown
  readonly started_at: unknown
  readonly updated_at: unknown
  readonly closed_at: unknown
  readonly event_id: unknown
}

/** A row of `users`. */
export interface UserRow {
  readonly id: string
  readonly email: string
  readonly role: User["role"]
  readonly created_at: unknown
}

/** A row of `api_keys`. */
export interface ApiKeyRow {
  readonly id: string
  readonly user_id: string
  readonly hash: Uint8Array
  readonly fingerprint: string
  readonly prefix: string
  readonly created_at: unknown
  readonly last_used_at: unknown
}

/** An integer or date column as a number; drivers give numbers, bigints or dates. */
export const toNumber = (column: unknown): number =>
  column instanceof Date ? column.getTime() : Number(column)
const toNumberOrNull = (column: unknown): number | null => (column === null ? null : toNumber(column))
const toJsonText = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))

/** Drivers reuse buffers; the caller's bytes are its own. */
export const toBytes = (column: Uint8Array): Uint8Array => new Uint8Array(column)

/** The e-mail that is compared: databases disagree about the case of letters beyond ASCII. */
export const emailKey = (email: string): string => email.trim().toLowerCase()

/** Makes the codecs of one database's rows. */
export const makeRows = (dialect: Dialect) => {
  const { time } = dialect
  const timeOrNull = (milliseconds: number | null) => (milliseconds === null ? null : time(milliseconds))
  const jsonOrNull = (column: unknown) => (column === null ? null : dialect.json(column))
  // The column holds what `error` below wrote.
  const errorOrNull = (column: unknown) => jsonOrNull(column) as StoredError | null

  return {
    fromWorkflowState: (state: WorkflowState) => ({
      execution_id: state.executionId,
      workflow_id: state.workflowId,
      status: state.status,
      input: JSON.stringify(state.input),
      output: toJsonText(state.output),
      error: toJsonText(state.error),
      definition: state.definition,
      parent_execution_id: state.parentExecutionId,
      started_at: time(state.startedAt),
      updated_at: time(state.updatedAt),
      closed_at: timeOrNull(state.closedAt),
      event_id: state.eventId
    }),
    toWorkflowState: (row: WorkflowRow): WorkflowState => ({
      executionId: row.execution_id,
      workflowId: row.workflow_id,
      status: row.status,
      input: dialect.json(row.input),
      output: jsonOrNull(row.output),
      error: errorOrNull(row.error),
      definition: row.definition,
      parentExecutionId: row.parent_execution_id,
      startedAt: toNumber(row.started_at),
      updatedAt: toNumber(row.updated_at),
      closedAt: toNumberOrNull(row.closed_at),
      eventId: toNumber(row.event_id)
    }),
    fromTaskState: (state: TaskState) => ({
      execution_id: state.executionId,
      path: state.path,
      attempt: state.attempt,
      parent_path: state.parentPath,
      workflow_id: state.workflowId,
      task_id: state.taskId,
      type: state.type,
      component: state.component,
      status: state.status,
      input: toJsonText(state.input),
      output: toJsonText(state.output),
      error: toJsonText(state.error),
      started_at: time(state.startedAt),
      updated_at: time(state.updatedAt),
      closed_at: timeOrNull(state.closedAt),
      event_id: state.eventId
    }),
    toTaskState: (row: TaskRow): TaskState => ({
      executionId: row.execution_id,
      path: row.path,
      attempt: row.attempt,
      parentPath: row.parent_path,
      workflowId: row.workflow_id,
      taskId: row.task_id,
      type: row.type,
      component: row.component,
      status: row.status,
      input: jsonOrNull(row.input),
      output: jsonOrNull(row.output),
      error: errorOrNull(row.error),
      startedAt: toNumber(row.started_at),
      updatedAt: toNumber(row.updated_at),
      closedAt: toNumberOrNull(row.closed_at),
      eventId: toNumber(row.event_id)
    }),
    fromUser: (user: User) => ({
      id: user.id,
      email: user.email,
      email_key: emailKey(user.email),
      role: user.role,
      created_at: time(user.createdAt)
    }),
    toUser: (row: UserRow): User => ({
      id: row.id,
      email: row.email,
      role: row.role,
      createdAt: toNumber(row.created_at)
    }),
    fromApiKey: (key: ApiKey) => ({
      id: key.id,
      user_id: key.userId,
      hash: key.hash,
      fingerprint: key.fingerprint,
      prefix: key.prefix,
      created_at: time(key.createdAt),
      last_used_at: timeOrNull(key.lastUsedAt)
    }),
    toApiKey: (row: ApiKeyRow): ApiKey => ({
      id: row.id,
      userId: row.user_id,
      hash: toBytes(row.hash),
      fingerprint: row.fingerprint,
      prefix: row.prefix,
      createdAt: toNumber(row.created_at),
      lastUsedAt: toNumberOrNull(row.last_used_at)
    })
  }
}
