import { Lexer, type TokenKind } from "./Lexer.ts"
import { FunctionScope } from "./Scope.ts"
import type {
  BinaryOperator,
  Expression,
  FunctionBody,
  Local,
  TablePart,
  Target,
  UnaryOperator
} from "./Syntax.ts"

/** How tightly operators bind, to their left and to their right. */
const PRIORITIES: ReadonlyMap<string, readonly [operator: BinaryOperator, left: number, right: number]> =
  new Map([
    ["or", ["or", 1, 1]],
    ["and", ["and", 2, 2]],
    ["<", ["<", 3, 3]],
    [">", [">", 3, 3]],
    ["<=", ["<=", 3, 3]],
    [">=", [">=", 3, 3]],
    ["~=", ["~=", 3, 3]],
    ["==", ["==", 3, 3]],
    ["..", ["..", 5, 4]],
    ["+", ["+", 6, 6]],
    ["-", ["-", 6, 6]],
    ["*", ["*", 7, 7]],
    ["/", ["/", 7, 7]],
    ["%", ["%", 7, 7]],
    ["^", ["^", 10, 9]]
  ])
const UNARY: ReadonlyMap<string, UnaryOperator> = new Map([
  ["-", "-"],
  ["not", "not"],
  ["#", "#"]
])
const UNARY_PRIORITY = 8
const MOST_LEVELS = 200

/** Reads the expressions of Lua 5.1. */
export abstract class ExpressionParser {
  protected readonly lexer: Lexer
  protected scope = new FunctionScope(undefined, true, 0)
  private lastLocal = 0
  private levels = 0
  /** What stands in parentheses: no variable any more that could be assigned to. */
  private readonly enclosed = new WeakSet<Expression>()

  constructor(source: string, chunk: string) {
    this.lexer = new Lexer(source, chunk)
  }

  protected get kind(): TokenKind {
    return this.lexer.kind
  }

  protected abstract functionBody(isMethod: boolean, line: number): FunctionBody

  protected enter(): void {
    if (++this.levels > MOST_LEVELS) this.lexer.failHere("chunk has too many syntax levels")
  }

  protected leave(): void {
    this.levels--
  }

  protected accept(kind: TokenKind): boolean {
    if (this.kind !== kind) return false
    this.lexer.next()
    return true
  }

  protected expect(kind: TokenKind): void {
    if (!this.accept(kind)) this.expected(kind)
  }

  protected expected(kind: TokenKind): never {
    return this.lexer.fail(`'${kind}' expected`)
  }

  /** Expects what closes something that began on a line. */
  protected match(kind: TokenKind, opened: string, line: number): void {
    if (this.accept(kind)) return
    if (line === this.lexer.line) this.expected(kind)
    this.lexer.fail(`'${kind}' expected (to close '${opened}' at line ${line})`)
  }

  protected name(): string {
    if (this.kind !== "<name>") this.expected("<name>")
    const { value } = this.lexer
    this.lexer.next()
    return value
  }

  /** Makes a variable, which is not visible yet, like some others. */
  protected newLocal(name: string, others = 0): Local {
    this.scope.checkLocals(this.lexer, others + 1)
    return { name, id: `v${++this.lastLocal}`, isAssigned: false, isUsed: false }
  }

  protected isEnclosed(expression: Expression): boolean {
    return this.enclosed.has(expression)
  }

  protected variable(name: string): Target {
    const found = this.scope.resolve(this.lexer, name)
    if (found === undefined) return { type: "global", name, line: this.lexer.lastLine }
    found.local.isUsed = true
    return found
  }

  protected expressions(): ReadonlyArray<Expression> {
    const list = [this.expression()]
    while (this.accept(",")) list.push(this.expression())
    return list
  }

  protected expression(limit = 0): Expression {
    this.enter()
    let left = this.operand()
    for (;;) {
      const found = PRIORITIES.get(this.kind)
      if (found === undefined || found[1] <= limit) break
      const [operator, , priority] = found
      this.lexer.next()
      // The left side is read when the operator is known.
      if (left.type === "index" || left.type === "global") left.line = this.lexer.lastLine
      const right = this.expression(priority)
      left = { type: "binary", operator, left, right, line: this.lexer.lastLine }
    }
    this.leave()
    return left
  }

  private operand(): Expression {
    const operator = UNARY.get(this.kind)
    if (operator === undefined) return this.simple()
    this.lexer.next()
    const operand = this.expression(UNARY_PRIORITY)
    return { type: "unary", operator, operand, line: this.lexer.lastLine }
  }

  private simple(): Expression {
    const { lexer } = this
    let found: Expression
    switch (lexer.kind) {
      case "<number>":
        found = { type: "number", value: lexer.number }
        break
      case "<string>":
        found = { type: "string", value: lexer.value }
        break
      case "nil":
        found = { type: "nil" }
        break
      case "true":
        found = { type: "true" }
        break
      case "false":
        found = { type: "false" }
        break
      case "...":
        if (!this.scope.isVararg) lexer.fail("cannot use '...' outside a vararg function")
        this.scope.usesVarargs = true
        found = { type: "varargs" }
        break
      case "{":
        return this.table()
      case "function":
        lexer.next()
        return { type: "function", body: this.functionBody(false, lexer.line) }
      default:
        return this.primary()
    }
    lexer.next()
    return found
  }

  private prefix(): Expression {
    const { lexer } = this
    if (lexer.kind === "<name>") return this.variable(this.name())
    if (lexer.kind !== "(") return lexer.fail("unexpected symbol")
    const { line } = lexer
    lexer.next()
    const inner = this.expression()
    this.match(")", "(", line)
    if (inner.type === "call" || inner.type === "method" || inner.type === "varargs") {
      return { type: "parentheses", inner }
    }
    this.enclosed.add(inner)
    return inner
  }

  protected primary(): Expression {
    const { lexer } = this
    let found = this.prefix()
    for (;;) {
      const { line } = lexer
      switch (lexer.kind) {
        case ".":
          lexer.next()
          found = {
            type: "index",
            object: found,
            key: { type: "string", value: this.name() },
            line: lexer.lastLine
          }
          break
        case "[": {
          lexer.next()
          const key = this.expression()
          this.expect("]")
          found = { type: "index", object: found, key, line: lexer.lastLine }
          break
        }
        case ":": {
          lexer.next()
          const name = this.name()
          const nameLine = lexer.lastLine
          const argumentLine = lexer.line
          found = { type: "method", object: found, name, nameLine, line: argumentLine, args: this.args() }
          break
        }
        case "(":
        case "<string>":
        case "{":
          found = { type: "call", callee: found, line, args: this.args() }
          break
        default:
          return found
      }
    }
  }

  private args(): ReadonlyArray<Expression> {
    const { lexer } = this
    const { line } = lexer
    if (lexer.kind === "{") return [this.table()]
    if (lexer.kind === "<string>") {
      const { value } = lexer
      lexer.next()
      return [{ type: "string", value }]
    }
    if (lexer.kind !== "(") return lexer.fail("function arguments expected")
    if (line !== lexer.lastLine) lexer.fail("ambiguous syntax (function call x new statement)")
    lexer.next()
    if (this.accept(")")) return []
    const list = this.expressions()
    this.match(")", "(", line)
    return list
  }

  private table(): Expression {
    const { lexer } = this
    const { line } = lexer
    const parts: Array<TablePart> = []
    this.expect("{")
    while (lexer.kind !== "}") {
      parts.push(this.tablePart())
      if (!this.accept(",") && !this.accept(";")) break
    }
    this.match("}", "{", line)
    return { type: "table", parts, line }
  }

  private tablePart(): TablePart {
    const { lexer } = this
    let key: Expression | undefined
    if (lexer.kind === "[") {
      lexer.next()
      key = this.expression()
      this.expect("]")
      this.expect("=")
    } else if (lexer.kind === "<name>" && lexer.peek() === "=") {
      key = { type: "string", value: this.name() }
      this.expect("=")
    }
    const value = this.expression()
    return { key, value, line: lexer.lastLine }
  }
}
