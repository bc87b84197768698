import { type LuaResult, LuaUserdata, type LuaValue } from "./LuaTable.ts"

export {
  type LuaFunction,
  type LuaResult,
  LuaThread,
  LuaUserdata,
  type LuaValue,
  type Steps
} from "./LuaTable.ts"

/** `cjson.null`. */
export const NULL = new LuaUserdata("(nil)")

/** What a function returns that returns nothing. */
export const NOTHING: ReadonlyArray<LuaValue> = Object.freeze([])

/** An error of Lua, on its way to whoever catches it. */
export class LuaError {
  readonly value: LuaValue
  /** Where it arose, as `debug.getinfo` has it: the source and line of the nearest function. */
  readonly source: string | undefined
  readonly line: number
  constructor(value: LuaValue, source: string | undefined, line: number) {
    this.value = value
    this.source = source
    this.line = line
  }
}

/** The end of a script that must stop. No script can catch it. */
export class Stopped {
  readonly kind: "limit" | "out-of-memory"
  constructor(kind: "limit" | "out-of-memory") {
    this.kind = kind
  }
}

/** Whether a function returned any number of values but one. */
export const isMany = (result: LuaResult): result is ReadonlyArray<LuaValue> => Array.isArray(result)

/** The first of the values that a function returned. */
export const first = (result: LuaResult): LuaValue => (isMany(result) ? result[0] : result)

/** All values that a function returned. */
export const all = (result: LuaResult): ReadonlyArray<LuaValue> => (isMany(result) ? result : [result])
