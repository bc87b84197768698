import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { OUT_OF_RANGE, SYNTAX } from "../exec/Errors.ts"
import { formatDouble } from "../format/Doubles.ts"
import { HALF_INT64, INT64_LIMIT } from "../format/Integers.ts"
import { DoubleReply, EMPTY, ErrorReply, NULL_ARRAY, type Reply } from "../resp/Reply.ts"
import type { SortedMember } from "../types/SortedSetValue.ts"
import { readSortedSet, removeIfEmpty, writeSortedSet } from "./Access.ts"
import { pickDistinct, pickRepeated } from "./RandomPick.ts"
import { scanArguments, scanCursor } from "./ScanArguments.ts"
import { SORTED_SET_ADD } from "./SortedSetAdd.ts"
import { SORTED_SET_ALGEBRA } from "./SortedSetAlgebra.ts"
import { read, readFast, write } from "./SortedSetDefinitions.ts"
import { SORTED_SET_POPS } from "./SortedSetPops.ts"
import { membersReply, SORTED_SET_RANGES, storeSortedSet } from "./SortedSetRanges.ts"

const zrem = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const set = writeSortedSet(client, key)
  if (set === undefined) return 0
  let removed = 0
  for (let at = 2; at < args.length; at++) if (set.delete(argument(args, at))) removed++
  if (removed > 0) {
    client.server.changed(client.db, key, NOTIFY.zset, "zrem")
    removeIfEmpty(client, key, set.size)
  }
  return removed
}

const rank =
  (reverse: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const key = argument(args, 1)
    const member = argument(args, 2)
    const withScore = args.length === 4
    if (args.length > 4)
      throw new ErrorReply(`ERR wrong number of arguments for '${reverse ? "zrevrank" : "zrank"}' command`)
    if (withScore && argument(args, 3).toUpperCase() !== "WITHSCORE") throw SYNTAX
    const set = readSortedSet(client, key)
    const position = set?.rank(member, reverse)
    if (position === undefined) return withScore ? NULL_ARRAY : null
    return withScore ? [position, new DoubleReply(set?.score(member) ?? 0)] : position
  }

const mscore = (client: Client, args: Arguments): Reply => {
  const set = readSortedSet(client, argument(args, 1))
  return args.slice(2).map((member) => {
    const score = set?.score(member)
    return score === undefined ? null : new DoubleReply(score)
  })
}

const zrandmember = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  if (args.length === 2) return readSortedSet(client, key)?.members.random()?.key ?? null
  const count = integer(argument(args, 2))
  const withScores = args.length > 3
  if (args.length > 4 || (withScores && argument(args, 3).toUpperCase() !== "WITHSCORES")) throw SYNTAX
  if (count <= -INT64_LIMIT || (withScores && Math.abs(count) > HALF_INT64)) throw OUT_OF_RANGE
  const set = readSortedSet(client, key)
  if (set === undefined || count === 0) return EMPTY
  const at = (slot: number): SortedMember | undefined => set.members.at(slot)
  const members = count < 0 ? pickRepeated(-count, set.size, at) : pickDistinct(count, set.size, at)
  return membersReply(client, members, withScores)
}

const zscan = (client: Client, args: Arguments): Reply => {
  scanCursor(argument(args, 2))
  const set = readSortedSet(client, argument(args, 1))
  if (set === undefined) return ["0", EMPTY]
  const options = scanArguments(args, 2, false)
  const out: Array<string> = []
  const visit = (member: SortedMember): void => {
    if (options.matches(member.key)) out.push(member.key, formatDouble(member.score))
  }
  if (set.compact) {
    for (const member of set.tree.range(0, set.size)) visit(member)
    return ["0", out]
  }
  return [String(set.members.scan(options.cursor, options.count, visit)), out]
}

const zscore = (client: Client, args: Arguments): Reply => {
  const score = readSortedSet(client, argument(args, 1))?.score(argument(args, 2))
  return score === undefined ? null : new DoubleReply(score)
}

/** Commands on sorted sets. */
export const SORTED_SETS: ReadonlyArray<CommandDefinition> = [
  write("zrem", -3, "1.2.0", "O(M*log(N))", "Removes one or more members from a sorted set.", zrem, {
    flags: "write fast"
  }),
  readFast("zcard", 2, "1.2.0", "O(1)", "Returns the number of members in a sorted set.", (client, args) => {
    return readSortedSet(client, argument(args, 1))?.size ?? 0
  }),
  readFast("zscore", 3, "1.2.0", "O(1)", "Returns the score of a member in a sorted set.", zscore),
  readFast(
    "zmscore",
    -3,
    "6.2.0",
    "O(N)",
    "Returns the score of one or more members in a sorted set.",
    mscore
  ),
  readFast(
    "zrank",
    -3,
    "2.0.0",
    "O(log(N))",
    "Returns the index of a member ordered by ascending scores.",
    rank(false)
  ),
  readFast(
    "zrevrank",
    -3,
    "2.0.0",
    "O(log(N))",
    "Returns the index of a member ordered by descending scores.",
    rank(true)
  ),
  read(
    "zrandmember",
    -2,
    "6.2.0",
    "O(N)",
    "Returns one or more random members from a sorted set.",
    zrandmember
  ),
  read("zscan", -3, "2.8.0", "O(1)", "Iterates over members and scores of a sorted set.", zscan),
  ...SORTED_SET_ADD,
  ...SORTED_SET_RANGES,
  ...SORTED_SET_POPS,
  ...SORTED_SET_ALGEBRA(storeSortedSet, membersReply)
]
