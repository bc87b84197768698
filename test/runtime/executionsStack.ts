/** A whole stack in memory, shared by the tests of one file. */
import { Context, type Duration, Effect, Layer, ManagedRuntime, Scope, Exit } from "effect"
import { SqlClient } from "effect/sql/SqlClient"
import { layer as database } from "../../src/layers/database/memory.ts"
import { layer as redis } from "../../src/layers/redis/memory.ts"
import { layer as temporal } from "../../src/layers/temporal/memory.ts"
import {
  Executions,
  type ExecutionsOptions,
  type Execution,
  type Json
} from "../../src/runtime/Executions.ts"
import { Cache } from "../../src/services/Cache.ts"
import { Store, type TaskState } from "../../src/services/Store.ts"
import { Temporal } from "../../src/services/Temporal.ts"

export type Services = Store | Cache | Temporal

type Service = Executions["Service"]

/** What a test does with the stack. */
export interface TestStack {
  readonly executions: Service
  readonly store: Store["Service"]
  readonly temporal: Temporal["Service"]
  readonly cache: Cache["Service"]
  /** Reaches behind the store. */
  readonly sql: (use: (sql: SqlClient) => Effect.Effect<unknown, unknown>) => Promise<unknown>
  readonly run: <A, E>(effect: Effect.Effect<A, E, Services>) => Promise<A>
  /** Starts a workflow and waits for its end. */
  readonly execute: (workflow: string, input: Json) => Promise<Execution>
  /** Starts a workflow and gives its execution id. */
  readonly begin: (workflow: string, input: Json) => Promise<string>
  /** Every step, by path. */
  readonly steps: (executionId: string) => Promise<Readonly<Record<string, TaskState>>>
  /** Another `Executions` over the same services, and how to stop it. */
  readonly another: (
    options: ExecutionsOptions
  ) => Promise<{ executions: Service; stop: () => Promise<void> }>
  readonly close: () => Promise<void>
}

/** Builds the stack. */
export const makeStack = async (
  options: ExecutionsOptions,
  user: Layer.Layer<never> | undefined = undefined
): Promise<TestStack> => {
  const runtime = ManagedRuntime.make(Layer.mergeAll(database, redis(), temporal()))
  const context = await runtime.context()

  const another = async (more: ExecutionsOptions) => {
    const scope = Scope.makeUnsafe()
    const layer = Executions.layer(more)
    const built = await runtime.runPromise(
      Layer.buildWithScope(user === undefined ? layer : Layer.provide(layer, user), scope)
    )
    const executions = Context.get(built, Executions)
    await runtime.runPromise(executions.workerReady)
    return { executions, stop: () => runtime.runPromise(Scope.close(scope, Exit.void)) }
  }

  const { executions, stop } = await another(options)
  const run = <A, E>(effect: Effect.Effect<A, E, Services>) => runtime.runPromise(effect)
  const begin = async (workflow: string, input: Json) =>
    (await run(executions.start(workflow, input))).executionId
  return {
    executions,
    store: Context.get(context, Store),
    cache: Context.get(context, Cache),
    temporal: Context.get(context, Temporal),
    sql: (use) => runtime.runPromise(Effect.flatMap(SqlClient, use)),
    run,
    begin,
    another,
    execute: async (workflow, input) => run(executions.result(await begin(workflow, input))),
    steps: async (executionId) => {
      const page = await run(executions.tasks(executionId, { limit: 10_000 }))
      return Object.fromEntries(page.items.map((task) => [task.path, task]))
    },
    close: async () => {
      await stop()
      await runtime.dispose()
    }
  }
}

/** Asks until the answer is as wanted; the last answer either way. */
export const eventually = async <A>(ask: () => Promise<A>, wanted: (answer: A) => boolean): Promise<A> => {
  const pause: Duration.Input = "10 millis"
  const until = performance.now() + 15_000
  for (;;) {
    const answer = await ask()
    if (wanted(answer) || performance.now() > until) return answer
    await Effect.runPromise(Effect.sleep(pause))
  }
}
