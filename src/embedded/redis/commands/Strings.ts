import { argument, type Arguments, exactInteger, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { NOT_FLOAT, NOT_INTEGER, SYNTAX } from "../exec/Errors.ts"
import { addIntegers, INT64_MIN, narrow, parseInteger } from "../format/Integers.ts"
import { addLongDoubles, formatLongDouble, parseLongDouble } from "../format/LongDouble.ts"
import { ErrorReply, MapReply, OK, type Reply } from "../resp/Reply.ts"
import { StringBuffer } from "../types/StringBuffer.ts"
import { bufferOf, isString, readString, textOf } from "./Access.ts"
import { positiveDeadline } from "./Expiry.ts"

const TOO_LONG = new ErrorReply("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
const MAX_STRING = 512 * 1024 * 1024

const store = (client: Client, key: string, value: string): void => {
  client.db.set(key, value)
  client.server.changed(client.db, key, NOTIFY.string, "set")
}

const get = (client: Client, args: Arguments): Reply => readString(client, argument(args, 1)) ?? null

interface SetOptions {
  condition: "NX" | "XX" | undefined
  get: boolean
  keepTtl: boolean
  deadline: number | undefined
}

const setOptions = (client: Client, args: Arguments): SetOptions => {
  const options: SetOptions = { condition: undefined, get: false, keepTtl: false, deadline: undefined }
  for (let at = 3; at < args.length; at++) {
    const name = argument(args, at).toUpperCase()
    const more = at + 1 < args.length
    if (name === "NX" && options.condition === undefined) options.condition = "NX"
    else if (name === "XX" && options.condition === undefined) options.condition = "XX"
    else if (name === "GET") options.get = true
    else if (name === "KEEPTTL" && options.deadline === undefined) options.keepTtl = true
    else if (isExpiryOption(name) && more && !options.keepTtl && options.deadline === undefined) {
      options.deadline = expiryOption(client, name, argument(args, ++at), "set")
    } else throw SYNTAX
  }
  return options
}

type ExpiryOption = "EX" | "PX" | "EXAT" | "PXAT"

const isExpiryOption = (name: string): name is ExpiryOption =>
  name === "EX" || name === "PX" || name === "EXAT" || name === "PXAT"

const expiryOption = (client: Client, name: ExpiryOption, text: string, command: string): number =>
  positiveDeadline(client, text, name === "EX" || name === "EXAT" ? "s" : "ms", name.endsWith("AT"), command)

const set = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const value = argument(args, 2)
  if (args.length === 3) {
    store(client, key, value)
    client.server.propagate(client.db, args)
    return OK
  }
  return setWith(client, key, value, setOptions(client, args))
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
  let deadline: number | undefined
  let persist = false
  for (let at = 2; at < args.length; at++) {
    const name = argument(args, at).toUpperCase()
    if (name === "PERSIST" && deadline === undefined && !persist) persist = true
    else if (isExpiryOption(name) && at + 1 < args.length && !persist && deadline === undefined) {
      deadline = expiryOption(client, name, argument(args, ++at), "getex")
    } else throw SYNTAX
  }
  const entry = db.find(key)
  if (entry === undefined) return null
  const value = textOf(entry.value)
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

/** The value under a key in a form that can be changed in place. */
const mutable = (client: Client, key: string): StringBuffer | undefined => {
  const entry = client.db.findForWrite(key)
  return entry === undefined ? undefined : bufferOf(entry)
}

const append = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const text = argument(args, 2)
  const old = client.db.peek(key)
  let length: number
  if (old === undefined) {
    client.db.set(key, text)
    length = text.length
  } else {
    if (lengthOf(textLength(client, key)) + text.length > MAX_STRING) throw TOO_LONG
    const buffer = mutable(client, key)
    buffer?.append(text)
    length = buffer?.length ?? 0
  }
  client.server.changed(client.db, key, NOTIFY.string, "append")
  return length
}

const lengthOf = (length: number | undefined): number => length ?? 0

const textLength = (client: Client, key: string): number | undefined => {
  const entry = client.db.find(key)
  if (entry === undefined) return undefined
  return entry.value instanceof StringBuffer ? entry.value.length : textOf(entry.value).length
}

const setrange = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const offset = integer(argument(args, 2))
  const text = argument(args, 3)
  if (offset < 0) throw new ErrorReply("ERR offset is out of range")
  const length = textLength(client, key)
  if (text.length === 0) return length ?? 0
  if (offset + text.length > MAX_STRING) throw TOO_LONG
  if (length === undefined) client.db.set(key, new StringBuffer(""))
  const buffer = mutable(client, key)
  buffer?.write(offset, text)
  client.server.changed(client.db, key, NOTIFY.string, "setrange")
  return buffer?.length ?? 0
}

const getrange = (client: Client, args: Arguments): Reply => {
  let start = integer(argument(args, 2))
  let end = integer(argument(args, 3))
  const entry = client.db.find(argument(args, 1))
  if (entry === undefined) return ""
  const value = entry.value
  const buffer = value instanceof StringBuffer ? value : undefined
  const length = buffer?.length ?? textOf(value).length
  if (start < 0 && end < 0 && start > end) return ""
  start = start < 0 ? Math.max(0, length + start) : start
  end = end < 0 ? Math.max(0, length + end) : Math.min(end, length - 1)
  if (start > end || length === 0) return ""
  return buffer === undefined ? textOf(value).slice(start, end + 1) : buffer.slice(start, end + 1)
}

const lcs = (client: Client, args: Arguments): Reply => {
  let idx = false
  let onlyLength = false
  let withLength = false
  let minimum = 0
  const left = lcsInput(client, argument(args, 1))
  const right = lcsInput(client, argument(args, 2))
  for (let at = 3; at < args.length; at++) {
    const name = argument(args, at).toUpperCase()
    if (name === "IDX") idx = true
    else if (name === "LEN") onlyLength = true
    else if (name === "WITHMATCHLEN") withLength = true
    else if (name === "MINMATCHLEN" && at + 1 < args.length)
      minimum = Math.max(0, integer(argument(args, ++at)))
    else throw SYNTAX
  }
  if (idx && onlyLength) {
    throw new ErrorReply("ERR If you want both the length and indexes, please just use IDX.")
  }
  const width = right.length + 1
  if ((left.length + 1) * width > 256 * 1024 * 1024) {
    throw new ErrorReply("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
  }
  const table = new Uint32Array((left.length + 1) * width)
  for (let i = 1; i <= left.length; i++) {
    for (let j = 1; j <= right.length; j++) {
      table[i * width + j] =
        left.charCodeAt(i - 1) === right.charCodeAt(j - 1)
          ? (table[(i - 1) * width + j - 1] ?? 0) + 1
          : Math.max(table[(i - 1) * width + j] ?? 0, table[i * width + j - 1] ?? 0)
    }
  }
  const length = table[left.length * width + right.length] ?? 0
  if (onlyLength) return length
  const matched: Array<string> = []
  const ranges: Array<Reply> = []
  let i = left.length
  let j = right.length
  let run = 0
  const flush = (): void => {
    if (run > 0 && run >= minimum) {
      const range: Array<Reply> = [
        [i, i + run - 1],
        [j, j + run - 1]
      ]
      ranges.push(withLength ? [...range, run] : range)
    }
    run = 0
  }
  while (i > 0 && j > 0) {
    if (left.charCodeAt(i - 1) === right.charCodeAt(j - 1)) {
      matched.push(left[i - 1] ?? "")
      i--
      j--
      run++
    } else {
      flush()
      if ((table[(i - 1) * width + j] ?? 0) > (table[i * width + j - 1] ?? 0)) i--
      else j--
    }
  }
  flush()
  return idx ? new MapReply(["matches", ranges, "len", length]) : matched.toReversed().join("")
}

const lcsInput = (client: Client, key: string): string => {
  const entry = client.db.find(key)
  if (entry === undefined) return ""
  if (!isString(entry.value)) throw new ErrorReply("ERR The specified keys must contain string values")
  return textOf(entry.value)
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
  },
  {
    name: "append",
    arity: 3,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "2.0.0",
    summary: "Appends a string to the value of a key. Creates the key if it doesn't exist.",
    run: append
  },
  {
    name: "strlen",
    arity: 2,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "2.2.0",
    summary: "Returns the length of a string value.",
    run: (client, args) => textLength(client, argument(args, 1)) ?? 0
  },
  {
    name: "setrange",
    arity: 4,
    flags: "write denyoom",
    keys: [1, 1, 1],
    since: "2.2.0",
    summary:
      "Overwrites a part of a string value with another by an offset. Creates the key if it doesn't exist.",
    run: setrange
  },
  {
    name: "getrange",
    arity: 4,
    flags: "readonly",
    keys: [1, 1, 1],
    since: "2.4.0",
    complexity: "O(N)",
    summary: "Returns a substring of the string stored at a key.",
    run: getrange
  },
  {
    name: "substr",
    arity: 4,
    flags: "readonly",
    keys: [1, 1, 1],
    complexity: "O(N)",
    summary: "Returns a substring from a string value.",
    run: getrange
  },
  {
    name: "lcs",
    arity: -3,
    flags: "readonly",
    keys: [1, 2, 1],
    since: "7.0.0",
    complexity: "O(N*M)",
    summary: "Finds the longest common substring.",
    run: lcs
  }
]
