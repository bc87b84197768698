import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import {
  add,
  decode,
  defineSignal,
  defineTool,
  defineWorkflow,
  eq,
  fn,
  type Ref,
  type Task,
  text
} from "../../src/workflow/index.ts"
import { refusal } from "./refusal.ts"

const greet = defineTool({
  id: "greet",
  input: Schema.Struct({ name: Schema.String }),
  output: Schema.Struct({ message: Schema.String, mood: Schema.Literals(["happy", "sad"]) }),
  run: ({ name }) => ({ message: `Hello, ${name}`, mood: "happy" as const })
})
const Input = Schema.Struct({ name: Schema.String, names: Schema.Array(Schema.String), flag: Schema.Boolean })

/** A build that is not checked by TypeScript, as JavaScript writes it. */
type Loose = (scope: { readonly input: Ref<typeof Input.Encoded>; readonly task: Task<never> }) => never
const refused = (build: (scope: Parameters<Loose>[0]) => unknown): string =>
  refusal(() => defineWorkflow({ id: "w", input: Input }, build as Loose))
const loose = (value: unknown): never => value as never

describe("ids", () => {
  it("are unique within their block", () => {
    expect(
      refused(({ task, input }) => {
        task.tool("hello", greet, { name: "first" })
        task.tool("hello", greet, { name: input.name })
      })
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ID_DUPLICATE
      Two tasks of the workflow "w" have the id "hello"
        again at: «tool("hello", greet, { name: input.name })»
        first at: «tool("hello", greet, { name: "first" })»
        fix: give one of them another id, or put it into a task.group of its own"
    `)
  })

  it("may be used again in another block, but not in an attempt and its onError, whose paths are the same", () => {
    expect(
      refused(({ task }) => {
        task.group("a", () => task.tool("hello", greet, { name: "a" }))
        task.group("b", () => task.tool("hello", greet, { name: "b" }))
        task.attempt("c", () => task.tool("hello", greet, { name: "c" }), {
          onError: () => task.tool("hello", greet, { name: "d" })
        })
      })
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ID_DUPLICATE
      Two tasks of the onError of "c" have the id "hello"
        again at: «tool("hello", greet, { name: "d" })»
        first at: «tool("hello", greet, { name: "c" }), {»
        fix: give one of them another id, or put it into a task.group of its own"
    `)
  })

  it("can be part of a path", () => {
    expect(refused(({ task }) => task.group("a.b", () => 1))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ID_INVALID
      The id "a.b" of a task.group is not valid
        given at: «group("a.b", () => 1))).toMatchInlineSnapshot(\`»
        fix: begin with a letter, and go on with up to 63 letters, digits, "_" or "-""
    `)
    expect(refused(({ task }) => task.parallel("p", { "1st": () => 1 }))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ID_INVALID
      The id "1st" of a branch of task.parallel("p") is not valid
        given at: «parallel("p", { "1st": () => 1 }))).toMatchInlineSnapshot(\`»
        fix: begin with a letter, and go on with up to 63 letters, digits, "_" or "-""
    `)
    expect(refusal(() => defineWorkflow({ id: "", input: Input }, () => null))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ID_INVALID
      The id "" of a workflow is not valid
        given at: «defineWorkflow({ id: "", input: Input }, () => null))).toMatchInlineSnapshot(\`»
        fix: begin with a letter, and go on with up to 63 letters, digits, "_" or "-""
    `)
    expect(refusal(() => defineSignal({ id: "x".repeat(65), payload: Schema.Null }))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ID_INVALID
      The id "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" of a signal is not valid
        given at: «defineSignal({ id: "x".repeat(65), payload: Schema.Null }))).toMatchInlineSnapshot(\`»
        fix: begin with a letter, and go on with up to 63 letters, digits, "_" or "-""
    `)
  })

  it("of tools name one tool", () => {
    const other = defineTool({
      id: "greet",
      input: Schema.Null,
      output: Schema.Null,
      run: () => null
    })
    expect(
      refused(({ task }) => {
        task.tool("one", greet, { name: "x" })
        task.tool("two", other, null)
      })
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_NAME_CONFLICT
      Two different tools have the id "greet"
        used at: «tool("two", other, null)»
        the other one is used at: «tool("one", greet, { name: "x" })»
        fix: give one of the tools another id"
    `)
  })

  it("of functions name one function in a block", () => {
    expect(
      refused(({ input }) => {
        fn("upper", [input.name], (name) => name.toUpperCase())
        fn("upper", [input.name], (name) => name.toLowerCase())
      })
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ID_DUPLICATE
      Two tasks of the workflow "w" have the id "upper"
        again at: «fn("upper", [input.name], (name) => name.toLowerCase())»
        first at: «fn("upper", [input.name], (name) => name.toUpperCase())»
        fix: give one of them another id, or use one function for both (declared outside of the build function)"
    `)
  })
})

describe("a reference stays where it is", () => {
  it("and is not used in another workflow", () => {
    let stolen: Ref<string> | undefined
    defineWorkflow({ id: "other", input: Input }, ({ input }) => {
      stolen = input.name
      return null
    })
    expect(refused(({ task }) => task.tool("a", greet, { name: loose(stolen) }))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_FOREIGN
      The workflow "w" uses the input of the workflow "other"
        used at: «tool("a", greet, { name: loose(stolen) }))).toMatchInlineSnapshot(\`»
        made at: «defineWorkflow({ id: "other", input: Input }, ({ input }) => {»
        fix: pass the value as input (task.workflow), or make it with a task of this workflow"
    `)
  })

  it("and is not used after its route, which may not have run", () => {
    expect(
      refused(({ input, task }) => {
        let inner: Ref<string> | undefined
        task.when("maybe", input.flag, () => {
          inner = task.tool("hello", greet, { name: "x" }).message
        })
        return { inner }
      })
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_OUT_OF_SCOPE
      The workflow "w" uses the result of "maybe.hello", which belongs to the then of "maybe" and may not exist here
        used at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        made at: «tool("hello", greet, { name: "x" }).message»
        fix: return the value from that block, and use the result of the task that the block belongs to"
    `)
  })

  it("and is not used in the onError of the block that failed", () => {
    expect(
      refused(({ task }) => {
        let inner: Ref<string> | undefined
        task.attempt("safe", () => (inner = task.tool("hello", greet, { name: "x" }).message), {
          onError: () => text`after ${loose(inner)}`
        })
      })
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_OUT_OF_SCOPE
      The onError of "safe" uses the result of "safe.hello", which belongs to the attempt "safe" and may not exist here
        used at: «\`after \${loose(inner)}\`»
        made at: «tool("hello", greet, { name: "x" }).message), {»
        fix: return the value from that block, and use the result of the task that the block belongs to"
    `)
  })

  it("and an item is not used outside of its collection", () => {
    expect(
      refused(({ input, task }) => {
        let item: Ref<string> | undefined
        task.collection("all", { items: input.names, each: (scope) => (item = scope.item) })
        return eq(loose(item), "x")
      })
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_OUT_OF_SCOPE
      The workflow "w" uses the item of "all", which belongs to the body of "all" and may not exist here
        used at: «eq(loose(item), "x")»
        made at: «collection("all", { items: input.names, each: (scope) => (item = scope.item) })»
        fix: return the value from that block, and use the result of the task that the block belongs to"
    `)
  })

  it("and is not used in another branch of its parallel, however deep", () => {
    expect(
      refused(({ task }) => {
        let left: Ref<string> | undefined
        task.parallel("both", {
          left: () => task.group("deep", () => (left = task.tool("hello", greet, { name: "x" }).message)),
          right: () => task.group("deep", () => task.tool("hello", greet, { name: loose(left) }))
        })
      })
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_BETWEEN_BRANCHES
      The group "both.right.deep" uses the result of "both.left.deep.hello" of the group "both.left.deep", which runs at the same time
        used at: «tool("hello", greet, { name: loose(left) }))»
        made at: «tool("hello", greet, { name: "x" }).message)),»
        fix: do what both need before the parallel, or what needs both after it, from its result"
    `)
  })
})

describe("task is called inside the build function", () => {
  it("not before or after it", () => {
    let kept: Task<never> | undefined
    defineWorkflow({ id: "done", input: Input }, ({ task }) => {
      kept = task
      return null
    })
    expect(refusal(() => kept?.tool("late", greet, { name: "x" }))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_OUTSIDE_BUILD
      task.tool("late") is called after the build function of "done" has returned
        called at: «tool("late", greet, { name: "x" }))).toMatchInlineSnapshot(\`»
        the workflow "done": «defineWorkflow({ id: "done", input: Input }, ({ task }) => {»
        fix: call it inside the function that is given to defineWorkflow, synchronously (not in a callback or after an await)"
    `)
    expect(refusal(() => fn("now", [], () => Date.now()))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_OUTSIDE_BUILD
      fn("now") is called outside of a workflow's build function
        called at: «fn("now", [], () => Date.now()))).toMatchInlineSnapshot(\`»
        fix: call it inside the function that is given to defineWorkflow, synchronously (not in a callback or after an await)"
    `)
  })

  it("not in a filter or an until, which compute only", () => {
    expect(
      refused(({ input, task }) =>
        task.collection("all", {
          items: input.names,
          filter: ({ item }) => eq(task.tool("ask", greet, { name: item }).mood, "happy"),
          each: ({ item }) => item
        })
      )
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_TASK_MISPLACED
      task.tool("ask") is called in the filter of "all", which computes a value and runs no tasks
        called at: «tool("ask", greet, { name: item }).mood, "happy"),»
        fix: use operators here (eq, and, includes ...), and run tasks before it or in a block"
    `)
    const signal = defineSignal({ id: "go", payload: Schema.Unknown })
    expect(
      refused(({ task }) =>
        task.wait("go", { signal, until: ({ signal }) => decode(Schema.Boolean, signal) })
      )
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_TASK_MISPLACED
      decode is called in the until of "go", which computes a value and runs no tasks
        called at: «decode(Schema.Boolean, signal) })»
        fix: use operators here (eq, and, includes ...), and run tasks before it or in a block"
    `)
  })

  it("synchronously", () => {
    expect(refused(async ({ task }) => task.tool("a", greet, { name: "x" }))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ASYNC
      The build function of the workflow "w" is async
        given at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        fix: take the async and the await away: tasks run in the order written, and what they give needs no await"
    `)
    expect(
      refused(({ task }) =>
        task.group(
          "later",
          loose(async () => Promise.reject(new Error("unheard")))
        )
      )
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ASYNC
      The group "later" is async
        given at: «group(»
        fix: take the async and the await away: tasks run in the order written, and what they give needs no await"
    `)
    expect(refused(() => ({ a: [Promise.resolve(1)] }))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ASYNC
      The result of the workflow "w" is not JSON at "a[0]": it is a Promise
        given at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        fix: do not use async here: tasks run in the order written, and what they give needs no await"
    `)
  })
})

describe("a reference has no value", () => {
  const using = (use: (scope: { input: Ref<typeof Input.Encoded>; value: never }) => unknown): string =>
    refused(({ input, task }) => use({ input, value: loose(task.tool("hello", greet, { name: "x" })) }))

  it("to be put into a text", () => {
    expect(using(({ input }) => `Hello, ${loose(input.name)}`)).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_AS_VALUE
      The reference input.name is used as a value (a text), but it has none until the workflow runs
        used at: «loose(input.name)}\`)).toMatchInlineSnapshot(\`»
        made at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        fix: use text\`...\` (or .get(key), where it is the key of a record)"
    `)
    expect(using(({ input }) => String(input.name))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_AS_VALUE
      The reference input.name is used as a value (a text), but it has none until the workflow runs
        used at: «String(input.name))).toMatchInlineSnapshot(\`»
        made at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        fix: use text\`...\` (or .get(key), where it is the key of a record)"
    `)
    expect(using(({ input }) => (input.name as unknown as string).toString())).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_AS_VALUE
      The reference input.name is used as a value (a text), but it has none until the workflow runs
        used at: «toString())).toMatchInlineSnapshot(\`»
        made at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        fix: use text\`...\` (or .get(key), where it is the key of a record)"
    `)
  })

  it("to be computed or compared with", () => {
    expect(using(({ input }) => loose(input.name) + 1)).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_AS_VALUE
      The reference input.name is used as a value (arithmetic or a comparison), but it has none until the workflow runs
        used at: «) + 1)).toMatchInlineSnapshot(\`»
        made at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        fix: use add, concat, eq, ne, lt, lte, gt or gte"
    `)
    expect(using(({ input }) => (input.name as unknown as number) < 1)).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_AS_VALUE
      The reference input.name is used as a value (arithmetic or a comparison), but it has none until the workflow runs
        used at: «name as unknown as number) < 1)).toMatchInlineSnapshot(\`»
        made at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        fix: use add, concat, eq, ne, lt, lte, gt or gte"
    `)
    // oxlint-disable-next-line eqeqeq -- what is tested
    expect(using(({ input }) => (input.name as unknown as string) == "x")).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_AS_VALUE
      The reference input.name is used as a value (arithmetic or a comparison), but it has none until the workflow runs
        used at: «name as unknown as string) == "x")).toMatchInlineSnapshot(\`»
        made at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        fix: use add, concat, eq, ne, lt, lte, gt or gte"
    `)
  })

  it("to be written as JSON", () => {
    expect(using(({ value }) => JSON.stringify({ a: [value] }))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_AS_VALUE
      The reference hello is used as a value (JSON.stringify), but it has none until the workflow runs
        used at: «stringify({ a: [value] }))).toMatchInlineSnapshot(\`»
        made at: «tool("hello", greet, { name: "x" })) }))»
        fix: use json(reference)"
    `)
  })

  it("to be iterated, listed or looked into", () => {
    expect(using(({ input }) => [...loose(input.names)])).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_AS_VALUE
      The reference input.names is used as a value (iteration), but it has none until the workflow runs
        used at: «loose(input.names)])).toMatchInlineSnapshot(\`»
        made at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        fix: use task.collection, or .at(i)"
    `)
    expect(
      using(({ input }) => {
        for (const name of loose(input.names) as Array<string>) void name
      })
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_AS_VALUE
      The reference input.names is used as a value (iteration), but it has none until the workflow runs
        used at: «loose(input.names) as Array<string>) void name»
        made at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        fix: use task.collection, or .at(i)"
    `)
    expect(using(({ input }) => ({ ...input.names }))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_AS_VALUE
      The reference input.names is used as a value (spread, rest or listing of the keys), but it has none until the workflow runs
        used at: «names }))).toMatchInlineSnapshot(\`»
        made at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        fix: use task.collection, or .at(i)"
    `)
    expect(using(({ value }) => "message" in (value as object))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_AS_VALUE
      The reference hello is used as a value (\`in\`), but it has none until the workflow runs
        used at: «"message" in (value as object))).toMatchInlineSnapshot(\`»
        made at: «tool("hello", greet, { name: "x" })) }))»
        fix: compare the field with null: ne(reference.field, null)"
    `)
  })

  it("to be changed", () => {
    expect(
      using(({ value }) => {
        ;(value as { message: string }).message = "x"
      })
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_AS_VALUE
      The reference hello is used as a value (assignment), but it has none until the workflow runs
        used at: «message = "x"»
        made at: «tool("hello", greet, { name: "x" })) }))»
        fix: a reference is read-only: build a new object, { ...reference, field: value }"
    `)
    expect(using(({ value }) => delete (value as { message?: string }).message)).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_REFERENCE_AS_VALUE
      The reference hello is used as a value (\`delete\`), but it has none until the workflow runs
        used at: «delete (value as { message?: string }).message)).toMatchInlineSnapshot(\`»
        made at: «tool("hello", greet, { name: "x" })) }))»
        fix: a reference is read-only: take the fields that you need"
    `)
  })

  it("but fields, of which the nearest is named where there is none", () => {
    expect(using(({ value }) => (value as { mesage: string }).mesage)).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_FIELD_UNKNOWN
      The reference hello has no field "mesage"
        read at: «mesage)).toMatchInlineSnapshot(\`»
        made at: «tool("hello", greet, { name: "x" })) }))»
        fix: did you mean "message"? Its fields are message, mood"
    `)
    expect(using(({ input }) => (loose(input.names) as { name: string }).name)).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_FIELD_UNKNOWN
      The reference input.names has no field "name"
        read at: « as { name: string }).name)).toMatchInlineSnapshot(\`»
        made at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        fix: it is an array: use .at(i), .length or task.collection"
    `)
    expect(using(({ input }) => (loose(input.name) as { length: number }).length)).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_FIELD_UNKNOWN
      The reference input.name has no field "length"
        read at: « as { length: number }).length)).toMatchInlineSnapshot(\`»
        made at: «defineWorkflow({ id: "w", input: Input }, build as Loose))»
        fix: use length(reference)"
    `)
    expect(using(({ input }) => loose(input.names.at(loose("0"))))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ARGUMENT_INVALID
      input.names.at was given "0"
        at: «at(loose("0"))))).toMatchInlineSnapshot(\`»
        fix: give it an integer, or a reference to one"
    `)
  })
})

describe("what a task is given", () => {
  it("is JSON", () => {
    const given = (value: unknown): string =>
      refused(({ task }) => task.tool("a", greet, loose({ name: { deep: [value] } })))
    expect(given(new Date(0))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_NOT_JSON
      The input of task.tool("a") is not JSON at "name.deep[0]": it is an instance of Date
        given at: «tool("a", greet, loose({ name: { deep: [value] } })))»
        fix: give its JSON form"
    `)
    expect(given(() => 1)).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_NOT_JSON
      The input of task.tool("a") is not JSON at "name.deep[0]": it is a function
        given at: «tool("a", greet, loose({ name: { deep: [value] } })))»
        fix: call it, or use fn(name, [references], f) to compute when it runs"
    `)
    expect(given(Number.NaN)).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_NOT_JSON
      The input of task.tool("a") is not JSON at "name.deep[0]": it is NaN
        given at: «tool("a", greet, loose({ name: { deep: [value] } })))»
        fix: use a finite number, or null"
    `)
    expect(given(1n)).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_NOT_JSON
      The input of task.tool("a") is not JSON at "name.deep[0]": it is a bigint
        given at: «tool("a", greet, loose({ name: { deep: [value] } })))»
        fix: give it as a text or a number"
    `)
    expect(given(undefined)).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_NOT_JSON
      The input of task.tool("a") is not JSON at "name.deep[0]": it is undefined
        given at: «tool("a", greet, loose({ name: { deep: [value] } })))»
        fix: use null"
    `)
    const cycle: Array<unknown> = []
    cycle.push(cycle)
    expect(given(cycle)).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_NOT_JSON
      The input of task.tool("a") is not JSON at "name.deep[0][0]": it is a structure that contains itself
        given at: «tool("a", greet, loose({ name: { deep: [value] } })))»
        fix: give it without the cycle"
    `)
  })

  it("fits the schema, as far as that is known", () => {
    expect(refused(({ task }) => task.tool("a", greet, loose({ name: 1 })))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_MISMATCH
      The input of task.tool("a") does not fit its schema at "name": it is 1, where string is expected
        given at: «tool("a", greet, loose({ name: 1 })))).toMatchInlineSnapshot(\`»
        fix: give it what the schema expects (coalesce(reference, value) where a value may be absent)"
    `)
    expect(refused(({ task }) => task.tool("a", greet, loose({})))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_MISMATCH
      The input of task.tool("a") does not fit its schema at "name": it is nothing, where string is expected
        given at: «tool("a", greet, loose({})))).toMatchInlineSnapshot(\`»
        fix: give it what the schema expects (coalesce(reference, value) where a value may be absent)"
    `)
    expect(refused(({ input, task }) => task.tool("a", greet, loose({ name: add(1, 2), x: input }))))
      .toMatchInlineSnapshot(`
        "COMPOZY_DEFINITION_MISMATCH
        The input of task.tool("a") does not fit its schema at "name": it is number, where string is expected
          given at: «tool("a", greet, loose({ name: add(1, 2), x: input }))))»
          fix: give it what the schema expects (coalesce(reference, value) where a value may be absent)"
      `)
    expect(refused(({ input, task }) => task.collection("c", { items: loose(input.name), each: () => 1 })))
      .toMatchInlineSnapshot(`
        "COMPOZY_DEFINITION_MISMATCH
        The items of task.collection("c") are not an array
          given at: «collection("c", { items: loose(input.name), each: () => 1 })))»
          fix: give it an array, or a reference to one"
      `)
  })

  it("is left to the schema when it runs where it may fit", () => {
    const maybe = defineTool({
      id: "maybe",
      input: Schema.Null,
      output: Schema.Struct({ name: Schema.NullOr(Schema.String), any: Schema.Unknown }),
      run: () => ({ name: null, any: 1 })
    })
    expect(
      refused(({ task }) => {
        const given = task.tool("maybe", maybe, null)
        task.tool("a", greet, loose({ name: given.name }))
        task.tool("b", greet, loose({ name: given.any }))
        task.tool("c", greet, loose(given.any))
      })
    ).toMatchInlineSnapshot(`"it was not refused"`)
  })

  it("has no options that nothing reads", () => {
    const input = { name: "Ada" }
    expect(refused(({ task }) => task.tool("a", greet, input, loose({ retrys: 3 })))).toContain(
      'fix: did you mean "retry"? Its keys are when, retry, timeout, totalTimeout, heartbeat'
    )
    expect(
      refused(({ task }) => task.tool("a", greet, input, { retry: loose({ maxAttempts: 3 }) }))
    ).toContain('retry of task.tool("a") has no key "maxAttempts"')
    expect(refused(({ task }) => task.tool("a", greet, input, { retry: loose(3) }))).toContain(
      'retry of task.tool("a") is not an object'
    )
    expect(
      refused(({ task }) => task.collection("a", loose({ items: [1], each: () => 1, concurrency: 2 })))
    ).toContain('The options of task.collection("a") have no key "concurrency"')
  })

  it("is a tool, a workflow, a signal, a block", () => {
    expect(refused(({ task }) => task.tool("a", loose({ id: "greet" }), {}))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ARGUMENT_INVALID
      The tool of task.tool("a") is not a tool
        given at: «tool("a", loose({ id: "greet" }), {}))).toMatchInlineSnapshot(\`»
        fix: make it with defineTool"
    `)
    expect(refused(({ task }) => task.workflow("a", loose(greet), {}))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ARGUMENT_INVALID
      The workflow of task.workflow("a") is not a workflow
        given at: «workflow("a", loose(greet), {}))).toMatchInlineSnapshot(\`»
        fix: make it with defineWorkflow"
    `)
    expect(refused(({ task }) => task.wait("a", { signal: loose({}) }))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ARGUMENT_INVALID
      The signal of task.wait("a") is not a signal
        given at: «wait("a", { signal: loose({}) }))).toMatchInlineSnapshot(\`»
        fix: make it with defineSignal"
    `)
    expect(refused(({ task }) => task.group("a", loose("x")))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ARGUMENT_INVALID
      The group "a" is not a function
        given at: «group("a", loose("x")))).toMatchInlineSnapshot(\`»
        fix: give a function that records its tasks and returns its result"
    `)
    expect(refused(({ task }) => task.parallel("a", {}))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ARGUMENT_INVALID
      task.parallel("a") has no branches
        given at: «parallel("a", {}))).toMatchInlineSnapshot(\`»
        fix: give it an object of functions, one a branch"
    `)
  })

  it("has usable options", () => {
    expect(refused(({ task }) => task.sleep("a", loose("5 parsecs")))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ARGUMENT_INVALID
      The duration of task.sleep("a") is not a duration: "5 parsecs"
        given at: «sleep("a", loose("5 parsecs")))).toMatchInlineSnapshot(\`»
        fix: use a number of milliseconds, or a text such as "200 millis", "5 seconds" or "2 hours""
    `)
    expect(refused(({ task }) => task.tool("a", greet, { name: "x" }, { retry: { maximumAttempts: 0 } })))
      .toMatchInlineSnapshot(`
        "COMPOZY_DEFINITION_ARGUMENT_INVALID
        retry.maximumAttempts of task.tool("a") is 0
          given at: «tool("a", greet, { name: "x" }, { retry: { maximumAttempts: 0 } })))»
          fix: use a whole number that is at least 1"
      `)
    expect(refused(({ task }) => task.parallel("a", { b: () => 1 }, { strategy: loose("some") })))
      .toMatchInlineSnapshot(`
        "COMPOZY_DEFINITION_ARGUMENT_INVALID
        strategy of task.parallel("a") is "some"
          given at: «parallel("a", { b: () => 1 }, { strategy: loose("some") })))»
          fix: use one of "waitAll", "failFast", "bestEffort", "race""
      `)
    expect(
      refused(({ task }) =>
        task.wait("a", {
          signal: defineSignal({ id: "go", payload: Schema.Null }),
          onTimeout: () => null
        })
      )
    ).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ARGUMENT_INVALID
      task.wait("a") has an onTimeout but no timeout
        given at: «wait("a", {»
        fix: give it a timeout"
    `)
  })

  it("has a route for each literal, and none for another text", () => {
    const routed = (routes: object): string =>
      refused(({ task }) => task.router("r", task.tool("a", greet, { name: "x" }).mood, loose(routes)))
    expect(routed({ happy: () => 1, sat: () => 2 })).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ROUTE_UNKNOWN
      task.router("r") has a route "sat", but the value is never that
        given at: «router("r", task.tool("a", greet, { name: "x" }).mood, loose(routes)))»
        fix: did you mean "sad"? The value is one of happy, sad"
    `)
    expect(routed({ happy: () => 1 })).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ROUTE_MISSING
      task.router("r") has no route for "sad"
        given at: «router("r", task.tool("a", greet, { name: "x" }).mood, loose(routes)))»
        fix: add a route for it, or a default"
    `)
    expect(refused(({ input, task }) => task.router("r", input.name, loose({ a: () => 1 }))))
      .toMatchInlineSnapshot(`
        "COMPOZY_DEFINITION_ROUTE_MISSING
        task.router("r") has no default, but the value may be any text
          given at: «router("r", input.name, loose({ a: () => 1 }))))»
          fix: add a route for it, or a default"
      `)
  })
})

describe("schemas", () => {
  it("have a JSON side", () => {
    const tool = (schema: unknown): string =>
      refusal(() => defineTool({ id: "t", input: loose(schema), output: Schema.Null, run: () => null }))
    expect(tool(Schema.Struct({ at: Schema.Date }))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_SCHEMA_NOT_JSON
      The input of the tool "t" has no JSON form at "at": its encoded side is Date
        given at: «defineTool({ id: "t", input: loose(schema), output: Schema.Null, run: () => null }))»
        fix: use Schema.DateFromString"
    `)
    expect(tool(Schema.Struct({ list: Schema.Array(Schema.Struct({ n: Schema.BigInt })) })))
      .toMatchInlineSnapshot(`
        "COMPOZY_DEFINITION_SCHEMA_NOT_JSON
        The input of the tool "t" has no JSON form at "list[].n": its encoded side is BigInt
          given at: «defineTool({ id: "t", input: loose(schema), output: Schema.Null, run: () => null }))»
          fix: use Schema.BigIntFromString"
      `)
    expect(tool(Schema.Union([Schema.Null, Schema.Uint8Array]))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_SCHEMA_NOT_JSON
      The input of the tool "t" has no JSON form: its encoded side is Uint8Array
        given at: «defineTool({ id: "t", input: loose(schema), output: Schema.Null, run: () => null }))»
        fix: use Schema.Uint8ArrayFromBase64"
    `)
    expect(tool(Schema.Record(Schema.String, Schema.instanceOf(RegExp)))).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_SCHEMA_NOT_JSON
      The input of the tool "t" has no JSON form at "*": its encoded side is a declared type
        given at: «defineTool({ id: "t", input: loose(schema), output: Schema.Null, run: () => null }))»
        fix: use a schema whose encoded side is JSON"
    `)
    expect(tool({ type: "string" })).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_ARGUMENT_INVALID
      The input of the tool "t" is not a schema
        given at: «defineTool({ id: "t", input: loose(schema), output: Schema.Null, run: () => null }))»
        fix: give it an Effect Schema: Schema.Struct({ ... })"
    `)
  })

  it("of the output fit what is returned", () => {
    const returned = (value: unknown): string =>
      refusal(() =>
        defineWorkflow(
          { id: "w", input: Input, output: Schema.Struct({ a: Schema.Struct({ b: Schema.Number }) }) },
          () => loose(value)
        )
      )
    expect(returned({ a: { b: "1" } })).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_MISMATCH
      The result of the workflow "w" does not fit its output schema at "a.b": it is "1", where number is expected
        given at: «defineWorkflow(»
        fix: return what the output schema says, or change the schema"
    `)
    expect(returned({ a: {} })).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_MISMATCH
      The result of the workflow "w" does not fit its output schema at "a.b": it is nothing, where number is expected
        given at: «defineWorkflow(»
        fix: return what the output schema says, or change the schema"
    `)
    expect(returned([])).toMatchInlineSnapshot(`
      "COMPOZY_DEFINITION_MISMATCH
      The result of the workflow "w" does not fit its output schema: it is array, where object is expected
        given at: «defineWorkflow(»
        fix: return what the output schema says, or change the schema"
    `)
    expect(returned({ a: { b: 1 } })).toMatchInlineSnapshot(`"it was not refused"`)
  })
})
