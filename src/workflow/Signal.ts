/**
 * A typed signal: what `task.wait` waits for and `task.signal` sends.
 */
import type * as Schema from "effect/Schema"

/** The brand of a signal: `Symbol.for("compozy/Signal")`. */
export const SignalTypeId: unique symbol = Symbol.for("compozy/Signal")

/** The format of the value behind {@link SignalTypeId}. */
export interface SignalBrand {
  readonly format: 1
}

/** A signal whose payload is a `P` on its JSON side. */
export interface Signal<in out P> {
  readonly [SignalTypeId]: SignalBrand
  /** Types only; never there. */
  readonly "~types"?: { readonly payload: P; readonly send: (payload: P) => void }
  readonly id: string
  readonly description: string | undefined
  readonly payload: Schema.Codec<unknown, unknown>
}

/** Any signal. */
export interface AnySignal {
  readonly [SignalTypeId]: SignalBrand
  readonly id: string
  readonly description: string | undefined
  readonly payload: Schema.Codec<unknown, unknown>
}
