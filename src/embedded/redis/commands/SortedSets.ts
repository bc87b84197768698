import { argument, type Arguments, float, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { MUST_BE_POSITIVE, OUT_OF_RANGE, SYNTAX } from "../exec/Errors.ts"
import { formatDouble } from "../format/Doubles.ts"
import { HALF_INT64, INT64_LIMIT } from "../format/Integers.ts"
import { DoubleReply, EMPTY, ErrorReply, NULL_ARRAY, type Reply } from "../resp/Reply.ts"
import { type SortedMember, SortedSetValue } from "../types/SortedSetValue.ts"
import { create, readSortedSet, removeIfEmpty, writeSortedSet } from "./Access.ts"
import { numberedKeys, timeoutOf } from "./Lists.ts"
import { pickDistinct, pickRepeated } from "./RandomPick.ts"
import { scanArguments, scanCursor } from "./ScanArguments.ts"
import { SORTED_SET_ALGEBRA } from "./SortedSetAlgebra.ts"
import { lexRange, membersOf, type Range, rankRange, scoreRange } from "./SortedSetRange.ts"

interface AddOptions {
  nx: boolean
  xx: boolean
  gt: boolean
  lt: boolean
  ch: boolean
  incr: boolean
}

type Added =
  | { readonly kind: "added" | "updated" | "same"; readonly score: number }
  | { readonly kind: "refused" }

const NAN_RESULT = new ErrorReply("ERR resulting score is not a number (NaN)")

const addMember = (
  client: Client,
  set: SortedSetValue,
  score: number,
  member: string,
  options: AddOptions
): Added => {
  const current = set.score(member)
  if (current === undefined) {
    if (options.xx) return { kind: "refused" }
    set.set(member, score, client.server.limits)
    return { kind: "added", score }
  }
  if (options.nx) return { kind: "refused" }
  const next = options.incr ? current + score : score
  if (Number.isNaN(next)) throw NAN_RESULT
  if ((options.lt && next >= current) || (options.gt && next <= current)) return { kind: "refused" }
  if (next === current) return { kind: "same", score: current }
  set.set(member, next, client.server.limits)
  return { kind: "updated", score: next }
}

const addOptions = (args: Arguments): [AddOptions, number] => {
  const options: AddOptions = { nx: false, xx: false, gt: false, lt: false, ch: false, incr: false }
  let at = 2
  for (; at < args.length; at++) {
    const name = argument(args, at).toLowerCase()
    if (
      name === "nx" ||
      name === "xx" ||
      name === "gt" ||
      name === "lt" ||
      name === "ch" ||
      name === "incr"
    ) {
      options[name] = true
    } else break
  }
  return [options, at]
}

const zaddGeneric = (client: Client, args: Arguments, options: AddOptions, at: number): Reply => {
  const pairs = args.length - at
  if (pairs === 0 || pairs % 2 !== 0) throw SYNTAX
  if (options.nx && options.xx)
    throw new ErrorReply("ERR XX and NX options at the same time are not compatible")
  if ((options.gt && options.nx) || (options.lt && options.nx) || (options.gt && options.lt)) {
    throw new ErrorReply("ERR GT, LT, and/or NX options at the same time are not compatible")
  }
  if (options.incr && pairs > 2)
    throw new ErrorReply("ERR INCR option supports a single increment-element pair")
  const members: Array<readonly [number, string]> = []
  for (let next = at; next < args.length; next += 2) {
    members.push([float(argument(args, next)), argument(args, next + 1)])
  }
  return addMembers(client, argument(args, 1), members, options)
}

/** Adds members to the sorted set under a key; what ZADD answers. */
export const addMembers = (
  client: Client,
  key: string,
  members: ReadonlyArray<readonly [score: number, member: string]>,
  options: AddOptions
): Reply => {
  const existing = writeSortedSet(client, key)
  if (existing === undefined && options.xx) return options.incr ? null : 0
  const set = existing ?? create(client, key, new SortedSetValue())
  let added = 0
  let updated = 0
  let result: number | undefined
  for (const [score, member] of members) {
    const outcome = addMember(client, set, score, member, options)
    if (outcome.kind === "refused") continue
    if (outcome.kind === "added") added++
    if (outcome.kind === "updated") updated++
    result = outcome.score
  }
  if (added + updated > 0) client.server.changed(client.db, key, NOTIFY.zset, options.incr ? "zincr" : "zadd")
  if (options.incr) return result === undefined ? null : new DoubleReply(result)
  return options.ch ? added + updated : added
}

const zadd = (client: Client, args: Arguments): Reply => {
  const [options, at] = addOptions(args)
  return zaddGeneric(client, args, options, at)
}

const zincrby = (client: Client, args: Arguments): Reply =>
  zaddGeneric(client, args, { nx: false, xx: false, gt: false, lt: false, ch: false, incr: true }, 2)

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
  return storeSortedSet(client, target, members, "zrangestore")
}

/** Replaces what a key holds by a sorted set, or removes the key if there are no members. */
export const storeSortedSet = (
  client: Client,
  target: string,
  members: Iterable<{ readonly key: string; readonly score: number }>,
  event: string
): number => {
  const result = new SortedSetValue()
  for (const member of members) result.set(member.key, member.score, client.server.limits)
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

/** Removes members from one end. */
const popFrom = (
  client: Client,
  key: string,
  set: SortedSetValue,
  highest: boolean,
  count: number
): Array<SortedMember> => {
  const members = set.tree.range(highest ? set.size - 1 : 0, Math.min(count, set.size), highest)
  for (const member of members) set.remove(member)
  client.server.changed(client.db, key, NOTIFY.zset, highest ? "zpopmax" : "zpopmin")
  removeIfEmpty(client, key, set.size)
  client.server.propagate(client.db, [highest ? "ZPOPMAX" : "ZPOPMIN", key, String(members.length)])
  return members
}

const pop =
  (highest: boolean) =>
  (client: Client, args: Arguments): Reply => {
    if (args.length > 3) throw SYNTAX
    const key = argument(args, 1)
    const count = args.length === 3 ? integer(argument(args, 2), MUST_BE_POSITIVE) : 1
    if (count < 0) throw MUST_BE_POSITIVE
    const set = writeSortedSet(client, key)
    if (set === undefined || count === 0) return EMPTY
    const members = popFrom(client, key, set, highest, count)
    if (client.resp === 2 || args.length === 3) return membersReply(client, members, true)
    const [only] = members
    return only === undefined ? EMPTY : [only.key, new DoubleReply(only.score)]
  }

const blockingPop =
  (highest: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const timeout = timeoutOf(argument(args, args.length - 1))
    const keys = args.slice(1, -1)
    const take = (key: string, set: SortedSetValue): Reply => {
      const [member] = popFrom(client, key, set, highest, 1)
      return member === undefined ? undefined : [key, member.key, new DoubleReply(member.score)]
    }
    for (const key of keys) {
      const set = writeSortedSet(client, key)
      if (set !== undefined) return take(key, set)
    }
    if (client.deniesBlocking) return NULL_ARRAY
    return client.block({
      keys,
      timeout,
      onTimeout: NULL_ARRAY,
      serve: (key) => {
        const set = client.db.findForWrite(key)?.value
        return set instanceof SortedSetValue ? take(key, set) : undefined
      }
    })
  }

interface MultiPop {
  readonly keys: Arguments
  readonly highest: boolean
  readonly count: number
}

const multiPopArguments = (args: Arguments, at: number): MultiPop => {
  const invalid = new ErrorReply("ERR numkeys should be greater than 0")
  const number = integer(argument(args, at), invalid)
  if (number <= 0) throw invalid
  const where = at + 1 + number
  if (where >= args.length) throw SYNTAX
  const side = argument(args, where).toUpperCase()
  if (side !== "MIN" && side !== "MAX") throw SYNTAX
  let count: number | undefined
  for (let next = where + 1; next < args.length; next += 2) {
    if (argument(args, next).toUpperCase() !== "COUNT" || count !== undefined || next + 1 >= args.length)
      throw SYNTAX
    count = integer(argument(args, next + 1), new ErrorReply("ERR count should be greater than 0"))
    if (count <= 0) throw new ErrorReply("ERR count should be greater than 0")
  }
  return { keys: args.slice(at + 1, where), highest: side === "MAX", count: count ?? 1 }
}

const takeMany = (client: Client, key: string, set: SortedSetValue, request: MultiPop): Reply => [
  key,
  popFrom(client, key, set, request.highest, request.count).map((member) => [
    member.key,
    new DoubleReply(member.score)
  ])
]

const zmpop = (client: Client, request: MultiPop): Reply => {
  for (const key of request.keys) {
    const set = writeSortedSet(client, key)
    if (set !== undefined) return takeMany(client, key, set, request)
  }
  return undefined
}

const bzmpop = (client: Client, args: Arguments): Reply => {
  const timeout = timeoutOf(argument(args, 1))
  const request = multiPopArguments(args, 2)
  const reply = zmpop(client, request)
  if (reply !== undefined) return reply
  if (client.deniesBlocking) return NULL_ARRAY
  return client.block({
    keys: request.keys,
    timeout,
    onTimeout: NULL_ARRAY,
    serve: (key) => {
      const set = client.db.findForWrite(key)?.value
      return set instanceof SortedSetValue ? takeMany(client, key, set, request) : undefined
    }
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

const read = (
  name: string,
  arity: number,
  since: string,
  complexity: string,
  summary: string,
  run: CommandDefinition["run"] & {}
): CommandDefinition => ({ name, arity, flags: "readonly", keys: [1, 1, 1], since, complexity, summary, run })

const write = (
  name: string,
  arity: number,
  since: string,
  complexity: string,
  summary: string,
  run: CommandDefinition["run"] & {},
  more: Partial<CommandDefinition> = {}
): CommandDefinition => ({
  name,
  arity,
  flags: "write",
  keys: [1, 1, 1],
  since,
  complexity,
  summary,
  run,
  ...more
})

/** Commands on sorted sets. */
export const SORTED_SETS: ReadonlyArray<CommandDefinition> = [
  write(
    "zadd",
    -4,
    "1.2.0",
    "O(log(N))",
    "Adds one or more members to a sorted set, or updates their scores.",
    zadd,
    {
      flags: "write denyoom fast"
    }
  ),
  write("zincrby", 4, "1.2.0", "O(log(N))", "Increments the score of a member in a sorted set.", zincrby, {
    flags: "write denyoom fast"
  }),
  write("zrem", -3, "1.2.0", "O(M*log(N))", "Removes one or more members from a sorted set.", zrem, {
    flags: "write fast"
  }),
  read("zcard", 2, "1.2.0", "O(1)", "Returns the number of members in a sorted set.", (client, args) => {
    return readSortedSet(client, argument(args, 1))?.size ?? 0
  }),
  read("zscore", 3, "1.2.0", "O(1)", "Returns the score of a member in a sorted set.", zscore),
  read("zmscore", -3, "6.2.0", "O(N)", "Returns the score of one or more members in a sorted set.", mscore),
  read(
    "zrank",
    -3,
    "2.0.0",
    "O(log(N))",
    "Returns the index of a member ordered by ascending scores.",
    rank(false)
  ),
  read(
    "zrevrank",
    -3,
    "2.0.0",
    "O(log(N))",
    "Returns the index of a member ordered by descending scores.",
    rank(true)
  ),
  read(
    "zcount",
    4,
    "2.0.0",
    "O(log(N))",
    "Returns the count of members that have scores within a range.",
    counter(scoreRange)
  ),
  read(
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
  ),
  write(
    "zpopmin",
    -2,
    "5.0.0",
    "O(log(N)*M)",
    "Returns the lowest-scoring members after removing them.",
    pop(false),
    {
      flags: "write fast",
      logsItself: true
    }
  ),
  write(
    "zpopmax",
    -2,
    "5.0.0",
    "O(log(N)*M)",
    "Returns the highest-scoring members after removing them.",
    pop(true),
    {
      flags: "write fast",
      logsItself: true
    }
  ),
  write(
    "bzpopmin",
    -3,
    "5.0.0",
    "O(log(N))",
    "Removes and returns the member with the lowest score. Blocks until there is one.",
    blockingPop(false),
    {
      flags: "write noscript blocking fast",
      keys: [1, -2, 1],
      logsItself: true
    }
  ),
  write(
    "bzpopmax",
    -3,
    "5.0.0",
    "O(log(N))",
    "Removes and returns the member with the highest score. Blocks until there is one.",
    blockingPop(true),
    {
      flags: "write noscript blocking fast",
      keys: [1, -2, 1],
      logsItself: true
    }
  ),
  write(
    "zmpop",
    -4,
    "7.0.0",
    "O(K)+O(M*log(N))",
    "Returns the highest- or lowest-scoring members after removing them.",
    (client, args) => zmpop(client, multiPopArguments(args, 1)) ?? NULL_ARRAY,
    { flags: "write movablekeys", keys: [0, 0, 0], keysOf: numberedKeys(1), logsItself: true }
  ),
  write(
    "bzmpop",
    -5,
    "7.0.0",
    "O(K)+O(M*log(N))",
    "Removes and returns members by score. Blocks until there is one.",
    bzmpop,
    {
      flags: "write blocking movablekeys",
      keys: [0, 0, 0],
      keysOf: numberedKeys(2),
      logsItself: true
    }
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
  ...SORTED_SET_ALGEBRA(storeSortedSet, membersReply)
]
