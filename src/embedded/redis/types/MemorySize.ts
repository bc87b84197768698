import type { Value } from "../db/Value.ts"
import { HIGHEST_ID, LOWEST_ID } from "../format/StreamIds.ts"
import { HashValue } from "./HashValue.ts"
import { ListValue } from "./ListValue.ts"
import { SetValue } from "./SetValue.ts"
import { SortedSetValue } from "./SortedSetValue.ts"
import { StreamValue } from "./StreamValue.ts"
import { StringBuffer } from "./StringBuffer.ts"

/** What a key costs besides its name and its value: entry, slots of two tables. */
const ENTRY_BYTES = 64
/** What a string costs besides its bytes. */
const STRING_BYTES = 24
const MEMBER_BYTES = 56
const SCORED_BYTES = 88
const COMPACT_BYTES = 11
const COLLECTION_BYTES = 128

const textBytes = (text: string): number => STRING_BYTES + text.length

/** The average of `sizeAt` over up to `samples` of `count` members, spread evenly; all of them for 0 samples. */
const average = (count: number, samples: number, sizeAt: (index: number) => number): number => {
  const looked = samples === 0 ? count : Math.min(count, samples)
  if (looked === 0) return 0
  let sum = 0
  for (let at = 0; at < looked; at++) sum += sizeAt(Math.floor((at * count) / looked))
  return sum / looked
}

const collection = (
  count: number,
  each: number,
  samples: number,
  sizeAt: (index: number) => number
): number => COLLECTION_BYTES + Math.ceil(count * (each + average(count, samples, sizeAt)))

/** About how many bytes a value takes. Members of collections are sampled. */
export const valueBytes = (value: Value, samples = 5): number => {
  if (typeof value === "string") return textBytes(value)
  if (value instanceof StringBuffer) return STRING_BYTES + 48 + value.length
  if (value instanceof ListValue) {
    const { items } = value
    return collection(items.length, COMPACT_BYTES, samples, (at) => items.get(at)?.length ?? 0)
  }
  if (value instanceof HashValue) {
    const { fields } = value
    return collection(fields.size, value.compact ? COMPACT_BYTES : MEMBER_BYTES, samples, (at) => {
      const field = fields.at(at)
      return field === undefined ? 0 : field.key.length + field.value.length
    })
  }
  if (value instanceof SetValue) {
    const { members } = value
    return value.compact
      ? COLLECTION_BYTES + members.size * 8
      : collection(members.size, MEMBER_BYTES, samples, (at) => members.at(at)?.length ?? 0)
  }
  if (value instanceof SortedSetValue) {
    const { members } = value
    const each = value.compact ? COMPACT_BYTES + 8 : SCORED_BYTES
    return collection(members.size, each, samples, (at) => members.at(at)?.key.length ?? 0)
  }
  if (value instanceof StreamValue) {
    const entries = value.log.range(LOWEST_ID, HIGHEST_ID, samples === 0 ? Infinity : samples)
    let sum = 0
    for (const { fields } of entries) for (const field of fields) sum += field.length + 4
    const each = entries.length === 0 ? 0 : sum / entries.length
    let groups = 0
    for (const group of value.groups.values())
      groups += 256 + group.pending.size * 96 + group.consumers.size * 128
    return COLLECTION_BYTES + Math.ceil(value.length * (32 + each)) + groups
  }
  return collection(value.size, MEMBER_BYTES + value.shape.dimension * 4, samples, (at) => {
    return value.elements.at(at)?.key.length ?? 0
  })
}

/** About how many bytes a key and its value take. */
export const keyBytes = (key: string, value: Value, samples = 5): number =>
  ENTRY_BYTES + textBytes(key) + valueBytes(value, samples)
