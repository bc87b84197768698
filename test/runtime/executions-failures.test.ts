import { Context, Effect, Layer, Option, Schema, Stream } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { ExecutionEvent } from "../../src/runtime/Executions.ts"
import {
  Activity,
  decode,
  defineSignal,
  defineTool,
  defineWorkflow,
  fn,
  type AttemptError,
  type Ref
} from "../../src/workflow/index.ts"
import { eventually, makeStack, type TestStack } from "./executionsStack.ts"

const Empty = Schema.Struct({})

class Mailer extends Context.Service<Mailer, { readonly send: (to: string) => string }>()("test/Mailer") {}

class Refused extends Schema.TaggedError<Refused>()("Refused", { message: Schema.String }) {
  readonly code = "CARD_REFUSED"
}

const attempts: Array<{ readonly attempt: number; readonly key: string; readonly last: unknown }> = []

const third = defineTool({
  id: "third",
  input: Empty,
  output: Schema.String,
  run: (_, { attempt, heartbeat, idempotencyKey, lastHeartbeat }) => {
    attempts.push({ attempt, key: idempotencyKey, last: lastHeartbeat })
    heartbeat({ at: attempt })
    if (attempt < 3) throw new Error(`attempt ${attempt}`)
    return "third time lucky"
  }
})

const refuses = defineTool({
  id: "refuses",
  input: Empty,
  output: Schema.String,
  run: () => Effect.fail(new Refused({ message: "no" }))
})

const short = Schema.String.check(Schema.isMaxLength(3))
const strict = defineTool({
  id: "strict",
  input: Schema.Struct({ user: Schema.Struct({ name: short }) }),
  output: Schema.Struct({ name: short }),
  run: ({ user }) => ({ name: user.name === "bad" ? "far too long" : user.name })
})

const mail = defineTool({
  id: "mail",
  input: Schema.Struct({ to: Schema.String }),
  output: Schema.Struct({ sent: Schema.String, task: Schema.String }),
  run: Effect.fn("mail")(function* ({ to }) {
    const mailer = yield* Mailer
    const { execution } = yield* Activity
    return { sent: mailer.send(to), task: execution.task }
  })
})

const released: Array<string> = []
let running = false
const holds = defineTool({
  id: "holds",
  input: Empty,
  output: Schema.String,
  run: () =>
    Effect.acquireRelease(
      Effect.sync(() => (running = true)),
      () => Effect.sync(() => released.push("released"))
    ).pipe(Effect.andThen(Effect.never))
})

const blocks = defineTool({
  id: "blocks",
  input: Empty,
  output: Schema.Null,
  run: () => {
    const until = performance.now() + 300
    while (performance.now() < until);
    return null
  }
})

const slow = defineTool({
  id: "slow",
  input: Empty,
  output: Schema.Null,
  run: () => new Promise<null>(() => undefined)
})

const fast = { retry: { initialInterval: "1 millis", maximumInterval: "1 millis" } } as const

const retrying = defineWorkflow({ id: "retrying", input: Empty }, ({ task }) =>
  task.tool("try", third, {}, fast)
)
const giving = defineWorkflow({ id: "giving", input: Empty }, ({ task }) =>
  task.group("pay", () =>
    task.tool("charge", refuses, {}, { retry: { ...fast.retry, nonRetryableErrorTypes: ["Refused"] } })
  )
)
const mismatching = defineWorkflow(
  { id: "mismatching", input: Schema.Struct({ name: Schema.String }) },
  ({ input, task }) => task.tool("strict", strict, { user: { name: input.name } })
)
const mailing = defineWorkflow({ id: "mailing", input: Empty, services: [Mailer] }, ({ task }) =>
  task.tool("mail", mail, { to: "ada" })
)
const holding = defineWorkflow({ id: "holding", input: Empty }, ({ task }) => {
  const held = task.attempt("held", () => task.tool("hold", holds, {}), { onError: () => "handled" })
  return { held }
})
const blocking = defineWorkflow({ id: "blocking", input: Empty }, ({ task }) =>
  task.tool("block", blocks, {})
)
const slowly = defineWorkflow({ id: "slowly", input: Empty }, ({ task }) =>
  task.tool("slow", slow, {}, { timeout: "50 millis", retry: { maximumAttempts: 1 } })
)
const go = defineSignal({ id: "go", payload: Schema.Struct({ ok: Schema.Boolean }) })
const checking = defineWorkflow(
  { id: "checking", input: Schema.Struct({ text: Schema.String }), output: Schema.Struct({ text: short }) },
  ({ input, task }) => {
    task.group("nothing", () => null)
    return { text: input.text }
  }
)
const Anything = Schema.Struct({ value: Schema.Json })
const handled = { onError: ({ error }: { error: Ref<AttemptError> }) => error }

/** Workflows that fail in ways that only show when they run. */
const wrong = [
  defineWorkflow({ id: "sleeps", input: Schema.Struct({ value: Schema.String }) }, ({ input, task }) =>
    task.attempt(
      "tried",
      () => {
        task.sleep("nap", input.value)
        return null
      },
      handled
    )
  ),
  defineWorkflow({ id: "decodes", input: Anything }, ({ input, task }) =>
    task.attempt("tried", () => decode(Schema.Array(Schema.String), input.value), handled)
  ),
  defineWorkflow({ id: "computes", input: Anything }, ({ input, task }) =>
    task.attempt(
      "tried",
      () =>
        fn("throws", [input.value], () => {
          if (input !== undefined) throw new TypeError("no")
          return 1
        }),
      handled
    )
  ),
  defineWorkflow({ id: "signals", input: Anything }, ({ task }) =>
    task.attempt(
      "tried",
      () => {
        task.signal("send", { execution: "nobody", signal: go, payload: { ok: true } })
        return null
      },
      handled
    )
  ),
  defineWorkflow({ id: "starts", input: Anything }, ({ task }) =>
    task.attempt("tried", () => task.workflow("run", giving, {}), handled)
  ),
  defineWorkflow({ id: "waits", input: Anything }, ({ task }) =>
    task.attempt("tried", () => task.wait("late", { signal: go, timeout: "5 millis" }), handled)
  ),
  defineWorkflow({ id: "fails", input: Anything }, ({ task }) =>
    task.attempt("tried", () => task.fail("stop", "enough", { error: "Stopped" }), handled)
  )
] as const

const until = defineWorkflow({ id: "until", input: Empty }, ({ task }) => task.wait("go", { signal: go }))

const guarding = defineWorkflow({ id: "guarding", input: Empty }, ({ task }) =>
  task.workflow("child", until, {})
)

const failing = defineWorkflow({ id: "level-4", input: Empty }, ({ task }) =>
  task.group("block", () => task.fail("stop", "enough"))
)
const throughThird = defineWorkflow({ id: "level-3", input: Empty }, ({ task }) =>
  task.workflow("down", failing, {})
)
const throughSecond = defineWorkflow({ id: "level-2", input: Empty }, ({ task }) =>
  task.workflow("down", throughThird, {})
)
const deep = defineWorkflow({ id: "level-1", input: Empty }, ({ task }) =>
  task.workflow("down", throughSecond, {})
)

describe("what goes wrong", () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await makeStack(
      {
        name: "failures",
        workflows: [
          retrying,
          giving,
          mismatching,
          mailing,
          holding,
          blocking,
          slowly,
          checking,
          until,
          guarding,
          ...wrong
        ]
      },
      Layer.succeed(Mailer, { send: (to) => `to ${to}` }) as unknown as Layer.Layer<never>
    )
  })
  afterAll(() => stack.close())

  it("a tool is tried again, with the same key and what its last heartbeat said", async () => {
    const { executionId, output, status } = await stack.execute("retrying", {})
    expect({ status, output }).toEqual({ status: "SUCCESS", output: "third time lucky" })
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect(new Set(attempts.map(({ key }) => key)).size).toBe(1)
    expect(attempts[2]?.last).toEqual({ at: 2 })
    expect((await stack.steps(executionId))["try"]).toMatchObject({ status: "SUCCESS", attempt: 3 })
  })

  it("a thrown error is recorded with its code, type, place and stack", async () => {
    const { error, executionId, status } = await stack.execute("giving", {})
    expect(status).toBe("FAILED")
    expect(error).toMatchObject({ code: "CARD_REFUSED", type: "Refused", message: "no", task: "pay.charge" })
    const steps = await stack.steps(executionId)
    expect(steps["pay.charge"]).toMatchObject({
      status: "FAILED",
      attempt: 1,
      error: { code: "CARD_REFUSED" }
    })
    expect(steps["pay.charge"]?.error?.stack).toContain("executions-failures.test.ts")
    expect(steps["pay"]).toMatchObject({ status: "FAILED", error: { task: "pay.charge" } })
  })

  it("what does not fit a tool's schema names the path, and is not tried again", async () => {
    const input = await stack.execute("mismatching", { name: "four" })
    expect(input.error).toMatchObject({ code: "COMPOZY_TOOL_INPUT_INVALID", task: "strict" })
    expect(input.error?.message).toContain("user.name")
    const output = await stack.execute("mismatching", { name: "bad" })
    expect(output.error).toMatchObject({ code: "COMPOZY_TOOL_OUTPUT_INVALID" })
    expect((await stack.steps(output.executionId))["strict"]?.attempt).toBe(1)
  })

  it("the output is checked at the end where a schema is given", async () => {
    expect(await stack.execute("checking", { text: "abc" })).toMatchObject({ status: "SUCCESS" })
    const { error, status } = await stack.execute("checking", { text: "abcd" })
    expect(status).toBe("FAILED")
    expect(error?.code).toBe("COMPOZY_OUTPUT_INVALID")
    expect(error?.message).toContain("text")
  })

  it.each([
    ["sleeps", { path: "tried.nap", code: "COMPOZY_DURATION_INVALID" }],
    ["decodes", { code: "COMPOZY_DECODE_FAILED", type: "DecodeFailed" }],
    ["computes", { path: "tried.throws", code: "COMPOZY_TASK_FAILED", type: "TypeError", message: "no" }],
    ["signals", { path: "tried.send", code: "COMPOZY_TASK_FAILED" }],
    ["starts", { path: "tried.run", code: "CARD_REFUSED", type: "Refused", message: "no" }],
    ["waits", { path: "tried.late", code: "COMPOZY_WAIT_TIMED_OUT" }],
    ["fails", { path: "tried.stop", type: "Stopped", message: "enough" }]
  ])("an attempt whose block %s without success is told where and why", async (workflow, error) => {
    const { output, status } = await stack.execute(workflow, { value: "soon" })
    expect(status).toBe("SUCCESS")
    expect(output).toMatchObject(error)
  })

  it("an Effect tool gets the user's services and its own step", async () => {
    expect((await stack.execute("mailing", {})).output).toEqual({ sent: "to ada", task: "mail" })
  })

  it("cancelling interrupts the tool, releases what it held, and handles nothing", async () => {
    const executionId = await stack.begin("holding", {})
    await eventually(
      () => Promise.resolve(running),
      (is) => is
    )
    await stack.run(stack.executions.cancel(executionId))
    const ended = await stack.run(stack.executions.result(executionId))
    expect(ended).toMatchObject({ status: "CANCELED", output: null, error: null })
    expect(
      await eventually(
        () => Promise.resolve(released),
        (names) => names.length > 0
      )
    ).toEqual(["released"])
    const steps = await stack.steps(executionId)
    expect(steps["held.hold"]?.status).toBe("CANCELED")
    expect(steps["held"]?.status).toBe("CANCELED")
    await stack.run(stack.executions.cancel(executionId))
  })

  it("cancelling an execution cancels the children that it waits for", async () => {
    const executionId = await stack.begin("guarding", {})
    const child = `${executionId}.child`
    const waits = () => stack.run(Effect.option(stack.executions.get(child)))
    await eventually(waits, (one) => Option.isSome(one) && one.value.waitingFor !== null)
    await stack.run(stack.executions.cancel(executionId))
    expect(await stack.run(stack.executions.result(executionId))).toMatchObject({ status: "CANCELED" })
    expect(await stack.run(stack.executions.result(child))).toMatchObject({ status: "CANCELED" })
    expect((await stack.steps(child))["go"]?.status).toBe("CANCELED")
  })

  it("a step over its timeout is shown as timed out", async () => {
    const { error, executionId, status } = await stack.execute("slowly", {})
    expect({ status, code: error?.code }).toEqual({ status: "FAILED", code: "COMPOZY_TASK_TIMED_OUT" })
    expect((await stack.steps(executionId))["slow"]?.status).toBe("TIMED_OUT")
  })

  it("a tool that holds the event loop is warned about", async () => {
    const { executionId } = await stack.execute("blocking", {})
    const events = await stack.run(Stream.runCollect(stack.executions.events(executionId)))
    const warning = events.find((event) => event.type === "warning")
    expect(warning?.data).toMatchObject({ task: "block", tool: "blocks" })
  })

  it("what does not exist or does not fit is refused", async () => {
    const { executions, run } = stack
    const refusal = <A, E>(effect: Effect.Effect<A, E>) => run(Effect.flip(effect))
    expect(await refusal(executions.start("retryin", {}))).toMatchObject({
      _tag: "WorkflowNotFound",
      suggestion: "retrying"
    })
    expect(await refusal(executions.start("mismatching", { name: 1 }))).toMatchObject({
      _tag: "InputInvalid",
      issues: [{ path: ["name"] }]
    })
    expect(await refusal(executions.get("none"))).toMatchObject({ _tag: "ExecutionNotFound" })
    expect(await refusal(executions.result("none"))).toMatchObject({ _tag: "ExecutionNotFound" })
    expect(await refusal(executions.cancel("none"))).toMatchObject({ _tag: "ExecutionNotFound" })
    const executionId = await stack.begin("until", {})
    expect(await refusal(executions.signal(executionId, "gone", {}))).toMatchObject({ _tag: "SignalInvalid" })
    expect(await refusal(executions.signal(executionId, "go", { ok: 1 }))).toMatchObject({
      _tag: "SignalInvalid",
      issues: [{ path: ["ok"] }]
    })
    await run(executions.signal(executionId, "go", { ok: true }))
    expect((await run(executions.result(executionId))).output).toEqual({ ok: true })
    expect(await refusal(executions.signal(executionId, "go", { ok: true }))).toMatchObject({
      _tag: "SignalInvalid"
    })
  })

  it("the same idempotency key gives the same execution, also when it is over", async () => {
    const { executions, run } = stack
    const start = () => run(executions.start("checking", { text: "a" }, { idempotencyKey: "order 1" }))
    const first = await start()
    const second = await start()
    await run(executions.result(first.executionId))
    const third = await start()
    expect([first.created, second.created, third.created]).toEqual([true, false, false])
    expect(new Set([first, second, third].map((one) => one.executionId)).size).toBe(1)
  })

  it("an idempotency key that comes with other input is refused, whether the execution runs or is over", async () => {
    const { executions, run } = stack
    const start = (text: string) =>
      run(Effect.result(executions.start("checking", { text }, { idempotencyKey: "order 2" })))
    const first = await start("a")
    const refused = { _tag: "Failure", failure: { code: "COMPOZY_IDEMPOTENCY_KEY_REUSED", key: "order 2" } }
    expect(await start("b")).toMatchObject(refused)
    if (first._tag === "Success") await run(executions.result(first.success.executionId))
    expect(await start("b")).toMatchObject(refused)
    expect(await start("a")).toMatchObject({ success: { created: false } })
  })

  it("events come in order, from where one left off, until the end", async () => {
    const executionId = await stack.begin("until", {})
    const { executions, run } = stack
    const live: Array<ExecutionEvent> = []
    const following = run(
      Stream.runForEach(executions.events(executionId), (event) => Effect.sync(() => live.push(event)))
    )
    await eventually(
      async () => live,
      (events) => events.some((event) => event.type === "workflow_status")
    )
    await run(executions.signal(executionId, "go", { ok: true }))
    await following
    expect(live.map((event) => event.id)).toEqual(live.map((_, index) => index + 1))
    expect(live[0]?.type).toBe("workflow_start")
    expect(live.at(-1)).toMatchObject({ type: "complete", data: { status: "SUCCESS", output: { ok: true } } })
    const after = await run(Stream.runCollect(executions.events(executionId, { after: 2 })))
    expect(after.map((event) => event.id)).toEqual(live.slice(2).map((event) => event.id))
  })

  it("what stands deeper than limits.nesting fails, and an error shows limits.taskContextDepth children", async () => {
    const result = async (limits: { readonly nesting?: number; readonly taskContextDepth?: number }) => {
      const workflows = [failing, throughThird, throughSecond, deep]
      const { executions, stop } = await stack.another({
        name: `depth-${JSON.stringify(limits)}`,
        workflows,
        limits
      })
      const { executionId } = await stack.run(executions.start("level-1", {}))
      const { error } = await stack.run(executions.result(executionId))
      await stop()
      return { code: error?.code, details: error?.details }
    }
    const inGroup = { child: { task: "block.stop" } }
    const [deepEnough, tooDeep, shown] = await Promise.all([
      result({ nesting: 5 }),
      result({ nesting: 4 }),
      result({ taskContextDepth: 2 })
    ])
    expect(deepEnough).toEqual({
      code: "COMPOZY_TASK_FAILED",
      details: { child: { task: "down", child: { task: "down", ...inGroup } } }
    })
    expect(tooDeep).toEqual({
      code: "COMPOZY_NESTING_TOO_DEEP",
      details: { child: { task: "down", child: { task: "down", child: { task: "block" } } } }
    })
    expect(shown.details).toEqual({ child: { task: "down", child: { task: "down" } } })
  })
})
