import type { Client } from "../exec/Context.ts"
import { WRONGTYPE } from "../exec/Errors.ts"
import { HashValue } from "../types/HashValue.ts"
import { ListValue } from "../types/ListValue.ts"
import { SetValue } from "../types/SetValue.ts"
import { SortedSetValue } from "../types/SortedSetValue.ts"
import { StreamValue } from "../types/StreamValue.ts"
import { StringBuffer } from "../types/StringBuffer.ts"
import { VectorSetValue } from "../types/VectorSetValue.ts"
import type { Entry } from "../db/Entry.ts"
import type { Value } from "../db/Value.ts"

/** The text of a string value; throws WRONGTYPE for others. */
export const textOf = (value: Value): string => {
  if (typeof value === "string") return value
  if (value instanceof StringBuffer) return value.text
  throw WRONGTYPE
}

/** The string under a key. */
export const readString = (client: Client, key: string): string | undefined => {
  const entry = client.db.find(key)
  return entry === undefined ? undefined : textOf(entry.value)
}

/** The bytes of a string value, to be read and not kept; throws WRONGTYPE for others. */
export const bytesOf = (value: Value): Buffer =>
  value instanceof StringBuffer ? value.view() : Buffer.from(textOf(value), "latin1")

/** The string of an entry in a form that can be changed in place. */
export const bufferOf = (entry: Entry): StringBuffer => {
  if (entry.value instanceof StringBuffer) {
    entry.value.unshare()
    return entry.value
  }
  const buffer = new StringBuffer(textOf(entry.value))
  entry.value = buffer
  return buffer
}

/** Whether a value is a string. */
export const isString = (value: Value): value is string | StringBuffer =>
  typeof value === "string" || value instanceof StringBuffer

const typed =
  <T extends Value>(type: new () => T) =>
  (value: Value | undefined): T | undefined => {
    if (value === undefined || value instanceof type) return value
    throw WRONGTYPE
  }

const asList = typed(ListValue)
const asHash = typed(HashValue)
const asSet = typed(SetValue)
const asSortedSet = typed(SortedSetValue)
const asStream = typed(StreamValue)

/** The list under a key, for reading. */
export const readList = (client: Client, key: string): ListValue | undefined =>
  asList(client.db.find(key)?.value)
/** The list under a key, to be changed. */
export const writeList = (client: Client, key: string): ListValue | undefined =>
  asList(client.db.findForWrite(key)?.value)
/** The hash under a key, for reading. */
export const readHash = (client: Client, key: string): HashValue | undefined =>
  asHash(client.db.find(key)?.value)
/** The hash under a key, to be changed. */
export const writeHash = (client: Client, key: string): HashValue | undefined =>
  asHash(client.db.findForWrite(key)?.value)
/** The set under a key, for reading. */
export const readSet = (client: Client, key: string): SetValue | undefined =>
  asSet(client.db.find(key)?.value)
/** The set under a key, to be changed. */
export const writeSet = (client: Client, key: string): SetValue | undefined =>
  asSet(client.db.findForWrite(key)?.value)
/** The sorted set under a key, for reading. */
export const readSortedSet = (client: Client, key: string): SortedSetValue | undefined =>
  asSortedSet(client.db.find(key)?.value)
/** The sorted set under a key, to be changed. */
export const writeSortedSet = (client: Client, key: string): SortedSetValue | undefined =>
  asSortedSet(client.db.findForWrite(key)?.value)
/** The stream under a key, for reading. */
export const readStream = (client: Client, key: string): StreamValue | undefined =>
  asStream(client.db.find(key)?.value)
/** The stream under a key, to be changed. */
export const writeStream = (client: Client, key: string): StreamValue | undefined =>
  asStream(client.db.findForWrite(key)?.value)

const asVectorSet = (value: Value | undefined): VectorSetValue | undefined => {
  if (value === undefined || value instanceof VectorSetValue) return value
  throw WRONGTYPE
}

/** The vector set under a key, for reading. */
export const readVectorSet = (client: Client, key: string): VectorSetValue | undefined =>
  asVectorSet(client.db.find(key)?.value)
/** The vector set under a key, to be changed. */
export const writeVectorSet = (client: Client, key: string): VectorSetValue | undefined =>
  asVectorSet(client.db.findForWrite(key)?.value)

/** Stores an empty value under a key that did not exist. */
export const create = <T extends Value>(client: Client, key: string, value: T): T => {
  client.db.set(key, value)
  return value
}

/** Removes a key whose collection has become empty, and says so. */
export const removeIfEmpty = (client: Client, key: string, size: number): boolean => {
  if (size > 0) return false
  client.db.delete(key)
  client.server.changed(client.db, key, 4, "del")
  return true
}
