import { operandOf, type Sites } from "./Sites.ts"
import type { CallExpression, Expression, FunctionBody, MethodExpression } from "./Syntax.ts"

type Binary = Extract<Expression, { type: "binary" }>
type Unary = Extract<Expression, { type: "unary" }>
type Table = Extract<Expression, { type: "table" }>

const ARITHMETIC: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "%": "modulo",
  "^": "power"
}

const isMultiple = (expression: Expression | undefined): boolean =>
  expression !== undefined &&
  (expression.type === "call" || expression.type === "method" || expression.type === "varargs")

const COMPARISONS: ReadonlySet<string> = new Set(["==", "~=", "<", "<=", ">", ">="])

const isBoolean = (expression: Expression): boolean =>
  expression.type === "true" ||
  expression.type === "false" ||
  (expression.type === "unary" && expression.operator === "not") ||
  (expression.type === "binary" && COMPARISONS.has(expression.operator))

const isConstant = ({ type }: Expression): boolean =>
  type === "nil" || type === "true" || type === "false" || type === "number" || type === "string"

/** Whether reading it again gives the same: no temporary variable is needed. */
const isSimple = (expression: Expression): boolean => expression.type === "local" || isConstant(expression)

/** A text as a literal of JavaScript. */
export const literal = (text: string): string => JSON.stringify(text)

/** Generates JavaScript for expressions. Only literals and names of its own reach the code. */
export abstract class ExpressionGenerator {
  protected readonly sites: Sites
  /** Whether functions are generators, so that coroutines can leave them in the middle. */
  protected readonly isStepped: boolean
  /** Temporary variables of the current function: in use by the statement, and at most. */
  protected temporaries = 0
  protected mostTemporaries = 0
  /** Variables of loops that are always numbers. */
  protected readonly numbers = new Set<string>()

  constructor(sites: Sites, isStepped: boolean) {
    this.sites = sites
    this.isStepped = isStepped
  }

  protected abstract functionOf(body: FunctionBody): string

  protected temporary(): string {
    this.temporaries++
    this.mostTemporaries = Math.max(this.mostTemporaries, this.temporaries)
    return `t${this.temporaries}`
  }

  /** One value. */
  value(expression: Expression): string {
    switch (expression.type) {
      case "nil":
        return "undefined"
      case "true":
      case "false":
        return expression.type
      case "number":
        return numberLiteral(expression.value)
      case "string":
        return literal(expression.value)
      case "varargs":
        return "rest[0]"
      case "function":
        return this.functionOf(expression.body)
      case "local":
        return expression.local.id
      case "global":
        return `${this.sites.add(expression.line)}getGlobal(${literal(expression.name)})`
      case "index":
        return this.index(expression.object, expression.key, expression.line)
      case "call":
      case "method":
        return `first(${this.call(expression)})`
      case "parentheses":
        return this.value(expression.inner)
      case "table":
        return this.table(expression)
      case "binary":
        return this.binary(expression)
      case "unary":
        return this.unary(expression)
    }
  }

  /** Values, the last of which may be any number of them, as what stands between the brackets of an array. */
  values(expressions: ReadonlyArray<Expression>): string {
    return expressions
      .map((expression, at) => {
        if (at < expressions.length - 1 || !isMultiple(expression)) return this.value(expression)
        return `...${this.list(expression)}`
      })
      .join(", ")
  }

  /** All values of an expression with any number of them, as an array. */
  private list(expression: Expression): string {
    if (expression.type === "call" || expression.type === "method") return `all(${this.call(expression)})`
    return "rest"
  }

  /** What a function returns. */
  result(values: ReadonlyArray<Expression>): string {
    const [only] = values
    if (only === undefined) return "NOTHING"
    if (values.length > 1) return `[${this.values(values)}]`
    if (only.type === "call" || only.type === "method") return this.call(only, true)
    return only.type === "varargs" ? "rest" : this.value(only)
  }

  private index(object: Expression, key: Expression, line: number): string {
    const left = this.value(object)
    const right = this.value(key)
    return `${this.sites.add(line, operandOf(object))}${key.type === "string" ? "getField" : "getIndex"}(${left}, ${right})`
  }

  /** A call, with whatever it returns. */
  call(expression: CallExpression | MethodExpression, isTail = false): string {
    const isMethod = expression.type === "method"
    let before = ""
    let callee: string
    let self = ""
    if (isMethod) {
      const place = this.sites.add(expression.nameLine, operandOf(expression.object))
      if (expression.object.type === "local" && !expression.object.isUpvalue) {
        self = this.value(expression.object)
      } else {
        self = this.temporary()
        before = `${self} = ${this.value(expression.object)}, `
      }
      const found = this.temporary()
      callee = `(typeof (${found} = ${place}getField(${self}, ${literal(expression.name)})) === "function" ? ${found} : callable(${found}))`
    } else if (expression.callee.type === "local") {
      const id = this.value(expression.callee)
      callee = `(typeof ${id} === "function" ? ${id} : callable(${id}))`
    } else {
      const found = this.temporary()
      callee = `(typeof (${found} = ${this.value(expression.callee)}) === "function" ? ${found} : callable(${found}))`
    }
    const operand = isMethod
      ? ({ kind: "method", name: expression.name } as const)
      : operandOf(expression.callee)
    const place = this.sites.add(expression.line, operand, undefined, isTail)
    const rest = this.values(expression.args)
    const args = isMethod ? (rest === "" ? self : `${self}, ${rest}`) : rest
    if (!this.isStepped)
      return before === "" ? `${callee}${place}(${args})` : `(${before}${callee})${place}(${args})`
    const [found, list] = [this.temporary(), this.temporary()]
    return `(${before}${found} = ${callee}, ${list} = [${args}],${place}(yield* invoke(${found}, ${list})))`
  }

  private table(expression: Table): string {
    const { parts } = expression
    const named = parts.filter((part) => part.key !== undefined).length
    const count = parts.length - named
    if (named === 0)
      return count === 0 ? "new LuaTable()" : `newList([${this.values(parts.map((part) => part.value))}])`
    const last = parts[parts.length - 1]
    const isOpen = last !== undefined && last.key === undefined && isMultiple(last.value)
    const table = this.temporary()
    const steps = [`${table} = new LuaTable(${count - (isOpen ? 1 : 0)}, ${named})`]
    const items: Array<string> = []
    for (const part of parts) {
      if (part.key !== undefined) {
        const key = this.value(part.key)
        const value = this.value(part.value)
        steps.push(
          part.key.type === "string"
            ? `${table}.set(${key}, ${value})`
            : `${this.sites.add(part.line)}setIndex(${table}, ${key}, ${value})`
        )
      } else if (part === last && isOpen) {
        const rest = this.temporary()
        steps.push(`${rest} = ${this.list(part.value)}`)
        items.push(`...${rest}`)
      } else if (isConstant(part.value)) items.push(this.value(part.value))
      else {
        const item = this.temporary()
        steps.push(`${item} = ${this.value(part.value)}`)
        items.push(item)
      }
    }
    if (items.length > 0) steps.push(`${table}.fill(1, [${items.join(", ")}])`)
    return `(${steps.join(", ")}, ${table})`
  }

  private unary({ operator, operand, line }: Unary): string {
    if (operator === "not") return `!${this.condition(operand)}`
    const inner = this.value(operand)
    if (operator === "#") return `${this.sites.add(line, operandOf(operand))}lengthOf(${inner})`
    if (this.isNumber(operand)) return `(-${inner})`
    const [set, name] = this.hold(operand, inner)
    return `(typeof ${set} === "number" ? -${name} : ${this.sites.add(line, operandOf(operand))}negate(${name}))`
  }

  /** An expression that is read first, and how it is read after that. */
  private hold(expression: Expression, code: string): readonly [set: string, name: string] {
    if (isSimple(expression)) return [code, code]
    const name = this.temporary()
    return [`(${name} = ${code})`, name]
  }

  protected isNumber(expression: Expression): boolean {
    switch (expression.type) {
      case "number":
        return true
      case "local":
        return this.numbers.has(expression.local.id)
      case "unary":
        return expression.operator === "-" && this.isNumber(expression.operand)
      case "binary":
        return (
          ARITHMETIC[expression.operator] !== undefined &&
          this.isNumber(expression.left) &&
          this.isNumber(expression.right)
        )
      default:
        return false
    }
  }

  /** Both sides of an operation, read in their order before it is carried out. */
  private sides({ left, right }: Binary): {
    readonly before: string
    readonly left: string
    readonly right: string
  } {
    const one = this.value(left)
    const other = this.value(right)
    const steps: Array<string> = []
    const keep = (expression: Expression, code: string): string => {
      if (isSimple(expression)) return code
      const name = this.temporary()
      steps.push(`${name} = ${code}, `)
      return name
    }
    const first = left.type === "local" && left.isUpvalue && !isSimple(right) ? this.temporary() : undefined
    if (first !== undefined) steps.push(`${first} = ${one}, `)
    const leftName = first ?? keep(left, one)
    const rightName = keep(right, other)
    return { before: steps.join(""), left: leftName, right: rightName }
  }

  private checks(expression: Binary, left: string, right: string): string {
    const checks: Array<string> = []
    if (!this.isNumber(expression.left)) checks.push(`typeof ${left} === "number"`)
    if (!this.isNumber(expression.right)) checks.push(`typeof ${right} === "number"`)
    return checks.join(" && ")
  }

  private binary(expression: Binary): string {
    const { operator } = expression
    if (operator === "and" || operator === "or") return this.logical(expression)
    if (operator === "==" || operator === "~=") return this.equality(expression)
    if (operator === "..") return this.concatenation(expression)
    const { before, left, right } = this.sides(expression)
    const checks = this.checks(expression, left, right)
    const name = ARITHMETIC[operator]
    const isSwapped = operator === ">" || operator === ">="
    const place = this.sites.add(expression.line, operandOf(expression.left), operandOf(expression.right))
    let fast: string
    let slow: string
    if (name === undefined) {
      const helper = operator === "<" || operator === ">" ? "isLess" : "isAtMost"
      fast = `${left} ${operator} ${right}`
      slow = isSwapped ? `${helper}(${right}, ${left})` : `${helper}(${left}, ${right})`
    } else {
      if (operator === "%") fast = `${left} - Math.floor(${left} / ${right}) * ${right}`
      else fast = operator === "^" ? `Math.pow(${left}, ${right})` : `${left} ${operator} ${right}`
      slow = `${name}(${left}, ${right})`
    }
    return checks === "" ? `(${before}${fast})` : `(${before}${checks} ? ${fast} : ${place}${slow})`
  }

  private equality({ operator, left, right }: Binary): string {
    const one = this.value(left)
    const other = this.value(right)
    if (isConstant(left) || isConstant(right)) return `(${one} ${operator === "==" ? "===" : "!=="} ${other})`
    return `${operator === "==" ? "" : "!"}isEqual(${one}, ${other})`
  }

  private concatenation({ left, right, line }: Binary): string {
    const one = this.value(left)
    const other = this.value(right)
    // What follows in a longer chain is a text when it gets here.
    const rightOperand = right.type === "binary" && right.operator === ".." ? undefined : operandOf(right)
    return `${this.sites.add(line, operandOf(left), rightOperand)}concatenate(${one}, ${other})`
  }

  private logical({ operator, left, right }: Binary): string {
    const isAnd = operator === "and"
    if (isBoolean(left)) {
      const condition = this.condition(left)
      return isAnd
        ? `(${condition} ? ${this.value(right)} : false)`
        : `(${condition} ? true : ${this.value(right)})`
    }
    const [set, name] = this.hold(left, this.value(left))
    const test = isSimple(left)
      ? `${name} !== undefined && ${name} !== false`
      : `${set} !== undefined && ${name} !== false`
    return isAnd ? `(${test} ? ${this.value(right)} : ${name})` : `(${test} ? ${name} : ${this.value(right)})`
  }

  /** Whether a value counts as true. */
  condition(expression: Expression): string {
    if (isBoolean(expression)) return `(${this.value(expression)})`
    if (expression.type === "nil") return "false"
    if (expression.type === "number" || expression.type === "string") return "true"
    if (expression.type === "binary" && expression.operator === "and") {
      return `(${this.condition(expression.left)} && ${this.condition(expression.right)})`
    }
    if (expression.type === "binary" && expression.operator === "or") {
      return `(${this.condition(expression.left)} || ${this.condition(expression.right)})`
    }
    const [set, name] = this.hold(expression, this.value(expression))
    return `(${set} !== undefined && ${name} !== false)`
  }
}

const numberLiteral = (value: number): string => (Number.isFinite(value) ? String(value) : "Infinity")
