/** Makes `src/config/Sections.ts` from the registry: what a config file may hold, section by section. */
import { type ComponentMode, type Key, type KeyType, appliesIn, defaultIn } from "../../src/config/Key.ts"
import { componentModes, keys, optionalGroups, sections } from "../../src/config/Keys.ts"

/** The keys that say which member of a union this is; the unions are put together in src/config/ModeConfig.ts. */
const discriminants = new Set(["redis.mode", "temporal.mode", "database.driver"])
/** Where one of several keys is needed, the unions are made in src/config/ModeConfig.ts too. */
const connections = new Set([
  "database.url",
  "database.host",
  "redis.url",
  "redis.host",
  "redis.sentinel",
  "redis.cluster",
  "temporal.address"
])
/** Its values depend on the database. */
const handWritten = new Set(["knowledge.vectorStore"])

const inputType = (type: KeyType): string => {
  switch (type.kind) {
    case "boolean":
      return "boolean"
    case "integer":
    case "number":
      return "number"
    case "duration":
      return "DurationInput"
    case "size":
      return "SizeInput"
    case "choice":
      return type.values.map((value) => `"${value}"`).join(" | ")
    case "secret":
      return "SecretInput"
    case "pem":
      return type.private ? "SecretInput" : "string"
    case "url":
      return type.secret ? "SecretInput" : "string"
    case "addresses":
    case "texts":
      return "ReadonlyArray<string>"
    case "headers":
      return "{ readonly [name: string]: SecretInput }"
    case "text":
    case "path":
    case "address":
      return "string"
  }
}

const defaultNote = (key: Key, mode: ComponentMode | undefined): string => {
  if (key.defaultText !== undefined) return ` Default: ${key.defaultText}.`
  if (mode !== undefined) {
    const value = defaultIn(key, mode)
    return value === undefined ? "" : ` Default: \`${JSON.stringify(value)}\`.`
  }
  const own = Object.entries(key.modeDefaults).map(
    ([name, value]) => `\`${JSON.stringify(value)}\` in ${name} mode`
  )
  if (own.length > 0) return ` Default: ${own.join(", ")}.`
  return key.default === undefined ? "" : ` Default: \`${JSON.stringify(key.default)}\`.`
}

const lines = (
  selected: ReadonlyArray<Key>,
  depth: number,
  mode: ComponentMode | undefined,
  indent: string
): Array<string> => {
  const result: Array<string> = []
  const done = new Set<string>()
  for (const key of selected) {
    const parts = key.path.split(".")
    const name = parts[depth] ?? ""
    const path = parts.slice(0, depth + 1).join(".")
    if (done.has(name) || discriminants.has(path) || connections.has(path) || handWritten.has(path)) continue
    done.add(name)
    const inner = selected.filter((other) => other.path.startsWith(`${path}.`))
    if (
      mode !== undefined &&
      !selected.some((other) => (other === key || inner.includes(other)) && appliesIn(other, mode))
    ) {
      const where = key.modes?.join(" and ") ?? ""
      result.push(`${indent}/** Belongs to ${where} mode. */`, `${indent}readonly ${name}?: never`)
    } else if (inner.length > 0) {
      result.push(
        `${indent}readonly ${name}?: {`,
        ...lines(inner, depth + 1, mode, `${indent}  `),
        `${indent}}`
      )
    } else {
      const required = optionalGroups.get(parts.slice(0, depth).join(".")) === key.path
      result.push(
        `${indent}/** ${key.help}${defaultNote(key, mode)} */`,
        `${indent}readonly ${name}${required ? "" : "?"}: Value<${inputType(key.type)}>`
      )
    }
  }
  return result
}

const pascal = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

const sectionTypes = (name: string, help: string): ReadonlyArray<string> => {
  const own = keys.filter((key) => key.path.startsWith(`${name}.`))
  const component = own[0]?.component
  if (component === undefined) {
    const body = lines(own, 1, undefined, "  ")
    return body.length === 0
      ? []
      : [`/** ${help} */\nexport interface ${pascal(name)}Config {\n${body.join("\n")}\n}\n`]
  }
  return componentModes[component].map(
    (mode) =>
      `/** ${help} The keys of ${mode} mode. */\nexport interface ${pascal(name)}${pascal(mode)}Keys {\n${lines(own, 1, mode, "  ").join("\n")}\n}\n`
  )
}

const nested = (path: string, name: string): string => {
  const own = keys.filter((key) => key.path.startsWith(`${path}.`))
  return `/** \`${path}\`: ${name}. */\nexport interface ${path.split(".").map(pascal).join("")}Config {\n${lines(own, 2, undefined, "  ").join("\n")}\n}\n`
}

const single = (path: string): string => {
  const key = keys.find((candidate) => candidate.path === path)
  if (key === undefined) throw new Error(`There is no key "${path}".`)
  const name = path.split(".").map(pascal).join("")
  return `/** ${key.help} */\nexport type ${name}Input = Value<${inputType(key.type)}>\n`
}

/** The text of `src/config/Sections.ts`. */
export const sectionsModule = (): string => {
  const top = keys.filter((key) => !key.path.includes(".") && key.path !== "mode")
  return [
    `/**
 * What a config file may hold, section by section. The unions over modes are in ModeConfig.ts.
 *
 * Made by scripts/generate-config.ts from src/config/Keys.ts: change that.
 */
import type { Config } from "effect/Config"
import type { Duration, Unit as DurationUnit } from "effect/Duration"
import type { Redacted } from "effect/Redacted"

/** A value, or an Effect \`Config\` that reads it from the environment. */
export type Value<T> = T | Config<T>

/** A time span: milliseconds, \`"30 seconds"\`, \`"30s"\`, or Effect's \`Duration\`. */
export type DurationInput = number | \`\${number} \${DurationUnit}\` | \`\${number}\${"ms" | "s" | "m" | "h" | "d"}\` | Duration

/** A size: bytes, or \`"10 MiB"\`. */
export type SizeInput = number | \`\${number}\${"" | " "}\${"B" | "KB" | "MB" | "GB" | "KiB" | "MiB" | "GiB"}\`

/** A secret: text, or \`Redacted\` text. */
export type SecretInput = string | Redacted<string>

/** What says who a project is. */
export interface ProjectConfig {
${lines(top, 0, undefined, "  ").join("\n")}
}
`,
    ...sections.flatMap(({ name, help }) => sectionTypes(name, help)),
    nested("redis.sentinel", "Redis behind sentinels"),
    nested("redis.cluster", "a Redis cluster"),
    ...[...connections].filter((path) => keys.some((key) => key.path === path)).map(single)
  ].join("\n")
}
