import { argument, type Arguments } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { invalidExpire } from "../exec/Errors.ts"
import { parseInteger } from "../format/Integers.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import { type HashField, HashValue } from "../types/HashValue.ts"
import { create, writeHash } from "./Access.ts"
import { dropFields, expireFields, fieldDeadline, fieldsAt, isOver, persistFields } from "./HashFields.ts"
import { expiryOption, type ExpiryRequest } from "./StringOptions.ts"

interface FieldOptions {
  readonly expiry: ExpiryRequest | undefined
  /** PERSIST or KEEPTTL. */
  readonly stays: boolean
  readonly condition: "FNX" | "FXX" | undefined
  /** Where FIELDS is. */
  readonly at: number
}

const fieldOptions = (args: Arguments, stay: "PERSIST" | "KEEPTTL", conditional: boolean): FieldOptions => {
  let expiry: ExpiryRequest | undefined
  let stays = false
  let condition: FieldOptions["condition"]
  for (let at = 2; at < args.length; at++) {
    const name = argument(args, at).toUpperCase()
    const option = expiryOption(name)
    if (name === "FIELDS") return { expiry, stays, condition, at }
    if (conditional && (name === "FNX" || name === "FXX")) {
      if (condition !== undefined) {
        throw new ErrorReply("ERR Only one of FXX or FNX arguments can be specified")
      }
      condition = name
    } else if (name === stay || option !== undefined) {
      if (expiry !== undefined || stays) {
        throw new ErrorReply(`ERR Only one of EX, PX, EXAT, PXAT or ${stay} arguments can be specified`)
      }
      if (option === undefined) stays = true
      else expiry = { option, text: argument(args, ++at) }
    } else throw new ErrorReply(`ERR unknown argument: ${argument(args, at)}`)
  }
  throw new ErrorReply("ERR missing FIELDS argument")
}

const deadlineOf = (client: Client, { option, text }: ExpiryRequest, command: string): number => {
  if (parseInteger(text) === 0) throw invalidExpire(command)
  const unit = option === "EX" || option === "EXAT" ? "s" : "ms"
  return fieldDeadline(client, text, unit, option.endsWith("AT"), command)
}

const existing = (hash: HashValue, names: ReadonlyArray<string>): Array<HashField> => {
  const fields = new Set<HashField>()
  for (const name of names) {
    const field = hash.fields.get(name)
    if (field !== undefined) fields.add(field)
  }
  return [...fields]
}

/** Logs when fields expire, after what logs their values: a value that is set ends its field's time to live. */
export const logDeadlines = (
  client: Client,
  key: string,
  hash: HashValue,
  names: ReadonlyArray<string>
): void => {
  if (hash.nextDeadline === undefined) return
  for (const { key: name, deadline } of existing(hash, names)) {
    if (deadline !== undefined) {
      client.server.propagate(client.db, ["HPEXPIREAT", key, String(deadline.at), "FIELDS", "1", name])
    }
  }
}

const hgetdel = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const hash = writeHash(client, key)
  const fields = fieldsAt(args, 2)
  if (hash === undefined) return fields.map(() => null)
  const seen = new Set<string>()
  const replies = fields.map((field) => {
    const value = seen.has(field) ? undefined : hash.get(field)
    if (value !== undefined) seen.add(field)
    return value ?? null
  })
  if (seen.size > 0) dropFields(client, key, hash, [...seen])
  return replies
}

const hgetex = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const hash = writeHash(client, key)
  const { expiry, stays, at } = fieldOptions(args, "PERSIST", false)
  const deadline = expiry === undefined ? undefined : deadlineOf(client, expiry, "hgetex")
  const names = fieldsAt(args, at)
  if (hash === undefined) return names.map(() => null)
  const replies = names.map((name) => hash.get(name) ?? null)
  if (deadline !== undefined) expireFields(client, key, hash, existing(hash, names), deadline)
  else if (stays) persistFields(client, key, hash, existing(hash, names))
  return replies
}

const hsetex = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const old = writeHash(client, key)
  const { expiry, stays, condition, at } = fieldOptions(args, "KEEPTTL", true)
  const deadline = expiry === undefined ? undefined : deadlineOf(client, expiry, "hsetex")
  const pairs = fieldsAt(args, at, "ERR invalid number of fields", 2)
  const names = pairs.filter((_, index) => index % 2 === 0)
  if (condition === "FNX" && names.some((name) => old?.get(name) !== undefined)) return 0
  if (condition === "FXX" && names.some((name) => old?.get(name) === undefined)) return 0
  const { server, db } = client
  const over = deadline !== undefined && isOver(client, deadline)
  // What would be gone at once is not set first if there is no hash.
  if (over && old === undefined) return 1
  const hash = old ?? create(client, key, new HashValue())
  for (const [index, name] of names.entries()) {
    hash.set(name, pairs[index * 2 + 1] ?? "", server.limits, stays)
  }
  server.changed(db, key, NOTIFY.hash, "hset")
  server.propagate(db, ["HSET", key, ...pairs])
  if (deadline !== undefined) expireFields(client, key, hash, existing(hash, names), deadline)
  else if (stays) logDeadlines(client, key, hash, names)
  return 1
}

/** Values of fields together with when they expire: the commands of Redis 8. */
export const HASH_FIELD_VALUES: ReadonlyArray<CommandDefinition> = [
  {
    name: "hgetdel",
    arity: -5,
    flags: "write fast",
    keys: [1, 1, 1],
    since: "8.0.0",
    complexity: "O(N) where N is the number of specified fields",
    summary: "Returns the value of a field and deletes it from the hash.",
    logsItself: true,
    run: hgetdel
  },
  {
    name: "hgetex",
    arity: -5,
    flags: "write fast",
    keys: [1, 1, 1],
    since: "8.0.0",
    complexity: "O(N) where N is the number of specified fields",
    summary: "Get the value of one or more fields of a given hash key, and optionally set their expiration.",
    logsItself: true,
    run: hgetex
  },
  {
    name: "hsetex",
    arity: -6,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "8.0.0",
    complexity: "O(N) where N is the number of fields being set.",
    summary: "Set the value of one or more fields of a given hash key, and optionally set their expiration.",
    logsItself: true,
    run: hsetex
  }
]
