import { describe, expect, it } from "vitest"
import { generate } from "../../../../src/embedded/redis/lua/compiler/Generate.ts"
import { Lexer } from "../../../../src/embedded/redis/lua/compiler/Lexer.ts"
import { parse } from "../../../../src/embedded/redis/lua/compiler/Parser.ts"
import { nameOf } from "../../../../src/embedded/redis/lua/compiler/Compile.ts"

const tokens = (source: string): ReadonlyArray<string | number> => {
  const lexer = new Lexer(source, "test")
  const read = []
  for (lexer.next(); lexer.kind !== "<eof>"; lexer.next()) {
    read.push(
      lexer.kind === "<number>"
        ? lexer.number
        : lexer.kind === "<string>"
          ? `'${lexer.value}'`
          : lexer.kind === "<name>"
            ? lexer.value
            : lexer.kind
    )
  }
  return read
}

describe("the lexer", () => {
  it("reads names, words, numbers, texts and signs, and passes over comments", () => {
    expect(tokens("local x=0x1F+.5e1..'a\\n\\65' --[[ no\n ]] [==[\nlong]]]==] -- end\n~= ...")).toEqual([
      "local",
      "x",
      "=",
      31,
      "+",
      5,
      "..",
      "'a\nA'",
      "'long]]'",
      "~=",
      "..."
    ])
  })

  it("counts lines of every kind", () => {
    const lexer = new Lexer("a\nb\r\nc\n\rd\re", "test")
    const lines = []
    for (lexer.next(); lexer.kind !== "<eof>"; lexer.next()) lines.push(lexer.line)
    expect(lines).toEqual([1, 2, 3, 4, 5])
  })
})

describe("the parser", () => {
  it("binds operators as Lua does", () => {
    const shape = (source: string): string => {
      const [statement] = parse(`return ${source}`, "test").body
      const show = (node: unknown): string => {
        if (typeof node !== "object" || node === null || !("type" in node)) return ""
        if ("left" in node && "right" in node && "operator" in node) {
          return `(${show(node.left)} ${String(node.operator)} ${show(node.right)})`
        }
        if ("operand" in node && "operator" in node) return `(${String(node.operator)} ${show(node.operand)})`
        return "value" in node ? String(node.value) : String(node.type)
      }
      return statement?.type === "return" ? show(statement.values[0]) : ""
    }
    expect(shape("1 + 2 * 3 ^ 4 ^ 5 .. 6 .. 7")).toBe("((1 + (2 * (3 ^ (4 ^ 5)))) .. (6 .. 7))")
    expect(shape("not 1 == 2 and -3 ^ 2 or #4 < 5")).toBe("((((not 1) == 2) and (- (3 ^ 2))) or ((# 4) < 5))")
  })
})

describe("the generator", () => {
  it("gives everything that may fail a line of its own", () => {
    const { code, sites, siteOfLine } = generate(parse("local a\nreturn a.b\n+ c()", "test"), false)
    expect(sites.map(({ line }) => line)).toEqual([3, 3, 3, 3])
    expect(siteOfLine.filter((site) => site !== -1).toSorted()).toEqual([0, 1, 2, 3])
    expect(code.split("\n").length).toBe(5)
  })
})

describe("the name of a chunk in messages", () => {
  it("is short", () => {
    expect(nameOf("@user_script")).toBe("user_script")
    expect(nameOf("=name")).toBe("name")
    expect(nameOf("return 1")).toBe('[string "return 1"]')
    expect(nameOf("first\nsecond")).toBe('[string "first..."]')
    expect(nameOf("x".repeat(100))).toBe(`[string "${"x".repeat(43)}..."]`)
  })
})
