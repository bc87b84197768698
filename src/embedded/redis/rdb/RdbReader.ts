import { Crc64 } from "./Crc64.ts"
import { RdbError, STRING_ENCODING } from "./Format.ts"
import { decompress, mostDecompressed } from "./Lzf.ts"

/** Longest string that a JavaScript string can hold, which is what Redis accepts too. */
const LONGEST_STRING = 512 * 1024 * 1024 - 24
const WINDOW = 1024 * 1024
const EMPTY = Buffer.alloc(0)
const scratch = Buffer.allocUnsafeSlow(64 * 1024)

/** Fills a buffer from an offset on; how many bytes came, 0 at the end. */
export type Fill = (target: Buffer, offset: number) => number

/** Reads the primitives of RDB, from memory or in windows from a file. Every length is checked before it is believed. */
export class RdbReader {
  /** Bytes that the source has in all. */
  readonly total: number
  private readonly fill: Fill | undefined
  private readonly crc: Crc64 | undefined
  private buffer: Buffer
  private at = 0
  private end: number
  /** Where the buffer lies in the source. */
  private base = 0
  private summed = 0

  private constructor(buffer: Buffer, end: number, total: number, fill: Fill | undefined, checked: boolean) {
    this.buffer = buffer
    this.end = end
    this.total = total
    this.fill = fill
    this.crc = checked ? new Crc64() : undefined
  }

  static ofBytes(bytes: Buffer, end: number = bytes.length): RdbReader {
    return new RdbReader(bytes, end, end, undefined, false)
  }

  /** `checked` computes the checksum along the way. */
  static ofSource(fill: Fill, total: number, checked: boolean): RdbReader {
    return new RdbReader(Buffer.allocUnsafe(Math.min(WINDOW, Math.max(1, total))), 0, total, fill, checked)
  }

  /** Where the next byte lies in the source. */
  get offset(): number {
    return this.base + this.at
  }

  get remaining(): number {
    return this.total - this.base - this.at
  }

  fail(text: string): RdbError {
    return new RdbError(this.offset, text)
  }

  private need(count: number): void {
    if (this.end - this.at >= count) return
    if (count > this.remaining || this.fill === undefined) {
      throw new RdbError(this.offset, "the data ends too early", "truncated")
    }
    this.sum()
    const rest = this.end - this.at
    if (count > this.buffer.length) {
      const grown = Buffer.allocUnsafe(count)
      this.buffer.copy(grown, 0, this.at, this.end)
      this.buffer = grown
    } else this.buffer.copyWithin(0, this.at, this.end)
    this.base += this.at
    this.at = 0
    this.summed = 0
    this.end = rest
    while (this.end < count) {
      const read = this.fill(this.buffer, this.end)
      if (read === 0) throw new RdbError(this.offset, "the data ends too early", "truncated")
      this.end += read
    }
  }

  private sum(): void {
    this.crc?.update(this.buffer, this.summed, this.at)
    this.summed = this.at
  }

  /** Reads 8 bytes and says whether they are the checksum of what came before; 0 means that none was computed. */
  checksum(): boolean {
    this.sum()
    this.need(8)
    const { crc, at } = this
    this.at += 8
    this.summed = this.at
    return crc === undefined || crc.matches(this.buffer, at) || this.buffer.readBigUInt64LE(at) === 0n
  }

  /** What has been read from the source and not been used yet, for whoever goes on after the RDB. */
  rest(): Buffer {
    return Buffer.from(this.buffer.subarray(this.at, this.end))
  }

  byte(): number {
    if (this.at >= this.end) this.need(1)
    return this.buffer[this.at++] ?? 0
  }

  /** A length, or less than zero for a string in an encoding: -1 for the first. */
  private lengthOrEncoding(): number {
    const first = this.byte()
    switch (first >> 6) {
      case 0:
        return first
      case 1:
        return ((first & 63) << 8) | this.byte()
      case 2: {
        if (first === 0x80) {
          this.need(4)
          this.at += 4
          return this.buffer.readUInt32BE(this.at - 4)
        }
        if (first !== 0x81) throw this.fail(`unknown form of a length: ${first}`)
        const value = this.bigCount()
        if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.fail(`a length of ${value}`)
        return Number(value)
      }
      default:
        return -1 - (first & 63)
    }
  }

  private bigCount(): bigint {
    this.need(8)
    this.at += 8
    return this.buffer.readBigUInt64BE(this.at - 8)
  }

  /** A number that is no encoding. */
  count(): number {
    const value = this.lengthOrEncoding()
    if (value < 0) throw this.fail("an encoding where a number belongs")
    return value
  }

  /** A number that may need 64 bits: a bigint above 2^53. */
  wide(): number | bigint {
    this.need(1)
    if (this.buffer[this.at] !== 0x81) return this.count()
    this.at++
    const value = this.bigCount()
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? value : Number(value)
  }

  /** A number of things that take at least `each` bytes: more cannot be there than bytes are left. */
  items(each = 1): number {
    const value = this.count()
    if (value * each > this.remaining) throw this.fail(`${value} elements in ${this.remaining} bytes`)
    return value
  }

  /** A byte string. */
  string(): string {
    const length = this.lengthOrEncoding()
    if (length < 0) return this.encoded(length)
    this.fits(length)
    this.need(length)
    this.at += length
    return this.buffer.toString("latin1", this.at - length, this.at)
  }

  /** A byte string as bytes that are valid until the next read. */
  blob(): Buffer {
    this.need(1)
    const first = this.buffer[this.at] ?? 0
    if (first === (0xc0 | STRING_ENCODING.lzf)) {
      this.at++
      return this.inflated(false)
    }
    if (first >> 6 === 3) return Buffer.from(this.string(), "latin1")
    const length = this.count()
    this.fits(length)
    return this.take(length)
  }

  private fits(length: number): void {
    if (length > LONGEST_STRING) throw this.fail(`a string of ${length} bytes`)
    if (length > this.remaining) throw new RdbError(this.offset, "the data ends too early", "truncated")
  }

  private encoded(length: number): string {
    switch (-1 - length) {
      case STRING_ENCODING.int8:
        return String((this.byte() << 24) >> 24)
      case STRING_ENCODING.int16:
        this.need(2)
        this.at += 2
        return String(this.buffer.readInt16LE(this.at - 2))
      case STRING_ENCODING.int32:
        this.need(4)
        this.at += 4
        return String(this.buffer.readInt32LE(this.at - 4))
      case STRING_ENCODING.lzf:
        return this.inflated(true).toString("latin1")
      default:
        throw this.fail("unknown encoding of a string")
    }
  }

  /** A compressed string; with `shared` in a buffer that the next one uses too. */
  private inflated(shared: boolean): Buffer {
    const size = this.count()
    const length = this.count()
    this.fits(size)
    if (length > LONGEST_STRING || length > mostDecompressed(size))
      throw this.fail(`a string of ${length} bytes`)
    this.need(size)
    const target =
      shared && length <= scratch.length ? scratch.subarray(0, length) : Buffer.allocUnsafe(length)
    if (!decompress(this.buffer, this.at, this.at + size, target, length)) {
      throw this.fail("a compressed string is damaged")
    }
    this.at += size
    return target
  }

  /** Bytes that are valid until the next read. */
  take(count: number): Buffer {
    this.need(count)
    this.at += count
    return count === 0 ? EMPTY : this.buffer.subarray(this.at - count, this.at)
  }

  double(): number {
    this.need(8)
    this.at += 8
    return this.buffer.readDoubleLE(this.at - 8)
  }

  float(): number {
    this.need(4)
    this.at += 4
    return this.buffer.readFloatLE(this.at - 4)
  }

  /** The form of scores before Redis 4. */
  textDouble(): number {
    const length = this.byte()
    if (length === 253) return Number.NaN
    if (length === 254) return Infinity
    if (length === 255) return -Infinity
    const text = this.take(length).toString("latin1")
    const value = Number(text)
    if (text === "" || Number.isNaN(value)) throw this.fail("a score that is no number")
    return value
  }

  seconds(): number {
    this.need(4)
    this.at += 4
    return this.buffer.readInt32LE(this.at - 4)
  }

  millis(): number {
    this.need(8)
    this.at += 8
    const value = this.buffer.readBigInt64LE(this.at - 8)
    return Number(value)
  }

  /** Half of the id of a stream's entry. */
  idPart(): bigint {
    return this.bigCount()
  }
}
