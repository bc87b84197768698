/**
 * The JSON side of schemas: whether there is one, and the JSON Schema that describes it.
 */
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import type { Json } from "./Definition.ts"
import { definitionError } from "./DefinitionError.ts"
import { alternativesOf, mayBeUndefined, type Shape } from "./Shape.ts"

type JsonObject = { readonly [key: string]: Json }

/** A part of a schema that has no JSON form: its path (`order.at`, "" for the whole) and what it is. */
interface NonJsonPart {
  readonly path: string
  readonly what: string
}

/** The first part of a schema's encoded side that is not JSON, or undefined. */
const nonJsonPartOf = (schema: { readonly ast: SchemaAST.AST }): NonJsonPart | undefined =>
  search(SchemaAST.toEncoded(schema.ast), "", new Set())

const search = (ast: SchemaAST.AST, path: string, seen: Set<SchemaAST.AST>): NonJsonPart | undefined => {
  if (seen.has(ast)) return undefined
  seen.add(ast)
  switch (ast._tag) {
    case "BigInt":
    case "Symbol":
    case "UniqueSymbol":
    case "Never":
      return { path, what: ast._tag }
    case "Literal":
      return typeof ast.literal === "bigint" ? { path, what: "BigInt" } : undefined
    case "Declaration":
      return isJsonDeclaration(ast) ? undefined : { path, what: nameOf(ast) }
    case "Suspend":
      return search(SchemaAST.toEncoded(ast.thunk()), path, seen)
    case "Union":
      return first(ast.types, (member) => search(member, path, seen))
    case "Arrays":
      return (
        first(ast.elements, (element, index) => search(element, `${path}[${index}]`, seen)) ??
        first(ast.rest, (item) => search(item, `${path}[]`, seen))
      )
    case "Objects":
      return (
        first(ast.propertySignatures, ({ name, type }) =>
          typeof name === "symbol"
            ? { path, what: "a symbol key" }
            : search(type, path === "" ? String(name) : `${path}.${String(name)}`, seen)
        ) ??
        first(ast.indexSignatures, ({ parameter, type }) =>
          SchemaAST.isSymbol(parameter)
            ? { path, what: "a symbol key" }
            : search(type, path === "" ? "*" : `${path}.*`, seen)
        )
      )
    default:
      return undefined
  }
}

const first = <A, B>(
  items: ReadonlyArray<A>,
  find: (item: A, index: number) => B | undefined
): B | undefined => {
  for (const [index, item] of items.entries()) {
    const found = find(item, index)
    if (found !== undefined) return found
  }
  return undefined
}

const isJsonDeclaration = (ast: SchemaAST.Declaration): boolean => {
  const representation = ast.annotations?.["representation"]
  return (
    typeof representation === "object" &&
    representation !== null &&
    "id" in representation &&
    (representation.id === "effect/schema/Json" || representation.id === "effect/schema/MutableJson")
  )
}

const nameOf = (ast: SchemaAST.Declaration): string => {
  const representation = ast.annotations?.["representation"]
  if (typeof representation === "object" && representation !== null && "id" in representation) {
    return String(representation.id).replace(/^.*\//, "")
  }
  return SchemaAST.resolveIdentifier(ast) ?? "a declared type"
}

/** Refuses a schema whose encoded side is not JSON. */
export const checkSchema = (schema: unknown, what: string, at: string | undefined): void => {
  if (!Schema.isSchema(schema)) {
    throw definitionError({
      code: "COMPOZY_DEFINITION_ARGUMENT_INVALID",
      problem: `${what} is not a schema`,
      fix: "give it an Effect Schema: Schema.Struct({ ... })",
      places: [{ what: "given at", at }]
    })
  }
  const part = nonJsonPartOf(schema)
  if (part === undefined) return
  throw definitionError({
    code: "COMPOZY_DEFINITION_SCHEMA_NOT_JSON",
    problem: `${what} has no JSON form${part.path === "" ? "" : ` at "${part.path}"`}: its encoded side is ${part.what}`,
    fix: replacements[part.what] ?? "use a schema whose encoded side is JSON",
    places: [{ what: "given at", at }]
  })
}

const replacements: { readonly [what: string]: string } = {
  Date: "use Schema.DateFromString",
  BigInt: "use Schema.BigIntFromString",
  Uint8Array: "use Schema.Uint8ArrayFromBase64",
  URL: "use Schema.URLFromString",
  Duration: "use Schema.DurationFromMillis",
  ReadonlyMap: "use Schema.Record, or an array of pairs",
  ReadonlySet: "use Schema.Array",
  Option: "use Schema.OptionFromNullOr",
  Redacted:
    "use Schema.String: histories keep what workflows pass on, so give tools their secrets by a service"
}

/** The JSON Schema (draft 2020-12) of a schema's JSON side, in one document with its `$defs`. */
export const jsonSchemaOf = (schema: { readonly ast: SchemaAST.AST }): Json =>
  jsonSchemaOfShape({ tag: "schema", ast: SchemaAST.toEncoded(schema.ast) })

/** The JSON Schema of what is known of a value. */
export const jsonSchemaOfShape = (shape: Shape): Json => {
  const definitions = new Map<string, Json>()
  const schema = describe(shape, definitions)
  return definitions.size === 0 ? schema : { ...schema, $defs: Object.fromEntries(definitions) }
}

const describe = (shape: Shape, definitions: Map<string, Json>): JsonObject => {
  switch (shape.tag) {
    case "unknown":
      return {}
    case "null":
    case "undefined":
      return { type: "null" }
    case "literal":
      return { const: shape.value }
    case "array":
      return { type: "array", items: describe(shape.item, definitions) }
    case "tuple":
      return {
        type: "array",
        prefixItems: shape.items.map((item) => describe(item, definitions)),
        minItems: shape.items.length,
        maxItems: shape.items.length
      }
    case "object":
      return describeObject(shape.fields, definitions)
    case "union": {
      const members = shape.members.filter((member) => member.tag !== "undefined")
      const present = members.length === 0 ? shape.members : members
      if (present.length === 0) return { not: {} }
      const [only] = present
      return present.length === 1 && only !== undefined
        ? describe(only, definitions)
        : { anyOf: present.map((member) => describe(member, definitions)) }
    }
    case "schema":
      return describeAst(shape.ast, definitions)
  }
}

const describeObject = (fields: ReadonlyMap<string, Shape>, definitions: Map<string, Json>): JsonObject => {
  const properties: Array<[string, Json]> = []
  const required: Array<string> = []
  for (const [name, field] of fields) {
    if (alternativesOf(field).every(({ tag }) => tag === "undefined")) continue
    properties.push([name, describe(field, definitions)])
    if (!mayBeUndefined(field)) required.push(name)
  }
  return { type: "object", properties: Object.fromEntries(properties), required }
}

const describeAst = (ast: SchemaAST.AST, definitions: Map<string, Json>): JsonObject => {
  const document = Schema.toJsonSchemaDocument(Schema.make<Schema.Top>(ast))
  const renamed = new Map<string, string>()
  const entries = Object.entries(document.definitions)
  for (const [name, definition] of entries) renamed.set(name, freeName(name, toJson(definition), definitions))
  for (const [name, definition] of entries) {
    definitions.set(renamed.get(name) ?? name, tidy(toJson(definition), renamed))
  }
  const schema = tidy(toJson(document.schema), renamed)
  return isObject(schema) ? schema : {}
}

/** The name itself where it is free or means the same, otherwise with a number behind it. */
const freeName = (name: string, definition: Json, definitions: ReadonlyMap<string, Json>): string => {
  const tidied = JSON.stringify(tidy(definition, new Map()))
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}${number}`
    const taken = definitions.get(candidate)
    if (taken === undefined || JSON.stringify(taken) === tidied) return candidate
  }
}

const toJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json

const isObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * Rewrites references to renamed definitions, and leaves out what a value that is JSON already cannot be: the
 * texts that stand for NaN and the infinities, and `additionalProperties: true`, which is the default.
 */
const tidy = (schema: Json, renamed: ReadonlyMap<string, string>): Json => {
  if (Array.isArray(schema)) return schema.map((item: Json) => tidy(item, renamed))
  if (!isObject(schema)) return schema
  const entries = Object.entries(schema).flatMap(([key, value]): Array<[string, Json]> => {
    if (key === "additionalProperties" && value === true) return []
    if (key === "$ref" && typeof value === "string") {
      const name = value.replace("#/$defs/", "")
      return [[key, `#/$defs/${renamed.get(name) ?? name}`]]
    }
    return [[key, tidy(value, renamed)]]
  })
  const tidied: JsonObject = Object.fromEntries(entries)
  const { anyOf, ...others } = tidied
  if (!Array.isArray(anyOf)) return tidied
  const members = anyOf.filter((member: Json) => !isNonFinite(member))
  const [only] = members
  return members.length === 1 && only !== undefined && isObject(only)
    ? { ...others, ...only }
    : { ...others, anyOf: members }
}

const isNonFinite = (schema: Json): boolean =>
  isObject(schema) && JSON.stringify(schema["enum"]) === '["Infinity","-Infinity","NaN"]'
