import { argument, type Arguments, float, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import {
  decodePoint,
  distanceWithin,
  exactDistance,
  type Point,
  scoreRangesOf,
  type Shape
} from "../format/GeoHash.ts"
import { INT64_MIN } from "../format/Integers.ts"
import { EMPTY, ErrorReply, type Reply } from "../resp/Reply.ts"
import { type SortedMember, sortedSetOf, type SortedSetValue } from "../types/SortedSetValue.ts"
import { readSortedSet } from "./Access.ts"
import { distanceText, metresOf, pointOf, pointReply } from "./GeoPoint.ts"
import { storeSortedSet } from "./SortedSetRanges.ts"

const NO_MEMBER = new ErrorReply("ERR could not decode requested zset member")

/** The form of the area, until its centre is known. */
type Area =
  | { readonly kind: "circle"; readonly radius: number }
  | { readonly kind: "box"; readonly width: number; readonly height: number }

interface Search {
  /** `undefined` where the member that should be the centre lies in no set. */
  centre: Point | undefined
  area: Area | undefined
  unit: number
  withDistance: boolean
  withHash: boolean
  withPoint: boolean
  order: "asc" | "desc" | undefined
  /** 0 for all. */
  count: number
  /** Whether any `count` members will do. */
  any: boolean
  target: string | undefined
  storesDistance: boolean
}

const member = (set: SortedSetValue | undefined, name: string): Point | undefined => {
  if (set === undefined) return undefined
  const score = set.score(name)
  if (score === undefined) throw NO_MEMBER
  return decodePoint(score)
}

const circle = (search: Search, args: Arguments, at: number): void => {
  const radius = float(argument(args, at), new ErrorReply("ERR need numeric radius"))
  if (radius < 0) throw new ErrorReply("ERR radius cannot be negative")
  search.unit = metresOf(argument(args, at + 1))
  search.area = { kind: "circle", radius: radius * search.unit }
}

const box = (search: Search, args: Arguments, at: number): void => {
  const width = float(argument(args, at), new ErrorReply("ERR need numeric width"))
  const height = float(argument(args, at + 1), new ErrorReply("ERR need numeric height"))
  if (height < 0 || width < 0) throw new ErrorReply("ERR height or width cannot be negative")
  search.unit = metresOf(argument(args, at + 2))
  search.area = { kind: "box", width: width * search.unit, height: height * search.unit }
}

const newSearch = (): Search => ({
  centre: undefined,
  area: undefined,
  unit: 1,
  withDistance: false,
  withHash: false,
  withPoint: false,
  order: undefined,
  count: 0,
  any: false,
  target: undefined,
  storesDistance: false
})

/** Reads an option that all commands know; how many arguments it has taken, 0 if it is none. */
const commonOption = (search: Search, args: Arguments, at: number): number => {
  switch (argument(args, at).toUpperCase()) {
    case "WITHDIST":
      search.withDistance = true
      return 1
    case "WITHHASH":
      search.withHash = true
      return 1
    case "WITHCOORD":
      search.withPoint = true
      return 1
    case "ANY":
      search.any = true
      return 1
    case "ASC":
      search.order = "asc"
      return 1
    case "DESC":
      search.order = "desc"
      return 1
    case "COUNT":
      if (at + 1 >= args.length) return 0
      search.count = integer(argument(args, at + 1))
      if (search.count <= 0) throw new ErrorReply("ERR COUNT must be > 0")
      return 2
    default:
      return 0
  }
}

const checked = (search: Search, storeName: string): Search => {
  if (search.target !== undefined && (search.withDistance || search.withHash || search.withPoint)) {
    throw new ErrorReply(`ERR ${storeName} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`)
  }
  return search
}

const checkedCount = (search: Search): Search => {
  if (search.any && search.count === 0) throw new ErrorReply("ERR the ANY argument requires COUNT argument")
  return search
}

/** GEORADIUS and GEORADIUSBYMEMBER. */
const radiusSearch = (
  set: SortedSetValue | undefined,
  args: Arguments,
  stores: boolean,
  byMember: boolean
): Search => {
  const search = newSearch()
  let at = byMember ? 5 : 6
  if (byMember) {
    search.centre = member(set, argument(args, 2))
    if (set !== undefined) circle(search, args, 3)
  } else {
    search.centre = pointOf(args, 2)
    circle(search, args, 4)
  }
  while (at < args.length) {
    const name = argument(args, at).toUpperCase()
    const taken = commonOption(search, args, at)
    at += taken
    if (taken > 0) continue
    if ((name !== "STORE" && name !== "STOREDIST") || at + 1 >= args.length || !stores) throw SYNTAX
    search.target = argument(args, at + 1)
    search.storesDistance = name === "STOREDIST"
    at += 2
  }
  return checkedCount(checked(search, "STORE option in GEORADIUS"))
}

/** GEOSEARCH and GEOSEARCHSTORE. */
const areaSearch = (set: SortedSetValue | undefined, args: Arguments, stores: boolean): Search => {
  const search = newSearch()
  if (stores) search.target = argument(args, 1)
  let from: "member" | "point" | undefined
  let at = stores ? 3 : 2
  while (at < args.length) {
    const name = argument(args, at).toUpperCase()
    const left = args.length - at - 1
    const taken = commonOption(search, args, at)
    at += taken
    if (taken > 0) continue
    if (name === "STOREDIST" && stores) {
      search.storesDistance = true
      at++
    } else if (name === "FROMMEMBER" && left >= 1 && from !== "point") {
      search.centre = member(set, argument(args, at + 1))
      from = "member"
      at += 2
    } else if (name === "FROMLONLAT" && left >= 2 && from !== "member") {
      search.centre = pointOf(args, at + 1)
      from = "point"
      at += 3
    } else if (name === "BYRADIUS" && left >= 2 && search.area?.kind !== "box") {
      circle(search, args, at + 1)
      at += 3
    } else if (name === "BYBOX" && left >= 3 && search.area?.kind !== "circle") {
      box(search, args, at + 1)
      at += 4
    } else throw SYNTAX
  }
  checked(search, "GEOSEARCHSTORE")
  const command = argument(args, 0)
  if (from === undefined) {
    throw new ErrorReply(`ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${command}`)
  }
  if (search.area === undefined) {
    throw new ErrorReply(`ERR exactly one of BYRADIUS and BYBOX can be specified for ${command}`)
  }
  return checkedCount(search)
}

interface Found {
  readonly member: SortedMember
  readonly point: Point
  readonly distance: number
}

/** The members within a shape, in the order of Redis; no more than `limit` unless that is 0. */
const within = (set: SortedSetValue, shape: Shape, limit: number): Array<Found> => {
  const found: Array<Found> = []
  for (const range of scoreRangesOf(shape)) {
    const first = set.tree.partition((item) => item.score < range.first)
    const end = set.tree.partition((item) => item.score < range.end)
    for (const item of set.tree.range(first, end - first)) {
      const point = decodePoint(item.score)
      const distance = distanceWithin(shape, point)
      if (distance !== undefined) found.push({ member: item, point, distance })
      if (limit > 0 && found.length >= limit) return found
    }
  }
  return found
}

const sorted = (found: Array<Found>, search: Search): ReadonlyArray<Found> => {
  // Without an order the first `count` would be any; Redis takes the nearest unless any will do.
  const order = search.order ?? (search.count > 0 && !search.any ? "asc" : undefined)
  if (order === "asc") found.sort((left, right) => left.distance - right.distance)
  else if (order === "desc") found.sort((left, right) => right.distance - left.distance)
  return search.count > 0 ? found.slice(0, search.count) : found
}

/** A score as the 64-bit integer that the processor makes of it: those that do not fit are the least. */
const wholeScore = (score: number): number | bigint =>
  Math.abs(score) < 2 ** 53
    ? Math.trunc(score)
    : score >= -(2 ** 63) && score < 2 ** 63
      ? BigInt(score)
      : INT64_MIN

const show = (found: Found, search: Search): Reply => {
  const { member: item, point, distance } = found
  if (!search.withDistance && !search.withHash && !search.withPoint) return item.key
  const out: Array<Reply> = [item.key]
  if (search.withDistance) out.push(distanceText(distance / search.unit))
  if (search.withHash) out.push(wholeScore(item.score))
  if (search.withPoint) out.push(pointReply(point))
  return out
}

const answer = (client: Client, set: SortedSetValue | undefined, search: Search, event: string): Reply => {
  const { centre, area } = search
  const found =
    set === undefined || centre === undefined || area === undefined
      ? []
      : sorted(within(set, { ...area, centre }, search.any ? search.count : 0), search)
  if (search.target === undefined) return found.length === 0 ? EMPTY : found.map((one) => show(one, search))
  const members = found.map(({ member: item, point }) => ({
    key: item.key,
    score:
      search.storesDistance && centre !== undefined ? exactDistance(centre, point) / search.unit : item.score
  }))
  return storeSortedSet(client, search.target, sortedSetOf(members, client.server.limits), event)
}

const radius =
  (byMember: boolean, stores: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const set = readSortedSet(client, argument(args, 1))
    return answer(client, set, radiusSearch(set, args, stores, byMember), "georadiusstore")
  }

const search =
  (stores: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const set = readSortedSet(client, argument(args, stores ? 2 : 1))
    return answer(client, set, areaSearch(set, args, stores), "geosearchstore")
  }

/** The key that is read, and the one that STORE or STOREDIST name last. */
const radiusKeys =
  (start: number) =>
  (args: Arguments): ReadonlyArray<string> => {
    let target: string | undefined
    for (let at = start; at + 1 < args.length; at++) {
      const name = argument(args, at).toUpperCase()
      if (name === "STORE" || name === "STOREDIST") target = argument(args, ++at)
    }
    return target === undefined ? [argument(args, 1)] : [argument(args, 1), target]
  }

const COMPLEXITY = "O(N+log(M))"

/** The commands that look for points within an area. */
export const GEO_SEARCH: ReadonlyArray<CommandDefinition> = [
  {
    name: "georadius",
    arity: -6,
    flags: "write denyoom movablekeys",
    keys: [1, 1, 1],
    since: "3.2.0",
    complexity: COMPLEXITY,
    summary:
      "Queries a geospatial index for members within a distance from a coordinate, optionally stores the result.",
    keysOf: radiusKeys(5),
    run: radius(false, true)
  },
  {
    name: "georadius_ro",
    arity: -6,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "3.2.10",
    complexity: COMPLEXITY,
    summary: "Returns members from a geospatial index that are within a distance from a coordinate.",
    run: radius(false, false)
  },
  {
    name: "georadiusbymember",
    arity: -5,
    flags: "write denyoom movablekeys",
    keys: [1, 1, 1],
    since: "3.2.0",
    complexity: COMPLEXITY,
    summary:
      "Queries a geospatial index for members within a distance from a member, optionally stores the result.",
    keysOf: radiusKeys(5),
    run: radius(true, true)
  },
  {
    name: "georadiusbymember_ro",
    arity: -5,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "3.2.10",
    complexity: COMPLEXITY,
    summary: "Returns members from a geospatial index that are within a distance from a member.",
    run: radius(true, false)
  },
  {
    name: "geosearch",
    arity: -7,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "6.2.0",
    complexity: COMPLEXITY,
    summary: "Queries a geospatial index for members inside an area of a box or a circle.",
    run: search(false)
  },
  {
    name: "geosearchstore",
    arity: -8,
    flags: "write denyoom",
    keys: [1, 2, 1],
    since: "6.2.0",
    complexity: COMPLEXITY,
    summary:
      "Queries a geospatial index for members inside an area of a box or a circle, and stores the result.",
    run: search(true)
  }
]
