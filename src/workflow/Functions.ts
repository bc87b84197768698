/**
 * What a workflow computes in the process that runs it: functions (`fn`) and checks of unknown values (`decode`).
 * Both are recorded as tasks where they are called.
 */
import { invalidArgument } from "./Arguments.ts"
import { type Block, type Build, checkComputes, checkOrigins, currentBuild, openBlock } from "./Block.ts"
import { checkId } from "./Id.ts"
import type { TaskDefinition } from "./Definition.ts"
import { definitionError } from "./DefinitionError.ts"
import { placeOf } from "./Place.ts"
import type { PlainSchema } from "./PlainSchema.ts"
import type { Checked, Outcome, Ref } from "./Reference.ts"
import { makeReference } from "./ReferenceProxy.ts"
import { checkSchema } from "./SchemaJson.ts"
import { type Shape, shapeOf, unknownShape } from "./Shape.ts"
import { type Template, templateOf } from "./Template.ts"

/**
 * Computes a value with a function of the process: a local activity, recorded where it is called. What it gives
 * has to be JSON. The function is found by the workflow and by where it stands (`<workflow>/<path>`), so a process
 * that runs the workflow has to have it: exporting such a workflow says which function stands in the way.
 *
 * @param name its id in the block: a letter, then up to 63 letters, digits, `_` or `-`. The same function may be
 * used under the same name again
 * @param args literals, references, or structures of both
 * @param f gets their values; it may give a Promise
 * @returns a reference to what it gives
 * @throws DefinitionError outside of a build function, or where the name is taken
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { defineWorkflow, fn } from "compozy"
 *
 * export const shout = defineWorkflow({ id: "shout", input: Schema.Struct({ text: Schema.String }) }, ({ input }) =>
 *   fn("upper", [input.text], (text) => text.toUpperCase())
 * )
 * ```
 */
export const fn = <const A extends ReadonlyArray<unknown>, O>(
  name: string,
  args: A,
  f: (...args: { -readonly [K in keyof A]: Outcome<A[K]> }) => O & Checked<Awaited<O>>
): Ref<Outcome<Awaited<O>>> => {
  const at = placeOf(fn)
  const what = `fn(${JSON.stringify(name)})`
  const { build, block } = open(what, at)
  checkId("a fn", name, at)
  if (typeof f !== "function")
    throw invalidArgument(`The last argument of ${what} is not a function`, "give a function", at)
  if (!Array.isArray(args))
    throw invalidArgument(`The second argument of ${what} is not an array`, "give an array of references", at)
  const templates = args.map((arg, index) =>
    use(build, block, arg, `the argument ${index + 1} of ${what}`, at)
  )
  const id = automaticId(block, name, f, at)
  const path = block.prefix + id
  // Arguments reach it as JSON of the types that `f` declares.
  const key = register(
    build.functions,
    `${build.workflow}/${path}`,
    f as (...args: ReadonlyArray<unknown>) => unknown
  )
  const task: TaskDefinition = {
    type: "fn",
    id,
    path,
    ...(at === undefined ? {} : { source: at }),
    name: key,
    args: templates.map(({ expression }) => expression)
  }
  return record(build, block, task, unknownShape, at) as Ref<Outcome<Awaited<O>>>
}

/**
 * Types a value of which nothing is known: it is checked against the schema when the workflow runs, as a local
 * activity recorded where it is called, and fails the workflow where it does not fit. The result is the schema's
 * JSON side.
 *
 * @param schema its encoded side has to be JSON
 * @param value a reference, usually to an unknown
 * @returns a reference to the checked value
 * @throws DefinitionError outside of a build function
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { decode, defineWorkflow } from "compozy"
 *
 * const City = Schema.Struct({ city: Schema.String })
 *
 * export const where = defineWorkflow({ id: "where", input: Schema.Struct({ any: Schema.Unknown }) }, ({ input }) =>
 *   decode(City, input.any).city
 * )
 * ```
 */
export const decode = <S extends PlainSchema>(
  schema: S & Checked<S["Encoded"]>,
  value: unknown
): Ref<S["Encoded"]> => {
  const at = placeOf(decode)
  const { build, block } = open("decode", at)
  checkSchema(schema, "The schema of decode", at)
  const { expression } = use(build, block, value, "the value of decode", at)
  const id = automaticId(block, "decode#", undefined, at)
  const path = block.prefix + id
  const task: TaskDefinition = {
    type: "decode",
    id,
    path,
    ...(at === undefined ? {} : { source: at }),
    name: register(build.decoders, `${build.workflow}/${path}`, schema),
    value: expression
  }
  return record(build, block, task, shapeOf(schema), at) as Ref<S["Encoded"]>
}

const open = (what: string, at: string | undefined): { readonly build: Build; readonly block: Block } => {
  const build = currentBuild()
  const block = openBlock(build, what, at)
  if (build === undefined) throw new Error("openBlock refuses a missing build")
  checkComputes(block, what, at)
  return { build, block }
}

const use = (build: Build, block: Block, value: unknown, what: string, at: string | undefined): Template => {
  const template = templateOf(value, what, at)
  checkOrigins(build, block, template.origins, at)
  return template
}

/** `name`, then `name#2` and so on for the same function; `decode#` is numbered from 1. */
const automaticId = (block: Block, name: string, f: unknown, at: string | undefined): string => {
  const used = block.functions.get(name)
  if (used === undefined ? block.ids.has(name) : used.f !== f) {
    throw definitionError({
      code: "COMPOZY_DEFINITION_ID_DUPLICATE",
      problem: `Two tasks of ${block.name} have the id "${name}"`,
      fix: "give one of them another id, or use one function for both (declared outside of the build function)",
      places: [
        { what: "again at", at },
        { what: "first at", at: block.ids.get(name) }
      ]
    })
  }
  const uses = (used?.uses ?? 0) + 1
  block.functions.set(name, { f, uses })
  const id = name.endsWith("#") ? `${name}${uses}` : uses === 1 ? name : `${name}#${uses}`
  block.ids.set(id, at)
  return id
}

/** The key itself, or numbered where another block has the same path (two routes of one router). */
const register = <A>(map: Map<string, A>, key: string, value: A): string => {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? key : `${key}#${number}`
    const taken = map.get(candidate)
    if (taken !== undefined && taken !== value) continue
    map.set(candidate, value)
    return candidate
  }
}

const record = (
  build: Build,
  block: Block,
  task: TaskDefinition,
  shape: Shape,
  at: string | undefined
): unknown => {
  block.tasks.push(task)
  return makeReference({
    expression: { $ref: { from: "task", path: task.path } },
    shape,
    origins: [{ build, block, what: `the result of "${task.path}"`, at }],
    label: task.id
  })
}
