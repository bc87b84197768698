import { murmur64 } from "../format/Murmur64.ts"
import { StringBuffer } from "./StringBuffer.ts"

/**
 * HyperLogLogs as strings, byte for byte as Redis keeps them: a header of 16 bytes (`HYLL`, the encoding, three zero
 * bytes, the cached cardinality), then 16384 registers of 6 bits (dense) or their runs (sparse).
 */
const REGISTERS = 16384
const HEADER = 16
const DENSE_SIZE = HEADER + (REGISTERS * 6) / 8
const DENSE = 0
const SPARSE = 1
/** The highest register: 50 bits of the hash remain after the index, and the terminating one counts. */
const HIGHEST = 51
const SEED = 0xadc83b19
const MOST_IN_SPARSE = 32
const LONGEST_VALUE_RUN = 4
const LONGEST_ZERO_RUN = 64

/** A new sparse one: no register is set. */
export const emptyHyperLogLog = (): StringBuffer =>
  new StringBuffer(`HYLL${String.fromCharCode(SPARSE)}${"\0".repeat(11)}\x7f\xff`)

/** Whether a string looks like a HyperLogLog; the runs of a sparse one may still be damaged. */
export const isHyperLogLog = (bytes: Buffer): boolean => {
  if (bytes.length < HEADER || bytes.toString("latin1", 0, 4) !== "HYLL") return false
  return bytes[4] === SPARSE || (bytes[4] === DENSE && bytes.length === DENSE_SIZE)
}

/** Whether the registers are kept as runs. */
export const isSparse = (value: StringBuffer): boolean => value.byte(4) === SPARSE

/** Says that the cached cardinality is no longer right. */
export const invalidate = (value: StringBuffer): void => value.setByte(15, value.byte(15) | 128)

/** The cached cardinality, if it is right. */
export const cachedCount = (value: StringBuffer): bigint | undefined => {
  if ((value.byte(15) & 128) !== 0) return undefined
  return value.view().readBigUInt64LE(8)
}

/** Remembers the cardinality. */
export const cacheCount = (value: StringBuffer, count: number): void => {
  value.edit(8, HEADER).writeBigUInt64LE(BigInt(count), 8)
}

interface Run {
  /** Bytes of the run's code. */
  readonly width: number
  readonly length: number
  /** What the registers of the run hold. */
  readonly value: number
}

const runAt = (bytes: Uint8Array, at: number): Run => {
  const byte = bytes[at] ?? 0
  if (byte >= 128) return { width: 1, length: (byte & 3) + 1, value: ((byte >> 2) & 31) + 1 }
  if (byte < 64) return { width: 1, length: byte + 1, value: 0 }
  return { width: 2, length: (((byte & 63) << 8) | (bytes[at + 1] ?? 0)) + 1, value: 0 }
}

/** The runs of a sparse one, in order. */
export const runsOf = function* (value: StringBuffer): IterableIterator<Run> {
  const bytes = value.view()
  for (let at = HEADER; at < bytes.length;) {
    const run = runAt(bytes, at)
    yield run
    at += run.width
  }
}

const denseRegister = (bytes: Uint8Array, index: number): number => {
  const bit = index * 6
  const at = HEADER + (bit >> 3)
  return ((((bytes[at + 1] ?? 0) << 8) | (bytes[at] ?? 0)) >> (bit & 7)) & 63
}

const setDenseRegister = (bytes: Uint8Array, index: number, value: number): void => {
  const bit = index * 6
  const at = HEADER + (bit >> 3)
  const shift = bit & 7
  const pair = ((bytes[at + 1] ?? 0) << 8) | (bytes[at] ?? 0)
  const changed = (pair & ~(63 << shift)) | (value << shift)
  bytes[at] = changed
  if (at + 1 < bytes.length) bytes[at + 1] = changed >> 8
}

/** Takes the greater of two registers everywhere; false if the runs do not describe all registers. */
export const mergeInto = (registers: Uint8Array, value: StringBuffer): boolean => {
  if (!isSparse(value)) {
    const bytes = value.view()
    for (let index = 0; index < REGISTERS; index++) {
      const own = denseRegister(bytes, index)
      if (own > (registers[index] ?? 0)) registers[index] = own
    }
    return true
  }
  let index = 0
  for (const run of runsOf(value)) {
    if (run.value > 0) {
      if (index + run.length > REGISTERS) return false
      for (let at = index; at < index + run.length; at++) {
        if (run.value > (registers[at] ?? 0)) registers[at] = run.value
      }
    }
    index += run.length
  }
  return index === REGISTERS
}

/** All registers, a byte each; `undefined` if the runs are damaged. */
export const registersOf = (value: StringBuffer): Uint8Array | undefined => {
  const registers = new Uint8Array(REGISTERS)
  return mergeInto(registers, value) ? registers : undefined
}

/** Changes a sparse one to the dense form; false if it is damaged. */
export const toDense = (value: StringBuffer): boolean => {
  if (!isSparse(value)) return true
  const registers = registersOf(value)
  if (registers === undefined) return false
  const bytes = value.edit(0, Math.max(DENSE_SIZE, value.length))
  bytes.fill(0, HEADER)
  bytes[4] = DENSE
  for (let index = 0; index < REGISTERS; index++) setDenseRegister(bytes, index, registers[index] ?? 0)
  // A sparse one can be longer than a dense one where the limit allows it.
  if (value.length > DENSE_SIZE) value.splice(DENSE_SIZE, value.length - DENSE_SIZE, [])
  return true
}

const zeroRun = (length: number): ReadonlyArray<number> =>
  length === 0
    ? []
    : length > LONGEST_ZERO_RUN
      ? [64 | ((length - 1) >> 8), (length - 1) & 255]
      : [length - 1]

const valueRun = (value: number, length: number): ReadonlyArray<number> =>
  length === 0 ? [] : [128 | ((value - 1) << 2) | (length - 1)]

/** Joins neighbouring runs of one value, looking at five codes from an offset on. */
const joinRuns = (value: StringBuffer, from: number): void => {
  let at = from
  for (let looked = 0; looked < 5 && at < value.length; looked++) {
    const bytes = value.view()
    const run = runAt(bytes, at)
    const next = at + run.width < bytes.length ? runAt(bytes, at + run.width) : undefined
    if (run.value > 0 && next?.value === run.value && run.length + next.length <= LONGEST_VALUE_RUN) {
      value.splice(at, 2, valueRun(run.value, run.length + next.length))
    } else at += run.width
  }
}

/** What became of a register. */
export type Outcome = "raised" | "kept" | "damaged"

const raiseDense = (value: StringBuffer, index: number, count: number): Outcome => {
  if (denseRegister(value.view(), index) >= count) return "kept"
  const at = HEADER + ((index * 6) >> 3)
  setDenseRegister(value.edit(at, Math.min(at + 2, DENSE_SIZE)), index, count)
  return "raised"
}

const promote = (value: StringBuffer, index: number, count: number): Outcome =>
  toDense(value) ? raiseDense(value, index, count) : "damaged"

const raiseSparse = (value: StringBuffer, index: number, count: number, limit: number): Outcome => {
  if (count > MOST_IN_SPARSE) return promote(value, index, count)
  const bytes = value.view()
  let at = HEADER
  let previous = HEADER
  let first = 0
  let run: Run | undefined
  while (at < bytes.length) {
    run = runAt(bytes, at)
    if (index < first + run.length) break
    previous = at
    at += run.width
    first += run.length
  }
  if (run === undefined || at >= bytes.length) return "damaged"
  if (run.value >= count) return "kept"
  const before = index - first
  const after = run.length - before - 1
  const around = (length: number): ReadonlyArray<number> =>
    run.value === 0 ? zeroRun(length) : valueRun(run.value, length)
  const codes = [...around(before), ...valueRun(count, 1), ...around(after)]
  const growth = codes.length - run.width
  if (growth > 0 && value.length + growth > limit) return promote(value, index, count)
  value.splice(at, run.width, codes)
  joinRuns(value, previous)
  invalidate(value)
  return "raised"
}

/** Raises a register to a count; a sparse one that becomes longer than `limit` bytes turns dense. */
export const raise = (value: StringBuffer, index: number, count: number, limit: number): Outcome =>
  isSparse(value) ? raiseSparse(value, index, count, limit) : raiseDense(value, index, count)

/** Counts an element. */
export const addElement = (value: StringBuffer, element: string, limit: number): Outcome => {
  const { high, low } = murmur64(element, SEED)
  const rest = low >>> 14
  const zeros = rest !== 0 ? trailingZeros(rest) : 18 + trailingZeros(high)
  return raise(value, low & (REGISTERS - 1), Math.min(zeros + 1, HIGHEST), limit)
}

const trailingZeros = (word: number): number => (word === 0 ? 32 : 31 - Math.clz32(word & -word))

/**
 * The estimate of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (arXiv:1702.01284),
 * from how many registers hold each value.
 */
const estimate = (histogram: Float64Array): number => {
  let z = REGISTERS * tau((REGISTERS - (histogram[HIGHEST] ?? 0)) / REGISTERS)
  for (let value = HIGHEST - 1; value >= 1; value--) z = (z + (histogram[value] ?? 0)) * 0.5
  z += REGISTERS * sigma((histogram[0] ?? 0) / REGISTERS)
  const alpha = 0.5 / Math.LN2
  return Math.round((alpha * REGISTERS * REGISTERS) / z)
}

const sigma = (start: number): number => {
  if (start === 1) return Infinity
  let x = start
  let y = 1
  let z = x
  for (let before = NaN; before !== z; y += y) {
    x *= x
    before = z
    z += x * y
  }
  return z
}

const tau = (start: number): number => {
  if (start === 0 || start === 1) return 0
  let x = start
  let y = 1
  let z = 1 - x
  for (let before = NaN; before !== z;) {
    x = Math.sqrt(x)
    before = z
    y *= 0.5
    z -= (1 - x) * (1 - x) * y
  }
  return z / 3
}

/** The estimated cardinality of registers. */
export const countRegisters = (registers: Uint8Array): number => {
  const histogram = new Float64Array(64)
  for (const register of registers) histogram[register] = (histogram[register] ?? 0) + 1
  return estimate(histogram)
}
