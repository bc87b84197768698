/** The store's reads and writes while ten workflows run: latencies beside the 50 and 100 ms that were asked for. */
import { DefaultLogger, Runtime } from "@temporalio/worker"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { defineMode, defineTool, defineWorkflow } from "compozy"
import { TestCompozy } from "compozy/testing"
import { Store, type WorkflowState } from "../../src/services/Store.ts"
import { ms, printTable, quantile } from "./statistics.ts"

// The states of its workers would stand among the figures.
Runtime.install({ logger: new DefaultLogger("ERROR"), shutdownSignals: [] })

const State = Schema.Struct({ value: Schema.Finite })
const step = defineTool({ id: "step", input: State, output: State, run: (input) => input })
const ten = defineWorkflow({ id: "ten", input: State }, ({ input, task }) => {
  let state = task.tool("step1", step, { value: input.value })
  for (let n = 2; n <= 10; n++) state = task.tool(`step${n}`, step, { value: state.value })
  return state
})
const config = defineMode({ name: "bench", workflows: [ten] })

const operations = 500

const stateOf = (n: number): WorkflowState => ({
  executionId: `bench-${n % 200}`,
  workflowId: "bench",
  status: "RUNNING",
  input: { n },
  output: null,
  error: null,
  definition: null,
  parentExecutionId: null,
  startedAt: 0,
  updatedAt: n,
  closedAt: null,
  eventId: n
})

const timed = <A, E, R>(sample: Array<number>, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const begin = performance.now()
    return Effect.tap(effect, () => Effect.sync(() => sample.push(performance.now() - begin)))
  })

const measured = Effect.gen(function* () {
  const store = yield* Store
  const busy = yield* Effect.forkChild(
    Effect.forEach(
      Array.from({ length: 10 }),
      () => Effect.forever(TestCompozy.run(ten, { value: 0 }), { disableYield: true }),
      { concurrency: "unbounded" }
    )
  )
  const reads: Array<number> = []
  const writes: Array<number> = []
  for (let n = 0; n < operations; n++) {
    yield* timed(writes, store.putWorkflowState(stateOf(n)))
    yield* timed(reads, store.getWorkflowState(`bench-${n % 200}`))
    // Between the operations the workflows get their turn.
    yield* Effect.sleep(1)
  }
  yield* Fiber.interrupt(busy)
  return { reads, writes }
})

/** Measures memory and persistent mode, and prints a table. */
export const measureStore = async (): Promise<void> => {
  const rows = [["store, 10 workflows running", "p50", "p99", "asked for"]]
  for (const mode of ["memory", "persistent"] as const) {
    const { reads, writes } = await Effect.runPromise(
      Effect.provide(measured, TestCompozy.layer(config, { mode }))
    )
    rows.push([`${mode}: read`, ms(quantile(reads, 0.5)), ms(quantile(reads, 0.99)), "p99 < 50 ms"])
    rows.push([`${mode}: write`, ms(quantile(writes, 0.5)), ms(quantile(writes, 0.99)), "p99 < 100 ms"])
  }
  printTable(rows)
}
