import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { LuaTable } from "../../../../src/embedded/redis/lua/machine/LuaTable.ts"
import type { LuaValue } from "../../../../src/embedded/redis/lua/machine/Values.ts"

const key = fc.oneof(
  fc.integer({ min: -2, max: 40 }),
  fc.constantFrom<LuaValue>(1.5, 2 ** 40, true, false),
  fc.string({ maxLength: 2 })
)
const change = fc.record({ key, value: fc.option(fc.integer(), { nil: undefined }) })

describe("a table of Lua", () => {
  it("holds what was set, and visits each of it once", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 120 }), (changes) => {
        const table = new LuaTable()
        const model = new Map<LuaValue, LuaValue>()
        for (const { key: at, value } of changes) {
          table.set(at, value)
          if (value === undefined) model.delete(at)
          else model.set(at, value)
        }
        const seen = new Map<LuaValue, LuaValue>()
        table.some((at, value) => {
          expect(seen.has(at)).toBe(false)
          seen.set(at, value)
          return false
        })
        expect(seen).toEqual(model)
        for (const at of model.keys()) expect(table.get(at)).toBe(model.get(at))
        const { length } = table
        expect(length === 0 || model.has(length)).toBe(true)
        expect(model.has(length + 1)).toBe(false)
      })
    )
  })

  it("can be emptied while it is visited", () => {
    const table = new LuaTable()
    for (let at = 0; at < 50; at++) table.set(`key ${at}`, at)
    let visited = 0
    table.some((at) => {
      table.set(at, undefined)
      visited++
      return false
    })
    expect(visited).toBe(50)
    expect(table.after(0)).toBe(undefined)
  })
})
