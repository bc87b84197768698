import { RdbError } from "./Format.ts"

const ZIPLIST_HEADER = 10
const LONG_PREVIOUS = 254
const END = 255
/** What the number of elements is when it does not fit. */
const UNKNOWN_COUNT = 65535

/** The elements of a ziplist, the form of small collections before Redis 7. */
export const readZiplist = (bytes: Buffer, origin: number): Array<string> => {
  const damaged = (): RdbError => new RdbError(origin, "a ziplist is damaged")
  if (bytes.length < ZIPLIST_HEADER + 1 || bytes.readUInt32LE(0) !== bytes.length) throw damaged()
  const out: Array<string> = []
  let at = ZIPLIST_HEADER
  let last = ZIPLIST_HEADER
  let size = 0
  const ensure = (count: number): void => {
    if (at + count >= bytes.length) throw damaged()
  }
  const text = (head: number, length: number): string => {
    ensure(head + length)
    at += head + length
    return bytes.toString("latin1", at - length, at)
  }
  const integer = (size: number): string => {
    ensure(1 + size)
    const value = size === 8 ? bytes.readBigInt64LE(at + 1) : bytes.readIntLE(at + 1, size)
    at += 1 + size
    return String(value)
  }
  while (bytes[at] !== END) {
    ensure(1)
    last = at
    const isLong = bytes[at] === LONG_PREVIOUS
    ensure(isLong ? 5 : 1)
    // Each element says how long the one before it is.
    if ((isLong ? bytes.readUInt32LE(at + 1) : bytes[at]) !== size) throw damaged()
    at += isLong ? 5 : 1
    const first = bytes[at] ?? END
    if (first < 0x40) out.push(text(1, first))
    else if (first < 0x80) {
      ensure(2)
      out.push(text(2, ((first & 63) << 8) | (bytes[at + 1] ?? 0)))
    } else if (first < 0xc0) {
      ensure(5)
      out.push(text(5, bytes.readUInt32BE(at + 1)))
    } else if (first === 0xc0) out.push(integer(2))
    else if (first === 0xd0) out.push(integer(4))
    else if (first === 0xe0) out.push(integer(8))
    else if (first === 0xf0) out.push(integer(3))
    else if (first === 0xfe) out.push(integer(1))
    else if (first >= 0xf1 && first <= 0xfd) {
      at++
      out.push(String((first & 15) - 1))
    } else throw damaged()
    if (at >= bytes.length) throw damaged()
    size = at - last
  }
  if (at !== bytes.length - 1 || bytes.readUInt32LE(4) !== last) throw damaged()
  const count = bytes.readUInt16LE(8)
  if (count !== UNKNOWN_COUNT && count !== out.length) throw damaged()
  return out
}

/** Fields and values of a zipmap, the form of small hashes before Redis 2.6. */
export const readZipmap = (bytes: Buffer, origin: number): Array<string> => {
  const damaged = (): RdbError => new RdbError(origin, "a zipmap is damaged")
  const out: Array<string> = []
  let at = 1
  const length = (): number => {
    const first = bytes[at++]
    if (first === undefined || first === END) throw damaged()
    if (first < LONG_PREVIOUS) return first
    if (at + 4 > bytes.length) throw damaged()
    at += 4
    return bytes.readUInt32LE(at - 4)
  }
  const text = (size: number): string => {
    if (at + size > bytes.length) throw damaged()
    at += size
    return bytes.toString("latin1", at - size, at)
  }
  while (bytes[at] !== END) {
    if (at >= bytes.length) throw damaged()
    out.push(text(length()))
    const size = length()
    const free = bytes[at++] ?? 0
    out.push(text(size))
    at += free
  }
  if (at !== bytes.length - 1) throw damaged()
  return out
}

/** The members of an intset. */
export const readIntset = (bytes: Buffer, origin: number): Array<string> => {
  const damaged = (): RdbError => new RdbError(origin, "an intset is damaged")
  if (bytes.length < 8) throw damaged()
  const width = bytes.readUInt32LE(0)
  const count = bytes.readUInt32LE(4)
  if ((width !== 2 && width !== 4 && width !== 8) || 8 + width * count !== bytes.length) throw damaged()
  const out: Array<string> = []
  for (let at = 8; at < bytes.length; at += width) {
    out.push(String(width === 8 ? bytes.readBigInt64LE(at) : bytes.readIntLE(at, width)))
  }
  return out
}
