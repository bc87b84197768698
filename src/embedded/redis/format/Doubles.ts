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
  const [mantissa = "0", power = "0"] = value.toExponential(precision - 1).split("e")
  const exponent = Number(power)
  if (exponent < -4 || exponent >= precision) {
    const digits = Math.abs(exponent)
    return `${stripZeros(mantissa)}e${exponent < 0 ? "-" : "+"}${digits < 10 ? "0" : ""}${digits}`
  }
  return stripZeros(
    exponent >= 0 ? value.toPrecision(precision) : value.toFixed(Math.min(100, precision - 1 - exponent))
  )
}

/** Formats a RESP3 double. */
export const formatDouble3 = (value: number): string => formatDouble(value)

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const INFINITE = /^([+-]?)inf(?:inity)?$/i
const HEXADECIMAL = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?\d+))?$/i

/** Reads a number as C's `strtod` does where the whole text must be one; `undefined` if it is none or NaN. */
export const parseDouble = (text: string): number | undefined => {
  if (DECIMAL.test(text)) return Number(text)
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
