import { describe, expect, it } from "vitest"
import { result, runtime } from "./runtime.ts"

describe("a script that takes too long is stopped", () => {
  it.each([
    ["in a loop", "while true do end"],
    ["in a loop over a table that grows", "local t = {1} for k in pairs(t) do for i = 1, 1e9 do end end"],
    ["in calls that call each other", "local function f(n) if n > 0 then f(n - 1) f(n - 1) end end f(60)"],
    ["in a pattern", "return ('a'):rep(30):find(('a?'):rep(30) .. ('a'):rep(30) .. 'b')"],
    ["while it sorts", "local t = {} for i = 1, 3000 do t[i] = i end while true do table.sort(t) end"],
    ["in a coroutine", "coroutine.wrap(function() while true do end end)()"],
    ["in code that it has compiled", "loadstring('while true do end')()"],
    ["whatever it catches", "while true do pcall(function() while true do end end) end"],
    [
      "whatever its handlers catch",
      "xpcall(function() while true do end end, function() while true do end end)"
    ]
  ])("%s", (_where, script) => {
    expect(result(script, 20)).toBe("limit: limit")
  })
})

describe("a script that wants too much memory fails alone", () => {
  it.each([
    ["at once", "return ('x'):rep(2 ^ 30)", "error: not enough memory"],
    ["by joining", "local s = 'x' while true do s = s .. s end", "error: not enough memory"],
    ["by calling itself", "local function f() return 1 + f() end f()", "error: user_script:1: stack overflow"]
  ])("%s", (_how, script, problem) => {
    const lua = runtime()
    expect(result(script, 10_000, lua)).toBe(problem)
    expect(result("return 1", 1000, lua)).toBe(1)
  })

  it("and may catch what did not fit", () => {
    expect(result("return select(2, pcall(string.rep, 'x', 2 ^ 30))")).toBe("not enough memory")
    expect(result("local function f() return 1 + f() end return select(2, pcall(f))")).toBe(
      "user_script:1: stack overflow"
    )
  })
})

describe("what a script contains", () => {
  it("reaches the generated code as literals only", () => {
    const text = "`${process.exit()}` */ \\u2028 ' \" \u00e4 \\n"
    expect(
      result(
        `local t = {["*/ process.exit() //"] = ${JSON.stringify(text)}} return t["*/ process.exit() //"]`
      )
    ).toBe(text)
    expect(result("return pcall(function() return globalThis end) and 1")).toBe(null)
    expect(
      result("local constructor, __proto__, arguments = 1, 2, 3 return constructor + __proto__ + arguments")
    ).toBe(6)
    expect(
      result("return tostring(({}).constructor) .. tostring(('x').length) .. tostring(redis.__proto__)")
    ).toBe("nilnilnil")
  })
})
