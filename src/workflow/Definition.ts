/**
 * The recorded form of a workflow: plain JSON, produced by `defineWorkflow`, run by the interpreter, printed by
 * `compozy workflow show`, and published as `schemas/workflow.json`.
 *
 * This file holds types only, so that the interpreter's bundle can share them without loading anything.
 */

/** A JSON value. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** The version of this format. An execution keeps the definition that it began with. */
export const definitionFormat = 1

/**
 * Where a reference points: the workflow's input, a task's output, or what a block is given. `path` is the
 * static path of the task (`reports.report`): the run-time scopes resolve which iteration is meant.
 */
export type Source =
  | { readonly from: "input" }
  | { readonly from: "task"; readonly path: string }
  | { readonly from: "item" | "index"; readonly path: string }
  | { readonly from: "signal"; readonly path: string }
  | { readonly from: "error"; readonly path: string }

/**
 * One step into a value: a field (`length` of an array is how many items it has), an index (negative from the
 * end), or a computed key or index.
 */
export type Access = string | number | { readonly $key: Expression }

/** A reference: a source and the way into it. An absent value anywhere on the way gives that absence. */
interface ReferenceExpression {
  readonly $ref: Source
  readonly path?: ReadonlyArray<Access>
}

/** The operators; `Evaluate.ts` says what each gives. (`get`, `at` are paths, `fn` and `decode` are tasks.) */
export type Operator =
  | "eq"
  | "ne"
  | "lt"
  | "lte"
  | "gt"
  | "gte"
  | "and"
  | "or"
  | "not"
  | "add"
  | "concat"
  | "coalesce"
  | "length"
  | "includes"
  | "json"
  | "text"

/** An operator applied to expressions. */
interface OperatorExpression {
  readonly $op: Operator
  readonly args: ReadonlyArray<Expression>
}

/** The way into the value of another expression: `coalesce(a, b).name`. */
interface GetExpression {
  readonly $get: Expression
  readonly path: ReadonlyArray<Access>
}

/** An object one of whose own keys is a `$` key of expressions (`$ref`, `$get`, `$op`, `$object`). */
export interface ObjectExpression {
  readonly $object: { readonly [key: string]: Expression }
}

/**
 * What a task is given: JSON in which an object with one of the `$` keys above is computed. Objects and arrays
 * are templates of expressions; everything else stands for itself.
 */
export type Expression =
  | null
  | boolean
  | number
  | string
  | ReferenceExpression
  | OperatorExpression
  | GetExpression
  | ObjectExpression
  | ReadonlyArray<Expression>
  | { readonly [key: string]: Expression }

/** Tasks in the order written, and the value of the whole. */
export interface Block {
  readonly tasks: ReadonlyArray<TaskDefinition>
  readonly result: Expression
}

/** Temporal's retry policy; durations are milliseconds. */
export interface RetryDefinition {
  readonly maximumAttempts?: number
  readonly initialInterval?: number
  readonly backoffCoefficient?: number
  readonly maximumInterval?: number
  readonly nonRetryableErrorTypes?: ReadonlyArray<string>
}

/** The options of a task that does work; durations are milliseconds. */
export interface WorkOptions {
  readonly retry?: RetryDefinition
  /** Per attempt (start to close). */
  readonly timeout?: number
  /** Over all attempts (schedule to close). */
  readonly totalTimeout?: number
  readonly heartbeat?: number
}

/**
 * What every task has. `path` is `id` behind the static path of its block: `reply.celebrate` in a route of
 * `reply`, `both.left.x` in the branch `left` of the parallel `both`, `reports.report` in the body of the
 * collection `reports`, `safe.x` in the block and in the `onError` of the attempt `safe` (they share their ids).
 * The ids of `fn` and `decode` are made up: the name or `decode#1`, then `name#2` and so on.
 */
export interface TaskBase {
  readonly id: string
  readonly path: string
  /** The task runs only when this is true; its value is null otherwise. */
  readonly when?: Expression
  /** `file:line:column` of the call that recorded it, where known. Not part of the content hash. */
  readonly source?: string
}

/** Runs a tool as one activity. */
export interface ToolTask extends TaskBase, WorkOptions {
  readonly type: "tool"
  readonly tool: string
  readonly input: Expression
}

/**
 * Runs a named function of the process as a local activity. `name` is the key in the workflow's `functions`:
 * `<workflow>/<path>`, with `#2` and so on behind it where two blocks share a path.
 */
export interface FunctionTask extends TaskBase {
  readonly type: "fn"
  readonly name: string
  readonly args: ReadonlyArray<Expression>
}

/**
 * Checks a value against a schema of the process (`decode`), as a local activity keyed like `fn`, in the
 * workflow's `decoders`. Its value is the schema's encoded side.
 */
export interface DecodeTask extends TaskBase {
  readonly type: "decode"
  readonly name: string
  readonly value: Expression
}

/** Runs the route that the value names. */
export interface RouterTask extends TaskBase {
  readonly type: "router"
  readonly on: Expression
  readonly routes: { readonly [value: string]: Block }
  readonly default?: Block
}

/** The two-way case. */
export interface WhenTask extends TaskBase {
  readonly type: "when"
  readonly condition: Expression
  readonly then: Block
  readonly otherwise?: Block
}

/** When several things run at once, how their results become one. */
export type Strategy = "waitAll" | "failFast" | "bestEffort" | "race"

/** Runs branches at once. */
export interface ParallelTask extends TaskBase {
  readonly type: "parallel"
  readonly branches: { readonly [name: string]: Block }
  readonly strategy: Strategy
  readonly maxWorkers?: number
}

/** Runs a block for each item. */
export interface CollectionTask extends TaskBase {
  readonly type: "collection"
  readonly items: Expression
  /** Evaluated per item with the same `item` and `index`; false leaves the item out. */
  readonly filter?: Expression
  readonly each: Block
  readonly mode: "sequential" | "parallel"
  /** Items taken per wave. */
  readonly batch?: number
  readonly strategy: Exclude<Strategy, "race">
  readonly maxWorkers?: number
}

/** Sleeps durably: milliseconds, or a duration text that Effect's Duration reads. */
export interface SleepTask extends TaskBase {
  readonly type: "sleep"
  readonly duration: Expression
}

/**
 * Waits for a signal that satisfies `until` (which sees it as source `signal`); signals that do not are dropped.
 * Its value is the payload, or that of `onTimeout`; a timeout without `onTimeout` fails the task.
 */
export interface WaitTask extends TaskBase {
  readonly type: "wait"
  readonly signal: string
  readonly until?: Expression
  readonly timeout?: Expression
  readonly onTimeout?: Block
}

/** Sends a signal to another execution. */
export interface SignalTask extends TaskBase {
  readonly type: "signal"
  readonly execution: Expression
  readonly signal: string
  readonly payload: Expression
}

/** Runs another workflow. */
export interface WorkflowTask extends TaskBase, WorkOptions {
  readonly type: "workflow"
  readonly workflow: string
  readonly input: Expression
  readonly mode: "wait" | "start"
}

/** A named block. */
export interface GroupTask extends TaskBase {
  readonly type: "group"
  readonly block: Block
}

/** What `onError` of an attempt is given: the task that failed and why. */
export interface AttemptError {
  /** The run-time path of the innermost task that failed: `reports[2].report`. */
  readonly path: string
  readonly message: string
  /** A stable code of Compozy or of the tool's error. */
  readonly code: string
  /** The name of the error: its `_tag` or its class. */
  readonly type: string
}

/** Fails the block with a message: what `onError` does to fail again. */
export interface FailTask extends TaskBase {
  readonly type: "fail"
  readonly message: Expression
  /** The name of the error; `Failure` without one. */
  readonly error?: string
}

/** A block whose failure is handled: `onError` sees it as source `error` (an {@link AttemptError}). */
export interface AttemptTask extends TaskBase {
  readonly type: "attempt"
  readonly block: Block
  readonly onError: Block
}

/** One task of a definition. */
export type TaskDefinition =
  | ToolTask
  | FunctionTask
  | DecodeTask
  | RouterTask
  | WhenTask
  | ParallelTask
  | CollectionTask
  | SleepTask
  | WaitTask
  | SignalTask
  | WorkflowTask
  | GroupTask
  | AttemptTask
  | FailTask

/** A workflow as data. */
export interface WorkflowDefinition {
  readonly format: typeof definitionFormat
  readonly id: string
  readonly description?: string
  readonly version?: string
  /** JSON Schema of the input and output (the encoded side). */
  readonly input: Json
  readonly output: Json
  /** The tools, functions and child workflows that a process must have to run it. */
  readonly requires: {
    readonly tools: ReadonlyArray<string>
    readonly functions: ReadonlyArray<string>
    readonly workflows: ReadonlyArray<string>
    readonly signals: ReadonlyArray<string>
  }
  readonly tasks: ReadonlyArray<TaskDefinition>
  readonly result: Expression
}
