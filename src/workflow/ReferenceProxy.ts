/**
 * References: proxies that record how they are read. A reference knows what is known of its value, so that a
 * field that does not exist is refused where it is read, and it refuses every use as a value, because it has
 * none before the workflow runs.
 */
import type { Origin } from "./Block.ts"
import type { Access, Expression } from "./Definition.ts"
import { definitionError, type DefinitionError } from "./DefinitionError.ts"
import { nearestOf } from "./Nearest.ts"
import { placeOf } from "./Place.ts"
import {
  alternativesOf,
  fieldNamesOf,
  fieldOf,
  itemOf,
  nullShape,
  numberShape,
  presentOf,
  type Shape,
  undefinedShape,
  unionOf,
  unknownShape,
  valueOf
} from "./Shape.ts"

/** Under this symbol a reference gives its {@link ReferenceNode}, from whichever copy of the package. */
const ReferenceTypeId: unique symbol = Symbol.for("compozy/Reference")

/** What stands behind a reference. */
interface ReferenceNode {
  readonly expression: Expression
  readonly shape: Shape
  /** The sources that the expression reads. */
  readonly origins: ReadonlyArray<Origin>
  /** For messages: `greeting.mood`. */
  readonly label: string
}

/** The node of a reference, or undefined for anything else. */
export const nodeOf = (value: unknown): ReferenceNode | undefined =>
  (typeof value === "object" && value !== null) || typeof value === "function"
    ? (value as { readonly [ReferenceTypeId]?: ReferenceNode })[ReferenceTypeId]
    : undefined

/** The node one step further into a value. */
const into = (node: ReferenceNode, step: Access, shape: Shape, label: string): ReferenceNode => ({
  expression: extend(node.expression, step),
  shape,
  origins: node.origins,
  label
})

const extend = (expression: Expression, step: Access): Expression => {
  if (typeof expression === "object" && expression !== null) {
    if ("$ref" in expression) {
      return { ...expression, path: [...pathOf(expression), step] } as Expression
    }
    if ("$get" in expression) {
      return { ...expression, path: [...pathOf(expression), step] } as Expression
    }
  }
  return { $get: expression, path: [step] }
}

const pathOf = (expression: object): ReadonlyArray<Access> =>
  "path" in expression && Array.isArray(expression.path) ? expression.path : []

/**
 * Makes a reference. What it is typed as is up to the caller, who knows the schema behind the shape.
 */
export const makeReference = (node: ReferenceNode): unknown => {
  const callable = alternativesOf(node.shape).some(({ tag }) => tag === "unknown")
  // Where nothing is known, `at` and `get` may be fields or methods: only a callable target can be both.
  const target = callable ? bareFunction() : Object.create(null)
  Object.defineProperty(target, Symbol.for("nodejs.util.inspect.custom"), {
    configurable: true,
    value: () => `Ref(${node.label})`
  })
  return new Proxy(target, handlerOf(node))
}

const bareFunction = (): object => {
  const target = () => undefined
  Reflect.deleteProperty(target, "length")
  Reflect.deleteProperty(target, "name")
  return Object.setPrototypeOf(target, null)
}

const handlerOf = (node: ReferenceNode): ProxyHandler<object> => {
  const at = (index: unknown): unknown => {
    const position = placeOf(at)
    const known = typeof index === "number" ? index : undefined
    const shape = itemOf(node.shape, known) ?? unknownShape
    return makeReference(computed(node, index, shape, "number", `${node.label}.at`, position))
  }
  const getKey = (key: unknown): unknown => {
    const position = placeOf(getKey)
    const shape = valueOf(node.shape) ?? unknownShape
    return makeReference(computed(node, key, shape, "string", `${node.label}.get`, position))
  }
  const get = (_: object, key: PropertyKey): unknown => {
    if (key === ReferenceTypeId) return node
    if (typeof key === "symbol") return readSymbol(node, key, get)
    const name = String(key)
    const known = isKnown(node.shape)
    const field = known || !reserved.has(name) ? fieldOf(node.shape, name) : undefined
    if (field !== undefined) {
      return makeReference(into(node, name, field, `${node.label}.${name}`))
    }
    if (name === "at" && itemOf(node.shape) !== undefined) return at
    if (name === "get" && valueOf(node.shape) !== undefined) return getKey
    if (name === "length" && itemOf(node.shape) !== undefined) {
      return makeReference(into(node, "length", lengthShape(node.shape), `${node.label}.length`))
    }
    // A promise that resolves to a reference asks for it: a reference is never thenable.
    if (name === "then") return undefined
    if (name === "toJSON") throw asValue(node, "JSON.stringify", "use json(reference)", get)
    if (name === "toString" || name === "valueOf") return conversionOf(node)
    throw unknownField(node, name, get)
  }
  const refuse =
    (what: string, fix: string) =>
    (trap: (...args: never) => unknown): DefinitionError =>
      asValue(node, what, fix, trap)
  const has = (_: object, key: PropertyKey): boolean => {
    if (key === ReferenceTypeId) return true
    throw refuse("`in`", "compare the field with null: ne(reference.field, null)")(has)
  }
  const set = (): boolean => {
    throw refuse(
      "assignment",
      "a reference is read-only: build a new object, { ...reference, field: value }"
    )(set)
  }
  const deleteProperty = (): boolean => {
    throw refuse("`delete`", "a reference is read-only: take the fields that you need")(deleteProperty)
  }
  const defineProperty = (): boolean => {
    throw refuse("defineProperty", "a reference is read-only: build a new object")(defineProperty)
  }
  const ownKeys = (): Array<string> => {
    const names = fieldNamesOf(node.shape)
    if (names !== undefined && names.length > 0) return [...names]
    if (names !== undefined && isStruct(node.shape)) return []
    throw refuse(
      "spread, rest or listing of the keys",
      isList(node.shape)
        ? "use task.collection, or .at(i)"
        : "its keys are known only when the workflow runs: name the fields (after decode(schema, reference), where its schema is not known)"
    )(ownKeys)
  }
  const getOwnPropertyDescriptor = (_: object, key: PropertyKey): PropertyDescriptor | undefined =>
    typeof key === "string" && fieldOf(node.shape, key) !== undefined
      ? { configurable: true, enumerable: true, writable: false, value: get(_, key) }
      : undefined
  const apply = (_: object, __: unknown, args: ReadonlyArray<unknown>): unknown => {
    const [argument] = args
    if (node.label.endsWith(".at") || node.label.endsWith(".get")) {
      return makeReference(
        computed(parentOf(node), argument, unknownShape, undefined, node.label, placeOf(apply))
      )
    }
    throw refuse("a call", "use it as a value of a task's input")(apply)
  }
  return {
    get,
    has,
    set,
    deleteProperty,
    defineProperty,
    ownKeys,
    getOwnPropertyDescriptor,
    apply,
    getPrototypeOf: () => null
  }
}

/** Names that JavaScript itself asks for: never taken for a field where no schema says that there is one. */
const reserved = new Set(["then", "toJSON", "toString", "valueOf"])

const isKnown = (shape: Shape): boolean => alternativesOf(shape).every(({ tag }) => tag !== "unknown")

const isStruct = (shape: Shape): boolean =>
  alternativesOf(presentOf(shape)).every(
    (part) => part.tag === "object" || (part.tag === "schema" && part.ast._tag === "Objects")
  )

const isList = (shape: Shape): boolean => isKnown(shape) && itemOf(shape) !== undefined

const lengthShape = (shape: Shape): Shape =>
  unionOf(
    alternativesOf(shape).map((part) =>
      part.tag === "null" ? nullShape : part.tag === "undefined" ? undefinedShape : numberShape
    )
  )

/** The reference that a method of an unknown value was read from. */
const parentOf = (node: ReferenceNode): ReferenceNode => {
  const { expression } = node
  const label = node.label.replace(/\.(?:at|get)$/, "")
  if (typeof expression !== "object" || expression === null || !("path" in expression)) return node
  const path = pathOf(expression).slice(0, -1)
  const shorter =
    "$get" in expression && path.length === 0
      ? (expression.$get as Expression)
      : ({ ...expression, path } as Expression)
  return { expression: shorter, shape: unknownShape, origins: node.origins, label }
}

const computed = (
  node: ReferenceNode,
  key: unknown,
  shape: Shape,
  expected: "number" | "string" | undefined,
  label: string,
  at: string | undefined
): ReferenceNode => {
  const inner = nodeOf(key)
  if (inner !== undefined) {
    return {
      expression: extend(node.expression, { $key: inner.expression }),
      shape,
      origins: [...node.origins, ...inner.origins],
      label: `${label}(${inner.label})`
    }
  }
  const fits =
    (typeof key === "number" && Number.isInteger(key) && expected !== "string") ||
    (typeof key === "string" && expected !== "number")
  if (!fits) {
    throw definitionError({
      code: "COMPOZY_DEFINITION_ARGUMENT_INVALID",
      problem: `${label} was given ${typeof key === "string" ? JSON.stringify(key) : String(key)}`,
      fix: label.endsWith(".at")
        ? "give it an integer, or a reference to one"
        : "give it a text, or a reference to one",
      places: [{ what: "at", at }]
    })
  }
  return into(node, key as string | number, shape, `${label}(${JSON.stringify(key)})`)
}

const readSymbol = (node: ReferenceNode, key: symbol, trap: (...args: never) => unknown): unknown => {
  if (key === Symbol.toPrimitive) return conversionOf(node)
  if (key === Symbol.iterator || key === Symbol.asyncIterator) {
    throw asValue(node, "iteration", "use task.collection, or .at(i)", trap)
  }
  return undefined
}

const conversionOf = (node: ReferenceNode): ((hint?: unknown) => never) => {
  const convert = (hint?: unknown): never => {
    throw hint === "number" || hint === "default"
      ? asValue(node, "arithmetic or a comparison", "use add, concat, eq, ne, lt, lte, gt or gte", convert)
      : asValue(node, "a text", "use text`...` (or .get(key), where it is the key of a record)", convert)
  }
  return convert
}

const asValue = (
  node: ReferenceNode,
  what: string,
  fix: string,
  api: (...args: never) => unknown
): DefinitionError =>
  definitionError({
    code: "COMPOZY_DEFINITION_REFERENCE_AS_VALUE",
    problem: `The reference ${node.label} is used as a value (${what}), but it has none until the workflow runs`,
    fix,
    places: [
      { what: "used at", at: placeOf(api) },
      ...node.origins.slice(0, 1).map(({ at }) => ({ what: "made at", at }))
    ]
  })

const unknownField = (
  node: ReferenceNode,
  name: string,
  api: (...args: never) => unknown
): DefinitionError => {
  const names = fieldNamesOf(node.shape) ?? []
  const nearest = nearestOf(name, names)
  const fix = isList(node.shape)
    ? "it is an array: use .at(i), .length or task.collection"
    : valueOf(node.shape) !== undefined
      ? `its keys are known only when the workflow runs: use .get(${JSON.stringify(name)})`
      : names.length === 0
        ? name === "length"
          ? "use length(reference)"
          : "it has no fields"
        : nearest === undefined
          ? `its fields are ${names.join(", ")}`
          : `did you mean "${nearest}"? Its fields are ${names.join(", ")}`
  return definitionError({
    code: "COMPOZY_DEFINITION_FIELD_UNKNOWN",
    problem: `The reference ${node.label} has no field "${name}"`,
    fix,
    places: [
      { what: "read at", at: placeOf(api) },
      ...node.origins.slice(0, 1).map(({ at }) => ({ what: "made at", at }))
    ]
  })
}
