import type { Value } from "../db/Value.ts"
import { parseDouble } from "../format/Doubles.ts"
import type { EncodingLimits } from "../types/EncodingLimits.ts"
import { HashValue } from "../types/HashValue.ts"
import { ListValue } from "../types/ListValue.ts"
import { SetValue } from "../types/SetValue.ts"
import { SortedSetValue } from "../types/SortedSetValue.ts"
import { RdbError, TYPE } from "./Format.ts"
import { readIntset, readZiplist, readZipmap } from "./Legacy.ts"
import { ListpackCursor } from "./Listpack.ts"
import type { RdbReader } from "./RdbReader.ts"
import { decodeStream } from "./StreamDecoder.ts"
import { decodeVectors } from "./Vectors.ts"

/** How a list's nodes are marked. */
const CONTAINER = { plain: 1, packed: 2 } as const

const listpack = (reader: RdbReader): ListpackCursor => {
  const origin = reader.offset
  return new ListpackCursor(reader.blob(), origin)
}

const elements = (cursor: ListpackCursor): Array<string> => {
  const out: Array<string> = []
  while (!cursor.done) out.push(cursor.next())
  return out
}

const ziplist = (reader: RdbReader): Array<string> => {
  const origin = reader.offset
  return readZiplist(reader.blob(), origin)
}

const strings = (reader: RdbReader, count: number): Array<string> => {
  const out: Array<string> = []
  for (let left = count; left > 0; left--) out.push(reader.string())
  return out
}

const listOf = (items: Iterable<string>): ListValue => {
  const list = new ListValue()
  for (const item of items) list.push(item, false)
  return list
}

const setOf = (reader: RdbReader, members: ReadonlyArray<string>, limits: EncodingLimits): SetValue => {
  const set = new SetValue()
  for (const member of members) if (!set.add(member, limits)) throw reader.fail("a set holds a member twice")
  return set
}

const hashOf = (reader: RdbReader, pairs: ReadonlyArray<string>, limits: EncodingLimits): HashValue => {
  if (pairs.length % 2 !== 0) throw reader.fail("a hash holds a field without a value")
  const hash = new HashValue()
  for (let at = 0; at < pairs.length; at += 2) {
    if (!hash.set(pairs[at] ?? "", pairs[at + 1] ?? "", limits))
      throw reader.fail("a hash holds a field twice")
  }
  return hash
}

const zsetOf = (reader: RdbReader, pairs: ReadonlyArray<string>, limits: EncodingLimits): SortedSetValue => {
  if (pairs.length % 2 !== 0) throw reader.fail("a sorted set holds a member without a score")
  const zset = new SortedSetValue()
  for (let at = 0; at < pairs.length; at += 2) {
    addScored(reader, zset, pairs[at] ?? "", parseDouble(pairs[at + 1] ?? ""), limits)
  }
  return zset
}

const addScored = (
  reader: RdbReader,
  zset: SortedSetValue,
  member: string,
  score: number | undefined,
  limits: EncodingLimits
): void => {
  if (score === undefined || Number.isNaN(score)) throw reader.fail("a score is not a number")
  if (zset.score(member) !== undefined) throw reader.fail("a sorted set holds a member twice")
  zset.set(member, score, limits)
}

const quicklist = (reader: RdbReader): ListValue => {
  const list = new ListValue()
  for (let left = reader.items(); left > 0; left--) for (const item of ziplist(reader)) list.push(item, false)
  return list
}

const quicklist2 = (reader: RdbReader): ListValue => {
  const list = new ListValue()
  for (let left = reader.items(); left > 0; left--) {
    const container = reader.count()
    if (container === CONTAINER.plain) {
      const item = reader.string()
      if (item === "") throw reader.fail("a node of a list is empty")
      list.push(item, false)
    } else if (container === CONTAINER.packed) {
      const cursor = listpack(reader)
      while (!cursor.done) list.push(cursor.next(), false)
    } else throw reader.fail(`unknown container of a list: ${container}`)
  }
  return list
}

const hash = (reader: RdbReader, limits: EncodingLimits): HashValue => {
  const count = reader.items(2)
  const value = new HashValue()
  for (let left = count; left > 0; left--) {
    if (!value.set(reader.string(), reader.string(), limits)) throw reader.fail("a hash holds a field twice")
  }
  return value
}

/** Sets a field that has a time to live, or none if that is 0. */
const addExpiring = (
  reader: RdbReader,
  value: HashValue,
  field: string,
  text: string,
  at: number,
  limits: EncodingLimits
): void => {
  if (!value.set(field, text, limits)) throw reader.fail("a hash holds a field twice")
  const added = value.fields.get(field)
  if (at > 0 && added !== undefined) value.setDeadline(added, at)
}

/** Times to live are counted from the first one, which is 1. */
const expiringHash = (reader: RdbReader, limits: EncodingLimits): HashValue => {
  const first = reader.millis()
  const value = new HashValue()
  for (let left = reader.items(3); left > 0; left--) {
    const ttl = Number(reader.wide())
    addExpiring(reader, value, reader.string(), reader.string(), ttl === 0 ? 0 : first + ttl - 1, limits)
  }
  return value
}

/** Fields, values and times, one after the other. */
const expiringListpack = (reader: RdbReader, limits: EncodingLimits): HashValue => {
  reader.millis()
  const items = elements(listpack(reader))
  if (items.length % 3 !== 0) throw reader.fail("a hash holds a field without a value or a time")
  const value = new HashValue()
  for (let at = 0; at < items.length; at += 3) {
    addExpiring(reader, value, items[at] ?? "", items[at + 1] ?? "", Number(items[at + 2]), limits)
  }
  return value
}

const set = (reader: RdbReader, limits: EncodingLimits): SetValue => {
  const count = reader.items()
  const value = new SetValue()
  for (let left = count; left > 0; left--) {
    if (!value.add(reader.string(), limits)) throw reader.fail("a set holds a member twice")
  }
  return value
}

const zset = (reader: RdbReader, limits: EncodingLimits, binary: boolean): SortedSetValue => {
  const count = reader.items(2)
  const value = new SortedSetValue()
  for (let left = count; left > 0; left--) {
    const member = reader.string()
    addScored(reader, value, member, binary ? reader.double() : reader.textDouble(), limits)
  }
  return value
}

/**
 * Reads a value of a type. `undefined` for a collection without elements, which Redis leaves out.
 * Throws RdbError.
 */
export const decodeValue = (reader: RdbReader, type: number, limits: EncodingLimits): Value | undefined => {
  const value = decode(reader, type, limits)
  if (value instanceof ListValue) return value.length === 0 ? undefined : value
  if (value instanceof HashValue || value instanceof SetValue || value instanceof SortedSetValue) {
    return value.size === 0 ? undefined : value
  }
  return value
}

const decode = (reader: RdbReader, type: number, limits: EncodingLimits): Value => {
  const origin = reader.offset
  switch (type) {
    case TYPE.string:
      return reader.string()
    case TYPE.list:
      return listOf(strings(reader, reader.items()))
    case TYPE.listZiplist:
      return listOf(ziplist(reader))
    case TYPE.listQuicklist:
      return quicklist(reader)
    case TYPE.listQuicklist2:
      return quicklist2(reader)
    case TYPE.set:
      return set(reader, limits)
    case TYPE.setIntset: {
      const members = readIntset(reader.blob(), origin)
      return setOf(reader, members, limits)
    }
    case TYPE.setListpack:
      return setOf(reader, elements(listpack(reader)), limits)
    case TYPE.hash:
      return hash(reader, limits)
    case TYPE.hashZipmap: {
      const pairs = readZipmap(reader.blob(), origin)
      return hashOf(reader, pairs, limits)
    }
    case TYPE.hashZiplist:
      return hashOf(reader, ziplist(reader), limits)
    case TYPE.hashListpack:
      return hashOf(reader, elements(listpack(reader)), limits)
    case TYPE.hashMetadata:
      return expiringHash(reader, limits)
    case TYPE.hashListpackEx:
      return expiringListpack(reader, limits)
    case TYPE.zset:
      return zset(reader, limits, false)
    case TYPE.zset2:
      return zset(reader, limits, true)
    case TYPE.zsetZiplist:
      return zsetOf(reader, ziplist(reader), limits)
    case TYPE.zsetListpack:
      return zsetOf(reader, elements(listpack(reader)), limits)
    case TYPE.streamListpacks:
    case TYPE.streamListpacks2:
    case TYPE.streamListpacks3:
      return decodeStream(reader, type)
    case TYPE.vectorSet:
      return decodeVectors(reader)
    case TYPE.modulePreGa:
    case TYPE.module2:
      throw new RdbError(origin, "a value of a module", "unsupported")
    default:
      throw new RdbError(origin, `unknown type of a value: ${type}`)
  }
}
