import { Schema } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  add,
  concat,
  defineSignal,
  defineTool,
  defineWorkflow,
  eq,
  gt,
  length,
  text
} from "../../src/workflow/index.ts"
import { eventually, makeStack, type TestStack } from "./executionsStack.ts"

const Row = Schema.Struct({ id: Schema.Number, text: Schema.String })

const big = defineTool({
  id: "big",
  input: Schema.Struct({ rows: Schema.Number, width: Schema.Number }),
  output: Schema.Struct({ rows: Schema.Array(Row), name: Schema.String }),
  run: ({ rows, width }) => ({
    name: "big",
    rows: Array.from({ length: rows }, (_, id) => ({ id, text: "x".repeat(width) }))
  })
})

const measure = defineTool({
  id: "measure",
  input: Schema.Struct({ rows: Schema.Array(Row) }),
  output: Schema.Number,
  run: ({ rows }) => rows.reduce((sum, row) => sum + row.text.length, 0)
})

const widen = defineTool({
  id: "widen",
  input: Schema.Struct({ row: Row, by: Schema.Number }),
  output: Schema.Struct({ id: Schema.Number, text: Schema.String }),
  run: ({ by, row }) => ({ id: row.id, text: row.text + "y".repeat(by) })
})

const calls = new Map<string, number>()
const step = defineTool({
  id: "step",
  input: Schema.Struct({ n: Schema.Number }),
  output: Schema.Number,
  run: ({ n }, { idempotencyKey }) => {
    calls.set(idempotencyKey, (calls.get(idempotencyKey) ?? 0) + 1)
    return n
  }
})

const fails = defineTool({
  id: "fails",
  input: Schema.Struct({}),
  output: Schema.Null,
  run: () => {
    throw new Error("once")
  }
})

const go = defineSignal({ id: "go", payload: Schema.Struct({ text: Schema.String }) })

const large = defineWorkflow(
  { id: "large", input: Schema.Struct({ text: Schema.String, rows: Schema.Number, width: Schema.Number }) },
  ({ input, task }) => {
    const made = task.tool("make", big, { rows: input.rows, width: input.width })
    const size = task.tool("measure", measure, { rows: made.rows })
    const widened = task.collection("widened", {
      items: made.rows,
      filter: ({ item }) => gt(item.id, 0),
      each: ({ item }) => task.tool("widen", widen, { row: item, by: 5000 })
    })
    const many = task.when(
      "many",
      gt(length(made.rows), 2),
      () => "many",
      () => "few"
    )
    const named = task.router("named", made.name, { big: () => text`${made.name}!`, default: () => "?" })
    const same = task.when("same", eq(made.rows.at(-1).text, made.rows.at(0).text), () => true)
    return {
      size,
      many,
      named,
      same,
      widened,
      count: add(widened.length, 0),
      rows: made.rows,
      text: concat(input.text, "!")
    }
  }
)

const long = defineWorkflow(
  { id: "long", input: Schema.Struct({ numbers: Schema.Array(Schema.Number) }) },
  ({ input, task }) => {
    const before = task.tool("before", step, { n: 100 })
    const tried = task.attempt(
      "tried",
      () => task.tool("fails", fails, {}, { retry: { maximumAttempts: 1 } }),
      {
        onError: ({ error }) => error.message
      }
    )
    const both = task.parallel("both", {
      waits: () => task.wait("go", { signal: go }),
      works: () => {
        const inOrder = task.collection("inOrder", {
          items: input.numbers,
          mode: "sequential",
          each: ({ item }) => task.group("group", () => task.tool("step", step, { n: item }))
        })
        return inOrder
      }
    })
    const atOnce = task.collection("atOnce", {
      items: input.numbers,
      maxWorkers: 5,
      strategy: "bestEffort",
      each: ({ item, index }) => ({ item: task.tool("step", step, { n: item }), index })
    })
    task.sleep("nap", "10 millis")
    return { before, tried, signal: both.waits, inOrder: both.works, atOnce }
  }
)

/** Ends with a full history and an output that has yet to be put into the store. */
const burst = defineWorkflow({ id: "burst", input: Schema.Struct({}) }, ({ task }) => {
  const rows = task.collection("rows", {
    items: Array.from({ length: 45 }, (_, n) => n),
    each: ({ item }) => ({ n: task.tool("step", step, { n: item }), text: "a text of some length" })
  })
  return Array.from({ length: 20 }, () => rows)
})

/** So many tasks that its definition does not fit into the start arguments. */
const wide = defineWorkflow({ id: "wide", input: Schema.Struct({ n: Schema.Number }) }, ({ input, task }) => {
  const parts: Record<string, number> = {}
  for (let i = 0; i < 120; i++) {
    task.when(`when${i}`, eq(input.n, i), () => text`${"a text that makes the definition longer ".repeat(5)}`)
    parts[`part${i}`] = i
  }
  return { sum: task.tool("step", step, { n: 119 }), parts }
})

describe("sizes", () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await makeStack({
      name: "sizes",
      workflows: [large, long, wide, burst],
      limits: { outputInline: 4_096, historyEvents: 100 }
    })
  })
  afterAll(() => stack.close())

  it("values too large for a history are passed by reference, and references into them work", async () => {
    const input = { text: "t".repeat(100_000), rows: 40, width: 30_000 }
    const { executionId, output, ...ended } = await stack.execute("large", input)
    expect(ended).toMatchObject({ status: "SUCCESS", input })
    expect(output).toMatchObject({
      size: 40 * 30_000,
      many: "many",
      named: "big!",
      same: true,
      count: 39,
      text: `${input.text}!`
    })
    const { rows, widened } = output as { rows: Array<typeof Row.Type>; widened: Array<typeof Row.Type> }
    expect(rows.map((row) => row.id)).toEqual(Array.from({ length: 40 }, (_, id) => id))
    expect(widened.map((row) => [row.id, row.text.length])).toEqual(
      Array.from({ length: 39 }, (_, at) => [at + 1, 35_000])
    )
    const history = await stack.run(stack.temporal.describe({ workflowId: executionId }))
    expect(history.status).toBe("COMPLETED")
  })

  it("an execution whose history is full goes on in a new one, and does nothing twice", async () => {
    const numbers = Array.from({ length: 30 }, (_, n) => n)
    const executionId = await stack.begin("long", { numbers })
    await eventually(
      () => stack.run(stack.temporal.describe({ workflowId: executionId })),
      (run) => run.runId !== run.firstRunId
    )
    await stack.run(stack.executions.signal(executionId, "go", { text: "s".repeat(10_000) }))
    const { output, status } = await stack.run(stack.executions.result(executionId))
    expect(status).toBe("SUCCESS")
    expect(output).toEqual({
      before: 100,
      tried: "once",
      signal: { text: "s".repeat(10_000) },
      inOrder: numbers,
      atOnce: numbers.map((item) => ({ item, index: item }))
    })
    expect([...calls.values()].every((times) => times === 1)).toBe(true)
    const steps = await stack.steps(executionId)
    // before, tried, its tool, both, the wait, inOrder with group and tool each, atOnce with a tool each, nap
    expect(Object.keys(steps)).toHaveLength(7 + 60 + 1 + 30)
    expect(
      Object.values(steps)
        .filter((one) => one.status !== "SUCCESS")
        .map((one) => one.path)
    ).toEqual(["tried.fails"])

    await stack.sql((sql) => sql.unsafe(`DELETE FROM task_states WHERE execution_id = '${executionId}'`))
    await stack.run(stack.executions.reconcile)
    const again = await stack.steps(executionId)
    expect(Object.keys(again).toSorted()).toEqual(Object.keys(steps).toSorted())
  })

  it("an execution that ends with a full history still gives its output", async () => {
    const { executionId, output, status } = await stack.execute("burst", {})
    expect(status).toBe("SUCCESS")
    expect(output).toHaveLength(20)
    const run = await stack.run(stack.temporal.describe({ workflowId: executionId }))
    expect(run.runId).toBe(run.firstRunId)
  })

  it("a definition too large for the start arguments is kept in the store", async () => {
    const { output, status } = await stack.execute("wide", { n: -1 })
    expect(status).toBe("SUCCESS")
    expect(output).toMatchObject({ sum: 119, parts: { part0: 0 } })
  })
})
