/**
 * The ID of a stream entry: milliseconds and sequence as 16 bytes, the most significant first. The order of these
 * strings is the order of the IDs, and the bytes are those that Redis stores.
 */
export type StreamId = string

const UINT64_MAX = 18446744073709551615n
const WORD = 4294967296
/** From here on the upper half of a 64-bit number leaves what a double holds exactly. */
const EXACT_HIGH = 2097152

const word = (value: number): string =>
  String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)

const half = (value: number | bigint): string => {
  if (typeof value === "number") return word(Math.floor(value / WORD)) + word(value % WORD)
  return word(Number(value >> 32n)) + word(Number(value & 0xffffffffn))
}

const readWord = (id: StreamId, at: number): number =>
  id.charCodeAt(at) * 16777216 +
  ((id.charCodeAt(at + 1) << 16) | (id.charCodeAt(at + 2) << 8) | id.charCodeAt(at + 3))

const readHalf = (id: StreamId, at: number): number | bigint => {
  const high = readWord(id, at)
  const low = readWord(id, at + 4)
  return high < EXACT_HIGH ? high * WORD + low : (BigInt(high) << 32n) + BigInt(low)
}

/** Makes an ID of its two unsigned 64-bit numbers. */
export const streamId = (ms: number | bigint, sequence: number | bigint): StreamId =>
  half(ms) + half(sequence)

/** 0-0. */
export const LOWEST_ID: StreamId = streamId(0, 0)
/** 18446744073709551615-18446744073709551615. */
export const HIGHEST_ID: StreamId = streamId(UINT64_MAX, UINT64_MAX)

const FULL_HALF = HIGHEST_ID.slice(8)
const EMPTY_HALF = LOWEST_ID.slice(8)

/** The milliseconds of an ID, exact. */
export const idMillis = (id: StreamId): number | bigint => readHalf(id, 0)

/** The sequence of an ID, exact. */
export const idSequence = (id: StreamId): number | bigint => readHalf(id, 8)

/** Writes an ID as `<milliseconds>-<sequence>`. */
export const formatStreamId = (id: StreamId): string => `${readHalf(id, 0)}-${readHalf(id, 8)}`

const up = (value: number | bigint): number | bigint =>
  typeof value === "number" && value < Number.MAX_SAFE_INTEGER ? value + 1 : BigInt(value) + 1n

const down = (value: number | bigint): number | bigint => (typeof value === "number" ? value - 1 : value - 1n)

/** The ID that follows; `undefined` after the highest. */
export const nextStreamId = (id: StreamId): StreamId | undefined => {
  if (!id.endsWith(FULL_HALF)) return id.slice(0, 8) + half(up(readHalf(id, 8)))
  return id === HIGHEST_ID ? undefined : half(up(readHalf(id, 0))) + EMPTY_HALF
}

/** The ID before; `undefined` before the lowest. */
export const previousStreamId = (id: StreamId): StreamId | undefined => {
  if (!id.endsWith(EMPTY_HALF)) return id.slice(0, 8) + half(down(readHalf(id, 8)))
  return id === LOWEST_ID ? undefined : half(down(readHalf(id, 0))) + FULL_HALF
}

/** The ID that XADD gives to an entry at a time: never before the last one. `undefined` if there is none left. */
export const followingStreamId = (last: StreamId, now: number): StreamId | undefined => {
  const fresh = half(now) + EMPTY_HALF
  return fresh.slice(0, 8) > last.slice(0, 8) ? fresh : nextStreamId(last)
}

const DIGITS = /^\d{1,15}$/
const UNSIGNED = /^[ \t-\r]*([+-]?)(\d+)$/

/** Reads an unsigned 64-bit integer as generously as Redis does here: with leading spaces, zeros and a sign. */
const parseUnsigned = (text: string): number | bigint | undefined => {
  if (DIGITS.test(text)) return Number(text)
  const found = UNSIGNED.exec(text)
  if (found === null || /^-[1-9]/.test(text)) return undefined
  const value = BigInt(found[2] ?? "")
  if (value > UINT64_MAX) return undefined
  return found[1] === "-" ? BigInt.asUintN(64, -value) : value
}

/** How an ID may be written. */
export interface StreamIdForm {
  /** What is taken for the sequence if there is none. */
  readonly missing: "lowest" | "highest"
  /** Whether `-` and `+` stand for the lowest and the highest ID. */
  readonly bounds?: boolean
  /** Whether `<milliseconds>-*` leaves the sequence open. */
  readonly openSequence?: boolean
}

/** An ID that was read; with `open`, its sequence is to be chosen. */
export interface ParsedStreamId {
  readonly id: StreamId
  readonly open: boolean
}

/** Reads an ID; `undefined` if it is none. */
export const parseStreamId = (written: string, form: StreamIdForm): ParsedStreamId | undefined => {
  if (written.length > 127) return undefined
  const end = written.indexOf("\0")
  const text = end === -1 ? written : written.slice(0, end)
  if (text === "-" || text === "+") {
    return form.bounds === true ? { id: text === "-" ? LOWEST_ID : HIGHEST_ID, open: false } : undefined
  }
  const dash = text.indexOf("-")
  const ms = parseUnsigned(dash === -1 ? text : text.slice(0, dash))
  if (ms === undefined) return undefined
  if (dash === -1) {
    return { id: half(ms) + (form.missing === "lowest" ? EMPTY_HALF : FULL_HALF), open: false }
  }
  const rest = text.slice(dash + 1)
  if (rest === "*" && form.openSequence === true) return { id: half(ms) + EMPTY_HALF, open: true }
  const sequence = parseUnsigned(rest)
  return sequence === undefined ? undefined : { id: half(ms) + half(sequence), open: false }
}
