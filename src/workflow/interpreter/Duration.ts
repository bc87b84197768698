/** Durations inside the sandbox: milliseconds, or the texts that Effect's Duration reads. */
import type { Value } from "./Value.ts"

const units: Readonly<Record<string, number>> = {
  nano: 1e-6,
  micro: 1e-3,
  milli: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000
}

const text = /^(-?\d+(?:\.\d+)?)\s+(nano|micro|milli|second|minute|hour|day|week)s?$/

/** About 100 years: what a timer can hold, and what "Infinity" means here. */
const longest = 3_153_600_000_000

/** Milliseconds, rounded up, at least 0; `undefined` when the value is no duration. */
export const milliseconds = (value: Value): number | undefined => {
  let amount: number | undefined
  if (typeof value === "number") amount = value
  else if (value === "Infinity") amount = longest
  else if (typeof value === "string") {
    const match = text.exec(value.trim())
    const unit = match?.[2] === undefined ? undefined : units[match[2]]
    if (match !== null && unit !== undefined) amount = Number(match[1]) * unit
  }
  if (amount === undefined || Number.isNaN(amount)) return undefined
  return Math.min(Math.max(0, Math.ceil(amount)), longest)
}
