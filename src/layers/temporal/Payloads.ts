/**
 * JSON values as Temporal payloads. The bytes are those of the SDK's default converter, so that workers of any SDK
 * read them.
 */
import type { temporal } from "@temporalio/proto"
import type { Json } from "../../services/Temporal.ts"

type Payload = temporal.api.common.v1.IPayload

const JSON_PLAIN = Buffer.from("json/plain")

/** One value. */
export const encodePayload = (value: Json): Payload => ({
  metadata: { encoding: JSON_PLAIN },
  data: Buffer.from(JSON.stringify(value))
})

/** A list of arguments. */
export const encodePayloads = (values: ReadonlyArray<Json>): temporal.api.common.v1.IPayloads => ({
  payloads: values.map(encodePayload)
})

const text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")

/**
 * The value of a payload. What is no JSON comes as `{encoding, data}` with base64 data: another SDK or a codec wrote
 * it.
 */
export const decodePayload = (payload: Payload): Json => {
  const encoding = payload.metadata?.["encoding"]
  const name = encoding === undefined ? "" : text(encoding)
  if (name === "binary/null") return null
  const data = payload.data ?? new Uint8Array()
  if (name === "json/plain" || name === "json/protobuf") return JSON.parse(text(data))
  return { encoding: name, data: Buffer.from(data).toString("base64") }
}

/** The values of a list of payloads; `[]` without one. */
export const decodePayloads = (
  payloads: temporal.api.common.v1.IPayloads | null | undefined
): ReadonlyArray<Json> => payloads?.payloads?.map(decodePayload) ?? []

/** The first value, which is the only one that a workflow or a query of the TypeScript SDK has. `null` without one. */
export const decodeFirst = (payloads: temporal.api.common.v1.IPayloads | null | undefined): Json => {
  const first = payloads?.payloads?.[0]
  return first === undefined ? null : decodePayload(first)
}

/** A map of payloads. */
export const decodeFields = (
  fields: Readonly<Record<string, Payload>> | null | undefined
): Readonly<Record<string, Json>> =>
  Object.fromEntries(Object.entries(fields ?? {}).map(([name, payload]) => [name, decodePayload(payload)]))
