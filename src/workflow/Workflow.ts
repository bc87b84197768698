/**
 * A workflow: its recorded definition, which is plain JSON, and beside it what only a process can hold: the
 * tools, functions, schemas, signals and child workflows that the definition names.
 */
import type * as Context from "effect/Context"
import type { Json, WorkflowDefinition } from "./Definition.ts"
import type { PlainCodec } from "./PlainSchema.ts"
import type { Shape } from "./Shape.ts"
import type { AnySignal } from "./Signal.ts"
import type { AnyTool } from "./Tool.ts"

/** The brand of a workflow: `Symbol.for("compozy/Workflow")`. */
export const WorkflowTypeId: unique symbol = Symbol.for("compozy/Workflow")

/** The format of the value behind {@link WorkflowTypeId}. */
interface WorkflowBrand {
  readonly format: 1
  /** What is known of the output, for the workflows that run this one as a child. */
  readonly shape: Shape
}

/** A function of the process that a workflow names (`fn`): it gets and gives JSON. */
export type WorkflowFunction = (...args: ReadonlyArray<Json>) => unknown

/**
 * A workflow. `I` and `O` are the JSON sides of its input and output, `R` the services that its tools and its
 * children's tools need.
 */
export interface Workflow<in I, out O, out R = never> {
  readonly [WorkflowTypeId]: WorkflowBrand
  /** Types only; never there. */
  readonly "~types"?: { readonly input: (input: I) => void; readonly output: O; readonly services: R }
  readonly id: string
  /** The recorded form: plain JSON. */
  readonly definition: WorkflowDefinition
  /** Checks the input at the edge; its encoded side is what the workflow sees. */
  readonly input: PlainCodec
  /** Checks the output at the end, where one was given. */
  readonly output: PlainCodec | undefined
  /** The tools that this definition names, by id (not those of its children). */
  readonly tools: { readonly [id: string]: AnyTool }
  /** The functions of `fn`, by the `name` in their tasks. */
  readonly functions: { readonly [name: string]: WorkflowFunction }
  /** The schemas of `decode`, by the `name` in their tasks. A value is decoded, and its encoded side is the result. */
  readonly decoders: { readonly [name: string]: PlainCodec }
  /** The child workflows that this definition names, by id. */
  readonly workflows: { readonly [id: string]: AnyWorkflow }
  /** The signals that it waits for or sends, by id. */
  readonly signals: { readonly [id: string]: AnySignal }
  /** The tags listed in `services`. */
  readonly services: ReadonlyArray<Context.Key<R, unknown>>
}

/** Any workflow. */
export type AnyWorkflow = Workflow<never, unknown, unknown>

/**
 * Whether a value is a workflow, from whichever copy of the package.
 *
 * @example
 * ```ts
 * import { isWorkflow } from "compozy"
 *
 * isWorkflow({}) // => false
 * ```
 */
export const isWorkflow = (value: unknown): value is AnyWorkflow =>
  typeof value === "object" && value !== null && WorkflowTypeId in value
