/**
 * A whole stack for a test: store, cache, Temporal, the worker of the config's workflows. It runs in the test's process,
 * opens no HTTP port, shares nothing with other tests, and leaves nothing behind.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import type { ModeDefinition } from "../config/Definition.ts"
import type { Services } from "../config/ModeConfig.ts"
import type {
  ExecutionNotFound,
  IdempotencyKeyReused,
  InputInvalid,
  WorkflowNotFound
} from "../runtime/ExecutionError.ts"
import { type Execution, Executions, type Json, type StartOptions } from "../runtime/Executions.ts"
import { SkipsTime } from "../layers/temporal/SkipsTime.ts"
import * as Stack from "../runtime/Stack.ts"
import type { ServiceError } from "../services/ServiceError.ts"
import { Status, StoredError, type TaskState } from "../services/Store.ts"
import type { Workflow } from "../workflow/Workflow.ts"
import { setup, type TestOptions, type TestSetupError } from "./TestOptions.ts"

/** An execution did not succeed. `code` and `message` are those of its error. */
export class ExecutionFailed extends Schema.TaggedError<ExecutionFailed>()("ExecutionFailed", {
  executionId: Schema.String,
  workflow: Schema.String,
  status: Status,
  error: Schema.NullOr(StoredError)
}) {
  readonly isRetryable = false
  /** The stable code of what it failed with. */
  get code(): string {
    return this.error?.code ?? "COMPOZY_TASK_FAILED"
  }
  override get message(): string {
    const why = this.error === null ? "" : `: ${this.error.message}`
    const task = this.error?.task === undefined ? "" : ` at ${this.error.task}`
    return `The execution of "${this.workflow}" ended as ${this.status}${task}${why}`
  }
}

/** What running a workflow in a test may fail with. */
export type RunError =
  | ExecutionFailed
  | ExecutionNotFound
  | IdempotencyKeyReused
  | InputInvalid
  | ServiceError
  | WorkflowNotFound

/** What a test's stack gives. */
export type TestServices = Executions | Services

/** Runs workflows: by value, so that input and output have its types, or by id. */
export interface Run {
  <I, O, R>(
    workflow: Workflow<I, O, R>,
    input: I,
    options?: StartOptions
  ): Effect.Effect<O, RunError, Executions>
  (workflow: string, input: Json, options?: StartOptions): Effect.Effect<Json, RunError, Executions>
}

const outputOf = (execution: Execution): Effect.Effect<Json, ExecutionFailed> =>
  execution.status === "SUCCESS"
    ? Effect.succeed(execution.output)
    : Effect.fail(new ExecutionFailed(execution))

const runById = Effect.fn("TestCompozy.run")(function* (
  workflow: string,
  input: Json,
  options?: StartOptions
) {
  const executions = yield* Executions
  const { executionId } = yield* executions.start(workflow, input, options)
  return yield* outputOf(yield* executions.result(executionId))
})

const idOf = (workflow: string | { readonly id: string }): string =>
  typeof workflow === "string" ? workflow : workflow.id

// A workflow's input and output are the JSON sides of its schemas, which both edges check at run time.
const run = ((workflow: string | { readonly id: string }, input: Json, options?: StartOptions) =>
  runById(idOf(workflow), input, options)) as Run

const layer = (
  config?: ModeDefinition,
  options: TestOptions = {}
): Layer.Layer<TestServices, Stack.StackError | TestSetupError> =>
  Layer.effectContext(
    Effect.flatMap(setup(config, options), ({ settings, workflows, layer: configured }) =>
      Stack.buildStack(settings, { workflows, layer: options.layer ?? configured })
    ).pipe(Effect.provideService(SkipsTime, options.timeSkipping === true))
  )

/** A stack for tests that are written with promises. Close it when the test ends, or hold it with `await using`. */
export interface PromisedCompozy extends AsyncDisposable {
  /** Starts a workflow and waits for its output. Rejects with `ExecutionFailed` when it does not succeed. */
  readonly run: {
    <I, O, R>(workflow: Workflow<I, O, R>, input: I, options?: StartOptions): Promise<O>
    (workflow: string, input: Json, options?: StartOptions): Promise<Json>
  }
  /** Starts a workflow; `created` is false when an idempotency key found an execution. */
  readonly start: {
    <I, O, R>(
      workflow: Workflow<I, O, R>,
      input: I,
      options?: StartOptions
    ): Promise<{ readonly executionId: string; readonly created: boolean }>
    (
      workflow: string,
      input: Json,
      options?: StartOptions
    ): Promise<{ readonly executionId: string; readonly created: boolean }>
  }
  /** Waits until an execution closes; a failure is a state, not a rejection. */
  readonly result: (executionId: string) => Promise<Execution>
  /** An execution as it stands. */
  readonly get: (executionId: string) => Promise<Execution>
  /** The first 1,000 steps of an execution, in the order they started. */
  readonly tasks: (executionId: string) => Promise<ReadonlyArray<TaskState>>
  /** Sends a signal. */
  readonly signal: (executionId: string, signal: string, payload: Json) => Promise<void>
  /** Asks an execution to stop. */
  readonly cancel: (executionId: string) => Promise<void>
  /** Runs an effect with everything that the stack gives. */
  readonly effect: <A, E>(effect: Effect.Effect<A, E, TestServices>) => Promise<A>
  /** Stops the stack and deletes what it kept. */
  readonly close: () => Promise<void>
}

const make = async (config?: ModeDefinition, options: TestOptions = {}): Promise<PromisedCompozy> => {
  const runtime = ManagedRuntime.make(layer(config, options))
  const effect: PromisedCompozy["effect"] = (program) => runtime.runPromise(program)
  const close = () => runtime.dispose()
  // A config that is wrong, or a service that does not answer, is this call's error.
  await runtime.context().catch(async (error: unknown) => {
    await close()
    throw error
  })
  const on = <A, E>(use: (executions: Executions["Service"]) => Effect.Effect<A, E>): Promise<A> =>
    effect(Effect.flatMap(Executions, use))
  const start = (workflow: string | { readonly id: string }, input: Json, startOptions?: StartOptions) =>
    on((executions) => executions.start(idOf(workflow), input, startOptions))
  const promised = (workflow: string | { readonly id: string }, input: Json, startOptions?: StartOptions) =>
    effect(runById(idOf(workflow), input, startOptions))
  return {
    // The same boundary as in `run`.
    run: promised as PromisedCompozy["run"],
    start: start as PromisedCompozy["start"],
    result: (executionId) => on((executions) => executions.result(executionId)),
    get: (executionId) => on((executions) => executions.get(executionId)),
    tasks: (executionId) =>
      on((executions) => Effect.map(executions.tasks(executionId), (page) => page.items)),
    signal: (executionId, signal, payload) =>
      on((executions) => executions.signal(executionId, signal, payload)),
    cancel: (executionId) => on((executions) => executions.cancel(executionId)),
    effect,
    close,
    [Symbol.asyncDispose]: close
  }
}

/**
 * A whole stack for a test.
 *
 * @example
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { defineMode, defineTool, defineWorkflow } from "compozy"
 * import { TestCompozy } from "compozy/testing"
 *
 * const Name = Schema.Struct({ name: Schema.String })
 * const greet = defineTool({ id: "greet", input: Name, output: Schema.String, run: ({ name }) => `Hello, ${name}` })
 * const hello = defineWorkflow({ id: "hello", input: Name }, ({ input, task }) =>
 *   task.tool("greeting", greet, { name: input.name })
 * )
 * const config = defineMode({ workflows: [hello] })
 *
 * // With promises:
 * export const promised = async () => {
 *   await using compozy = await TestCompozy.make(config)
 *   return compozy.run(hello, { name: "Ada" })
 * }
 *
 * // With Effect:
 * export const effectful = TestCompozy.run(hello, { name: "Ada" }).pipe(Effect.provide(TestCompozy.layer(config)))
 * ```
 */
export const TestCompozy: {
  /**
   * The stack as a layer: `Executions`, `Store`, `Cache`, `Temporal` and `SqlClient`.
   *
   * @param config what `defineMode` gave; default: no workflows
   * @param options the mode, and the folder of its state
   */
  readonly layer: typeof layer
  /** Starts a workflow and waits for its output; fails with `ExecutionFailed` when it does not succeed. */
  readonly run: Run
  /**
   * The stack for tests that are written with promises. It rejects when the stack cannot be built.
   *
   * @param config what `defineMode` gave; default: no workflows
   * @param options the mode, and the folder of its state
   */
  readonly make: typeof make
} = { layer, make, run }
