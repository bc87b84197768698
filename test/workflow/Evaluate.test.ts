import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Expression, Json, Source } from "../../src/workflow/Definition.ts"
import { evaluate } from "../../src/workflow/Evaluate.ts"

const input: Source = { from: "input" }
const given =
  (value: Json | undefined) =>
  (expression: Expression): Json =>
    evaluate(expression, () => value)
const nothing = given(undefined)

const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json)
const plain = json.filter((value) => !/"\$(?:ref|get|op|object)"/.test(JSON.stringify(value)))

const operators = [
  "eq",
  "ne",
  "lt",
  "lte",
  "gt",
  "gte",
  "and",
  "or",
  "not",
  "add",
  "concat",
  "coalesce",
  "length",
  "includes",
  "json",
  "text"
] as const

const expression = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    json as fc.Arbitrary<Expression>,
    fc.record({
      $ref: fc.constant(input),
      path: fc.array(fc.oneof(fc.string(), fc.integer(), fc.record({ $key: tie("expression") })), {
        maxLength: 3
      })
    }),
    fc.record({
      $get: tie("expression"),
      path: fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 2 })
    }),
    fc.record({ $op: fc.constantFrom(...operators), args: fc.array(tie("expression"), { maxLength: 3 }) }),
    fc.record({ $object: fc.dictionary(fc.string(), tie("expression"), { maxKeys: 3 }) }),
    fc.array(tie("expression"), { maxLength: 3 })
  )
})).expression

describe("any expression", () => {
  it("gives JSON and never throws, whatever the values are", () => {
    fc.assert(
      fc.property(expression, fc.option(json, { nil: undefined }), (any, value) => {
        const result = given(value)(any)
        expect(JSON.parse(JSON.stringify(result))).toEqual(normal(result))
      }),
      { numRuns: 1000 }
    )
  })

  it("gives JSON without expressions as it is", () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(nothing(value)).toEqual(value)
      })
    )
  })

  it("gives any JSON as it is where $object escapes its keys", () => {
    const escaped = (value: Json): Expression =>
      typeof value !== "object" || value === null
        ? value
        : Array.isArray(value)
          ? value.map(escaped)
          : { $object: Object.fromEntries(Object.entries(value).map(([key, part]) => [key, escaped(part)])) }
    fc.assert(
      fc.property(json, (value) => {
        expect(nothing(escaped(value))).toEqual(value)
      })
    )
  })

  it("gives what a source has, whole", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(given(value)({ $ref: input })).toEqual(value)
      })
    )
  })
})

/** -0 has no JSON form of its own. */
const normal = (value: Json): Json => JSON.parse(JSON.stringify(value)) as Json

describe("paths", () => {
  const read = (value: Json | undefined, ...path: ReadonlyArray<string | number>): Json =>
    given(value)({ $ref: input, path })

  it("read fields and items, from the end where the index is negative", () => {
    expect(read({ a: { b: [1, 2, 3] } }, "a", "b", -1)).toBe(3)
    expect(read([[1], [2]], 1, 0)).toBe(2)
  })

  it("read any item by its index, counted from both ends", () => {
    fc.assert(
      fc.property(fc.array(json, { minLength: 1 }), fc.nat(), (items, seed) => {
        const index = seed % items.length
        expect(read(items, index)).toEqual(items[index])
        expect(read(items, index - items.length)).toEqual(items[index])
      })
    )
  })

  it("give null beyond the ends, in what is no structure, and in what is absent", () => {
    expect(read([1], 1)).toBe(null)
    expect(read([1], -2)).toBe(null)
    expect(read("text", "length")).toBe(null)
    expect(read(null, "a", "b")).toBe(null)
    expect(read(undefined, "a")).toBe(null)
    expect(read({ a: 1 }, "b", "c")).toBe(null)
  })

  it("do not see what objects inherit", () => {
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      expect(read({}, name)).toBe(null)
      expect(read([], name)).toBe(null)
    }
  })

  it("give the length of an array, and a field of that name", () => {
    expect(read([1, 2], "length")).toBe(2)
    expect(read({ length: "long" }, "length")).toBe("long")
  })

  it("take computed keys and indexes", () => {
    const value = { keys: ["b"], index: 1, list: ["x", "y"], record: { b: "found" } }
    const ref = (...path: ReadonlyArray<string | number>): Expression => ({ $ref: input, path })
    expect(given(value)({ $ref: input, path: ["record", { $key: ref("keys", 0) }] })).toBe("found")
    expect(given(value)({ $ref: input, path: ["list", { $key: ref("index") }] })).toBe("y")
    expect(given(value)({ $ref: input, path: ["list", { $key: ref("nothing") }] })).toBe(null)
  })

  it("go on behind an operator", () => {
    const either: Expression = { $op: "coalesce", args: [{ $ref: input, path: ["a"] }, { b: "else" }] }
    expect(given({ a: { b: "there" } })({ $get: either, path: ["b"] })).toBe("there")
    expect(given({})({ $get: either, path: ["b"] })).toBe("else")
  })
})

describe("absence", () => {
  const missing: Expression = { $ref: input, path: ["missing"] }

  it("leaves a field out, and is null in an array and alone", () => {
    expect(given({})({ a: missing, b: [missing], c: 1 })).toEqual({ b: [null], c: 1 })
    expect(given({})(missing)).toBe(null)
  })

  it("keeps an explicit null", () => {
    expect(given({ missing: null })({ a: missing })).toEqual({ a: null })
  })

  it("keeps a field called __proto__ an own field", () => {
    const made = nothing(JSON.parse('{"__proto__": {"polluted": true}}') as Expression)
    expect(Object.keys(made as object)).toEqual(["__proto__"])
    expect(({} as { polluted?: boolean }).polluted).toBe(undefined)
  })
})

describe("operators", () => {
  const op = ($op: (typeof operators)[number], ...args: ReadonlyArray<Expression>): Json =>
    nothing({ $op, args })
  const absent: Expression = { $ref: input, path: ["absent"] }

  it("eq is deep, reflexive, symmetric and the opposite of ne", () => {
    fc.assert(
      fc.property(plain, plain, (a, b) => {
        expect(op("eq", a, a)).toBe(true)
        expect(op("eq", a, b)).toBe(op("eq", b, a))
        expect(op("ne", a, b)).toBe(!op("eq", a, b))
      })
    )
  })

  it("eq does not look at the order of keys, and takes null and what is not there for the same", () => {
    expect(op("eq", { a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true)
    expect(op("eq", [1, 2], [2, 1])).toBe(false)
    expect(op("eq", absent, null)).toBe(true)
    expect(op("eq", { a: null }, {})).toBe(false)
    expect(op("eq", 1, "1")).toBe(false)
    expect(op("eq", [], {})).toBe(false)
  })

  it("lt, lte, gt and gte order numbers, and texts by their code units", () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true })
    for (const kind of [number, fc.string()]) {
      fc.assert(
        fc.property(kind, kind, (a, b) => {
          expect(op("lt", a, b)).toBe(a < b)
          expect(op("lte", a, b)).toBe(a <= b)
          expect(op("gt", a, b)).toBe(a > b)
          expect(op("gte", a, b)).toBe(a >= b)
        })
      )
    }
  })

  it("lt, lte, gt and gte are false for what has no order", () => {
    for (const operator of ["lt", "lte", "gt", "gte"] as const) {
      expect(op(operator, 1, "2")).toBe(false)
      expect(op(operator, absent, 1)).toBe(false)
      expect(op(operator, [1], [1])).toBe(false)
    }
  })

  it("and, or and not hold for true alone", () => {
    expect(op("and", true, true)).toBe(true)
    expect(op("and", true, 1)).toBe(false)
    expect(op("and")).toBe(true)
    expect(op("or", "yes", false)).toBe(false)
    expect(op("or", false, true)).toBe(true)
    expect(op("not", absent)).toBe(true)
    expect(op("not", true)).toBe(false)
  })

  it("add sums numbers, and is null where there is none or no finite sum", () => {
    expect(op("add", 1, 2, 3.5)).toBe(6.5)
    expect(op("add", 1, absent)).toBe(null)
    expect(op("add", 1, "2")).toBe(null)
    expect(op("add", 1e308, 1e308)).toBe(null)
  })

  it("concat joins texts, and arrays", () => {
    expect(op("concat", "a", 1, absent, "b")).toBe("a1b")
    expect(op("concat", [1], [2, [3]], absent)).toEqual([1, 2, [3]])
    expect(op("concat", [1], 2)).toEqual([1, 2])
  })

  it("coalesce gives the first value that is there, also a false one", () => {
    expect(op("coalesce", absent, null, 0, 1)).toBe(0)
    expect(op("coalesce", false, true)).toBe(false)
    expect(op("coalesce", absent)).toBe(null)
  })

  it("length counts code units, items and keys", () => {
    expect(op("length", "héé😀")).toBe(5)
    expect(op("length", [1, 2])).toBe(2)
    expect(op("length", { a: 1 })).toBe(1)
    expect(op("length", 5)).toBe(null)
  })

  it("includes looks into texts, arrays and the keys of records", () => {
    expect(op("includes", "haystack", "stack")).toBe(true)
    expect(op("includes", [{ a: 1 }], { a: 1 })).toBe(true)
    expect(op("includes", { a: 1 }, "a")).toBe(true)
    expect(op("includes", "12", 1)).toBe(false)
    expect(op("includes", absent, "a")).toBe(false)
  })

  it("json gives a text that reads back as the value", () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(JSON.parse(String(op("json", value)))).toEqual(normal(value))
      })
    )
    expect(op("json", absent)).toBe("null")
  })

  it("text writes texts as they are, absence as nothing, and everything else as JSON", () => {
    expect(op("text", "a ", 1.5, " ", true, " ", absent, null, { a: [1] })).toBe('a 1.5 true {"a":[1]}')
    fc.assert(
      fc.property(fc.array(fc.string()), (parts) => {
        expect(op("text", ...parts)).toBe(parts.join(""))
      })
    )
  })
})
