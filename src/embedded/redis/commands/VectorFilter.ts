import { parseDouble } from "../format/Doubles.ts"

/** What an expression works with. */
type Operand = number | string | null | ReadonlyArray<Scalar>
type Scalar = number | string | null

interface Operator {
  readonly precedence: number
  readonly operands: 1 | 2
  readonly rightFirst?: boolean
  readonly run: (left: Operand, right: Operand) => number
}

interface Value {
  readonly value: Operand
}

interface Selector {
  readonly field: string
}

type Instruction = Value | Selector | Operator
type Token = Instruction | "(" | ")"

/** An expression that cannot be read, and where. */
export interface FilterProblem {
  readonly at: number
}

/** Whether something with these attributes matches. */
export type VectorFilter = (attributes: Readonly<Record<string, unknown>>) => boolean

const numberOf = (operand: Operand): number => {
  if (typeof operand === "number") return operand
  return typeof operand === "string" && operand.length < 256 ? (parseDouble(operand.trimStart()) ?? 0) : 0
}

const isTrue = (operand: Operand): boolean => operand !== 0 && operand !== "" && operand !== null

const equal = (left: Operand, right: Operand): boolean => {
  if (typeof left === "string" && typeof right === "string") return left === right
  if (left === null || right === null) return left === right
  return numberOf(left) === numberOf(right)
}

const numeric =
  (compute: (left: number, right: number) => number | boolean) =>
  (left: Operand, right: Operand): number =>
    Number(compute(numberOf(left), numberOf(right)))

const binary = (precedence: number, run: Operator["run"]): Operator => ({ precedence, operands: 2, run })

const NOT: Operator = { precedence: 6, operands: 1, run: (_, right) => Number(!isTrue(right)) }
const AND = binary(1, (left, right) => Number(isTrue(left) && isTrue(right)))
const OR = binary(0, (left, right) => Number(isTrue(left) || isTrue(right)))

/** Operators by what is written; of several that fit, the longest counts. */
const OPERATORS: ReadonlyMap<string, Operator | "(" | ")"> = new Map<string, Operator | "(" | ")">([
  ["(", "("],
  [")", ")"],
  ["!", NOT],
  ["not", NOT],
  ["**", { precedence: 5, operands: 2, rightFirst: true, run: numeric((left, right) => left ** right) }],
  [
    "*",
    binary(
      4,
      numeric((left, right) => left * right)
    )
  ],
  [
    "/",
    binary(
      4,
      numeric((left, right) => left / right)
    )
  ],
  [
    "%",
    binary(
      4,
      numeric((left, right) => left % right)
    )
  ],
  [
    "+",
    binary(
      3,
      numeric((left, right) => left + right)
    )
  ],
  [
    "-",
    binary(
      3,
      numeric((left, right) => left - right)
    )
  ],
  [
    ">",
    binary(
      2,
      numeric((left, right) => left > right)
    )
  ],
  [
    ">=",
    binary(
      2,
      numeric((left, right) => left >= right)
    )
  ],
  [
    "<",
    binary(
      2,
      numeric((left, right) => left < right)
    )
  ],
  [
    "<=",
    binary(
      2,
      numeric((left, right) => left <= right)
    )
  ],
  ["==", binary(2, (left, right) => Number(equal(left, right)))],
  ["!=", binary(2, (left, right) => Number(!equal(left, right)))],
  ["in", binary(2, (left, right) => Number(Array.isArray(right) && right.some((item) => equal(left, item))))],
  ["and", AND],
  ["&&", AND],
  ["or", OR],
  ["||", OR]
])

const SPACE = /[ \t-\r]*/y
const NUMBER = /-?[\d.eE]+/y
const FIELD = /\.([A-Za-z0-9_-]+)/y
const WORD = /[A-Za-z+\-*%/!()<>=|&]+/y

/** Reads an expression token by token. */
class FilterReader {
  private readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found === null) return undefined
    this.at = pattern.lastIndex
    return found[1] ?? found[0]
  }

  get ended(): boolean {
    this.take(SPACE)
    return this.at >= this.text.length
  }

  /** The next token; `undefined` if there is none that can be read. */
  next(previous: Token | undefined): Token | undefined {
    const first = this.text[this.at] ?? ""
    const second = this.text[this.at + 1] ?? ""
    // A minus belongs to a number where no value can be before it.
    const signed =
      previous === undefined || previous === "(" || (typeof previous === "object" && "run" in previous)
    if (isDigit(first) || (signed && first === "-" && isDigit(second))) return valueOf(this.number())
    if (first === '"' || first === "'") return valueOf(this.string(first))
    if (first === "[") return valueOf(this.list())
    if (first === ".") {
      const field = this.take(FIELD)
      return field === undefined ? undefined : { field }
    }
    return this.operator()
  }

  private operator(): Token | undefined {
    const start = this.at
    const word = this.take(WORD)
    if (word === undefined) return undefined
    if (word === "null") return { value: null }
    for (let length = Math.min(3, word.length); length > 0; length--) {
      const operator = OPERATORS.get(word.slice(0, length))
      if (operator === undefined) continue
      this.at = start + length
      return operator
    }
    return undefined
  }

  private number(): number | undefined {
    const text = this.take(NUMBER)
    return text === undefined || text.length > 255 ? undefined : parseDouble(text)
  }

  /** A backslash keeps a quote from ending the string, and stays in it. */
  private string(quote: string): string | undefined {
    const start = ++this.at
    for (; this.at < this.text.length; this.at++) {
      const character = this.text[this.at]
      if (character === "\\" && this.at + 1 < this.text.length) this.at++
      else if (character === quote) return this.text.slice(start, this.at++)
    }
    return undefined
  }

  private list(): ReadonlyArray<Scalar> | undefined {
    const items: Array<Scalar> = []
    this.at++
    for (;;) {
      if (this.ended) return undefined
      const first = this.text[this.at] ?? ""
      if (first === "]") {
        this.at++
        return items
      }
      const quoted = first === '"' || first === "'"
      if (!quoted && !isDigit(first) && first !== "-") return undefined
      const item = quoted ? this.string(first) : this.number()
      if (item === undefined || this.ended) return undefined
      items.push(item)
      const next = this.text[this.at]
      if (next === ",") this.at++
      else if (next !== "]") return undefined
    }
  }
}

const isDigit = (character: string): boolean => character >= "0" && character <= "9" && character.length === 1

const valueOf = (value: Operand | undefined): Value | undefined =>
  value === undefined ? undefined : { value }

/** Orders the tokens so that operators follow their operands; `undefined` if they do not fit together. */
const compile = (tokens: ReadonlyArray<Token>): ReadonlyArray<Instruction> | undefined => {
  const program: Array<Instruction> = []
  const waiting: Array<Operator | "("> = []
  let values = 0
  const emit = (operator: Operator): boolean => {
    if (values < operator.operands) return false
    values -= operator.operands - 1
    program.push(operator)
    return true
  }
  for (const token of tokens) {
    if (token === "(") waiting.push(token)
    else if (token === ")") {
      for (;;) {
        const operator = waiting.pop()
        if (operator === "(") break
        if (operator === undefined || !emit(operator)) return undefined
      }
    } else if ("run" in token) {
      for (;;) {
        const top = waiting.at(-1)
        if (top === undefined || top === "(" || top.precedence < token.precedence) break
        if (token.rightFirst === true && top.precedence <= token.precedence) break
        waiting.pop()
        if (!emit(top)) return undefined
      }
      waiting.push(token)
    } else {
      program.push(token)
      values++
    }
  }
  for (const operator of waiting.toReversed()) if (operator === "(" || !emit(operator)) return undefined
  return values === 1 ? program : undefined
}

const isScalar = (value: unknown): value is number | string | boolean | null =>
  value === null || typeof value === "number" || typeof value === "string" || typeof value === "boolean"

const scalarOf = (value: number | string | boolean | null): Scalar =>
  typeof value === "boolean" ? Number(value) : value

/** What an attribute is in an expression; `undefined` for what none can work with. */
const operandOf = (value: unknown): Operand | undefined => {
  if (isScalar(value)) return scalarOf(value)
  if (!Array.isArray(value)) return undefined
  const items: Array<Scalar> = []
  for (const item of value) {
    if (!isScalar(item)) return undefined
    items.push(scalarOf(item))
  }
  return items
}

const execute = (
  program: ReadonlyArray<Instruction>,
  attributes: Readonly<Record<string, unknown>>
): boolean => {
  const stack: Array<Operand> = []
  const take = (): Operand => {
    const operand = stack.pop()
    return operand === undefined ? 0 : operand
  }
  for (const step of program) {
    if ("value" in step) stack.push(step.value)
    else if ("field" in step) {
      const operand = Object.hasOwn(attributes, step.field) ? operandOf(attributes[step.field]) : undefined
      // What is missing matches nothing, whatever is asked of it.
      if (operand === undefined) return false
      stack.push(operand)
    } else {
      const right = take()
      stack.push(step.run(step.operands === 2 ? take() : 0, right))
    }
  }
  return isTrue(take())
}

/** Reads the expression of VSIM's FILTER, such as `.year >= 1980 and .genre in ["drama", "crime"]`. */
export const compileFilter = (expression: string): VectorFilter | FilterProblem => {
  const reader = new FilterReader(expression)
  const tokens: Array<Token> = []
  while (!reader.ended) {
    const token = reader.next(tokens.at(-1))
    if (token === undefined) return { at: reader.at >= expression.length ? 0 : reader.at }
    tokens.push(token)
  }
  const program = compile(tokens)
  return program === undefined ? { at: 0 } : (attributes) => execute(program, attributes)
}
