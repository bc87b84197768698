import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { parseInteger } from "../format/Integers.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import { StringBuffer } from "../types/StringBuffer.ts"
import { bufferOf, bytesOf, textOf } from "./Access.ts"

const BAD_OFFSET = new ErrorReply("ERR bit offset is not an integer or out of range")
const BAD_BIT = new ErrorReply("ERR bit is not an integer or out of range")
const MOST_BITS = 8 * 512 * 1024 * 1024

/** A bit offset; with `width`, `#n` means the n-th field of that width. */
export const bitOffset = (text: string, width = 0): number => {
  const hash = width > 0 && text.startsWith("#")
  const parsed = parseInteger(hash ? text.slice(1) : text)
  if (parsed === undefined) throw BAD_OFFSET
  const offset = hash ? Number(BigInt.asIntN(64, BigInt(parsed) * BigInt(width))) : Number(parsed)
  if (offset < 0 || offset >= MOST_BITS) throw BAD_OFFSET
  return offset
}

/** The string under a key, long enough to hold a bit; whether it was created or has grown. */
export const bufferForBit = (
  client: Client,
  key: string,
  highest: number
): { readonly buffer: StringBuffer; readonly grown: boolean } => {
  const entry = client.db.findForWrite(key)
  const buffer = bufferOf(entry ?? client.db.set(key, new StringBuffer("")))
  const length = Math.floor(highest / 8) + 1
  const grown = buffer.length < length
  if (grown) buffer.edit(length, length)
  return { buffer, grown }
}

const maskOf = (offset: number): number => 128 >> (offset % 8)

const setbit = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const offset = bitOffset(argument(args, 2))
  const bit = integer(argument(args, 3), BAD_BIT)
  if (bit !== 0 && bit !== 1) throw BAD_BIT
  const { buffer, grown } = bufferForBit(client, key, offset)
  const at = Math.floor(offset / 8)
  const byte = buffer.byte(at)
  const mask = maskOf(offset)
  const before = (byte & mask) === 0 ? 0 : 1
  if (grown || before !== bit) {
    buffer.setByte(at, bit === 1 ? byte | mask : byte & ~mask)
    client.server.changed(client.db, key, NOTIFY.string, "setbit")
  }
  return before
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

/** A range of bits: from `first` to `last`, both included. It is empty if `first` is greater. */
interface BitRange {
  readonly first: number
  readonly last: number
}

const unitIsBit = (text: string): boolean => {
  const unit = text.toUpperCase()
  if (unit !== "BYTE" && unit !== "BIT") throw SYNTAX
  return unit === "BIT"
}

/** Negative indexes count from the end; the range is cut to the string. */
const bitRange = (start: number, end: number, bits: boolean, bytes: number): BitRange => {
  const length = bits ? bytes * 8 : bytes
  const first = start < 0 ? Math.max(0, length + start) : start
  const last = Math.min(end < 0 ? Math.max(0, length + end) : end, length - 1)
  return bits ? { first, last } : { first: first * 8, last: last * 8 + 7 }
}

/** The bits of a byte that lie within a range. */
const maskWithin = (byte: number, range: BitRange): number => {
  const low = Math.max(0, range.first - byte * 8)
  const high = Math.min(7, range.last - byte * 8)
  return (255 >> low) & (255 << (7 - high)) & 255
}

const bitcount = (client: Client, args: Arguments): Reply => {
  const value = client.db.find(argument(args, 1))?.value
  if (value === undefined) return 0
  const bytes = bytesOf(value)
  if (args.length === 3 || args.length > 5) throw SYNTAX
  let range: BitRange = { first: 0, last: bytes.length * 8 - 1 }
  if (args.length > 3) {
    const start = integer(argument(args, 2))
    const end = integer(argument(args, 3))
    if (start < 0 && end < 0 && start > end) return 0
    range = bitRange(start, end, args.length === 5 && unitIsBit(argument(args, 4)), bytes.length)
  }
  if (range.first > range.last) return 0
  const from = Math.floor(range.first / 8)
  const to = Math.floor(range.last / 8)
  const at = (index: number): number => ONES[(bytes[index] ?? 0) & maskWithin(index, range)] ?? 0
  if (from === to) return at(from)
  let count = at(from) + at(to)
  for (let index = from + 1; index < to; index++) count += ONES[bytes[index] ?? 0] ?? 0
  return count
}

const bitpos = (client: Client, args: Arguments): Reply => {
  const bit = integer(argument(args, 2))
  if (bit !== 0 && bit !== 1) throw new ErrorReply("ERR The bit argument must be 1 or 0.")
  const value = client.db.find(argument(args, 1))?.value
  if (value === undefined) return bit === 1 ? -1 : 0
  const bytes = bytesOf(value)
  if (args.length > 6) throw SYNTAX
  let range: BitRange = { first: 0, last: bytes.length * 8 - 1 }
  if (args.length > 3) {
    const start = integer(argument(args, 3))
    const bits = args.length === 6 && unitIsBit(argument(args, 5))
    const end = args.length > 4 ? integer(argument(args, 4)) : -1
    range = bitRange(start, end, bits, bytes.length)
  }
  if (range.first > range.last) return -1
  const uniform = bit === 1 ? 0 : 255
  const to = Math.floor(range.last / 8)
  for (let index = Math.floor(range.first / 8); index <= to; index++) {
    const byte = bytes[index] ?? 0
    if (byte === uniform) continue
    const found = (bit === 1 ? byte : byte ^ 255) & maskWithin(index, range)
    if (found !== 0) return index * 8 + Math.clz32(found) - 24
  }
  // The string is followed by zeros unless the end of the range was given.
  return bit === 0 && args.length < 5 ? range.last + 1 : -1
}

type Operation = "AND" | "OR" | "XOR" | "NOT"

const operationOf = (text: string): Operation => {
  const name = text.toUpperCase()
  if (name === "AND" || name === "OR" || name === "XOR" || name === "NOT") return name
  throw SYNTAX
}

const combine = (operation: Operation, sources: ReadonlyArray<Buffer>): Buffer => {
  const length = Math.max(0, ...sources.map((source) => source.length))
  const out = Buffer.alloc(length)
  const [first = out, ...others] = sources
  out.set(first)
  if (operation === "NOT") for (let at = 0; at < length; at++) out[at] = ~(out[at] ?? 0)
  for (const source of others) {
    const shared = source.length
    if (operation === "AND") {
      for (let at = 0; at < shared; at++) out[at] = (out[at] ?? 0) & (source[at] ?? 0)
      out.fill(0, shared)
    } else if (operation === "OR") {
      for (let at = 0; at < shared; at++) out[at] = (out[at] ?? 0) | (source[at] ?? 0)
    } else for (let at = 0; at < shared; at++) out[at] = (out[at] ?? 0) ^ (source[at] ?? 0)
  }
  return out
}

const bitop = (client: Client, args: Arguments): Reply => {
  const operation = operationOf(argument(args, 1))
  const target = argument(args, 2)
  if (operation === "NOT" && args.length !== 4) {
    throw new ErrorReply("ERR BITOP NOT must be called with a single source key.")
  }
  const result = combine(
    operation,
    args.slice(3).map((key) => {
      const value = client.db.find(key)?.value
      return value === undefined ? Buffer.alloc(0) : bytesOf(value)
    })
  )
  if (result.length > 0) {
    client.db.set(target, StringBuffer.of(result))
    client.server.changed(client.db, target, NOTIFY.string, "set")
  } else if (client.db.delete(target)) client.server.changed(client.db, target, NOTIFY.generic, "del")
  return result.length
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
  },
  {
    name: "bitpos",
    arity: -3,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "2.8.7",
    complexity: "O(N)",
    summary: "Finds the first set (1) or clear (0) bit in a string.",
    run: bitpos
  },
  {
    name: "bitop",
    arity: -4,
    flags: "write denyoom",
    keys: [2, -1, 1],
    since: "2.6.0",
    complexity: "O(N)",
    summary: "Performs bitwise operations on multiple strings, and stores the result.",
    run: bitop
  }
]
