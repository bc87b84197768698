import { argument, type Arguments, float } from "../exec/Arguments.ts"
import { MOST_LATITUDE, MOST_LONGITUDE, type Point } from "../format/GeoHash.ts"
import { formatLongDouble, longDoubleOf } from "../format/LongDouble.ts"
import { DoubleReply, ErrorReply, type Reply } from "../resp/Reply.ts"

/** Formats as C's `%f`. */
const sixDecimals = (value: number): string => {
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf"
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`
}

/** The point of two arguments, the longitude first. */
export const pointOf = (args: Arguments, at: number): Point => {
  const longitude = float(argument(args, at))
  const latitude = float(argument(args, at + 1))
  if (Math.abs(longitude) > MOST_LONGITUDE || Math.abs(latitude) > MOST_LATITUDE) {
    throw new ErrorReply(
      `ERR invalid longitude,latitude pair ${sixDecimals(longitude)},${sixDecimals(latitude)}`
    )
  }
  return { longitude, latitude }
}

const METRES: Readonly<Record<string, number>> = { m: 1, km: 1000, ft: 0.3048, mi: 1609.34 }

/** How many metres a unit has. */
export const metresOf = (unit: string): number => {
  const metres = METRES[unit.toLowerCase()]
  if (metres === undefined) throw new ErrorReply("ERR unsupported unit provided. please use M, KM, FT, MI")
  return metres
}

const LARGEST = 2 ** 63

/** A distance with four decimals, rounded half to even as the hardware does; a bulk string in both protocols. */
export const distanceText = (length: number): string => {
  const scaled = length * 10000
  const floor = Math.floor(scaled)
  const above = scaled - floor
  const rounded = above > 0.5 || (above === 0.5 && floor % 2 !== 0) ? floor + 1 : floor
  if (!(rounded < LARGEST)) return "-922337203685477.5808"
  const digits = BigInt(rounded).toString().padStart(5, "0")
  return `${digits.slice(0, -4)}.${digits.slice(-4)}`
}

const coordinate = (value: number): DoubleReply =>
  new DoubleReply(value, formatLongDouble(longDoubleOf(value)))

/** A point as a reply. */
export const pointReply = (point: Point): Reply => [coordinate(point.longitude), coordinate(point.latitude)]
