/**
 * The recording side of tasks: what the `task` object of a build function does. It works on shapes and templates;
 * the types that users see are those of `Task.ts`.
 */
import type * as Duration from "effect/Duration"
import { choiceOf, invalidArgument, millisOf, numberOf, workOptionNames, workOptionsOf } from "./Arguments.ts"
import type { Block, Build } from "./Block.ts"
import type { Expression, Strategy } from "./Definition.ts"
import { definitionError } from "./DefinitionError.ts"
import { checkId } from "./Id.ts"
import { nodeOf } from "./ReferenceProxy.ts"
import { checkRoutes } from "./Routes.ts"
import {
  elementOf,
  literalsOf,
  nullShape,
  numberShape,
  type Shape,
  shapeOf,
  stringShape,
  unionOf
} from "./Shape.ts"
import { type AnySignal, SignalTypeId } from "./Signal.ts"
import { type Api, type BlockFunction, Step } from "./Step.ts"
import type { ConditionOption, Task, WorkTaskOptions } from "./Task.ts"
import { type AnyTool, ToolTypeId } from "./Tool.ts"
import { type AnyWorkflow, isWorkflow, WorkflowTypeId } from "./Workflow.ts"

/** Keeps what a definition names; two different ones of one id are refused. */
const keep = <A extends { readonly id: string }>(
  map: Map<string, { readonly value: A; readonly at: string | undefined }>,
  kind: string,
  value: A,
  at: string | undefined
): string => {
  const known = map.get(value.id)
  if (known !== undefined && known.value !== value) {
    throw definitionError({
      code: "COMPOZY_DEFINITION_NAME_CONFLICT",
      problem: `Two different ${kind}s have the id "${value.id}"`,
      fix: `give one of the ${kind}s another id`,
      places: [
        { what: "used at", at },
        { what: "the other one is used at", at: known.at }
      ]
    })
  }
  if (known === undefined) map.set(value.id, { value, at })
  return value.id
}

const isBranded = (value: unknown, brand: symbol): boolean =>
  typeof value === "object" && value !== null && Object.hasOwn(value, brand)

const errorShape: Shape = {
  tag: "object",
  fields: new Map(["path", "message", "code", "type"].map((name) => [name, stringShape]))
}

const collectionNames = [
  "when",
  "items",
  "each",
  "filter",
  "mode",
  "batch",
  "strategy",
  "maxWorkers"
] as const

/** The `task` object of a build. */
export const makeTask = <R>(build: Build): Task<R> => {
  const step = (api: Api, kind: string, id: string): Step => new Step(build, api, kind, id)

  const tool = (
    id: string,
    value: AnyTool,
    input: unknown,
    options: WorkTaskOptions<unknown> = {}
  ): unknown => {
    const self = step(tool, "tool", id)
    if (!isBranded(value, ToolTypeId)) {
      throw invalidArgument(`The tool of ${self.name} is not a tool`, "make it with defineTool", self.at)
    }
    return self.record(
      {
        type: "tool",
        ...self.base(options, workOptionNames),
        tool: keep(build.tools, "tool", value, self.at),
        input: self.fit(input, value.input, `the input of ${self.name}`),
        ...workOptionsOf(options, self.name, self.at)
      },
      shapeOf(value.output)
    )
  }

  const router = (id: string, on: unknown, routes: { readonly [value: string]: BlockFunction }): unknown => {
    const self = step(router, "router", id)
    const value = self.use(on, `the value of ${self.name}`)
    checkRoutes(self, literalsOf(value.shape), routes)
    const recorded = Object.entries(routes).map(
      ([name, route]) => [name, self.run(`the route "${name}" of "${self.path}"`, route)] as const
    )
    const blocks = recorded.flatMap(([name, { block }]) =>
      name === "default" ? [] : [[name, block] as const]
    )
    const fallback = recorded.find(([name]) => name === "default")
    return self.record(
      {
        type: "router",
        ...self.base(),
        on: value.expression,
        routes: Object.fromEntries(blocks),
        ...(fallback === undefined ? {} : { default: fallback[1].block })
      },
      unionOf(recorded.map(([, { shape }]) => shape))
    )
  }

  const when = (id: string, condition: unknown, then: BlockFunction, otherwise?: BlockFunction): unknown => {
    const self = step(when, "when", id)
    const { expression } = self.use(condition, `the condition of ${self.name}`)
    const yes = self.run(`the then of "${self.path}"`, then)
    const no = otherwise === undefined ? undefined : self.run(`the otherwise of "${self.path}"`, otherwise)
    return self.record(
      {
        type: "when",
        ...self.base(),
        condition: expression,
        // oxlint-disable-next-line unicorn/no-thenable -- data: it is a block, never a function
        then: yes.block,
        ...(no === undefined ? {} : { otherwise: no.block })
      },
      unionOf([yes.shape, no?.shape ?? nullShape])
    )
  }

  const parallel = (
    id: string,
    branches: { readonly [name: string]: BlockFunction },
    options: ConditionOption<unknown> & { readonly strategy?: Strategy; readonly maxWorkers?: number } = {}
  ): unknown => {
    const self = step(parallel, "parallel", id)
    const strategy = choiceOf(
      options.strategy ?? "waitAll",
      ["waitAll", "failFast", "bestEffort", "race"],
      `strategy of ${self.name}`,
      self.at
    )
    const recorded = Object.entries(branches).map(([name, branch]) => {
      checkId(`a branch of ${self.name}`, name, self.at)
      const prefix = `${self.path}.${name}.`
      return [
        name,
        self.run(`the branch "${name}" of "${self.path}"`, branch, { prefix, branchOf: self.path })
      ] as const
    })
    if (recorded.length === 0) {
      throw invalidArgument(
        `${self.name} has no branches`,
        "give it an object of functions, one a branch",
        self.at
      )
    }
    return self.record(
      {
        type: "parallel",
        ...self.base(options, ["when", "strategy", "maxWorkers"]),
        branches: Object.fromEntries(recorded.map(([name, { block }]) => [name, block])),
        strategy,
        ...workersOf(options, self)
      },
      parallelShape(
        strategy,
        recorded.map(([name, { shape }]) => [name, shape])
      )
    )
  }

  const collection = (
    id: string,
    options: ConditionOption<unknown> & {
      readonly items: unknown
      readonly each: BlockFunction
      readonly filter?: BlockFunction
      readonly mode?: "parallel" | "sequential"
      readonly batch?: number
      readonly strategy?: Exclude<Strategy, "race">
      readonly maxWorkers?: number
    }
  ): unknown => {
    const self = step(collection, "collection", id)
    const items = self.use(options.items, `the items of ${self.name}`)
    const element = elementOf(items.shape)
    if (element === undefined) {
      throw definitionError({
        code: "COMPOZY_DEFINITION_MISMATCH",
        problem: `The items of ${self.name} are not an array`,
        fix: "give it an array, or a reference to one",
        places: [{ what: "given at", at: self.at }]
      })
    }
    const scope = (block: Block): object => ({
      item: self.given("item", block, element),
      index: self.given("index", block, numberShape)
    })
    const strategy = choiceOf(
      options.strategy ?? "waitAll",
      ["waitAll", "failFast", "bestEffort"],
      `strategy of ${self.name}`,
      self.at
    )
    const filter =
      options.filter === undefined
        ? undefined
        : self.run(`the filter of "${self.path}"`, options.filter, { computes: true, scope })
    const each = self.run(`the body of "${self.path}"`, options.each, { scope })
    return self.record(
      {
        type: "collection",
        ...self.base(options, collectionNames),
        items: items.expression,
        ...(filter === undefined ? {} : { filter: filter.block.result }),
        each: each.block,
        mode: choiceOf(
          options.mode ?? "parallel",
          ["parallel", "sequential"],
          `mode of ${self.name}`,
          self.at
        ),
        ...(options.batch === undefined
          ? {}
          : { batch: numberOf(options.batch, 1, true, `batch of ${self.name}`, self.at) }),
        strategy,
        ...workersOf(options, self)
      },
      { tag: "array", item: strategy === "bestEffort" ? unionOf([each.shape, nullShape]) : each.shape }
    )
  }

  const sleep = (id: string, duration: Duration.Input, options: ConditionOption<unknown> = {}): void => {
    const self = step(sleep, "sleep", id)
    const expression = durationOf(self, duration, "the duration")
    self.record({ type: "sleep", ...self.base(options), duration: expression }, nullShape)
  }

  const wait = (
    id: string,
    options: ConditionOption<unknown> & {
      readonly signal: AnySignal
      readonly until?: BlockFunction
      readonly timeout?: Duration.Input
      readonly onTimeout?: BlockFunction
    }
  ): unknown => {
    const self = step(wait, "wait", id)
    checkSignal(self, options.signal)
    const payload = shapeOf(options.signal.payload)
    const scope = (block: Block): object => ({ signal: self.given("signal", block, payload) })
    const until =
      options.until === undefined
        ? undefined
        : self.run(`the until of "${self.path}"`, options.until, { computes: true, scope })
    if (options.onTimeout !== undefined && options.timeout === undefined) {
      throw invalidArgument(`${self.name} has an onTimeout but no timeout`, "give it a timeout", self.at)
    }
    const late =
      options.onTimeout === undefined
        ? undefined
        : self.run(`the onTimeout of "${self.path}"`, options.onTimeout)
    return self.record(
      {
        type: "wait",
        ...self.base(options, ["when", "signal", "until", "timeout", "onTimeout"]),
        signal: keep(build.signals, "signal", options.signal, self.at),
        ...(until === undefined ? {} : { until: until.block.result }),
        ...(options.timeout === undefined
          ? {}
          : { timeout: durationOf(self, options.timeout, "the timeout") }),
        ...(late === undefined ? {} : { onTimeout: late.block })
      },
      late === undefined ? payload : unionOf([payload, late.shape])
    )
  }

  const signal = (
    id: string,
    options: ConditionOption<unknown> & {
      readonly execution: unknown
      readonly signal: AnySignal
      readonly payload: unknown
    }
  ): void => {
    const self = step(signal, "signal", id)
    checkSignal(self, options.signal)
    self.record(
      {
        type: "signal",
        ...self.base(options, ["when", "execution", "signal", "payload"]),
        execution: self.use(options.execution, `the execution of ${self.name}`).expression,
        signal: keep(build.signals, "signal", options.signal, self.at),
        payload: self.fit(options.payload, options.signal.payload, `the payload of ${self.name}`)
      },
      nullShape
    )
  }

  const workflow = (
    id: string,
    value: AnyWorkflow,
    input: unknown,
    options: WorkTaskOptions<unknown> & { readonly mode?: "wait" | "start" } = {}
  ): unknown => {
    const self = step(workflow, "workflow", id)
    if (!isWorkflow(value)) {
      throw invalidArgument(
        `The workflow of ${self.name} is not a workflow`,
        "make it with defineWorkflow",
        self.at
      )
    }
    const mode = choiceOf(options.mode ?? "wait", ["wait", "start"], `mode of ${self.name}`, self.at)
    return self.record(
      {
        type: "workflow",
        ...self.base(options, [...workOptionNames, "mode"]),
        workflow: keep(build.workflows, "workflow", value, self.at),
        input: self.fit(input, value.input, `the input of ${self.name}`),
        mode,
        ...workOptionsOf(options, self.name, self.at)
      },
      mode === "start" ? stringShape : shapeOfOutput(value)
    )
  }

  const group = (id: string, block: BlockFunction): unknown => {
    const self = step(group, "group", id)
    const recorded = self.run(`the group "${self.path}"`, block)
    return self.record({ type: "group", ...self.base(), block: recorded.block }, recorded.shape)
  }

  const attempt = (
    id: string,
    block: BlockFunction,
    options: { readonly onError: BlockFunction }
  ): unknown => {
    const self = step(attempt, "attempt", id)
    const tried = self.run(`the attempt "${self.path}"`, block)
    const handled = self.run(`the onError of "${self.path}"`, options.onError, {
      // Both may run in one execution: their ids have to differ for their paths to.
      sharing: tried.scope,
      scope: (inner) => ({ error: self.given("error", inner, errorShape) })
    })
    return self.record(
      { type: "attempt", ...self.base(), block: tried.block, onError: handled.block },
      unionOf([tried.shape, handled.shape])
    )
  }

  const fail = (id: string, message: unknown, options: { readonly error?: string } = {}): unknown => {
    const self = step(fail, "fail", id)
    return self.record(
      {
        type: "fail",
        ...self.base(),
        message: self.use(message, `the message of ${self.name}`).expression,
        ...(options.error === undefined ? {} : { error: options.error })
      },
      unionOf([])
    )
  }

  const recorder = {
    tool,
    router,
    when,
    parallel,
    collection,
    sleep,
    wait,
    signal,
    workflow,
    group,
    attempt,
    fail
  }
  // The one place where what is recorded gets the types of `Task`: they say what the shapes say at run time.
  return recorder as unknown as Task<R>
}

const shapeOfOutput = (workflow: AnyWorkflow): Shape => workflow[WorkflowTypeId].shape

const workersOf = (options: { readonly maxWorkers?: number }, self: Step): { readonly maxWorkers?: number } =>
  options.maxWorkers === undefined
    ? {}
    : { maxWorkers: numberOf(options.maxWorkers, 1, true, `maxWorkers of ${self.name}`, self.at) }

const parallelShape = (strategy: Strategy, branches: ReadonlyArray<readonly [string, Shape]>): Shape => {
  if (strategy === "race") {
    return unionOf(
      branches.map(([name, output]): Shape => ({
        tag: "object",
        fields: new Map<string, Shape>([
          ["winner", { tag: "literal", value: name }],
          ["output", output]
        ])
      }))
    )
  }
  return {
    tag: "object",
    fields: new Map(
      branches.map(([name, shape]) => [name, strategy === "bestEffort" ? unionOf([shape, nullShape]) : shape])
    )
  }
}

/** A literal duration is milliseconds; a reference is read when the workflow runs. */
const durationOf = (self: Step, duration: Duration.Input, what: string): Expression =>
  nodeOf(duration) === undefined
    ? millisOf(duration, `${what} of ${self.name}`, self.at)
    : self.use(duration, `${what} of ${self.name}`).expression

const checkSignal = (self: Step, signal: unknown): void => {
  if (isBranded(signal, SignalTypeId)) return
  throw invalidArgument(`The signal of ${self.name} is not a signal`, "make it with defineSignal", self.at)
}
