/**
 * Evaluates expressions over values with blobs in them. A reference into a blob stays a reference; an operator
 * that would have to look into one is left to the process (`remote`).
 */
import type { Access, Expression, Json, Source } from "../Definition.ts"
import { evaluate } from "../Evaluate.ts"
import { BlobRef, hasBlob, isList, sourceKey, type Value } from "./Value.ts"

/** Gives the value of a source. */
export type Lookup = (source: Source) => Value | undefined

/** Values of expressions that the process has evaluated, by the expression's identity. */
export type Known = ReadonlyMap<object, Value>

type Part = Value | undefined
type Fields = { readonly [key: string]: Expression }

type Path = ReadonlyArray<Access>

interface Reference {
  readonly $ref: Source
  readonly path?: Path
}

interface Get {
  readonly $get: Expression
  readonly path: Path
}

interface Operation {
  readonly args: ReadonlyArray<Expression>
}

const has = (expression: object, key: string): boolean => Object.hasOwn(expression, key)

const isReference = (expression: object): expression is Reference => has(expression, "$ref")

const isGet = (expression: object): expression is Get => has(expression, "$get")

const isOperation = (expression: object): expression is Operation => has(expression, "$op")

/** The expressions that compute keys on a way. */
const keysOf = (path: Path | undefined): ReadonlyArray<Expression> =>
  (path ?? []).flatMap((access) => (typeof access === "object" ? [access.$key] : []))

const fieldsOf = (expression: object): Fields =>
  (has(expression, "$object") ? (expression as { readonly $object: Fields }).$object : expression) as Fields

/**
 * The value of an expression. Without blobs it is exactly what `evaluate` gives.
 *
 * @param known what `remote` named and the process has evaluated
 */
export const resolve = (expression: Expression, lookup: Lookup, known: Known): Value =>
  part(expression, lookup, known) ?? null

const part = (expression: Expression, lookup: Lookup, known: Known): Part => {
  if (typeof expression !== "object" || expression === null) return expression
  const ready = known.get(expression)
  if (ready !== undefined) return ready
  if (Array.isArray(expression)) {
    return expression.map((item: Expression) => part(item, lookup, known) ?? null)
  }
  if (isReference(expression)) return follow(lookup(expression.$ref), expression.path, lookup)
  if (isGet(expression)) return follow(part(expression.$get, lookup, known), expression.path, lookup)
  if (has(expression, "$op")) return evaluate(expression, (source) => lookup(source) as Json | undefined)
  const entries: Array<[string, Value]> = []
  for (const [key, field] of Object.entries(fieldsOf(expression))) {
    const value = part(field, lookup, known)
    if (value !== undefined) entries.push([key, value])
  }
  return Object.fromEntries(entries)
}

const follow = (start: Part, path: Path | undefined, lookup: Lookup): Part => {
  let value = start
  for (const access of path ?? []) {
    if (value === undefined || value === null) return value
    const key =
      typeof access === "object"
        ? evaluate(access.$key, (source) => lookup(source) as Json | undefined)
        : access
    value = step(value, key)
  }
  return value
}

const step = (value: Value, key: Value): Part => {
  if (typeof value !== "object" || value === null) return undefined
  if (value instanceof BlobRef) {
    return typeof key === "string" || typeof key === "number" ? value.at(key) : undefined
  }
  if (isList(value)) {
    return typeof key === "number" ? value.at(key) : key === "length" ? value.length : undefined
  }
  const name = typeof key === "number" ? String(key) : key
  return typeof name === "string" && Object.hasOwn(value, name)
    ? (value as { readonly [key: string]: Value })[name]
    : undefined
}

/** The parts of an expression that need what is in a blob: the process evaluates them. */
export const remote = (expression: Expression, lookup: Lookup): ReadonlyArray<Expression & object> => {
  const found: Array<Expression & object> = []
  collect(expression, lookup, found)
  return found
}

const collect = (expression: Expression, lookup: Lookup, found: Array<Expression & object>): void => {
  if (typeof expression !== "object" || expression === null) return
  if (Array.isArray(expression)) {
    for (const item of expression) collect(item, lookup, found)
  } else if (isReference(expression) || isGet(expression)) {
    if (keysOf(expression.path).some((key) => touches(key, lookup))) found.push(expression)
    else if (isGet(expression)) collect(expression.$get, lookup, found)
  } else if (isOperation(expression)) {
    if (touches(expression, lookup)) found.push(expression)
  } else {
    for (const field of Object.values(fieldsOf(expression))) collect(field, lookup, found)
  }
}

/** Whether any reference in an expression leads to a value with a blob in it. */
const touches = (expression: Expression, lookup: Lookup): boolean => {
  if (typeof expression !== "object" || expression === null) return false
  if (Array.isArray(expression)) return expression.some((item: Expression) => touches(item, lookup))
  if (isReference(expression)) {
    if (keysOf(expression.path).some((key) => touches(key, lookup))) return true
    const value = follow(lookup(expression.$ref), expression.path, lookup)
    return value !== undefined && hasBlob(value)
  }
  if (isGet(expression)) {
    return touches(expression.$get, lookup) || keysOf(expression.path).some((key) => touches(key, lookup))
  }
  if (isOperation(expression)) return expression.args.some((arg) => touches(arg, lookup))
  return Object.values(fieldsOf(expression)).some((field) => touches(field, lookup))
}

/** Every source that an expression refers to. */
export const sourcesOf = (expression: Expression, found = new Map<string, Source>()): Map<string, Source> => {
  if (typeof expression !== "object" || expression === null) return found
  if (Array.isArray(expression)) {
    for (const item of expression) sourcesOf(item, found)
  } else if (isReference(expression) || isGet(expression)) {
    if (isReference(expression)) found.set(sourceKey(expression.$ref), expression.$ref)
    else sourcesOf(expression.$get, found)
    for (const key of keysOf(expression.path)) sourcesOf(key, found)
  } else if (isOperation(expression)) {
    for (const arg of expression.args) sourcesOf(arg, found)
  } else {
    for (const field of Object.values(fieldsOf(expression))) sourcesOf(field, found)
  }
  return found
}
