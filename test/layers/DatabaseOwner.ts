/** A process that owns the database named by its argument, writes executions to it, and tells of each that is acknowledged. */
import { Effect } from "effect"
import * as DatabasePersistent from "../../src/layers/database/persistent.ts"
import { Store } from "../../src/services/Store.ts"

const path = process.argv[2] ?? ""

const program = Effect.gen(function* () {
  const store = yield* Store
  process.stdout.write("ready\n")
  for (let index = 0; ; index++) {
    yield* store.putWorkflowState({
      executionId: `execution-${index}`,
      workflowId: "durable",
      status: "RUNNING",
      input: { index },
      output: null,
      error: null,
      definition: null,
      parentExecutionId: null,
      startedAt: index,
      updatedAt: index,
      closedAt: null,
      eventId: 1
    })
    process.stdout.write(`${index}\n`)
    yield* Effect.yieldNow
  }
})

await Effect.runPromise(Effect.provide(program, DatabasePersistent.layer({ path })))
