import { argument, type Arguments, exactInteger, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { INDEX_OUT_OF_RANGE, NO_SUCH_KEY, SYNTAX } from "../exec/Errors.ts"
import { INT64_MIN } from "../format/Integers.ts"
import { EMPTY, ErrorReply, OK, type Reply } from "../resp/Reply.ts"
import { ListValue } from "../types/ListValue.ts"
import { create, readList, removeIfEmpty, writeList } from "./Access.ts"
import { LIST_MOVES } from "./ListMoves.ts"
import { LIST_POPS } from "./ListPops.ts"

const push =
  (front: boolean, mustExist: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const key = argument(args, 1)
    let list = writeList(client, key)
    if (list === undefined) {
      if (mustExist) return 0
      list = create(client, key, new ListValue())
    }
    for (let at = 2; at < args.length; at++) list.push(argument(args, at), front)
    client.server.changed(client.db, key, NOTIFY.list, front ? "lpush" : "rpush")
    return list.length
  }

const clampRange = (start: number, stop: number, length: number): [number, number] => [
  start < 0 ? Math.max(0, length + start) : start,
  stop < 0 ? length + stop : Math.min(stop, length - 1)
]

const lrange = (client: Client, args: Arguments): Reply => {
  const from = integer(argument(args, 2))
  const to = integer(argument(args, 3))
  const list = readList(client, argument(args, 1))
  if (list === undefined) return EMPTY
  const [start, stop] = clampRange(from, to, list.length)
  return start > stop || start >= list.length ? EMPTY : list.items.slice(start, stop)
}

const ltrim = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const from = integer(argument(args, 2))
  const to = integer(argument(args, 3))
  const list = writeList(client, key)
  if (list === undefined) return OK
  const [start, stop] = clampRange(from, to, list.length)
  if (start > stop || start >= list.length) list.items.removeRange(0, list.length)
  else {
    list.items.removeRange(stop + 1, list.length)
    list.items.removeRange(0, start)
  }
  client.server.changed(client.db, key, NOTIFY.list, "ltrim")
  removeIfEmpty(client, key, list.length)
  return OK
}

const lindex = (client: Client, args: Arguments): Reply => {
  const list = readList(client, argument(args, 1))
  if (list === undefined) return null
  const index = integer(argument(args, 2))
  return list.items.get(index < 0 ? list.length + index : index) ?? null
}

const lset = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const list = writeList(client, key)
  if (list === undefined) throw NO_SUCH_KEY
  const index = integer(argument(args, 2))
  if (!list.items.set(index < 0 ? list.length + index : index, argument(args, 3))) throw INDEX_OUT_OF_RANGE
  client.server.changed(client.db, key, NOTIFY.list, "lset")
  return OK
}

const linsert = (client: Client, args: Arguments): Reply => {
  const where = argument(args, 2).toUpperCase()
  if (where !== "BEFORE" && where !== "AFTER") throw SYNTAX
  const key = argument(args, 1)
  const pivot = argument(args, 3)
  const list = writeList(client, key)
  if (list === undefined) return 0
  let found = -1
  list.items.forEach((value, index) => {
    if (value !== pivot) return true
    found = index
    return false
  })
  if (found === -1) return -1
  list.items.insert(where === "AFTER" ? found + 1 : found, argument(args, 4))
  client.server.changed(client.db, key, NOTIFY.list, "linsert")
  return list.length
}

const lrem = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const count = integer(argument(args, 2))
  const list = writeList(client, key)
  if (list === undefined) return 0
  const removed = list.items.removeEqual(
    argument(args, 3),
    count === 0 ? Infinity : Math.abs(count),
    count < 0
  )
  if (removed > 0) {
    client.server.changed(client.db, key, NOTIFY.list, "lrem")
    removeIfEmpty(client, key, list.length)
  }
  return removed
}

const lpos = (client: Client, args: Arguments): Reply => {
  const element = argument(args, 2)
  let rank = 1
  let count: number | undefined
  let limit = 0
  for (let at = 3; at < args.length; at += 2) {
    const name = argument(args, at).toUpperCase()
    if (at + 1 >= args.length) throw SYNTAX
    const value = argument(args, at + 1)
    if (name === "RANK") {
      const exact = exactInteger(value)
      // The magnitude of the least integer overflows to itself, which every count of matches has reached.
      rank = exact === INT64_MIN ? -1 : Number(exact)
      if (rank === 0) {
        throw new ErrorReply(
          "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list"
        )
      }
    } else if (name === "COUNT") {
      count = integer(value, new ErrorReply("ERR COUNT can't be negative"))
      if (count < 0) throw new ErrorReply("ERR COUNT can't be negative")
    } else if (name === "MAXLEN") {
      limit = integer(value, new ErrorReply("ERR MAXLEN can't be negative"))
      if (limit < 0) throw new ErrorReply("ERR MAXLEN can't be negative")
    } else throw SYNTAX
  }
  const list = readList(client, argument(args, 1))
  if (list === undefined) return count === undefined ? null : EMPTY
  const found: Array<number> = []
  const wanted = count === undefined ? 1 : count === 0 ? Infinity : count
  let skip = Math.abs(rank) - 1
  let compared = 0
  list.items.forEach((value, index) => {
    if (value === element) {
      if (skip > 0) skip--
      else found.push(index)
    }
    compared++
    return found.length < wanted && (limit === 0 || compared < limit)
  }, rank < 0)
  return count === undefined ? (found[0] ?? null) : found
}

/** Commands on lists. */
export const LISTS: ReadonlyArray<CommandDefinition> = [
  {
    name: "rpush",
    arity: -3,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    summary: "Appends one or more elements to a list. Creates the key if it doesn't exist.",
    run: push(false, false)
  },
  {
    name: "lpush",
    arity: -3,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    summary: "Prepends one or more elements to a list. Creates the key if it doesn't exist.",
    run: push(true, false)
  },
  {
    name: "rpushx",
    arity: -3,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "2.2.0",
    summary: "Appends an element to a list only when the list exists.",
    run: push(false, true)
  },
  {
    name: "lpushx",
    arity: -3,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "2.2.0",
    summary: "Prepends one or more elements to a list only when the list exists.",
    run: push(true, true)
  },
  {
    name: "llen",
    arity: 2,
    flags: "readonly fast",
    keys: [1, 1, 1],
    summary: "Returns the length of a list.",
    run: (client, args) => readList(client, argument(args, 1))?.length ?? 0
  },
  {
    name: "lrange",
    arity: 4,
    flags: "readonly",
    keys: [1, 1, 1],
    complexity: "O(S+N)",
    summary: "Returns a range of elements from a list.",
    run: lrange
  },
  {
    name: "ltrim",
    arity: 4,
    flags: "write",
    keys: [1, 1, 1],
    complexity: "O(N)",
    summary: "Removes elements from both ends a list. Deletes the list if all elements were trimmed.",
    run: ltrim
  },
  {
    name: "lindex",
    arity: 3,
    flags: "readonly",
    keys: [1, 1, 1],
    complexity: "O(N)",
    summary: "Returns an element from a list by its index.",
    run: lindex
  },
  {
    name: "lset",
    arity: 4,
    flags: "write denyoom",
    keys: [1, 1, 1],
    complexity: "O(N)",
    summary: "Sets the value of an element in a list by its index.",
    run: lset
  },
  {
    name: "linsert",
    arity: 5,
    flags: "write denyoom",
    keys: [1, 1, 1],
    since: "2.2.0",
    complexity: "O(N)",
    summary: "Inserts an element before or after another element in a list.",
    run: linsert
  },
  {
    name: "lrem",
    arity: 4,
    flags: "write",
    keys: [1, 1, 1],
    complexity: "O(N+M)",
    summary: "Removes elements from a list. Deletes the list if the last element was removed.",
    run: lrem
  },
  {
    name: "lpos",
    arity: -3,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "6.0.6",
    complexity: "O(N)",
    summary: "Returns the index of matching elements in a list.",
    run: lpos
  },
  ...LIST_POPS,
  ...LIST_MOVES
]
