import { Runtime } from "@temporalio/worker"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Layer, Scope } from "effect"
import { randomUUID } from "node:crypto"
import * as TemporalMemory from "../../src/layers/temporal/memory.ts"
import { Temporal } from "../../src/services/Temporal.ts"
import { workflowBundle } from "../contracts/WorkflowBundle.ts"

const signalListeners = () =>
  (["SIGINT", "SIGTERM", "SIGQUIT", "SIGUSR2"] as const).map((signal) => process.listenerCount(signal))

const ignore = () => undefined

/** The SDK reports a worker that did not end in time, which one of these tests wants. */
const installQuietRuntime = Effect.sync(() => {
  Runtime.install({
    logger: { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore },
    shutdownSignals: []
  })
})

const buildTemporal = Effect.flatMap(Layer.build(TemporalMemory.layer()), (context) =>
  Effect.provideContext(Temporal, context)
)

describe("a worker", () => {
  it.live("leaves the process's signals alone", () =>
    Effect.gen(function* () {
      const before = signalListeners()
      const temporal = yield* buildTemporal
      const bundle = yield* Effect.promise(workflowBundle)
      yield* temporal.worker({ taskQueue: "quiet", workflowBundle: bundle, activities: {} })
      assert.deepStrictEqual(signalListeners(), before)
    })
  )

  it.live("ends although an activity does not", () =>
    Effect.gen(function* () {
      yield* installQuietRuntime
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
