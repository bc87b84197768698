/**
 * A typed signal: what `task.wait` waits for and `task.signal` sends.
 */
import { checkId } from "./Id.ts"
import { placeOf } from "./Place.ts"
import type { PlainCodec, PlainSchema } from "./PlainSchema.ts"
import type { Checked } from "./Reference.ts"
import { checkSchema } from "./SchemaJson.ts"

/** The brand of a signal: `Symbol.for("compozy/Signal")`. */
export const SignalTypeId: unique symbol = Symbol.for("compozy/Signal")

/** The format of the value behind {@link SignalTypeId}. */
interface SignalBrand {
  readonly format: 1
}

/** A signal whose payload is a `P` on its JSON side. */
export interface Signal<in out P> {
  readonly [SignalTypeId]: SignalBrand
  /** Types only; never there. */
  readonly "~types"?: { readonly payload: P; readonly send: (payload: P) => void }
  readonly id: string
  readonly description: string | undefined
  readonly payload: PlainCodec
}

/** Any signal. */
export interface AnySignal {
  readonly [SignalTypeId]: SignalBrand
  readonly id: string
  readonly description: string | undefined
  readonly payload: PlainCodec
}

/**
 * Defines a signal.
 *
 * @param options.id unique among the signals of a workflow: a letter, then up to 63 letters, digits, `_` or `-`
 * @param options.description what it tells, for people
 * @param options.payload checks what is sent; its encoded side has to be JSON
 * @throws DefinitionError where the id or the schema cannot be used
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { defineSignal } from "compozy"
 *
 * export const approval = defineSignal({ id: "approval", payload: Schema.Struct({ approved: Schema.Boolean }) })
 * ```
 */
export const defineSignal = <PS extends PlainSchema>(options: {
  readonly id: string
  readonly description?: string
  readonly payload: PS & Checked<PS["Encoded"]>
}): Signal<PS["Encoded"]> => {
  const at = placeOf(defineSignal)
  checkId("a signal", options.id, at)
  checkSchema(options.payload, `The payload of the signal "${options.id}"`, at)
  return {
    [SignalTypeId]: { format: 1 },
    id: options.id,
    description: options.description,
    payload: options.payload
  }
}
