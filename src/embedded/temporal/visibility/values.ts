import { parsePayload } from "../payload.ts"
import type { Payload } from "../proto/root.ts"
import type { AttributeType } from "./attributes.ts"

/**
 * A search attribute's value as it is compared: texts as they are, booleans as 0 and 1, times as microseconds since
 * 1970, lists of keywords as lists. Integers that a number does not hold exactly are bigints.
 */
export type Scalar = string | number | bigint
export type AttributeValue = Scalar | readonly string[]

/** The values of an execution's search attributes. */
export type AttributeValues = Readonly<Record<string, AttributeValue>>

const datetime =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/

/** Microseconds since 1970 of an RFC 3339 time; undefined if it is none. */
export const parseDatetime = (text: string): number | undefined => {
  const match = datetime.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] = match
  const parts = [year, month, day, hour, minute, second].map(Number)
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = parts
  const date = new Date(0)
  date.setUTCFullYear(y, mo - 1, d)
  date.setUTCHours(h, mi, s)
  const isReal =
    date.getUTCMonth() === mo - 1 && date.getUTCDate() === d && h < 24 && mi < 60 && s < 60 && mo > 0
  const offset = Number(offsetHour ?? 0) * 60 + Number(offsetMinute ?? 0)
  if (!isReal || Number(offsetHour ?? 0) > 23 || Number(offsetMinute ?? 0) > 59) return undefined
  const micros = Number((fraction ?? "").padEnd(6, "0").slice(0, 6))
  return (date.getTime() - (sign === "-" ? -offset : offset) * 60_000) * 1000 + micros
}

/** A whole number as a number where that is exact, otherwise as a bigint. */
export const parseInteger = (text: string): number | bigint => {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

const longest = 2n ** 63n

const decodeOne = (value: unknown, type: AttributeType): Scalar | undefined => {
  switch (type) {
    case "Text":
    case "Keyword":
      return typeof value === "string" ? value : undefined
    case "Bool":
      return typeof value === "boolean" ? Number(value) : undefined
    case "Double":
      return typeof value === "number" ? value : undefined
    case "Datetime":
      return typeof value === "string" ? parseDatetime(value) : undefined
    default:
      return undefined
  }
}

const decoder = new TextDecoder()

/** Whole numbers are read from their text: JavaScript's own reader rounds the large ones. */
const decodeInteger = (payload: Payload): number | bigint | undefined => {
  const text = decoder.decode(payload.data ?? new Uint8Array(0)).replace(/^\s*\[?\s*|\s*\]?\s*$/g, "")
  if (!/^-?(?:0|[1-9]\d*)$/.test(text)) return undefined
  const value = parseInteger(text)
  return typeof value === "bigint" && (value >= longest || value < -longest) ? undefined : value
}

/** What a search attribute's payload holds: a value, nothing (which removes the attribute), or something invalid. */
export type Decoded =
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "nothing" }
  | { readonly kind: "invalid" }

const invalid: Decoded = { kind: "invalid" }
const nothing: Decoded = { kind: "nothing" }

/**
 * Decodes a search attribute. A list with one element counts as that element, unless lists are what the type holds;
 * see DecodeValue in common/searchattribute/encode_value.go.
 */
export const decodeAttribute = (payload: Payload | null | undefined, type: AttributeType): Decoded => {
  const encoding = payload?.metadata?.["encoding"]
  const name = encoding ? decoder.decode(encoding) : ""
  if (!payload || name === "binary/null") return nothing
  const value = parsePayload(payload)
  if (value === undefined) return invalid
  if (value === null || (Array.isArray(value) && value.length === 0)) return nothing
  if (type === "KeywordList") {
    if (!Array.isArray(value)) return invalid
    const items = value.filter((item) => typeof item === "string")
    return items.length === value.length ? { kind: "value", value: items } : invalid
  }
  const single: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (Array.isArray(single)) return invalid
  const decoded = type === "Int" ? decodeInteger(payload) : decodeOne(single, type)
  return decoded === undefined ? invalid : { kind: "value", value: decoded }
}

/** The name under which a storage keeps an attribute: one that can stand in a JSON path. */
export const storedName = (name: string): string => encodeURIComponent(name)

const encodeValue = (value: AttributeValue): string =>
  typeof value === "bigint" ? value.toString() : JSON.stringify(value)

/** The values as JSON, with whole numbers that JavaScript's own writer would round. */
export const encodeValues = (values: AttributeValues): string =>
  `{${Object.entries(values)
    .map(([name, value]) => `${JSON.stringify(storedName(name))}:${encodeValue(value)}`)
    .join(",")}}`

/** The values of an execution's search attributes; what is of no known type is left out. */
export const decodeValues = (
  fields: Readonly<Record<string, Payload>>,
  typeOf: (name: string) => AttributeType | undefined
): AttributeValues => {
  const values: Record<string, AttributeValue> = {}
  for (const [name, payload] of Object.entries(fields)) {
    const type = typeOf(name)
    const decoded = type === undefined ? undefined : decodeAttribute(payload, type)
    if (decoded?.kind === "value") values[name] = decoded.value
  }
  return values
}
