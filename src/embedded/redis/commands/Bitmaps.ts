import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import { StringBuffer } from "../types/StringBuffer.ts"
import { readString, textOf } from "./Access.ts"

const BAD_OFFSET = new ErrorReply("ERR bit offset is not an integer or out of range")
const BAD_BIT = new ErrorReply("ERR bit is not an integer or out of range")
const MOST_BITS = 8 * 512 * 1024 * 1024

const bitOffset = (text: string): number => {
  const offset = integer(text, BAD_OFFSET)
  if (offset < 0 || offset >= MOST_BITS) throw BAD_OFFSET
  return offset
}

const maskOf = (offset: number): number => 128 >> (offset % 8)

const setbit = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const offset = bitOffset(argument(args, 2))
  const bit = integer(argument(args, 3), BAD_BIT)
  if (bit !== 0 && bit !== 1) throw BAD_BIT
  const entry = client.db.findForWrite(key) ?? client.db.set(key, new StringBuffer(""))
  const buffer = entry.value instanceof StringBuffer ? entry.value : new StringBuffer(textOf(entry.value))
  entry.value = buffer
  const at = Math.floor(offset / 8)
  const before = buffer.byte(at)
  const mask = maskOf(offset)
  buffer.setByte(at, bit === 1 ? before | mask : before & ~mask)
  client.server.changed(client.db, key, NOTIFY.string, "setbit")
  return (before & mask) === 0 ? 0 : 1
}

const getbit = (client: Client, args: Arguments): Reply => {
  const offset = bitOffset(argument(args, 2))
  const value = client.db.find(argument(args, 1))?.value
  if (value === undefined) return 0
  const at = Math.floor(offset / 8)
  const byte = value instanceof StringBuffer ? value.byte(at) : textOf(value).charCodeAt(at)
  return (byte & maskOf(offset)) === 0 ? 0 : 1
}

const ones = (byte: number): number => {
  let count = 0
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++
  return count
}
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => ones(byte))

const bitcount = (client: Client, args: Arguments): Reply => {
  const text = readString(client, argument(args, 1))
  if (text === undefined) return 0
  if (args.length === 3 || args.length > 5) throw SYNTAX
  const unit = args.length === 5 ? argument(args, 4).toUpperCase() : "BYTE"
  if (unit !== "BYTE" && unit !== "BIT") throw SYNTAX
  const length = unit === "BIT" ? text.length * 8 : text.length
  let start = args.length > 3 ? integer(argument(args, 2)) : 0
  let end = args.length > 3 ? integer(argument(args, 3)) : length - 1
  if (start < 0 && end < 0 && start > end) return 0
  start = start < 0 ? Math.max(0, length + start) : start
  end = end < 0 ? Math.max(0, length + end) : Math.min(end, length - 1)
  if (start > end) return 0
  let count = 0
  if (unit === "BYTE") {
    for (let at = start; at <= end; at++) count += ONES[text.charCodeAt(at)] ?? 0
    return count
  }
  for (let at = start; at <= end; at++) if ((text.charCodeAt(at >> 3) & maskOf(at)) !== 0) count++
  return count
}

/** Commands on the bits of strings. */
export const BITMAPS: ReadonlyArray<CommandDefinition> = [
  {
    name: "setbit",
    arity: 4,
    flags: "write denyoom",
    keys: [1, 1, 1],
    since: "2.2.0",
    summary: "Sets or clears the bit at offset of the string value. Creates the key if it doesn't exist.",
    run: setbit
  },
  {
    name: "getbit",
    arity: 3,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "2.2.0",
    summary: "Returns a bit value by offset.",
    run: getbit
  },
  {
    name: "bitcount",
    arity: -2,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "2.6.0",
    complexity: "O(N)",
    summary: "Counts the number of set bits (population counting) in a string.",
    run: bitcount
  }
]
