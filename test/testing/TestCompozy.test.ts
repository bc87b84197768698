import { assert, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { defineSignal, defineTool, defineWorkflow } from "../../src/workflow/index.ts"
import { defineMode } from "../../src/Mode.ts"
import {
  Cache,
  ExecutionFailed,
  Executions,
  Store,
  TestCache,
  TestCompozy,
  TestStore,
  TestTemporal
} from "../../src/testing/index.ts"
import { Temporal } from "../../src/services/Temporal.ts"

const Value = Schema.Struct({ value: Schema.Finite })

const double = defineTool({
  id: "double",
  input: Value,
  output: Value,
  run: ({ value }) => ({ value: value * 2 })
})

const doubling = defineWorkflow({ id: "doubling", input: Value }, ({ input, task }) =>
  task.tool("double", double, { value: input.value })
)

const refuse = defineTool({
  id: "refuse",
  input: Value,
  output: Value,
  run: (): { readonly value: number } => {
    throw new Error("no more of it")
  }
})

const refusing = defineWorkflow({ id: "refusing", input: Value }, ({ input, task }) =>
  task.tool("refuse", refuse, { value: input.value }, { retry: { maximumAttempts: 1 } })
)

const go = defineSignal({ id: "go", payload: Value })

const waiting = defineWorkflow({ id: "waiting", input: Schema.Struct({}) }, ({ task }) =>
  task.wait("go", { signal: go })
)

const config = defineMode({ name: "kit", workflows: [doubling, refusing, waiting] })

describe("TestCompozy.layer", () => {
  it.layer(TestCompozy.layer(config))((it) => {
    it.effect("runs a workflow and gives its typed output", () =>
      Effect.gen(function* () {
        const output = yield* TestCompozy.run(doubling, { value: 21 })
        assert.strictEqual(output.value, 42)
      })
    )

    it.effect("runs a workflow by its id", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* TestCompozy.run("doubling", { value: 4 }), { value: 8 })
      })
    )

    it.effect("fails with the error of the workflow", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(TestCompozy.run(refusing, { value: 1 }))
        assert.instanceOf(error, ExecutionFailed)
        assert.strictEqual(error.code, "COMPOZY_TASK_FAILED")
        assert.include(error.message, "no more of it")
      })
    )

    it.effect("refuses input that does not fit the workflow", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(TestCompozy.run("doubling", { value: "many" }))
        assert.strictEqual(error._tag, "InputInvalid")
      })
    )

    it.effect("gives the services that the stack is made of", () =>
      Effect.gen(function* () {
        const executions = yield* Executions
        const store = yield* Store
        const cache = yield* Cache
        const temporal = yield* Temporal
        const { executionId } = yield* executions.start("doubling", { value: 1 })
        yield* executions.result(executionId)
        assert.isTrue(Option.isSome(yield* store.getWorkflowState(executionId)))
        yield* Effect.all([cache.ping, temporal.ping, store.ping])
      })
    )
  })

  it.effect("gives every stack a state of its own", () =>
    Effect.gen(function* () {
      const count = Effect.gen(function* () {
        yield* TestCompozy.run(doubling, { value: 1 })
        const executions = yield* Executions
        return (yield* executions.list()).items.length
      })
      const counts = yield* Effect.all(
        [1, 2].map(() => Effect.provide(count, TestCompozy.layer(config))),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(counts, [1, 1])
    })
  )

  it.effect("swaps the layer of the config", () => {
    class Greeter extends Context.Service<Greeter, { readonly word: string }>()("test/Greeter") {}
    const greet = defineTool({
      id: "greet",
      input: Schema.Struct({}),
      output: Schema.String,
      run: () => Effect.map(Greeter, (greeter) => greeter.word)
    })
    const greeting = defineWorkflow(
      { id: "greeting", input: Schema.Struct({}), services: [Greeter] },
      ({ task }) => task.tool("greet", greet, {})
    )
    const real = defineMode({ workflows: [greeting], layer: Layer.succeed(Greeter, { word: "real" }) })
    const layer = Layer.succeed(Greeter, { word: "test" })
    return Effect.gen(function* () {
      assert.strictEqual(yield* TestCompozy.run(greeting, {}), "test")
    }).pipe(Effect.provide(TestCompozy.layer(real, { layer })))
  })
})

describe("TestCompozy.make", () => {
  test("runs workflows with promises, and sends signals", async () => {
    await using compozy = await TestCompozy.make(config)
    expect(await compozy.run(doubling, { value: 3 })).toEqual({ value: 6 })
    const { executionId } = await compozy.start(waiting, {})
    await compozy.signal(executionId, "go", { value: 7 })
    expect(await compozy.result(executionId)).toMatchObject({ status: "SUCCESS", output: { value: 7 } })
  })

  test("rejects with the error of the workflow", async () => {
    await using compozy = await TestCompozy.make(config)
    await expect(compozy.run(refusing, { value: 1 })).rejects.toThrow(
      /"refusing" ended as FAILED.*no more of it/s
    )
  })

  test("finds in the same folder what the stack before it left", async () => {
    const directory = await mkdtemp(join(tmpdir(), "compozy-kit-"))
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    const options = { mode: "persistent", directory } as const
    const first = await TestCompozy.make(config, options)
    const { executionId } = await first.start(doubling, { value: 5 })
    await first.result(executionId)
    await first.close()
    await using second = await TestCompozy.make(config, options)
    expect(await second.get(executionId)).toMatchObject({ status: "SUCCESS", output: { value: 10 } })
  })

  test("rejects when a connection is missing", async () => {
    vi.stubEnv("COMPOZY_DATABASE_URL", "")
    onTestFinished(() => void vi.unstubAllEnvs())
    await expect(TestCompozy.make(config, { mode: "distributed" })).rejects.toMatchObject({
      code: "COMPOZY_CONFIG_INVALID"
    })
  })

  test("takes its mode from COMPOZY_TEST_MODE, and refuses one that does not exist", async () => {
    vi.stubEnv("COMPOZY_TEST_MODE", "fast")
    onTestFinished(() => void vi.unstubAllEnvs())
    await expect(TestCompozy.make(config)).rejects.toThrow(
      'COMPOZY_TEST_MODE is "fast"; it has to be memory, persistent or distributed, or not set.'
    )
  })
})

describe("single services", () => {
  it.effect("TestStore, TestCache and TestTemporal are real, empty and apart", () =>
    Effect.gen(function* () {
      const store = yield* Store
      const cache = yield* Cache
      const temporal = yield* Temporal
      assert.deepStrictEqual(yield* store.listUsers, [])
      assert.isTrue(yield* cache.values.set("key", "value"))
      yield* temporal.ping
    }).pipe(Effect.provide([TestStore.layer(), TestCache.layer(), TestTemporal.layer()]))
  )
})
