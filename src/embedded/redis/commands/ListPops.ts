import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { MUST_BE_POSITIVE, SYNTAX } from "../exec/Errors.ts"
import { EMPTY, ErrorReply, NULL_ARRAY, type Reply } from "../resp/Reply.ts"
import { ListValue } from "../types/ListValue.ts"
import { removeIfEmpty, writeList } from "./Access.ts"
import { numberedKeys } from "./NumberedKeys.ts"
import { timeoutOf } from "./Timeouts.ts"

/** Says that elements were taken from an end of a list, and removes the key with the last of them. */
export const popped = (client: Client, key: string, list: ListValue, front: boolean): void => {
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

/** Whether an argument names the front of a list. */
export const isFront = (text: string): boolean => {
  const side = text.toUpperCase()
  if (side === "LEFT") return true
  if (side === "RIGHT") return false
  throw SYNTAX
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

/** Commands that take elements from the ends of lists. */
export const LIST_POPS: ReadonlyArray<CommandDefinition> = [
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
