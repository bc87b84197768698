/**
 * Makes a workflow: runs its build function once and records what it does.
 */
import type * as Context from "effect/Context"
import { checkBlock } from "./Arguments.ts"
import { type Build, checkOrigins, during, type Named, startBuild } from "./Block.ts"
import { checkId } from "./Id.ts"
import { definitionFormat, type WorkflowDefinition } from "./Definition.ts"
import { definitionError } from "./DefinitionError.ts"
import { misfitOf } from "./Fit.ts"
import { placeOf } from "./Place.ts"
import type { PlainSchema } from "./PlainSchema.ts"
import { makeTask } from "./Recorder.ts"
import type { Checked, Outcome, Ref, Val } from "./Reference.ts"
import { makeReference } from "./ReferenceProxy.ts"
import { checkSchema, jsonSchemaOf, jsonSchemaOfShape } from "./SchemaJson.ts"
import { type Shape, shapeOf } from "./Shape.ts"
import type { Task } from "./Task.ts"
import { isThenable, type Template, templateOf } from "./Template.ts"
import { type Workflow, WorkflowTypeId } from "./Workflow.ts"

type IdentifierOf<S> = S extends Context.Key<infer I, unknown> ? I : never

/** What a build function is given. */
export interface BuildScope<I, R> {
  /** A reference to the workflow's input, on its JSON side. */
  readonly input: Ref<I>
  /** Records tasks into the innermost open block. */
  readonly task: Task<R>
}

/** The options of {@link defineWorkflow}. */
export interface WorkflowOptions<IS, OS, S> {
  /** A letter, then up to 63 letters, digits, `_` or `-`. */
  readonly id: string
  /** What it does, for people. */
  readonly description?: string
  /** Shown beside the id; it changes nothing. */
  readonly version?: string
  /** Checks the input at the edge; its encoded side has to be JSON, and is what the workflow sees. */
  readonly input: IS
  /** Checks the output at the end. Without it the JSON Schema of the output is derived. */
  readonly output?: OS
  /** The services that its tools need, beyond those that Compozy gives. */
  readonly services?: S
}

/** What the build function's result has to be where an output schema is given. */
type Fits<OS> = [OS] extends [PlainSchema] ? Val<OS["Encoded"]> : unknown

/** The JSON side of a workflow's output. */
type OutputOf<OS, V> = [OS] extends [PlainSchema] ? OS["Encoded"] : Outcome<V>

/**
 * Defines a workflow. The build function runs once, now, synchronously; it is given references to values that
 * exist only when the workflow runs, records tasks in the order written, and returns the output: a literal, a
 * reference, or a structure of both.
 *
 * @param options.id unique among the workflows of a configuration
 * @param options.input the schema of the input; `input` in the build function is its JSON side
 * @param options.output the schema of the output: what the build function returns has to fit its JSON side
 * @param options.services the tags of the services that the tools need
 * @param build records the tasks and returns the output
 * @throws DefinitionError where the definition is wrong: with the code, the places and the fix
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { defineTool, defineWorkflow, text } from "compozy"
 *
 * const greet = defineTool({
 *   id: "greet",
 *   input: Schema.Struct({ name: Schema.String }),
 *   output: Schema.Struct({ message: Schema.String }),
 *   run: ({ name }) => ({ message: `Hello, ${name}` })
 * })
 *
 * export const hello = defineWorkflow(
 *   { id: "hello", input: Schema.Struct({ name: Schema.String }) },
 *   ({ input, task }) => {
 *     const greeting = task.tool("greeting", greet, { name: text`dear ${input.name}` })
 *     return { said: greeting.message }
 *   }
 * )
 * ```
 */
export const defineWorkflow = <
  IS extends PlainSchema,
  const V,
  OS extends PlainSchema | undefined = undefined,
  const S extends ReadonlyArray<Context.Key<unknown, unknown>> = []
>(
  options: WorkflowOptions<IS & Checked<IS["Encoded"]>, OS & CheckedOutput<OS>, S>,
  build: (scope: BuildScope<IS["Encoded"], IdentifierOf<S[number]>>) => V & Checked<V> & Fits<OS>
): Workflow<IS["Encoded"], OutputOf<OS, V>, IdentifierOf<S[number]>> => {
  const at = placeOf(defineWorkflow)
  checkId("a workflow", options.id, at)
  const name = `the workflow "${options.id}"`
  checkSchema(options.input, `The input of ${name}`, at)
  if (options.output !== undefined) checkSchema(options.output, `The output of ${name}`, at)
  checkBlock(build, `The build function of ${name}`, at)

  const recording = startBuild(options.id, at)
  const result = during(recording, () => {
    const value = build({
      // The reference knows the same schema at run time.
      input: inputOf(recording, options.input) as Ref<IS["Encoded"]>,
      task: makeTask<IdentifierOf<S[number]>>(recording)
    })
    return resultOf(recording, value)
  })
  checkOutput(recording, options.output, result.shape)

  const definition: WorkflowDefinition = {
    format: definitionFormat,
    id: options.id,
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(options.version === undefined ? {} : { version: options.version }),
    input: jsonSchemaOf(options.input),
    output: options.output === undefined ? jsonSchemaOfShape(result.shape) : jsonSchemaOf(options.output),
    requires: {
      tools: [...recording.tools.keys()],
      functions: [...recording.functions.keys(), ...recording.decoders.keys()],
      workflows: [...recording.workflows.keys()],
      signals: [...recording.signals.keys()]
    },
    tasks: recording.root.tasks,
    result: result.expression
  }
  return {
    [WorkflowTypeId]: {
      format: 1,
      shape: options.output === undefined ? result.shape : shapeOf(options.output)
    },
    id: options.id,
    definition,
    input: options.input,
    output: options.output,
    tools: valuesOf(recording.tools),
    functions: Object.fromEntries(recording.functions),
    decoders: Object.fromEntries(recording.decoders),
    workflows: valuesOf(recording.workflows),
    signals: valuesOf(recording.signals),
    // Tags are only listed here; which services they stand for is in the type.
    services: (options.services ?? []) as ReadonlyArray<Context.Key<IdentifierOf<S[number]>, unknown>>
  }
}

type CheckedOutput<OS> = [OS] extends [PlainSchema] ? Checked<OS["Encoded"]> : unknown

const inputOf = (build: Build, schema: PlainSchema): unknown =>
  makeReference({
    expression: { $ref: { from: "input" } },
    shape: shapeOf(schema),
    origins: [{ build, block: build.root, what: "the input", at: build.at }],
    label: "input"
  })

const resultOf = (build: Build, value: unknown): Template => {
  if (isThenable(value)) {
    // It is refused: a rejection of it must not end the process beside that.
    Promise.resolve(value).catch(() => undefined)
    throw definitionError({
      code: "COMPOZY_DEFINITION_ASYNC",
      problem: `The build function of the workflow "${build.workflow}" is async`,
      fix: "take the async and the await away: tasks run in the order written, and what they give needs no await",
      places: [{ what: "given at", at: build.at }]
    })
  }
  const template = templateOf(value, `the result of the workflow "${build.workflow}"`, build.at)
  checkOrigins(build, build.root, template.origins, build.at)
  return template
}

const checkOutput = (build: Build, output: PlainSchema | undefined, shape: Shape): void => {
  const misfit = output === undefined ? undefined : misfitOf(shape, shapeOf(output))
  if (misfit === undefined) return
  throw definitionError({
    code: "COMPOZY_DEFINITION_MISMATCH",
    problem: `The result of the workflow "${build.workflow}" does not fit its output schema${misfit.path === "" ? "" : ` at "${misfit.path}"`}: it is ${misfit.found}, where ${misfit.expected} is expected`,
    fix: "return what the output schema says, or change the schema",
    places: [{ what: "given at", at: build.at }]
  })
}

const valuesOf = <A>(named: ReadonlyMap<string, Named<A>>): { readonly [id: string]: A } =>
  Object.fromEntries([...named].map(([id, { value }]) => [id, value]))
