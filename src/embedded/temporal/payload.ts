import { types } from "./proto/root.ts"
import type { Payload, Payloads } from "./proto/root.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A value as the SDK's default converter would write it. */
export const jsonPayload = (value: unknown): Payload => ({
  metadata: { encoding: encoder.encode("json/plain") },
  data: encoder.encode(JSON.stringify(value))
})

export const jsonPayloads = (...values: unknown[]): Payloads => ({ payloads: values.map(jsonPayload) })

/** The value of a JSON payload; undefined for any other. */
export const parsePayload = (payload: Payload | null | undefined): unknown => {
  const encoding = payload?.metadata?.["encoding"]
  if (!encoding || !payload.data || decoder.decode(encoding) !== "json/plain") return undefined
  try {
    return JSON.parse(decoder.decode(payload.data)) as unknown
  } catch {
    return undefined
  }
}

/** Bytes of encoded payloads. The exact count is only taken where it could matter. */
export const sizeOfPayloads = (payloads: Payloads | null | undefined): number => {
  if (!payloads?.payloads) return 0
  let size = 0
  for (const payload of payloads.payloads) size += payload.data?.length ?? 0
  return size < 1_000_000 ? size : types.payloads.encode(payloads).finish().length
}

/** Bytes of the values of a memo or of search attributes. */
export const sizeOfFields = (fields: Record<string, Payload | undefined> | null | undefined): number => {
  let size = 0
  for (const [name, payload] of Object.entries(fields ?? {}))
    size += name.length + (payload?.data?.length ?? 0)
  return size
}

/** The fields of a map that are there. */
export const definedFields = (
  fields: Record<string, Payload | undefined> | null | undefined
): Record<string, Payload> => {
  const defined: Record<string, Payload> = {}
  for (const [name, payload] of Object.entries(fields ?? {})) if (payload) defined[name] = payload
  return defined
}

const emptyList = new TextEncoder().encode("[]")

// common/payload, MergeMapOfPayload: data decides, whatever its encoding.
const isEmptyPayload = ({ data }: Payload): boolean =>
  !data || data.length === 0 || (data.length === 2 && data[0] === emptyList[0] && data[1] === emptyList[1])

/** Sets the given fields; one without data, or with an empty list, is removed. */
export const mergeFields = (
  target: Record<string, Payload>,
  changes: Record<string, Payload | undefined> | null | undefined
): Record<string, Payload> => {
  const next = { ...target }
  for (const [name, payload] of Object.entries(changes ?? {})) {
    if (payload === undefined || isEmptyPayload(payload)) delete next[name]
    else next[name] = payload
  }
  return next
}
