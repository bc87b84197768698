import { Schema } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defineSignal, defineTool, defineWorkflow } from "../../src/workflow/index.ts"
import { eventually, makeStack, type TestStack } from "./executionsStack.ts"

const Empty = Schema.Struct({})
const count = defineTool({
  id: "count",
  input: Schema.Struct({ n: Schema.Number }),
  output: Schema.Number,
  run: ({ n }) => n + 1
})
const go = defineSignal({ id: "go", payload: Schema.Struct({ ok: Schema.Boolean }) })

const counting = defineWorkflow({ id: "counting", input: Empty }, ({ task }) => {
  const first = task.tool("first", count, { n: 0 })
  const rest = task.collection("rest", {
    items: [1, 2, 3],
    each: ({ item }) => task.tool("each", count, { n: item })
  })
  return { first, rest }
})

const waiting = defineWorkflow({ id: "waiting", input: Empty }, ({ task }) => {
  const before = task.tool("before", count, { n: 0 })
  const signal = task.wait("go", { signal: go })
  const after = task.tool("after", count, { n: before })
  return { ok: signal.ok, after }
})

const changed = defineWorkflow({ id: "waiting", input: Empty }, ({ task }) => {
  task.wait("go", { signal: go })
  return "changed"
})

const failing = defineWorkflow({ id: "failing", input: Empty }, ({ task }) => {
  task.tool("first", count, { n: 0 })
  return task.fail("give-up", "enough")
})

describe("the projection", () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await makeStack({ name: "projection", workflows: [counting, waiting, failing] })
  })
  afterAll(() => stack.close())

  const remove = (table: "workflow_states" | "task_states", where: string) =>
    stack.sql((sql) => sql.unsafe(`DELETE FROM ${table} WHERE ${where}`))

  const reconcile = () => stack.run(stack.executions.reconcile)

  it("is brought back by reconciling when rows are gone", async () => {
    const done = await stack.execute("counting", {})
    const failed = await stack.execute("failing", {})
    const open = await stack.begin("waiting", {})
    await eventually(
      () => stack.steps(open),
      (steps) => steps["go"]?.status === "WAITING"
    )
    const all = async () => ({
      done: await stack.steps(done.executionId),
      failed: await stack.steps(failed.executionId),
      open: await stack.steps(open)
    })
    const shape = (steps: Awaited<ReturnType<typeof all>>) =>
      Object.values(steps).map((of) =>
        Object.values(of)
          .map(({ input, output, parentPath, path, status, taskId, type }) => ({
            input,
            output,
            parentPath,
            path,
            status,
            taskId,
            type
          }))
          .toSorted((a, b) => (a.path < b.path ? -1 : 1))
      )
    const before = shape(await all())
    expect(await reconcile()).toMatchObject({ repaired: 0 })

    await remove("workflow_states", `execution_id IN ('${done.executionId}', '${open}')`)
    await remove("task_states", `path IN ('rest[1].each', 'before', 'give-up')`)
    expect(await reconcile()).toMatchObject({ repaired: 3 })

    expect(shape(await all())).toEqual(before)
    expect(await stack.run(stack.executions.get(done.executionId))).toMatchObject({
      status: "SUCCESS",
      output: { first: 1, rest: [2, 3, 4] }
    })
    expect(await stack.run(stack.executions.get(open))).toMatchObject({
      status: "RUNNING",
      waitingFor: 'signal "go"'
    })
    await stack.run(stack.executions.cancel(open))
    await stack.run(stack.executions.result(open))
  })

  it("never shows an execution as running that was ended from outside", async () => {
    const { executions, run, temporal } = stack
    const executionId = await stack.begin("waiting", {})
    await eventually(
      () => stack.steps(executionId),
      (steps) => steps["go"]?.status === "WAITING"
    )
    await run(temporal.terminate({ workflowId: executionId }, "by hand"))
    const shown = await eventually(
      async () =>
        (await run(executions.list({ workflowId: "waiting" }))).items.find(
          (one) => one.executionId === executionId
        ),
      (one) => one?.status !== "RUNNING"
    )
    expect(shown).toMatchObject({
      status: "CANCELED",
      error: { code: "COMPOZY_TERMINATED", message: "by hand" }
    })
    expect((await stack.steps(executionId))["go"]?.status).toBe("CANCELED")

    const { executionId: late } = await run(executions.start("waiting", {}, { timeout: 100 }))
    expect(await run(executions.result(late))).toMatchObject({ status: "TIMED_OUT" })
  })

  it("a step whose tool no process has waits, says so, and goes on when one has it", async () => {
    const lacking = { ...counting, id: "lacking", definition: { ...counting.definition, id: "lacking" } }
    const without = await stack.another({ name: "lacking", workflows: [{ ...lacking, tools: {} }] })
    const { executionId } = await stack.run(without.executions.start("lacking", {}))
    const waits = await eventually(
      () => stack.run(without.executions.get(executionId)),
      (one) => one.waitingFor !== null
    )
    expect(waits).toMatchObject({ status: "RUNNING", waitingFor: 'tool "count"' })
    await without.stop()

    const having = await stack.another({ name: "lacking", workflows: [lacking] })
    await stack.run(having.executions.reconcile)
    const ended = await stack.run(having.executions.result(executionId))
    expect(ended).toMatchObject({ status: "SUCCESS", waitingFor: null, output: { first: 1 } })
    const tasks = await stack.run(having.executions.tasks(executionId))
    expect(tasks.items.map((task) => task.status)).toEqual([
      "SUCCESS",
      "SUCCESS",
      "SUCCESS",
      "SUCCESS",
      "SUCCESS"
    ])
    await having.stop()
  })

  it("an execution keeps the definition that it began with", async () => {
    const old = await stack.another({ name: "versions", workflows: [waiting] })
    const { executionId } = await stack.run(old.executions.start("waiting", {}))
    await eventually(
      () => stack.run(old.executions.get(executionId)),
      (one) => one.waitingFor !== null
    )
    await old.stop()
    // The tool that the old definition needs is still somewhere in the new config.
    const next = await stack.another({ name: "versions", workflows: [changed, counting] })
    await stack.run(next.executions.signal(executionId, "go", { ok: true }))
    const ended = await stack.run(next.executions.result(executionId))
    expect(ended).toMatchObject({ status: "SUCCESS", output: { ok: true, after: 2 } })
    await next.stop()
  })

  it("is complete when the worker's memory of an execution was lost in between", async () => {
    const first = await stack.another({ name: "evicted", workflows: [waiting] })
    const { executionId } = await stack.run(first.executions.start("waiting", {}))
    await eventually(
      () => stack.run(first.executions.get(executionId)),
      (one) => one.waitingFor !== null
    )
    await first.stop()
    await remove("task_states", `execution_id = '${executionId}'`)
    const second = await stack.another({ name: "evicted", workflows: [waiting] })
    await stack.run(second.executions.signal(executionId, "go", { ok: true }))
    await stack.run(second.executions.result(executionId))
    const tasks = await stack.run(second.executions.tasks(executionId))
    expect(tasks.items.map(({ path, status }) => `${path} ${status}`).toSorted()).toEqual([
      "after SUCCESS",
      "before SUCCESS",
      "go SUCCESS"
    ])
    await second.stop()
  })
})
