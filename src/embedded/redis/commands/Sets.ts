import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { MUST_BE_POSITIVE, OUT_OF_RANGE, SYNTAX } from "../exec/Errors.ts"
import { INT64_LIMIT } from "../format/Integers.ts"
import { EMPTY, ErrorReply, type Reply, SetReply } from "../resp/Reply.ts"
import { SetValue } from "../types/SetValue.ts"
import { create, readSet, removeIfEmpty, writeSet } from "./Access.ts"
import { numberedKeys } from "./NumberedKeys.ts"
import { pickDistinct, pickRepeated } from "./RandomPick.ts"
import { scanArguments, scanCursor } from "./ScanArguments.ts"

const sadd = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const set = writeSet(client, key) ?? create(client, key, new SetValue())
  let added = 0
  for (let at = 2; at < args.length; at++) if (set.add(argument(args, at), client.server.limits)) added++
  if (added > 0) client.server.changed(client.db, key, NOTIFY.set, "sadd")
  return added
}

const srem = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const set = writeSet(client, key)
  if (set === undefined) return 0
  let removed = 0
  for (let at = 2; at < args.length; at++) if (set.delete(argument(args, at))) removed++
  if (removed > 0) {
    client.server.changed(client.db, key, NOTIFY.set, "srem")
    removeIfEmpty(client, key, set.size)
  }
  return removed
}

const smove = (client: Client, args: Arguments): Reply => {
  const [source, target, member] = [argument(args, 1), argument(args, 2), argument(args, 3)]
  const from = writeSet(client, source)
  if (from === undefined) return 0
  const to = writeSet(client, target)
  if (from === to) return from.has(member) ? 1 : 0
  if (!from.delete(member)) return 0
  client.server.changed(client.db, source, NOTIFY.set, "srem")
  removeIfEmpty(client, source, from.size)
  const destination = to ?? create(client, target, new SetValue())
  if (destination.add(member, client.server.limits))
    client.server.changed(client.db, target, NOTIFY.set, "sadd")
  return 1
}

const smismember = (client: Client, args: Arguments): Reply => {
  const set = readSet(client, argument(args, 1))
  return args.slice(2).map((member) => (set?.has(member) === true ? 1 : 0))
}

const removed = (client: Client, key: string, set: SetValue, members: ReadonlyArray<string>): void => {
  for (const member of members) set.delete(member)
  client.server.changed(client.db, key, NOTIFY.set, "spop")
  if (removeIfEmpty(client, key, set.size)) client.server.propagate(client.db, ["DEL", key])
  else client.server.propagate(client.db, ["SREM", key, ...members])
}

const spop = (client: Client, args: Arguments): Reply => {
  if (args.length > 3) throw SYNTAX
  const key = argument(args, 1)
  const count = args.length === 3 ? integer(argument(args, 2), MUST_BE_POSITIVE) : undefined
  if (count !== undefined && count < 0) throw MUST_BE_POSITIVE
  const set = writeSet(client, key)
  if (set === undefined) return count === undefined ? null : new SetReply(EMPTY)
  if (count === undefined) {
    const member = set.members.random()
    if (member === undefined) return null
    removed(client, key, set, [member])
    return member
  }
  if (count === 0) return new SetReply(EMPTY)
  const members = pickDistinct(count, set.size, (slot) => set.members.at(slot))
  removed(client, key, set, members)
  return new SetReply(members)
}

const srandmember = (client: Client, args: Arguments): Reply => {
  if (args.length > 3) throw SYNTAX
  const key = argument(args, 1)
  if (args.length === 2) return readSet(client, key)?.members.random() ?? null
  const count = integer(argument(args, 2))
  if (count <= -INT64_LIMIT) throw OUT_OF_RANGE
  const set = readSet(client, key)
  if (set === undefined || count === 0) return EMPTY
  const at = (slot: number): string | undefined => set.members.at(slot)
  return count < 0 ? pickRepeated(-count, set.size, at) : pickDistinct(count, set.size, at)
}

type Operation = "inter" | "union" | "diff"

/** Combines sets; `limit` stops an intersection early. */
const combine = (
  client: Client,
  keys: Arguments,
  operation: Operation,
  limit = Infinity
): ReadonlyArray<string> => {
  const sets = keys.map((key) => readSet(client, key))
  if (operation === "union") {
    const all = new SetValue()
    for (const set of sets) for (const member of set?.list() ?? []) all.add(member, client.server.limits)
    return all.list()
  }
  if (operation === "diff") {
    const [first, ...others] = sets
    return (first?.list() ?? []).filter((member) => !others.some((other) => other?.has(member) === true))
  }
  const present = sets.filter((set) => set !== undefined)
  if (present.length < sets.length) return []
  present.sort((left, right) => left.size - right.size)
  const [smallest, ...others] = present
  const out: Array<string> = []
  for (const member of smallest?.list() ?? []) {
    if (out.length >= limit) break
    if (others.every((other) => other.has(member))) out.push(member)
  }
  return out
}

const read =
  (operation: Operation) =>
  (client: Client, args: Arguments): Reply =>
    new SetReply([...combine(client, args.slice(1), operation)])

const storeResult =
  (operation: Operation) =>
  (client: Client, args: Arguments): Reply => {
    const target = argument(args, 1)
    const members = combine(client, args.slice(2), operation)
    if (members.length === 0) {
      if (client.db.delete(target)) client.server.changed(client.db, target, NOTIFY.generic, "del")
      return 0
    }
    const set = new SetValue()
    for (const member of members) set.add(member, client.server.limits)
    client.db.set(target, set)
    client.server.changed(client.db, target, NOTIFY.set, `s${operation}store`)
    return set.size
  }

const sintercard = (client: Client, args: Arguments): Reply => {
  const invalid = new ErrorReply("ERR numkeys should be greater than 0")
  const number = integer(argument(args, 1), invalid)
  if (number <= 0) throw invalid
  if (args.length < 2 + number)
    throw new ErrorReply("ERR Number of keys can't be greater than number of args")
  let limit = 0
  for (let at = 2 + number; at < args.length; at += 2) {
    if (argument(args, at).toUpperCase() !== "LIMIT" || at + 1 >= args.length) throw SYNTAX
    limit = integer(argument(args, at + 1), new ErrorReply("ERR LIMIT can't be negative"))
    if (limit < 0) throw new ErrorReply("ERR LIMIT can't be negative")
  }
  return combine(client, args.slice(2, 2 + number), "inter", limit === 0 ? Infinity : limit).length
}

const sscan = (client: Client, args: Arguments): Reply => {
  scanCursor(argument(args, 2))
  const set = readSet(client, argument(args, 1))
  if (set === undefined) return ["0", EMPTY]
  const options = scanArguments(args, 2, false)
  if (set.compact) return ["0", set.list().filter((member) => options.matches(member))]
  const out: Array<string> = []
  const next = set.members.scan(options.cursor, options.count, (member) => {
    if (options.matches(member)) out.push(member)
  })
  return [String(next), out]
}

/** Commands on sets. */
export const SETS: ReadonlyArray<CommandDefinition> = [
  {
    name: "sadd",
    arity: -3,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    summary: "Adds one or more members to a set. Creates the key if it doesn't exist.",
    run: sadd
  },
  {
    name: "srem",
    arity: -3,
    flags: "write fast",
    keys: [1, 1, 1],
    complexity: "O(N)",
    summary: "Removes one or more members from a set. Deletes the set if the last member was removed.",
    run: srem
  },
  {
    name: "smove",
    arity: 4,
    flags: "write fast",
    keys: [1, 2, 1],
    summary: "Moves a member from one set to another.",
    run: smove
  },
  {
    name: "sismember",
    arity: 3,
    flags: "readonly fast",
    keys: [1, 1, 1],
    summary: "Determines whether a member belongs to a set.",
    run: (client, args) => (readSet(client, argument(args, 1))?.has(argument(args, 2)) === true ? 1 : 0)
  },
  {
    name: "smismember",
    arity: -3,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "6.2.0",
    complexity: "O(N)",
    summary: "Determines whether multiple members belong to a set.",
    run: smismember
  },
  {
    name: "scard",
    arity: 2,
    flags: "readonly fast",
    keys: [1, 1, 1],
    summary: "Returns the number of members in a set.",
    run: (client, args) => readSet(client, argument(args, 1))?.size ?? 0
  },
  {
    name: "smembers",
    arity: 2,
    flags: "readonly",
    keys: [1, 1, 1],
    complexity: "O(N)",
    summary: "Returns all members of a set.",
    run: (client, args) => new SetReply([...(readSet(client, argument(args, 1))?.list() ?? [])])
  },
  {
    name: "spop",
    arity: -2,
    flags: "write fast",
    keys: [1, 1, 1],
    complexity: "O(N)",
    summary: "Returns one or more random members from a set after removing them.",
    logsItself: true,
    run: spop
  },
  {
    name: "srandmember",
    arity: -2,
    flags: "readonly",
    keys: [1, 1, 1],
    complexity: "O(N)",
    summary: "Get one or multiple random members from a set.",
    run: srandmember
  },
  {
    name: "sinter",
    arity: -2,
    flags: "readonly",
    keys: [1, -1, 1],
    complexity: "O(N*M)",
    summary: "Returns the intersect of multiple sets.",
    run: read("inter")
  },
  {
    name: "sunion",
    arity: -2,
    flags: "readonly",
    keys: [1, -1, 1],
    complexity: "O(N)",
    summary: "Returns the union of multiple sets.",
    run: read("union")
  },
  {
    name: "sdiff",
    arity: -2,
    flags: "readonly",
    keys: [1, -1, 1],
    complexity: "O(N)",
    summary: "Returns the difference of multiple sets.",
    run: read("diff")
  },
  {
    name: "sinterstore",
    arity: -3,
    flags: "write denyoom",
    keys: [1, -1, 1],
    complexity: "O(N*M)",
    summary: "Stores the intersect of multiple sets in a key.",
    run: storeResult("inter")
  },
  {
    name: "sunionstore",
    arity: -3,
    flags: "write denyoom",
    keys: [1, -1, 1],
    complexity: "O(N)",
    summary: "Stores the union of multiple sets in a key.",
    run: storeResult("union")
  },
  {
    name: "sdiffstore",
    arity: -3,
    flags: "write denyoom",
    keys: [1, -1, 1],
    complexity: "O(N)",
    summary: "Stores the difference of multiple sets in a key.",
    run: storeResult("diff")
  },
  {
    name: "sintercard",
    arity: -3,
    flags: "readonly movablekeys",
    since: "7.0.0",
    complexity: "O(N*M)",
    summary: "Returns the number of members of the intersect of multiple sets.",
    keysOf: numberedKeys(1),
    run: sintercard
  },
  {
    name: "sscan",
    arity: -3,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "2.8.0",
    summary: "Iterates over members of a set.",
    run: sscan
  }
]
