import { budget } from "../machine/Budget.ts"
import { argumentError, libraryError } from "../machine/Errors.ts"
import { toNumber } from "../machine/Types.ts"
import type { LuaResult, LuaValue } from "../machine/Values.ts"
import { type Args, library, numberAt, optionalInteger, textAt, toInteger } from "./Arguments.ts"
import { patternOf } from "./Patterns.ts"

const MOST_BYTES = 32
const MOST_INT = 2 ** 31 - 1
const MOST_VALUES = 7990
const INTEGERS = "bBhHlLTiI"

/** Reads the options of a format one by one. */
class Options {
  isLittle = true
  /** The option that was read last, and the bytes of its value. */
  option = ""
  size = 0
  private alignment = 1
  private at = 0
  private readonly format: string

  constructor(format: string) {
    this.format = patternOf(format)
  }

  /** Reads the next option; returns the bytes to skip before its value, or `undefined` at the end. */
  next(position: number): number | undefined {
    const option = this.format[this.at]
    if (option === undefined) return undefined
    this.at++
    this.option = option
    this.size = this.sizeOf(option)
    if (this.size === 0 || option === "c") return 0
    const unit = Math.min(this.size, this.alignment)
    return (unit - (position & (unit - 1))) & (unit - 1)
  }

  private number(otherwise: number): number {
    const digits = /^\d+/.exec(this.format.slice(this.at))?.[0]
    if (digits === undefined) return otherwise
    if (Number(digits) > MOST_INT) throw libraryError("integral size overflow")
    this.at += digits.length
    return Number(digits)
  }

  private sizeOf(option: string): number {
    switch (option) {
      case "b":
      case "B":
      case "x":
        return 1
      case "h":
      case "H":
        return 2
      case "f":
        return 4
      case "l":
      case "L":
      case "T":
      case "d":
        return 8
      case "c":
        return this.number(1)
      case "i":
      case "I": {
        const size = this.number(4)
        if (size > MOST_BYTES) {
          throw libraryError(`integral size ${size} is larger than limit of ${MOST_BYTES}`)
        }
        return size
      }
      default:
        return 0
    }
  }

  /** Follows an option that has no value. */
  control(): void {
    switch (this.option) {
      case " ":
        return
      case ">":
        this.isLittle = false
        return
      case "<":
        this.isLittle = true
        return
      case "!": {
        const alignment = this.number(8)
        if (alignment <= 0 || (alignment & (alignment - 1)) !== 0) {
          throw libraryError(`alignment ${alignment} is not a power of 2`)
        }
        this.alignment = alignment
        return
      }
      default:
        throw argumentError(1, `invalid format option '${this.option}'`)
    }
  }
}

const ordered = (bytes: Buffer, isLittle: boolean): string =>
  (isLittle ? bytes : Buffer.from(bytes.toReversed())).toString("latin1")

const writeInteger = (value: number, size: number, isLittle: boolean): string => {
  const bytes = Buffer.alloc(Math.max(size, 8))
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value < 2 ** 63 ? toInteger(value) : unsigned(value))))
  return ordered(bytes.subarray(0, size), isLittle)
}

/** A number above all signed ones, as C casts it. */
const unsigned = (value: number): number => (value < 2 ** 64 ? Math.trunc(value) : 0)

const writeFloat = (value: number, size: number, isLittle: boolean): string => {
  const bytes = Buffer.alloc(size)
  if (size === 4) bytes.writeFloatLE(value)
  else bytes.writeDoubleLE(value)
  return ordered(bytes, isLittle)
}

const pack = (...given: Args): string => {
  const options = new Options(textAt(given, 1))
  // A mark behind the arguments counts as one.
  const args = [...given, undefined]
  let out = ""
  let argument = 2
  for (let skip = options.next(0); skip !== undefined; skip = options.next(out.length)) {
    const { option, size, isLittle } = options
    out += "\0".repeat(skip)
    if (INTEGERS.includes(option)) out += writeInteger(numberAt(args, argument++), size, isLittle)
    else if (option === "x") out += "\0"
    else if (option === "f" || option === "d") out += writeFloat(numberAt(args, argument++), size, isLittle)
    else if (option === "c" || option === "s") {
      const text = textAt(args, argument++)
      if (text.length < size) throw argumentError(argument, "string too short")
      out += size === 0 ? text : text.slice(0, size)
      if (option === "s") out += "\0"
      budget.allocate(text.length)
    } else options.control()
  }
  return out
}

const readInteger = (bytes: Buffer, isLittle: boolean, isSigned: boolean): number => {
  let value = 0n
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[isLittle ? bytes.length - 1 - at : at] ?? 0
    value = BigInt.asUintN(64, (value << 8n) | BigInt(byte))
  }
  return Number(isSigned ? BigInt.asIntN(Math.min(bytes.length * 8, 64), value) : value)
}

const readFloat = (bytes: Buffer, isLittle: boolean): number => {
  if (bytes.length === 4) return isLittle ? bytes.readFloatLE() : bytes.readFloatBE()
  return isLittle ? bytes.readDoubleLE() : bytes.readDoubleBE()
}

const unpack = (...args: Args): LuaResult => {
  const options = new Options(textAt(args, 1))
  const data = textAt(args, 2)
  let position = optionalInteger(args, 3, 1)
  if (position === 0) throw argumentError(3, "offset must be 1 or greater")
  // A negative one is a very large one.
  if (position < 0) position = Number.MAX_SAFE_INTEGER
  position--
  const values: Array<LuaValue> = []
  const need = (size: number): void => {
    if (size > data.length || position > data.length - size) throw argumentError(2, "data string too short")
  }
  for (let skip = options.next(position); skip !== undefined; skip = options.next(position)) {
    const { option, isLittle } = options
    let { size } = options
    position += skip
    need(size)
    if (values.length > MOST_VALUES) throw libraryError("stack overflow (too many results)")
    const bytes = (): Buffer => Buffer.from(data.slice(position, position + size), "latin1")
    if (INTEGERS.includes(option)) {
      values.push(readInteger(bytes(), isLittle, option === option.toLowerCase()))
    } else if (option === "f" || option === "d") values.push(readFloat(bytes(), isLittle))
    else if (option === "c") {
      if (size === 0) {
        const before = toNumber(values.pop())
        if (before === undefined) throw libraryError("format 'c0' needs a previous size")
        size = before < 0 ? Number.MAX_SAFE_INTEGER : Math.trunc(before)
        need(size)
      }
      values.push(data.slice(position, position + size))
    } else if (option === "s") {
      const end = data.indexOf("\0", position)
      if (end === -1) throw libraryError("unfinished string in data")
      values.push(data.slice(position, end))
      size = end - position + 1
    } else if (option !== "x") options.control()
    position += size
  }
  return [...values, position + 1]
}

const size = (...args: Args): number => {
  const options = new Options(textAt(args, 1))
  let position = 0
  for (let skip = options.next(0); skip !== undefined; skip = options.next(position)) {
    const { option, size: bytes } = options
    if (option === "s") throw argumentError(1, "option 's' has no fixed size")
    if (option === "c" && bytes === 0) throw argumentError(1, "option 'c0' has no fixed size")
    if (!/[A-Za-z\d]/.test(option)) options.control()
    position += skip + bytes
  }
  return position
}

/** The library `struct`. */
export const STRUCT_LIBRARY = library({ pack, unpack, size })
