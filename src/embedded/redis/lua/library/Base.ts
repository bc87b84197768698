import { getHeapStatistics } from "node:v8"
import { budget } from "../machine/Budget.ts"
import { caught } from "../machine/Caught.ts"
import { asStep } from "../machine/Cursors.ts"
import { argumentError, libraryError, operationError, raised, raisedAt } from "../machine/Errors.ts"
import { LuaTable } from "../machine/LuaTable.ts"
import { call, metaOf, metatableOf, setRaw } from "../machine/Operations.ts"
import { named } from "../machine/Positions.ts"
import { parseNumber, plainText, toNumber, toText, typeName } from "../machine/Types.ts"
import { all, first, type LuaFunction, type LuaResult, type LuaValue, NOTHING } from "../machine/Values.ts"
import {
  type Args,
  anyAt,
  functionAt,
  intAt,
  optionalInt,
  optionalText,
  tableAt,
  textAt
} from "./Arguments.ts"

/** More values than this a function cannot return. */
const MOST_VALUES = 8000

const next = (...args: Args): LuaResult => {
  const table = tableAt(args, 1)
  const position = table.positionOf(args[1])
  if (position === undefined) throw operationError("invalid key to 'next'")
  const following = table.after(position)
  return following === undefined ? undefined : [table.keyAt(following), table.valueAt(following)]
}

const nextOfList = (...args: Args): LuaResult => {
  const at = intAt(args, 2) + 1
  const value = tableAt(args, 1).at(at)
  return value === undefined ? NOTHING : [at, value]
}

const pcall = (...args: Args): LuaResult => {
  try {
    return [true, ...all(call(args[0], ...args.slice(1)))]
  } catch (problem) {
    const { value } = caught(problem)
    // Redis hands on the text of an error table.
    const text = value instanceof LuaTable ? value.get("err") : undefined
    return [false, toText(text) === undefined ? value : text]
  }
}

const xpcall = (...args: Args): LuaResult => {
  const handler = anyAt(args, 2)
  try {
    return [true, ...all(call(args[0]))]
  } catch (problem) {
    const { value } = caught(problem)
    if (typeof handler !== "function") return [false, value]
    try {
      return [false, all(handler(value))[0]]
    } catch (second) {
      return [false, caught(second).value]
    }
  }
}

const error = (...args: Args): never => {
  const [value] = args
  const level = optionalInt(args, 2, 1)
  const text = toText(value)
  throw text === undefined || level <= 0 ? raised(value) : raisedAt(text, level)
}

const tostring = (...args: Args): LuaResult => {
  const value = anyAt(args, 1)
  const handler = metaOf(value, "__tostring")
  if (handler === undefined) return plainText(value)
  return first(call(handler, value))
}

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

/** A number of another base, as C's `strtoul` reads it. */
const parseUnsigned = (text: string, base: number): number | undefined => {
  const prefix = base === 16 ? "(?:0x(?=[\\da-f]))?" : ""
  const pattern = new RegExp(`^\\s*([-+]?)${prefix}([${DIGITS.slice(0, base)}]+)\\s*$`, "i")
  const found = pattern.exec(text)
  if (found === null) return undefined
  let value = 0n
  for (const digit of (found[2] ?? "").toLowerCase())
    value = value * BigInt(base) + BigInt(DIGITS.indexOf(digit))
  if (value >= 2n ** 64n) return Number(2n ** 64n - 1n)
  return Number(found[1] === "-" ? BigInt.asUintN(64, -value) : value)
}

const tonumber = (...args: Args): LuaValue => {
  const base = optionalInt(args, 2, 10)
  if (base === 10) {
    const value = anyAt(args, 1)
    return typeof value === "string" ? parseNumber(value) : toNumber(value)
  }
  const text = textAt(args, 1)
  if (base < 2 || base > 36) throw argumentError(2, "base out of range")
  return parseUnsigned(text, base)
}

const unpack = (...args: Args): LuaResult => {
  const table = tableAt(args, 1)
  const from = optionalInt(args, 2, 1)
  const to = args[2] === undefined ? table.length : intAt(args, 3)
  if (from > to) return NOTHING
  const count = to - from + 1
  if (count + args.length > MOST_VALUES) throw libraryError("too many results to unpack")
  budget.spend(count)
  const values: Array<LuaValue> = []
  for (let at = from; at <= to; at++) values.push(table.at(at))
  return values
}

const select = (...args: Args): LuaResult => {
  if (args[0] === "#") return args.length - 1
  const given = intAt(args, 1)
  const position = given < 0 ? args.length + given : Math.min(given, args.length)
  if (position < 1) throw argumentError(1, "index out of range")
  return args.slice(position)
}

const setmetatable = (...args: Args): LuaValue => {
  const table = tableAt(args, 1)
  const metatable = args[1]
  if (args.length < 2 || (metatable !== undefined && !(metatable instanceof LuaTable))) {
    throw argumentError(2, "nil or table expected")
  }
  if (table.metatable?.get("__metatable") !== undefined)
    throw libraryError("cannot change a protected metatable")
  if (table.isReadonly) throw operationError("Attempt to modify a readonly table")
  table.metatable = metatable
  return table
}

const getmetatable = (...args: Args): LuaValue => {
  const metatable = metatableOf(anyAt(args, 1))
  return metatable?.get("__metatable") ?? metatable
}

const kilobytes = (): number => getHeapStatistics().used_heap_size / 1024

const COLLECTING: ReadonlySet<string> = new Set([
  "stop",
  "restart",
  "collect",
  "count",
  "step",
  "setpause",
  "setstepmul"
])

const collectgarbage = (...args: Args): LuaValue => {
  const option = optionalText(args, 1, "collect")
  if (!COLLECTING.has(option)) throw argumentError(1, `invalid option '${option}'`)
  optionalInt(args, 2, 0)
  if (option === "count") return kilobytes()
  if (option === "step") return true
  return option.startsWith("set") ? 200 : 0
}

const pairsStep = asStep("pairs", named("next", next))
const ipairsStep = asStep("ipairs", named("ipairsaux", nextOfList))

/** Compiles a text; a text as the result is the message of a syntax error. */
export type Compiler = (source: string, name: string) => LuaFunction | string

const compiled = (result: LuaFunction | string): LuaResult =>
  typeof result === "string" ? [undefined, result] : result

/** Reads the parts of a source from a function. */
const readParts = (read: LuaFunction): string => {
  let source = ""
  for (;;) {
    const part = all(read())[0]
    if (part === undefined || part === "") return source
    const text = toText(part)
    if (text === undefined) throw libraryError("reader function must return a string")
    source += text
  }
}

/** The functions that have no library. */
export const baseFunctions = (compile: Compiler): Readonly<Record<string, LuaFunction>> => ({
  assert: (...args) => {
    const value = anyAt(args, 1)
    if (value !== undefined && value !== false) return args
    throw libraryError(optionalText(args, 2, "assertion failed!"))
  },
  collectgarbage,
  error,
  gcinfo: () => Math.trunc(kilobytes()),
  getmetatable,
  ipairs: (...args) => [ipairsStep, tableAt(args, 1), 0],
  load: (...args) => {
    const read = functionAt(args, 1)
    const name = optionalText(args, 2, "=(load)")
    let source: string
    try {
      source = readParts(read)
    } catch (problem) {
      return [undefined, caught(problem).value]
    }
    return compiled(compile(source, name))
  },
  loadstring: (...args) => {
    const source = textAt(args, 1)
    return compiled(compile(source, optionalText(args, 2, source)))
  },
  next: pairsStep,
  pairs: (...args) => [pairsStep, tableAt(args, 1), undefined],
  pcall,
  rawequal: (...args) => anyAt(args, 1) === anyAt(args, 2),
  rawget: (...args) => {
    const table = tableAt(args, 1)
    return table.get(anyAt(args, 2))
  },
  rawset: (...args) => {
    const table = tableAt(args, 1)
    setRaw(table, anyAt(args, 2), anyAt(args, 3))
    return table
  },
  select,
  setmetatable,
  tonumber,
  tostring,
  type: (...args) => typeName(anyAt(args, 1)),
  unpack,
  xpcall
})
