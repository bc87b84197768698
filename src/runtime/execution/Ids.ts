/** The ids of executions: sortable by time, or derived from an idempotency key. */
import { createHash, randomBytes } from "node:crypto"

/** Crockford's base 32, in lower case: sorts like the numbers that it stands for. */
const digits = "0123456789abcdefghjkmnpqrstvwxyz"

const timeText = (time: number): string => {
  let text = ""
  for (let rest = time, i = 0; i < 10; i++) {
    text = `${digits[rest % 32] ?? "0"}${text}`
    rest = Math.floor(rest / 32)
  }
  return text
}

const bytesText = (bytes: Uint8Array, length: number): string => {
  let text = ""
  for (let i = 0; i < length; i++) text += digits[(bytes[i] ?? 0) % 32] ?? "0"
  return text
}

/**
 * A new execution id: 26 characters, of which the first 10 are the time in milliseconds.
 *
 * @param now milliseconds since the epoch
 *
 * @example
 * ```ts
 * import { newExecutionId } from "./Ids.ts"
 *
 * newExecutionId(0) < newExecutionId(1) // => true
 * ```
 */
export const newExecutionId = (now: number): string => `${timeText(now)}${bytesText(randomBytes(16), 16)}`

/** The id that every start of a workflow with this idempotency key has. */
export const keyedExecutionId = (workflow: string, key: string): string =>
  `key-${bytesText(
    createHash("sha256")
      .update(JSON.stringify([workflow, key]))
      .digest(),
    26
  )}`
