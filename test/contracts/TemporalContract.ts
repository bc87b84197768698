/** What every `Temporal` layer must do, whatever runs behind it. */
import { assert, layer as withLayer } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Schedule, Scope, Stream } from "effect"
import { randomUUID } from "node:crypto"
import type { ServiceError } from "../../src/services/ServiceError.ts"
import { Temporal, type TemporalWorker, type WorkerOptions } from "../../src/services/Temporal.ts"
import { workflowBundle } from "./WorkflowBundle.ts"

/** Fresh ids, so that a suite can run any number of times against the same cluster. */
const freshId = (name: string) => `${name}-${randomUUID()}`

/** Tries again until `effect` gives what `until` accepts. */
const eventually = <A, E, R>(effect: Effect.Effect<A, E, R>, until: (value: A) => boolean) =>
  Effect.repeat(effect, { until, schedule: Schedule.spaced(20) })

const activities = {
  greet: async (name: string) => `Hello, ${name}!`,
  fail: async (message: string) => {
    throw new Error(message)
  }
}

/** A worker on a task queue of its own, until the test ends. */
const startWorker = Effect.fnUntraced(function* (
  options: Partial<WorkerOptions> = {}
): Effect.fn.Return<{ worker: TemporalWorker; taskQueue: string }, ServiceError, Temporal | Scope.Scope> {
  const temporal = yield* Temporal
  const bundle = yield* Effect.promise(workflowBundle)
  const taskQueue = freshId("queue")
  const worker = yield* temporal.worker({
    taskQueue,
    workflowBundle: bundle,
    activities,
    shutdownGrace: 1_000,
    ...options
  })
  return { worker, taskQueue }
})

/** One worker for all tests that need nothing special of it: starting one takes a third of a second. */
class SharedWorker extends Context.Service<SharedWorker, { readonly taskQueue: string }>()(
  "test/SharedWorker"
) {
  static readonly layer = Layer.effect(SharedWorker, startWorker())
}

/** Starts a workflow without a worker: it stays in its first task. */
const startIdle = Effect.fnUntraced(function* (workflowId = freshId("idle")) {
  const temporal = yield* Temporal
  const { runId } = yield* temporal.start({
    workflowId,
    workflowType: "echo",
    taskQueue: freshId("nobody"),
    args: []
  })
  return { workflowId, runId }
})

/** Runs one workflow on a worker and gives its result. */
const runWorkflow = Effect.fnUntraced(function* (
  workflowType: string,
  ...args: ReadonlyArray<number | string>
) {
  const temporal = yield* Temporal
  const { taskQueue } = yield* SharedWorker
  const workflowId = freshId(workflowType)
  yield* temporal.start({ workflowId, workflowType, taskQueue, args })
  return yield* temporal.result({ workflowId })
})

/** Declares the suite for one layer. */
export const suite = (name: string, layer: Layer.Layer<Temporal, unknown>): void => {
  withLayer(Layer.provideMerge(SharedWorker.layer, layer), { excludeTestServices: true, timeout: 60_000 })(
    `Temporal: ${name}`,
    (it) => {
      it.effect("answers a ping", () => Effect.flatMap(Temporal, (temporal) => temporal.ping))

      it.effect("starts a workflow and describes it", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const workflowId = freshId("described")
          const { runId, started } = yield* temporal.start({
            workflowId,
            workflowType: "echo",
            taskQueue: "nobody-listens",
            args: [],
            memo: { config: { a: [1, null] } }
          })
          const description = yield* temporal.describe({ workflowId })
          assert.isTrue(started)
          assert.deepStrictEqual(
            { ...description, startTime: 0 },
            {
              workflowId,
              runId,
              firstRunId: runId,
              workflowType: "echo",
              status: "RUNNING",
              taskQueue: "nobody-listens",
              startTime: 0,
              closeTime: null,
              historyLength: 2,
              memo: { config: { a: [1, null] } },
              pendingActivities: []
            }
          )
          assert.isAbove(description.startTime, 0)
          yield* temporal.terminate({ workflowId })
        })
      )

      it.effect("refuses a second start of an id that runs", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const { workflowId } = yield* startIdle()
          const error = yield* Effect.flip(startIdle(workflowId))
          assert.strictEqual(error._tag, "Conflict")
          yield* temporal.terminate({ workflowId })
        })
      )

      it.effect("gives the running execution to a second start that asks for it", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const { runId, workflowId } = yield* startIdle()
          const second = yield* temporal.start({
            workflowId,
            workflowType: "echo",
            taskQueue: "nobody-listens",
            args: [],
            onConflict: "use-existing"
          })
          assert.deepStrictEqual(second, { runId, started: false })
          yield* temporal.terminate({ workflowId })
        })
      )

      it.effect("refuses to use the id of a closed execution again when asked to", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const { workflowId } = yield* startIdle()
          yield* temporal.terminate({ workflowId })
          const options = { workflowId, workflowType: "echo", taskQueue: "nobody-listens", args: [] }
          const error = yield* Effect.flip(temporal.start({ ...options, reuse: "reject-duplicate" }))
          assert.strictEqual(error._tag, "Conflict")
          const again = yield* temporal.start(options)
          assert.isTrue(again.started)
          yield* temporal.terminate({ workflowId })
        })
      )

      it.effect("says NotFound of an execution that does not exist", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const missing = { workflowId: freshId("missing") }
          const errors = yield* Effect.all([
            Effect.flip(temporal.describe(missing)),
            Effect.flip(temporal.signal(missing, "add", 1)),
            Effect.flip(temporal.cancel(missing)),
            Effect.flip(temporal.terminate(missing)),
            Effect.flip(temporal.result(missing)),
            Effect.flip(Stream.runDrain(temporal.history(missing)))
          ])
          assert.deepStrictEqual(
            errors.map((error) => error._tag),
            errors.map(() => "NotFound")
          )
        })
      )

      it.effect("cannot stop or signal an execution that is closed", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const { workflowId } = yield* startIdle()
          yield* temporal.terminate({ workflowId })
          yield* temporal.cancel({ workflowId })
          const errors = yield* Effect.all([
            Effect.flip(temporal.terminate({ workflowId })),
            Effect.flip(temporal.signal({ workflowId }, "add", 1))
          ])
          assert.deepStrictEqual(
            errors.map((error) => error._tag),
            ["NotFound", "NotFound"]
          )
          assert.strictEqual((yield* temporal.describe({ workflowId })).status, "TERMINATED")
        })
      )

      it.effect("gives the result of a termination, with its reason", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const { workflowId } = yield* startIdle()
          const waiting = yield* Effect.forkChild(temporal.result({ workflowId }))
          yield* temporal.terminate({ workflowId }, "no longer needed")
          const result = yield* Fiber.join(waiting)
          assert.deepStrictEqual(result, {
            status: "TERMINATED",
            error: {
              message: "no longer needed",
              type: "TerminatedFailure",
              stack: null,
              details: [],
              cause: null
            }
          })
        })
      )

      it.effect("times an execution out", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const workflowId = freshId("late")
          yield* temporal.start({
            workflowId,
            workflowType: "echo",
            taskQueue: "nobody-listens",
            args: [],
            executionTimeout: 1_000
          })
          const result = yield* temporal.result({ workflowId })
          assert.strictEqual(result.status, "TIMED_OUT")
        })
      )

      it.effect("lists executions by a visibility query", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const { workflowId } = yield* startIdle()
          const [found] = yield* eventually(
            Stream.runCollect(temporal.list(`WorkflowId = '${workflowId}' AND ExecutionStatus = 'Running'`)),
            (items) => items.length === 1
          )
          assert.deepStrictEqual([found?.workflowId, found?.status], [workflowId, "RUNNING"])
          yield* temporal.terminate({ workflowId })
        })
      )

      it.effect("runs a workflow with an activity on a worker", () =>
        Effect.gen(function* () {
          const result = yield* runWorkflow("greeting", "Ada")
          assert.deepStrictEqual(result, { status: "COMPLETED", output: "Hello, Ada!" })
        })
      )

      it.effect("runs a local activity", () =>
        Effect.gen(function* () {
          const result = yield* runWorkflow("localGreeting", "Ada")
          assert.deepStrictEqual(result, { status: "COMPLETED", output: "Hello, Ada!" })
        })
      )

      it.effect("carries every JSON value unchanged", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const { taskQueue } = yield* SharedWorker
          const value = {
            text: "ünïcode \u0000 \ud83d\ude80",
            none: null,
            nested: [[], {}, [1.5, -0, true]],
            empty: ""
          }
          const workflowId = freshId("echo")
          yield* temporal.start({ workflowId, workflowType: "echo", taskQueue, args: [value] })
          const result = yield* temporal.result({ workflowId })
          assert.deepStrictEqual(result, {
            status: "COMPLETED",
            output: { ...value, nested: [[], {}, [1.5, 0, true]] }
          })
        })
      )

      it.effect("gives a failure with its chain of causes", () =>
        Effect.gen(function* () {
          const result = yield* runWorkflow("failing", "the disk is full")
          assert.strictEqual(result.status, "FAILED")
          if (result.status !== "FAILED") return
          assert.strictEqual(result.error.type, "ActivityFailure")
          assert.strictEqual(result.error.cause?.message, "the disk is full")
          assert.strictEqual(result.error.cause?.type, "Error")
          assert.include(result.error.cause?.stack ?? "", "at ")
        })
      )

      it.effect("signals and queries a running workflow", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const { taskQueue } = yield* SharedWorker
          const workflowId = freshId("counter")
          yield* temporal.start({ workflowId, workflowType: "counter", taskQueue, args: [5] })
          yield* temporal.signal({ workflowId }, "add", 2)
          assert.strictEqual(yield* temporal.query({ workflowId }, "sum"), 2)
          yield* temporal.signal({ workflowId }, "add", 3)
          assert.deepStrictEqual(yield* temporal.result({ workflowId }), { status: "COMPLETED", output: 5 })
          assert.strictEqual(yield* temporal.query({ workflowId }, "sum"), 5)
        })
      )

      it.effect("says InvalidRequest of a query that the workflow does not answer", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const { taskQueue } = yield* SharedWorker
          const workflowId = freshId("counter")
          yield* temporal.start({ workflowId, workflowType: "counter", taskQueue, args: [5] })
          const error = yield* Effect.flip(temporal.query({ workflowId }, "unknown"))
          assert.strictEqual(error._tag, "InvalidRequest")
          yield* temporal.terminate({ workflowId })
        })
      )

      it.effect("cancels a workflow", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const { taskQueue } = yield* SharedWorker
          const workflowId = freshId("sleeper")
          yield* temporal.start({ workflowId, workflowType: "sleeper", taskQueue, args: [60_000] })
          yield* temporal.cancel({ workflowId })
          assert.strictEqual((yield* temporal.result({ workflowId })).status, "CANCELED")
        })
      )

      it.effect("follows continue-as-new to the last run", () =>
        Effect.gen(function* () {
          const result = yield* runWorkflow("countdown", 2)
          assert.deepStrictEqual(result, { status: "COMPLETED", output: "done" })
        })
      )

      it.effect("gives the history in order, with decoded payloads", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const { taskQueue } = yield* SharedWorker
          const workflowId = freshId("greeting")
          yield* temporal.start({ workflowId, workflowType: "greeting", taskQueue, args: ["Ada"] })
          const events = yield* Stream.runCollect(temporal.history({ workflowId }, { follow: true }))
          assert.deepStrictEqual(
            events.map(({ eventId }) => eventId),
            events.map((_, index) => index + 1)
          )
          const types = events.map(({ eventType }) => eventType)
          assert.strictEqual(types[0], "WorkflowExecutionStarted")
          assert.strictEqual(types.at(-1), "WorkflowExecutionCompleted")
          const scheduled = events.find(({ eventType }) => eventType === "ActivityTaskScheduled")
          assert.deepStrictEqual(scheduled?.attributes["input"], ["Ada"])
          assert.strictEqual(scheduled?.attributes["startToCloseTimeout"], 10_000)
          const completed = events.find(({ eventType }) => eventType === "ActivityTaskCompleted")
          assert.deepStrictEqual(completed?.attributes["result"], ["Hello, Ada!"])
        })
      )

      it.effect("calls sinks outside of replay", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const noted = yield* Deferred.make<readonly [string, string]>()
          const { taskQueue } = yield* startWorker({
            sinks: {
              recorder: {
                note: ({ workflowId }, text: string) =>
                  Deferred.doneUnsafe(noted, Exit.succeed([workflowId, text]))
              }
            }
          })
          const workflowId = freshId("noting")
          yield* temporal.start({ workflowId, workflowType: "noting", taskQueue, args: ["remember"] })
          assert.deepStrictEqual(yield* Deferred.await(noted), [workflowId, "remember"])
        })
      )

      it.effect("lets a running activity finish when its worker stops", () =>
        Effect.gen(function* () {
          const temporal = yield* Temporal
          const began = yield* Deferred.make<void>()
          const release = yield* Deferred.make<void>()
          const hold = () =>
            Effect.runPromise(
              Effect.as(Effect.andThen(Deferred.succeed(began, undefined), Deferred.await(release)), "held")
            )
          const scope = yield* Scope.make()
          const { taskQueue, worker } = yield* Scope.provide(
            startWorker({ activities: { ...activities, hold }, shutdownGrace: 10_000 }),
            scope
          )
          assert.strictEqual(worker.state(), "RUNNING")
          const workflowId = freshId("holding")
          yield* temporal.start({ workflowId, workflowType: "holding", taskQueue, args: [] })
          yield* Deferred.await(began)
          const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
          yield* eventually(Effect.sync(worker.state), (state) => state !== "RUNNING")
          yield* Deferred.succeed(release, undefined)
          yield* Fiber.join(closing)
          assert.strictEqual(worker.state(), "STOPPED")
          const events = yield* Stream.runCollect(temporal.history({ workflowId }))
          assert.include(
            events.map(({ eventType }) => eventType),
            "ActivityTaskCompleted"
          )
          yield* temporal.terminate({ workflowId })
        })
      )
    }
  )
}
