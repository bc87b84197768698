/** Makes the JSON Schemas from the registry: of the settings, and of a config in its JSON form. */
import {
  type Component,
  type ComponentMode,
  type GlobalMode,
  type Key,
  type KeyType,
  appliesIn,
  defaultIn,
  isSecret
} from "../../src/config/Key.ts"
import { componentModes, keys, optionalGroups, sections } from "../../src/config/Keys.ts"
import { readValue } from "../../src/config/Value.ts"

type JsonSchema = { readonly [keyword: string]: unknown }

const draft = "https://json-schema.org/draft/2020-12/schema"
const globalModes: ReadonlyArray<GlobalMode> = ["memory", "persistent", "distributed"]

const durationPattern =
  "^(\\d+(\\.\\d+)? (milli|second|minute|hour|day|week)s?|(\\d+(\\.\\d+)?(ms|s|m|h|d))+)$"
const sizePattern = "^\\d+(\\.\\d+)? ?([KMG]?i?B)$"

/** What a user may write. */
const written = (type: KeyType): JsonSchema => {
  switch (type.kind) {
    case "boolean":
      return { type: "boolean" }
    case "integer":
      return { type: "integer", minimum: type.minimum, maximum: type.maximum }
    case "number":
      return { type: "number", minimum: type.minimum, maximum: type.maximum }
    case "duration":
      return {
        anyOf: [
          { type: "number", minimum: type.minimum, maximum: type.maximum, description: "Milliseconds." },
          { type: "string", pattern: durationPattern, examples: ["30 seconds", "30s", "1h30m"] }
        ]
      }
    case "size":
      return {
        anyOf: [
          { type: "integer", minimum: type.minimum, maximum: type.maximum, description: "Bytes." },
          { type: "string", pattern: sizePattern, examples: ["10 MiB"] }
        ]
      }
    case "choice":
      return { enum: type.values }
    case "texts":
      return { type: "array", items: { type: "string" } }
    case "addresses":
      return { type: "array", items: { type: "string" }, minItems: 1, examples: [[`10.0.0.1:${type.port}`]] }
    case "headers":
      return { type: "object", additionalProperties: { type: "string" } }
    case "url":
      return { type: "string", pattern: `^(${type.protocols.join("|")})//` }
    case "address":
      return { type: "string", examples: [`localhost:${type.port}`] }
    case "text":
      return {
        type: "string",
        minLength: 1,
        ...(type.pattern === undefined ? {} : { pattern: type.pattern })
      }
    case "path":
    case "pem":
    case "secret":
      return { type: "string", minLength: 1 }
  }
}

/** What `compozy config show --json` gives. */
const resolved = (type: KeyType): JsonSchema => {
  switch (type.kind) {
    case "duration":
      return { type: "integer", minimum: type.minimum, maximum: type.maximum }
    case "size":
      return { type: "integer", minimum: type.minimum, maximum: type.maximum }
    case "addresses":
      return {
        type: "array",
        items: {
          type: "object",
          properties: { host: { type: "string" }, port: { type: "integer" } },
          required: ["host", "port"],
          additionalProperties: false
        }
      }
    case "headers":
      return { type: "string" }
    case "url":
      return type.secret ? { type: "string" } : written(type)
    default:
      return written(type)
  }
}

const unit = (type: KeyType): string =>
  type.kind === "duration" ? " In milliseconds." : type.kind === "size" ? " In bytes." : ""

const resolvedDefault = (key: Key): JsonSchema => {
  if (key.default === undefined || key.type.kind === "path") return {}
  const read = readValue(key, key.default)
  return read.ok ? { default: read.value } : {}
}

interface Leaves {
  readonly schema: (key: Key) => JsonSchema
  readonly required: boolean
}

/** The object schema of a group of keys. */
const group = (selected: ReadonlyArray<Key>, depth: number, leaves: Leaves): JsonSchema => {
  const properties: { [name: string]: JsonSchema } = {}
  const required: Array<string> = []
  for (const key of selected) {
    const parts = key.path.split(".")
    const name = parts[depth] ?? ""
    if (name in properties) continue
    const path = parts.slice(0, depth + 1).join(".")
    const inner = selected.filter((other) => other.path.startsWith(`${path}.`))
    properties[name] = inner.length > 0 ? group(inner, depth + 1, leaves) : leaves.schema(key)
    if (leaves.required && optionalGroups.get(parts.slice(0, depth).join(".")) === key.path)
      required.push(name)
  }
  return {
    type: "object",
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false
  }
}

const ofSection = (name: string): ReadonlyArray<Key> => keys.filter((key) => key.path.startsWith(`${name}.`))
const top = keys.filter((key) => !key.path.includes("."))

/** The schema of the resolved settings: what `compozy config show --json` prints. */
export const settingsSchema = (): JsonSchema => {
  const leaves: Leaves = {
    required: false,
    schema: (key) => ({
      description: `${key.help}${unit(key.type)}`,
      ...resolved(key.type),
      ...resolvedDefault(key),
      ...(isSecret(key) ? { writeOnly: true } : {})
    })
  }
  return {
    $schema: draft,
    title: "Compozy settings",
    description:
      "The resolved settings of a process. Durations are milliseconds, sizes bytes, secrets masked.",
    type: "object",
    properties: {
      ...Object.fromEntries(top.map((key) => [key.path, leaves.schema(key)])),
      ...Object.fromEntries(
        sections.map(({ name, help }) => [name, { description: help, ...group(ofSection(name), 1, leaves) }])
      )
    },
    required: ["mode"],
    additionalProperties: false
  }
}

const input = (mode: ComponentMode | undefined): Leaves => ({
  required: true,
  schema: (key) => {
    const fallback = mode === undefined ? key.default : defaultIn(key, mode)
    return {
      description: key.help,
      ...written(key.type),
      ...(fallback === undefined ? {} : { default: fallback })
    }
  }
})

const discriminant = (component: Component): string => (component === "database" ? "driver" : "mode")

const driverOf = (mode: ComponentMode): string => (mode === "distributed" ? "postgres" : "sqlite")

/** The keys of a component in one mode, with its discriminant fixed. */
const componentIn = (component: Component, mode: ComponentMode): JsonSchema => {
  const selected = ofSection(component).filter((key) => appliesIn(key, mode))
  const schema = group(selected, 1, input(mode))
  const name = discriminant(component)
  return {
    ...schema,
    properties: {
      [name]: { const: component === "database" ? driverOf(mode) : mode },
      ...Object.fromEntries(
        Object.entries(schema.properties as JsonSchema).filter(([property]) => property !== name)
      )
    }
  }
}

const ref = (component: Component, mode: ComponentMode): JsonSchema => ({
  $ref: `#/$defs/${component}-${mode}`
})

const connection: { readonly [C in Component]: JsonSchema } = {
  database: { oneOf: [{ required: ["url"] }, { required: ["host"] }] },
  redis: { oneOf: ["url", "host", "sentinel", "cluster"].map((name) => ({ required: [name] })) },
  temporal: { required: ["address"] }
}

const isExternal = (mode: ComponentMode): boolean => mode === "distributed" || mode === "remote"

/** A component where the process is in a mode: in the inherited mode its discriminant may be left out. */
const componentUnder = (component: Component, global: GlobalMode, connected: boolean): JsonSchema => {
  const inherited = component === "temporal" && global === "distributed" ? "remote" : global
  return {
    anyOf: componentModes[component].map((mode) => {
      // On SQLite, memory and persistent have the same driver: the file belongs to persistent mode, or to a named driver.
      const own =
        component === "database" && global === "persistent" && mode === "memory" ? "persistent" : mode
      const parts: Array<JsonSchema> = [ref(component, own)]
      if (mode !== inherited) parts.push({ required: [discriminant(component)] })
      if (connected && isExternal(mode)) parts.push(connection[component])
      return parts.length === 1 ? ref(component, own) : { allOf: parts }
    })
  }
}

const components: ReadonlyArray<Component> = ["database", "redis", "temporal"]

const hasDriver = (driver: string): JsonSchema => ({
  properties: { database: { properties: { driver: { const: driver } }, required: ["driver"] } },
  required: ["database"]
})

/** pgvector needs PostgreSQL. */
const vectorsUnder = (global: GlobalMode): JsonSchema => ({
  if: global === "distributed" ? hasDriver("sqlite") : { not: hasDriver("postgres") },
  // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema
  then: { properties: { knowledge: { properties: { vectorStore: { not: { const: "pgvector" } } } } } }
})

const under = (global: GlobalMode, connected: boolean): JsonSchema => ({
  ...vectorsUnder(global),
  properties: Object.fromEntries(
    components.map((component) => [component, componentUnder(component, global, connected)])
  ),
  ...(connected && global === "distributed" ? { required: components } : {})
})

const plainNames = sections.filter(({ name }) => !components.some((component) => component === name))

const plainSections = (): JsonSchema =>
  Object.fromEntries(plainNames.map(({ name }) => [name, { $ref: `#/$defs/${name}` }]))

/** The schema of a config in its JSON form: what `defineMode` takes, without code. */
export const configSchema = (): JsonSchema => {
  const project = Object.fromEntries(
    top.filter((key) => key.path !== "mode").map((key) => [key.path, input(undefined).schema(key)])
  )
  const open = Object.fromEntries(components.map((component) => [component, { type: "object" }]))
  const overlay = (mode: GlobalMode): JsonSchema => ({
    description: `Merged over the rest in ${mode} mode.`,
    type: "object",
    properties: { ...project, ...plainSections(), ...open },
    additionalProperties: false,
    allOf: [under(mode, false)]
  })
  const mode = top.find((key) => key.path === "mode")
  return {
    $schema: draft,
    title: "Compozy config",
    description: "A compozy.config.ts in its JSON form: everything but code (workflows and layer).",
    type: "object",
    properties: {
      $schema: { type: "string" },
      mode: mode === undefined ? {} : input(undefined).schema(mode),
      ...project,
      ...plainSections(),
      ...open,
      modes: {
        description: "Settings of other modes, merged over the rest when that mode is effective.",
        type: "object",
        properties: Object.fromEntries(globalModes.map((name) => [name, overlay(name)])),
        additionalProperties: false
      }
    },
    additionalProperties: false,
    allOf: globalModes.map((name) => ({
      if: { properties: { mode: { const: name } }, ...(name === "memory" ? {} : { required: ["mode"] }) },
      // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema
      then: under(name, true)
    })),
    $defs: {
      ...Object.fromEntries(
        plainNames.map(({ name, help }) => [
          name,
          { description: help, ...group(ofSection(name), 1, input(undefined)) }
        ])
      ),
      ...Object.fromEntries(
        components.flatMap((component) =>
          componentModes[component].map((name) => [`${component}-${name}`, componentIn(component, name)])
        )
      )
    }
  }
}
