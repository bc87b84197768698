import { formatDouble } from "../format/Doubles.ts"
import {
  BigNumberReply,
  DoubleReply,
  ErrorReply,
  MapReply,
  NULL_ARRAY,
  PushReply,
  type Reply,
  Sequence,
  SetReply,
  Status,
  VerbatimReply
} from "../resp/Reply.ts"
import { LuaTable } from "./machine/LuaTable.ts"
import type { LuaValue } from "./machine/Values.ts"

/** Tables nested deeper than this come from a table that contains itself. */
const DEEPEST_REPLY = 500
const NESTED = new ErrorReply("ERR reached lua stack limit")
const LEAST_INTEGER = -(2n ** 63n)

const isList = (reply: Reply): reply is ReadonlyArray<Reply> => Array.isArray(reply)

const record = (name: string, value: LuaValue): LuaTable => {
  const table = new LuaTable(0, 1)
  table.set(name, value)
  return table
}

/** An error as scripts see it: its text begins with a code. */
export const errorTable = (text: string): LuaTable => record("err", text.includes(" ") ? text : `ERR ${text}`)

const listOf = (items: ReadonlyArray<Reply>, resp3: boolean): LuaTable => {
  const values: Array<LuaValue> = []
  for (const item of items) values.push(toLua(item, resp3))
  return LuaTable.grown(values)
}

/** A reply as Lua gets it: in the shapes of RESP2, or of RESP3 after `redis.setresp(3)`. */
export const toLua = (reply: Reply, resp3: boolean): LuaValue => {
  if (typeof reply === "string" || typeof reply === "number") return reply
  if (isList(reply)) return listOf(reply, resp3)
  if (typeof reply === "bigint") return Number(reply)
  if (reply === null || reply === undefined || reply === NULL_ARRAY) return resp3 ? undefined : false
  if (typeof reply === "boolean") return resp3 ? reply : reply ? 1 : 0
  if (reply instanceof Status) return record("ok", reply.text)
  if (reply instanceof ErrorReply) return errorTable(reply.text)
  if (reply instanceof DoubleReply) {
    return resp3 ? record("double", reply.value) : (reply.text ?? formatDouble(reply.value))
  }
  if (reply instanceof MapReply) {
    if (!resp3) return listOf(reply.entries, resp3)
    const map = new LuaTable()
    for (let at = 0; at < reply.entries.length; at += 2) {
      map.set(toLua(reply.entries[at], resp3), toLua(reply.entries[at + 1], resp3))
    }
    return record("map", map)
  }
  if (reply instanceof SetReply) {
    if (!resp3) return listOf(reply.items, resp3)
    const set = new LuaTable()
    for (const item of reply.items) set.set(toLua(item, resp3), true)
    return record("set", set)
  }
  if (reply instanceof VerbatimReply) {
    if (!resp3) return reply.text
    const text = new LuaTable()
    text.set("format", reply.format)
    text.set("string", reply.text)
    return record("verbatim_string", text)
  }
  if (reply instanceof BigNumberReply) return resp3 ? record("big_number", reply.digits) : reply.digits
  if (reply instanceof PushReply) return listOf(reply.items, resp3)
  // Attributes and pushes come before what is answered; scripts do not see them.
  if (reply instanceof Sequence) return toLua(reply.replies.at(-1) ?? null, resp3)
  // An attribute alone answers nothing.
  return resp3 ? undefined : false
}

const upToZero = (text: string): string => {
  const end = text.indexOf("\0")
  return end === -1 ? text : text.slice(0, end)
}

const oneLine = (text: string): string => text.replace(/[\r\n]/g, " ")

/** The text of an error reply. */
export const errorText = (text: string): string => oneLine(upToZero(text).replace(/[\r\n]+$/, ""))

const integer = (value: number): Reply => {
  if (Number.isSafeInteger(value)) return value
  if (Number.isNaN(value) || Math.abs(value) >= 2 ** 63) return LEAST_INTEGER
  const whole = Math.trunc(value)
  return Number.isSafeInteger(whole) ? whole + 0 : BigInt(whole)
}

/** What a script returned, as a reply. Booleans are 1 and null unless the script has called `redis.setresp(3)`. */
export const fromLua = (value: LuaValue, resp3: boolean, depth = 0): Reply => {
  switch (typeof value) {
    case "string":
      return value
    case "number":
      return integer(value)
    case "boolean":
      return resp3 ? value : value ? 1 : null
    case "undefined":
    case "function":
      return null
    default:
      return value instanceof LuaTable ? fromTable(value, resp3, depth) : null
  }
}

const fromTable = (table: LuaTable, resp3: boolean, depth: number): Reply => {
  if (depth > DEEPEST_REPLY) throw NESTED
  return (table.hasHashPart ? fromFields(table, resp3, depth) : undefined) ?? fromList(table, resp3, depth)
}

const fromList = (table: LuaTable, resp3: boolean, depth: number): Reply => {
  const items: Array<Reply> = []
  for (let at = 1; ; at++) {
    const item = table.at(at)
    if (item === undefined) return items
    items.push(fromLua(item, resp3, depth + 1))
  }
}

/** What a table means that has one of the fields that stand for a kind of reply; the first of them counts. */
const fromFields = (table: LuaTable, resp3: boolean, depth: number): Reply => {
  const error = table.get("err")
  if (typeof error === "string") return new ErrorReply(errorText(error))
  const status = table.get("ok")
  if (typeof status === "string") return new Status(oneLine(upToZero(status)))
  const double = table.get("double")
  if (typeof double === "number") return new DoubleReply(double)
  const bigNumber = table.get("big_number")
  if (typeof bigNumber === "string") return new BigNumberReply(oneLine(bigNumber))
  const verbatim = table.get("verbatim_string")
  if (verbatim instanceof LuaTable) {
    const format = verbatim.get("format")
    const text = verbatim.get("string")
    if (typeof format === "string" && typeof text === "string") return new VerbatimReply(text, format)
  }
  const map = table.get("map")
  if (map instanceof LuaTable) {
    const entries: Array<Reply> = []
    map.some((key, item) => {
      entries.push(fromLua(key, resp3, depth + 1), fromLua(item, resp3, depth + 1))
      return false
    })
    return new MapReply(entries)
  }
  const set = table.get("set")
  if (set instanceof LuaTable) {
    const items: Array<Reply> = []
    set.some((key) => {
      items.push(fromLua(key, resp3, depth + 1))
      return false
    })
    return new SetReply(items)
  }
  return undefined
}
