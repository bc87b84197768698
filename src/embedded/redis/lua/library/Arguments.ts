import { argumentError } from "../machine/Errors.ts"
import { LuaTable } from "../machine/LuaTable.ts"
import { named } from "../machine/Positions.ts"
import { toNumber, toText, typeName } from "../machine/Types.ts"
import type { LuaFunction, LuaValue } from "../machine/Values.ts"

/** The arguments of a function; positions begin at 1. */
export type Args = ReadonlyArray<LuaValue>

/** A library as a table. */
export const library = (functions: Readonly<Record<string, LuaFunction>>): LuaTable => {
  const table = new LuaTable(0, Object.keys(functions).length)
  for (const [name, run] of Object.entries(functions)) table.set(name, named(name, run))
  return table
}

/** The error of an argument of another type. */
export const wrongType = (args: Args, position: number, expected: string): unknown => {
  const got = position > args.length ? "no value" : typeName(args[position - 1])
  return argumentError(position, `${expected} expected, got ${got}`)
}

/** Any value, which must be there. */
export const anyAt = (args: Args, position: number): LuaValue => {
  if (position > args.length) throw argumentError(position, "value expected")
  return args[position - 1]
}

export const tableAt = (args: Args, position: number): LuaTable => {
  const value = args[position - 1]
  if (value instanceof LuaTable) return value
  throw wrongType(args, position, "table")
}

export const functionAt = (args: Args, position: number): LuaFunction => {
  const value = args[position - 1]
  if (typeof value === "function") return value
  throw wrongType(args, position, "function")
}

/** A text; numbers count as one. */
export const textAt = (args: Args, position: number): string => {
  const value = args[position - 1]
  if (typeof value === "string") return value
  const text = toText(value)
  if (text === undefined) throw wrongType(args, position, "string")
  return text
}

export const optionalText = (args: Args, position: number, otherwise: string): string =>
  args[position - 1] === undefined ? otherwise : textAt(args, position)

/** A number; texts that stand for one count as it. */
export const numberAt = (args: Args, position: number): number => {
  const value = args[position - 1]
  if (typeof value === "number") return value
  const number = toNumber(value)
  if (number === undefined) throw wrongType(args, position, "number")
  return number
}

const LEAST = -(2 ** 63)

/** A number without its fraction; what does not fit into 64 bits is the least integer. */
export const toInteger = (value: number): number => {
  if (value >= -LEAST || value < LEAST || Number.isNaN(value)) return LEAST
  return Math.trunc(value) + 0
}

export const integerAt = (args: Args, position: number): number => toInteger(numberAt(args, position))

export const optionalInteger = (args: Args, position: number, otherwise: number): number =>
  args[position - 1] === undefined ? otherwise : integerAt(args, position)

/** The lower 32 bits of an integer. */
export const toInt32 = (value: number): number =>
  Number.isSafeInteger(value) ? value | 0 : Number(BigInt.asIntN(32, BigInt(value)))

/** A C `int`. */
export const intAt = (args: Args, position: number): number => toInt32(integerAt(args, position))

export const optionalInt = (args: Args, position: number, otherwise: number): number =>
  args[position - 1] === undefined ? otherwise : intAt(args, position)
