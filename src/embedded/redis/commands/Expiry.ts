import type { Client } from "../exec/Context.ts"
import { invalidExpire, NOT_INTEGER } from "../exec/Errors.ts"
import { INT64_MAX, parseInteger } from "../format/Integers.ts"

const MAX = Number(INT64_MAX)

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
  const exact = BigInt(value) * (unit === "s" ? 1000n : 1n) + (absolute ? 0n : BigInt(client.server.now))
  if (exact > INT64_MAX || exact < -INT64_MAX) throw invalidExpire(command)
  const deadline = Number(exact)
  return Math.abs(deadline) > MAX ? MAX : deadline
}
