import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, test } from "vitest"
import { defineMode } from "../../src/Mode.ts"
import { TestCompozy, TestTemporal } from "../../src/testing/index.ts"
import { defineWorkflow } from "../../src/workflow/index.ts"
import { bundlePath } from "../embedded/temporal/support.ts"

const day = 86_400_000

describe("TestTemporal.make", () => {
  test("runs a worker until a promise settles, and skips the time that its workflows wait", async () => {
    await using temporal = await TestTemporal.make()
    const { client, taskQueue } = temporal
    const begin = await temporal.currentTime()
    const result = await temporal.runUntil(
      {
        workflowBundle: { codePath: await bundlePath() },
        activities: {
          greet: async (name: string) => {
            // A sleep of an activity passes as quickly.
            await temporal.sleep(4000)
            return `Hello, ${name}`
          }
        }
      },
      () => client.workflow.execute("hello", { taskQueue, workflowId: "hello", args: ["you"] })
    )
    expect(result).toBe("Hello, you")
    expect((await temporal.currentTime()) - begin).toBeGreaterThanOrEqual(4000)
    // What the test's own code throws is what it rejects with.
    const error = new Error("of the test")
    const options = { workflowBundle: { codePath: await bundlePath() } }
    await expect(temporal.runUntil(options, () => Promise.reject(error))).rejects.toBe(error)
    await expect(
      temporal.runUntil({ workflowsPath: "/nowhere/workflows.ts" }, () => Promise.resolve())
    ).rejects.toMatchObject({ _tag: "TestTemporalFailed", code: "COMPOZY_TEST_TEMPORAL_WORKER" })
  })
})

describe("TestTemporal.environment", () => {
  it.effect("has a clock of its own, which stands where nobody waits", () =>
    Effect.gen(function* () {
      const [one, other] = yield* Effect.all([TestTemporal.environment(), TestTemporal.environment()])
      yield* one.sleep("1 day")
      assert.isAtLeast(yield* one.currentTime, Date.now() + day - 60_000)
      assert.isBelow(yield* other.currentTime, Date.now() + day / 2)
    }).pipe(Effect.scoped)
  )
})

describe("TestCompozy with timeSkipping", () => {
  test("takes no time for tasks that sleep", async () => {
    const sleeping = defineWorkflow({ id: "sleeping", input: Schema.Struct({}) }, ({ task }) => {
      task.sleep("nap", "30 days")
    })
    await using compozy = await TestCompozy.make(defineMode({ workflows: [sleeping] }), {
      mode: "memory",
      timeSkipping: true
    })
    await compozy.run(sleeping, {})
  })
})
