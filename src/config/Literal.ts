/** Takes the literal of a config file apart: one entry a key, and what is no key. */
import type { Key } from "./Key.ts"
import { codeKeys, keyByPath, keys } from "./Keys.ts"

/** A value in the literal; `at` is its path there (`modes`, `distributed`, `database`, `url`). */
export interface LiteralEntry {
  readonly key: Key
  readonly value: unknown
  readonly at: ReadonlyArray<string>
}

/** A name in the literal that is no key. `path` is where it stands in its mode. */
export interface UnknownName {
  readonly path: string
  readonly at: ReadonlyArray<string>
  readonly value: unknown
}

/** A section that is no object. */
export interface NotAnObject {
  readonly path: string
  readonly at: ReadonlyArray<string>
  readonly value: unknown
}

/** A literal, taken apart. */
export interface Literal {
  readonly entries: ReadonlyMap<string, LiteralEntry>
  readonly unknown: ReadonlyArray<UnknownName>
  readonly notObjects: ReadonlyArray<NotAnObject>
}

/** Every section and group, by path. */
const groups: ReadonlySet<string> = new Set(
  keys.flatMap((key) => {
    const parts = key.path.split(".")
    return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("."))
  })
)

/** Whether a value is an object of settings: written with braces, or made by a spread. */
export const isRecord = (value: unknown): value is { readonly [name: string]: unknown } => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Takes a literal apart. A property that is `undefined` counts as not written. */
export const readLiteral = (
  config: { readonly [name: string]: unknown },
  base: ReadonlyArray<string> = []
): Literal => {
  const entries = new Map<string, LiteralEntry>()
  const unknown: Array<UnknownName> = []
  const notObjects: Array<NotAnObject> = []
  const visit = (object: { readonly [name: string]: unknown }, prefix: string): void => {
    for (const [name, value] of Object.entries(object)) {
      if (value === undefined) continue
      const path = prefix === "" ? name : `${prefix}.${name}`
      const at = [...base, ...path.split(".")]
      const key = keyByPath.get(path)
      if (key !== undefined) entries.set(path, { key, value, at })
      else if (groups.has(path)) {
        if (isRecord(value)) visit(value, path)
        else notObjects.push({ path, at, value })
      } else if (prefix !== "" || base.length > 0 || !codeKeys.includes(name))
        unknown.push({ path, at, value })
    }
  }
  visit(config, "")
  return { entries, unknown, notObjects }
}
