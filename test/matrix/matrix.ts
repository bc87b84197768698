/**
 * The matrix of what holds in which mode: one suite, run in every mode. `npm test` runs it on the embedded modes,
 * `npm run test:services` on the distributed one.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { defineMode, type Mode } from "../../src/Mode.ts"
import { resolveConfig } from "../../src/config/Resolve.ts"
import { Cache, type PromisedCompozy, TestCompozy } from "../../src/testing/index.ts"
import { defineSignal, defineTool, defineWorkflow } from "../../src/workflow/index.ts"

/** What a mode promises. */
export interface Promises {
  readonly mode: Mode
  /** State is there after the stack is closed and another one opened. */
  readonly keepsState: boolean
  /** How many workflows it runs at once. */
  readonly concurrent: number
  readonly pgvector: boolean
}

const State = Schema.Struct({ value: Schema.Finite })

const step = defineTool({
  id: "step",
  input: State,
  output: State,
  run: ({ value }) => ({ value: value + 1 })
})

const steps = defineWorkflow({ id: "steps", input: State }, ({ input, task }) => {
  const first = task.tool("first", step, { value: input.value })
  const both = task.parallel("both", {
    left: () => task.tool("left", step, { value: first.value }),
    right: () => task.tool("right", step, { value: first.value })
  })
  return { left: both.left.value, right: both.right.value }
})

const go = defineSignal({ id: "go", payload: State })

const resumed = defineWorkflow({ id: "resumed", input: State }, ({ input, task }) => {
  const before = task.tool("before", step, { value: input.value })
  const signal = task.wait("go", { signal: go })
  const after = task.tool("after", step, { value: signal.value })
  return { before: before.value, after: after.value }
})

const config = defineMode({ name: "matrix", workflows: [steps, resumed] })

const makeDirectory = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), "compozy-matrix-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Defines the tests of one mode. */
export const matrix = ({ mode, keepsState, concurrent, pgvector }: Promises): void => {
  describe(`${mode} mode`, () => {
    let compozy: PromisedCompozy
    beforeAll(async () => {
      compozy = await TestCompozy.make(config, { mode })
    })
    afterAll(() => compozy.close())

    test("starts, every service answers, and a workflow runs", async () => {
      await compozy.effect(Effect.flatMap(Cache, (cache) => cache.ping))
      expect(await compozy.run(steps, { value: 0 })).toEqual({ left: 2, right: 2 })
    })

    test(`runs ${concurrent} workflows at once`, async () => {
      const outputs = await Promise.all(
        Array.from({ length: concurrent }, (_, value) => compozy.run(steps, { value }))
      )
      expect(outputs).toEqual(outputs.map((_, value) => ({ left: value + 2, right: value + 2 })))
    })

    test(`${keepsState ? "keeps" : "forgets"} executions and cached values when it is closed`, async () => {
      const options = { mode, directory: await makeDirectory() }
      const first = await TestCompozy.make(config, options)
      const { executionId } = await first.start(steps, { value: 0 })
      await first.result(executionId)
      await first.effect(Effect.flatMap(Cache, (cache) => cache.values.set("kept", "yes")))
      await first.close()
      await using second = await TestCompozy.make(config, options)
      const cached = await second.effect(Effect.flatMap(Cache, (cache) => cache.values.has("kept")))
      expect(cached).toBe(keepsState)
      if (keepsState) {
        expect(await second.get(executionId)).toMatchObject({
          status: "SUCCESS",
          output: { left: 2, right: 2 }
        })
      } else {
        await expect(second.get(executionId)).rejects.toMatchObject({ code: "COMPOZY_EXECUTION_NOT_FOUND" })
      }
    })

    test.runIf(keepsState)("goes on after a restart, without doing again what was done", async () => {
      const options = { mode, directory: await makeDirectory() }
      const first = await TestCompozy.make(config, options)
      const { executionId } = await first.start(resumed, { value: 0 })
      await expect
        .poll(async () => (await first.tasks(executionId)).find((task) => task.path === "before")?.status, {
          timeout: 10_000
        })
        .toBe("SUCCESS")
      await first.close()
      await using second = await TestCompozy.make(config, options)
      await second.signal(executionId, "go", { value: 10 })
      expect(await second.result(executionId)).toMatchObject({
        status: "SUCCESS",
        output: { before: 1, after: 11 }
      })
      const tasks = await second.tasks(executionId)
      expect(
        tasks.filter((task) => task.type === "tool").map(({ path, attempt }) => ({ path, attempt }))
      ).toEqual([
        { path: "before", attempt: 1 },
        { path: "after", attempt: 1 }
      ])
    })

    test(`${pgvector ? "takes" : "refuses"} pgvector, and takes Qdrant`, async () => {
      const resolve = (vectorStore: string) =>
        Effect.runPromise(
          resolveConfig(defineMode({}), {
            root: tmpdir(),
            env: {
              COMPOZY_DATABASE_URL: "postgresql://user@db.example.com/compozy",
              REDIS_URL: "redis://redis.example.com",
              TEMPORAL_HOST_PORT: "temporal.example.com:7233"
            },
            flags: { mode, "knowledge.vectorStore": vectorStore }
          })
        )
      await expect(resolve("qdrant")).resolves.toBeDefined()
      if (pgvector) await expect(resolve("pgvector")).resolves.toBeDefined()
      else await expect(resolve("pgvector")).rejects.toThrow(/pgvector/)
    })
  })
}
