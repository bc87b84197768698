import { argument, type Arguments, exactInteger } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { NOT_FLOAT, NOT_INTEGER } from "../exec/Errors.ts"
import { addIntegers, INT64_MIN, narrow, parseInteger } from "../format/Integers.ts"
import { addLongDoubles, formatLongDouble, parseLongDouble } from "../format/LongDouble.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import { StringBuffer } from "../types/StringBuffer.ts"
import { textOf } from "./Access.ts"

const OVERFLOW = new ErrorReply("ERR increment or decrement would overflow")

const increment = (client: Client, key: string, by: number | bigint): Reply => {
  const entry = client.db.findForWrite(key)
  const old = entry === undefined ? 0 : parseInteger(textOf(entry.value))
  if (old === undefined) throw NOT_INTEGER
  const sum = addIntegers(old, by)
  if (sum === undefined) throw OVERFLOW
  if (entry === undefined) client.db.set(key, String(sum))
  else entry.value = String(sum)
  client.server.changed(client.db, key, NOTIFY.string, "incrby")
  return sum
}

const decrby = (client: Client, args: Arguments): Reply => {
  const by = exactInteger(argument(args, 2))
  if (BigInt(by) === INT64_MIN) throw new ErrorReply("ERR decrement would overflow")
  return increment(client, argument(args, 1), typeof by === "number" ? -by : narrow(-by))
}

const incrbyfloat = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const entry = client.db.findForWrite(key)
  const old = parseLongDouble(entry === undefined ? "0" : textOf(entry.value))
  const by = parseLongDouble(argument(args, 2))
  if (old === undefined || by === undefined) {
    if (old !== undefined && /^[+-]?inf(inity)?$/i.test(argument(args, 2))) {
      throw new ErrorReply("ERR increment would produce NaN or Infinity")
    }
    throw NOT_FLOAT
  }
  const sum = formatLongDouble(addLongDoubles(old, by))
  // Redis does not look whether the result is an integer, and OBJECT ENCODING shows it.
  const value = parseInteger(sum) === undefined ? sum : new StringBuffer(sum, "embstr")
  if (entry === undefined) client.db.set(key, value)
  else entry.value = value
  client.server.changed(client.db, key, NOTIFY.string, "incrbyfloat")
  client.server.propagate(client.db, ["SET", key, sum, "KEEPTTL"])
  return sum
}

/** Commands on strings that are numbers. */
export const STRING_NUMBERS: ReadonlyArray<CommandDefinition> = [
  {
    name: "incr",
    arity: 2,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    summary:
      "Increments the integer value of a key by one. Uses 0 as initial value if the key doesn't exist.",
    run: (client, args) => increment(client, argument(args, 1), 1)
  },
  {
    name: "decr",
    arity: 2,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    summary:
      "Decrements the integer value of a key by one. Uses 0 as initial value if the key doesn't exist.",
    run: (client, args) => increment(client, argument(args, 1), -1)
  },
  {
    name: "incrby",
    arity: 3,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    summary:
      "Increments the integer value of a key by a number. Uses 0 as initial value if the key doesn't exist.",
    run: (client, args) => increment(client, argument(args, 1), exactInteger(argument(args, 2)))
  },
  {
    name: "decrby",
    arity: 3,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    summary:
      "Decrements a number from the integer value of a key. Uses 0 as initial value if the key doesn't exist.",
    run: decrby
  },
  {
    name: "incrbyfloat",
    arity: 3,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "2.6.0",
    summary:
      "Increment the floating point value of a key by a number. Uses 0 as initial value if the key doesn't exist.",
    logsItself: true,
    run: incrbyfloat
  }
]
