import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { format } from "../../../../src/embedded/redis/lua/library/Format.ts"
import { JsonDecoder } from "../../../../src/embedded/redis/lua/library/JsonDecoder.ts"
import { defaultSettings, JsonEncoder } from "../../../../src/embedded/redis/lua/library/JsonEncoder.ts"
import { Random } from "../../../../src/embedded/redis/lua/library/Maths.ts"
import { Matcher } from "../../../../src/embedded/redis/lua/library/Patterns.ts"
import { CMSGPACK_LIBRARY } from "../../../../src/embedded/redis/lua/library/Cmsgpack.ts"
import { STRUCT_LIBRARY } from "../../../../src/embedded/redis/lua/library/Struct.ts"
import { LuaTable } from "../../../../src/embedded/redis/lua/machine/LuaTable.ts"
import { call } from "../../../../src/embedded/redis/lua/machine/Operations.ts"
import { all, type LuaValue } from "../../../../src/embedded/redis/lua/machine/Values.ts"

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString("latin1"))

/** A table as plain data; integers, which 0 is packed as, have no negative zero. */
const plain = (value: LuaValue): unknown => {
  if (typeof value === "number") return value + 0
  if (!(value instanceof LuaTable)) return value
  const entries: Array<readonly [unknown, unknown]> = []
  value.some((key, item) => {
    entries.push([key, plain(item)])
    return false
  })
  return new Map(entries)
}

const table = (depth: number): fc.Arbitrary<LuaValue> => {
  const leaf = fc.oneof(bytes, fc.boolean(), fc.integer(), fc.double({ noNaN: true }))
  if (depth === 0) return leaf
  const list = fc.array(table(depth - 1), { maxLength: 20 }).map((items) => LuaTable.of(items))
  const record = fc.array(fc.tuple(bytes, table(depth - 1)), { maxLength: 20 }).map((entries) => {
    const made = new LuaTable()
    for (const [key, value] of entries) made.set(key, value)
    return made
  })
  return fc.oneof(leaf, list, record)
}

describe("cmsgpack", () => {
  it("reads what it has written", () => {
    fc.assert(
      fc.property(fc.array(table(2), { minLength: 1, maxLength: 4 }), (values) => {
        const [packed] = all(call(CMSGPACK_LIBRARY.get("pack"), ...values))
        const unpacked = all(call(CMSGPACK_LIBRARY.get("unpack"), packed))
        expect(unpacked.map(plain)).toEqual(values.map(plain))
      })
    )
  })
})

describe("struct", () => {
  it("reads what it has written, in both orders of bytes", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("<", ">"),
        fc.integer(),
        fc.double({ noNaN: true }),
        bytes,
        (order, whole, real, text) => {
          const layout = `${order}i4dI2c0`
          const [packed] = all(call(STRUCT_LIBRARY.get("pack"), layout, whole, real, text.length, text))
          expect(all(call(STRUCT_LIBRARY.get("unpack"), layout, packed)).slice(0, 3)).toEqual([
            whole,
            real,
            text
          ])
        }
      )
    )
  })
})

describe("cjson", () => {
  const encoder = new JsonEncoder(defaultSettings())
  const decode = (text: string): LuaValue => new JsonDecoder(text, defaultSettings()).decode()

  it("reads what it has written", () => {
    const text = bytes.map((value) => value.replaceAll("\0", "-"))
    fc.assert(
      fc.property(fc.array(fc.oneof(text, fc.boolean(), fc.integer()), { minLength: 1 }), (items) => {
        expect(plain(decode(encoder.encode(LuaTable.of(items))))).toEqual(plain(LuaTable.of(items)))
      })
    )
  })

  it("reads what JavaScript has written", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(decode(JSON.stringify(value))).toBe(value + 0)
      })
    )
  })
})

describe("patterns", () => {
  it("find a text that has nothing special in it where it is", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 20 }), word, (text, part) => {
        const matcher = new Matcher(text, part)
        const found = Array.from(text, (_, at) => at).find((at) => matcher.matchAt(at) !== -1)
        expect(found ?? -1).toBe(text.indexOf(part))
      })
    )
  })
})

describe("string.format", () => {
  it("rounds halves to even, as C does", () => {
    const values = [0.5, 1.5, 2.5, 0.125, 0.375, 1e21, 123456789012345680, 5e-324]
    expect(values.map((value) => format("%.0f|%.2f|%.3g", value, value, value))).toEqual([
      "0|0.50|0.5",
      "2|1.50|1.5",
      "2|2.50|2.5",
      "0|0.12|0.125",
      "0|0.38|0.375",
      "1000000000000000000000|1000000000000000000000.00|1e+21",
      "123456789012345680|123456789012345680.00|1.23e+17",
      "0|0.00|4.94e-324"
    ])
  })
})

describe("random numbers", () => {
  it("are those of drand48", () => {
    const random = new Random()
    random.seed(0)
    expect([random.next(), random.next(), random.next()]).toEqual([366850414, 1610402240, 206956554])
  })
})
