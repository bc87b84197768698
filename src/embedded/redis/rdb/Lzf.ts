const HASH_BITS = 13
const WINDOW = 8192
const LONGEST_LITERAL = 32
const LONGEST_MATCH = 264

const positions = new Int32Array(1 << HASH_BITS)
/** Where the input of this call begins in the numbers of `positions`: the table need not be cleared between calls. */
let origin = 1

const hashOf = (a: number, b: number, c: number): number =>
  (Math.imul((a << 16) | (b << 8) | c, 0x9e3779b1) >>> (32 - HASH_BITS)) & ((1 << HASH_BITS) - 1)

/**
 * Compresses `length` bytes of `source` into `target`, in LZF's format; how many bytes that took, or 0 if they do not fit
 * into `room`.
 */
export const compress = (
  source: Uint8Array,
  start: number,
  length: number,
  target: Uint8Array,
  offset: number,
  room: number
): number => {
  const end = start + length
  const limit = offset + room
  if (origin > 0x3fffffff) {
    positions.fill(0)
    origin = 1
  }
  const base = origin - start
  origin += length
  let out = offset
  let literals = start
  let at = start
  /* oxlint-disable typescript/no-non-null-assertion -- every index is within its array: this loop sees each byte */
  while (at + 2 < end) {
    const hash = hashOf(source[at]!, source[at + 1]!, source[at + 2]!)
    const candidate = positions[hash]! - base
    positions[hash] = at + base
    const distance = at - candidate - 1
    if (
      candidate < start ||
      distance < 0 ||
      distance >= WINDOW ||
      source[candidate] !== source[at] ||
      source[candidate + 1] !== source[at + 1] ||
      source[candidate + 2] !== source[at + 2]
    ) {
      at++
      continue
    }
    let size = 3
    const most = Math.min(LONGEST_MATCH, end - at)
    while (size < most && source[candidate + size] === source[at + size]) size++
    out = copyLiterals(source, literals, at, target, out, limit)
    if (out === 0 || out + 3 > limit) return 0
    const code = size - 2
    if (code < 7) target[out++] = (code << 5) | (distance >> 8)
    else {
      target[out++] = (7 << 5) | (distance >> 8)
      target[out++] = code - 7
    }
    target[out++] = distance & 255
    // The end of what was found is remembered too, which is where the next match often begins.
    for (at += size - 2, literals = at + 2; at < literals; at++) {
      if (at + 2 < end) positions[hashOf(source[at]!, source[at + 1]!, source[at + 2]!)] = at + base
    }
  }
  /* oxlint-enable typescript/no-non-null-assertion */
  out = copyLiterals(source, literals, end, target, out, limit)
  return out === 0 ? 0 : out - offset
}

/** Writes what no match covers; where to go on, or 0 if it does not fit. */
const copyLiterals = (
  source: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  offset: number,
  limit: number
): number => {
  let out = offset
  for (let at = from; at < to;) {
    const size = Math.min(LONGEST_LITERAL, to - at)
    if (out + size + 1 > limit) return 0
    target[out++] = size - 1
    for (let i = 0; i < size; i++) target[out++] = source[at + i] ?? 0
    at += size
  }
  return out
}

/** Decompresses into exactly `length` bytes of `target`; false if the input is not that. */
export const decompress = (
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  length: number
): boolean => {
  let out = 0
  let at = start
  while (at < end) {
    const control = source[at++] ?? 0
    if (control < LONGEST_LITERAL) {
      const size = control + 1
      if (at + size > end || out + size > length) return false
      for (let i = 0; i < size; i++) target[out++] = source[at++] ?? 0
      continue
    }
    let size = control >> 5
    if (size === 7) {
      if (at >= end) return false
      size += source[at++] ?? 0
    }
    size += 2
    if (at >= end) return false
    let from = out - ((control & 31) << 8) - (source[at++] ?? 0) - 1
    if (from < 0 || out + size > length) return false
    for (let i = 0; i < size; i++) target[out++] = target[from++] ?? 0
  }
  return out === length
}

/** The most bytes that so many compressed bytes can become: 264 from three is the best that the format can do. */
export const mostDecompressed = (size: number): number => size * 88
