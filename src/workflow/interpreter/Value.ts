/** Values inside the interpreter: JSON in which a part may stand for a blob that only a process can read. */
import type { Json, Source } from "../Definition.ts"
import type { BlobMarker, Packed } from "./Protocol.ts"

/** JSON with blobs in it. */
export type Value =
  | null
  | boolean
  | number
  | string
  | BlobRef
  | ReadonlyArray<Value>
  | { readonly [key: string]: Value }

/** A part of a blob. Going further into it makes a longer path, not a read. */
export class BlobRef {
  readonly hash: string
  readonly size: number
  readonly path: ReadonlyArray<string | number>

  constructor(hash: string, size: number, path: ReadonlyArray<string | number> = []) {
    this.hash = hash
    this.size = size
    this.path = path
  }

  at(key: string | number): BlobRef {
    return new BlobRef(this.hash, this.size, [...this.path, key])
  }

  toJSON(): BlobMarker {
    return this.path.length === 0
      ? { $blob: this.hash, size: this.size }
      : { $blob: this.hash, size: this.size, path: this.path }
  }
}

/** The key under which a scope holds the value of a source. */
export const sourceKey = (source: Source): string =>
  source.from === "input" ? "input" : `${source.from}:${source.path}`

/** Whether a blob is anywhere in a value. */
export const hasBlob = (value: Value): boolean => {
  if (typeof value !== "object" || value === null) return false
  if (value instanceof BlobRef) return true
  if (isList(value)) return value.some(hasBlob)
  for (const key in value) {
    const part = (value as { readonly [key: string]: Value })[key]
    if (part !== undefined && hasBlob(part)) return true
  }
  return false
}

/** Whether a value is an array (`Array.isArray` does not narrow a readonly one). */
export const isList = (value: Value): value is ReadonlyArray<Value> => Array.isArray(value)

/** A value with its blobs as markers. */
export const plain = (value: Value): Json => {
  if (typeof value !== "object" || value === null) return value
  if (value instanceof BlobRef) return { ...value.toJSON() } as Json
  if (isList(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}

/** The value of JSON in which objects with `$blob` are markers. */
export const revive = (json: Json): Value => {
  if (typeof json !== "object" || json === null) return json
  if (Array.isArray(json)) return json.map(revive)
  if ("$blob" in json) {
    const marker = json as unknown as BlobMarker
    return new BlobRef(marker.$blob, marker.size, marker.path ?? [])
  }
  return Object.fromEntries(Object.entries(json).map(([key, part]) => [key, revive(part)]))
}

/** Unpacks a value. */
export const unpack = (packed: Packed): Value => (packed.r === 1 ? revive(packed.v) : packed.v)

/** Packs a value. */
export const pack = (value: Value): Packed =>
  hasBlob(value) ? { v: plain(value), r: 1 } : { v: value as Json }

/** About the length of a value's JSON text, counted up to a little over `limit`. */
export const sizeUpTo = (value: Value, limit: number): number => {
  if (typeof value === "string") return value.length + 2
  if (typeof value !== "object" || value === null) return 5
  if (value instanceof BlobRef) return 100
  let size = 2
  if (isList(value)) {
    for (const item of value) {
      size += 1 + sizeUpTo(item, limit - size)
      if (size > limit) return size
    }
    return size
  }
  for (const key in value) {
    const part = (value as { readonly [key: string]: Value })[key]
    if (part === undefined) continue
    size += key.length + 4 + sizeUpTo(part, limit - size)
    if (size > limit) return size
  }
  return size
}
