import { Effect, Schema } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  decode,
  defineSignal,
  defineTool,
  defineWorkflow,
  eq,
  fn,
  gt,
  text
} from "../../src/workflow/index.ts"
import { eventually, makeStack, type TestStack } from "./executionsStack.ts"

const Name = Schema.Struct({ name: Schema.String })
const Empty = Schema.Struct({})

const greet = defineTool({
  id: "greet",
  input: Name,
  output: Schema.Struct({ message: Schema.String, mood: Schema.Literals(["happy", "sad"]) }),
  run: ({ name }) => ({
    message: `Hello, ${name}`,
    mood: name === "Eeyore" ? ("sad" as const) : ("happy" as const)
  })
})

const flaky = defineTool({
  id: "flaky",
  input: Schema.Struct({ fail: Schema.Boolean }),
  output: Schema.String,
  run: ({ fail }) => {
    if (fail) throw new RangeError("not today")
    return "done"
  }
})

let atOnce = 0
let mostAtOnce = 0
const crowd = defineTool({
  id: "crowd",
  input: Schema.Struct({ n: Schema.Number }),
  output: Schema.Number,
  run: async ({ n }) => {
    atOnce += 1
    mostAtOnce = Math.max(mostAtOnce, atOnce)
    await Effect.runPromise(Effect.sleep("5 millis"))
    atOnce -= 1
    return n * 2
  }
})

const stopped: Array<string> = []
/** Ends only when it is told to stop. */
const endless = defineTool({
  id: "endless",
  input: Name,
  output: Schema.String,
  run: ({ name }, { signal }) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        stopped.push(name)
        reject(new Error("stopped"))
      })
    })
})

const go = defineSignal({ id: "go", payload: Schema.Struct({ number: Schema.Number }) })

const hello = defineWorkflow({ id: "hello", input: Name }, ({ input, task }) => {
  const greeting = task.tool("greeting", greet, { name: input.name })
  const reply = task.router("reply", greeting.mood, {
    happy: () => task.tool("celebrate", greet, { name: text`${input.name}!` }).message,
    sad: () => "chin up"
  })
  return { first: greeting.message, reply }
})

const collecting = defineWorkflow(
  { id: "collecting", input: Schema.Struct({ numbers: Schema.Array(Schema.Number) }) },
  ({ input, task }) => {
    mostAtOnce = 0
    const doubled = task.collection("doubled", {
      items: input.numbers,
      filter: ({ item }) => gt(item, 1),
      maxWorkers: 2,
      each: ({ item, index }) => ({ double: task.tool("double", crowd, { n: item }), index })
    })
    const inOrder = task.collection("inOrder", {
      items: [1, 2],
      mode: "sequential",
      each: ({ item }) => task.tool("one", crowd, { n: item })
    })
    const inWaves = task.collection("inWaves", {
      items: input.numbers,
      batch: 2,
      each: ({ item }) => task.tool("wave", crowd, { n: item })
    })
    return { doubled, inOrder, inWaves, last: doubled.at(-1).double, count: doubled.length }
  }
)

const failingOne = ({ task }: { task: Parameters<Parameters<typeof defineWorkflow>[1]>[0]["task"] }) =>
  task.tool("fails", flaky, { fail: true }, { retry: { maximumAttempts: 1 } })

const strategies = defineWorkflow({ id: "strategies", input: Empty }, ({ task }) => {
  const best = task.parallel(
    "best",
    { good: () => 1, bad: () => failingOne({ task }) },
    { strategy: "bestEffort" }
  )
  const race = task.parallel(
    "race",
    {
      slow: () => task.tool("slow", endless, { name: "race" }),
      quick: () => task.tool("quick", crowd, { n: 1 })
    },
    { strategy: "race" }
  )
  const fast = task.attempt(
    "fast",
    () =>
      task.parallel(
        "all",
        { slow: () => task.tool("slow", endless, { name: "failFast" }), bad: () => failingOne({ task }) },
        { strategy: "failFast" }
      ),
    { onError: ({ error }) => ({ failed: error.path, why: error.message, type: error.type }) }
  )
  const some = task.collection("some", {
    items: [true, false],
    strategy: "bestEffort",
    each: ({ item }) => task.tool("each", flaky, { fail: item }, { retry: { maximumAttempts: 1 } })
  })
  return { best, race, fast, some }
})

const waiting = defineWorkflow(
  { id: "waiting", input: Schema.Struct({ least: Schema.Number }) },
  ({ input, task }) => {
    task.sleep("nap", "20 millis")
    const signal = task.wait("signal", { signal: go, until: ({ signal }) => gt(signal.number, input.least) })
    const late = task.wait("late", { signal: go, timeout: "30 millis", onTimeout: () => "too late" })
    return { number: signal.number, late }
  }
)

const sending = defineWorkflow(
  { id: "sending", input: Schema.Struct({ execution: Schema.String }) },
  ({ input, task }) => {
    task.signal("send", { execution: input.execution, signal: go, payload: { number: 7 } })
    return "sent"
  }
)

const parent = defineWorkflow({ id: "parent", input: Name }, ({ input, task }) => {
  const child = task.workflow("child", hello, { name: input.name })
  const started = task.workflow("started", hello, { name: "later" }, { mode: "start" })
  return { child: child.reply, started }
})

const computing = defineWorkflow(
  { id: "computing", input: Schema.Struct({ n: Schema.Number, data: Schema.Json }) },
  ({ input, task }) => {
    const square = fn("square", [input.n], (n) => n * n)
    const big = task.when(
      "big",
      gt(square, 50),
      () => "big",
      () => "small"
    )
    const skipped = task.tool("skipped", greet, { name: "x" }, { when: eq(input.n, 0) })
    const typed = decode(Schema.Struct({ a: Schema.Number }), input.data)
    const grouped = task.group("group", () => task.tool("inner", greet, { name: "in" }).message)
    return { square, big, skipped, a: typed.a, grouped }
  }
)

describe("the tasks of a workflow", () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await makeStack({
      name: "tasks",
      workflows: [hello, collecting, strategies, waiting, sending, parent, computing]
    })
  })
  afterAll(() => stack.close())

  it("run in the order written, and the router takes the route of its value", async () => {
    const happy = await stack.execute("hello", { name: "Ada" })
    expect(happy).toMatchObject({
      status: "SUCCESS",
      workflow: "hello",
      input: { name: "Ada" },
      output: { first: "Hello, Ada", reply: "Hello, Ada!" }
    })
    const sad = await stack.execute("hello", { name: "Eeyore" })
    expect(sad.output).toEqual({ first: "Hello, Eeyore", reply: "chin up" })
    const steps = await stack.steps(happy.executionId)
    expect(Object.keys(steps)).toEqual(["greeting", "reply", "reply.celebrate"])
    expect(steps["reply.celebrate"]).toMatchObject({
      status: "SUCCESS",
      type: "tool",
      component: "greet",
      parentPath: "reply",
      input: { name: "Ada!" },
      output: { message: "Hello, Ada!" }
    })
  })

  it("a collection keeps the order, filters, and runs no more at once than it may", async () => {
    const { executionId, output } = await stack.execute("collecting", { numbers: [1, 2, 3, 4, 5] })
    expect(output).toEqual({
      doubled: [
        { double: 4, index: 1 },
        { double: 6, index: 2 },
        { double: 8, index: 3 },
        { double: 10, index: 4 }
      ],
      inOrder: [2, 4],
      inWaves: [2, 4, 6, 8, 10],
      last: 10,
      count: 4
    })
    expect(mostAtOnce).toBe(2)
    expect(Object.keys(await stack.steps(executionId))).toContain("doubled[4].double")
  })

  it("strategies decide what failures do, and losers are stopped", async () => {
    const { executionId, output } = await stack.execute("strategies", {})
    expect(output).toEqual({
      best: { good: 1, bad: null },
      race: { winner: "quick", output: 2 },
      fast: { failed: "fast.all.bad.fails", why: "not today", type: "RangeError" },
      some: [null, "done"]
    })
    expect(
      await eventually(
        async () => stopped.toSorted(),
        (names) => names.length === 2
      )
    ).toEqual(["failFast", "race"])
    const steps = await stack.steps(executionId)
    expect(steps["race.slow.slow"]?.status).toBe("CANCELED")
    expect(steps["fast.all"]?.status).toBe("FAILED")
    expect(steps["fast"]?.status).toBe("SUCCESS")
  })

  it("a wait takes the first signal that satisfies it, also one that came before", async () => {
    const executionId = await stack.begin("waiting", { least: 2 })
    await stack.run(stack.executions.signal(executionId, "go", { number: 1 }))
    await stack.run(stack.executions.signal(executionId, "go", { number: 3 }))
    const { output } = await stack.run(stack.executions.result(executionId))
    expect(output).toEqual({ number: 3, late: "too late" })
  })

  it("an execution that waits says for which signal", async () => {
    const executionId = await stack.begin("waiting", { least: 0 })
    const get = () => stack.run(stack.executions.get(executionId))
    const waiting = await eventually(get, (one) => one.waitingFor !== null)
    expect(waiting).toMatchObject({ status: "RUNNING", waitingFor: 'signal "go"', error: null })
    await stack.execute("sending", { execution: executionId })
    const { output } = await stack.run(stack.executions.result(executionId))
    expect(output).toMatchObject({ number: 7 })
  })

  it("a child is awaited or only started, and has an execution of its own", async () => {
    const { executionId, output } = await stack.execute("parent", { name: "Ada" })
    expect(output).toEqual({ child: "Hello, Ada!", started: `${executionId}.started` })
    const started = await stack.run(stack.executions.result(`${executionId}.started`))
    expect(started).toMatchObject({ workflow: "hello", status: "SUCCESS" })
    const child = await stack.run(stack.executions.get(`${executionId}.child`))
    expect(child).toMatchObject({ workflow: "hello", status: "SUCCESS", input: { name: "Ada" } })
  })

  it("functions, conditions and schemas compute between the tools", async () => {
    const { executionId, output } = await stack.execute("computing", { n: 8, data: { a: 1 } })
    expect(output).toEqual({ square: 64, big: "big", skipped: null, a: 1, grouped: "Hello, in" })
    expect((await stack.steps(executionId))["skipped"]?.status).toBe("SKIPPED")
    const failed = await stack.execute("computing", { n: 2, data: { a: "x" } })
    expect(failed).toMatchObject({ status: "FAILED", error: { code: "COMPOZY_DECODE_FAILED" } })
  })
})
