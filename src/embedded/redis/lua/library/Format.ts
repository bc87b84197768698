import { DIGITS_OF_FIXED, exactDigits, roundDigits, scientific } from "../../format/Digits.ts"
import { budget } from "../machine/Budget.ts"
import { argumentError, libraryError } from "../machine/Errors.ts"
import type { LuaValue } from "../machine/Values.ts"
import { type Args, numberAt, textAt, toInt32, toInteger } from "./Arguments.ts"

/** One item of a format, such as `%-5.2f`. */
interface Item {
  readonly flags: string
  readonly width: number
  /** -1 if it has none. */
  readonly precision: number
}

const FLAGS = "-+ #0"
/** A text without a precision that is longer than this is taken as it is. */
const LONG_TEXT = 100

const fixed = (value: number, precision: number): string => {
  if (Number.isSafeInteger(value)) {
    return precision === 0 ? String(value) : `${value}.${"0".repeat(precision)}`
  }
  const quick = value < 1e15 ? value.toFixed(Math.min(precision + 1, DIGITS_OF_FIXED)) : "5"
  if (!quick.endsWith("5") && precision < DIGITS_OF_FIXED) return value.toFixed(precision)
  const { digits, whole } = exactDigits(value)
  const rounded = roundDigits(digits, whole + precision)
  const text = rounded.startsWith("0") && whole > 0 ? rounded.slice(1) : rounded
  const point = text.length - precision
  return precision === 0 ? text : `${text.slice(0, point)}.${text.slice(point)}`
}

const exponential = (digits: string, power: number, keepsPoint: boolean): string => {
  const point = digits.length > 1 || keepsPoint ? "." : ""
  const size = Math.abs(power)
  return `${digits.slice(0, 1)}${point}${digits.slice(1)}e${power < 0 ? "-" : "+"}${size < 10 ? "0" : ""}${size}`
}

const general = (value: number, precision: number, keepsZeros: boolean): string => {
  const count = precision === 0 ? 1 : precision
  const { digits, power } = scientific(value, count - 1)
  const used = keepsZeros ? digits : digits.replace(/0+$/, "") || "0"
  if (power < -4 || power >= count) return exponential(used, power, keepsZeros)
  if (power < 0) return `0.${"0".repeat(-power - 1)}${used}`
  const whole = digits.slice(0, power + 1)
  const rest = used.slice(power + 1)
  return rest === "" && !keepsZeros ? whole : `${whole}.${rest}`
}

const unsignedNumber = (value: number, conversion: string, item: Item): string => {
  const precision = item.precision === -1 ? 6 : item.precision
  const isMarked = item.flags.includes("#")
  switch (conversion) {
    case "f": {
      const text = fixed(value, precision)
      return isMarked && precision === 0 ? `${text}.` : text
    }
    case "e": {
      const { digits, power } = scientific(value, precision)
      return exponential(digits, power, isMarked)
    }
    default:
      return general(value, precision, isMarked)
  }
}

/** Puts a sign and padding around the digits of a number. */
const padNumber = (sign: string, digits: string, item: Item, mayHaveZeros: boolean): string => {
  const { flags, width } = item
  const missing = width - sign.length - digits.length
  if (missing <= 0) return sign + digits
  if (flags.includes("-")) return sign + digits + " ".repeat(missing)
  return flags.includes("0") && mayHaveZeros
    ? sign + "0".repeat(missing) + digits
    : " ".repeat(missing) + sign + digits
}

const signOf = (isNegative: boolean, { flags }: Item): string =>
  isNegative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : ""

const float = (value: number, conversion: string, item: Item): string => {
  const lower = conversion.toLowerCase()
  const isNan = Number.isNaN(value)
  const sign = signOf(isNan || value < 0 || Object.is(value, -0), item)
  const isFinite = Number.isFinite(value)
  const digits = isNan ? "nan" : isFinite ? unsignedNumber(Math.abs(value), lower, item) : "inf"
  const text = padNumber(sign, digits, item, isFinite)
  return lower === conversion ? text : text.toUpperCase()
}

const withPrecision = (digits: string, { precision }: Item): string =>
  precision === 0 && digits === "0" ? "" : digits.padStart(precision, "0")

const integer = (value: number, conversion: string, item: Item): string => {
  const exact = Number.isSafeInteger(value) ? value : BigInt(value)
  if (conversion === "d" || conversion === "i") {
    const digits = withPrecision(String(exact < 0 ? -exact : exact), item)
    return padNumber(signOf(exact < 0, item), digits, item, item.precision === -1)
  }
  const unsigned = exact < 0 ? BigInt.asUintN(64, BigInt(exact)) : exact
  const base = conversion === "o" ? 8 : conversion === "u" ? 10 : 16
  let digits = withPrecision(unsigned.toString(base), item)
  let prefix = ""
  if (item.flags.includes("#")) {
    if (base === 8 && !digits.startsWith("0")) digits = `0${digits}`
    if (base === 16 && unsigned > 0) prefix = "0x"
  }
  const text = padNumber(prefix, digits, item, item.precision === -1)
  return conversion === "X" ? text.toUpperCase() : text
}

const padText = (text: string, { flags, width }: Item): string =>
  flags.includes("-") ? text.padEnd(width) : text.padStart(width)

/** A text as the source of Lua has it. */
const quoted = (text: string): string => {
  let out = '"'
  for (const char of text) {
    if (char === '"' || char === "\\" || char === "\n") out += `\\${char}`
    else if (char === "\r") out += "\\r"
    else out += char === "\0" ? "\\000" : char
  }
  return `${out}"`
}

const upToZero = (text: string): string => {
  const end = text.indexOf("\0")
  return end === -1 ? text : text.slice(0, end)
}

const ITEM = /([-+ #0]*)(\d{0,2})(?:\.(\d{0,2}))?/y

const convert = (conversion: string, item: Item, args: Args, position: number): string => {
  switch (conversion) {
    case "c":
      return upToZero(padText(String.fromCharCode(toInt32(toInteger(numberAt(args, position))) & 255), item))
    case "d":
    case "i":
    case "o":
    case "u":
    case "x":
    case "X":
      return integer(toInteger(numberAt(args, position)), conversion, item)
    case "e":
    case "E":
    case "f":
    case "g":
    case "G":
      return float(numberAt(args, position), conversion, item)
    case "q":
      return quoted(textAt(args, position))
    case "s": {
      const text = textAt(args, position)
      if (item.precision === -1 && text.length >= LONG_TEXT) return text
      const cut = upToZero(text)
      return padText(item.precision === -1 ? cut : cut.slice(0, item.precision), item)
    }
    default:
      throw libraryError(`invalid option '%${conversion}' to 'format'`)
  }
}

/** `string.format` */
export const format = (...args: Args): LuaValue => {
  const pattern = textAt(args, 1)
  let out = ""
  let position = 1
  let at = 0
  for (;;) {
    const percent = pattern.indexOf("%", at)
    if (percent === -1) return out + pattern.slice(at)
    out += pattern.slice(at, percent)
    at = percent + 1
    if (pattern[at] === "%") {
      out += "%"
      at++
      continue
    }
    if (++position > args.length) throw argumentError(position, "no value")
    ITEM.lastIndex = at
    const [all = "", flags = "", width = "", precision] = ITEM.exec(pattern) ?? []
    if (flags.length > FLAGS.length) throw libraryError("invalid format (repeated flags)")
    at += all.length
    const conversion = pattern[at++] ?? ""
    if (/\d/.test(conversion)) throw libraryError("invalid format (width or precision too long)")
    const item = { flags, width: Number(width), precision: precision === undefined ? -1 : Number(precision) }
    const text = convert(conversion, item, args, position)
    budget.allocate(text.length)
    out += text
  }
}
