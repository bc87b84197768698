import { compress } from "./Lzf.ts"
import { STRING_ENCODING } from "./Format.ts"

/** Longer strings are not compressed: it would take too long at a stretch. */
const LONGEST_COMPRESSED = 64 * 1024
/** Shorter ones do not get shorter. */
const SHORTEST_COMPRESSED = 20

const scratch = Buffer.allocUnsafeSlow(LONGEST_COMPRESSED)

/** A 32-bit integer in the only form that is read back as the same text. */
const smallInteger = (text: string): number | undefined => {
  const first = text.charCodeAt(0)
  if ((first < 48 || first > 57) && first !== 45) return undefined
  const value = Number(text)
  return (value | 0) === value && String(value) === text ? value : undefined
}

/** Writes the primitives of RDB into memory. */
export class RdbWriter {
  bytes: Buffer
  length = 0
  private readonly compresses: boolean

  constructor(compresses: boolean, size = 1024) {
    this.compresses = compresses
    this.bytes = Buffer.allocUnsafe(size)
  }

  /** Forgets what was written, after someone has taken it. */
  reset(): void {
    this.length = 0
  }

  private reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(
      Math.max(needed, Math.min(this.bytes.length * 2, needed + 16 * 1024 * 1024))
    )
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }

  byte(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  /** A length, or any number from 0 to 2^64 - 1. */
  count(value: number | bigint): void {
    this.reserve(9)
    if (typeof value === "bigint" || value > 0xffffffff) {
      this.bytes[this.length] = 0x81
      this.length = this.bytes.writeBigUInt64BE(BigInt(value), this.length + 1)
    } else if (value < 64) this.bytes[this.length++] = value
    else if (value < 16384) {
      this.bytes[this.length++] = 0x40 | (value >> 8)
      this.bytes[this.length++] = value & 255
    } else {
      this.bytes[this.length] = 0x80
      this.length = this.bytes.writeUInt32BE(value, this.length + 1)
    }
  }

  /** A byte string: as an integer or compressed where that is shorter. */
  string(text: string): void {
    const { length } = text
    if (length <= 11 && length > 0) {
      const value = smallInteger(text)
      if (value !== undefined) return this.integer(value)
    }
    if (this.compresses && length > SHORTEST_COMPRESSED && length <= LONGEST_COMPRESSED) {
      scratch.write(text, 0, length, "latin1")
      if (this.compressed(scratch, 0, length)) return
    }
    this.count(length)
    this.text(text)
  }

  /** A byte string from bytes. */
  blob(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (
      this.compresses &&
      length > SHORTEST_COMPRESSED &&
      length <= LONGEST_COMPRESSED &&
      this.compressed(bytes, start, length)
    ) {
      return
    }
    this.count(length)
    this.raw(bytes, start, end)
  }

  private integer(value: number): void {
    this.reserve(5)
    if (value >= -128 && value <= 127) {
      this.bytes[this.length++] = 0xc0 | STRING_ENCODING.int8
      this.bytes[this.length++] = value
    } else if (value >= -32768 && value <= 32767) {
      this.bytes[this.length] = 0xc0 | STRING_ENCODING.int16
      this.length = this.bytes.writeInt16LE(value, this.length + 1)
    } else {
      this.bytes[this.length] = 0xc0 | STRING_ENCODING.int32
      this.length = this.bytes.writeInt32LE(value, this.length + 1)
    }
  }

  private compressed(bytes: Uint8Array, start: number, length: number): boolean {
    // Room for the type and two lengths of at most five bytes before what is compressed.
    this.reserve(length + 16)
    const at = this.length + 11
    const size = compress(bytes, start, length, this.bytes, at, length - 4)
    if (size === 0) return false
    this.bytes[this.length++] = 0xc0 | STRING_ENCODING.lzf
    this.count(size)
    this.count(length)
    this.bytes.copyWithin(this.length, at, at + size)
    this.length += size
    return true
  }

  /** Bytes without a length. */
  raw(bytes: Uint8Array, start: number, end: number): void {
    this.reserve(end - start)
    this.bytes.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.length)
    this.length += end - start
  }

  /** A byte string without a length. */
  text(text: string): void {
    this.reserve(text.length)
    this.bytes.write(text, this.length, text.length, "latin1")
    this.length += text.length
  }

  double(value: number): void {
    this.reserve(8)
    this.length = this.bytes.writeDoubleLE(value, this.length)
  }

  /** Milliseconds since the epoch, 8 bytes. */
  millis(value: number | bigint): void {
    this.reserve(8)
    this.length = this.bytes.writeBigInt64LE(BigInt(value), this.length)
  }

  /** The id of a stream's entry, 16 bytes. */
  id(millis: number | bigint, sequence: number | bigint): void {
    this.reserve(16)
    this.length = this.bytes.writeBigUInt64BE(BigInt(millis), this.length)
    this.length = this.bytes.writeBigUInt64BE(BigInt(sequence), this.length)
  }
}
