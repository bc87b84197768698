/**
 * One task while it is being recorded: its id and place, the values that it uses, and the blocks that belong to it.
 */
import { checkBlock, checkKeys } from "./Arguments.ts"
import {
  type Block,
  type Build,
  checkComputes,
  checkOrigins,
  openBlock,
  type Origin,
  takeId,
  within
} from "./Block.ts"
import type { Block as BlockDefinition, Expression, Source, TaskBase, TaskDefinition } from "./Definition.ts"
import { definitionError } from "./DefinitionError.ts"
import { misfitOf } from "./Fit.ts"
import { checkId } from "./Id.ts"
import { placeOf } from "./Place.ts"
import type { PlainCodec } from "./PlainSchema.ts"
import { makeReference } from "./ReferenceProxy.ts"
import { nullShape, type Shape, shapeOf, unionOf } from "./Shape.ts"
import type { ConditionOption } from "./Task.ts"
import { isThenable, type Template, templateOf } from "./Template.ts"

/** A function that users call: where it was called is where the task stands. */
export type Api = (...args: never) => unknown

/** The function of a block, whose types are not known here. */
export type BlockFunction = (scope: object) => unknown

interface Recorded {
  readonly block: BlockDefinition
  readonly shape: Shape
}

/** A task that is being recorded. */
export class Step {
  readonly build: Build
  readonly block: Block
  readonly id: string
  readonly path: string
  readonly at: string | undefined
  /** For messages: `task.tool("greeting")`. */
  readonly name: string

  constructor(build: Build, api: Api, kind: string, id: string) {
    this.at = placeOf(api)
    this.name = `task.${kind}(${JSON.stringify(id)})`
    this.block = openBlock(build, this.name, this.at)
    this.build = build
    checkComputes(this.block, this.name, this.at)
    checkId(`a task.${kind}`, id, this.at)
    this.id = id
    this.path = takeId(this.block, id, this.at)
  }

  /** What every task has. `known` are the names that its options may have. */
  base(options?: ConditionOption<unknown>, known: ReadonlyArray<string> = ["when"]): TaskBase {
    if (options !== undefined) checkKeys(options, known, `the options of ${this.name}`, this.at)
    return {
      id: this.id,
      path: this.path,
      ...(options?.when === undefined
        ? {}
        : { when: this.use(options.when, `when of ${this.name}`).expression }),
      ...(this.at === undefined ? {} : { source: this.at })
    }
  }

  /** A value that the task uses, checked to exist here. */
  use(value: unknown, what: string, block: Block = this.block): Template {
    const template = templateOf(value, what, this.at)
    checkOrigins(this.build, block, template.origins, this.at)
    return template
  }

  /** A value that has to fit a schema. */
  fit(value: unknown, schema: PlainCodec, what: string): Expression {
    const template = this.use(value, what)
    const misfit = misfitOf(template.shape, shapeOf(schema))
    if (misfit === undefined) return template.expression
    throw definitionError({
      code: "COMPOZY_DEFINITION_MISMATCH",
      problem: `${what} does not fit its schema${misfit.path === "" ? "" : ` at "${misfit.path}"`}: it is ${misfit.found}, where ${misfit.expected} is expected`,
      fix: "give it what the schema expects (coalesce(reference, value) where a value may be absent)",
      places: [{ what: "given at", at: this.at }]
    })
  }

  /** Records the blocks that belong to the task. */
  run(
    name: string,
    body: unknown,
    options: {
      readonly prefix?: string
      readonly branchOf?: string
      readonly computes?: boolean
      readonly sharing?: Block
      readonly scope?: (block: Block) => object
    } = {}
  ): Recorded & { readonly scope: Block } {
    checkBlock(body, name, this.at)
    const inner: Block = {
      parent: this.block,
      name,
      prefix: options.prefix ?? `${this.path}.`,
      ids: options.sharing?.ids ?? new Map(),
      functions: options.sharing?.functions ?? new Map(),
      tasks: [],
      branchOf: options.branchOf,
      computes: options.computes ?? false
    }
    return within(this.build, inner, () => {
      const value = (body as BlockFunction)(options.scope?.(inner) ?? {})
      if (isThenable(value)) {
        Promise.resolve(value).catch(() => undefined)
        throw definitionError({
          code: "COMPOZY_DEFINITION_ASYNC",
          problem: `${name} is async`,
          fix: "take the async and the await away: tasks run in the order written, and what they give needs no await",
          places: [{ what: "given at", at: this.at }]
        })
      }
      const result = this.use(value, `the result of ${name}`, inner)
      return { block: { tasks: inner.tasks, result: result.expression }, shape: result.shape, scope: inner }
    })
  }

  /** A reference to what a block is given. */
  given(from: "item" | "index" | "signal" | "error", block: Block, shape: Shape): unknown {
    const source: Source = { from, path: this.path }
    const origin: Origin = { build: this.build, block, what: `the ${from} of "${this.path}"`, at: this.at }
    return makeReference({ expression: { $ref: source }, shape, origins: [origin], label: from })
  }

  /** Records the task, and gives the reference to its result. */
  record(task: TaskDefinition, shape: Shape): unknown {
    this.block.tasks.push(task)
    return makeReference({
      expression: { $ref: { from: "task", path: this.path } },
      shape: task.when === undefined ? shape : unionOf([shape, nullShape]),
      origins: [{ build: this.build, block: this.block, what: `the result of "${this.path}"`, at: this.at }],
      label: this.id
    })
  }
}
