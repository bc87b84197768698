import { argument, type Arguments, float } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { DoubleReply, ErrorReply, type Reply } from "../resp/Reply.ts"
import { SortedSetValue } from "../types/SortedSetValue.ts"
import { create, writeSortedSet } from "./Access.ts"
import { write } from "./SortedSetDefinitions.ts"

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

/** An increment that is a name of an option of ZADD is read as one, and then an argument is missing. */
const zincrby = (client: Client, args: Arguments): Reply => {
  const [options, at] = addOptions(args)
  options.incr = true
  return zaddGeneric(client, args, options, at)
}

/** Commands that add members to sorted sets, or change their scores. */
export const SORTED_SET_ADD: ReadonlyArray<CommandDefinition> = [
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
  })
]
