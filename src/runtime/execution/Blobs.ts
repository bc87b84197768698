/**
 * Values too large for a history, kept in the store by their content hash. Blobs hold plain JSON, never references
 * to other blobs.
 */
import { Effect, Option } from "effect"
import { createHash } from "node:crypto"
import { InvalidRequest, NotFound, type ServiceError } from "../../services/ServiceError.ts"
import type { Store } from "../../services/Store.ts"
import type { Json } from "../../workflow/Definition.ts"
import { evaluate } from "../../workflow/Evaluate.ts"
import type { BlobMarker, Packed } from "../../workflow/interpreter/Protocol.ts"

type Part = Json | undefined
type JsonObject = { readonly [key: string]: Json }

/** Parsed blobs are kept up to this many characters of JSON, the longest unused going first. */
const cacheSize = 64 * 1024 * 1024

const isMarker = (value: object): value is BlobMarker => Object.hasOwn(value, "$blob")

/** Whether a value must be passed by reference: its JSON is longer than `limit`, or it looks like a reference itself. */
export const mustKeep = (value: Json, limit: number): boolean => weigh(value, limit) > limit

/** About the length of the JSON; infinite if the value has something in it that looks like a reference. */
const weigh = (value: Json | undefined, limit: number): number => {
  if (typeof value === "string") return value.length + 2
  if (typeof value !== "object" || value === null) return 5
  let size = 2
  if (Array.isArray(value)) {
    for (const item of value) {
      size += 1 + weigh(item, limit - size)
      if (size > limit) return size
    }
    return size
  }
  for (const key in value) {
    if (key === "$blob") return Number.POSITIVE_INFINITY
    size += key.length + 4 + weigh((value as JsonObject)[key], limit - size)
    if (size > limit) return size
  }
  return size
}

/** Follows a path the way that references do; what is not there is `undefined`, so that its field is left out. */
const follow = (start: Json, path: ReadonlyArray<string | number>): Part => {
  const reference = { $ref: { from: "input" as const }, path }
  return (evaluate({ part: reference }, () => start) as JsonObject)["part"]
}

const hashesIn = (value: Json, found: Set<string>): void => {
  if (typeof value !== "object" || value === null) return
  if (Array.isArray(value)) for (const item of value) hashesIn(item, found)
  else if (isMarker(value)) found.add(value.$blob)
  else for (const part of Object.values(value)) hashesIn(part, found)
}

const substitute = (value: Json, blobs: ReadonlyMap<string, Json>): Part => {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map((item: Json) => substitute(item, blobs) ?? null)
  if (isMarker(value)) return follow(blobs.get(value.$blob) ?? null, value.path ?? [])
  const entries: Array<[string, Json]> = []
  for (const [key, part] of Object.entries(value)) {
    const resolved = substitute(part, blobs)
    if (resolved !== undefined) entries.push([key, resolved])
  }
  return Object.fromEntries(entries)
}

/** Reads and writes blobs. */
export interface Blobs {
  /** Packs a value for a history: by reference where it must be; `InvalidRequest` when it is over `payload`. */
  readonly pack: (executionId: string, value: Json) => Effect.Effect<Packed, ServiceError>
  /** Packs a value by reference, whatever its size. */
  readonly keep: (executionId: string, value: Json) => Effect.Effect<Packed, ServiceError>
  /** Keeps JSON text under its hash, and that the execution uses it. */
  readonly put: (executionId: string, text: string) => Effect.Effect<string, ServiceError>
  /** The JSON of a blob; `NotFound` when the store does not have it. */
  readonly read: (hash: string) => Effect.Effect<Json, ServiceError>
  /** The value itself, with everything that it refers to. */
  readonly open: (packed: Packed) => Effect.Effect<Json, ServiceError>
}

/** Sizes in characters of JSON. */
export interface BlobLimits {
  /** Beyond it `pack` makes a reference. */
  readonly inline: number
  /** Beyond it `pack` refuses. */
  readonly payload: number
}

/** Blobs of a store. */
export const makeBlobs = (store: Store["Service"], { inline, payload }: BlobLimits): Blobs => {
  const parsed = new Map<string, { readonly json: Json; readonly size: number }>()
  let total = 0

  const remember = (hash: string, json: Json, size: number): void => {
    if (size > cacheSize / 2 || parsed.has(hash)) return
    parsed.set(hash, { json, size })
    total += size
    for (const [oldest, entry] of parsed) {
      if (total <= cacheSize) break
      parsed.delete(oldest)
      total -= entry.size
    }
  }

  const put = Effect.fnUntraced(function* (executionId: string, text: string) {
    const bytes = Buffer.from(text)
    const hash = createHash("sha256").update(bytes).digest("hex")
    yield* store.putBlob({ hash, bytes, executionId })
    return hash
  })

  const read = Effect.fnUntraced(function* (hash: string) {
    const known = parsed.get(hash)
    if (known !== undefined) {
      parsed.delete(hash)
      parsed.set(hash, known)
      return known.json
    }
    const bytes = yield* store.getBlob(hash)
    if (Option.isNone(bytes)) {
      return yield* new NotFound({
        service: "store",
        operation: "store.getBlob",
        message: `the value ${hash} is not in the store`
      })
    }
    const json: Json = JSON.parse(Buffer.from(bytes.value).toString())
    remember(hash, json, bytes.value.length)
    return json
  })

  const keepUpTo = Effect.fnUntraced(function* (executionId: string, value: Json, most: number) {
    const text = JSON.stringify(value)
    if (text.length > most) {
      return yield* new InvalidRequest({
        service: "store",
        operation: "store.putBlob",
        message: `a value of ${text.length} bytes is over the limit of ${most} (limits.payload)`
      })
    }
    const hash = yield* put(executionId, text)
    remember(hash, value, text.length)
    return { v: { $blob: hash, size: text.length }, r: 1 } satisfies Packed
  })

  const open = Effect.fnUntraced(function* (packed: Packed) {
    if (packed.r !== 1) return packed.v
    const hashes = new Set<string>()
    hashesIn(packed.v, hashes)
    const blobs = new Map<string, Json>()
    for (const hash of hashes) blobs.set(hash, yield* read(hash))
    return substitute(packed.v, blobs) ?? null
  })

  return {
    put,
    read,
    open,
    keep: (executionId, value) => keepUpTo(executionId, value, Number.POSITIVE_INFINITY),
    pack: (executionId, value) =>
      mustKeep(value, inline) ? keepUpTo(executionId, value, payload) : Effect.succeed({ v: value })
  }
}
