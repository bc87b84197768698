// The shape of a list filter before its names and values mean anything.

/** What can stand where a value or a name is expected. `name` is what the real server calls it in its messages. */
export type Operand =
  | { readonly kind: "column"; readonly name: string }
  | { readonly kind: "string" | "integer" | "float" | "other"; readonly text: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "tuple"; readonly items: readonly Operand[] }
  | { readonly kind: "unsupported"; readonly type: string; readonly expression?: Expression }

export type Comparison =
  | "="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "<=>"
  | "in"
  | "not in"
  | "like"
  | "not like"
  | "regexp"
  | "not regexp"
  | "starts_with"
  | "not starts_with"

/** A condition, or several that are joined. */
export type Expression =
  | { readonly kind: "and" | "or"; readonly of: readonly Expression[] }
  | { readonly kind: "not"; readonly of: Expression }
  | {
      readonly kind: "comparison"
      readonly left: Operand
      readonly operator: Comparison
      readonly right: Operand
    }
  | {
      readonly kind: "range"
      readonly left: Operand
      readonly negated: boolean
      readonly from: Operand
      readonly to: Operand
    }
  | {
      readonly kind: "is"
      readonly of: Expression
      readonly what: "null" | "true" | "false"
      readonly negated: boolean
    }
  | { readonly kind: "operand"; readonly operand: Operand }

/** A parsed filter. */
export interface ParsedQuery {
  readonly where: Expression | undefined
  readonly groupBy: readonly Operand[]
  readonly orderBy: readonly { readonly operand: Operand; readonly descending: boolean }[]
  readonly hasLimit: boolean
}
