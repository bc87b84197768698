import { budget } from "../machine/Budget.ts"
import { libraryError } from "../machine/Errors.ts"
import { LuaTable } from "../machine/LuaTable.ts"
import { typeName } from "../machine/Types.ts"
import { formatGeneral } from "../../format/Doubles.ts"
import { type LuaValue, NULL } from "../machine/Values.ts"

/** What scripts can choose about JSON. */
export interface JsonSettings {
  convertsSparse: boolean
  sparseRatio: number
  sparseSafe: number
  encodeDepth: number
  decodeDepth: number
  encodesInvalid: "off" | "on" | "null"
  decodesInvalid: boolean
  keepsBuffer: boolean
  precision: number
}

/** The settings of a new library. */
export const defaultSettings = (): JsonSettings => ({
  convertsSparse: false,
  sparseRatio: 2,
  sparseSafe: 10,
  encodeDepth: 1000,
  decodeDepth: 1000,
  encodesInvalid: "off",
  decodesInvalid: true,
  keepsBuffer: true,
  precision: 14
})

/** What must be escaped in a text, and how. */
const ESCAPED = /[^ !#-.0-[\]-~\x80-\xff]/g
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "/": "\\/",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r"
}

const escape = (char: string): string =>
  ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`

const NEEDS_ESCAPE = /[^ !#-.0-[\]-~\x80-\xff]/

const textOf = (text: string): string => {
  budget.allocate(text.length)
  return NEEDS_ESCAPE.test(text) ? `"${text.replace(ESCAPED, escape)}"` : `"${text}"`
}

const problem = (value: LuaValue, reason: string): unknown =>
  libraryError(`Cannot serialise ${typeName(value)}: ${reason}`)

/** Writes values as JSON. */
export class JsonEncoder {
  private readonly settings: JsonSettings

  constructor(settings: JsonSettings) {
    this.settings = settings
  }

  encode(value: LuaValue, depth = 0): string {
    switch (typeof value) {
      case "string":
        return textOf(value)
      case "number":
        return this.number(value)
      case "boolean":
        return value ? "true" : "false"
      case "undefined":
        return "null"
      default:
        if (value instanceof LuaTable) return this.table(value, depth + 1)
        if (value === NULL) return "null"
        throw problem(value, "type not supported")
    }
  }

  private number(value: number): string {
    const { encodesInvalid, precision } = this.settings
    if (!Number.isFinite(value)) {
      if (encodesInvalid === "off") throw problem(value, "must not be NaN or Inf")
      if (encodesInvalid === "null") return "null"
      return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf"
    }
    if (precision === 14 && value < 1e14 && value > -1e14 && Number.isInteger(value) && value !== 0) {
      return String(value)
    }
    return formatGeneral(value, precision)
  }

  private table(table: LuaTable, depth: number): string {
    budget.spend(1)
    if (depth > this.settings.encodeDepth) {
      throw libraryError(`Cannot serialise, excessive nesting (${depth})`)
    }
    const length = this.lengthOf(table)
    return length > 0 ? this.list(table, length, depth) : this.object(table, depth)
  }

  /** The length of a table that has nothing but positive integers as keys; 0 for an empty one, else -1. */
  private lengthOf(table: LuaTable): number {
    const { convertsSparse, sparseRatio, sparseSafe } = this.settings
    let most = 0
    let count = 0
    const isOther = table.some((key) => {
      if (typeof key !== "number" || key < 1 || !Number.isInteger(key)) return true
      if (key > most) most = key
      count++
      return false
    })
    if (isOther) return -1
    if (sparseRatio > 0 && most > count * sparseRatio && most > sparseSafe) {
      if (!convertsSparse) throw problem(table, "excessively sparse array")
      return -1
    }
    return most
  }

  private list(table: LuaTable, length: number, depth: number): string {
    let out = "["
    for (let at = 1; at <= length; at++) {
      budget.spend(1)
      out += (at > 1 ? "," : "") + this.encode(table.at(at), depth)
    }
    return `${out}]`
  }

  private object(table: LuaTable, depth: number): string {
    let out = "{"
    table.some((key, value) => {
      budget.spend(1)
      if (out.length > 1) out += ","
      if (typeof key === "number") out += `"${this.number(key)}":`
      else if (typeof key === "string") out += `${textOf(key)}:`
      else throw problem(key, "table key must be a number or string")
      out += this.encode(value, depth)
      return false
    })
    return `${out}}`
  }
}
