import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { invalidExpire, NOT_INTEGER, wrongArity } from "../exec/Errors.ts"
import { parseInteger } from "../format/Integers.ts"
import { ErrorReply } from "../resp/Reply.ts"
import type { HashField, HashValue } from "../types/HashValue.ts"
import { removeIfEmpty } from "./Access.ts"

/** The latest time that a field can expire at, in milliseconds since the epoch: 46 bits. */
const LATEST = 2 ** 46 - 1

const NOT_AT_PLACE = new ErrorReply("ERR Mandatory argument FIELDS is missing or not at the right position")
const COUNT_DIFFERS = new ErrorReply("ERR The `numfields` parameter must match the number of arguments")

/** The fields of `FIELDS numfields field ...` at the end of a call; `width` arguments for each. */
export const fieldsAt = (
  args: Arguments,
  at: number,
  notPositive = "ERR Number of fields must be a positive integer",
  width = 1
): Arguments => {
  if (argument(args, at).toUpperCase() !== "FIELDS") throw NOT_AT_PLACE
  const count = integer(argument(args, at + 1), new ErrorReply(notPositive))
  if (count < 1) throw new ErrorReply(notPositive)
  const fields = args.slice(at + 2)
  if (fields.length !== count * width) {
    throw width === 1 ? COUNT_DIFFERS : wrongArity(argument(args, 0))
  }
  return fields
}

/** When fields expire, in milliseconds since the epoch; throws if the argument is negative or too far. */
export const fieldDeadline = (
  client: Client,
  text: string,
  unit: "s" | "ms",
  absolute: boolean,
  command: string
): number => {
  const value = parseInteger(text)
  if (value === undefined) throw NOT_INTEGER
  if (value < 0) throw new ErrorReply("ERR invalid expire time, must be >= 0")
  const deadline = Number(value) * (unit === "s" ? 1000 : 1) + (absolute ? 0 : client.server.now)
  if (deadline > LATEST) throw invalidExpire(command)
  return deadline
}

/** Whether a deadline has passed already. The log decides when a field goes, while it is loaded. */
export const isOver = (client: Client, deadline: number): boolean =>
  deadline <= client.server.now && !client.db.frozen

/** Follows the deadlines of a hash after they have changed. */
export const followDeadlines = (client: Client, key: string): void => {
  const entry = client.db.raw(key)
  if (entry !== undefined) client.db.watchFields(entry)
}

/** Removes fields whose time is over, and the key with the last of them. */
export const dropFields = (
  client: Client,
  key: string,
  hash: HashValue,
  fields: ReadonlyArray<string>
): void => {
  for (const field of fields) hash.delete(field)
  client.server.changed(client.db, key, NOTIFY.hash, "hdel")
  client.server.propagate(client.db, ["HDEL", key, ...fields])
  if (!removeIfEmpty(client, key, hash.size)) followDeadlines(client, key)
}

/** Sets when fields expire, or removes them if that is over. */
export const expireFields = (
  client: Client,
  key: string,
  hash: HashValue,
  fields: ReadonlyArray<HashField>,
  deadline: number
): void => {
  if (fields.length === 0) return
  const names = fields.map((field) => field.key)
  if (isOver(client, deadline)) {
    dropFields(client, key, hash, names)
    return
  }
  for (const field of fields) hash.setDeadline(field, deadline)
  followDeadlines(client, key)
  client.server.changed(client.db, key, NOTIFY.hash, "hexpire")
  client.server.propagate(client.db, [
    "HPEXPIREAT",
    key,
    String(deadline),
    "FIELDS",
    String(names.length),
    ...names
  ])
}

/** Lets fields stay; how many had a time to live. */
export const persistFields = (
  client: Client,
  key: string,
  hash: HashValue,
  fields: ReadonlyArray<HashField>
): number => {
  const names = fields.filter((field) => hash.clearDeadline(field)).map((field) => field.key)
  if (names.length === 0) return 0
  followDeadlines(client, key)
  client.server.changed(client.db, key, NOTIFY.hash, "hpersist")
  client.server.propagate(client.db, ["HPERSIST", key, "FIELDS", String(names.length), ...names])
  return names.length
}
