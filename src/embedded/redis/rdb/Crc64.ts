/** The polynomial of Redis's checksum (Jones), bits reversed. */
const POLYNOMIAL_HIGH = 0x95ac9329
const POLYNOMIAL_LOW = 0xac4bc9b5
const SLICES = 8

/** Eight tables of 256 words, low and high halves apart: eight bytes are taken at a time. */
const buildTables = (): { readonly low: Int32Array; readonly high: Int32Array } => {
  const low = new Int32Array(256 * SLICES)
  const high = new Int32Array(256 * SLICES)
  for (let byte = 0; byte < 256; byte++) {
    let l = byte
    let h = 0
    for (let bit = 0; bit < 8; bit++) {
      const odd = l & 1
      l = (l >>> 1) | (h << 31)
      h >>>= 1
      if (odd === 1) {
        l ^= POLYNOMIAL_LOW
        h ^= POLYNOMIAL_HIGH
      }
    }
    low[byte] = l
    high[byte] = h
  }
  for (let slice = 1; slice < SLICES; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const at = (slice - 1) * 256 + byte
      const l = low[at] ?? 0
      const h = high[at] ?? 0
      low[slice * 256 + byte] = ((l >>> 8) | (h << 24)) ^ (low[l & 255] ?? 0)
      high[slice * 256 + byte] = (h >>> 8) ^ (high[l & 255] ?? 0)
    }
  }
  return { low, high }
}

let tables: ReturnType<typeof buildTables> | undefined

/** The checksum at the end of RDB files and DUMP payloads. */
export class Crc64 {
  private low = 0
  private high = 0

  /** Takes the bytes from `start` to `end` (excluded). */
  update(bytes: Uint8Array, start: number, end: number): void {
    tables ??= buildTables()
    const { low: tl, high: th } = tables
    let l = this.low
    let h = this.high
    let at = start
    /* oxlint-disable typescript/no-non-null-assertion -- every index is within its table: this loop sees each byte */
    for (const last = end - 7; at < last; at += 8) {
      const a = l ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
      const b = h ^ (bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24))
      const i0 = 1792 + (a & 255)
      const i1 = 1536 + ((a >>> 8) & 255)
      const i2 = 1280 + ((a >>> 16) & 255)
      const i3 = 1024 + (a >>> 24)
      const i4 = 768 + (b & 255)
      const i5 = 512 + ((b >>> 8) & 255)
      const i6 = 256 + ((b >>> 16) & 255)
      const i7 = b >>> 24
      l = tl[i0]! ^ tl[i1]! ^ tl[i2]! ^ tl[i3]! ^ tl[i4]! ^ tl[i5]! ^ tl[i6]! ^ tl[i7]!
      h = th[i0]! ^ th[i1]! ^ th[i2]! ^ th[i3]! ^ th[i4]! ^ th[i5]! ^ th[i6]! ^ th[i7]!
    }
    for (; at < end; at++) {
      const index = (l ^ bytes[at]!) & 255
      l = ((l >>> 8) | (h << 24)) ^ tl[index]!
      h = (h >>> 8) ^ th[index]!
    }
    /* oxlint-enable typescript/no-non-null-assertion */
    this.low = l
    this.high = h
  }

  /** Writes the checksum, 8 bytes. */
  digest(target: Buffer, offset: number): void {
    target.writeInt32LE(this.low | 0, offset)
    target.writeInt32LE(this.high | 0, offset + 4)
  }

  /** Whether 8 bytes are this checksum. */
  matches(bytes: Buffer, offset: number): boolean {
    return bytes.readInt32LE(offset) === (this.low | 0) && bytes.readInt32LE(offset + 4) === (this.high | 0)
  }
}
