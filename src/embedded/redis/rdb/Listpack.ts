import { parseInteger } from "../format/Integers.ts"
import { RdbError } from "./Format.ts"

const HEADER = 6
const END = 255
const UNKNOWN_COUNT = 65535

const backLength = (length: number): number =>
  length <= 127 ? 1 : length < 16383 ? 2 : length < 2097151 ? 3 : length < 268435455 ? 4 : 5

/** Builds a listpack: Redis's compact form of small collections. */
export class ListpackBuilder {
  bytes: Buffer = Buffer.allocUnsafe(256)
  /** Bytes of the header and the elements; the end marker comes with `finish`. */
  length = HEADER
  count = 0

  reset(): void {
    this.length = HEADER
    this.count = 0
  }

  private reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }

  /** Adds an element: an integer if its text is one. */
  add(text: string): void {
    if (text.length <= 20) {
      const value = parseInteger(text)
      if (value !== undefined) return this.integer(value)
    }
    const { length } = text
    this.reserve(length + 10)
    const start = this.length
    if (length < 64) this.bytes[this.length++] = 0x80 | length
    else if (length < 4096) {
      this.bytes[this.length++] = 0xe0 | (length >> 8)
      this.bytes[this.length++] = length & 255
    } else {
      this.bytes[this.length] = 0xf0
      this.length = this.bytes.writeUInt32LE(length, this.length + 1)
    }
    this.bytes.write(text, this.length, length, "latin1")
    this.length += length
    this.close(start)
  }

  integer(value: number | bigint): void {
    this.reserve(16)
    const start = this.length
    if (typeof value === "bigint" || value > 2147483647 || value < -2147483648) {
      this.bytes[this.length] = 0xf4
      this.length = this.bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)), this.length + 1)
    } else if (value >= 0 && value <= 127) this.bytes[this.length++] = value
    else if (value >= -4096 && value <= 4095) {
      const bits = value & 8191
      this.bytes[this.length++] = 0xc0 | (bits >> 8)
      this.bytes[this.length++] = bits & 255
    } else if (value >= -32768 && value <= 32767) {
      this.bytes[this.length] = 0xf1
      this.length = this.bytes.writeInt16LE(value, this.length + 1)
    } else if (value >= -8388608 && value <= 8388607) {
      this.bytes[this.length] = 0xf2
      this.length = this.bytes.writeIntLE(value, this.length + 1, 3)
    } else {
      this.bytes[this.length] = 0xf3
      this.length = this.bytes.writeInt32LE(value, this.length + 1)
    }
    this.close(start)
  }

  /** Ends an element with its length backwards. */
  private close(start: number): void {
    const length = this.length - start
    const bytes = backLength(length)
    for (let group = bytes - 1; group >= 0; group--) {
      const part = Math.floor(length / 2 ** (7 * group)) & 127
      this.bytes[this.length++] = group === bytes - 1 ? part : part | 128
    }
    this.count++
  }

  /** Writes header and end marker; the listpack is `bytes` from 0 to the result. */
  finish(): number {
    this.reserve(1)
    this.bytes[this.length] = END
    const total = this.length + 1
    this.bytes.writeUInt32LE(total, 0)
    this.bytes.writeUInt16LE(Math.min(this.count, UNKNOWN_COUNT), 4)
    return total
  }
}

/** Reads the elements of a listpack. */
export class ListpackCursor {
  private readonly bytes: Buffer
  private readonly origin: number
  private readonly end: number
  private at = HEADER

  /** `origin` is where the bytes lie in their source, for errors. */
  constructor(bytes: Buffer, origin: number) {
    this.bytes = bytes
    this.origin = origin
    if (
      bytes.length < HEADER + 1 ||
      bytes.readUInt32LE(0) !== bytes.length ||
      bytes[bytes.length - 1] !== END
    ) {
      throw new RdbError(origin, "a listpack is damaged")
    }
    this.end = bytes.length - 1
  }

  private damaged(): RdbError {
    return new RdbError(this.origin, "a listpack is damaged")
  }

  get done(): boolean {
    return this.at >= this.end
  }

  /** The next element; fails at the end. */
  next(): string {
    const value = this.element()
    return typeof value === "string" ? value : String(value)
  }

  /** The next element, which must be an integer. */
  integer(): number | bigint {
    const value = this.element()
    if (typeof value === "string") {
      const parsed = parseInteger(value)
      if (parsed === undefined) throw this.damaged()
      return parsed
    }
    return value
  }

  /** The next element, which must be a small integer. */
  small(): number {
    const value = this.integer()
    if (typeof value === "bigint") throw this.damaged()
    return value
  }

  /** Leaves elements out. */
  skip(count: number): void {
    for (let left = count; left > 0; left--) this.element()
  }

  private element(): string | number | bigint {
    const { bytes, at, end } = this
    if (at >= end) throw this.damaged()
    const first = bytes[at] ?? 0
    if (first < 0x80) return this.number(1, first)
    if (first < 0xc0) return this.string(1, first & 63)
    // The longest head has nine bytes.
    if (at + (first < 0xf0 ? 2 : first === 0xf4 ? 9 : 5) > bytes.length) throw this.damaged()
    if (first < 0xe0) {
      const bits = ((first & 31) << 8) | (bytes[at + 1] ?? 0)
      return this.number(2, bits >= 4096 ? bits - 8192 : bits)
    }
    if (first < 0xf0) return this.string(2, ((first & 15) << 8) | (bytes[at + 1] ?? 0))
    switch (first) {
      case 0xf0:
        return this.string(5, bytes.readUInt32LE(at + 1))
      case 0xf1:
        return this.number(3, bytes.readInt16LE(at + 1))
      case 0xf2:
        return this.number(4, bytes.readIntLE(at + 1, 3))
      case 0xf3:
        return this.number(5, bytes.readInt32LE(at + 1))
      case 0xf4: {
        const value = bytes.readBigInt64LE(at + 1)
        this.move(9)
        return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
          ? Number(value)
          : value
      }
      default:
        throw this.damaged()
    }
  }

  private number(size: number, value: number): number {
    this.move(size)
    return value
  }

  private string(head: number, length: number): string {
    const start = this.at + head
    if (start + length > this.end) throw this.damaged()
    this.move(head + length)
    return this.bytes.toString("latin1", start, start + length)
  }

  private move(length: number): void {
    const { bytes } = this
    const start = this.at + length
    const size = backLength(length)
    this.at = start + size
    if (this.at > this.end) throw this.damaged()
    // Behind each element stands its length, for those who read backwards.
    if (size === 1) {
      if (bytes[start] !== length) throw this.damaged()
      return
    }
    for (let group = 0; group < size; group++) {
      const part = Math.floor(length / 2 ** (7 * (size - 1 - group))) & 127
      if (bytes[start + group] !== (group === 0 ? part : part | 128)) throw this.damaged()
    }
  }
}
