import type { Attribute } from "./attributes.ts"
import type { Scalar } from "./values.ts"

// A list filter with its names resolved and its values converted: what storages carry out. Conditions on something
// that an execution lacks are neither true nor false, as in SQL.

export type Order = "=" | "!=" | "<" | "<=" | ">" | ">="

export type Filter =
  | { readonly kind: "and" | "or"; readonly of: readonly Filter[] }
  | { readonly kind: "not"; readonly of: Filter }
  | {
      readonly kind: "compare"
      readonly attribute: Attribute
      readonly operator: Order
      readonly value: Scalar
    }
  | {
      readonly kind: "in"
      readonly attribute: Attribute
      readonly negated: boolean
      readonly values: readonly Scalar[]
    }
  | {
      readonly kind: "between"
      readonly attribute: Attribute
      readonly negated: boolean
      readonly from: Scalar
      readonly to: Scalar
    }
  | {
      readonly kind: "prefix"
      readonly attribute: Attribute
      readonly negated: boolean
      readonly prefix: string
    }
  | { readonly kind: "null"; readonly attribute: Attribute; readonly negated: boolean }
  /** Whether a list of keywords has one of these. An execution without a list has none. */
  | {
      readonly kind: "has"
      readonly attribute: Attribute
      readonly negated: boolean
      readonly values: readonly string[]
    }
  /** Whether a text has one of these words, or words in a row. */
  | {
      readonly kind: "text"
      readonly attribute: Attribute
      readonly negated: boolean
      readonly words: string
    }

export interface SortKey {
  readonly attribute: Attribute
  readonly descending: boolean
}

/** What a listing or a count asks for. */
export interface VisibilityQuery {
  readonly filter: Filter | undefined
  readonly orderBy: readonly SortKey[]
  readonly groupByStatus: boolean
}

/** Where a record stands in a listing: the values that it is sorted by first, and its place in the default order. */
export interface Position {
  /** One for each key of ORDER BY; null for what the record lacks. */
  readonly keys: readonly (Scalar | null)[]
  /** The end in milliseconds since 1970, the end of time for an open execution. */
  readonly closeTime: number
  readonly startTime: number
  readonly runId: string
}

/** The value that a filter demands of an attribute, if it does: then only executions with it have to be looked at. */
export const demanded = (filter: Filter | undefined, name: string): Scalar | undefined => {
  if (filter === undefined) return undefined
  if (filter.kind === "and")
    return filter.of.map((part) => demanded(part, name)).find((value) => value !== undefined)
  return filter.kind === "compare" && filter.operator === "=" && filter.attribute.name === name
    ? filter.value
    : undefined
}
