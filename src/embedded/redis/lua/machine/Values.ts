import type { LuaTable } from "./LuaTable.ts"

/** A function of Lua: compiled code, or a function of the libraries. */
export interface LuaFunction {
  (...args: ReadonlyArray<LuaValue>): LuaResult
  /** How a coroutine runs it; code that never mentions coroutines has none. */
  readonly steps?: (...args: ReadonlyArray<LuaValue>) => Steps
}

/** A function that is under way in a coroutine: it hands out what it yields and takes what it is resumed with. */
export type Steps = Generator<ReadonlyArray<LuaValue>, LuaResult, ReadonlyArray<LuaValue>>

/** A value that scripts can only pass around. */
export class LuaUserdata {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** `cjson.null`. */
export const NULL = new LuaUserdata("(nil)")

/** A coroutine. */
export class LuaThread {
  readonly body: LuaFunction
  state: "suspended" | "running" | "normal" | "dead" = "suspended"
  steps: Steps | undefined
  constructor(body: LuaFunction) {
    this.body = body
  }
}

/** A value of Lua. Strings are byte strings: one char code (0 to 255) is one byte. `nil` is undefined. */
export type LuaValue =
  | undefined
  | boolean
  | number
  | string
  | LuaTable
  | LuaFunction
  | LuaThread
  | LuaUserdata

/** What a function returns: one value as itself, any other number of them as an array. */
export type LuaResult = LuaValue | ReadonlyArray<LuaValue>

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
