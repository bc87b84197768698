/** How many digits JavaScript writes at most behind the point. */
export const DIGITS_OF_FIXED = 100
const MOST_HALVES = 2 ** 200

/** The digits of a number without its sign, all of them, and how many stand before the point. */
export const exactDigits = (value: number): { readonly digits: string; readonly whole: number } => {
  let fraction = value
  let power = 0
  while (!Number.isInteger(fraction)) {
    fraction *= 2
    power++
  }
  // The number is an integer divided by 2 ^ power, which is that integer times 5 ^ power divided by 10 ^ power.
  const digits = (BigInt(fraction) * 5n ** BigInt(power)).toString().padStart(power + 1, "0")
  return { digits, whole: digits.length - power }
}

/** Rounds digits to a count of them, half to even; one more digit comes in front. */
export const roundDigits = (digits: string, count: number): string => {
  const kept = `0${digits.slice(0, Math.max(count, 0))}`.padEnd(count + 1, "0")
  if (count < 0 || count >= digits.length) return kept
  const rest = digits.slice(count)
  const half = `5${"0".repeat(rest.length - 1)}`
  const isOdd = Number(kept[kept.length - 1]) % 2 === 1
  if (rest < half || (rest === half && !isOdd)) return kept
  return (BigInt(kept) + 1n).toString().padStart(kept.length, "0")
}

/** The digits of a number that is not negative, and the power of ten of the first one: `precision` digits follow it. */
export const scientific = (
  value: number,
  precision: number
): { readonly digits: string; readonly power: number } => {
  const split = (text: string): { readonly digits: string; readonly power: number } => {
    const [mantissa = "0", power = "0"] = text.split("e")
    return { digits: mantissa.replace(".", ""), power: Number(power) }
  }
  // Only a number with few binary digits behind the point can lie half-way between two decimal ones.
  if (value === 0 || !Number.isInteger(value * MOST_HALVES)) return split(value.toExponential(precision))
  const quick = split(value.toExponential(Math.min(precision + 1, DIGITS_OF_FIXED)))
  if (!quick.digits.endsWith("5")) return split(value.toExponential(precision))
  const { digits, whole } = exactDigits(value)
  const lead = digits.search(/[1-9]/)
  const rounded = roundDigits(digits.slice(lead), precision + 1)
  const power = whole - lead - 1
  return rounded.startsWith("0")
    ? { digits: rounded.slice(1), power }
    : { digits: rounded.slice(0, -1), power: power + 1 }
}
