import { argument, type Arguments, exactInteger, float, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { INDEX_OUT_OF_RANGE, MUST_BE_POSITIVE, NO_SUCH_KEY, SYNTAX } from "../exec/Errors.ts"
import { INT64_MIN } from "../format/Integers.ts"
import { EMPTY, ErrorReply, NULL_ARRAY, OK, type Reply } from "../resp/Reply.ts"
import { ListValue } from "../types/ListValue.ts"
import { create, readList, removeIfEmpty, writeList } from "./Access.ts"

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

const popped = (client: Client, key: string, list: ListValue, front: boolean): void => {
  client.server.changed(client.db, key, NOTIFY.list, front ? "lpop" : "rpop")
  removeIfEmpty(client, key, list.length)
}

const popMany = (list: ListValue, count: number, front: boolean): Array<string> => {
  const out: Array<string> = []
  while (out.length < count) {
    const value = list.pop(front)
    if (value === undefined) break
    out.push(value)
  }
  return out
}

const pop =
  (front: boolean) =>
  (client: Client, args: Arguments): Reply => {
    if (args.length > 3)
      throw new ErrorReply(`ERR wrong number of arguments for '${front ? "lpop" : "rpop"}' command`)
    const key = argument(args, 1)
    const counted = args.length === 3
    const count = counted ? integer(argument(args, 2), MUST_BE_POSITIVE) : 1
    if (count < 0) throw MUST_BE_POSITIVE
    const list = writeList(client, key)
    if (list === undefined) return counted ? NULL_ARRAY : null
    if (counted && count === 0) return EMPTY
    const values = popMany(list, count, front)
    popped(client, key, list, front)
    return counted ? values : (values[0] ?? null)
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

const isFront = (text: string): boolean => {
  const side = text.toUpperCase()
  if (side === "LEFT") return true
  if (side === "RIGHT") return false
  throw SYNTAX
}

/** Moves one element; `undefined` if the source is empty. */
const move = (
  client: Client,
  source: string,
  target: string,
  from: boolean,
  to: boolean
): string | undefined => {
  const list = writeList(client, source)
  if (list === undefined) return undefined
  const existing = writeList(client, target)
  const value = list.pop(from)
  if (value === undefined) return undefined
  const destination = existing ?? create(client, target, new ListValue())
  destination.push(value, to)
  client.server.changed(client.db, target, NOTIFY.list, to ? "lpush" : "rpush")
  popped(client, source, list, from)
  client.server.propagate(client.db, [
    "LMOVE",
    source,
    target,
    from ? "LEFT" : "RIGHT",
    to ? "LEFT" : "RIGHT"
  ])
  return value
}

const timeoutOf = (text: string): number => {
  const seconds = float(text, new ErrorReply("ERR timeout is not a float or out of range"))
  // Redis converts the infinite to an integer, which makes it negative.
  if (seconds < 0 || seconds === Infinity) throw new ErrorReply("ERR timeout is negative")
  if (!Number.isFinite(seconds) || seconds * 1000 > Number.MAX_SAFE_INTEGER) {
    throw new ErrorReply("ERR timeout is out of range")
  }
  return Math.ceil(seconds * 1000)
}

const blockingMove = (
  client: Client,
  args: Arguments,
  from: boolean,
  to: boolean,
  timeout: string
): Reply => {
  const source = argument(args, 1)
  const target = argument(args, 2)
  const wait = timeoutOf(timeout)
  const value = move(client, source, target, from, to)
  if (value !== undefined || client.deniesBlocking) return value ?? null
  return client.block({
    keys: [source],
    timeout: wait,
    onTimeout: null,
    serve: (key) => {
      if (!(client.db.peek(key)?.value instanceof ListValue)) return undefined
      return move(client, key, target, from, to)
    }
  })
}

const blockingPop =
  (front: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const wait = timeoutOf(argument(args, args.length - 1))
    const keys = args.slice(1, -1)
    const take = (key: string, list: ListValue): Reply => {
      const value = list.pop(front) ?? null
      popped(client, key, list, front)
      client.server.propagate(client.db, [front ? "LPOP" : "RPOP", key])
      return [key, value]
    }
    for (const key of keys) {
      const list = writeList(client, key)
      if (list !== undefined) return take(key, list)
    }
    if (client.deniesBlocking) return NULL_ARRAY
    return client.block({
      keys,
      timeout: wait,
      onTimeout: NULL_ARRAY,
      serve: (key) => {
        const list = client.db.findForWrite(key)?.value
        return list instanceof ListValue ? take(key, list) : undefined
      }
    })
  }

interface MultiPop {
  readonly keys: Arguments
  readonly front: boolean
  readonly count: number
}

const multiPopArguments = (args: Arguments, at: number): MultiPop => {
  const invalid = new ErrorReply("ERR numkeys should be greater than 0")
  const number = integer(argument(args, at), invalid)
  if (number <= 0) throw invalid
  const keys = args.slice(at + 1, at + 1 + number)
  if (keys.length < number || at + 1 + number >= args.length) throw SYNTAX
  const front = isFront(argument(args, at + 1 + number))
  let count: number | undefined
  for (let next = at + 2 + number; next < args.length; next += 2) {
    if (argument(args, next).toUpperCase() !== "COUNT" || count !== undefined || next + 1 >= args.length)
      throw SYNTAX
    count = integer(argument(args, next + 1), new ErrorReply("ERR count should be greater than 0"))
    if (count <= 0) throw new ErrorReply("ERR count should be greater than 0")
  }
  return { keys, front, count: count ?? 1 }
}

const takeMany = (client: Client, key: string, list: ListValue, request: MultiPop): Reply => {
  const values = popMany(list, request.count, request.front)
  popped(client, key, list, request.front)
  client.server.propagate(client.db, [request.front ? "LPOP" : "RPOP", key, String(values.length)])
  return [key, values]
}

const lmpop = (client: Client, request: MultiPop): Reply => {
  for (const key of request.keys) {
    const list = writeList(client, key)
    if (list !== undefined) return takeMany(client, key, list, request)
  }
  return undefined
}

const blmpop = (client: Client, args: Arguments): Reply => {
  const wait = timeoutOf(argument(args, 1))
  const request = multiPopArguments(args, 2)
  const reply = lmpop(client, request)
  if (reply !== undefined) return reply
  if (client.deniesBlocking) return NULL_ARRAY
  return client.block({
    keys: request.keys,
    timeout: wait,
    onTimeout: NULL_ARRAY,
    serve: (key) => {
      const list = client.db.findForWrite(key)?.value
      return list instanceof ListValue ? takeMany(client, key, list, request) : undefined
    }
  })
}

/** The keys of LMPOP and its relatives, whose number comes first. */
export const numberedKeys =
  (at: number) =>
  (args: Arguments): ReadonlyArray<string> => {
    const count = Number(args[at])
    return Number.isInteger(count) && count > 0 ? args.slice(at + 1, at + 1 + count) : []
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
    name: "lpop",
    arity: -2,
    flags: "write fast",
    keys: [1, 1, 1],
    complexity: "O(N)",
    summary:
      "Returns the first elements in a list after removing it. Deletes the list if the last element was popped.",
    run: pop(true)
  },
  {
    name: "rpop",
    arity: -2,
    flags: "write fast",
    keys: [1, 1, 1],
    complexity: "O(N)",
    summary:
      "Returns and removes the last elements of a list. Deletes the list if the last element was popped.",
    run: pop(false)
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
  {
    name: "lmove",
    arity: 5,
    flags: "write denyoom",
    keys: [1, 2, 1],
    since: "6.2.0",
    summary: "Returns an element after popping it from one list and pushing it to another.",
    logsItself: true,
    run: (client, args) => {
      const from = isFront(argument(args, 3))
      const to = isFront(argument(args, 4))
      return move(client, argument(args, 1), argument(args, 2), from, to) ?? null
    }
  },
  {
    name: "rpoplpush",
    arity: 3,
    flags: "write denyoom",
    keys: [1, 2, 1],
    since: "1.2.0",
    summary: "Returns the last element of a list after removing and pushing it to another list.",
    logsItself: true,
    run: (client, args) => move(client, argument(args, 1), argument(args, 2), false, true) ?? null
  },
  {
    name: "blpop",
    arity: -3,
    flags: "write noscript blocking",
    keys: [1, -2, 1],
    since: "2.0.0",
    complexity: "O(N)",
    summary:
      "Removes and returns the first element in a list. Blocks until an element is available otherwise.",
    logsItself: true,
    run: blockingPop(true)
  },
  {
    name: "brpop",
    arity: -3,
    flags: "write noscript blocking",
    keys: [1, -2, 1],
    since: "2.0.0",
    complexity: "O(N)",
    summary:
      "Removes and returns the last element in a list. Blocks until an element is available otherwise.",
    logsItself: true,
    run: blockingPop(false)
  },
  {
    name: "blmove",
    arity: 6,
    flags: "write denyoom noscript blocking",
    keys: [1, 2, 1],
    since: "6.2.0",
    summary:
      "Pops an element from a list, pushes it to another list and returns it. Blocks until one is available.",
    logsItself: true,
    run: (client, args) =>
      blockingMove(client, args, isFront(argument(args, 3)), isFront(argument(args, 4)), argument(args, 5))
  },
  {
    name: "brpoplpush",
    arity: 4,
    flags: "write denyoom noscript blocking",
    keys: [1, 2, 1],
    since: "2.2.0",
    summary:
      "Pops an element from a list, pushes it to another list and returns it. Blocks until one is available.",
    logsItself: true,
    run: (client, args) => blockingMove(client, args, false, true, argument(args, 3))
  },
  {
    name: "lmpop",
    arity: -4,
    flags: "write movablekeys",
    since: "7.0.0",
    complexity: "O(N+M)",
    summary: "Returns multiple elements from a list after removing them.",
    keysOf: numberedKeys(1),
    logsItself: true,
    run: (client, args) => lmpop(client, multiPopArguments(args, 1)) ?? NULL_ARRAY
  },
  {
    name: "blmpop",
    arity: -5,
    flags: "write blocking movablekeys",
    since: "7.0.0",
    complexity: "O(N+M)",
    summary:
      "Pops the first element from one of multiple lists. Blocks until an element is available otherwise.",
    keysOf: numberedKeys(2),
    logsItself: true,
    run: blmpop
  }
]

export { timeoutOf }
