import type { Operand, Site } from "../machine/Positions.ts"
import type { Expression } from "./Syntax.ts"

const ARITHMETIC: ReadonlySet<string> = new Set(["+", "-", "*", "/", "%", "^"])

/** Whether an expression is a number that is known while compiling. */
const isFixedNumber = (expression: Expression): boolean => {
  if (expression.type === "number") return true
  if (expression.type === "unary") return expression.operator === "-" && isFixedNumber(expression.operand)
  if (expression.type !== "binary" || !ARITHMETIC.has(expression.operator)) return false
  const { operator, left, right } = expression
  const isByZero = (operator === "/" || operator === "%") && right.type === "number" && right.value === 0
  return !isByZero && isFixedNumber(left) && isFixedNumber(right)
}

const isAlwaysTrue = (expression: Expression): boolean =>
  expression.type === "true" || expression.type === "string" || isFixedNumber(expression)

const isAlwaysFalse = ({ type }: Expression): boolean => type === "nil" || type === "false"

/** An operation whose left side decides nothing is its right side. */
const simplified = (expression: Expression): Expression => {
  if (expression.type !== "binary") return expression
  const { operator, left, right } = expression
  const isRight = operator === "and" ? isAlwaysTrue(left) : operator === "or" && isAlwaysFalse(left)
  return isRight ? simplified(right) : expression
}

/** How messages call what an expression has as its value. */
export const operandOf = (given: Expression): Operand | undefined => {
  const expression = simplified(given)
  switch (expression.type) {
    case "local":
      return { kind: expression.isUpvalue ? "upvalue" : "local", name: expression.local.name }
    case "global":
      return { kind: "global", name: expression.name }
    case "index": {
      const key = simplified(expression.key)
      return { kind: "field", name: key.type === "string" ? key.value : "?" }
    }
    default:
      return undefined
  }
}

/** The places of a chunk that may fail. Each has a line of the generated code for itself. */
export class Sites {
  readonly list: Array<Site> = []

  /** What begins the line of a new place. */
  add(line: number, left?: Operand, right?: Operand, isTail = false): string {
    this.list.push({ line, left, right, isTail })
    return `\n/*${this.list.length - 1}*/`
  }

  /** Which place is on which line of the code. */
  linesOf(code: string): ReadonlyArray<number> {
    const sites: Array<number> = [-1]
    for (const line of code.split("\n")) {
      const found = /^\/\*(\d+)\*\//.exec(line)
      sites.push(found === null ? (sites[sites.length - 1] ?? -1) : Number(found[1]))
    }
    return sites
  }
}
