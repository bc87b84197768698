import { argument, type Arguments } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import type { Reply } from "../resp/Reply.ts"
import { ListValue } from "../types/ListValue.ts"
import { create, writeList } from "./Access.ts"
import { isFront, popped } from "./ListPops.ts"
import { timeoutOf } from "./Timeouts.ts"

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

/** Commands that move elements between lists. */
export const LIST_MOVES: ReadonlyArray<CommandDefinition> = [
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
  }
]
