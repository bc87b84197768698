import { budget } from "../machine/Budget.ts"
import { libraryError } from "../machine/Errors.ts"
import { LuaTable } from "../machine/LuaTable.ts"
import { parseNumber } from "../machine/Types.ts"
import { type LuaValue, NULL } from "../machine/Values.ts"
import type { JsonSettings } from "./JsonEncoder.ts"

type Token =
  | "T_OBJ_BEGIN"
  | "T_OBJ_END"
  | "T_ARR_BEGIN"
  | "T_ARR_END"
  | "T_STRING"
  | "T_NUMBER"
  | "T_BOOLEAN"
  | "T_NULL"
  | "T_COLON"
  | "T_COMMA"
  | "T_END"
  | "T_ERROR"

/** The tokens of one character, by its code. */
const SIGNS: ReadonlyArray<Token | undefined> = Array.from({ length: 128 }, (_, code) => {
  const found = ["\0", "{", "}", "[", "]", ",", ":"].indexOf(String.fromCharCode(code))
  const tokens: ReadonlyArray<Token> = [
    "T_END",
    "T_OBJ_BEGIN",
    "T_OBJ_END",
    "T_ARR_BEGIN",
    "T_ARR_END",
    "T_COMMA",
    "T_COLON"
  ]
  return tokens[found]
})
const WORDS: ReadonlyArray<readonly [word: string, token: Token, value: LuaValue]> = [
  ["true", "T_BOOLEAN", true],
  ["false", "T_BOOLEAN", false],
  ["null", "T_NULL", NULL]
]
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r"
}
const PLAIN = /[^"\\\0]*/y
const NUMBER =
  /[+-]?(?:0[xX](?:[\da-fA-F]+\.?[\da-fA-F]*|\.[\da-fA-F]+)(?:[pP][+-]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN])/y
/** Most numbers. */
const SMALL = /-?[1-9]\d{0,14}(?![\d.eE])/y
/** A number that is none in JSON. */
const INVALID = /\+|-?(?:0[xX\d]|[iI][nN][fF]|[nN][aA][nN])/y

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** Reads JSON. */
export class JsonDecoder {
  private readonly text: string
  private readonly settings: JsonSettings
  private at = 0
  private depth = 0
  private token: Token = "T_END"
  /** Where the token begins. */
  private start = 0
  /** What is wrong with it. */
  private error = ""
  private value: LuaValue

  constructor(text: string, settings: JsonSettings) {
    this.text = text
    this.settings = settings
  }

  decode(): LuaValue {
    const { text } = this
    if (text.length >= 2 && (text[0] === "\0" || text[1] === "\0")) {
      throw libraryError("JSON parser does not support UTF-16 or UTF-32")
    }
    this.next()
    const value = this.read()
    this.next()
    if (this.token !== "T_END") throw this.unexpected("the end")
    return value
  }

  private unexpected(expected: string): unknown {
    const found = this.token === "T_ERROR" ? this.error : this.token
    return libraryError(`Expected ${expected} but found ${found} at character ${this.start + 1}`)
  }

  private fail(error: string): void {
    this.token = "T_ERROR"
    this.error = error
    this.start = this.at
  }

  private next(): void {
    const { text } = this
    let code = text.charCodeAt(this.at)
    while (code === 32 || code === 10 || code === 13 || code === 9) code = text.charCodeAt(++this.at)
    this.start = this.at
    if (code === 34) return this.string()
    const sign = code < 128 ? SIGNS[code] : undefined
    if (sign !== undefined) {
      this.token = sign
      if (sign !== "T_END") this.at++
    } else if (code === 45 || (code >= 48 && code <= 57)) this.digits()
    else if (Number.isNaN(code)) this.token = "T_END"
    else this.word()
  }

  private digits(): void {
    const isInvalid = !this.settings.decodesInvalid && matchAt(INVALID, this.text, this.at) !== undefined
    if (isInvalid) this.fail("invalid number")
    else this.number()
  }

  private word(): void {
    const { text } = this
    for (const [word, token, value] of WORDS) {
      if (!text.startsWith(word, this.at)) continue
      this.token = token
      this.value = value
      this.at += word.length
      return
    }
    if (this.settings.decodesInvalid && matchAt(INVALID, text, this.at) !== undefined) this.number()
    else this.fail("invalid token")
  }

  private following(): Token {
    this.next()
    return this.token
  }

  private number(): void {
    this.token = "T_NUMBER"
    const small = matchAt(SMALL, this.text, this.at)
    if (small !== undefined) {
      this.value = Number(small)
      this.at += small.length
      return
    }
    const digits = matchAt(NUMBER, this.text, this.at)
    if (digits === undefined) return this.fail("invalid number")
    this.value = parseNumber(digits)
    this.at += digits.length
  }

  private string(): void {
    const { text } = this
    let out = ""
    this.at++
    for (;;) {
      const plain = matchAt(PLAIN, text, this.at) ?? ""
      out += plain
      this.at += plain.length
      const char = text[this.at]
      if (char === '"') break
      if (char !== "\\") return this.fail("unexpected end of string")
      const name = text[this.at + 1] ?? ""
      if (name === "u") {
        const escaped = this.unicode()
        if (escaped === undefined) return this.fail("invalid unicode escape code")
        out += escaped
        continue
      }
      const escaped = ESCAPES[name]
      if (escaped === undefined) return this.fail("invalid escape code")
      out += escaped
      this.at += 2
    }
    this.at++
    budget.allocate(out.length)
    this.token = "T_STRING"
    this.value = out
  }

  private unit(at: number): number | undefined {
    const digits = this.text.slice(at, at + 4)
    return /^[\da-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : undefined
  }

  /** The bytes of an escape such as \u00e4, or of two that are one character. */
  private unicode(): string | undefined {
    let point = this.unit(this.at + 2)
    if (point === undefined) return undefined
    let length = 6
    if ((point & 0xf800) === 0xd800) {
      if ((point & 0x400) !== 0 || !this.text.startsWith("\\u", this.at + 6)) return undefined
      const low = this.unit(this.at + 8)
      if (low === undefined || (low & 0xfc00) !== 0xdc00) return undefined
      point = (((point & 0x3ff) << 10) | (low & 0x3ff)) + 0x10000
      length = 12
    }
    this.at += length
    return Buffer.from(String.fromCodePoint(point), "utf8").toString("latin1")
  }

  private read(): LuaValue {
    budget.spend(1)
    switch (this.token) {
      case "T_STRING":
      case "T_NUMBER":
      case "T_BOOLEAN":
      case "T_NULL":
        return this.value
      case "T_OBJ_BEGIN":
        return this.object()
      case "T_ARR_BEGIN":
        return this.list()
      default:
        throw this.unexpected("value")
    }
  }

  private descend(): void {
    if (++this.depth <= this.settings.decodeDepth) return
    throw libraryError(`Found too many nested data structures (${this.depth}) at character ${this.at}`)
  }

  private object(): LuaTable {
    this.descend()
    const table = new LuaTable()
    this.next()
    if (this.token !== "T_OBJ_END") {
      for (;;) {
        if (this.token !== "T_STRING") throw this.unexpected("object key string")
        const key = this.value
        if (this.following() !== "T_COLON") throw this.unexpected("colon")
        this.next()
        table.set(key, this.read())
        const separator = this.following()
        if (separator === "T_OBJ_END") break
        if (separator !== "T_COMMA") throw this.unexpected("comma or object end")
        this.next()
      }
    }
    this.depth--
    return table
  }

  private list(): LuaTable {
    this.descend()
    const table = new LuaTable()
    this.next()
    if (this.token !== "T_ARR_END") {
      for (let at = 1; ; at++) {
        table.set(at, this.read())
        const separator = this.following()
        if (separator === "T_ARR_END") break
        if (separator !== "T_COMMA") throw this.unexpected("comma or array end")
        this.next()
      }
    }
    this.depth--
    return table
  }
}
