import { identityOf, LuaTable } from "./LuaTable.ts"
import { formatGeneral } from "../../format/Doubles.ts"
import { LuaThread, LuaUserdata, type LuaFunction, type LuaValue } from "./Values.ts"

/** The name of a value's type. */
export const typeName = (value: LuaValue): string => {
  if (value === undefined) return "nil"
  if (typeof value === "object") {
    return value instanceof LuaTable ? "table" : value instanceof LuaThread ? "thread" : "userdata"
  }
  return typeof value
}

/** Below this integers are written with all of their digits. */
const MOST_DIGITS = 1e14

/** A number as Lua writes it: `%.14g`. */
export const numberText = (value: number): string => {
  if (value < MOST_DIGITS && value > -MOST_DIGITS && Number.isInteger(value)) {
    return value === 0 && Object.is(value, -0) ? "-0" : String(value)
  }
  if (Number.isNaN(value)) return "-nan"
  return formatGeneral(value, 14)
}

/** A number as `redis.call` sends it: `%.17g`. */
export const exactText = (value: number): string => {
  if (value < 1e16 && value > -1e16 && Number.isInteger(value)) {
    return value === 0 && Object.is(value, -0) ? "-0" : String(value)
  }
  if (Number.isNaN(value)) return "-nan"
  return formatGeneral(value, 17)
}

const addressOf = (value: object | LuaFunction): string =>
  `0x7f${(identityOf(value) * 32).toString(16).padStart(10, "0")}`

/** A value as `tostring` writes it, without its metatable. */
export const plainText = (value: LuaValue): string => {
  switch (typeof value) {
    case "string":
      return value
    case "number":
      return numberText(value)
    case "undefined":
      return "nil"
    case "boolean":
      return value ? "true" : "false"
    case "function":
      return `function: ${addressOf(value)}`
    default:
      if (value instanceof LuaUserdata) return `userdata: ${value.text}`
      return `${typeName(value)}: ${addressOf(value)}`
  }
}

const DECIMAL = /^[ \t\n\v\f\r]*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[ \t\n\v\f\r]*$/
const SPECIAL =
  /^[ \t\n\v\f\r]*([+-]?)(?:(inf(?:inity)?)|(nan(?:\(\w*\))?)|0x([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?\d+))?)[ \t\n\v\f\r]*$/i

/** The number that a text stands for, as C's `strtod` reads it. */
export const parseNumber = (text: string): number | undefined => {
  if (DECIMAL.test(text)) return Number(text.trim())
  const special = SPECIAL.exec(text)
  if (special === null) {
    // C ends a text at its first zero byte.
    const end = text.indexOf("\0")
    return end === -1 ? undefined : parseNumber(text.slice(0, end))
  }
  const [, sign, infinite, nan, whole = "", fraction = "", power = "0"] = special
  const negative = sign === "-"
  if (infinite !== undefined) return negative ? -Infinity : Infinity
  if (nan !== undefined) return Number.NaN
  const digits = whole + fraction
  if (digits === "") return undefined
  let value = 0
  for (const digit of digits) value = value * 16 + Number.parseInt(digit, 16)
  value *= 2 ** (Number(power) - 4 * fraction.length)
  return negative ? -value : value
}

/** A value as a number, as arithmetic takes it. */
export const toNumber = (value: LuaValue): number | undefined => {
  if (typeof value === "number") return value
  return typeof value === "string" ? parseNumber(value) : undefined
}

/** A value as a text, as concatenation takes it. */
export const toText = (value: LuaValue): string | undefined => {
  if (typeof value === "string") return value
  return typeof value === "number" ? numberText(value) : undefined
}
