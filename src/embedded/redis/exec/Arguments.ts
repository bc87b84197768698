import { parseDouble } from "../format/Doubles.ts"
import { parseInteger } from "../format/Integers.ts"
import type { ErrorReply } from "../resp/Reply.ts"
import { NOT_FLOAT, NOT_INTEGER } from "./Errors.ts"

/** The arguments of a command; the first is its name. */
export type Arguments = ReadonlyArray<string>

/** An argument that must be there: the arity has been checked. */
export const argument = (args: Arguments, index: number): string => args[index] ?? ""

/** A 64-bit integer argument, exact only within 2^53: enough for indexes and counts. */
export const integer = (text: string, error: ErrorReply = NOT_INTEGER): number => {
  const value = parseInteger(text)
  if (value === undefined) throw error
  return Number(value)
}

/** A 64-bit integer argument, exact. */
export const exactInteger = (text: string): number | bigint => {
  const value = parseInteger(text)
  if (value === undefined) throw NOT_INTEGER
  return value
}

/** A floating point argument. */
export const float = (text: string, error: ErrorReply = NOT_FLOAT): number => {
  const value = parseDouble(text)
  if (value === undefined) throw error
  return value
}
