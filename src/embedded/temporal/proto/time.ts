import type { Duration, Int64, Timestamp } from "./root.ts"

/** The number of a 64-bit field; absent counts as zero. */
export const toNumber = (value: Int64 | null | undefined): number =>
  value === null || value === undefined
    ? 0
    : typeof value === "number"
      ? value
      : (value.unsigned ? value.high >>> 0 : value.high | 0) * 4_294_967_296 + (value.low >>> 0)

/** Milliseconds of a duration or timestamp; `undefined` if it is absent (which differs from zero in the protocol). */
export const toMillis = (value: Duration | null | undefined): number | undefined =>
  value === null || value === undefined
    ? undefined
    : toNumber(value.seconds) * 1000 + Math.round((value.nanos ?? 0) / 1e6)

/** Milliseconds of a duration where absent and zero both mean "not set". */
export const positiveMillis = (value: Duration | null | undefined): number | undefined => {
  const ms = toMillis(value)
  return ms !== undefined && ms > 0 ? ms : undefined
}

/** A duration or timestamp of so many milliseconds. */
export const fromMillis = (ms: number): Timestamp => {
  const seconds = Math.floor(ms / 1000)
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) }
}
