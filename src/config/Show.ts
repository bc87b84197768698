/** What `compozy config show` prints: every key with its value, secrets masked, and where it comes from. */
import * as Redacted from "effect/Redacted"
import { type Key, isSecret } from "./Key.ts"
import { type Origin, describeOrigin } from "./Origin.ts"
import type { ResolvedConfig } from "./Resolve.ts"
import { type Value, formatAddress, formatDuration, formatSize, maskCredentials } from "./Value.ts"

/** One line of `config show`. */
export interface ShownValue {
  readonly key: string
  /** The value as data; a secret is `"********"`. */
  readonly value: unknown
  /** The value as a person reads it: `30s`, `10 MiB`. */
  readonly text: string
  readonly origin: Origin["kind"]
  /** The origin in a few words: `DB_PASSWORD`, `--port`, `config file`. */
  readonly source: string
}

const mask = "********"

const plain = (key: Key, value: Value): unknown => {
  if (isSecret(key) || Redacted.isRedacted(value)) return mask
  return typeof value === "string" ? maskCredentials(value) : value
}

const readable = (key: Key, value: Value): string => {
  const shown = plain(key, value)
  if (shown === mask) return mask
  if (key.type.kind === "duration" && typeof value === "number") return formatDuration(value)
  if (key.type.kind === "size" && typeof value === "number") return formatSize(value)
  if (key.type.kind === "pem") return "(certificate)"
  if (Array.isArray(value)) {
    return value
      .map((item: unknown) => (typeof item === "string" ? item : isAddress(item) ? formatAddress(item) : ""))
      .join(", ")
  }
  return String(shown)
}

const isAddress = (item: unknown): item is { readonly host: string; readonly port: number } =>
  typeof item === "object" && item !== null && "host" in item && "port" in item

/**
 * Every key that applies, in the order of the registry.
 *
 * @param config - A resolved config.
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { loadConfig, showConfig } from "compozy"
 *
 * const program = Effect.map(loadConfig({ cwd: process.cwd() }), showConfig)
 * ```
 */
export const showConfig = (config: ResolvedConfig): ReadonlyArray<ShownValue> =>
  config.values.map(({ key, value, origin }) => ({
    key: key.path,
    value: key.type.kind === "pem" && !key.type.private ? "(certificate)" : plain(key, value),
    text: readable(key, value),
    origin: origin.kind,
    source: describeOrigin(origin)
  }))

/** The values as nested objects, for `--json`. */
export const showConfigJson = (config: ResolvedConfig): { readonly [name: string]: unknown } => {
  const result: { [name: string]: unknown } = {}
  for (const { key, value } of showConfig(config)) {
    const parts = key.split(".")
    const last = parts.pop() ?? ""
    let node = result
    for (const part of parts) {
      const inner = node[part]
      if (typeof inner === "object" && inner !== null) node = inner as { [name: string]: unknown }
      else {
        const created: { [name: string]: unknown } = {}
        node[part] = created
        node = created
      }
    }
    node[last] = value
  }
  return result
}

/** The text of `config show`, one key a line; with `origin`, where each comes from. */
export const formatConfig = (config: ResolvedConfig, options: { readonly origin?: boolean } = {}): string => {
  const lines = showConfig(config)
  const width = Math.max(0, ...lines.map(({ key }) => key.length))
  const valueWidth = Math.min(48, Math.max(0, ...lines.map(({ text }) => text.length)))
  return lines
    .map(({ key, text, source }) =>
      options.origin === true
        ? `${key.padEnd(width)}  ${text.padEnd(valueWidth)}  ${source}`
        : `${key.padEnd(width)}  ${text}`
    )
    .map((line) => line.trimEnd())
    .join("\n")
}
