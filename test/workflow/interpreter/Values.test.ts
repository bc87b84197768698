import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Expression, Json } from "../../../src/workflow/Definition.ts"
import { evaluate } from "../../../src/workflow/Evaluate.ts"
import { milliseconds } from "../../../src/workflow/interpreter/Duration.ts"
import { remote, resolve, sourcesOf } from "../../../src/workflow/interpreter/Resolve.ts"
import { inside, iteration, pathIn, Scope } from "../../../src/workflow/interpreter/Scope.ts"
import {
  BlobRef,
  hasBlob,
  pack,
  sizeUpTo,
  sourceKey,
  unpack,
  type Value
} from "../../../src/workflow/interpreter/Value.ts"

const nothing = new Map<object, Value>()
const input = (...path: Array<string | number>): Expression => ({ $ref: { from: "input" }, path })
const lookupOf = (values: Record<string, Value>) => (source: Parameters<typeof sourceKey>[0]) =>
  values[sourceKey(source)]

describe("expressions over values with blobs", () => {
  const blob = new BlobRef("abc", 100_000)
  const lookup = lookupOf({ input: { big: blob, small: { n: 1, list: [1, 2, 3] } } })

  it("give what plain evaluation gives where there is no blob", () => {
    const values = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.jsonValue({ maxDepth: 3 }))
    const path = fc.array(
      fc.oneof(fc.constantFrom("a", "b", "c", "length"), fc.integer({ min: -2, max: 2 })),
      {
        maxLength: 3
      }
    )
    fc.assert(
      fc.property(values, path, path, (json, one, other) => {
        const value = JSON.parse(JSON.stringify(json)) as Json
        const expressions: ReadonlyArray<Expression> = [
          input(...one),
          { x: input(...one), y: [input(...other), "text"], $object: { $ref: input(...one) } } as Expression,
          { $get: { $op: "coalesce", args: [input(...one), input(...other)] }, path: other },
          { $op: "eq", args: [input(...one), input(...other)] }
        ]
        for (const expression of expressions) {
          expect(resolve(expression, () => value, nothing)).toEqual(evaluate(expression, () => value))
        }
      })
    )
  })

  it("go on as references into the blob", () => {
    expect(resolve({ part: input("big", "rows", 2, "name") }, lookup, nothing)).toEqual({
      part: new BlobRef("abc", 100_000, ["rows", 2, "name"])
    })
  })

  it("leave to the process exactly what has to look into a blob", () => {
    const looks: Expression = { $op: "length", args: [input("big", "rows")] }
    const keyed: Expression = {
      $ref: { from: "input" },
      path: ["small", "list", { $key: input("big", "at") }]
    }
    const small: Expression = { $op: "length", args: [input("small", "list")] }
    const whole: Expression = { a: looks, b: [keyed, small, input("big")], c: input("small", "n") }
    expect(remote(whole, lookup)).toEqual([looks, keyed])
    const known = new Map<object, Value>([
      [looks as object, 7],
      [keyed as object, 2]
    ])
    expect(resolve(whole, lookup, known)).toEqual({ a: 7, b: [2, 3, blob], c: 1 })
  })

  it("name every source that they refer to", () => {
    const expression: Expression = {
      $op: "text",
      args: [
        input("a"),
        { $ref: { from: "item", path: "each" }, path: [{ $key: { $ref: { from: "index", path: "each" } } }] }
      ]
    }
    expect([...sourcesOf(expression).keys()]).toEqual(["input", "item:each", "index:each"])
  })
})

describe("values on their way", () => {
  it("keep their blobs as markers, and user data that looks like one as it is", () => {
    const value: Value = { a: [new BlobRef("h", 5, ["x"])], b: null }
    const packed = pack(value)
    expect(packed).toEqual({ v: { a: [{ $blob: "h", size: 5, path: ["x"] }], b: null }, r: 1 })
    expect(unpack(packed)).toEqual(value)
    expect(hasBlob(unpack({ v: { $blob: "mine" } }))).toBe(false)
  })

  it("are weighed without being written, up to a limit", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (json) => {
        const value = json as Value
        const actual = JSON.stringify(value).length
        expect(Math.abs(sizeUpTo(value, 1e9) - actual)).toBeLessThan(40 + actual * 5)
      })
    )
    expect(
      sizeUpTo(
        Array.from({ length: 1_000 }, () => "text"),
        100
      )
    ).toBeLessThan(120)
  })
})

describe("durations", () => {
  it("are milliseconds or Effect's texts, and never less than nothing", () => {
    expect(milliseconds(1500)).toBe(1500)
    expect(milliseconds("200 millis")).toBe(200)
    expect(milliseconds("1.5 seconds")).toBe(1500)
    expect(milliseconds("2 hours")).toBe(7_200_000)
    expect(milliseconds(-5)).toBe(0)
    expect(milliseconds("soon")).toBeUndefined()
    expect(milliseconds(null)).toBeUndefined()
  })
})

describe("run-time paths", () => {
  const task = (path: string) => ({ id: path.split(".").at(-1) ?? "", path })

  it("count the iterations of the collections around a task", () => {
    const root = { scope: new Scope(), container: null, prefix: "", cut: 0, level: 1 }
    const first = iteration(root, task("reports"), 2, "item")
    expect(pathIn(first, task("reports.report"))).toBe("reports[2].report")
    const group = inside(first, task("reports.group"))
    const second = iteration(group, task("reports.group.parts"), 0, "part")
    expect(pathIn(second, task("reports.group.parts.part"))).toBe("reports[2].group.parts[0].part")
    expect(second.container).toBe("reports[2].group.parts")
    expect(second.scope.get("item:reports")).toBe("item")
    expect(second.scope.get("index:reports.group.parts")).toBe(0)
  })
})
