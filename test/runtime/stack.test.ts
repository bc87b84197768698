import { Cause, Context, Effect, Exit, Layer, Schema, Scope } from "effect"
import { expect, it } from "vitest"
import { defineMode } from "../../src/Mode.ts"
import { installTemporalRuntime } from "../../src/cli/TemporalRuntime.ts"
import { resolveConfig } from "../../src/config/Resolve.ts"
import { Executions } from "../../src/runtime/Executions.ts"
import * as Stack from "../../src/runtime/Stack.ts"
import { Store } from "../../src/services/Store.ts"
import { defineTool, defineWorkflow } from "../../src/workflow/index.ts"

class Greeter extends Context.Service<Greeter, { readonly greet: (name: string) => Effect.Effect<string> }>()(
  "test/Greeter"
) {}

const happened: Array<string> = []

/** A service of the user's: built on Compozy's own, and closed with the stack. */
const greeter = Layer.effect(
  Greeter,
  Effect.gen(function* () {
    const store = yield* Store
    yield* Effect.acquireRelease(
      Effect.sync(() => happened.push("greeter opened")),
      () => Effect.sync(() => happened.push("greeter closed"))
    )
    return {
      greet: (name) =>
        Effect.map(Effect.orDie(store.listUsers), (users) => `Hello, ${name}, and ${users.length} others`)
    }
  })
)

const greet = defineTool({
  id: "greet",
  input: Schema.Struct({ name: Schema.String }),
  output: Schema.String,
  run: ({ name }) =>
    Effect.gen(function* () {
      const { greet } = yield* Greeter
      yield* Effect.sleep(100)
      happened.push("tool ran")
      return yield* greet(name)
    })
})
const hello = defineWorkflow(
  { id: "hello", input: Schema.Struct({ name: Schema.String }), services: [Greeter] },
  ({ input, task }) => task.tool("greeting", greet, { name: input.name })
)

const resolve = (config: ReturnType<typeof defineMode>) =>
  resolveConfig(config, { root: import.meta.dirname, flags: { "log.level": "none" } })

it("gives tools the user's services, those Compozy's, and closes them after the worker has drained", async () => {
  const scope = await Effect.runPromise(Scope.make())
  const program = Effect.gen(function* () {
    const project = yield* resolve(defineMode({ mode: "memory", workflows: [hello], layer: greeter }))
    const stack = yield* Layer.build(
      Stack.layer(project.settings, project, { beforeWorker: installTemporalRuntime(project.settings) })
    )
    const executions = Context.get(stack, Executions)
    const first = yield* executions.start("hello", { name: "Ada" })
    const result = yield* executions.result(first.executionId)
    // This one is still running when the scope closes.
    yield* executions.start("hello", { name: "Bob" })
    return result
  })
  const result = await Effect.runPromise(Scope.provide(program, scope))
  expect(result).toMatchObject({ status: "SUCCESS", output: "Hello, Ada, and 0 others" })
  await Effect.runPromise(Scope.close(scope, Exit.void))
  expect(happened[0]).toBe("greeter opened")
  expect(happened.at(-1)).toBe("greeter closed")
})

it("a user's layer that fails is an error of the start, with its cause", async () => {
  const broken = Layer.effect(Greeter, Effect.fail(new Error("no greetings today")))
  const exit = await Effect.runPromiseExit(
    Effect.scoped(
      Effect.flatMap(resolve(defineMode({ mode: "memory", workflows: [hello], layer: broken })), (project) =>
        Stack.buildStack(project.settings, project)
      )
    )
  )
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  expect(error).toMatchObject({ _tag: "UserLayerFailed", code: "COMPOZY_USER_LAYER_FAILED" })
  expect(String(error)).toContain("no greetings today")
})
