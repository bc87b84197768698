import { createHash } from "node:crypto"
import type { Entry } from "../db/Entry.ts"
import type { Keyspace } from "../db/Keyspace.ts"
import { formatDouble } from "../format/Doubles.ts"
import { formatStreamId, HIGHEST_ID, LOWEST_ID } from "../format/StreamIds.ts"
import { HashValue } from "../types/HashValue.ts"
import { ListValue } from "../types/ListValue.ts"
import { SetValue } from "../types/SetValue.ts"
import { SortedSetValue } from "../types/SortedSetValue.ts"
import { StreamValue } from "../types/StreamValue.ts"
import { typeOf } from "../types/Describe.ts"
import { StringBuffer } from "../types/StringBuffer.ts"
import { valueBytes } from "../types/MemorySize.ts"

const SIZE = 20

const sha1 = (bytes: Buffer): Buffer => createHash("sha1").update(bytes).digest()

/** Adds something whose order does not count. */
const unordered = (digest: Buffer, bytes: Buffer): void => {
  const sum = sha1(bytes)
  for (let at = 0; at < SIZE; at++) digest[at] = (digest[at] ?? 0) ^ (sum[at] ?? 0)
}

/** Adds something whose order counts. */
const ordered = (digest: Buffer, bytes: Buffer): void => {
  unordered(digest, bytes)
  sha1(digest).copy(digest)
}

const text = (value: string): Buffer => Buffer.from(value, "latin1")

const pair = (digest: Buffer, ...parts: ReadonlyArray<string>): void => {
  const own = Buffer.alloc(SIZE)
  for (const part of parts) ordered(own, text(part))
  unordered(digest, own)
}

/** The numbers that Redis gives to types. */
const TYPES = ["string", "list", "set", "zset", "hash", "module", "stream"]

const addValue = (digest: Buffer, { value }: Entry): void => {
  ordered(digest, Buffer.from([0, 0, 0, Math.max(0, TYPES.indexOf(typeOf(value)))]))
  if (typeof value === "string") ordered(digest, text(value))
  else if (value instanceof StringBuffer) ordered(digest, text(value.text))
  else if (value instanceof ListValue) {
    for (const item of value.items.slice(0, value.length - 1)) ordered(digest, text(item))
  } else if (value instanceof SetValue) {
    for (const member of value.members.values()) unordered(digest, text(member))
  } else if (value instanceof HashValue) {
    value.fields.forEach((field) => pair(digest, field.key, field.value))
  } else if (value instanceof SortedSetValue) {
    value.members.forEach((member) => pair(digest, member.key, formatDouble(member.score)))
  } else if (value instanceof StreamValue) {
    for (const { id, fields } of value.log.range(LOWEST_ID, HIGHEST_ID)) {
      ordered(digest, text(formatStreamId(id).replace("-", ".")))
      for (const field of fields) ordered(digest, text(field))
    }
  } else ordered(digest, text(String(valueBytes(value, 0))))
}

/** A digest of what a key holds and whether it expires. */
export const valueDigest = (entry: Entry): Buffer => {
  const digest = Buffer.alloc(SIZE)
  addValue(digest, entry)
  if (entry.deadline !== undefined) unordered(digest, text("!!expire!!"))
  return digest
}

/** A digest of all keys of all databases: equal for equal data, whatever the order in which it came. */
export const dataDigest = (databases: ReadonlyArray<Keyspace>): Buffer => {
  const digest = Buffer.alloc(SIZE)
  for (const db of databases) {
    if (db.size === 0) continue
    ordered(digest, Buffer.from([0, 0, 0, db.index]))
    db.forEach((entry) => {
      const own = Buffer.alloc(SIZE)
      ordered(own, text(entry.key))
      addValue(own, entry)
      if (entry.deadline !== undefined) unordered(own, text("!!expire!!"))
      unordered(digest, own)
    })
  }
  return digest
}
