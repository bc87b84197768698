import type { Value } from "../db/Value.ts"
import type { FrozenChunk } from "../structures/ChunkedDeque.ts"
import type { FrozenLog } from "../structures/StreamLog.ts"
import { deadlinesOf, type FrozenHash, HashValue } from "./HashValue.ts"
import { ListValue } from "./ListValue.ts"
import { SetValue } from "./SetValue.ts"
import { type FrozenSortedSet, type SortedMember, SortedSetValue } from "./SortedSetValue.ts"
import { type StreamHead, streamHead } from "./StreamHead.ts"
import { StreamValue } from "./StreamValue.ts"
import { type FrozenBytes, StringBuffer } from "./StringBuffer.ts"
import { type FrozenVectorSet, VectorSetValue } from "./VectorSetValue.ts"

/** A value at a moment: what is done to the key later does not show. */
export type FrozenValue =
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "bytes"; readonly bytes: FrozenBytes }
  | { readonly kind: "list"; readonly chunks: ReadonlyArray<FrozenChunk> }
  | { readonly kind: "hash"; readonly compact: boolean; readonly hash: FrozenHash }
  | { readonly kind: "set"; readonly compact: boolean; readonly members: ReadonlyArray<string> }
  | { readonly kind: "vectors"; readonly vectors: FrozenVectorSet }
  | { readonly kind: "zset"; readonly compact: boolean; readonly zset: FrozenSortedSet }
  | {
      readonly kind: "stream"
      readonly head: StreamHead
      readonly log: FrozenLog
    }

/** Elements and bytes up to which a value is written at a stretch. */
const SMALL_COUNT = 256
const SMALL_BYTES = 128 * 1024

const isShort = (texts: Iterable<string>): boolean => {
  let bytes = 0
  for (const text of texts) {
    bytes += text.length
    if (bytes > SMALL_BYTES) return false
  }
  return true
}

/** Whether a value takes so little time to write that nobody notices. */
export const isSmall = (value: Value): boolean => {
  if (typeof value === "string" || value instanceof StringBuffer) return value.length <= SMALL_BYTES
  if (value instanceof ListValue) {
    return value.length <= SMALL_COUNT && value.items.parts().every((chunk) => isShort(chunk.items))
  }
  if (value instanceof StreamValue) return value.length <= SMALL_COUNT
  if (value instanceof VectorSetValue) return value.size * value.shape.dimension <= SMALL_BYTES
  if (value.compact) return true
  if (value.size > SMALL_COUNT) return false
  if (value instanceof HashValue) return value.fields.dense().every((field) => field.value.length < 512)
  return true
}

const nothing = (): void => undefined

/** Says that nobody reads a view any more: what it needs of the past is not kept from now on. */
export const release = (value: FrozenValue): void => {
  if (value.kind === "bytes") value.bytes.release()
  else if (value.kind === "hash") value.hash.release()
  else if (value.kind === "zset") value.zset.release()
  else if (value.kind === "stream") value.log.release()
}

/** A view of a value that is valid until the value is changed. It costs nothing. */
export const view = (value: Value): FrozenValue => {
  if (typeof value === "string") return { kind: "string", text: value }
  if (value instanceof StringBuffer) return { kind: "string", text: value.text }
  if (value instanceof ListValue) return { kind: "list", chunks: value.items.parts() }
  if (value instanceof SetValue)
    return { kind: "set", compact: value.compact, members: value.members.values() }
  if (value instanceof HashValue) {
    const fields = [...value.fields.values()]
    const deadlines = value.nextDeadline === undefined ? undefined : deadlinesOf(fields)
    return {
      kind: "hash",
      compact: value.compact,
      hash: { fields, valueOf: (field) => field.value, deadlines, release: nothing }
    }
  }
  if (value instanceof SortedSetValue) {
    const members = value.tree.range(0, value.size)
    const zset = { members, scoreOf: (member: SortedMember) => member.score, release: nothing }
    return { kind: "zset", compact: value.compact, zset }
  }
  if (value instanceof VectorSetValue) return { kind: "vectors", vectors: value.freeze() }
  const nodes = [...value.log.nodes()]
  return {
    kind: "stream",
    head: streamHead(value),
    log: { nodes, stateOf: (node) => node, release: nothing }
  }
}

/** A view of a value that stays what it is while the value changes. It costs a pointer for every element or less. */
export const freeze = (value: Value): FrozenValue => {
  if (typeof value === "string") return { kind: "string", text: value }
  if (value instanceof StringBuffer) return { kind: "bytes", bytes: value.freeze() }
  if (value instanceof ListValue) return { kind: "list", chunks: value.items.freeze() }
  if (value instanceof SetValue) {
    return { kind: "set", compact: value.compact, members: value.members.values().slice() }
  }
  if (value instanceof HashValue) return { kind: "hash", compact: value.compact, hash: value.freeze() }
  if (value instanceof SortedSetValue) return { kind: "zset", compact: value.compact, zset: value.freeze() }
  if (value instanceof VectorSetValue) return { kind: "vectors", vectors: value.freeze() }
  return { kind: "stream", head: streamHead(value), log: value.log.freeze() }
}
