import { argument, type Arguments, exactInteger, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { NOT_INTEGER, OUT_OF_RANGE, SYNTAX, wrongArity } from "../exec/Errors.ts"
import { addIntegers, HALF_INT64, parseInteger } from "../format/Integers.ts"
import { addLongDoubles, formatLongDouble, parseLongDouble } from "../format/LongDouble.ts"
import { EMPTY, ErrorReply, MapReply, OK, type Reply } from "../resp/Reply.ts"
import { type HashField, HashValue } from "../types/HashValue.ts"
import { create, readHash, removeIfEmpty, writeHash } from "./Access.ts"
import { HASH_FIELD_EXPIRY } from "./HashFieldExpiry.ts"
import { HASH_FIELD_VALUES, logDeadlines } from "./HashFieldValues.ts"
import { pickDistinct, pickRepeated } from "./RandomPick.ts"
import { scanArguments, scanCursor } from "./ScanArguments.ts"

const hashForWrite = (client: Client, key: string): HashValue =>
  writeHash(client, key) ?? create(client, key, new HashValue())

const hset = (client: Client, args: Arguments, name: string): number => {
  if (args.length % 2 !== 0) throw wrongArity(name)
  const key = argument(args, 1)
  const hash = hashForWrite(client, key)
  let added = 0
  for (let at = 2; at < args.length; at += 2) {
    if (hash.set(argument(args, at), argument(args, at + 1), client.server.limits)) added++
  }
  client.server.changed(client.db, key, NOTIFY.hash, "hset")
  return added
}

const hsetnx = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const field = argument(args, 2)
  const existing = writeHash(client, key)
  if (existing?.get(field) !== undefined) return 0
  const hash = existing ?? create(client, key, new HashValue())
  hash.set(field, argument(args, 3), client.server.limits)
  client.server.changed(client.db, key, NOTIFY.hash, "hset")
  return 1
}

const hmget = (client: Client, args: Arguments): Reply => {
  const hash = readHash(client, argument(args, 1))
  const out: Array<Reply> = []
  for (let at = 2; at < args.length; at++) out.push(hash?.get(argument(args, at)) ?? null)
  return out
}

const hdel = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const hash = writeHash(client, key)
  if (hash === undefined) return 0
  let removed = 0
  for (let at = 2; at < args.length; at++) if (hash.delete(argument(args, at))) removed++
  if (removed > 0) {
    client.server.changed(client.db, key, NOTIFY.hash, "hdel")
    removeIfEmpty(client, key, hash.size)
  }
  return removed
}

const everything = (client: Client, key: string, pick: "both" | "keys" | "values"): Array<string> => {
  const out: Array<string> = []
  readHash(client, key)?.fields.forEach((field) => {
    if (pick !== "values") out.push(field.key)
    if (pick !== "keys") out.push(field.value)
  })
  return out
}

const hincrby = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const field = argument(args, 2)
  const by = exactInteger(argument(args, 3))
  const existing = writeHash(client, key)
  const old = parseInteger(existing?.get(field) ?? "0")
  if (old === undefined) throw new ErrorReply("ERR hash value is not an integer")
  const sum = addIntegers(old, by)
  if (sum === undefined) throw new ErrorReply("ERR increment or decrement would overflow")
  const hash = existing ?? create(client, key, new HashValue())
  hash.set(field, String(sum), client.server.limits, true)
  client.server.changed(client.db, key, NOTIFY.hash, "hincrby")
  return sum
}

const hincrbyfloat = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const field = argument(args, 2)
  const by = parseLongDouble(argument(args, 3))
  if (by === undefined) {
    if (/^[+-]?inf(inity)?$/i.test(argument(args, 3))) throw new ErrorReply("ERR value is NaN or Infinity")
    throw new ErrorReply("ERR value is not a valid float")
  }
  const existing = writeHash(client, key)
  const old = parseLongDouble(existing?.get(field) ?? "0")
  if (old === undefined) throw new ErrorReply("ERR hash value is not a float")
  const sum = formatLongDouble(addLongDoubles(old, by))
  const hash = existing ?? create(client, key, new HashValue())
  hash.set(field, sum, client.server.limits, true)
  client.server.changed(client.db, key, NOTIFY.hash, "hincrbyfloat")
  client.server.propagate(client.db, ["HSET", key, field, sum])
  logDeadlines(client, key, hash, [field])
  return sum
}

const hrandfield = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  if (args.length === 2) return readHash(client, key)?.fields.random()?.key ?? null
  const count = integer(argument(args, 2), NOT_INTEGER)
  const withValues = args.length > 3
  if (args.length > 4 || (withValues && argument(args, 3).toUpperCase() !== "WITHVALUES")) throw SYNTAX
  if (count < -HALF_INT64 || (withValues && Math.abs(count) > HALF_INT64)) throw OUT_OF_RANGE
  const hash = readHash(client, key)
  if (hash === undefined || count === 0) return EMPTY
  const at = (slot: number): HashField | undefined => hash.fields.at(slot)
  const fields = count < 0 ? pickRepeated(-count, hash.size, at) : pickDistinct(count, hash.size, at)
  if (!withValues) return fields.map((field) => field.key)
  if (client.resp === 3) return fields.map((field) => [field.key, field.value])
  return fields.flatMap((field) => [field.key, field.value])
}

const hscan = (client: Client, args: Arguments): Reply => {
  scanCursor(argument(args, 2))
  const hash = readHash(client, argument(args, 1))
  if (hash === undefined) return ["0", EMPTY]
  const options = scanArguments(args, 2, false)
  const out: Array<string> = []
  const visit = (field: HashField): void => {
    if (options.matches(field.key)) out.push(field.key, field.value)
  }
  if (hash.compact) {
    hash.fields.forEach(visit)
    return ["0", out]
  }
  return [String(hash.fields.scan(options.cursor, options.count, visit)), out]
}

/** Commands on hashes. */
export const HASHES: ReadonlyArray<CommandDefinition> = [
  {
    name: "hset",
    arity: -4,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "2.0.0",
    summary: "Creates or modifies the value of a field in a hash.",
    run: (client, args) => hset(client, args, "hset")
  },
  {
    name: "hmset",
    arity: -4,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "2.0.0",
    complexity: "O(N)",
    summary: "Sets the values of multiple fields.",
    run: (client, args) => {
      hset(client, args, "hmset")
      return OK
    }
  },
  {
    name: "hsetnx",
    arity: 4,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "2.0.0",
    summary: "Sets the value of a field in a hash only when the field doesn't exist.",
    run: hsetnx
  },
  {
    name: "hget",
    arity: 3,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "2.0.0",
    summary: "Returns the value of a field in a hash.",
    run: (client, args) => readHash(client, argument(args, 1))?.get(argument(args, 2)) ?? null
  },
  {
    name: "hmget",
    arity: -3,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "2.0.0",
    complexity: "O(N)",
    summary: "Returns the values of all fields in a hash.",
    run: hmget
  },
  {
    name: "hdel",
    arity: -3,
    flags: "write fast",
    keys: [1, 1, 1],
    since: "2.0.0",
    complexity: "O(N)",
    summary: "Deletes one or more fields and their values from a hash. Deletes the hash if no fields remain.",
    run: hdel
  },
  {
    name: "hlen",
    arity: 2,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "2.0.0",
    summary: "Returns the number of fields in a hash.",
    run: (client, args) => readHash(client, argument(args, 1))?.size ?? 0
  },
  {
    name: "hstrlen",
    arity: 3,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "3.2.0",
    summary: "Returns the length of the value of a field.",
    run: (client, args) => readHash(client, argument(args, 1))?.get(argument(args, 2))?.length ?? 0
  },
  {
    name: "hexists",
    arity: 3,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "2.0.0",
    summary: "Determines whether a field exists in a hash.",
    run: (client, args) => (readHash(client, argument(args, 1))?.get(argument(args, 2)) === undefined ? 0 : 1)
  },
  {
    name: "hkeys",
    arity: 2,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "2.0.0",
    complexity: "O(N)",
    summary: "Returns all fields in a hash.",
    run: (client, args) => everything(client, argument(args, 1), "keys")
  },
  {
    name: "hvals",
    arity: 2,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "2.0.0",
    complexity: "O(N)",
    summary: "Returns all values in a hash.",
    run: (client, args) => everything(client, argument(args, 1), "values")
  },
  {
    name: "hgetall",
    arity: 2,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "2.0.0",
    complexity: "O(N)",
    summary: "Returns all fields and values in a hash.",
    run: (client, args) => new MapReply(everything(client, argument(args, 1), "both"))
  },
  {
    name: "hincrby",
    arity: 4,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "2.0.0",
    summary: "Increments the integer value of a field in a hash by a number. Uses 0 as initial value.",
    run: hincrby
  },
  {
    name: "hincrbyfloat",
    arity: 4,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "2.6.0",
    summary: "Increments the floating point value of a field by a number. Uses 0 as initial value.",
    logsItself: true,
    run: hincrbyfloat
  },
  {
    name: "hrandfield",
    arity: -2,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "6.2.0",
    complexity: "O(N)",
    summary: "Returns one or more random fields from a hash.",
    run: hrandfield
  },
  {
    name: "hscan",
    arity: -3,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "2.8.0",
    summary: "Iterates over fields and values of a hash.",
    run: hscan
  },
  ...HASH_FIELD_EXPIRY,
  ...HASH_FIELD_VALUES
]
