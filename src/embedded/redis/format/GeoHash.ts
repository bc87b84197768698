import { exactArcSine, exactCosine, exactSine } from "./ExactTrigonometry.ts"

/**
 * Points on the earth as 52-bit integers, as Redis keeps them in the scores of sorted sets: longitude and latitude
 * as fractions of their range with 26 bits each, interleaved, so that a square of the map is a range of scores.
 */

/** A point in degrees. */
export interface Point {
  readonly longitude: number
  readonly latitude: number
}

/** What lies within a distance of a centre: a circle, or a rectangle along the meridian. Lengths are in metres. */
export type Shape =
  | { readonly kind: "circle"; readonly centre: Point; readonly radius: number }
  | { readonly kind: "box"; readonly centre: Point; readonly width: number; readonly height: number }

/** The poles cannot be projected. */
export const MOST_LATITUDE = 85.05112878
export const MOST_LONGITUDE = 180
const BITS = 26
const HALF = 2 ** BITS
const EARTH_RADIUS = 6372797.560856
const MERCATOR = 20037726.37

/** One square of a map that is halved `step` times in both directions; `x` counts eastwards, `y` northwards. */
interface Cell {
  readonly x: number
  readonly y: number
  readonly step: number
}

const cellOf = (point: Point, step: number, mostLatitude = MOST_LATITUDE): Cell => ({
  x: Math.floor(((point.longitude + MOST_LONGITUDE) / (2 * MOST_LONGITUDE)) * 2 ** step),
  y: Math.floor(((point.latitude + mostLatitude) / (2 * mostLatitude)) * 2 ** step),
  step
})

/** Puts a zero before each of 14 bits. */
const spread = (bits: number): number => {
  let out = bits & 0x3fff
  out = (out | (out << 8)) & 0x00ff00ff
  out = (out | (out << 4)) & 0x0f0f0f0f
  out = (out | (out << 2)) & 0x33333333
  return (out | (out << 1)) & 0x55555555
}

const gather = (bits: number): number => {
  let out = bits & 0x55555555
  out = (out | (out >>> 1)) & 0x33333333
  out = (out | (out >>> 2)) & 0x0f0f0f0f
  out = (out | (out >>> 4)) & 0x00ff00ff
  return (out | (out >>> 8)) & 0xffff
}

/** Bits of `x` before those of `y`; 27 bits each, because the eastern edge has the value after the last. */
const interleave = (cell: Cell): number => {
  const low = (spread(cell.x & 0x1fff) << 1) | spread(cell.y & 0x1fff)
  const high = spread(cell.x >>> 13) * 2 + spread(cell.y >>> 13)
  return high * HALF + low
}

/** The score of a point. */
export const encodePoint = (point: Point): number => interleave(cellOf(point, BITS))

/** A score as the unsigned integer that the processor's conversion makes of it, in halves. */
const halves = (score: number): readonly [high: number, low: number] => {
  const whole = Math.trunc(score)
  if (whole >= 0 && whole <= Number.MAX_SAFE_INTEGER) return [Math.floor(whole / 2 ** 32), whole >>> 0]
  if (whole >= 2 ** 64) return [0, 0]
  const bits = whole < -(2 ** 63) ? 1n << 63n : BigInt.asUintN(64, BigInt(whole))
  return [Number(bits >> 32n), Number(bits & 0xffffffffn)]
}

const clamp = (value: number, most: number): number => Math.min(most, Math.max(-most, value))

/** A coordinate in the middle of the `index`-th of 2^step parts. */
const middle = (index: number, most: number): number => {
  const low = -most + (index / HALF) * (2 * most)
  const high = -most + ((index + 1) / HALF) * (2 * most)
  return clamp((low + high) / 2, most)
}

/** The point that a score stands for. */
export const decodePoint = (score: number): Point => {
  const [high, low] = halves(score)
  return {
    longitude: middle(gather(high >>> 1) * 65536 + gather(low >>> 1), MOST_LONGITUDE),
    latitude: middle(gather(high) * 65536 + gather(low), MOST_LATITUDE)
  }
}

const ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"

/** The standard geohash of a point: eleven characters, the last of which is always the first of the alphabet. */
export const geohashText = (point: Point): string => {
  let bits = interleave(cellOf(point, BITS, 90)) % 2 ** 52
  // 52 bits are ten characters and two bits that no character shows.
  bits = Math.floor(bits / 4)
  let text = ""
  for (let at = 0; at < 10; at++) {
    text = (ALPHABET[bits % 32] ?? "") + text
    bits = Math.floor(bits / 32)
  }
  return `${text}0`
}

const radians = (degrees: number): number => degrees * (Math.PI / 180)
const degrees = (angle: number): number => angle / (Math.PI / 180)

/** The distance along a meridian, in metres. */
const latitudeDistance = (left: number, right: number): number =>
  EARTH_RADIUS * Math.abs(radians(right) - radians(left))

/** The distance of two points in metres, by the haversine formula on a sphere. */
const haversine =
  (sine: (x: number) => number, cosine: (x: number) => number, arcSine: (x: number) => number) =>
  (left: Point, right: Point): number => {
    const v = sine((radians(right.longitude) - radians(left.longitude)) / 2)
    if (v === 0) return latitudeDistance(left.latitude, right.latitude)
    const from = radians(left.latitude)
    const to = radians(right.latitude)
    const u = sine((to - from) / 2)
    const a = u * u + cosine(from) * cosine(to) * v * v
    return 2 * EARTH_RADIUS * arcSine(Math.sqrt(a))
  }

/** The distance of two points in metres. */
export const distance = haversine(Math.sin, Math.cos, Math.asin)

/** The same with the last digits of Redis, for distances that are stored. */
export const exactDistance = haversine(exactSine, exactCosine, exactArcSine)

/** The distance of a point from the centre of a shape; `undefined` if it lies outside. */
export const distanceWithin = (shape: Shape, point: Point): number | undefined => {
  if (shape.kind === "circle") {
    const far = distance(shape.centre, point)
    return far > shape.radius ? undefined : far
  }
  const { centre } = shape
  if (latitudeDistance(point.latitude, centre.latitude) > shape.height / 2) return undefined
  const across = distance(point, { longitude: centre.longitude, latitude: point.latitude })
  return across > shape.width / 2 ? undefined : distance(centre, point)
}

/** West, south, east and north edge. */
type Bounds = readonly [west: number, south: number, east: number, north: number]

const boundsOf = (shape: Shape): Bounds => {
  const { longitude, latitude } = shape.centre
  const height = shape.kind === "circle" ? shape.radius : shape.height / 2
  const width = shape.kind === "circle" ? shape.radius : shape.width / 2
  const up = degrees(height / EARTH_RADIUS)
  const widest = latitude < 0 ? latitude - up : latitude + up
  const aside = degrees(width / EARTH_RADIUS / Math.cos(radians(widest)))
  return [longitude - aside, latitude - up, longitude + aside, latitude + up]
}

const areaOf = (cell: Cell): Bounds => {
  const parts = 2 ** cell.step
  const edge = (index: number, most: number): number => -most + (index / parts) * (2 * most)
  return [
    edge(cell.x, MOST_LONGITUDE),
    edge(cell.y, MOST_LATITUDE),
    edge(cell.x + 1, MOST_LONGITUDE),
    edge(cell.y + 1, MOST_LATITUDE)
  ]
}

/** How often the map is halved so that a square and its neighbours cover the shape. */
const stepFor = (reach: number, latitude: number): number => {
  if (reach === 0) return BITS
  let step = 1
  for (let range = reach; range < MERCATOR; range *= 2) step++
  step -= 2
  // Squares are narrower towards the poles.
  if (Math.abs(latitude) > 66) step--
  if (Math.abs(latitude) > 80) step--
  return Math.min(BITS, Math.max(1, step))
}

const neighbour = (cell: Cell, east: number, north: number): Cell => {
  const parts = 2 ** cell.step
  return {
    x: east === 0 ? cell.x : (cell.x + east + parts) % parts,
    y: north === 0 ? cell.y : (cell.y + north + parts) % parts,
    step: cell.step
  }
}

/** The order in which Redis visits a square and its neighbours, as steps to the east and to the north. */
const AROUND: ReadonlyArray<readonly [east: number, north: number]> = [
  [0, 0],
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1]
]

const reachOf = (shape: Shape): number =>
  shape.kind === "circle"
    ? shape.radius
    : Math.sqrt((shape.width / 2) * (shape.width / 2) + (shape.height / 2) * (shape.height / 2))

/** Ranges of scores, `end` excluded, that hold every point of a shape (and others), in the order of Redis. */
export const scoreRangesOf = (
  shape: Shape
): ReadonlyArray<{ readonly first: number; readonly end: number }> => {
  const [west, south, east, north] = boundsOf(shape)
  let step = stepFor(reachOf(shape), shape.centre.latitude)
  let cell = cellOf(shape.centre, step)
  const sticksOut =
    areaOf(neighbour(cell, 0, 1))[3] < north ||
    areaOf(neighbour(cell, 0, -1))[1] > south ||
    areaOf(neighbour(cell, 1, 0))[2] < east ||
    areaOf(neighbour(cell, -1, 0))[0] > west
  if (step > 1 && sticksOut) cell = cellOf(shape.centre, --step)
  const own = areaOf(cell)
  const needless = ([toEast, toNorth]: readonly [number, number]): boolean =>
    step >= 2 &&
    ((toNorth === -1 && own[1] < south) ||
      (toNorth === 1 && own[3] > north) ||
      (toEast === -1 && own[0] < west) ||
      (toEast === 1 && own[2] > east))
  const out: Array<{ first: number; end: number }> = []
  const size = 4 ** (BITS - step)
  let last: number | undefined
  for (const [index, direction] of AROUND.entries()) {
    if (needless(direction)) continue
    const bits = interleave(neighbour(cell, direction[0], direction[1]))
    // With few squares a neighbour can be the one before.
    if (bits === last) continue
    out.push({ first: bits * size, end: (bits + 1) * size })
    if (index > 0) last = bits
  }
  return out
}
