import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Layer, Scope } from "effect"
import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as TemporalMemory from "../../src/layers/temporal/memory.ts"
import { Temporal } from "../../src/services/Temporal.ts"
import { workflowBundle } from "../contracts/WorkflowBundle.ts"

/** A program without a runtime of its own: what its worker adds to the listeners of signals. */
const program = `
import { Context, Effect, Layer } from "effect"
import { layer } from "./src/layers/temporal/memory.ts"
import { Temporal } from "./src/services/Temporal.ts"
const count = () => ["SIGINT", "SIGTERM", "SIGQUIT", "SIGUSR2"].map((signal) => process.listenerCount(signal))
const before = count()
await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
  const temporal = Context.get(yield* Layer.build(layer()), Temporal)
  yield* temporal.worker({ taskQueue: "signals", workflowBundle: { codePath: "dist/workflow-bundle.js" }, activities: {} })
  console.log(JSON.stringify({ before, during: count() }))
})))
process.exit(0)
`

const root = fileURLToPath(new URL("../..", import.meta.url))

const buildTemporal = Effect.flatMap(Layer.build(TemporalMemory.layer()), (context) =>
  Effect.provideContext(Temporal, context)
)

describe("a worker", () => {
  it("takes the SDK's own runtime where the program has none, and leaves the signals to the program", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
      cwd: root,
      env: { ...process.env, NODE_NO_WARNINGS: "1" }
    })
    assert.deepStrictEqual(JSON.parse(stdout), { before: [0, 0, 0, 0], during: [0, 0, 0, 0] })
  })

  it.live("ends although an activity does not", () =>
    Effect.gen(function* () {
      const temporal = yield* buildTemporal
      const bundle = yield* Effect.promise(workflowBundle)
      const began = yield* Deferred.make<void>()
      const hold = () => {
        Deferred.doneUnsafe(began, Exit.void)
        return new Promise<never>(() => undefined)
      }
      const scope = yield* Scope.make()
      const worker = yield* Scope.provide(
        temporal.worker({
          taskQueue: "stuck",
          workflowBundle: bundle,
          activities: { hold },
          shutdownGrace: 50
        }),
        scope
      )
      yield* temporal.start({
        workflowId: randomUUID(),
        workflowType: "holding",
        taskQueue: "stuck",
        args: []
      })
      yield* Deferred.await(began)
      yield* Scope.close(scope, Exit.void)
      assert.notStrictEqual(worker.state(), "RUNNING")
    })
  )
})
