/**
 * A tool: a typed, named piece of work that runs as one activity. `run` gets and gives the decoded side of its
 * schemas; histories, references and the API see the JSON side.
 */
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { SqlClient } from "effect/sql/SqlClient"
import type { Cache } from "../services/Cache.ts"
import type { Store } from "../services/Store.ts"
import type { Temporal } from "../services/Temporal.ts"
import type { Activity, ToolContext } from "./Activity.ts"

/** The brand of a tool: `Symbol.for("compozy/Tool")`. */
export const ToolTypeId: unique symbol = Symbol.for("compozy/Tool")

/** The format of the value behind {@link ToolTypeId}. */
export interface ToolBrand {
  readonly format: 1
}

/** A schema whose encoding and decoding need no services. */
export type PlainSchema = Schema.Top & { readonly DecodingServices: never; readonly EncodingServices: never }

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
  readonly input: Schema.Codec<unknown, unknown>
  /** Encodes what `run` gives into JSON. */
  readonly output: Schema.Codec<unknown, unknown>
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
  readonly input: IS & Schema.Codec<unknown, unknown>
  readonly output: OS & Schema.Codec<unknown, unknown>
  readonly run: (input: IS["Type"], context: ToolContext) => Out
}
