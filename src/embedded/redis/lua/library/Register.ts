import type { RegisteredFunction } from "../LuaRuntime.ts"
import { LuaTable } from "../machine/LuaTable.ts"
import { toText } from "../machine/Types.ts"
import type { LuaFunction, LuaValue } from "../machine/Values.ts"
import type { Args } from "./Arguments.ts"
import { apiError } from "./Redis.ts"

const FLAGS: ReadonlySet<string> = new Set([
  "no-writes",
  "allow-oom",
  "allow-stale",
  "no-cluster",
  "allow-cross-slot-keys"
])
const CALL = "redis.register_function"

/** A function of a library with what is known about it. */
export interface Registration extends RegisteredFunction {
  readonly callback: LuaFunction
}

const flagsOf = (table: LuaTable): ReadonlyArray<string> => {
  const flags: Array<string> = []
  for (let at = 1; ; at++) {
    const value = table.at(at)
    if (value === undefined) return flags
    const flag = toText(value)?.toLowerCase()
    if (flag === undefined || !FLAGS.has(flag)) throw apiError("unknown flag given")
    flags.push(flag)
  }
}

const textOf = (name: string, value: LuaValue): string => {
  const text = toText(value)
  if (text === undefined) throw apiError(`${name} argument given to ${CALL} must be a string`)
  return text
}

const readNamed = (table: LuaValue): Registration => {
  if (!(table instanceof LuaTable)) {
    throw apiError(
      `calling ${CALL} with a single argument is only applicable to Lua table (representing named arguments).`
    )
  }
  let name: string | undefined
  let description: string | undefined
  let callback: LuaFunction | undefined
  let flags: ReadonlyArray<string> = []
  table.some((key, value) => {
    const field = toText(key)?.toLowerCase()
    if (field === undefined) throw apiError(`named argument key given to ${CALL} is not a string`)
    if (field === "function_name") name = textOf(field, value)
    else if (field === "description") description = textOf(field, value)
    else if (field === "callback") {
      if (typeof value !== "function") {
        throw apiError(`callback argument given to ${CALL} must be a function`)
      }
      callback = value
    } else if (field === "flags") {
      if (!(value instanceof LuaTable)) {
        throw apiError(`flags argument to ${CALL} must be a table representing function flags`)
      }
      flags = flagsOf(value)
    } else throw apiError(`unknown argument given to ${CALL}`)
    return false
  })
  if (name === undefined) throw apiError(`${CALL} must get a function name argument`)
  if (callback === undefined) throw apiError(`${CALL} must get a callback argument`)
  return { name, description, flags, callback }
}

/** Reads the arguments of `redis.register_function`. */
export const readRegistration = (args: Args): Registration => {
  if (args.length < 1 || args.length > 2) throw apiError(`wrong number of arguments to ${CALL}`)
  if (args.length === 1) return readNamed(args[0])
  const name = toText(args[0])
  const callback = args[1]
  if (name === undefined) throw apiError(`first argument to ${CALL} must be a string`)
  if (typeof callback !== "function") throw apiError(`second argument to ${CALL} must be a function`)
  return { name, description: undefined, flags: [], callback }
}
