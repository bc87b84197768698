/** A local variable. */
export interface Local {
  readonly name: string
  /** Its name in the code that is generated. */
  readonly id: string
  /** Whether it is ever assigned to after its declaration. */
  isAssigned: boolean
  /** Whether anything refers to it. */
  isUsed: boolean
}

export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "^"
  | ".."
  | "=="
  | "~="
  | "<"
  | "<="
  | ">"
  | ">="
  | "and"
  | "or"

export type UnaryOperator = "-" | "not" | "#"

/** An expression. `line` is the one that errors of it name. */
export type Expression =
  | { readonly type: "nil" | "true" | "false" | "varargs" }
  | { readonly type: "number"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "function"; readonly body: FunctionBody }
  | { readonly type: "local"; readonly local: Local; readonly isUpvalue: boolean }
  | { readonly type: "global"; readonly name: string; line: number }
  | { readonly type: "index"; readonly object: Expression; readonly key: Expression; line: number }
  | CallExpression
  | MethodExpression
  | { readonly type: "parentheses"; readonly inner: Expression }
  | { readonly type: "table"; readonly parts: ReadonlyArray<TablePart>; readonly line: number }
  | {
      readonly type: "binary"
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
      readonly line: number
    }
  | {
      readonly type: "unary"
      readonly operator: UnaryOperator
      readonly operand: Expression
      readonly line: number
    }

export interface CallExpression {
  readonly type: "call"
  readonly callee: Expression
  readonly args: ReadonlyArray<Expression>
  readonly line: number
}

export interface MethodExpression {
  readonly type: "method"
  readonly object: Expression
  readonly name: string
  readonly args: ReadonlyArray<Expression>
  /** Line of the name. */
  readonly nameLine: number
  readonly line: number
}

/** A value of a table constructor; without a key it takes the next number. */
export interface TablePart {
  readonly key: Expression | undefined
  readonly value: Expression
  readonly line: number
}

/** What can be assigned to. */
export type Target = Extract<Expression, { type: "local" | "global" | "index" }>

export type Statement =
  | {
      readonly type: "local"
      readonly locals: ReadonlyArray<Local>
      readonly values: ReadonlyArray<Expression>
    }
  | {
      readonly type: "assign"
      readonly targets: ReadonlyArray<Target>
      readonly values: ReadonlyArray<Expression>
      readonly line: number
    }
  | { readonly type: "call"; readonly call: CallExpression | MethodExpression }
  | { readonly type: "do"; readonly body: Block }
  | { readonly type: "while"; readonly condition: Expression; readonly body: Block }
  | { readonly type: "repeat"; readonly body: Block; readonly condition: Expression }
  | {
      readonly type: "if"
      readonly branches: ReadonlyArray<{ readonly condition: Expression; readonly body: Block }>
      readonly otherwise: Block | undefined
    }
  | {
      readonly type: "count"
      readonly local: Local
      readonly from: Expression
      readonly to: Expression
      readonly step: Expression | undefined
      readonly body: Block
      readonly line: number
    }
  | {
      readonly type: "each"
      readonly locals: ReadonlyArray<Local>
      readonly values: ReadonlyArray<Expression>
      readonly body: Block
      readonly line: number
    }
  | { readonly type: "function"; readonly local: Local; readonly body: FunctionBody }
  | { readonly type: "return"; readonly values: ReadonlyArray<Expression> }
  | { readonly type: "break" }

export type Block = ReadonlyArray<Statement>

export interface FunctionBody {
  readonly parameters: ReadonlyArray<Local>
  readonly isVararg: boolean
  /** The table of the extra arguments, which functions have as `arg` that do not mention `...`. */
  readonly argTable: Local | undefined
  /** Whether that table is made. */
  readonly makesArgTable: boolean
  readonly body: Block
  readonly line: number
}
