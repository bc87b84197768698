import { invalidArgument } from "../errors.ts"
import type { ServiceError } from "../errors.ts"
import { parsePayload } from "../payload.ts"
import type { Payload, SearchAttributes } from "../proto/root.ts"
import { findAttribute, internalAttributes } from "./attributes.ts"
import type { AttributeType, CustomTypes } from "./attributes.ts"
import { decodeAttribute } from "./values.ts"

// What search attributes must hold to where they are set; common/searchattribute/validator.go and the limits in
// common/dynamicconfig/constants.go.

const mostKeys = 100
const largestValue = 2048
const largestTotal = 40 * 1024

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** A value as the real server's messages show it: Go's `%v`. */
const show = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(show).join(" ")}]`
  if (value === null || value === undefined) return "<nil>"
  if (typeof value === "number") {
    const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)))
    return exponent >= -4 && exponent < 6 ? String(value) : goExponent(value)
  }
  if (typeof value === "object")
    return `map[${Object.entries(value)
      .map(([key, item]) => `${key}:${show(item)}`)
      .join(" ")}]`
  return typeof value === "string" || typeof value === "boolean" ? String(value) : ""
}

const goExponent = (value: number): string => value.toExponential().replace(/e([+-])(\d)$/, "e$10$2")

const showPayload = (payload: Payload): string => {
  const encoding = payload.metadata?.["encoding"]
  const name = encoding ? decoder.decode(encoding) : ""
  const data = payload.data ?? new Uint8Array(0)
  if (name === "binary/plain") return `[${Array.from(data).join(" ")}]`
  const value = parsePayload(payload)
  if (value !== undefined) return show(value)
  const metadata = name === "" ? [] : [`metadata:{key:"encoding" value:${JSON.stringify(name)}}`]
  const parts = data.length === 0 ? metadata : [...metadata, `data:${JSON.stringify(decoder.decode(data))}`]
  return `value from <${parts.join(" ")}>`
}

// ApplyTypeMap of common/searchattribute: a type that is told stays.
const withType = (payload: Payload, type: AttributeType): Payload =>
  payload.metadata?.["type"] === undefined
    ? { ...payload, metadata: { ...payload.metadata, type: encoder.encode(type) } }
    : payload

/**
 * Checks search attributes that somebody sets.
 *
 * @param wrap what the message about a value becomes
 * @returns them with their types in the metadata, as the history tells them: the worker reads them by these
 * @throws an INVALID_ARGUMENT for names that are not registered, values of other types, and what is too large
 */
export const validateSearchAttributes = (
  namespace: string,
  attributes: SearchAttributes | null | undefined,
  custom: CustomTypes,
  wrap: (message: string) => string = (message) => message
): SearchAttributes | undefined => {
  const fields = Object.entries(attributes?.indexedFields ?? {})
  if (fields.length === 0) return attributes ?? undefined
  const found = fields.map(([name, payload]) => {
    const attribute = findAttribute(name, custom)
    if (attribute === undefined)
      throw invalidArgument(`Namespace ${namespace} has no mapping defined for search attribute ${name}`)
    return { key: name, attribute, payload }
  })
  const refusal = (message: string): ServiceError => invalidArgument(wrap(message))
  if (fields.length > mostKeys)
    throw refusal(`number of search attributes ${fields.length} exceeds limit ${mostKeys}`)
  let total = 0
  for (const { attribute, payload } of found) {
    const { name, type } = attribute
    if (attribute.system || internalAttributes.has(name))
      throw refusal(`${name} attribute can't be set in SearchAttributes`)
    if (decodeAttribute(payload, type).kind === "invalid")
      throw refusal(
        `invalid value for search attribute ${name} of type ${type}: ${showPayload(payload ?? {})}`
      )
    const size = payload?.data?.length ?? 0
    if (size > largestValue)
      throw refusal(`search attribute ${name} value size ${size} exceeds size limit ${largestValue}`)
    total += size + name.length
  }
  if (total > largestTotal)
    throw refusal(`total size of search attributes ${total} exceeds size limit ${largestTotal}`)
  return {
    indexedFields: Object.fromEntries(
      found.map(({ key, attribute, payload }) => [key, withType(payload ?? {}, attribute.type)])
    )
  }
}
