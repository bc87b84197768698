import { argument, type Arguments } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import type { Reply } from "../resp/Reply.ts"
import type { HashField, HashValue } from "../types/HashValue.ts"
import { readHash, writeHash } from "./Access.ts"
import { expireFields, fieldDeadline, fieldsAt, isOver, persistFields } from "./HashFields.ts"

/** What the commands answer for each field. */
const NO_FIELD = -2
const NO_DEADLINE = -1
const REFUSED = 0
const DONE = 1
const REMOVED = 2

type Condition = "NX" | "XX" | "GT" | "LT"

const isCondition = (text: string): text is Condition =>
  text === "NX" || text === "XX" || text === "GT" || text === "LT"

/** A field that does not expire counts as one that expires last. */
const isMet = (condition: Condition | undefined, current: number | undefined, deadline: number): boolean => {
  switch (condition) {
    case undefined:
      return true
    case "NX":
      return current === undefined
    case "XX":
      return current !== undefined
    case "GT":
      return current !== undefined && deadline > current
    case "LT":
      return current === undefined || deadline < current
  }
}

const hexpire =
  (unit: "s" | "ms", absolute: boolean, name: string) =>
  (client: Client, args: Arguments): Reply => {
    const key = argument(args, 1)
    const hash = writeHash(client, key)
    const deadline = fieldDeadline(client, argument(args, 2), unit, absolute, name)
    const option = argument(args, 3).toUpperCase()
    const condition = isCondition(option) ? option : undefined
    const at = condition === undefined ? 3 : 4
    const fields = fieldsAt(args, at, "ERR Parameter `numFields` should be greater than 0")
    if (hash === undefined) return fields.map(() => NO_FIELD)
    const chosen = new Set<HashField>()
    const over = isOver(client, deadline)
    const replies = fields.map((text) => {
      const field = hash.fields.get(text)
      // A field that is named again was removed the first time.
      if (field === undefined || (over && chosen.has(field))) return NO_FIELD
      const current = chosen.has(field) ? deadline : field.deadline?.at
      if (!isMet(condition, current, deadline)) return REFUSED
      chosen.add(field)
      return over ? REMOVED : DONE
    })
    expireFields(client, key, hash, [...chosen], deadline)
    return replies
  }

const hpersist = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const hash = writeHash(client, key)
  const fields = fieldsAt(args, 2)
  if (hash === undefined) return fields.map(() => NO_FIELD)
  return fields.map((text) => {
    const field = hash.fields.get(text)
    if (field === undefined) return NO_FIELD
    return persistFields(client, key, hash, [field]) > 0 ? DONE : NO_DEADLINE
  })
}

const httl =
  (unit: "s" | "ms", absolute: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const hash: HashValue | undefined = readHash(client, argument(args, 1))
    return fieldsAt(args, 2).map((text) => {
      const field = hash?.fields.get(text)
      if (field === undefined) return NO_FIELD
      if (field.deadline === undefined) return NO_DEADLINE
      const left = absolute ? field.deadline.at : Math.max(0, field.deadline.at - client.server.now)
      return unit === "ms" ? left : Math.ceil(left / 1000)
    })
  }

/** When fields of hashes expire: the commands of Redis 7.4. */
export const HASH_FIELD_EXPIRY: ReadonlyArray<CommandDefinition> = [
  {
    name: "hexpire",
    arity: -6,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "7.4.0",
    complexity: "O(N) where N is the number of specified fields",
    summary: "Set expiry for hash field using relative time to expire (seconds)",
    logsItself: true,
    run: hexpire("s", false, "hexpire")
  },
  {
    name: "hpexpire",
    arity: -6,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "7.4.0",
    complexity: "O(N) where N is the number of specified fields",
    summary: "Set expiry for hash field using relative time to expire (milliseconds)",
    logsItself: true,
    run: hexpire("ms", false, "hpexpire")
  },
  {
    name: "hexpireat",
    arity: -6,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "7.4.0",
    complexity: "O(N) where N is the number of specified fields",
    summary: "Set expiry for hash field using an absolute Unix timestamp (seconds)",
    logsItself: true,
    run: hexpire("s", true, "hexpireat")
  },
  {
    name: "hpexpireat",
    arity: -6,
    flags: "write denyoom fast",
    keys: [1, 1, 1],
    since: "7.4.0",
    complexity: "O(N) where N is the number of specified fields",
    summary: "Set expiry for hash field using an absolute Unix timestamp (milliseconds)",
    logsItself: true,
    run: hexpire("ms", true, "hpexpireat")
  },
  {
    name: "hpersist",
    arity: -5,
    flags: "write fast",
    keys: [1, 1, 1],
    since: "7.4.0",
    complexity: "O(N) where N is the number of specified fields",
    summary: "Removes the expiration time for each specified field",
    logsItself: true,
    run: hpersist
  },
  {
    name: "httl",
    arity: -5,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "7.4.0",
    complexity: "O(N) where N is the number of specified fields",
    summary: "Returns the TTL in seconds of a hash field.",
    run: httl("s", false)
  },
  {
    name: "hpttl",
    arity: -5,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "7.4.0",
    complexity: "O(N) where N is the number of specified fields",
    summary: "Returns the TTL in milliseconds of a hash field.",
    run: httl("ms", false)
  },
  {
    name: "hexpiretime",
    arity: -5,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "7.4.0",
    complexity: "O(N) where N is the number of specified fields",
    summary: "Returns the expiration time of a hash field as a Unix timestamp, in seconds.",
    run: httl("s", true)
  },
  {
    name: "hpexpiretime",
    arity: -5,
    flags: "readonly fast",
    keys: [1, 1, 1],
    since: "7.4.0",
    complexity: "O(N) where N is the number of specified fields",
    summary: "Returns the expiration time of a hash field as a Unix timestamp, in msec.",
    run: httl("ms", true)
  }
]
