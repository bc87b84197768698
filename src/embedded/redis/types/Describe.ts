import type { Value } from "../db/Value.ts"
import { parseInteger } from "../format/Integers.ts"
import type { EncodingLimits } from "./EncodingLimits.ts"
import { HashValue } from "./HashValue.ts"
import { ListValue } from "./ListValue.ts"
import { SetValue } from "./SetValue.ts"
import { SortedSetValue } from "./SortedSetValue.ts"
import { StreamValue } from "./StreamValue.ts"
import { StringBuffer } from "./StringBuffer.ts"
import { VectorSetValue } from "./VectorSetValue.ts"

/** The name of a value's type. */
export const typeOf = (value: Value): string => {
  if (typeof value === "string" || value instanceof StringBuffer) return "string"
  if (value instanceof ListValue) return "list"
  if (value instanceof HashValue) return "hash"
  if (value instanceof SetValue) return "set"
  if (value instanceof StreamValue) return "stream"
  if (value instanceof VectorSetValue) return "vectorset"
  return "zset"
}

/** The encoding that Redis 7 would use. */
export const encodingOf = (value: Value): string => {
  if (typeof value === "string") {
    if (value.length <= 20 && parseInteger(value) !== undefined) return "int"
    return value.length <= 44 ? "embstr" : "raw"
  }
  if (value instanceof StringBuffer) return value.encoding
  if (value instanceof ListValue) return "quicklist"
  if (value instanceof HashValue) {
    return value.compact ? (value.knowsDeadlines ? "listpackex" : "listpack") : "hashtable"
  }
  if (value instanceof SetValue) return value.compact ? "intset" : "hashtable"
  if (value instanceof StreamValue) return "stream"
  if (value instanceof VectorSetValue) return "raw"
  return value.compact ? "listpack" : "skiplist"
}

/** A value of its own with the same content. */
export const cloneValue = (value: Value, limits: EncodingLimits): Value => {
  if (typeof value === "string") return value
  if (value instanceof StringBuffer) return new StringBuffer(value.text, value.encoding)
  if (value instanceof ListValue) {
    const list = new ListValue()
    value.items.forEach((item) => {
      list.push(item, false)
      return true
    })
    return list
  }
  if (value instanceof HashValue) {
    const hash = new HashValue()
    value.fields.forEach((field) => {
      hash.set(field.key, field.value, limits)
      const copy = field.deadline === undefined ? undefined : hash.fields.get(field.key)
      if (copy !== undefined && field.deadline !== undefined) hash.setDeadline(copy, field.deadline.at)
    })
    hash.compact = value.compact
    return hash
  }
  if (value instanceof SetValue) {
    const set = new SetValue()
    for (const member of value.members.values()) set.add(member, limits)
    set.compact = value.compact
    return set
  }
  if (value instanceof StreamValue || value instanceof VectorSetValue) return value.clone()
  const sorted = new SortedSetValue()
  value.members.forEach((member) => sorted.set(member.key, member.score, limits))
  sorted.compact = value.compact
  return sorted
}
