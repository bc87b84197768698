/**
 * What travels between the interpreter, which runs in the workflow sandbox, and the process around it: the start
 * arguments, the calls of activities, the records of steps and the messages of the sink. Plain JSON throughout.
 *
 * Everything here is written into histories, so a change must keep reading what older executions recorded.
 */
import type { Expression, Json, RetryDefinition, WorkflowDefinition } from "../Definition.ts"

/** The one workflow type that interprets every definition. */
export const workflowType = "compozy"

/** The query that replays an execution and gives its step records: `(cursor: number) => StepsPage`. */
export const stepsQuery = "compozy.steps"

/** The signal that makes steps retry at once that wait for a tool or function; it carries nothing. */
export const wakeSignal = "compozy.wake"

/** The names of the activities that a worker must have. */
export const activityNames = {
  tool: "compozy.tool",
  program: "compozy.program",
  call: "compozy.call",
  check: "compozy.check",
  evaluate: "compozy.evaluate",
  filter: "compozy.filter",
  keep: "compozy.keep",
  concat: "compozy.concat"
} as const

/** The name of the sink's interface. */
export const sinkName = "compozy"

/**
 * A value too large for a history: its bytes are a blob of the store. `path` leads to a part of it, so that a
 * reference into a large value needs no loading until a process resolves it.
 */
export interface BlobMarker {
  readonly $blob: string
  /** The length of the blob's JSON text. */
  readonly size: number
  readonly path?: ReadonlyArray<string | number>
}

/** A value on its way: with `r`, objects with `$blob` in it are markers; without, they are the user's own data. */
export interface Packed {
  readonly v: Json
  readonly r?: 1
}

/** A workflow as an execution carries it. */
export interface ProgramWorkflow {
  readonly definition: WorkflowDefinition
  /** The content hash of the definition. */
  readonly hash: string
  /** Whether the output is checked against a schema of the process at the end. */
  readonly checkOutput: boolean
}

/** A workflow and every workflow that it starts: what an execution keeps from its beginning to its end. */
export interface Program {
  readonly workflows: { readonly [id: string]: ProgramWorkflow }
}

/** What tasks get that do not say otherwise, and the limits. Durations are milliseconds, sizes are characters of JSON. */
export interface Defaults {
  readonly timeout: number
  readonly heartbeat: number
  readonly retry: RetryDefinition
  /** Values over this size are passed by reference. */
  readonly inline: number
  /** How many things one container runs at once at most. */
  readonly parallel: number
  /** How many items a collection may have. */
  readonly items: number
  /** The length of the history from which on the execution continues as new. */
  readonly history: number
  /** How deep blocks and child workflows may stand in each other; executions of older versions know no limit. */
  readonly nesting?: number
  /** How many levels of children the error of an execution shows. */
  readonly errorDepth?: number
}

/** The argument of the workflow. */
export interface StartArguments {
  readonly protocol: 1
  /** The id of the workflow in the program. */
  readonly workflow: string
  /** The program itself, or the hash of the blob that holds it. */
  readonly program: Program | { readonly blob: string }
  readonly input: Packed
  readonly defaults: Defaults
  /** The execution that started this one as a child, whose input is checked by the child. */
  readonly parent?: string
  /** How many blocks and executions stand around its own tasks, itself included. Default 1. */
  readonly level?: number
  /** What the run before this one left, after continue-as-new. */
  readonly carried?: Carried
}

/** The state that a run hands to the next one. Keys are run-time paths. */
export interface Carried {
  /** The number of the last record. */
  readonly seq: number
  /** How many steps all runs have recorded. */
  readonly steps: number
  /** Tasks that are over, of the blocks that are not. */
  readonly done: Readonly<Record<string, Settled>>
  /** Sleeps and waits: when they end. */
  readonly timers: Readonly<Record<string, Timer>>
  readonly collections: Readonly<Record<string, CollectionProgress>>
  /** When containers that are still open began. */
  readonly open: Readonly<Record<string, number>>
  /** Signals that no wait has taken yet. */
  readonly signals: ReadonlyArray<{ readonly name: string; readonly payload: Packed }>
}

/** The value or the failure of a task. */
export type Settled = { readonly value: Packed } | { readonly error: StepError }

/** When a sleep or a wait ends, and whether it has. Milliseconds since the epoch. */
export interface Timer {
  readonly at: number
  readonly fired: boolean
}

/** How far a collection is: results in order, the first `flushed` of them in blobs. */
export interface CollectionProgress {
  readonly flushed: number
  readonly segments: ReadonlyArray<Packed>
  readonly rest: ReadonlyArray<readonly [number, Settled]>
}

/** Why a step failed. The same as the store's error. */
export interface StepError {
  readonly code: string
  readonly message: string
  readonly type?: string
  readonly task?: string
  readonly stack?: string
  readonly details?: Json
}

/** The state of a step. */
export type StepStatus =
  | "PENDING"
  | "RUNNING"
  | "WAITING"
  | "SUCCESS"
  | "FAILED"
  | "TIMED_OUT"
  | "CANCELED"
  | "SKIPPED"

/** One step as the projection stores it. `seq` orders the records of an execution. */
export interface StepRecord {
  readonly path: string
  readonly parent: string | null
  readonly id: string
  readonly type: string
  readonly component: string | null
  readonly status: StepStatus
  readonly input: Json
  readonly output: Json
  readonly error: StepError | null
  readonly startedAt: number
  readonly updatedAt: number
  readonly closedAt: number | null
  readonly seq: number
  readonly attempt: number
}

/** One execution as the projection stores it. */
export interface ExecutionRecord {
  readonly workflow: string
  readonly hash: string
  readonly status: "RUNNING" | "SUCCESS" | "FAILED" | "CANCELED"
  readonly input: Json
  readonly output: Json
  readonly error: StepError | null
  readonly parent: string | null
  readonly waitingFor: string | null
  readonly startedAt: number
  readonly updatedAt: number
  readonly closedAt: number | null
  readonly seq: number
}

/** One page of step records; `next` is the cursor of the following one. */
export interface StepsPage {
  readonly execution: ExecutionRecord
  readonly steps: ReadonlyArray<StepRecord>
  readonly next: number | null
}

/** What the sink is told. Nothing of it is told again during a replay. */
export interface SinkMessage {
  /** The id of the workflow. */
  readonly workflow: string
  readonly execution?: ExecutionRecord
  readonly steps?: ReadonlyArray<StepRecord>
  /** The records were told before, or may have been: only the store is brought up to date, no event is sent. */
  readonly repair?: boolean
  /** The path of a step that was cancelled: its activity stops at once if it runs in this process. */
  readonly abort?: string
  readonly warning?: { readonly path: string; readonly message: string }
}

/** The call of a tool. */
export interface ToolCall {
  readonly workflow: string
  readonly tool: string
  readonly path: string
  readonly parent: string | null
  readonly id: string
  readonly input: Packed
  /** The record's number: `seq` when it begins, `seq + 1` when it ends. */
  readonly seq: number
  /** When the step began, milliseconds since the epoch; set when it was tried before. */
  readonly since?: number
  /** The task asked for a heartbeat of its own choice: the process does not send any for it. */
  readonly manual?: boolean
}

/** What a tool or a function gave, or what the process lacks: `tool "x"`. */
export type CallResult = { readonly value: Packed; readonly attempt?: number } | { readonly missing: string }

/** The call of a function of `fn`, or of the schema of a `decode`. */
export interface FunctionCall {
  readonly workflow: string
  readonly kind: "fn" | "decode"
  readonly name: string
  readonly path: string
  readonly args: ReadonlyArray<Packed>
}

/** Checks a workflow's input or output with the schema of the process. */
export interface CheckCall {
  readonly workflow: string
  readonly side: "input" | "output"
  readonly value: Packed
}

/** Evaluates an expression outside the sandbox, because it needs what is in a blob. Keys of `sources` are `sourceKey`s. */
export interface EvaluateCall {
  readonly expression: Expression
  readonly sources: Readonly<Record<string, Packed>>
  /** Gives the value itself, whatever its size. */
  readonly inline?: boolean
}

/** Gives the indexes of the items that a collection keeps, and nothing else when there is no filter. */
export interface FilterCall {
  readonly items: Packed
  readonly path: string
  readonly filter: Expression | null
  readonly sources: Readonly<Record<string, Packed>>
}

/** The items of a collection: how many there are, and which of them are kept (`null`: all). `-1`: not an array. */
export interface FilterResult {
  readonly length: number
  readonly kept: ReadonlyArray<number> | null
}

/** What a completed workflow gives to Temporal. */
export interface Completion {
  readonly value: Packed
  /** How many steps were recorded, so that the projection can be compared without a replay. */
  readonly steps: number
}

/** The detail of a failed workflow's failure. */
export interface FailureDetail {
  readonly error: StepError
  readonly steps: number
}
