import { argument, type Arguments } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { ErrorReply, OK, type Reply } from "../resp/Reply.ts"
import { isString, readString, textOf } from "./Access.ts"
import { positiveDeadline } from "./Expiry.ts"
import { LCS } from "./Lcs.ts"
import { STRING_NUMBERS } from "./StringNumbers.ts"
import { deadlineFor, type StringOptions, stringOptions } from "./StringOptions.ts"
import { STRING_RANGES } from "./StringRanges.ts"

const store = (client: Client, key: string, value: string): void => {
  client.db.set(key, value)
  client.server.changed(client.db, key, NOTIFY.string, "set")
}

const get = (client: Client, args: Arguments): Reply => readString(client, argument(args, 1)) ?? null

interface SetOptions extends Pick<StringOptions, "condition" | "get" | "keepTtl"> {
  readonly deadline: number | undefined
}

const set = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const value = argument(args, 2)
  if (args.length === 3) {
    store(client, key, value)
    client.server.propagate(client.db, args)
    return OK
  }
  const options = stringOptions(args, 3, "set")
  return setWith(client, key, value, { ...options, deadline: deadlineFor(client, options.expiry, "set") })
}

const setWith = (client: Client, key: string, value: string, options: SetOptions): Reply => {
  const old = client.db.peek(key)
  const before = options.get && old !== undefined ? textOf(old.value) : null
  if (
    (options.condition === "NX" && old !== undefined) ||
    (options.condition === "XX" && old === undefined)
  ) {
    return options.get ? before : null
  }
  const { server, db } = client
  const entry = db.set(key, value, options.keepTtl)
  server.changed(db, key, NOTIFY.string, "set")
  if (options.deadline === undefined) {
    server.propagate(db, options.keepTtl ? ["SET", key, value, "KEEPTTL"] : ["SET", key, value])
  } else {
    db.setDeadline(entry, options.deadline)
    server.notify(db, key, NOTIFY.generic, "expire")
    server.propagate(db, ["SET", key, value, "PXAT", String(options.deadline)])
  }
  return options.get ? before : OK
}

const setnx = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  if (client.db.peek(key) !== undefined) return 0
  store(client, key, argument(args, 2))
  return 1
}

const setex =
  (unit: "s" | "ms", name: string) =>
  (client: Client, args: Arguments): Reply =>
    setWith(client, argument(args, 1), argument(args, 3), {
      condition: undefined,
      get: false,
      keepTtl: false,
      deadline: positiveDeadline(client, argument(args, 2), unit, false, name)
    })

const getset = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const old = readString(client, key) ?? null
  store(client, key, argument(args, 2))
  client.server.propagate(client.db, ["SET", key, argument(args, 2)])
  return old
}

const getdel = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const old = readString(client, key)
  if (old === undefined) return null
  client.db.delete(key)
  client.server.changed(client.db, key, NOTIFY.generic, "del")
  client.server.propagate(client.db, ["DEL", key])
  return old
}

const getex = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const { server, db } = client
  const { persist, expiry } = stringOptions(args, 2, "getex")
  const entry = db.find(key)
  if (entry === undefined) return null
  const value = textOf(entry.value)
  const deadline = deadlineFor(client, expiry, "getex")
  if (persist) {
    if (db.clearDeadline(entry)) {
      server.changed(db, key, NOTIFY.generic, "persist")
      server.propagate(db, ["PERSIST", key])
    }
  } else if (deadline !== undefined) {
    if (deadline <= server.now) {
      db.delete(key)
      server.changed(db, key, NOTIFY.generic, "del")
      server.propagate(db, ["DEL", key])
    } else {
      const live = db.findForWrite(key) ?? entry
      db.setDeadline(live, deadline)
      server.changed(db, key, NOTIFY.generic, "expire")
      server.propagate(db, ["PEXPIREAT", key, String(deadline)])
    }
  }
  return value
}

const mget = (client: Client, args: Arguments): Reply => {
  const out: Array<Reply> = []
  for (let at = 1; at < args.length; at++) {
    const entry = client.db.find(argument(args, at))
    out.push(entry !== undefined && isString(entry.value) ? textOf(entry.value) : null)
  }
  return out
}

const mset = (client: Client, args: Arguments, name: string): void => {
  if (args.length % 2 === 0) throw new ErrorReply(`ERR wrong number of arguments for '${name}' command`)
  for (let at = 1; at < args.length; at += 2) store(client, argument(args, at), argument(args, at + 1))
}

const msetnx = (client: Client, args: Arguments): Reply => {
  if (args.length % 2 === 0) throw new ErrorReply("ERR wrong number of arguments for 'msetnx' command")
  for (let at = 1; at < args.length; at += 2) if (client.db.peek(argument(args, at)) !== undefined) return 0
  mset(client, args, "msetnx")
  return 1
}

/** Commands on strings. */
export const STRINGS: ReadonlyArray<CommandDefinition> = [
  {
    name: "get",
    arity: 2,
    flags: "readonly fast",
    keys: [1, 1, 1],
    summary: "Returns the string value of a key.",
    run: get
  },
  {
    name: "set",
    arity: -3,
    flags: "write denyoom",
    keys: [1, 1, 1],
    summary: "Sets the string value of a key, ignoring its type. The key is created if it doesn't exist.",
    logsItself: true,
    run: set
  },
  {
    name: "setnx",
    arity: 3,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    summary: "Set the string value of a key only when the key doesn't exist.",
    run: setnx
  },
  {
    name: "setex",
    arity: 4,
    flags: "write denyoom",
    keys: [1, 1, 1],
    since: "2.0.0",
    summary: "Sets the string value and expiration time of a key. Creates the key if it doesn't exist.",
    logsItself: true,
    run: setex("s", "setex")
  },
  {
    name: "psetex",
    arity: 4,
    flags: "write denyoom",
    keys: [1, 1, 1],
    since: "2.6.0",
    summary: "Sets both string value and expiration time in milliseconds of a key.",
    logsItself: true,
    run: setex("ms", "psetex")
  },
  {
    name: "getset",
    arity: 3,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    summary: "Returns the previous string value of a key after setting it to a new value.",
    logsItself: true,
    run: getset
  },
  {
    name: "getdel",
    arity: 2,
    flags: "write fast",
    keys: [1, 1, 1],
    since: "6.2.0",
    summary: "Returns the string value of a key after deleting the key.",
    logsItself: true,
    run: getdel
  },
  {
    name: "getex",
    arity: -2,
    flags: "write fast",
    keys: [1, 1, 1],
    since: "6.2.0",
    summary: "Returns the string value of a key after setting its expiration time.",
    logsItself: true,
    run: getex
  },
  {
    name: "mget",
    arity: -2,
    flags: "readonly fast",
    keys: [1, -1, 1],
    complexity: "O(N)",
    summary: "Atomically returns the string values of one or more keys.",
    run: mget
  },
  {
    name: "mset",
    arity: -3,
    flags: "write denyoom",
    keys: [1, -1, 2],
    since: "1.0.1",
    complexity: "O(N)",
    summary: "Atomically creates or modifies the string values of one or more keys.",
    run: (client, args) => {
      mset(client, args, "mset")
      return OK
    }
  },
  {
    name: "msetnx",
    arity: -3,
    flags: "write denyoom",
    keys: [1, -1, 2],
    since: "1.0.1",
    complexity: "O(N)",
    summary: "Atomically modifies the string values of one or more keys only when all keys don't exist.",
    run: msetnx
  },
  ...STRING_NUMBERS,
  ...STRING_RANGES,
  ...LCS
]
