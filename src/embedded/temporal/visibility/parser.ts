import { syntaxError, tokenize } from "./lexer.ts"
import type { Token } from "./lexer.ts"
import type { Comparison, Expression, Operand, ParsedQuery } from "./syntax.ts"

const comparisons: Readonly<Record<string, Comparison>> = {
  "=": "=",
  "!=": "!=",
  "<>": "!=",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
  "<=>": "<=>",
  like: "like",
  regexp: "regexp",
  rlike: "regexp",
  starts_with: "starts_with"
}

const negatable: Readonly<Record<string, Comparison>> = {
  like: "not like",
  regexp: "not regexp",
  rlike: "not regexp",
  starts_with: "not starts_with"
}

const arithmetic: ReadonlySet<string> = new Set([..."+-*/%&|^", "div", "mod", "<<", ">>", "->", "->>"])

/** Reserved words that call a function. */
const functions: ReadonlySet<string> = new Set([
  ..."left right convert cast substr substring match values if database mod replace utc_date utc_time".split(
    " "
  ),
  ..."utc_timestamp localtime localtimestamp current_date current_time current_timestamp".split(" ")
])

/** How deep parentheses and NOT may be nested. */
const deepest = 200

/** How many words and symbols a filter may have. */
const mostTokens = 20_000

/**
 * Parses list filters: conditions with AND, OR, NOT and parentheses, then GROUP BY and ORDER BY. The grammar is that
 * of the real server's SQL parser as far as filters use it; what it knows beyond is told apart, to be refused in its
 * words.
 */
class Parser {
  readonly #tokens: readonly Token[]
  #position = 0
  #depth = 0

  constructor(text: string, base: number) {
    this.#tokens = tokenize(text, base)
    const excess = this.#tokens[mostTokens]
    if (excess !== undefined) throw syntaxError(excess)
  }

  get #token(): Token {
    const token = this.#tokens[this.#position] ?? this.#tokens.at(-1)
    if (token === undefined) throw new Error("a text has at least its end")
    return token
  }

  #is(text: string): boolean {
    const { kind, text: found } = this.#token
    return (kind === "word" || kind === "symbol") && found === text
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false
    this.#position += 1
    return true
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw syntaxError(this.#token)
  }

  #nested<T>(parse: () => T): T {
    this.#depth += 1
    if (this.#depth > deepest) throw syntaxError(this.#token)
    const result = parse()
    this.#depth -= 1
    return result
  }

  query(hasCondition: boolean): ParsedQuery {
    const where = hasCondition ? this.#or() : undefined
    const groupBy: Operand[] = []
    if (this.#take("group")) {
      this.#expect("by")
      do groupBy.push(this.#value())
      while (this.#take(","))
    }
    const orderBy: { operand: Operand; descending: boolean }[] = []
    if (this.#take("order")) {
      this.#expect("by")
      do {
        const operand = this.#value()
        orderBy.push({ operand, descending: this.#take("desc") })
        if (!orderBy.at(-1)?.descending) this.#take("asc")
      } while (this.#take(","))
    }
    const hasLimit = this.#take("limit")
    if (hasLimit) {
      this.#value()
      if (this.#take(",")) this.#value()
    }
    this.#take(";")
    if (this.#token.kind !== "end") throw syntaxError(this.#token)
    return { where, groupBy, orderBy, hasLimit }
  }

  #or(): Expression {
    const of = [this.#and()]
    while (this.#take("or") || this.#take("||")) of.push(this.#and())
    return joined("or", of)
  }

  #and(): Expression {
    const of = [this.#not()]
    while (this.#take("and") || this.#take("&&")) of.push(this.#not())
    return joined("and", of)
  }

  #not(): Expression {
    return this.#take("not") ? { kind: "not", of: this.#nested(() => this.#not()) } : this.#condition()
  }

  #condition(): Expression {
    let condition = this.#comparison()
    while (this.#take("is")) {
      const negated = this.#take("not")
      const what = this.#is("null") ? "null" : this.#is("true") ? "true" : "false"
      this.#expect(what)
      condition = { kind: "is", of: condition, what, negated }
    }
    return condition
  }

  #comparison(): Expression {
    if (this.#is("exists")) {
      this.#position += 1
      this.#skipParentheses()
      return { kind: "operand", operand: { kind: "unsupported", type: "*sqlparser.ExistsExpr" } }
    }
    const left = this.#value()
    const { kind, text } = this.#token
    if (kind !== "word" && kind !== "symbol") return this.#alone(left)
    const operator = comparisons[text]
    if (operator !== undefined) {
      this.#position += 1
      const right = this.#value()
      if (operator === "like" && this.#take("escape")) this.#value()
      return { kind: "comparison", left, operator, right }
    }
    if (text === "in") return this.#membership(left, "in")
    if (text === "between") return this.#range(left, false)
    if (text !== "not") return this.#alone(left)
    this.#position += 1
    const negated = this.#token.kind === "word" ? negatable[this.#token.text] : undefined
    if (negated !== undefined) {
      this.#position += 1
      return { kind: "comparison", left, operator: negated, right: this.#value() }
    }
    return this.#is("between") ? this.#range(left, true) : this.#membership(left, "not in")
  }

  /** An expression in parentheses is a value for the grammar; its conditions are what it holds. */
  #alone(operand: Operand): Expression {
    return operand.kind === "unsupported" && operand.expression !== undefined
      ? operand.expression
      : { kind: "operand", operand }
  }

  #membership(left: Operand, operator: "in" | "not in"): Expression {
    this.#expect("in")
    if (!this.#is("(")) throw syntaxError(this.#token)
    const parsed = this.#parentheses()
    const expression = parsed.kind === "unsupported" ? parsed.expression : undefined
    const right: Operand =
      expression === undefined ? parsed : { kind: "tuple", items: [operandOf(expression)] }
    return { kind: "comparison", left, operator, right }
  }

  #range(left: Operand, negated: boolean): Expression {
    this.#expect("between")
    const from = this.#value()
    this.#expect("and")
    return { kind: "range", left, negated, from, to: this.#value() }
  }

  #value(): Operand {
    let left = this.#primary()
    while (
      (this.#token.kind === "symbol" || this.#token.kind === "word") &&
      arithmetic.has(this.#token.text)
    ) {
      this.#position += 1
      this.#primary()
      left = { kind: "unsupported", type: "*sqlparser.BinaryExpr" }
    }
    return left
  }

  #primary(): Operand {
    const token = this.#token
    switch (token.kind) {
      case "string":
      case "integer":
      case "float":
      case "other":
        this.#position += 1
        return { kind: token.kind, text: token.text }
      case "name":
        return this.#column()
      case "symbol":
        if (token.text === "(") return this.#nested(() => this.#parentheses())
        if ("+-~!".includes(token.text)) return this.#unary(token.text)
        throw syntaxError(token)
      case "word":
        return this.#word(token)
      default:
        throw syntaxError(token)
    }
  }

  #word(token: Token): Operand {
    const { text } = token
    if (text === "true" || text === "false") {
      this.#position += 1
      return { kind: "boolean", value: text === "true" }
    }
    if (text === "null") {
      this.#position += 1
      return { kind: "unsupported", type: "*sqlparser.NullVal" }
    }
    if (text === "case") {
      while (!this.#take("end")) {
        if (this.#token.kind === "end" || this.#token.kind === "error") throw syntaxError(this.#token)
        this.#position += 1
      }
      return { kind: "unsupported", type: "*sqlparser.CaseExpr" }
    }
    if (!functions.has(text) && text !== "group_concat") throw syntaxError(token)
    this.#position += 1
    this.#skipParentheses()
    return {
      kind: "unsupported",
      type: text === "group_concat" ? "*sqlparser.GroupConcatExpr" : "*sqlparser.FuncExpr"
    }
  }

  #unary(symbol: string): Operand {
    this.#position += 1
    const operand = this.#nested(() => this.#primary())
    if (operand.kind !== "integer" || (symbol !== "-" && symbol !== "+"))
      return { kind: "unsupported", type: "*sqlparser.UnaryExpr" }
    if (symbol === "+") return operand
    const { text } = operand
    return { kind: "integer", text: text.startsWith("-") ? text.slice(1) : `-${text}` }
  }

  #column(): Operand {
    let name = this.#token.text
    this.#position += 1
    for (let part = 0; part < 2 && this.#take("."); part += 1) {
      const { kind, text } = this.#token
      if (kind !== "name" && kind !== "word") throw syntaxError(this.#token)
      name += `.${text}`
      this.#position += 1
    }
    if (!this.#is("(")) return { kind: "column", name }
    this.#skipParentheses()
    return { kind: "unsupported", type: "*sqlparser.FuncExpr" }
  }

  #parentheses(): Operand {
    this.#expect("(")
    if (this.#is("select")) {
      this.#position -= 1
      this.#skipParentheses()
      return { kind: "unsupported", type: "*sqlparser.Subquery" }
    }
    const items = [this.#nested(() => this.#or())]
    while (this.#take(",")) items.push(this.#or())
    this.#expect(")")
    const [first] = items
    if (items.length === 1 && first !== undefined)
      return { kind: "unsupported", type: "*sqlparser.ParenExpr", expression: first }
    return { kind: "tuple", items: items.map(operandOf) }
  }

  /** What stands in these is not supported anyway. */
  #skipParentheses(): void {
    this.#expect("(")
    for (let depth = 1; depth > 0;) {
      if (this.#token.kind === "end" || this.#token.kind === "error") throw syntaxError(this.#token)
      if (this.#is("(")) depth += 1
      else if (this.#is(")")) depth -= 1
      this.#position += 1
    }
  }
}

/** What the real server's messages call an expression. */
export const expressionTypes: Readonly<Record<Exclude<Expression["kind"], "operand">, string>> = {
  and: "*sqlparser.AndExpr",
  or: "*sqlparser.OrExpr",
  not: "*sqlparser.NotExpr",
  comparison: "*sqlparser.ComparisonExpr",
  range: "*sqlparser.RangeCond",
  is: "*sqlparser.IsExpr"
}

/** An expression where a value is expected. */
const operandOf = (expression: Expression): Operand =>
  expression.kind === "operand"
    ? expression.operand
    : { kind: "unsupported", type: expressionTypes[expression.kind], expression }

const joined = (kind: "and" | "or", of: readonly Expression[]): Expression => {
  const [only] = of
  return of.length === 1 && only !== undefined ? only : { kind, of }
}

// The statement that the real server makes of a filter, in which its messages count.
const statement = "select * from table1 "
const condition = "where "

/**
 * Parses a list filter.
 *
 * @throws an INVALID_ARGUMENT with the place where the filter stops making sense
 */
export const parseQuery = (text: string): ParsedQuery => {
  const filter = text.trim()
  const hasCondition = filter !== "" && !/^(?:order|group) by/i.test(filter)
  return new Parser(filter, statement.length + (hasCondition ? condition.length : 0)).query(hasCondition)
}
