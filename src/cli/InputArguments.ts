/**
 * Reads `key=value` arguments into a workflow's input, led by the input's JSON Schema: a field that takes text gets the
 * text as it is, every other field is read as JSON. `a.b=1` sets a nested field, `k:='...'` forces JSON.
 */
import * as Predicate from "effect/Predicate"
import type { Json } from "../runtime/Executions.ts"
import type { Issue } from "../runtime/ExecutionError.ts"
import { nearestOf } from "../workflow/Nearest.ts"

type JsonObject = { readonly [key: string]: Json }

/** What the arguments amount to: an input, or everything that is wrong with them. */
export type ReadInput =
  | { readonly _tag: "Input"; readonly input: Json }
  | { readonly _tag: "Invalid"; readonly issues: ReadonlyArray<Issue> }

const isSchema = (value: Json | undefined): value is JsonObject => Predicate.isObject(value)

const resolvePointer = (root: Json, pointer: string): Json | undefined => {
  if (!pointer.startsWith("#/")) return pointer === "#" ? root : undefined
  let current: Json | undefined = root
  for (const part of pointer.slice(2).split("/")) {
    if (!isSchema(current)) return undefined
    current = current[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")]
  }
  return current
}

/** The alternatives of a schema: references followed, unions and intersections opened. */
const alternatives = (root: Json, schema: Json | undefined, depth = 0): ReadonlyArray<JsonObject> => {
  if (!isSchema(schema) || depth > 16) return []
  const reference = schema["$ref"]
  if (typeof reference === "string") return alternatives(root, resolvePointer(root, reference), depth + 1)
  for (const key of ["anyOf", "oneOf"]) {
    const members = schema[key]
    if (Array.isArray(members)) return members.flatMap((member) => alternatives(root, member, depth + 1))
  }
  const parts = schema["allOf"]
  if (Array.isArray(parts)) {
    const opened = parts.flatMap((part) => alternatives(root, part, depth + 1))
    const merged = Object.assign(
      {},
      schema,
      ...opened,
      schema["type"] === undefined ? {} : { type: schema["type"] }
    )
    return [merged]
  }
  return [schema]
}

const typesOf = (schema: JsonObject): ReadonlyArray<string> => {
  const type = schema["type"]
  if (typeof type === "string") return [type]
  if (Array.isArray(type)) return type.filter((t) => typeof t === "string")
  const values = literalsOf(schema)
  return values === undefined ? [] : [...new Set(values.map(typeOf))]
}

const literalsOf = (schema: JsonObject): ReadonlyArray<Json> | undefined => {
  const constant = schema["const"]
  if (constant !== undefined) return [constant]
  const values = schema["enum"]
  return Array.isArray(values) ? values : undefined
}

const typeOf = (value: Json): string =>
  value === null
    ? "null"
    : Array.isArray(value)
      ? "array"
      : typeof value === "object"
        ? "object"
        : typeof value

const typeWords: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  null: "null",
  array: "a JSON array",
  object: "a JSON object"
}

// How Effect's JSON Schemas say that a number may be infinite or not a number.
const isNotFinite = (schema: JsonObject) =>
  literalsOf(schema)?.every((value) => value === "NaN" || value === "Infinity" || value === "-Infinity") ===
  true

const describe = (schemas: ReadonlyArray<JsonObject>): string => {
  const words = schemas
    .filter((schema) => !isNotFinite(schema))
    .flatMap((schema) => {
      const values = literalsOf(schema)
      return values === undefined
        ? typesOf(schema).map((type) => typeWords[type] ?? type)
        : values.map((value) => JSON.stringify(value))
    })
  const unique = [...new Set(words)]
  return unique.length === 0
    ? "JSON"
    : unique.length === 1
      ? String(unique[0])
      : `${unique.slice(0, -1).join(", ")} or ${unique.at(-1)}`
}

const fits = (schema: JsonObject, value: Json): boolean => {
  const values = literalsOf(schema)
  if (values !== undefined) return values.some((literal) => literal === value)
  const types = typesOf(schema)
  if (types.length === 0) return true
  const type = typeOf(value)
  return types.some((t) => t === type || (t === "integer" && Number.isInteger(value)))
}

const takesText = (schemas: ReadonlyArray<JsonObject>): boolean =>
  schemas.some((schema) => literalsOf(schema) === undefined && typesOf(schema).includes("string"))

const parseJson = (text: string): { readonly value: Json } | undefined => {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

const shorten = (text: string) => (text.length > 60 ? `${text.slice(0, 57)}...` : text)

const readValue = (
  schemas: ReadonlyArray<JsonObject>,
  text: string,
  forced: boolean
): { readonly value: Json } | { readonly problem: string } => {
  if (forced) {
    return parseJson(text) ?? { problem: `:= expects JSON, not ${shorten(text)}` }
  }
  if (schemas.length === 0 || schemas.some((schema) => typesOf(schema).length === 0)) {
    return parseJson(text) ?? { value: text }
  }
  if (takesText(schemas) || schemas.some((schema) => literalsOf(schema)?.includes(text) === true)) {
    return { value: text }
  }
  const parsed = parseJson(text)
  return parsed !== undefined && schemas.some((schema) => fits(schema, parsed.value))
    ? parsed
    : { problem: `expects ${describe(schemas)}, not ${shorten(JSON.stringify(text))}` }
}

interface Place {
  readonly schemas: ReadonlyArray<JsonObject>
  readonly problem?: string
}

const fieldOf = (root: Json, schemas: ReadonlyArray<JsonObject>, key: string): Place => {
  if (schemas.length === 0) return { schemas: [] }
  const known = new Set<string>()
  const found: Array<JsonObject> = []
  let open = false
  for (const schema of schemas) {
    const properties = schema["properties"]
    const additional = schema["additionalProperties"]
    const items = schema["items"]
    if (isSchema(properties)) {
      for (const name of Object.keys(properties)) known.add(name)
      if (Object.hasOwn(properties, key)) {
        found.push(...alternatives(root, properties[key]))
        open ||= Object.keys(properties[key] ?? {}).length === 0
        continue
      }
    }
    if (isSchema(additional)) {
      open = true
      found.push(...alternatives(root, additional))
    } else if (typesOf(schema).includes("array") && /^\d+$/.test(key)) {
      open = true
      found.push(...alternatives(root, items))
    } else if (additional === true || typesOf(schema).length === 0) {
      open = true
    }
  }
  if (found.length > 0 || open) return { schemas: found }
  if (known.has(key)) return { schemas: [] }
  const suggestion = nearestOf(key, [...known])
  const fields = known.size === 0 ? "it has no fields" : `the fields are ${[...known].join(", ")}`
  return {
    schemas: [],
    problem: `is no field of the input; ${suggestion === undefined ? fields : `did you mean "${suggestion}"?`}`
  }
}

/** An object or an array that is being filled. */
type Container = object

const setAt = (container: Container, key: string, value: Json | Container): void => {
  // defineProperty and not assignment: a key may be called __proto__.
  Object.defineProperty(container, key, { value, enumerable: true, writable: true, configurable: true })
}

const childOf = (container: Container, key: string, isList: boolean): Container | undefined => {
  const current = Object.hasOwn(container, key) ? Reflect.get(container, key) : undefined
  if (current === undefined) {
    const made: Container = isList ? [] : {}
    setAt(container, key, made)
    return made
  }
  return typeof current === "object" && current !== null ? current : undefined
}

/**
 * Reads the arguments.
 *
 * @param args each `key=value`, `a.b=value` or `key:=json`
 * @param schema the JSON Schema of the workflow's input
 * @returns the input, or an issue for every argument that does not fit; what is missing is not looked at here
 *
 * @example
 * ```ts
 * import { readInputArguments } from "./InputArguments.ts"
 *
 * const schema = { type: "object", properties: { name: { type: "string" }, times: { type: "integer" } } }
 * readInputArguments(["name=42", "times=2"], schema) // => { _tag: "Input", input: { name: "42", times: 2 } }
 * ```
 */
export const readInputArguments = (args: ReadonlyArray<string>, schema: Json): ReadInput => {
  const input: Container = {}
  const issues: Array<Issue> = []
  const seen = new Set<string>()
  const rootSchemas = alternatives(schema, schema)
  for (const arg of args) {
    const match = /^([^=:]+)(:?=)([\s\S]*)$/.exec(arg)
    const [, name = "", operator = "=", text = ""] = match ?? []
    if (match === null) {
      issues.push({ path: [], message: `"${shorten(arg)}" is no argument; write key=value, or key:=json` })
      continue
    }
    const path = name.split(".")
    const fail = (message: string) => issues.push({ path, message })
    if (path.includes("")) {
      fail("has an empty part in its name")
      continue
    }
    if (seen.has(name)) {
      fail("is given twice")
      continue
    }
    seen.add(name)
    let place: Place = { schemas: rootSchemas }
    let container: Container | undefined = input
    for (const [i, key] of path.entries()) {
      place = fieldOf(schema, place.schemas, key)
      if (place.problem !== undefined || i === path.length - 1) break
      const isList = place.schemas.length > 0 && place.schemas.every((s) => typesOf(s).includes("array"))
      container = childOf(container, key, isList)
      if (container === undefined) break
    }
    if (place.problem !== undefined) {
      fail(place.problem)
      continue
    }
    if (container === undefined) {
      fail("stands inside a field that another argument sets")
      continue
    }
    const read = readValue(place.schemas, text, operator === ":=")
    if ("problem" in read) fail(read.problem)
    else setAt(container, path.at(-1) ?? "", read.value)
  }
  // A tree of the JSON values read above and of containers made here is JSON.
  return issues.length === 0 ? { _tag: "Input", input: input as Json } : { _tag: "Invalid", issues }
}
