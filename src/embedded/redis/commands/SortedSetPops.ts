import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { MUST_BE_POSITIVE, SYNTAX } from "../exec/Errors.ts"
import { DoubleReply, EMPTY, ErrorReply, NULL_ARRAY, type Reply } from "../resp/Reply.ts"
import { type SortedMember, SortedSetValue } from "../types/SortedSetValue.ts"
import { removeIfEmpty, writeSortedSet } from "./Access.ts"
import { numberedKeys } from "./NumberedKeys.ts"
import { write } from "./SortedSetDefinitions.ts"
import { membersReply } from "./SortedSetRanges.ts"
import { timeoutOf } from "./Timeouts.ts"

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

/** Commands that take members from the ends of sorted sets. */
export const SORTED_SET_POPS: ReadonlyArray<CommandDefinition> = [
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
  )
]
