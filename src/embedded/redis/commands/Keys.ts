import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { NO_SUCH_KEY, SYNTAX } from "../exec/Errors.ts"
import type { Entry } from "../db/Entry.ts"
import type { Keyspace } from "../db/Keyspace.ts"
import { globMatch } from "../format/Glob.ts"
import { ErrorReply, OK, type Reply, Status } from "../resp/Reply.ts"
import { cloneValue, typeOf } from "../types/Describe.ts"
import { KEY_EXPIRY } from "./KeyExpiry.ts"
import { OBJECT_INFO } from "./ObjectInfo.ts"
import { scanArguments } from "./ScanArguments.ts"

const remove = (client: Client, args: Arguments): Reply => {
  let removed = 0
  for (let at = 1; at < args.length; at++) {
    const key = argument(args, at)
    if (client.db.delete(key)) {
      client.server.changed(client.db, key, NOTIFY.generic, "del")
      removed++
    }
  }
  return removed
}

const count = (client: Client, args: Arguments): Reply => {
  let found = 0
  for (let at = 1; at < args.length; at++) if (client.db.find(argument(args, at)) !== undefined) found++
  return found
}

/** Looking whether a key is there is no use of it. */
const exists = (client: Client, args: Arguments): Reply => {
  const { db } = client
  const { touches } = db
  db.touches = false
  const found = count(client, args)
  db.touches = touches
  return found
}

/** Puts an entry's value and expiry under another key, replacing what is there. */
const place = (db: Keyspace, key: string, value: Entry["value"], deadline: number | undefined): void => {
  const added = db.set(key, value)
  if (deadline !== undefined) db.setDeadline(added, deadline)
}

const rename =
  (onlyIfFree: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const { db, server } = client
    const [from, to] = [argument(args, 1), argument(args, 2)]
    const entry = db.findForWrite(from)
    if (entry === undefined) throw NO_SUCH_KEY
    if (from === to) return onlyIfFree ? 0 : OK
    const target = db.peek(to)
    if (target !== undefined) {
      if (onlyIfFree) return 0
      db.remove(target)
    }
    const deadline = db.deadlineOf(entry)
    db.remove(entry)
    place(db, to, entry.value, deadline)
    server.changed(db, from, NOTIFY.generic, "rename_from")
    server.changed(db, to, NOTIFY.generic, "rename_to")
    return onlyIfFree ? 1 : OK
  }

const database = (client: Client, text: string): Keyspace => {
  const db = client.server.databases[integer(text)]
  if (db === undefined) throw new ErrorReply("ERR DB index is out of range")
  return db
}

const copy = (client: Client, args: Arguments): Reply => {
  const { server } = client
  const [from, to] = [argument(args, 1), argument(args, 2)]
  let target = client.db
  let replace = false
  for (let at = 3; at < args.length; at++) {
    const name = argument(args, at).toUpperCase()
    if (name === "REPLACE") replace = true
    else if (name === "DB" && at + 1 < args.length) target = database(client, argument(args, ++at))
    else throw SYNTAX
  }
  if (target === client.db && from === to)
    throw new ErrorReply("ERR source and destination objects are the same")
  const entry = client.db.find(from)
  if (entry === undefined) return 0
  const existing = target.peek(to)
  if (existing !== undefined) {
    if (!replace) return 0
    target.remove(existing)
  }
  place(target, to, cloneValue(entry.value, server.limits), client.db.deadlineOf(entry))
  server.changed(target, to, NOTIFY.generic, "copy_to")
  return 1
}

const move = (client: Client, args: Arguments): Reply => {
  const { db, server } = client
  const key = argument(args, 1)
  const target = database(client, argument(args, 2))
  if (target === db) throw new ErrorReply("ERR source and destination objects are the same")
  const entry = db.findForWrite(key)
  if (entry === undefined || target.peek(key) !== undefined) return 0
  const deadline = db.deadlineOf(entry)
  db.remove(entry)
  place(target, key, entry.value, deadline)
  server.changed(db, key, NOTIFY.generic, "move_from")
  server.changed(target, key, NOTIFY.generic, "move_to")
  return 1
}

const keys = (client: Client, args: Arguments): Reply => {
  const pattern = argument(args, 1)
  const all = client.db.liveKeys()
  return pattern === "*" ? all : all.filter((key) => globMatch(pattern, key))
}

const scan = (client: Client, args: Arguments): Reply => {
  const options = scanArguments(args, 1, true)
  const out: Array<string> = []
  const next = client.db.scan(options.cursor, options.count, (entry) => {
    if (options.type !== undefined && typeOf(entry.value) !== options.type) return
    if (options.matches(entry.key)) out.push(entry.key)
  })
  return [String(next), out]
}

const flush =
  (all: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const mode = args.length === 2 ? argument(args, 1).toUpperCase() : "SYNC"
    if (args.length > 2 || (mode !== "SYNC" && mode !== "ASYNC")) throw SYNTAX
    for (const db of all ? client.server.databases : [client.db]) {
      db.watchers.touchAll((key) => db.has(key))
      client.server.dirty += db.size
      db.clear()
      client.server.wakeAll(db)
    }
    client.server.tracking.invalidateAll()
    // FLUSHALL on an empty database is logged too, as Redis does.
    client.server.dirty++
    return OK
  }

/** Commands on keys of any type. */
export const KEYS: ReadonlyArray<CommandDefinition> = [
  {
    name: "del",
    arity: -2,
    flags: "write",
    keys: [1, -1, 1],
    complexity: "O(N)",
    summary: "Deletes one or more keys.",
    run: remove
  },
  {
    name: "unlink",
    arity: -2,
    flags: "write fast",
    keys: [1, -1, 1],
    since: "4.0.0",
    complexity: "O(N)",
    summary: "Asynchronously deletes one or more keys.",
    run: remove
  },
  {
    name: "exists",
    arity: -2,
    flags: "readonly fast",
    keys: [1, -1, 1],
    complexity: "O(N)",
    summary: "Determines whether one or more keys exist.",
    run: exists
  },
  {
    name: "touch",
    arity: -2,
    flags: "readonly fast",
    keys: [1, -1, 1],
    since: "3.2.1",
    complexity: "O(N)",
    summary:
      "Returns the number of existing keys out of those specified after updating the time they were last accessed.",
    run: count
  },
  {
    name: "type",
    arity: 2,
    flags: "readonly fast",
    keys: [1, 1, 1],
    summary: "Determines the type of value stored at a key.",
    run: (client, args) => {
      const entry = client.db.peek(argument(args, 1))
      return new Status(entry === undefined ? "none" : typeOf(entry.value))
    }
  },
  {
    name: "rename",
    arity: 3,
    flags: "write",
    keys: [1, 2, 1],
    summary: "Renames a key and overwrites the destination.",
    run: rename(false)
  },
  {
    name: "renamenx",
    arity: 3,
    flags: "write fast",
    keys: [1, 2, 1],
    summary: "Renames a key only when the target key name doesn't exist.",
    run: rename(true)
  },
  {
    name: "copy",
    arity: -3,
    flags: "write denyoom",
    keys: [1, 2, 1],
    since: "6.2.0",
    complexity: "O(N)",
    summary: "Copies the value of a key to a new key.",
    run: copy
  },
  {
    name: "move",
    arity: 3,
    flags: "write fast",
    keys: [1, 1, 1],
    summary: "Moves a key to another database.",
    run: move
  },
  {
    name: "keys",
    arity: 2,
    flags: "readonly",
    complexity: "O(N)",
    summary: "Returns all key names that match a pattern.",
    run: keys
  },
  {
    name: "scan",
    arity: -2,
    flags: "readonly",
    since: "2.8.0",
    summary: "Iterates over the key names in the database.",
    run: scan
  },
  {
    name: "randomkey",
    arity: 1,
    flags: "readonly",
    summary: "Returns a random key name from the database.",
    run: (client) => client.db.random()?.key ?? null
  },
  {
    name: "dbsize",
    group: "server",
    arity: 1,
    flags: "readonly fast",
    summary: "Returns the number of keys in the database.",
    run: (client) => client.db.size
  },
  {
    name: "flushdb",
    group: "server",
    arity: -1,
    flags: "write",
    complexity: "O(N)",
    summary: "Remove all keys from the current database.",
    run: flush(false)
  },
  {
    name: "flushall",
    group: "server",
    arity: -1,
    flags: "write",
    complexity: "O(N)",
    summary: "Removes all keys from all databases.",
    run: flush(true)
  },
  ...KEY_EXPIRY,
  OBJECT_INFO
]
