/**
 * What an expression of a definition is worth: a pure function of the expression and of the values that its
 * references point to. It never throws and depends on nothing, because it is bundled into the workflow sandbox,
 * where a throw would fail the workflow task instead of the workflow.
 *
 * Absence is `undefined` (a field that is not there) or `null`, and travels: the field of an absent value is
 * that absence. In an object an undefined part is left out, in an array and as a whole it becomes null.
 */
import type { Access, Expression, Json, Operator, Source } from "./Definition.ts"

type Value = Json | undefined
type JsonObject = { readonly [key: string]: Json }

/** Gives the value of a source: the input, a task's output, or what a block is given. */
export type Lookup = (source: Source) => Json | undefined

/**
 * Evaluates an expression.
 *
 * - Paths: a negative index counts from the end, `length` of an array is how many items it has; what is not there is absent, and inherited properties are not
 *   there.
 * - `eq`, `ne`: deep, whatever the order of keys; null and undefined are the same absence.
 * - `lt`, `lte`, `gt`, `gte`: two numbers, or two strings by UTF-16 code units; anything else is false.
 * - `and`, `or`, `not`: only `true` holds.
 * - `add`: numbers; null if one is not, or if the sum is not finite.
 * - `concat`: with an array among the operands an array (arrays are spread, absent operands left out, others
 *   appended), otherwise the text of all.
 * - `coalesce`: the first operand that is not absent, or null.
 * - `length`: of a string in UTF-16 code units, of an array, of an object's keys; null otherwise.
 * - `includes`: whether an array has an equal item, a string the text, an object the key.
 * - `json`: the JSON text. `text`: strings as they are, absent operands as nothing, others as JSON.
 *
 * @param expression what to evaluate
 * @param lookup gives the value of a source
 * @returns JSON, never undefined
 */
export const evaluate = (expression: Expression, lookup: Lookup): Json => valueOf(expression, lookup) ?? null

const valueOf = (expression: Expression, lookup: Lookup): Value => {
  if (typeof expression !== "object" || expression === null) return expression
  if (isList(expression)) return expression.map((item) => valueOf(item, lookup) ?? null)
  if (isReference(expression)) {
    const start = lookup(expression.$ref)
    return expression.path === undefined ? start : follow(start, expression.path, lookup)
  }
  if (isOperation(expression)) return apply(expression.$op, expression.args, lookup)
  if (isGet(expression)) return follow(valueOf(expression.$get, lookup), expression.path, lookup)
  return objectOf(isObject(expression) ? expression.$object : expression, lookup)
}

const isList = (value: Expression | Json): value is ReadonlyArray<never> => Array.isArray(value)

const isReference = (
  expression: object
): expression is { readonly $ref: Source; readonly path?: ReadonlyArray<Access> } =>
  Object.hasOwn(expression, "$ref")

const isOperation = (
  expression: object
): expression is { readonly $op: Operator; readonly args: ReadonlyArray<Expression> } =>
  Object.hasOwn(expression, "$op")

const isGet = (
  expression: object
): expression is { readonly $get: Expression; readonly path: ReadonlyArray<Access> } =>
  Object.hasOwn(expression, "$get")

const isObject = (
  expression: object
): expression is { readonly $object: { readonly [key: string]: Expression } } =>
  Object.hasOwn(expression, "$object")

const objectOf = (fields: object, lookup: Lookup): JsonObject => {
  const entries: Array<[string, Json]> = []
  for (const [key, part] of Object.entries(fields)) {
    const value = valueOf(part, lookup)
    if (value !== undefined) entries.push([key, value])
  }
  // fromEntries defines own properties, also one called `__proto__`.
  return Object.fromEntries(entries)
}

const follow = (start: Value, path: ReadonlyArray<Access>, lookup: Lookup): Value => {
  let value = start
  for (const access of path) {
    if (value === undefined || value === null) return value
    const key = typeof access === "object" ? valueOf(access.$key, lookup) : access
    value = step(value, key)
  }
  return value
}

const step = (value: Json, key: Value): Value => {
  if (typeof value !== "object" || value === null) return undefined
  if (Array.isArray(value)) {
    return typeof key === "number" ? value.at(key) : key === "length" ? value.length : undefined
  }
  const name = typeof key === "number" ? String(key) : key
  return typeof name === "string" && Object.hasOwn(value, name) ? (value as JsonObject)[name] : undefined
}

const apply = (operator: Operator, args: ReadonlyArray<Expression>, lookup: Lookup): Value => {
  const operand = (index: number): Value => {
    const expression = args[index]
    return expression === undefined ? undefined : valueOf(expression, lookup)
  }
  switch (operator) {
    case "eq":
      return equal(operand(0), operand(1))
    case "ne":
      return !equal(operand(0), operand(1))
    case "lt":
      return compare(operand(0), operand(1), (order) => order < 0)
    case "lte":
      return compare(operand(0), operand(1), (order) => order <= 0)
    case "gt":
      return compare(operand(0), operand(1), (order) => order > 0)
    case "gte":
      return compare(operand(0), operand(1), (order) => order >= 0)
    case "and":
      return args.every((arg) => valueOf(arg, lookup) === true)
    case "or":
      return args.some((arg) => valueOf(arg, lookup) === true)
    case "not":
      return operand(0) !== true
    case "add":
      return sum(args.map((arg) => valueOf(arg, lookup)))
    case "concat":
      return concatenate(args.map((arg) => valueOf(arg, lookup)))
    case "coalesce": {
      for (const arg of args) {
        const value = valueOf(arg, lookup)
        if (value !== undefined && value !== null) return value
      }
      return null
    }
    case "length":
      return lengthOf(operand(0))
    case "includes":
      return contains(operand(0), operand(1))
    case "json":
      return JSON.stringify(operand(0) ?? null)
    case "text":
      return args.map((arg) => format(valueOf(arg, lookup))).join("")
    default:
      operator satisfies never
      return undefined
  }
}

const equal = (a: Value, b: Value): boolean => {
  if (a === b) return true
  if (a === undefined || a === null || b === undefined || b === null) return (a ?? null) === (b ?? null)
  if (typeof a !== "object" || typeof b !== "object") return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => equal(item, b[index]))
    )
  }
  const left = a as JsonObject
  const right = b as JsonObject
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key]))
  )
}

const compare = (a: Value, b: Value, holds: (order: number) => boolean): boolean => {
  if (typeof a === "number" && typeof b === "number") return holds(a - b)
  if (typeof a === "string" && typeof b === "string") return holds(a < b ? -1 : a > b ? 1 : 0)
  return false
}

const sum = (operands: ReadonlyArray<Value>): number | null => {
  let total = 0
  for (const operand of operands) {
    if (typeof operand !== "number") return null
    total += operand
  }
  return Number.isFinite(total) ? total : null
}

const concatenate = (operands: ReadonlyArray<Value>): Json =>
  operands.some((operand) => Array.isArray(operand))
    ? operands.flatMap((operand): ReadonlyArray<Json> =>
        operand === undefined || operand === null ? [] : Array.isArray(operand) ? operand : [operand]
      )
    : operands.map(format).join("")

const lengthOf = (value: Value): number | null => {
  if (typeof value === "string" || Array.isArray(value)) return value.length
  return typeof value === "object" && value !== null ? Object.keys(value).length : null
}

const contains = (container: Value, item: Value): boolean => {
  if (typeof container === "string") return typeof item === "string" && container.includes(item)
  if (Array.isArray(container)) return container.some((member: Json) => equal(member, item))
  return (
    typeof container === "object" &&
    container !== null &&
    typeof item === "string" &&
    Object.hasOwn(container, item)
  )
}

const format = (value: Value): string => {
  if (value === undefined || value === null) return ""
  return typeof value === "string" ? value : JSON.stringify(value)
}
