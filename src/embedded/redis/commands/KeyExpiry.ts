import { argument, type Arguments, exactInteger } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { cut } from "../exec/Errors.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import { deadlineOf } from "./Expiry.ts"

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

/** Commands on the time to live of keys. */
export const KEY_EXPIRY: ReadonlyArray<CommandDefinition> = [
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
  }
]
