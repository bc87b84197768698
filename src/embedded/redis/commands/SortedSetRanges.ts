import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { formatDouble } from "../format/Doubles.ts"
import { DoubleReply, EMPTY, ErrorReply, type Reply } from "../resp/Reply.ts"
import { type SortedMember, sortedSetOf, type SortedSetValue } from "../types/SortedSetValue.ts"
import { readSortedSet, removeIfEmpty, writeSortedSet } from "./Access.ts"
import { read, readFast, write } from "./SortedSetDefinitions.ts"
import { lexRange, membersOf, type Range, rankRange, scoreRange } from "./SortedSetRange.ts"

/** Members as a reply; with scores they are pairs in RESP3 and flat in RESP2. */
export const membersReply = (
  client: Client,
  members: ReadonlyArray<SortedMember>,
  withScores: boolean
): Reply => {
  if (!withScores) return members.map((member) => member.key)
  if (client.resp === 3) return members.map((member) => [member.key, new DoubleReply(member.score)])
  const out: Array<Reply> = []
  for (const member of members) out.push(member.key, formatDouble(member.score))
  return out
}

interface RangeRequest {
  readonly range: Range
  readonly reverse: boolean
  readonly offset: number
  readonly count: number
  readonly withScores: boolean
}

type By = "rank" | "score" | "lex"

interface RangeDefaults {
  readonly by: By | undefined
  readonly reverse: boolean | undefined
  readonly allowScores: boolean
}

const rangeRequest = (args: Arguments, start: number, defaults: RangeDefaults): RangeRequest => {
  let by = defaults.by
  let reverse = defaults.reverse
  let withScores = false
  let limit: [number, number] | undefined
  for (let at = start + 2; at < args.length; at++) {
    const name = argument(args, at).toUpperCase()
    if (name === "WITHSCORES" && defaults.allowScores) withScores = true
    else if (name === "LIMIT" && at + 2 < args.length) {
      limit = [integer(argument(args, at + 1)), integer(argument(args, at + 2))]
      at += 2
    } else if (name === "REV" && defaults.reverse === undefined) reverse = true
    else if (name === "BYSCORE" && defaults.by === undefined && by === undefined) by = "score"
    else if (name === "BYLEX" && defaults.by === undefined && by === undefined) by = "lex"
    else throw SYNTAX
  }
  const kind = by ?? "rank"
  if (limit !== undefined && kind === "rank") {
    throw new ErrorReply(
      "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
    )
  }
  if (withScores && kind === "lex") {
    throw new ErrorReply("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
  }
  const backwards = reverse === true
  const [first, second] = [argument(args, start), argument(args, start + 1)]
  const [low, high] = backwards ? [second, first] : [first, second]
  const range =
    kind === "rank"
      ? rankRange(first, second, backwards)
      : kind === "score"
        ? scoreRange(low, high)
        : lexRange(low, high)
  return { range, reverse: backwards, offset: limit?.[0] ?? 0, count: limit?.[1] ?? -1, withScores }
}

const range =
  (by: By | undefined, reverse: boolean | undefined) =>
  (client: Client, args: Arguments): Reply => {
    const request = rangeRequest(args, 2, { by, reverse, allowScores: true })
    const set = readSortedSet(client, argument(args, 1))
    if (set === undefined) return EMPTY
    const members = membersOf(set, request.range(set), request.reverse, request.offset, request.count)
    return membersReply(client, members, request.withScores)
  }

const zrangestore = (client: Client, args: Arguments): Reply => {
  const target = argument(args, 1)
  const request = rangeRequest(args, 3, { by: undefined, reverse: undefined, allowScores: false })
  const set = readSortedSet(client, argument(args, 2))
  const members =
    set === undefined
      ? []
      : membersOf(set, request.range(set), request.reverse, request.offset, request.count)
  return storeSortedSet(client, target, sortedSetOf(members, client.server.limits), "zrangestore")
}

/** Replaces what a key holds by a sorted set, or removes the key if there are no members. */
export const storeSortedSet = (
  client: Client,
  target: string,
  result: SortedSetValue,
  event: string
): number => {
  if (result.size === 0) {
    if (client.db.delete(target)) client.server.changed(client.db, target, NOTIFY.generic, "del")
    return 0
  }
  client.db.set(target, result)
  client.server.changed(client.db, target, NOTIFY.zset, event)
  return result.size
}

const counter =
  (parse: (minimum: string, maximum: string) => Range) =>
  (client: Client, args: Arguments): Reply => {
    const bounds = parse(argument(args, 2), argument(args, 3))
    const set = readSortedSet(client, argument(args, 1))
    if (set === undefined) return 0
    const { first, end } = bounds(set)
    return Math.max(0, end - first)
  }

const removeRange =
  (parse: (first: string, second: string) => Range, event: string) =>
  (client: Client, args: Arguments): Reply => {
    const bounds = parse(argument(args, 2), argument(args, 3))
    const key = argument(args, 1)
    const set = writeSortedSet(client, key)
    if (set === undefined) return 0
    const members = membersOf(set, bounds(set), false)
    for (const member of members) set.remove(member)
    if (members.length > 0) {
      client.server.changed(client.db, key, NOTIFY.zset, event)
      removeIfEmpty(client, key, set.size)
    }
    return members.length
  }

/** Commands on ranges of sorted sets. */
export const SORTED_SET_RANGES: ReadonlyArray<CommandDefinition> = [
  readFast(
    "zcount",
    4,
    "2.0.0",
    "O(log(N))",
    "Returns the count of members that have scores within a range.",
    counter(scoreRange)
  ),
  readFast(
    "zlexcount",
    4,
    "2.8.9",
    "O(log(N))",
    "Returns the number of members within a lexicographical range.",
    counter(lexRange)
  ),
  read(
    "zrange",
    -4,
    "1.2.0",
    "O(log(N)+M)",
    "Returns members in a sorted set within a range of indexes.",
    range(undefined, undefined)
  ),
  read(
    "zrevrange",
    -4,
    "1.2.0",
    "O(log(N)+M)",
    "Returns members within a range of indexes in reverse order.",
    range("rank", true)
  ),
  read(
    "zrangebyscore",
    -4,
    "1.0.5",
    "O(log(N)+M)",
    "Returns members within a range of scores.",
    range("score", false)
  ),
  read(
    "zrevrangebyscore",
    -4,
    "2.2.0",
    "O(log(N)+M)",
    "Returns members within a range of scores in reverse order.",
    range("score", true)
  ),
  read(
    "zrangebylex",
    -4,
    "2.8.9",
    "O(log(N)+M)",
    "Returns members within a lexicographical range.",
    range("lex", false)
  ),
  read(
    "zrevrangebylex",
    -4,
    "2.8.9",
    "O(log(N)+M)",
    "Returns members within a lexicographical range in reverse order.",
    range("lex", true)
  ),
  write(
    "zrangestore",
    -5,
    "6.2.0",
    "O(log(N)+M)",
    "Stores a range of members from sorted set in a key.",
    zrangestore,
    {
      flags: "write denyoom",
      keys: [1, 2, 1]
    }
  ),
  write(
    "zremrangebyrank",
    4,
    "2.0.0",
    "O(log(N)+M)",
    "Removes members within a range of indexes.",
    removeRange((first, second) => rankRange(first, second, false), "zremrangebyrank")
  ),
  write(
    "zremrangebyscore",
    4,
    "1.2.0",
    "O(log(N)+M)",
    "Removes members within a range of scores.",
    removeRange(scoreRange, "zremrangebyscore")
  ),
  write(
    "zremrangebylex",
    4,
    "2.8.9",
    "O(log(N)+M)",
    "Removes members within a lexicographical range.",
    removeRange(lexRange, "zremrangebylex")
  )
]
