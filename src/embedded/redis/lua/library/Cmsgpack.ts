import { budget } from "../machine/Budget.ts"
import { argumentError, libraryError } from "../machine/Errors.ts"
import { LuaTable } from "../machine/LuaTable.ts"
import type { LuaResult, LuaValue } from "../machine/Values.ts"
import { type Args, integerAt, library, optionalInteger, textAt } from "./Arguments.ts"
import { setRaw } from "../machine/Operations.ts"

const DEEPEST = 16
const MOST_RESULTS = 7990

const view = Buffer.alloc(9)

const written = (type: number, size: number, write: () => void): string => {
  view[0] = type
  write()
  return view.toString("latin1", 0, size + 1)
}

/** A header with a length, in the shortest of its forms. */
const header = (
  length: number,
  forms: ReadonlyArray<readonly [most: number, type: number, size: number]>
): string => {
  for (const [most, type, size] of forms) {
    if (length > most) continue
    if (size === 0) return String.fromCharCode(type | length)
    return written(type, size, () => view.writeUIntBE(length, 1, size))
  }
  throw libraryError("too large for MessagePack")
}

const TEXT = [
  [31, 0xa0, 0],
  [0xff, 0xd9, 1],
  [0xffff, 0xda, 2],
  [0xffffffff, 0xdb, 4]
] as const
const LIST = [
  [15, 0x90, 0],
  [0xffff, 0xdc, 2],
  [0xffffffff, 0xdd, 4]
] as const
const MAP = [
  [15, 0x80, 0],
  [0xffff, 0xde, 2],
  [0xffffffff, 0xdf, 4]
] as const

const packInteger = (value: number): string => {
  if (value >= 0) {
    if (value <= 127) return String.fromCharCode(value)
    if (value <= 0xff) return written(0xcc, 1, () => view.writeUInt8(value, 1))
    if (value <= 0xffff) return written(0xcd, 2, () => view.writeUInt16BE(value, 1))
    if (value <= 0xffffffff) return written(0xce, 4, () => view.writeUInt32BE(value, 1))
    return written(0xcf, 8, () => view.writeBigUInt64BE(BigInt(value), 1))
  }
  if (value >= -32) return String.fromCharCode(value & 0xff)
  if (value >= -128) return written(0xd0, 1, () => view.writeInt8(value, 1))
  if (value >= -32768) return written(0xd1, 2, () => view.writeInt16BE(value, 1))
  if (value >= -2147483648) return written(0xd2, 4, () => view.writeInt32BE(value, 1))
  return written(0xd3, 8, () => view.writeBigInt64BE(BigInt(value), 1))
}

const packNumber = (value: number): string => {
  if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) return packInteger(value)
  if (Math.fround(value) === value) return written(0xca, 4, () => view.writeFloatBE(value, 1))
  return written(0xcb, 8, () => view.writeDoubleBE(value, 1))
}

/** Whether the keys of a table are the numbers from one on. */
const isList = (table: LuaTable): boolean => {
  let most = 0
  let count = 0
  const isOther = table.some((key) => {
    if (typeof key !== "number" || key <= 0 || !Number.isInteger(key) || key > 2 ** 31 - 1) return true
    most = Math.max(most, key)
    count++
    return false
  })
  return !isOther && most === count
}

const packTable = (table: LuaTable, depth: number): string => {
  if (isList(table)) {
    const { length } = table
    let out = header(length, LIST)
    for (let at = 1; at <= length; at++) out += packValue(table.at(at), depth + 1)
    return out
  }
  let count = 0
  let out = ""
  table.some((key, value) => {
    count++
    out += packValue(key, depth + 1) + packValue(value, depth + 1)
    return false
  })
  return header(count, MAP) + out
}

const packValue = (value: LuaValue, depth: number): string => {
  budget.spend(1)
  switch (typeof value) {
    case "string":
      budget.allocate(value.length)
      return header(value.length, TEXT) + value
    case "boolean":
      return value ? "\xc3" : "\xc2"
    case "number":
      return packNumber(value)
    default:
      return value instanceof LuaTable && depth !== DEEPEST ? packTable(value, depth) : "\xc0"
  }
}

const pack = (...args: Args): string => {
  if (args.length === 0) throw argumentError(0, "MessagePack pack needs input.")
  return args.map((value) => packValue(value, 0)).join("")
}

/** Reads values. */
class Unpacker {
  at: number
  private readonly text: string

  constructor(text: string, at: number) {
    this.text = text
    this.at = at
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length
  }

  private take(size: number): string {
    if (this.text.length - this.at < size) throw libraryError("Missing bytes in input.")
    const taken = this.text.slice(this.at, this.at + size)
    this.at += size
    return taken
  }

  private bytes(size: number): Buffer {
    return Buffer.from(this.take(size), "latin1")
  }

  private list(length: number): LuaTable {
    const table = new LuaTable()
    for (let at = 1; at <= length; at++) table.set(at, this.value())
    return table
  }

  private map(length: number): LuaTable {
    const table = new LuaTable()
    for (let at = 0; at < length; at++) {
      const key = this.value()
      setRaw(table, key, this.value())
    }
    return table
  }

  value(): LuaValue {
    budget.spend(1)
    const type = this.take(1).charCodeAt(0)
    if (type < 0x80) return type
    if (type >= 0xe0) return type - 256
    if (type < 0x90) return this.map(type & 15)
    if (type < 0xa0) return this.list(type & 15)
    if (type < 0xc0) return this.take(type & 31)
    return this.long(type)
  }

  private long(type: number): LuaValue {
    switch (type) {
      case 0xc0:
        return undefined
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xca:
        return this.bytes(4).readFloatBE()
      case 0xcb:
        return this.bytes(8).readDoubleBE()
      case 0xcc:
      case 0xcd:
      case 0xce: {
        const size = 1 << (type - 0xcc)
        return this.bytes(size).readUIntBE(0, size)
      }
      case 0xcf:
        // An integer of Lua has 64 bits with a sign.
        return Number(this.bytes(8).readBigUInt64BE())
      case 0xd0:
      case 0xd1:
      case 0xd2: {
        const size = 1 << (type - 0xd0)
        return this.bytes(size).readIntBE(0, size)
      }
      case 0xd3:
        return Number(this.bytes(8).readBigInt64BE())
      case 0xd9:
      case 0xda:
      case 0xdb: {
        const size = 1 << (type - 0xd9)
        return this.take(this.bytes(size).readUIntBE(0, size))
      }
      case 0xdc:
      case 0xdd: {
        const size = 2 << (type - 0xdc)
        return this.list(this.bytes(size).readUIntBE(0, size))
      }
      case 0xde:
      case 0xdf: {
        const size = 2 << (type - 0xde)
        return this.map(this.bytes(size).readUIntBE(0, size))
      }
      default:
        throw libraryError("Bad data format in input.")
    }
  }
}

const unpackSome = (text: string, limit: number, offset: number): LuaResult => {
  if (offset < 0 || limit < 0) {
    throw libraryError(`Invalid request to unpack with offset of ${offset} and limit of ${text.length}.`)
  }
  if (offset > text.length) {
    throw libraryError(`Start offset ${offset} greater than input length ${text.length}.`)
  }
  const isWhole = limit === 0 && offset === 0
  const unpacker = new Unpacker(text, offset)
  const values: Array<LuaValue> = []
  const most = isWhole ? Infinity : limit
  while (!unpacker.isAtEnd && values.length < most) {
    if (values.length > MOST_RESULTS) {
      throw libraryError(
        "stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)"
      )
    }
    values.push(unpacker.value())
  }
  return isWhole ? values : [unpacker.isAtEnd ? -1 : unpacker.at, ...values]
}

/** The library `cmsgpack`. */
export const CMSGPACK_LIBRARY = library({
  pack,
  unpack: (...args) => unpackSome(textAt(args, 1), 0, 0),
  unpack_one: (...args) => {
    const offset = optionalInteger(args, 2, 0)
    return unpackSome(textAt(args, 1), 1, offset)
  },
  unpack_limit: (...args) => {
    const limit = integerAt(args, 2)
    const offset = optionalInteger(args, 3, 0)
    return unpackSome(textAt(args, 1), limit, offset)
  }
})
CMSGPACK_LIBRARY.set("_NAME", "cmsgpack")
CMSGPACK_LIBRARY.set("_VERSION", "lua-cmsgpack 0.4.0")
CMSGPACK_LIBRARY.set("_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo")
CMSGPACK_LIBRARY.set("_DESCRIPTION", "MessagePack C implementation for Lua")
