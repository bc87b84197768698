import { argument, type Arguments } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { decodePoint, distance, encodePoint, geohashText, type Point } from "../format/GeoHash.ts"
import { NULL_ARRAY, type Reply } from "../resp/Reply.ts"
import { readSortedSet } from "./Access.ts"
import { distanceText, metresOf, pointOf, pointReply } from "./GeoPoint.ts"
import { GEO_SEARCH } from "./GeoSearch.ts"
import { addMembers } from "./SortedSetAdd.ts"

const geoadd = (client: Client, args: Arguments): Reply => {
  const options = { nx: false, xx: false, ch: false, gt: false, lt: false, incr: false }
  let at = 2
  for (; at < args.length; at++) {
    const name = argument(args, at).toLowerCase()
    if (name !== "nx" && name !== "xx" && name !== "ch") break
    options[name] = true
  }
  if ((args.length - at) % 3 !== 0 || at === args.length || (options.xx && options.nx)) throw SYNTAX
  const members: Array<readonly [number, string]> = []
  for (; at < args.length; at += 3) members.push([encodePoint(pointOf(args, at)), argument(args, at + 2)])
  return addMembers(client, argument(args, 1), members, options)
}

/** What every member that exists is; `missing` for the others. */
const each =
  (missing: Reply, show: (point: Point) => Reply) =>
  (client: Client, args: Arguments): Reply => {
    const set = readSortedSet(client, argument(args, 1))
    return args.slice(2).map((member) => {
      const score = set?.score(member)
      return score === undefined ? missing : show(decodePoint(score))
    })
  }

const geodist = (client: Client, args: Arguments): Reply => {
  if (args.length > 5) throw SYNTAX
  const unit = args.length === 5 ? metresOf(argument(args, 4)) : 1
  const set = readSortedSet(client, argument(args, 1))
  const from = set?.score(argument(args, 2))
  const to = set?.score(argument(args, 3))
  if (from === undefined || to === undefined) return null
  return distanceText(distance(decodePoint(from), decodePoint(to)) / unit)
}

/** Commands on points in sorted sets. */
export const GEO: ReadonlyArray<CommandDefinition> = [
  {
    name: "geoadd",
    arity: -5,
    flags: "write denyoom",
    keys: [1, 1, 1],
    since: "3.2.0",
    complexity: "O(log(N)) for each item added",
    summary: "Adds one or more members to a geospatial index. The key is created if it doesn't exist.",
    run: geoadd
  },
  {
    name: "geopos",
    arity: -2,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "3.2.0",
    summary: "Returns the longitude and latitude of members from a geospatial index.",
    run: each(NULL_ARRAY, pointReply)
  },
  {
    name: "geohash",
    arity: -2,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "3.2.0",
    summary: "Returns members from a geospatial index as geohash strings.",
    run: each(null, geohashText)
  },
  {
    name: "geodist",
    arity: -4,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "3.2.0",
    summary: "Returns the distance between two members of a geospatial index.",
    run: geodist
  },
  ...GEO_SEARCH
]
