/**
 * Executions of workflows: the one surface that the HTTP server, the CLI and the testing kit use to start,
 * watch and control them. Temporal's history is the truth behind it, the `Store` the projection it reads.
 */
import { Context, type Effect, type Schema, type Stream } from "effect"
import type { WorkflowDefinition } from "../workflow/Definition.ts"
import type { ServiceError } from "../services/ServiceError.ts"
import type { Page, Status, StoredError, TaskState, WorkflowStateQuery } from "../services/Store.ts"
import type { ExecutionNotFound, InputInvalid, SignalInvalid, WorkflowNotFound } from "./ExecutionError.ts"

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
  /** Why it does not go on, where that is known: `waiting for tool "x"`. */
  readonly waitingFor: string | null
}

/** An event of an execution's stream; `id` grows by one within an execution. */
export interface ExecutionEvent {
  readonly id: number
  readonly type: "workflow_start" | "workflow_status" | "task_status" | "warning" | "complete" | "error"
  readonly at: string
  readonly data: Json
}

/** How to start. */
export interface StartOptions {
  /** The same key gives the same execution: a second start answers with the first one. At most 255 characters. */
  readonly idempotencyKey?: string
  /** Milliseconds until the whole execution times out. */
  readonly timeout?: number
}

/** Starts, watches and controls executions. */
export class Executions extends Context.Service<
  Executions,
  {
    /** The workflows this deployment defines, by id, in the order of the config. */
    readonly workflows: ReadonlyMap<string, WorkflowDefinition>
    /** Starts an execution of decoded-and-checked input; `created` is false when an idempotency key found one. */
    readonly start: (
      workflowId: string,
      input: Json,
      options?: StartOptions
    ) => Effect.Effect<
      { readonly executionId: string; readonly created: boolean },
      WorkflowNotFound | InputInvalid | ServiceError
    >
    /** Waits until it closes and gives its final state; failure of the workflow is a state, not an error. */
    readonly result: (executionId: string) => Effect.Effect<Execution, ExecutionNotFound | ServiceError>
    readonly get: (executionId: string) => Effect.Effect<Execution, ExecutionNotFound | ServiceError>
    readonly tasks: (
      executionId: string,
      options?: { readonly limit?: number; readonly cursor?: string }
    ) => Effect.Effect<Page<TaskState>, ExecutionNotFound | ServiceError>
    readonly list: (query?: WorkflowStateQuery) => Effect.Effect<Page<Execution>, ServiceError>
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
>()("compozy/runtime/Executions") {}
