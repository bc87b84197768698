/** How deep a definition looks into what it is given, before anything runs. */
import { Schema } from "effect"
import { expect, it } from "vitest"
import { defineTool, defineWorkflow, DefinitionError } from "../../src/workflow/index.ts"

const Tree: Schema.Codec<{ readonly name: string; readonly children: ReadonlyArray<unknown> }> =
  Schema.Struct({
    name: Schema.String,
    children: Schema.Array(Schema.suspend((): typeof Tree => Tree))
  })

const tool = defineTool({
  id: "tool",
  input: Schema.Struct({
    pair: Schema.optionalKey(Schema.Tuple([Schema.String, Schema.Number])),
    list: Schema.optionalKey(Schema.Array(Schema.Number)),
    size: Schema.optionalKey(Schema.Literals(["small", "large"])),
    either: Schema.optionalKey(
      Schema.Union([
        Schema.Struct({ kind: Schema.Literal("a"), a: Schema.String }),
        Schema.Struct({ kind: Schema.Literal("b"), b: Schema.Number })
      ])
    ),
    flags: Schema.optionalKey(Schema.Record(Schema.String, Schema.Boolean)),
    anything: Schema.optionalKey(Schema.Struct({})),
    tree: Schema.optionalKey(Tree)
  }),
  output: Schema.Struct({ words: Schema.Array(Schema.String), numbers: Schema.Array(Schema.Number) }),
  run: () => ({ words: [], numbers: [] })
})

/** Why an input is refused; `undefined` where it is not. `given` gets the output of another task. */
const refusal = (given: (output: { readonly words: unknown; readonly numbers: unknown }) => object) => {
  try {
    defineWorkflow({ id: "w", input: Schema.Struct({}) }, ({ task }) => {
      const output = task.tool("first", tool, {})
      // What the compiler refuses, as JavaScript would give it.
      task.tool("a", tool, given(output) as never)
      return null
    })
    return undefined
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error
    return /at "(.*)/.exec(error.message)?.[0] ?? error.message
  }
}

it("a list is looked into item by item, where the items are known", () => {
  expect(refusal(() => ({ pair: ["x", 1], list: [1, 2] }))).toBeUndefined()
  expect(refusal(() => ({ pair: ["x", "y"] }))).toMatchInlineSnapshot(
    `"at "pair[1]": it is "y", where number is expected"`
  )
  expect(refusal(() => ({ list: [1, "2"] }))).toMatchInlineSnapshot(
    `"at "list[1]": it is "2", where number is expected"`
  )
})

it("a reference to a list is compared by what its items are", () => {
  expect(refusal(({ numbers }) => ({ list: numbers }))).toBeUndefined()
  expect(refusal(({ words }) => ({ list: words }))).toMatchInlineSnapshot(
    `"at "list[]": it is string, where number is expected"`
  )
})

it("a literal is one of those that are accepted", () => {
  expect(refusal(() => ({ size: "small" }))).toBeUndefined()
  expect(refusal(() => ({ size: "medium" }))).toMatchInlineSnapshot(
    `"at "size": it is "medium", where "small" or "large" or nothing is expected"`
  )
})

it("of several shapes the one that was meant is named", () => {
  expect(refusal(() => ({ either: { kind: "b", b: 1 } }))).toBeUndefined()
  expect(refusal(() => ({ either: { kind: "b", b: "1" } }))).toMatchInlineSnapshot(
    `"at "either.b": it is "1", where number is expected"`
  )
  expect(refusal(() => ({ either: 1 }))).toMatchInlineSnapshot(
    `"at "either": it is 1, where object or nothing is expected"`
  )
})

it("a struct without fields takes everything but null", () => {
  expect(refusal(() => ({ anything: [1] }))).toBeUndefined()
  expect(refusal(() => ({ anything: null }))).toMatchInlineSnapshot(
    `"at "anything": it is null, where object or nothing is expected"`
  )
})

it("a recursive value is looked into as far as it is worth", () => {
  const nested = (depth: number): object => ({
    name: depth === 0 ? 1 : "x",
    children: depth === 0 ? [] : [nested(depth - 1)]
  })
  expect(refusal(() => ({ tree: nested(1) }))).toMatchInlineSnapshot(
    `"at "tree.children[0].name": it is 1, where string is expected"`
  )
  expect(refusal(() => ({ tree: nested(20) }))).toBeUndefined()
})
