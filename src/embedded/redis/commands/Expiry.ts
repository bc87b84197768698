import type { Client } from "../exec/Context.ts"
import { invalidExpire, NOT_INTEGER } from "../exec/Errors.ts"
import { INT64_MAX, INT64_MIN, parseInteger } from "../format/Integers.ts"

const MAX = Number(INT64_MAX)
/** Up to here the result is exact as a number. */
const LARGE = 2 ** 42

/** The deadline, in milliseconds since the epoch, of an expiry argument that must be positive (SET, GETEX, SETEX). */
export const positiveDeadline = (
  client: Client,
  text: string,
  unit: "s" | "ms",
  absolute: boolean,
  command: string
): number => {
  const value = parseInteger(text)
  if (value === undefined) throw NOT_INTEGER
  if (value <= 0) throw invalidExpire(command)
  return deadlineOf(client, value, unit, absolute, command)
}

/** The deadline of an expiry argument; throws if it does not fit. */
export const deadlineOf = (
  client: Client,
  value: number | bigint,
  unit: "s" | "ms",
  absolute: boolean,
  command: string
): number => {
  const from = absolute ? 0 : client.server.now
  const scale = unit === "s" ? 1000 : 1
  if (typeof value === "number" && Math.abs(value) < LARGE) return value * scale + from
  const scaled = BigInt(value) * BigInt(scale)
  const exact = scaled + BigInt(from)
  if (scaled < INT64_MIN || exact > INT64_MAX) throw invalidExpire(command)
  return Math.min(Number(exact), MAX)
}
