/**
 * The operators of expressions: small computations that are recorded as data and evaluated inside the workflow,
 * without an activity. `Evaluate.ts` says what each gives.
 */
import { checkOrigins, currentBuild } from "./Block.ts"
import type { Operator } from "./Definition.ts"
import { placeOf } from "./Place.ts"
import type { Absent, Outcome, Ref, RefBase, Val } from "./Reference.ts"
import { makeReference } from "./ReferenceProxy.ts"
import {
  booleanShape,
  elementOf,
  numberShape,
  presentOf,
  type Shape,
  stringShape,
  unionOf,
  unknownShape
} from "./Shape.ts"
import { type Template, templateOf } from "./Template.ts"

type Api = (...args: never) => unknown
type Truth = boolean | RefBase<boolean>
type Scalar = string | number | boolean
type List = ReadonlyArray<unknown> | RefBase<ReadonlyArray<unknown>>
type MemberOf<L> = Outcome<L> extends ReadonlyArray<infer E> ? E : never

const record = (
  operator: Operator,
  operands: ReadonlyArray<unknown>,
  shapeOf: (operands: ReadonlyArray<Template>) => Shape,
  api: Api
): unknown => {
  const at = placeOf(api)
  const templates = operands.map((operand, index) =>
    templateOf(operand, `the operand ${index + 1} of ${operator}`, at)
  )
  const origins = templates.flatMap((template) => template.origins)
  // What cannot be used here cannot be used later either, and this is the place that says most.
  const build = currentBuild()
  if (build?.current !== undefined) checkOrigins(build, build.current, origins, at)
  return makeReference({
    expression: { $op: operator, args: templates.map(({ expression }) => expression) },
    shape: shapeOf(templates),
    origins,
    label: `${operator}(...)`
  })
}

// Each operator below gives its recorded reference the type of what `evaluate` gives.

const truth = (operator: Operator, operands: ReadonlyArray<unknown>, api: Api): Ref<boolean> =>
  record(operator, operands, () => booleanShape, api) as Ref<boolean>

/**
 * Whether two values are equal: deeply, whatever the order of keys. `eq(reference, null)` asks whether it is absent.
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { defineWorkflow, eq } from "compozy"
 *
 * const Mood = Schema.Literals(["happy", "sad"])
 *
 * export const check = defineWorkflow({ id: "check", input: Schema.Struct({ mood: Mood }) }, ({ input }) => ({
 *   happy: eq(input.mood, "happy")
 * }))
 * ```
 */
export function eq<T>(a: RefBase<T>, b: Val<NoInfer<T>> | null): Ref<boolean>
export function eq<T>(a: Val<NoInfer<T>> | null, b: RefBase<T>): Ref<boolean>
export function eq(a: unknown, b: unknown): Ref<boolean> {
  return truth("eq", [a, b], eq)
}

/** Whether two values differ: the opposite of {@link eq}. `ne(reference, null)` asks whether it is there. */
export function ne<T>(a: RefBase<T>, b: Val<NoInfer<T>> | null): Ref<boolean>
export function ne<T>(a: Val<NoInfer<T>> | null, b: RefBase<T>): Ref<boolean>
export function ne(a: unknown, b: unknown): Ref<boolean> {
  return truth("ne", [a, b], ne)
}

/** Whether a number is less than another, or a text comes before another (by UTF-16 code units). */
export function lt(a: Val<number>, b: Val<number>): Ref<boolean>
export function lt(a: Val<string>, b: Val<string>): Ref<boolean>
export function lt(a: unknown, b: unknown): Ref<boolean> {
  return truth("lt", [a, b], lt)
}

/** Whether a number is at most another, or a text does not come after another (by UTF-16 code units). */
export function lte(a: Val<number>, b: Val<number>): Ref<boolean>
export function lte(a: Val<string>, b: Val<string>): Ref<boolean>
export function lte(a: unknown, b: unknown): Ref<boolean> {
  return truth("lte", [a, b], lte)
}

/** Whether a number is greater than another, or a text comes after another (by UTF-16 code units). */
export function gt(a: Val<number>, b: Val<number>): Ref<boolean>
export function gt(a: Val<string>, b: Val<string>): Ref<boolean>
export function gt(a: unknown, b: unknown): Ref<boolean> {
  return truth("gt", [a, b], gt)
}

/** Whether a number is at least another, or a text does not come before another (by UTF-16 code units). */
export function gte(a: Val<number>, b: Val<number>): Ref<boolean>
export function gte(a: Val<string>, b: Val<string>): Ref<boolean>
export function gte(a: unknown, b: unknown): Ref<boolean> {
  return truth("gte", [a, b], gte)
}

/** Whether all conditions hold; they are evaluated from the left, up to the first that does not. */
export function and(...conditions: ReadonlyArray<Truth>): Ref<boolean> {
  return truth("and", conditions, and)
}

/** Whether one of the conditions holds; they are evaluated from the left, up to the first that does. */
export function or(...conditions: ReadonlyArray<Truth>): Ref<boolean> {
  return truth("or", conditions, or)
}

/** Whether a condition does not hold. */
export function not(condition: Truth): Ref<boolean> {
  return truth("not", [condition], not)
}

/** The sum of numbers. */
export function add(...numbers: ReadonlyArray<number | RefBase<number>>): Ref<number> {
  return record("add", numbers, () => numberShape, add) as Ref<number>
}

/** Texts one after another, or arrays one after another. */
export function concat(...texts: ReadonlyArray<string | RefBase<string>>): Ref<string>
export function concat<const L extends ReadonlyArray<List>>(
  ...lists: L
): Ref<ReadonlyArray<MemberOf<L[number]>>>
export function concat(...operands: ReadonlyArray<unknown>): unknown {
  return record("concat", operands, concatShape, concat)
}

const concatShape = (operands: ReadonlyArray<Template>): Shape => {
  const elements = operands.map(({ shape }) => elementOf(shape))
  if (elements.every((element) => element === undefined)) return stringShape
  return { tag: "array", item: unionOf(elements.map((element) => element ?? unknownShape)) }
}

/**
 * The value of a reference, or another one where it is absent: it takes the absence out of a type.
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { coalesce, defineWorkflow } from "compozy"
 *
 * const Input = Schema.Struct({ name: Schema.optionalKey(Schema.String) })
 *
 * export const named = defineWorkflow({ id: "named", input: Input }, ({ input }) => coalesce(input.name, "nobody"))
 * ```
 */
export function coalesce<T>(
  value: RefBase<T>,
  otherwise: Val<NoInfer<Exclude<T, Absent>>>
): Ref<Exclude<T, Absent>> {
  const shape = ([first, second]: ReadonlyArray<Template>): Shape =>
    unionOf([presentOf(first?.shape ?? unknownShape), second?.shape ?? unknownShape])
  return record("coalesce", [value, otherwise], shape, coalesce) as Ref<Exclude<T, Absent>>
}

/** How long a text (in UTF-16 code units) or an array is, or how many keys a record has. */
export function length(value: string | ReadonlyArray<unknown> | RefBase<string | object>): Ref<number> {
  return record("length", [value], () => numberShape, length) as Ref<number>
}

/** Whether a text contains another, or an array an equal item. */
export function includes(text: Val<string>, part: Val<string>): Ref<boolean>
export function includes<T>(list: RefBase<ReadonlyArray<T>>, item: Val<NoInfer<T>>): Ref<boolean>
export function includes(list: ReadonlyArray<Val<Scalar | null>>, item: Val<Scalar | null>): Ref<boolean>
export function includes(container: unknown, item: unknown): Ref<boolean> {
  return truth("includes", [container, item], includes)
}

/** The JSON text of a value. */
export function json(value: unknown): Ref<string> {
  return record("json", [value], () => stringShape, json) as Ref<string>
}

/**
 * A text with references in it: what a template literal is for values that exist already. Numbers and booleans are
 * written as JSON; use {@link json} for structures and {@link coalesce} for what may be absent.
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { defineWorkflow, text } from "compozy"
 *
 * export const hello = defineWorkflow({ id: "hello", input: Schema.Struct({ name: Schema.String }) }, ({ input }) =>
 *   text`Hello, ${input.name}!`
 * )
 * ```
 */
export function text(
  strings: TemplateStringsArray,
  ...values: ReadonlyArray<Scalar | RefBase<Scalar>>
): Ref<string> {
  const parts = strings.flatMap((part, index): ReadonlyArray<unknown> => {
    const around = part === "" ? [] : [part]
    return index < values.length ? [...around, values[index]] : around
  })
  return record("text", parts, () => stringShape, text) as Ref<string>
}
