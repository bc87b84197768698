import type { Operand, Site } from "../machine/Positions.ts"
import type { Expression } from "./Syntax.ts"

const isAlwaysTrue = ({ type }: Expression): boolean =>
  type === "true" || type === "number" || type === "string"

const isAlwaysFalse = ({ type }: Expression): boolean => type === "nil" || type === "false"

/** How messages call what an expression has as its value. */
export const operandOf = (expression: Expression): Operand | undefined => {
  switch (expression.type) {
    case "local":
      return { kind: expression.isUpvalue ? "upvalue" : "local", name: expression.local.name }
    case "global":
      return { kind: "global", name: expression.name }
    case "index":
      return { kind: "field", name: expression.key.type === "string" ? expression.key.value : "?" }
    case "binary": {
      // An operation whose left side decides nothing is its right side.
      const { operator, left, right } = expression
      const isRight = operator === "and" ? isAlwaysTrue(left) : operator === "or" && isAlwaysFalse(left)
      return isRight ? operandOf(right) : undefined
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
