/** Reads every key once: the strongest source wins; what is wrong, set aside or doubtful is noted. */
import { isAbsolute, resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type EffectiveModes, modeOfKey } from "./EffectiveMode.ts"
import { readBounded } from "./Environment.ts"
import { type Key, appliesIn, defaultIn } from "./Key.ts"
import type { Origin } from "./Origin.ts"
import { describeOrigin, rank } from "./Origin.ts"
import { type Sources, candidates, readConfig } from "./Sources.ts"
import { type Value, readValue } from "./Value.ts"
import { type Finding, badMode, badValue, keyOfOtherMode } from "./Wording.ts"

/** A key with its value and where that comes from. */
export interface ResolvedValue {
  readonly key: Key
  readonly value: Value
  readonly origin: Origin
}

/** A value that some source has, but that does not count: its key belongs to another mode, or another value does. */
export interface SetAside {
  readonly key: Key
  readonly origin: Origin
  readonly reason: string
}

/** What reading gathers. */
export interface Gathered {
  readonly values: Map<string, ResolvedValue>
  readonly findings: Array<Finding>
  readonly warnings: Array<Finding>
  readonly setAside: Array<SetAside>
}

/** An empty {@link Gathered}. */
export const gathered = (): Gathered => ({ values: new Map(), findings: [], warnings: [], setAside: [] })

const modeKeys = new Set(["mode", "redis.mode", "temporal.mode"])

/** A finding with its source, and its place where the source is the config file. */
export const finding = (
  problem: Finding["problem"],
  origin: Origin,
  target: NonNullable<Finding["target"]>
): Finding => ({
  problem:
    rank(origin) < rank({ kind: "file", at: [] }) ? problem : { ...problem, source: describeOrigin(origin) },
  ...(origin.kind === "file" ? { at: origin.at, target } : {})
})

const pem = (
  key: Key,
  value: Value,
  root: string
): { readonly value: Value } | { readonly wants: string } => {
  const secret = Redacted.isRedacted(value)
  const text = secret ? Redacted.value(value) : value
  if (typeof text !== "string" || key.type.kind !== "pem") return { wants: "a PEM file" }
  let content = text
  if (!text.includes("-----BEGIN ")) {
    const path = isAbsolute(text) ? text : resolve(root, text)
    const file = readBounded(path, 1_048_576)
    // What stands where the path of a private key should may be the key itself.
    const named = key.type.private ? "the file that it names" : path
    if (!("text" in file)) return { wants: `a PEM file; ${named} is ${file.reason}` }
    if (!file.text.includes("-----BEGIN ")) return { wants: `a PEM file; ${named} holds no "-----BEGIN"` }
    content = file.text
  }
  return { value: key.type.private ? Redacted.make(content, { label: key.path }) : content }
}

/** Reads one raw value in the form of its key; a path is made absolute, a certificate read. */
const interpret = (
  key: Key,
  raw: unknown,
  origin: Origin,
  root: string,
  into: Gathered
): Value | undefined => {
  const read = readValue(key, raw)
  if (!read.ok) {
    const problem =
      modeKeys.has(key.path) && key.type.kind === "choice"
        ? badMode(key, raw, key.type.values)
        : badValue(key, raw, read.wants, read.fix)
    into.findings.push(finding(problem, origin, "value"))
    return undefined
  }
  if (key.type.kind === "path" && typeof read.value === "string") {
    if (read.value === ":memory:") {
      const problem = badValue(key, raw, "a file", "leave it out and use memory mode to keep nothing")
      into.findings.push(finding(problem, origin, "value"))
      return undefined
    }
    return resolve(root, read.value)
  }
  if (key.type.kind !== "pem") return read.value
  const content = pem(key, read.value, root)
  if ("value" in content) return content.value
  const problem = {
    ...badValue(key, undefined, content.wants, "give the path from the config file's folder, or the PEM text")
  }
  into.findings.push(finding({ ...problem, code: "COMPOZY_CONFIG_FILE_UNREADABLE" }, origin, "value"))
  return undefined
}

/** Reads the strongest value of a key, whatever the mode; `undefined` where no source has one or it is wrong. */
export const readKey = Effect.fnUntraced(function* (key: Key, sources: Sources, into: Gathered) {
  for (const candidate of candidates(key, sources)) {
    const found = yield* readConfig(candidate, sources.variables)
    const { origin } = found
    switch (found.kind) {
      case "ignored": {
        into.setAside.push({ key, origin, reason: found.reason })
        continue
      }
      case "invalid": {
        into.findings.push(
          finding({ ...badValue(key, undefined, "", undefined), message: `${found.wants}.` }, origin, "value")
        )
        return undefined
      }
      case "unreadable": {
        into.findings.push(
          finding(
            {
              code: "COMPOZY_CONFIG_FILE_UNREADABLE",
              key: key.path,
              message: `${found.wants}.`,
              fix: "correct the path, or give the value in the variable without _FILE"
            },
            origin,
            "value"
          )
        )
        return undefined
      }
      case "variable": {
        into.findings.push(
          finding(
            {
              code: "COMPOZY_CONFIG_VARIABLE",
              key: key.path,
              message: `${key.path} ${found.wants}.`,
              fix: found.present
                ? `correct ${found.names.join(" or ")}`
                : `set ${found.names[0] ?? key.env[0]?.name ?? key.path} in the environment or in .env, or give the Config a default`
            },
            origin,
            "value"
          )
        )
        return undefined
      }
      case "value": {
        if (found.value === undefined) continue
        const value = interpret(key, found.value, origin, sources.variables.root, into)
        return value === undefined ? undefined : ({ key, value, origin } satisfies ResolvedValue)
      }
    }
  }
  return undefined
})

/** Notes a value whose key means nothing in the effective mode: an error where it was asked for here, else set aside. */
const offMode = (
  key: Key,
  origin: Origin,
  modes: EffectiveModes,
  fileModes: EffectiveModes,
  into: Gathered
): void => {
  const mode = modeOfKey(modes, key)
  if (key.component === undefined) return
  const fits = origin.kind === "file" && origin.at[0] !== "modes" && appliesIn(key, modeOfKey(fileModes, key))
  if (origin.kind === "flag" || (origin.kind === "file" && !fits)) {
    const flag = origin.kind === "flag" ? origin.name : undefined
    into.findings.push(finding(keyOfOtherMode(key, key.component, mode, flag), origin, "name"))
    return
  }
  into.setAside.push({
    key,
    origin,
    reason: `it belongs to ${(key.modes ?? []).join(" and ")} mode, and ${key.component} is in ${mode} mode`
  })
}

/**
 * Reads all keys but the modes, which are known already. `fileModes` are the modes that the config file alone
 * asks for: a key of it that fits there is set aside when a flag or the environment changed the mode.
 */
export const readKeys = Effect.fnUntraced(function* (
  keys: ReadonlyArray<Key>,
  sources: Sources,
  modes: EffectiveModes,
  fileModes: EffectiveModes,
  into: Gathered
) {
  for (const key of keys) {
    if (into.values.has(key.path)) continue
    const mode = modeOfKey(modes, key)
    if (!appliesIn(key, mode)) {
      for (const { origin } of candidates(key, sources)) offMode(key, origin, modes, fileModes, into)
      continue
    }
    const before = into.findings.length
    const resolved = yield* readKey(key, sources, into)
    if (resolved !== undefined) into.values.set(key.path, resolved)
    else if (into.findings.length === before) {
      const fallback = defaultIn(key, mode)
      if (fallback === undefined) continue
      const origin: Origin =
        key.modeDefaults[mode] === undefined ? { kind: "default" } : { kind: "mode", mode }
      const value = interpret(key, fallback, origin, sources.variables.root, into)
      if (value !== undefined) into.values.set(key.path, { key, value, origin })
    }
  }
})
