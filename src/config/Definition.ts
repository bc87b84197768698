/** What `defineMode` makes: a brand and the config as it was given. */

/** The brand of a config: `Symbol.for("compozy/Mode")`, the same in every copy of the package. */
export const ModeTypeId: unique symbol = Symbol.for("compozy/Mode")

/** The format that this version of the package writes and reads. */
export const modeFormat = 1

/** A config made by `defineMode`: the default export of a config file. */
export interface ModeDefinition {
  readonly [ModeTypeId]: { readonly format: number }
  /** As it was given: checked when it is resolved. */
  readonly config: unknown
}

/**
 * Whether a value was made by `defineMode`, by whichever copy of the package.
 *
 * @example
 * ```ts
 * import { defineMode, isModeDefinition } from "compozy"
 *
 * isModeDefinition(defineMode({})) // => true
 * ```
 */
export const isModeDefinition = (value: unknown): value is ModeDefinition =>
  typeof value === "object" && value !== null && ModeTypeId in value && "config" in value
