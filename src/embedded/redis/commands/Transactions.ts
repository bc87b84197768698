import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { ErrorReply, NULL_ARRAY, OK, type Reply } from "../resp/Reply.ts"

/** Forgets what a client watches. */
export const unwatch = (client: Client): void => {
  for (const { db, key } of client.watched) db.watchers.remove(key, client.watcher)
  client.watched = []
  client.watcher.dirty = false
}

/** Ends a transaction without running it. */
export const discard = (client: Client): void => {
  client.transaction = undefined
  unwatch(client)
}

const exec = (client: Client): Reply => {
  const transaction = client.transaction
  if (transaction === undefined) throw new ErrorReply("ERR EXEC without MULTI")
  if (transaction.failed) {
    discard(client)
    throw new ErrorReply("EXECABORT Transaction discarded because of previous errors.")
  }
  // Looking at a key removes it if it has expired, which marks the watcher.
  for (const { db, key } of client.watched) db.peek(key)
  const { dirty } = client.watcher
  discard(client)
  if (dirty) return NULL_ARRAY
  const denied = client.deniesBlocking
  client.deniesBlocking = true
  try {
    return transaction.queue.map(({ command, args }) => client.server.invoke(client, command, args))
  } finally {
    client.deniesBlocking = denied
  }
}

const watch = (client: Client, keys: ReadonlyArray<string>): Reply => {
  if (client.transaction !== undefined) throw new ErrorReply("ERR WATCH inside MULTI is not allowed")
  for (const key of keys) {
    if (client.watched.some((watched) => watched.key === key && watched.db === client.db)) continue
    client.db.peek(key)
    client.db.watchers.add(key, client.watcher)
    client.watched.push({ db: client.db, key })
  }
  return OK
}

/** Transactions. */
export const TRANSACTIONS: ReadonlyArray<CommandDefinition> = [
  {
    name: "multi",
    arity: 1,
    flags: "noscript loading stale fast allow_busy",
    since: "1.2.0",
    summary: "Starts a transaction.",
    run: (client) => {
      if (client.transaction !== undefined) throw new ErrorReply("ERR MULTI calls can not be nested")
      client.transaction = { queue: [], bytes: 0, failed: false }
      return OK
    }
  },
  {
    name: "exec",
    arity: 1,
    flags: "noscript loading stale skip_slowlog",
    since: "1.2.0",
    complexity: "Depends on commands in the transaction",
    summary: "Executes all commands in a transaction.",
    run: exec
  },
  {
    name: "discard",
    arity: 1,
    flags: "noscript loading stale fast allow_busy",
    since: "2.0.0",
    complexity: "O(N)",
    summary: "Discards a transaction.",
    run: (client) => {
      if (client.transaction === undefined) throw new ErrorReply("ERR DISCARD without MULTI")
      discard(client)
      return OK
    }
  },
  {
    name: "watch",
    arity: -2,
    flags: "noscript loading stale fast allow_busy",
    keys: [1, -1, 1],
    since: "2.2.0",
    summary: "Monitors changes to keys to determine the execution of a transaction.",
    run: (client, args) => watch(client, args.slice(1))
  },
  {
    name: "unwatch",
    arity: 1,
    flags: "noscript loading stale fast allow_busy",
    since: "2.2.0",
    summary: "Forgets about watched keys of a transaction.",
    run: (client) => {
      unwatch(client)
      return OK
    }
  }
]
