/**
 * The workflow engine in Temporal's own terms. Payloads are JSON values; the layer owns the data conversion,
 * the connection and the namespace. No type of the Temporal SDK appears here.
 */
import { Context, type Effect, type Schema, type Scope, type Stream } from "effect"
import type { ServiceError } from "./ServiceError.ts"

/** A JSON value. */
export type Json = Schema.Json

/** Temporal's `WorkflowExecutionStatus`. */
export type ExecutionStatus =
  | "RUNNING"
  | "COMPLETED"
  | "FAILED"
  | "CANCELED"
  | "TERMINATED"
  | "CONTINUED_AS_NEW"
  | "TIMED_OUT"

/** A start. Durations are milliseconds. */
export interface StartOptions {
  readonly workflowId: string
  readonly workflowType: string
  readonly taskQueue: string
  readonly args: ReadonlyArray<Json>
  /** What a second start of an id that runs does: `fail` (Conflict, the default) or `use-existing`. */
  readonly onConflict?: "fail" | "use-existing"
  /** Whether the id of a closed execution may be used again. Default `allow-duplicate`. */
  readonly reuse?: "allow-duplicate" | "allow-duplicate-failed-only" | "reject-duplicate"
  readonly executionTimeout?: number
  readonly runTimeout?: number
  readonly memo?: Readonly<Record<string, Json>>
  readonly startDelay?: number
}

/** An execution: its workflow id and, where one is meant, its run. */
export interface ExecutionRef {
  readonly workflowId: string
  readonly runId?: string
}

/** What Temporal knows of an execution. Times are milliseconds since the epoch. */
export interface ExecutionDescription {
  readonly workflowId: string
  readonly runId: string
  readonly firstRunId: string
  readonly workflowType: string
  readonly status: ExecutionStatus
  readonly taskQueue: string
  readonly startTime: number
  readonly closeTime: number | null
  readonly historyLength: number
  readonly memo: Readonly<Record<string, Json>>
  readonly pendingActivities: ReadonlyArray<{
    readonly activityId: string
    readonly activityType: string
    readonly attempt: number
    readonly lastFailure: string | null
  }>
}

/** How an execution ended. `error.cause` follows Temporal's failure chain. */
export type ExecutionResult =
  | { readonly status: "COMPLETED"; readonly output: Json }
  | {
      readonly status: "FAILED" | "CANCELED" | "TERMINATED" | "TIMED_OUT"
      readonly error: ExecutionFailure
    }

/**
 * A failure as Temporal records it. `type` is the application's own, or the name of Temporal's failure: `ActivityFailure`,
 * `ChildWorkflowExecutionFailure`, `TimeoutFailure`, `CanceledFailure`, `TerminatedFailure`, `ServerFailure`. `details`
 * are the application's; of a timeout `[{timeoutType}]`, of an activity `[{activityId, activityType}]`, of a child
 * `[{workflowId, workflowType}]`.
 */
export interface ExecutionFailure {
  readonly message: string
  readonly type: string | null
  readonly stack: string | null
  readonly details: ReadonlyArray<Json>
  readonly cause: ExecutionFailure | null
}

/**
 * One history event: the fields of `temporal.api.history.v1.HistoryEvent`'s attributes, with enums by their names, times and
 * durations in milliseconds, and payloads decoded. A payload that is no JSON is `{encoding, data}`, with base64 data.
 */
export interface HistoryEvent {
  readonly eventId: number
  /** e.g. `ActivityTaskScheduled`. */
  readonly eventType: string
  readonly eventTime: number
  readonly attributes: Readonly<Record<string, unknown>>
}

/** A function the worker runs as an activity; it gets the decoded arguments. */
export type ActivityFunction = (...args: Array<never>) => Promise<unknown>

/** A worker. Durations are milliseconds. */
export interface WorkerOptions {
  readonly taskQueue: string
  /** The workflow bundle's code, built ahead. */
  readonly workflowBundle: { readonly code: string } | { readonly codePath: string }
  readonly activities: Readonly<Record<string, ActivityFunction>>
  readonly identity?: string
  readonly maxConcurrentActivities?: number
  readonly maxConcurrentLocalActivities?: number
  readonly maxConcurrentWorkflowTasks?: number
  readonly maxCachedWorkflows?: number
  /**
   * How long running activities may finish after a shutdown began; then they are cancelled, and 2,000 later the worker ends
   * without those that go on. Default 10,000.
   */
  readonly shutdownGrace?: number
  /** Functions called from workflow code outside replay, by interface and name; fire and forget. */
  readonly sinks?: Readonly<
    Record<string, Readonly<Record<string, (info: SinkInfo, ...args: Array<never>) => void>>>
  >
}

/** Where a sink call comes from. */
export interface SinkInfo {
  readonly workflowId: string
  readonly runId: string
  readonly workflowType: string
}

/** A running worker; it drains and stops when the scope closes. */
export interface TemporalWorker {
  readonly state: () => "INITIALIZED" | "RUNNING" | "STOPPING" | "DRAINING" | "DRAINED" | "STOPPED" | "FAILED"
  /** Fails when the worker dies; never succeeds before the scope closes. */
  readonly awaitFailure: Effect.Effect<never, ServiceError>
}

/**
 * The workflow engine: embedded in memory and persistent mode, a cluster in distributed mode. A call that its fiber's
 * interruption ends is given up, not undone.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Temporal } from "./Temporal.ts"
 *
 * const status = (workflowId: string) =>
 *   Effect.gen(function* () {
 *     const temporal = yield* Temporal
 *     return (yield* temporal.describe({ workflowId })).status
 *   })
 * ```
 */
export class Temporal extends Context.Service<
  Temporal,
  {
    readonly namespace: string
    readonly ping: Effect.Effect<void, ServiceError>
    /** The run id; `Conflict` when the id is taken and `onConflict`/`reuse` say so. */
    readonly start: (
      options: StartOptions
    ) => Effect.Effect<{ readonly runId: string; readonly started: boolean }, ServiceError>
    readonly signal: (
      execution: ExecutionRef,
      name: string,
      ...args: ReadonlyArray<Json>
    ) => Effect.Effect<void, ServiceError>
    /** Asks the workflow, running or closed; needs a worker. `InvalidRequest` when it has no such query or the query fails. */
    readonly query: (
      execution: ExecutionRef,
      name: string,
      ...args: ReadonlyArray<Json>
    ) => Effect.Effect<Json, ServiceError>
    /** Waits until the execution closes, following continue-as-new. */
    readonly result: (execution: ExecutionRef) => Effect.Effect<ExecutionResult, ServiceError>
    /** Asks the workflow to stop; one that is closed already stays as it is. `NotFound` when it does not exist. */
    readonly cancel: (execution: ExecutionRef) => Effect.Effect<void, ServiceError>
    /** Stops the workflow at once, without its say. `NotFound` when it does not exist or is closed. */
    readonly terminate: (execution: ExecutionRef, reason?: string) => Effect.Effect<void, ServiceError>
    readonly describe: (execution: ExecutionRef) => Effect.Effect<ExecutionDescription, ServiceError>
    /** The events of one run in order; with `follow` it goes on until the run closes. */
    readonly history: (
      execution: ExecutionRef,
      options?: { readonly follow?: boolean }
    ) => Stream.Stream<HistoryEvent, ServiceError>
    /** Executions that match a visibility query (`ExecutionStatus = 'Running'`), newest first. */
    readonly list: (query?: string) => Stream.Stream<ExecutionDescription, ServiceError>
    /** Starts a worker; it runs until the scope closes, then drains. */
    readonly worker: (options: WorkerOptions) => Effect.Effect<TemporalWorker, ServiceError, Scope.Scope>
  }
>()("compozy/services/Temporal") {}
