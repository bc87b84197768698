import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import { StringBuffer } from "../types/StringBuffer.ts"
import { bufferOf, textOf } from "./Access.ts"

const TOO_LONG = new ErrorReply("ERR string exceeds maximum allowed size (proto-max-bulk-len)")

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
    if (lengthOf(textLength(client, key)) + text.length > client.server.settings.protocol.maxBulk)
      throw TOO_LONG
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
  if (offset + text.length > client.server.settings.protocol.maxBulk) throw TOO_LONG
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

/** Commands on parts of strings. */
export const STRING_RANGES: ReadonlyArray<CommandDefinition> = [
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
  }
]
