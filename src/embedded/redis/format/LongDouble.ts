/**
 * INCRBYFLOAT and HINCRBYFLOAT compute with C's 80-bit `long double` and print 17 decimals. Doubles would answer
 * 10.59999999999999964 where Redis says 10.6, so the same 64-bit mantissa is kept here as `mantissa * 2^exponent`.
 */
export interface LongDouble {
  readonly mantissa: bigint
  readonly exponent: number
}

const BITS = 64
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/

const bitLength = (value: bigint): number => value.toString(2).length

/** Rounds `numerator / denominator` to 64 bits, half to even. */
const round = (numerator: bigint, denominator: bigint): LongDouble => {
  if (numerator === 0n) return { mantissa: 0n, exponent: 0 }
  const negative = numerator < 0n
  const top = negative ? -numerator : numerator
  const shift = BITS + 1 - (bitLength(top) - bitLength(denominator))
  const scaledTop = shift > 0 ? top << BigInt(shift) : top
  const scaledBottom = shift < 0 ? denominator << BigInt(-shift) : denominator
  let quotient = scaledTop / scaledBottom
  let rest = scaledTop % scaledBottom === 0n ? 0n : 1n
  let exponent = -shift
  const excess = bitLength(quotient) - BITS
  if (excess > 0) {
    const dropped = quotient & ((1n << BigInt(excess)) - 1n)
    const half = 1n << BigInt(excess - 1)
    quotient >>= BigInt(excess)
    exponent += excess
    if (dropped > half || (dropped === half && (rest === 1n || (quotient & 1n) === 1n))) quotient += 1n
    rest = 0n
  }
  return { mantissa: negative ? -quotient : quotient, exponent }
}

/** Reads a decimal text; `undefined` when it is none (or not finite). */
export const parseLongDouble = (text: string): LongDouble | undefined => {
  const match = DECIMAL.exec(text)
  if (match === null) return undefined
  const [, sign = "", whole = "", fraction = "", power = "0"] = match
  if (whole === "" && fraction === "") return undefined
  const scale = Number(power) - fraction.length
  if (Math.abs(scale) > 5000) return undefined
  const digits = BigInt(whole + fraction)
  const value = sign === "-" ? -digits : digits
  return scale >= 0 ? round(value * 10n ** BigInt(scale), 1n) : round(value, 10n ** BigInt(-scale))
}

const view = new DataView(new ArrayBuffer(8))

/** A finite double, exactly. */
export const longDoubleOf = (value: number): LongDouble => {
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xfffffffffffffn
  const mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n
  return { mantissa: value < 0 ? -mantissa : mantissa, exponent: Math.max(biased, 1) - 1075 }
}

/** The sum, rounded as the hardware does. */
export const addLongDoubles = (left: LongDouble, right: LongDouble): LongDouble => {
  const exponent = Math.min(left.exponent, right.exponent)
  const sum =
    (left.mantissa << BigInt(left.exponent - exponent)) +
    (right.mantissa << BigInt(right.exponent - exponent))
  return exponent >= 0 ? round(sum << BigInt(exponent), 1n) : round(sum, 1n << BigInt(-exponent))
}

/** Prints with at most 17 decimals and no trailing zeros, as Redis does for these two commands. */
export const formatLongDouble = (value: LongDouble): string => {
  const negative = value.mantissa < 0n
  const magnitude = (negative ? -value.mantissa : value.mantissa) * 10n ** 17n
  let scaled: bigint
  if (value.exponent >= 0) scaled = magnitude << BigInt(value.exponent)
  else {
    const shift = BigInt(-value.exponent)
    scaled = magnitude >> shift
    const dropped = magnitude & ((1n << shift) - 1n)
    const half = 1n << (shift - 1n)
    if (dropped > half || (dropped === half && (scaled & 1n) === 1n)) scaled += 1n
  }
  const digits = scaled.toString().padStart(18, "0")
  const fraction = digits.slice(-17).replace(/0+$/, "")
  const text = digits.slice(0, -17) + (fraction === "" ? "" : `.${fraction}`)
  return negative && text !== "0" ? `-${text}` : text
}
