/** Reads one value in the form of its key: from code as it is, from the environment and flags as text. */
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import { type Key, type KeyType, isSecret } from "./Key.ts"
import type { Address } from "./Settings.ts"
import { nearest } from "./Suggest.ts"

/** A resolved value. */
export type Value =
  | string
  | number
  | boolean
  | Redacted.Redacted<string>
  | ReadonlyArray<string>
  | ReadonlyArray<Address>
  | { readonly [name: string]: Redacted.Redacted<string> }

/** A value, or what is wrong with it. */
export type Read =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly wants: string; readonly fix?: string }

const ok = (value: Value): Read => ({ ok: true, value })
const bad = (wants: string, fix?: string): Read => ({
  ok: false,
  wants,
  ...(fix === undefined ? {} : { fix })
})

const maximumText = 65_536

const durationUnits: { readonly [unit: string]: number } = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000
}

/** `30s`, `500ms`, `1h30m`: each unit once is not asked for, the sum counts. */
const shortDuration = (text: string): number | undefined => {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/u.test(text)) return undefined
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/gu)) {
    sum += Number(amount) * (durationUnits[unit ?? ""] ?? Number.NaN)
  }
  return sum
}

const longDuration = /^\d+(?:\.\d+)? (?:milli|second|minute|hour|day|week)s?$/u

const milliseconds = (input: unknown): number | undefined => {
  if (typeof input === "number") return input
  if (Duration.isDuration(input)) return Duration.toMillis(input)
  if (typeof input !== "string") return undefined
  const text = input.trim()
  if (/^\d+(?:\.\d+)?$/u.test(text)) return Number(text)
  const short = shortDuration(text)
  if (short !== undefined) return short
  return longDuration.test(text)
    ? Duration.toMillis(Duration.fromInputUnsafe(text as Duration.Input))
    : undefined
}

/** Milliseconds in the largest unit that gives a whole number: `90s`, `5m`. */
export const formatDuration = (value: number): string => {
  for (const [unit, size] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000]
  ] as const) {
    if (value >= size && value % size === 0) return `${value / size}${unit}`
  }
  return `${value}ms`
}

const sizeUnits: { readonly [unit: string]: number } = {
  b: 1,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3
}

const bytes = (input: unknown): number | undefined => {
  if (typeof input === "number") return input
  if (typeof input !== "string") return undefined
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?i?b)?$/iu.exec(input.trim())
  if (match === null) return undefined
  return Number(match[1]) * (sizeUnits[(match[2] ?? "b").toLowerCase()] ?? Number.NaN)
}

/** Bytes in the largest binary unit that gives a whole number: `10 MiB`. */
export const formatSize = (value: number): string => {
  for (const [unit, size] of [
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
    ["KiB", 1024]
  ] as const) {
    if (value >= size && value % size === 0) return `${value / size} ${unit}`
  }
  return `${value} B`
}

const numeric = (input: unknown): number | undefined => {
  if (typeof input === "number") return input
  if (typeof input !== "string" || !/^-?\d+(?:\.\d+)?$/u.test(input.trim())) return undefined
  return Number(input)
}

/** `host:port`, `[::1]:port` or `host` alone. */
export const parseAddress = (text: string, defaultPort: number): Address | undefined => {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/@]+))(?::(\d{1,5}))?$/u.exec(text.trim())
  if (match === null) return undefined
  const host = match[1] ?? match[2] ?? ""
  const port = match[3] === undefined ? defaultPort : Number(match[3])
  return port >= 1 && port <= 65_535 ? { host, port } : undefined
}

/** `host:port`, with brackets around an IPv6 address. */
export const formatAddress = ({ host, port }: Address): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`

const unwrap = (input: unknown): unknown => (Redacted.isRedacted(input) ? Redacted.value(input) : input)

const list = (input: unknown): ReadonlyArray<unknown> | undefined => {
  if (Array.isArray(input)) return input
  if (typeof input !== "string") return undefined
  const text = input.trim()
  if (text.startsWith("[")) {
    try {
      const parsed: unknown = JSON.parse(text)
      return Array.isArray(parsed) ? parsed : undefined
    } catch {
      return undefined
    }
  }
  return text === "" ? [] : text.split(",").map((item) => item.trim())
}

const headers = (input: unknown): Value | undefined => {
  let entries: ReadonlyArray<readonly [string, unknown]>
  if (typeof input === "string") {
    entries = input
      .split(",")
      .filter((item) => item.trim() !== "")
      .map((item) => {
        const at = item.indexOf("=")
        return [item.slice(0, at).trim(), at < 1 ? undefined : item.slice(at + 1).trim()] as const
      })
  } else if (typeof input === "object" && input !== null && !Array.isArray(input))
    entries = Object.entries(input)
  else return undefined
  const result: { [name: string]: Redacted.Redacted<string> } = {}
  for (const [name, raw] of entries) {
    const value = unwrap(raw)
    if (!/^[\w!#$%&'*+.^`|~-]{1,256}$/u.test(name) || typeof value !== "string" || value.length > 8192)
      return undefined
    result[name] = Redacted.make(value, { label: name })
  }
  return result
}

const url = (type: KeyType & { readonly kind: "url" }, input: unknown): Read => {
  const wants = `a URL that starts with ${type.protocols.map((protocol) => `${protocol}//`).join(" or ")}`
  const raw = unwrap(input)
  if (typeof raw !== "string" || raw.length > 8192) return bad(wants)
  const text = raw.trim()
  if (!URL.canParse(text) || !type.protocols.includes(new URL(text).protocol)) return bad(wants)
  return ok(type.secret ? Redacted.make(text, { label: "url" }) : text.replace(/\/$/u, ""))
}

const range = (
  value: number | undefined,
  type: { readonly minimum: number; readonly maximum: number }
): boolean => value !== undefined && value >= type.minimum && value <= type.maximum

/**
 * Reads one value. `input` comes from code (already typed by the compiler, or not), or is the text of a
 * variable or a flag: both forms are accepted everywhere.
 */
export const readValue = (key: Key, input: unknown): Read => {
  const { type } = key
  switch (type.kind) {
    case "text": {
      const wants = type.describe ?? "a text"
      if (typeof input !== "string" || input.length > (type.maxLength ?? maximumText)) return bad(wants)
      if (input.includes("\0") || (type.pattern !== undefined && !new RegExp(type.pattern, "u").test(input)))
        return bad(wants)
      return input.trim() === "" ? bad(`${wants} that is not empty`) : ok(input)
    }
    case "secret": {
      const value = unwrap(input)
      return typeof value === "string" && value.length <= maximumText
        ? ok(Redacted.make(value, { label: key.path }))
        : bad("a text (or a Redacted text)")
    }
    case "boolean": {
      if (typeof input === "boolean") return ok(input)
      const text = typeof input === "string" ? input.trim().toLowerCase() : ""
      if (["true", "yes", "on", "1"].includes(text)) return ok(true)
      return ["false", "no", "off", "0"].includes(text) ? ok(false) : bad("true or false")
    }
    case "integer": {
      const value = numeric(input)
      return value !== undefined && Number.isInteger(value) && range(value, type)
        ? ok(value)
        : bad(`a whole number from ${type.minimum} to ${type.maximum}`)
    }
    case "number": {
      const value = numeric(input)
      return value !== undefined && range(value, type)
        ? ok(value)
        : bad(`a number from ${type.minimum} to ${type.maximum}`)
    }
    case "duration": {
      const value = milliseconds(input)
      return value !== undefined && range(value, type)
        ? ok(Math.round(value))
        : bad(
            `a time span from ${formatDuration(type.minimum)} to ${formatDuration(type.maximum)}`,
            `write it as "30 seconds", "30s", "1h30m" or a number of milliseconds`
          )
    }
    case "size": {
      const value = bytes(input)
      return value !== undefined && range(value, type)
        ? ok(Math.round(value))
        : bad(
            `a size from ${formatSize(type.minimum)} to ${formatSize(type.maximum)}`,
            `write it as "10 MiB" or a number of bytes`
          )
    }
    case "choice": {
      const text = typeof input === "string" ? input.trim().toLowerCase() : undefined
      if (text !== undefined && type.values.includes(text)) return ok(text)
      const meant = text === undefined ? undefined : nearest(text, type.values)
      return bad(
        `one of ${type.values.join(", ")}`,
        meant === undefined ? undefined : `did you mean "${meant}"?`
      )
    }
    case "path": {
      if (typeof input !== "string" || input.trim() === "" || input.includes("\0") || input.length > 4096)
        return bad("a path")
      return ok(input)
    }
    case "pem": {
      const value = unwrap(input)
      return typeof value === "string" && value.trim() !== "" && value.length <= 1_048_576
        ? ok(value)
        : bad("the path of a PEM file, or the PEM text")
    }
    case "url":
      return url(type, input)
    case "address": {
      const address = typeof input === "string" ? parseAddress(input, type.port) : undefined
      return address === undefined
        ? bad("host:port, without http:// or a path", `for example "localhost:${type.port}"`)
        : ok(formatAddress(address))
    }
    case "addresses": {
      const addresses = list(input)?.map((item) =>
        typeof item === "string" ? parseAddress(item, type.port) : undefined
      )
      const valid = addresses?.filter((address) => address !== undefined) ?? []
      return addresses !== undefined &&
        valid.length > 0 &&
        valid.length === addresses.length &&
        valid.length <= 1000
        ? ok(valid)
        : bad("a list of host:port", `for example ["10.0.0.1:${type.port}", "10.0.0.2:${type.port}"]`)
    }
    case "texts": {
      const texts = list(input)?.filter((item) => typeof item === "string")
      return texts !== undefined && texts.length <= 1000 && texts.length === list(input)?.length
        ? ok(texts)
        : bad("a list of texts")
    }
    case "headers": {
      const value = headers(input)
      return value === undefined ? bad(`an object of texts, or "name=value,name=value"`) : ok(value)
    }
  }
}

const shortest = 100

/** Hides the user and password of every URL in a text. */
export const maskCredentials = (text: string): string => text.replaceAll(/\/\/[^\s/@"]*@/gu, "//***@")

/** A raw value as an error may show it: JSON, cut short; nothing for a secret. */
export const displayRaw = (key: Key | undefined, input: unknown): string | undefined => {
  if ((key !== undefined && isSecret(key)) || Redacted.isRedacted(input)) return undefined
  if (typeof input === "function") return "a function"
  if (typeof input === "bigint" || typeof input === "symbol") return String(input)
  if (input === undefined) return undefined
  if (typeof input === "object" && input !== null) return Array.isArray(input) ? "a list" : "an object"
  const text = maskCredentials(JSON.stringify(input))
  return text.length > shortest ? `${text.slice(0, shortest)}... (${text.length} characters)` : text
}
