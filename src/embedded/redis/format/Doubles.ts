import { scientific } from "./Digits.ts"

const MAX_SAFE = Number.MAX_SAFE_INTEGER

const stripZeros = (text: string): string => {
  if (!text.includes(".")) return text
  let end = text.length
  while (text.charCodeAt(end - 1) === 48) end--
  if (text.charCodeAt(end - 1) === 46) end--
  return text.slice(0, end)
}

/** Formats as C's `%.17g`, with `inf` and `-inf`: how Redis 7 prints scores. */
export const formatDouble = (value: number): string => {
  if (Number.isInteger(value) && value <= MAX_SAFE && value >= -MAX_SAFE) {
    return Object.is(value, -0) ? "-0" : String(value)
  }
  if (value === Infinity) return "inf"
  if (value === -Infinity) return "-inf"
  if (Number.isNaN(value)) return "nan"
  return formatGeneral(value, 17)
}

/** Formats as C's `%.<precision>g`. */
export const formatGeneral = (value: number, precision: number): string => {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0"
  if (value === Infinity) return "inf"
  if (value === -Infinity) return "-inf"
  if (Number.isNaN(value)) return "nan"
  const sign = value < 0 ? "-" : ""
  const { digits, power } = scientific(Math.abs(value), precision - 1)
  if (power < -4 || power >= precision) {
    const size = Math.abs(power)
    const mantissa = stripZeros(`${digits.slice(0, 1)}.${digits.slice(1)}`)
    return `${sign}${mantissa}e${power < 0 ? "-" : "+"}${size < 10 ? "0" : ""}${size}`
  }
  if (power < 0) return `${sign}${stripZeros(`0.${"0".repeat(-power - 1)}${digits}`)}`
  return sign + stripZeros(`${digits.slice(0, power + 1)}.${digits.slice(power + 1)}`)
}

/** Formats a RESP3 double. */
export const formatDouble3 = (value: number): string => formatDouble(value)

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const INFINITE = /^([+-]?)inf(?:inity)?$/i
const HEXADECIMAL = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?\d+))?$/i

/** Whether a decimal number is too large or too small for a double. */
const isOutOfRange = (text: string, value: number): boolean =>
  !Number.isFinite(value) || (value === 0 && /^[^eE]*[1-9]/.test(text))

/** Reads a number in the strict way of most arguments; `undefined` if it is none, NaN, or does not fit. */
export const parseDouble = (text: string): number | undefined => {
  if (!DECIMAL.test(text)) return parseSpecial(text)
  const value = Number(text)
  return isOutOfRange(text, value) ? undefined : value
}

/** Reads a number as C's `strtod` alone does: after white space, up to a zero byte, and nothing is 0. */
export const parseLooseDouble = (text: string): number | undefined => {
  const end = text.indexOf("\0")
  const whole = end === -1 ? text : text.slice(0, end)
  if (whole === "") return 0
  const trimmed = whole.replace(/^[\t-\r ]+/, "")
  return DECIMAL.test(trimmed) ? Number(trimmed) : parseSpecial(trimmed)
}

const parseSpecial = (text: string): number | undefined => {
  const infinite = INFINITE.exec(text)
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity
  const hex = HEXADECIMAL.exec(text)
  if (hex !== null && (hex[2] !== "" || (hex[3] ?? "") !== "")) {
    const digits = (hex[2] ?? "") + (hex[3] ?? "")
    const value = Number(`0x${digits}`) * 2 ** (Number(hex[4] ?? "0") - 4 * (hex[3] ?? "").length)
    return hex[1] === "-" ? -value : value
  }
  return undefined
}
