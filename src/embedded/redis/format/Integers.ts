/** Largest 64-bit signed integer. */
export const INT64_MAX = 9223372036854775807n
/** Smallest 64-bit signed integer. */
export const INT64_MIN = -9223372036854775808n

/** As numbers, for bounds that need not be exact. */
export const INT64_LIMIT = 2 ** 63
/** Where a count that is doubled stops fitting. */
export const HALF_INT64 = 2 ** 62

const INTEGER = /^-?[1-9]\d*$/

/**
 * Reads a 64-bit integer in the only form that Redis writes: no plus sign, no leading zero, no space.
 * Returns a number where it is exact, a bigint above that, and `undefined` for anything else.
 */
export const parseInteger = (text: string): number | bigint | undefined => {
  const length = text.length
  if (length === 0 || length > 20) return undefined
  if (length < 16) {
    let at = 0
    let negative = false
    if (text.charCodeAt(0) === 45) {
      negative = true
      at = 1
      if (length === 1) return undefined
    }
    const first = text.charCodeAt(at)
    if (first === 48) return length === 1 ? 0 : undefined
    let value = 0
    for (; at < length; at++) {
      const digit = text.charCodeAt(at) - 48
      if (digit < 0 || digit > 9) return undefined
      value = value * 10 + digit
    }
    return negative ? -value : value
  }
  if (!INTEGER.test(text)) return undefined
  const value = BigInt(text)
  if (value > INT64_MAX || value < INT64_MIN) return undefined
  return narrow(value)
}

/** A number where that is exact, otherwise the bigint. */
export const narrow = (value: bigint): number | bigint =>
  value <= 9007199254740991n && value >= -9007199254740991n ? Number(value) : value

/** Adds two 64-bit integers; `undefined` on overflow. */
export const addIntegers = (left: number | bigint, right: number | bigint): number | bigint | undefined => {
  if (typeof left === "number" && typeof right === "number") {
    const sum = left + right
    if (Number.isSafeInteger(sum)) return sum
  }
  const sum = BigInt(left) + BigInt(right)
  return sum > INT64_MAX || sum < INT64_MIN ? undefined : narrow(sum)
}
