import { argument, type Arguments, exactInteger } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { withFrequency } from "../db/Access.ts"
import { type Client, NOTIFY, type Server } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { dumpPayload, readPayload } from "../rdb/DumpPayload.ts"
import { ErrorReply, OK, type Reply } from "../resp/Reply.ts"

const BUSY = new ErrorReply("BUSYKEY Target key name already exists.")
const BAD_TTL = new ErrorReply("ERR Invalid TTL value, must be >= 0")
const BAD_IDLETIME = new ErrorReply("ERR Invalid IDLETIME value, must be >= 0")
const BAD_FREQUENCY = new ErrorReply("ERR Invalid FREQ value, must be >= 0 and <= 255")
const BAD_FOOTER = new ErrorReply("ERR DUMP payload version or checksum are wrong")
const BAD_DATA = new ErrorReply("ERR Bad data format")
const MOST_FREQUENT = 255

const unchecked = new WeakSet<Server>()

/** Whether RESTORE looks at checksums, which DEBUG can switch off. */
export const checkChecksums = (server: Server, on: boolean): void => {
  if (on) unchecked.delete(server)
  else unchecked.add(server)
}

const dump = (client: Client, args: Arguments): Reply => {
  const entry = client.db.peek(argument(args, 1))
  if (entry === undefined) return null
  const { settings } = client.server
  const compresses = settings.get("rdbcompression") === "yes"
  return dumpPayload(entry.value, compresses, Number(settings.get("list-max-listpack-size")))
}

interface RestoreOptions {
  readonly replace: boolean
  readonly absolute: boolean
  /** Seconds since the last access. */
  readonly idle: number | undefined
  /** The counter of `maxmemory-policy` with LFU. */
  readonly frequency: number | undefined
}

const restoreOptions = (args: Arguments): RestoreOptions => {
  let [replace, absolute] = [false, false]
  let idle: number | undefined
  let frequency: number | undefined
  for (let at = 4; at < args.length; at++) {
    const name = argument(args, at).toUpperCase()
    const hasValue = at + 1 < args.length
    if (name === "REPLACE") replace = true
    else if (name === "ABSTTL") absolute = true
    else if (name === "IDLETIME" && hasValue && frequency === undefined) {
      idle = Number(exactInteger(argument(args, ++at)))
      if (idle < 0) throw BAD_IDLETIME
    } else if (name === "FREQ" && hasValue && idle === undefined) {
      frequency = Number(exactInteger(argument(args, ++at)))
      if (frequency < 0 || frequency > MOST_FREQUENT) throw BAD_FREQUENCY
    } else throw SYNTAX
  }
  return { replace, absolute, idle, frequency }
}

const restore = (client: Client, args: Arguments): Reply => {
  const { db, server } = client
  const options = restoreOptions(args)
  const key = argument(args, 1)
  const payload = argument(args, 3)
  const existing = db.peek(key)
  if (!options.replace && existing !== undefined) throw BUSY
  const ttl = Number(exactInteger(argument(args, 2)))
  if (ttl < 0) throw BAD_TTL
  const value = readPayload(payload, server.limits, !unchecked.has(server))
  if (typeof value === "object" && "problem" in value)
    throw value.problem === "footer" ? BAD_FOOTER : BAD_DATA
  if (existing !== undefined) db.remove(existing)
  const deadline = ttl === 0 || options.absolute ? ttl : ttl + server.now
  if (deadline !== 0 && deadline <= server.now && !db.frozen) {
    if (existing !== undefined) {
      server.changed(db, key, NOTIFY.generic, "del")
      server.propagate(db, ["DEL", key])
    }
    return OK
  }
  const entry = db.set(key, value)
  if (deadline !== 0) db.setDeadline(entry, deadline)
  if (options.idle !== undefined) entry.usedAt = Math.max(0, Math.floor(server.now / 1000) - options.idle)
  if (options.frequency !== undefined && db.frequency !== undefined) {
    entry.usedAt = withFrequency(options.frequency, server.now)
  }
  server.changed(db, key, NOTIFY.generic, "restore")
  server.propagate(db, [
    "RESTORE",
    key,
    String(deadline),
    payload,
    ...args.slice(4),
    ...(deadline === 0 || options.absolute ? [] : ["ABSTTL"])
  ])
  return OK
}

/** Commands that take a value out as bytes and put it back. */
export const DUMP: ReadonlyArray<CommandDefinition> = [
  {
    name: "dump",
    arity: 2,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "2.6.0",
    complexity: "O(N)",
    summary: "Returns a serialized representation of the value stored at a key.",
    run: dump
  },
  {
    name: "restore",
    arity: -4,
    flags: "write denyoom",
    keys: [1, 1, 1],
    since: "2.6.0",
    complexity: "O(N)",
    summary: "Creates a key from the serialized representation of a value.",
    logsItself: true,
    run: restore
  },
  {
    name: "restore-asking",
    group: "server",
    arity: -4,
    flags: "write denyoom asking",
    keys: [1, 1, 1],
    since: "3.0.0",
    complexity: "O(N)",
    summary: "An internal command for migrating keys in a cluster.",
    logsItself: true,
    run: restore
  }
]
