/** Executions as the API shows them, made from what the store and the sink hold. */
import type { Effect, Schema, Stream } from "effect"
import type { ServiceError } from "../../services/ServiceError.ts"
import type {
  Page,
  Status,
  StoredError,
  TaskState,
  WorkflowState,
  WorkflowStateQuery
} from "../../services/Store.ts"
import type { WorkflowDefinition } from "../../workflow/Definition.ts"
import type { ExecutionRecord, StepRecord } from "../../workflow/interpreter/Protocol.ts"
import type {
  ExecutionNotFound,
  IdempotencyKeyReused,
  InputInvalid,
  SignalInvalid,
  WorkflowNotFound
} from "../ExecutionError.ts"

/** A JSON value. */
export type Json = Schema.Json

/** One execution as the API shows it. Times are ISO 8601 in UTC. */
export interface Execution {
  readonly executionId: string
  readonly workflow: string
  readonly status: Status
  readonly input: Json
  readonly output: Json | null
  readonly error: StoredError | null
  readonly startedAt: string
  readonly updatedAt: string
  readonly closedAt: string | null
  /** Why it does not go on, where that is known: `tool "x"`, `signal "y"`. */
  readonly waitingFor: string | null
}

/** An event of an execution's stream; `id` grows by one within an execution. */
export interface ExecutionEvent {
  readonly id: number
  readonly type: "workflow_start" | "workflow_status" | "task_status" | "warning" | "complete" | "error"
  readonly at: string
  readonly data: Json
}

/** The code of the error that stands in the row of an execution that waits: its message says for what. */
const waitingCode = "COMPOZY_WAITING"

const closed: ReadonlySet<Status> = new Set(["SUCCESS", "FAILED", "TIMED_OUT", "CANCELED"])

/** Whether an execution of this status is over. */
export const isClosed = (status: Status): boolean => closed.has(status)

const iso = (time: number): string => new Date(time).toISOString()

/** The execution of a row. */
export const toExecution = (state: WorkflowState): Execution => {
  const waiting = state.error?.code === waitingCode
  return {
    executionId: state.executionId,
    workflow: state.workflowId,
    status: state.status,
    input: state.input,
    output: state.output,
    error: waiting ? null : state.error,
    startedAt: iso(state.startedAt),
    updatedAt: iso(state.updatedAt),
    closedAt: state.closedAt === null ? null : iso(state.closedAt),
    waitingFor: waiting ? (state.error?.message ?? null) : null
  }
}

/** The row of what the interpreter says of an execution. */
export const toWorkflowState = (executionId: string, record: ExecutionRecord): WorkflowState => ({
  executionId,
  workflowId: record.workflow,
  status: record.status,
  input: record.input,
  output: record.output,
  error: record.waitingFor === null ? record.error : { code: waitingCode, message: record.waitingFor },
  definition: record.hash,
  parentExecutionId: record.parent,
  startedAt: record.startedAt,
  updatedAt: record.updatedAt,
  closedAt: record.closedAt,
  eventId: record.seq
})

/** The row of what the interpreter says of a step. */
export const toTaskState = (executionId: string, workflow: string, record: StepRecord): TaskState => ({
  executionId,
  path: record.path,
  attempt: record.attempt,
  parentPath: record.parent,
  workflowId: workflow,
  taskId: record.id,
  type: record.type,
  component: record.component,
  status: record.status,
  input: record.input,
  output: record.output,
  error: record.error,
  startedAt: record.startedAt,
  updatedAt: record.updatedAt,
  closedAt: record.closedAt,
  eventId: record.seq
})

/** How to start. */
export interface StartOptions {
  /**
   * The same key gives the same execution: a second start answers with the first one, and is refused if its input is
   * another. At most 255 characters.
   */
  readonly idempotencyKey?: string
  /** Milliseconds until the whole execution times out. */
  readonly timeout?: number
}

/** The surface of `Executions`. */
export interface ExecutionsService {
  /** The workflows this deployment defines, by id, in the order of the config. */
  readonly workflows: ReadonlyMap<string, WorkflowDefinition>
  /** Succeeds when the worker polls; fails when it could not be started. Everything else works before. */
  readonly workerReady: Effect.Effect<void, ServiceError>
  /** Fails when the worker dies after it was ready; never succeeds. */
  readonly workerFailure: Effect.Effect<never, ServiceError>
  /** How the worker is now: `starting` until it polls; fails with what it failed with. */
  readonly workerHealth: Effect.Effect<"starting" | "up", ServiceError>
  /** Starts an execution of decoded-and-checked input; `created` is false when an idempotency key found one. */
  readonly start: (
    workflowId: string,
    input: Json,
    options?: StartOptions
  ) => Effect.Effect<
    { readonly executionId: string; readonly created: boolean },
    WorkflowNotFound | InputInvalid | IdempotencyKeyReused | ServiceError
  >
  /** Waits until it closes and gives its final state; failure of the workflow is a state, not an error. */
  readonly result: (executionId: string) => Effect.Effect<Execution, ExecutionNotFound | ServiceError>
  readonly get: (executionId: string) => Effect.Effect<Execution, ExecutionNotFound | ServiceError>
  /**
   * The steps in the order they started. A value too large for a history is shown as `{"$blob", "size"}`, with the
   * `path` of the part that is meant.
   */
  readonly tasks: (
    executionId: string,
    options?: { readonly limit?: number; readonly cursor?: string }
  ) => Effect.Effect<Page<TaskState>, ExecutionNotFound | ServiceError>
  /** Executions, newest first. Large inputs and outputs are shown as `{"$blob", "size"}`: `get` gives them in full. */
  readonly list: (query?: WorkflowStateQuery) => Effect.Effect<Page<Execution>, ServiceError>
  /** Asks it to stop; it shows as CANCELED once it has. An execution that is over stays as it is. */
  readonly cancel: (executionId: string) => Effect.Effect<void, ExecutionNotFound | ServiceError>
  readonly signal: (
    executionId: string,
    signal: string,
    payload: Json
  ) => Effect.Effect<void, ExecutionNotFound | SignalInvalid | ServiceError>
  /** Events after `after` (default: from the first one kept), live until the execution closes. */
  readonly events: (
    executionId: string,
    options?: { readonly after?: number }
  ) => Stream.Stream<ExecutionEvent, ExecutionNotFound | ServiceError>
  /** Repairs the projection of every execution that history and store disagree on; run at start. */
  readonly reconcile: Effect.Effect<{ readonly checked: number; readonly repaired: number }, ServiceError>
}
