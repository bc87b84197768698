/**
 * A tool: a typed, named piece of work that runs as one activity. `run` gets and gives the decoded side of its
 * schemas; histories, references and the API see the JSON side.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Cache } from "../services/Cache.ts"
import type { Store } from "../services/Store.ts"
import type { Temporal } from "../services/Temporal.ts"
import type { Activity, ToolContext } from "./Activity.ts"
import { checkId } from "./Id.ts"
import { placeOf } from "./Place.ts"
import type { PlainCodec, PlainSchema } from "./PlainSchema.ts"
import type { Checked } from "./Reference.ts"
import { checkSchema } from "./SchemaJson.ts"

/** The brand of a tool: `Symbol.for("compozy/Tool")`. */
export const ToolTypeId: unique symbol = Symbol.for("compozy/Tool")

/** The format of the value behind {@link ToolTypeId}. */
interface ToolBrand {
  readonly format: 1
}

/**
 * What Compozy gives to every tool and to the user's layer without being listed in `services`: the step's
 * scope, the {@link Activity}, and Compozy's own services.
 */
export type Given = Scope.Scope | Activity | SqlClient | Store | Cache | Temporal

/**
 * A tool. `I` and `O` are the JSON sides of its input and output, `R` the services that it needs beyond the
 * {@link Given} ones.
 */
export interface Tool<in I, out O, out R = never> {
  readonly [ToolTypeId]: ToolBrand
  /** Types only; never there. */
  readonly "~types"?: { readonly input: (input: I) => void; readonly output: O; readonly services: R }
  readonly id: string
  readonly description: string | undefined
  /** Decodes the JSON that a workflow gives into what `run` takes. */
  readonly input: PlainCodec
  /** Encodes what `run` gives into JSON. */
  readonly output: PlainCodec
  /** Gives a value, a Promise or an Effect of the decoded output. */
  readonly run: (input: never, context: ToolContext) => unknown
}

/** Any tool. Call `run` with what `input` decoded. */
export type AnyTool = Tool<never, unknown, unknown>

/** A tool whose schemas and function keep their types, as {@link defineTool} gives it. */
export interface DefinedTool<IS extends PlainSchema, OS extends PlainSchema, Out, R> extends Tool<
  IS["Encoded"],
  OS["Encoded"],
  R
> {
  readonly input: IS & PlainCodec
  readonly output: OS & PlainCodec
  readonly run: (input: IS["Type"], context: ToolContext) => Out
}

/**
 * Defines a tool.
 *
 * @param options.id unique among the tools of a workflow: a letter, then up to 63 letters, digits, `_` or `-`
 * @param options.description what it does, for people and models
 * @param options.input decodes the JSON that a workflow gives; its encoded side has to be JSON
 * @param options.output encodes what `run` gives; its encoded side has to be JSON
 * @param options.run gives a value, a Promise or an Effect; an error is recorded, and tried again by the step's
 * `retry`. An Effect tool may need services: its workflows list them, except the {@link Given} ones.
 * @throws DefinitionError where the id or a schema cannot be used
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { defineTool } from "compozy"
 *
 * export const greet = defineTool({
 *   id: "greet",
 *   input: Schema.Struct({ name: Schema.String }),
 *   output: Schema.Struct({ message: Schema.String }),
 *   run: ({ name }) => ({ message: `Hello, ${name}` })
 * })
 * ```
 */
export const defineTool = <
  IS extends PlainSchema,
  OS extends PlainSchema,
  const Out extends OS["Type"] | Promise<OS["Type"]> | Effect.Effect<OS["Type"], unknown, unknown>
>(options: {
  readonly id: string
  readonly description?: string
  readonly input: IS & Checked<IS["Encoded"]>
  readonly output: OS & Checked<OS["Encoded"]>
  readonly run: (input: IS["Type"], context: ToolContext) => Out
}): DefinedTool<IS, OS, Out, Needed<Out>> => {
  const at = placeOf(defineTool)
  checkId("a tool", options.id, at)
  checkSchema(options.input, `The input of the tool "${options.id}"`, at)
  checkSchema(options.output, `The output of the tool "${options.id}"`, at)
  return {
    [ToolTypeId]: { format: 1 },
    id: options.id,
    description: options.description,
    input: options.input,
    output: options.output,
    run: options.run
  }
}

/** The services that an Effect tool needs beyond the {@link Given} ones. */
type Needed<Out> = Out extends Effect.Effect<unknown, unknown, infer R> ? Exclude<R, Given> : never
