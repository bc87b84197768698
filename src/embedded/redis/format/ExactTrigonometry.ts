/**
 * Sine, cosine and arc sine to the last bit, as the C library has them and V8 does not quite: series in pairs of doubles
 * (a value and its rounding error, together 106 bits). Slower than `Math` by an order of magnitude.
 */

/** A value and what was rounded off it. */
interface Pair {
  readonly high: number
  readonly low: number
}

/** The exact product of two doubles. */
const product = (left: number, right: number): Pair => {
  const high = left * right
  const a = left * 134217729
  const leftHigh = a - (a - left)
  const leftLow = left - leftHigh
  const b = right * 134217729
  const rightHigh = b - (b - right)
  const rightLow = right - rightHigh
  const low = leftHigh * rightHigh - high + leftHigh * rightLow + leftLow * rightHigh + leftLow * rightLow
  return { high, low }
}

const normal = (high: number, low: number): Pair => {
  const sum = high + low
  return { high: sum, low: low - (sum - high) }
}

const multiply = (left: Pair, right: Pair): Pair => {
  const { high, low } = product(left.high, right.high)
  return normal(high, low + (left.high * right.low + left.low * right.high))
}

const add = (left: Pair, right: Pair): Pair => {
  const sum = left.high + right.high
  const part = sum - left.high
  const error = left.high - (sum - part) + (right.high - part)
  return normal(sum, error + (left.low + right.low))
}

const SCALE = 2 ** 200
const TERMS = 46

/** 1/n! with alternating signs: plus, plus, minus, minus. */
const coefficients = (): ReadonlyArray<Pair> => {
  let factorial = 1n
  return Array.from({ length: TERMS }, (_, n) => {
    if (n > 0) factorial *= BigInt(n)
    const exact = (n % 4 < 2 ? 1n : -1n) * (2n ** 200n / factorial)
    const high = Number(exact)
    return { high: high / SCALE, low: Number(exact - BigInt(high)) / SCALE }
  })
}

const COEFFICIENTS = coefficients()
const ZERO: Pair = { high: 0, low: 0 }

/** The sum of every second coefficient times a power of the square, from the highest down. */
const series = (x: number, first: 0 | 1): Pair => {
  const square = product(x, x)
  let sum = ZERO
  for (let n = TERMS - 2 + first; n >= 0; n -= 2) sum = add(multiply(sum, square), COEFFICIENTS[n] ?? ZERO)
  return sum
}

const sinePair = (x: number): Pair => multiply(series(x, 1), { high: x, low: 0 })

/** The sine of an angle from -pi to pi. */
export const exactSine = (x: number): number => sinePair(x).high

/** The cosine of an angle from -pi to pi. */
export const exactCosine = (x: number): number => series(x, 0).high

/** The arc sine: one step of Newton's method from what `Math` knows. */
export const exactArcSine = (x: number): number => {
  const guess = Math.asin(x)
  const slope = Math.cos(guess)
  if (!(slope > 1e-4)) return guess
  const sine = sinePair(guess)
  return guess + (x - sine.high - sine.low) / slope
}
