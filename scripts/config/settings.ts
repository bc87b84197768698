/** Makes `src/config/Settings.ts` from the registry: the resolved form of every key. */
import { type ComponentMode, type Key, type KeyType, appliesIn, defaultIn } from "../../src/config/Key.ts"
import { componentModes, keys, optionalGroups, sections } from "../../src/config/Keys.ts"

/** Keys that resolution always fills in, although they have no default of their own. */
const alwaysResolved = new Set(["mode", "name", "database.url", "database.host", "temporal.address"])
/** Keys that are themselves the discriminant, or follow from it. */
const discriminants = new Map([
  ["redis.mode", (mode: string) => `"${mode}"`],
  ["temporal.mode", (mode: string) => `"${mode}"`],
  ["database.driver", (mode: string) => (mode === "distributed" ? `"postgres"` : `"sqlite"`)]
])

const resolvedType = (type: KeyType): string => {
  switch (type.kind) {
    case "boolean":
      return "boolean"
    case "integer":
    case "number":
    case "duration":
    case "size":
      return "number"
    case "choice":
      return type.values.map((value) => `"${value}"`).join(" | ")
    case "secret":
      return "Redacted<string>"
    case "pem":
      return type.private ? "Redacted<string>" : "string"
    case "url":
      return type.secret ? "Redacted<string>" : "string"
    case "addresses":
      return "ReadonlyArray<Address>"
    case "texts":
      return "ReadonlyArray<string>"
    case "headers":
      return "{ readonly [name: string]: Redacted<string> }"
    case "text":
    case "path":
    case "address":
      return "string"
  }
}

const unit = (type: KeyType): string =>
  type.kind === "duration"
    ? " In milliseconds."
    : type.kind === "size"
      ? " In bytes."
      : type.kind === "path"
        ? " Absolute."
        : type.kind === "pem"
          ? " As PEM text."
          : ""

const comment = (key: Key): string => {
  const help = key.type.kind === "pem" ? key.help.replace(": a PEM file, or its text", "") : key.help
  return `/** ${help}${unit(key.type)} */`
}

interface Group {
  readonly keys: Array<Key>
  readonly groups: Map<string, Group>
}

const group = (selected: ReadonlyArray<Key>, depth: number): Group => {
  const result: Group = { keys: [], groups: new Map() }
  for (const key of selected) {
    const parts = key.path.split(".").slice(depth)
    if (parts.length === 1) result.keys.push(key)
    else {
      const name = parts[0] ?? ""
      if (!result.groups.has(name)) {
        const prefix = [...key.path.split(".").slice(0, depth), name, ""].join(".")
        result.groups.set(
          name,
          group(
            selected.filter((other) => other.path.startsWith(prefix)),
            depth + 1
          )
        )
      }
    }
  }
  return result
}

const fields = (
  { keys, groups }: Group,
  prefix: string,
  mode: ComponentMode | undefined,
  indent: string
): string => {
  const lines: Array<string> = []
  const optionalGroup = optionalGroups.get(prefix)
  for (const key of keys) {
    const name = key.path.slice(key.path.lastIndexOf(".") + 1)
    const discriminant = mode === undefined ? undefined : discriminants.get(key.path)
    const present =
      discriminant !== undefined ||
      alwaysResolved.has(key.path) ||
      optionalGroup === key.path ||
      (mode === undefined
        ? key.default !== undefined || Object.keys(key.modeDefaults).length > 0
        : defaultIn(key, mode) !== undefined)
    const type =
      discriminant === undefined || mode === undefined ? resolvedType(key.type) : discriminant(mode)
    lines.push(`${indent}${comment(key)}`, `${indent}readonly ${name}${present ? "" : "?"}: ${type}`)
  }
  for (const [name, inner] of groups) {
    const path = prefix === "" ? name : `${prefix}.${name}`
    const optional = optionalGroups.has(path)
    lines.push(
      `${indent}readonly ${name}${optional ? "?" : ""}: {`,
      fields(inner, path, mode, `${indent}  `),
      `${indent}}`
    )
  }
  return lines.join("\n")
}

const pascal = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

const sectionTypes = (name: string, help: string): string => {
  const own = keys.filter((key) => key.path.startsWith(`${name}.`))
  const component = own[0]?.component
  if (component === undefined) {
    return `/** ${help} */\nexport interface ${pascal(name)}Settings {\n${fields(group(own, 1), name, undefined, "  ")}\n}\n`
  }
  const modes = componentModes[component]
  const names = modes.map((mode) => `${pascal(name)}${pascal(mode)}`)
  const interfaces = modes.map((mode, index) => {
    const body = fields(
      group(
        own.filter((key) => appliesIn(key, mode)),
        1
      ),
      name,
      mode,
      "  "
    )
    const discriminant = own.some((key) => key.path === `${name}.mode`)
      ? ""
      : `  /** The effective mode. */\n  readonly mode: "${mode}"\n`
    return `/** ${help} In ${mode} mode. */\nexport interface ${names[index]} {\n${discriminant}${body}\n}\n`
  })
  return `${interfaces.join("\n")}\n/** ${help} One member a mode. */\nexport type ${pascal(name)}Settings = ${names.join(" | ")}\n`
}

/** The text of `src/config/Settings.ts`. */
export const settingsModule = (): string => {
  const top = keys.filter((key) => !key.path.includes("."))
  return [
    `/**
 * Every setting, resolved: defaults, config file, .env, environment and flags merged and checked.
 * Durations are milliseconds, sizes bytes, paths absolute, certificates PEM text, secrets \`Redacted\`.
 *
 * Made by scripts/generate-config.ts from src/config/Keys.ts: change that.
 */
import type { Redacted } from "effect/Redacted"

/** A host and a port. */
export interface Address {
  readonly host: string
  readonly port: number
}
`,
    ...sections.map(({ name, help }) => sectionTypes(name, help)),
    `/** Every setting, resolved. */
export interface Settings {
${fields(group(top, 0), "", undefined, "  ")}
  /** The folder that relative paths start from: the config file's, or the one the command was started in. Absolute. */
  readonly root: string
  /** The config file, if there is one. Absolute. */
  readonly file?: string
  /** The folder that persistent state, the lock and the connection file are kept in. Absolute. */
  readonly dataDir: string
${sections.map(({ name, help }) => `  /** ${help} */\n  readonly ${name}: ${pascal(name)}Settings`).join("\n")}
}
`
  ].join("\n")
}
