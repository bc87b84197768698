/** A value that one source has for a key, before it is read. */
import type { Origin } from "./Origin.ts"

/** A value that one source has for a key. */
export type Found =
  | { readonly kind: "value"; readonly origin: Origin; readonly value: unknown }
  /** Set, but not in a form that can be read. `wants` is a sentence without the value. */
  | { readonly kind: "invalid"; readonly origin: Origin; readonly wants: string }
  /** A file that holds the value cannot be read. */
  | { readonly kind: "unreadable"; readonly origin: Origin; readonly wants: string }
  /** An Effect `Config` that does not find its variable, or not in its form. */
  | {
      readonly kind: "variable"
      readonly origin: Origin
      readonly wants: string
      readonly names: ReadonlyArray<string>
      /** Whether a variable is set. */
      readonly present: boolean
    }
  /** Not meant as a setting. */
  | { readonly kind: "ignored"; readonly origin: Origin; readonly reason: string }
