/**
 * What a build records into: the open blocks of a workflow, the ids that they have used, and the rules of which
 * block may use what another one made.
 */
import type { TaskDefinition } from "./Definition.ts"
import { definitionError, type MaybePlace } from "./DefinitionError.ts"
import type { PlainCodec } from "./PlainSchema.ts"
import type { AnySignal } from "./Signal.ts"
import type { AnyTool } from "./Tool.ts"
import type { AnyWorkflow, WorkflowFunction } from "./Workflow.ts"

/** A block that records tasks: the workflow's own, a route, a branch, a body. */
export interface Block {
  readonly parent: Block | undefined
  /** For messages: `the route "happy" of "reply"`. */
  readonly name: string
  /** What the paths of its tasks begin with: "" or `reply.`. */
  readonly prefix: string
  /** The places of its tasks by id. */
  readonly ids: Map<string, string | undefined>
  /** The functions of its `fn` tasks by name, and how often each was used. */
  readonly functions: Map<string, { readonly f: unknown; uses: number }>
  readonly tasks: Array<TaskDefinition>
  /** The path of the parallel task that this is a branch of. */
  readonly branchOf: string | undefined
  /** What it computes where it may not run tasks: `the filter of "reports"`. */
  readonly computes: boolean
}

/** The recording of one workflow. */
export interface Build {
  readonly workflow: string
  readonly at: string | undefined
  readonly root: Block
  /** The innermost open block; undefined once the build function has returned. */
  current: Block | undefined
  readonly tools: Map<string, Named<AnyTool>>
  readonly workflows: Map<string, Named<AnyWorkflow>>
  readonly signals: Map<string, Named<AnySignal>>
  readonly functions: Map<string, WorkflowFunction>
  readonly decoders: Map<string, PlainCodec>
}

/** What a definition names, and where it did first. */
export interface Named<A> {
  readonly value: A
  readonly at: string | undefined
}

/** Where a reference comes from. */
export interface Origin extends MaybePlace {
  readonly build: Build
  readonly block: Block
}

/** Begins a build. */
export const startBuild = (workflow: string, at: string | undefined): Build => {
  const root: Block = {
    parent: undefined,
    name: `the workflow "${workflow}"`,
    prefix: "",
    ids: new Map(),
    functions: new Map(),
    tasks: [],
    branchOf: undefined,
    computes: false
  }
  return {
    workflow,
    at,
    root,
    current: root,
    tools: new Map(),
    workflows: new Map(),
    signals: new Map(),
    functions: new Map(),
    decoders: new Map()
  }
}

/** Runs `body` with `block` as the innermost open one. */
export const within = <A>(build: Build, block: Block, body: () => A): A => {
  const outer = build.current
  build.current = block
  try {
    return body()
  } finally {
    build.current = outer
  }
}

const slot = Symbol.for("compozy/build/1")

/** Where every loaded copy of the package finds the build that is going on. */
const shared: typeof globalThis & { [slot]?: Build | undefined } = globalThis

/** The build that is going on. */
export const currentBuild = (): Build | undefined => shared[slot]

/** Runs `body` as the build that is going on. */
export const during = <A>(build: Build, body: () => A): A => {
  const outer = shared[slot]
  shared[slot] = build
  try {
    return body()
  } finally {
    shared[slot] = outer
    build.current = undefined
  }
}

/** The open block of a build that is still going on. */
export const openBlock = (build: Build | undefined, what: string, at: string | undefined): Block => {
  if (build?.current !== undefined) return build.current
  throw definitionError({
    code: "COMPOZY_DEFINITION_OUTSIDE_BUILD",
    problem:
      build === undefined
        ? `${what} is called outside of a workflow's build function`
        : `${what} is called after the build function of "${build.workflow}" has returned`,
    fix: "call it inside the function that is given to defineWorkflow, synchronously (not in a callback or after an await)",
    places: [
      { what: "called at", at },
      { what: `the workflow "${build?.workflow ?? ""}"`, at: build?.at }
    ]
  })
}

/** Takes an id in a block, and gives the path of the task. */
export const takeId = (block: Block, id: string, at: string | undefined): string => {
  if (block.ids.has(id)) {
    throw definitionError({
      code: "COMPOZY_DEFINITION_ID_DUPLICATE",
      problem: `Two tasks of ${block.name} have the id "${id}"`,
      fix: "give one of them another id, or put it into a task.group of its own",
      places: [
        { what: "again at", at },
        { what: "first at", at: block.ids.get(id) }
      ]
    })
  }
  block.ids.set(id, at)
  return block.prefix + id
}

/** Refuses origins that are not there, or have not run, where `block` uses them. */
export const checkOrigins = (
  build: Build,
  block: Block,
  origins: ReadonlyArray<Origin>,
  at: string | undefined
): void => {
  for (const origin of origins) {
    if (origin.build !== build) {
      throw definitionError({
        code: "COMPOZY_DEFINITION_REFERENCE_FOREIGN",
        problem: `The workflow "${build.workflow}" uses ${origin.what} of the workflow "${origin.build.workflow}"`,
        fix: "pass the value as input (task.workflow), or make it with a task of this workflow",
        places: [
          { what: "used at", at },
          { what: "made at", at: origin.at }
        ]
      })
    }
    const lineage = lineageOf(block)
    if (lineage.includes(origin.block)) continue
    const branch = lineageOf(origin.block).find(
      (ancestor) =>
        ancestor.branchOf !== undefined &&
        !lineage.includes(ancestor) &&
        lineage.some((other) => other.branchOf === ancestor.branchOf)
    )
    throw branch === undefined
      ? definitionError({
          code: "COMPOZY_DEFINITION_REFERENCE_OUT_OF_SCOPE",
          problem: `${block.name} uses ${origin.what}, which belongs to ${origin.block.name} and may not exist here`,
          fix: "return the value from that block, and use the result of the task that the block belongs to",
          places: [
            { what: "used at", at },
            { what: "made at", at: origin.at }
          ]
        })
      : definitionError({
          code: "COMPOZY_DEFINITION_REFERENCE_BETWEEN_BRANCHES",
          problem: `${block.name} uses ${origin.what} of ${origin.block.name}, which runs at the same time`,
          fix: "do what both need before the parallel, or what needs both after it, from its result",
          places: [
            { what: "used at", at },
            { what: "made at", at: origin.at }
          ]
        })
  }
}

const lineageOf = (block: Block): ReadonlyArray<Block> =>
  block.parent === undefined ? [block] : [block, ...lineageOf(block.parent)]

/** Refuses a task where only a value is computed. */
export const checkComputes = (block: Block, name: string, at: string | undefined): void => {
  if (!block.computes) return
  throw definitionError({
    code: "COMPOZY_DEFINITION_TASK_MISPLACED",
    problem: `${name} is called in ${block.name}, which computes a value and runs no tasks`,
    fix: "use operators here (eq, and, includes ...), and run tasks before it or in a block",
    places: [{ what: "called at", at }]
  })
}
