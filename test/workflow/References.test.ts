import { inspect } from "node:util"
import { Schema } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { evaluate } from "../../src/workflow/Evaluate.ts"
import {
  coalesce,
  concat,
  defineTool,
  defineWorkflow,
  fn,
  type Json,
  type Ref,
  type Task
} from "../../src/workflow/index.ts"

const Output = Schema.Struct({
  at: Schema.String,
  length: Schema.Number,
  // oxlint-disable-next-line unicorn/no-thenable -- what is tested
  then: Schema.Struct({ toJSON: Schema.String }),
  toString: Schema.String,
  get: Schema.optionalKey(Schema.String),
  list: Schema.Array(Schema.Struct({ name: Schema.String })),
  pair: Schema.Tuple([Schema.String, Schema.Number]),
  record: Schema.Record(Schema.String, Schema.Struct({ n: Schema.Number })),
  maybe: Schema.NullOr(Schema.Struct({ deep: Schema.String })),
  either: Schema.Union([
    Schema.Struct({ kind: Schema.Literal("a"), a: Schema.String }),
    Schema.Struct({ kind: Schema.Literal("b"), b: Schema.Array(Schema.Number) })
  ])
})
const tool = defineTool({
  id: "tool",
  input: Schema.Struct({}),
  output: Output,
  run: () => Promise.reject(new Error("never run"))
})

/** What a build records for what it returns. */
const recorded = (use: (t: Ref<typeof Output.Encoded>, task: Task<never>) => unknown): Json => {
  const workflow = defineWorkflow({ id: "w", input: Schema.Struct({}) }, ({ task }) => {
    // What is returned here is checked at run time.
    return use(task.tool("t", tool, {}), task) as Ref<Json>
  })
  // A definition is JSON.
  return workflow.definition.result as Json
}
const ref = (...path: ReadonlyArray<Json>): Json => ({ $ref: { from: "task", path: "t" }, path })

it("a field may be called at, length, then, toString, toJSON or get", () => {
  expect(recorded((t) => [t.at, t.length, t.then, t.toString, t.then.toJSON, t.get])).toEqual([
    ref("at"),
    ref("length"),
    ref("then"),
    ref("toString"),
    ref("then", "toJSON"),
    ref("get")
  ])
})

it("at, length and get are methods where the schema says that it is an array or a record", () => {
  expect(recorded((t) => [t.list.at(-1).name, t.list.length, t.record.get("x").n])).toEqual([
    ref("list", -1, "name"),
    ref("list", "length"),
    ref("record", "x", "n")
  ])
})

it("an index and a key may be references", () => {
  expect(recorded((t) => [t.list.at(t.length), t.record.get(t.at)])).toEqual([
    ref("list", { $key: ref("length") }),
    ref("record", { $key: ref("at") })
  ])
})

it("a spread and a rest give the fields, also those of something that may be absent", () => {
  expect(recorded((t) => ({ ...t.maybe, more: 1 }))).toEqual({ deep: ref("maybe", "deep"), more: 1 })
  expect(
    recorded((t) => {
      const { kind, ...rest } = t.either
      return { rest, kind }
    })
  ).toEqual({ rest: { a: ref("either", "a"), b: ref("either", "b") }, kind: ref("either", "kind") })
})

it("a reference is never thenable, so awaiting one by mistake does not read its fields", async () => {
  let kept: unknown
  recorded((t) => {
    kept = t
    return null
  })
  expect(await Promise.resolve(kept).then((value) => inspect(value))).toBe("Ref(t)")
  expect(inspect(kept, { showProxy: false })).toBe("Ref(t)")
})

it("what follows an operator is a path into its result", () => {
  expect(recorded((t) => coalesce(t.maybe, { deep: "x" }).deep)).toEqual({
    $get: { $op: "coalesce", args: [ref("maybe"), { deep: "x" }] },
    path: ["deep"]
  })
  expect(recorded((t) => concat(t.list, []).at(0).name)).toEqual({
    $get: { $op: "concat", args: [ref("list"), []] },
    path: [0, "name"]
  })
})

it("where nothing is known, fields are read as they are named, and at and get work as methods too", () => {
  const build = fn<
    ReadonlyArray<never>,
    { at: string; list: ReadonlyArray<{ get: number }>; of: Record<string, number> }
  >
  expect(
    recorded(() => {
      const any = build("any", [], () => ({ at: "", list: [], of: {} }))
      return [any.at, any.list.at(0).get, any.of.get("x"), any.list.length]
    })
  ).toEqual(
    [["at"], ["list", 0, "get"], ["of", "x"], ["list", "length"]].map((path) => ({
      $ref: { from: "task", path: "any" },
      path
    }))
  )
})

it("an object with a key of expressions stands for itself", () => {
  expect(recorded((t) => ({ $ref: "#/$defs/x", $get: t.at, $other: 1 }))).toEqual({
    $object: { $ref: "#/$defs/x", $get: ref("at"), $other: 1 }
  })
  expect(recorded(() => ({ $gt: 1 }))).toEqual({ $gt: 1 })
})

it("a field that is not there is left out", () => {
  expect(recorded(() => ({ a: undefined, b: null }))).toEqual({ b: null })
})

it("a tuple is read by its index", () => {
  expect(recorded((t) => [t.pair.at(0), t.pair.at(1)])).toEqual([ref("pair", 0), ref("pair", 1)])
})

it("whatever JSON a build returns, what is recorded is worth that", () => {
  const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as Json)
  const key = fc.constantFrom("$ref", "$get", "$op", "$object", "__proto__", "a")
  fc.assert(
    fc.property(fc.oneof(json, fc.dictionary(key, json)), (value) => {
      const literal = JSON.parse(JSON.stringify(value)) as Json
      expect(
        evaluate(
          recorded(() => literal),
          () => null
        )
      ).toEqual(literal)
    }),
    { numRuns: 200 }
  )
})
