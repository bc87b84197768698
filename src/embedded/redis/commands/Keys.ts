import { argument, type Arguments, exactInteger, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { cut, NO_SUCH_KEY, SYNTAX } from "../exec/Errors.ts"
import { frequencyOf } from "../db/Access.ts"
import type { Entry } from "../db/Entry.ts"
import type { Keyspace } from "../db/Keyspace.ts"
import { globMatch } from "../format/Glob.ts"
import { ErrorReply, OK, type Reply, Status } from "../resp/Reply.ts"
import { cloneValue, encodingOf, typeOf } from "../types/Describe.ts"
import { deadlineOf } from "./Expiry.ts"
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

const expire =
  (unit: "s" | "ms", absolute: boolean, name: string) =>
  (client: Client, args: Arguments): Reply => {
    const { db, server } = client
    const key = argument(args, 1)
    const flags = new Set(args.slice(3).map((flag) => flag.toUpperCase()))
    for (const flag of args.slice(3)) {
      if (!["NX", "XX", "GT", "LT"].includes(flag.toUpperCase()))
        throw new ErrorReply(`ERR Unsupported option ${cut(flag)}`)
    }
    if (flags.has("NX") && flags.size > 1) {
      throw new ErrorReply("ERR NX and XX, GT or LT options at the same time are not compatible")
    }
    if (flags.has("GT") && flags.has("LT")) {
      throw new ErrorReply("ERR GT and LT options at the same time are not compatible")
    }
    const deadline = deadlineOf(client, exactInteger(argument(args, 2)), unit, absolute, name)
    const entry = db.findForWrite(key)
    if (entry === undefined) return 0
    const current = db.deadlineOf(entry)
    if (flags.has("NX") && current !== undefined) return 0
    if (flags.has("XX") && current === undefined) return 0
    if (flags.has("GT") && (current === undefined || deadline <= current)) return 0
    if (flags.has("LT") && current !== undefined && deadline >= current) return 0
    if (deadline <= server.now && !db.frozen) {
      db.remove(entry)
      server.changed(db, key, NOTIFY.generic, "del")
      server.propagate(db, ["DEL", key])
      return 1
    }
    db.setDeadline(entry, deadline)
    server.changed(db, key, NOTIFY.generic, "expire")
    server.propagate(db, ["PEXPIREAT", key, String(deadline)])
    return 1
  }

const ttl =
  (unit: "s" | "ms", absolute: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const entry = client.db.peek(argument(args, 1))
    if (entry === undefined) return -2
    const deadline = client.db.deadlineOf(entry)
    if (deadline === undefined) return -1
    const left = absolute ? deadline : Math.max(0, deadline - client.server.now)
    return unit === "ms" ? left : Math.floor((left + 500) / 1000)
  }

const persist = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const entry = client.db.findForWrite(key)
  if (entry === undefined || !client.db.clearDeadline(entry)) return 0
  client.server.changed(client.db, key, NOTIFY.generic, "persist")
  return 1
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

const usesFrequency = (client: Client): boolean =>
  client.server.settings.get("maxmemory-policy").endsWith("lfu")

const SWITCHED =
  "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."

const objectEntry = (client: Client, args: Arguments): Entry | undefined => client.db.peek(argument(args, 2))

const flush =
  (all: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const mode = args.length === 2 ? argument(args, 1).toUpperCase() : "SYNC"
    if (args.length > 2 || (mode !== "SYNC" && mode !== "ASYNC")) throw SYNTAX
    for (const db of all ? client.server.databases : [client.db]) {
      db.touchAll((key) => db.has(key))
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
    run: count
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
    name: "expire",
    arity: -3,
    flags: "write fast",
    keys: [1, 1, 1],
    summary: "Sets the expiration time of a key in seconds.",
    logsItself: true,
    run: expire("s", false, "expire")
  },
  {
    name: "pexpire",
    arity: -3,
    flags: "write fast",
    keys: [1, 1, 1],
    since: "2.6.0",
    summary: "Sets the expiration time of a key in milliseconds.",
    logsItself: true,
    run: expire("ms", false, "pexpire")
  },
  {
    name: "expireat",
    arity: -3,
    flags: "write fast",
    keys: [1, 1, 1],
    since: "1.2.0",
    summary: "Sets the expiration time of a key to a Unix timestamp.",
    logsItself: true,
    run: expire("s", true, "expireat")
  },
  {
    name: "pexpireat",
    arity: -3,
    flags: "write fast",
    keys: [1, 1, 1],
    since: "2.6.0",
    summary: "Sets the expiration time of a key to a Unix milliseconds timestamp.",
    logsItself: true,
    run: expire("ms", true, "pexpireat")
  },
  {
    name: "ttl",
    arity: 2,
    flags: "readonly fast",
    keys: [1, 1, 1],
    summary: "Returns the expiration time in seconds of a key.",
    run: ttl("s", false)
  },
  {
    name: "pttl",
    arity: 2,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "2.6.0",
    summary: "Returns the expiration time in milliseconds of a key.",
    run: ttl("ms", false)
  },
  {
    name: "expiretime",
    arity: 2,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "7.0.0",
    summary: "Returns the expiration time of a key as a Unix timestamp.",
    run: ttl("s", true)
  },
  {
    name: "pexpiretime",
    arity: 2,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "7.0.0",
    summary: "Returns the expiration time of a key as a Unix milliseconds timestamp.",
    run: ttl("ms", true)
  },
  {
    name: "persist",
    arity: 2,
    flags: "write fast",
    keys: [1, 1, 1],
    since: "2.2.0",
    summary: "Removes the expiration time of a key.",
    run: persist
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
    arity: 1,
    flags: "readonly fast",
    summary: "Returns the number of keys in the database.",
    run: (client) => client.db.size
  },
  {
    name: "flushdb",
    arity: -1,
    flags: "write",
    complexity: "O(N)",
    summary: "Remove all keys from the current database.",
    run: flush(false)
  },
  {
    name: "flushall",
    arity: -1,
    flags: "write",
    complexity: "O(N)",
    summary: "Removes all keys from all databases.",
    run: flush(true)
  },
  {
    name: "object",
    arity: -2,
    flags: "",
    since: "2.2.3",
    summary: "A container for object introspection commands.",
    subcommands: [
      {
        name: "encoding",
        arity: 3,
        flags: "readonly",
        keys: [2, 2, 1],
        since: "2.2.3",
        summary: "Returns the internal encoding of an object.",
        run: (client, args) => {
          const entry = objectEntry(client, args)
          return entry === undefined ? null : encodingOf(entry.value)
        }
      },
      {
        name: "refcount",
        arity: 3,
        flags: "readonly",
        keys: [2, 2, 1],
        since: "2.2.3",
        summary: "Returns the reference count of a value of a key.",
        // Values are never shared between keys here.
        run: (client, args) => (objectEntry(client, args) === undefined ? null : 1)
      },
      {
        name: "idletime",
        arity: 3,
        flags: "readonly",
        keys: [2, 2, 1],
        since: "2.2.3",
        summary: "Returns the time since the last access to an object.",
        run: (client, args) => {
          const entry = objectEntry(client, args)
          if (entry !== undefined && usesFrequency(client)) {
            throw new ErrorReply(
              `ERR An LFU maxmemory policy is selected, idle time not tracked. ${SWITCHED}`
            )
          }
          return entry === undefined ? null : Math.max(0, Math.floor(client.server.now / 1000) - entry.usedAt)
        }
      },
      {
        name: "freq",
        arity: 3,
        flags: "readonly",
        keys: [2, 2, 1],
        since: "4.0.0",
        summary: "Returns the logarithmic access frequency counter of a Redis object.",
        run: (client, args) => {
          const entry = objectEntry(client, args)
          if (entry === undefined) return null
          const rules = client.db.frequency
          if (rules !== undefined) return frequencyOf(entry.usedAt, client.server.now, rules)
          throw new ErrorReply(
            `ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${SWITCHED}`
          )
        }
      },
      {
        name: "help",
        arity: 2,
        flags: "loading stale",
        since: "6.2.0",
        summary: "Returns helpful text about the different subcommands.",
        run: () =>
          [
            "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "ENCODING <key>",
            "    Return the kind of internal representation used in order to store the value",
            "    associated with a <key>.",
            "FREQ <key>",
            "    Return the access frequency index of the <key>. The returned integer is",
            "    proportional to the logarithm of the recent access frequency of the key.",
            "IDLETIME <key>",
            "    Return the idle time of the <key>, that is the approximated number of",
            "    seconds elapsed since the last access to the key.",
            "REFCOUNT <key>",
            "    Return the number of references of the value associated with the specified",
            "    <key>.",
            "HELP",
            "    Prints this help."
          ].map((line) => new Status(line))
      }
    ]
  }
]
