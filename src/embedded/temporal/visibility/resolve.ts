import type { ServiceError } from "../errors.ts"
import { findAttribute } from "./attributes.ts"
import type { Attribute, CustomTypes } from "./attributes.ts"
import type { Filter, Order, SortKey, VisibilityQuery } from "./filter.ts"
import { invalidQuery } from "./lexer.ts"
import { literalOf, literalText, show, typeOf } from "./literals.ts"
import { expressionTypes, parseQuery } from "./parser.ts"
import type { Comparison, Expression, Operand, ParsedQuery } from "./syntax.ts"
import type { Scalar } from "./values.ts"

// Gives the names and values of a parsed filter their meaning, and refuses what makes none, in the words of the real
// server: common/persistence/visibility/store/sql/query_converter.go.

/** Schedules are workflows with this prefix on the real server: `ScheduleId` names them in filters. */
const schedulePrefix = "temporal-sys-scheduler:"

type ComparisonExpression = Extract<Expression, { kind: "comparison" }>

/** An attribute as a filter names it. */
interface Named {
  readonly attribute: Attribute
  readonly isScheduleId: boolean
}

const orders: ReadonlySet<string> = new Set(["=", "!=", "<", "<=", ">", ">="])
const isOrder = (operator: Comparison): operator is Order => orders.has(operator)

const ranged: ReadonlySet<string> = new Set(["Datetime", "Double", "Int", "Keyword"])

const unsupportedOperator = (
  attribute: Attribute,
  { left, operator, right }: ComparisonExpression
): ServiceError =>
  invalidQuery(
    `invalid expression: operator '${operator}' not supported for ${attribute.type} type search attribute in \`${show(left)} ${operator} ${show(right)}\``
  )

const itemsOf = (operand: Operand): readonly Operand[] => {
  if (operand.kind === "tuple") return operand.items
  throw invalidQuery(`invalid expression: unexpected value type ${typeOf(operand)}`)
}

const refuseOperand = (operand: Operand): never => {
  if (operand.kind === "column") throw invalidQuery("invalid expression: incomplete expression")
  const type = typeOf(operand)
  throw invalidQuery(
    `operation is not supported: ${type === "*sqlparser.FuncExpr" ? "function expression" : `expression of type ${type}`}`
  )
}

class Resolver {
  readonly #custom: CustomTypes
  /** Whether the filter itself says which namespace division it means. */
  seesDivision = false

  constructor(custom: CustomTypes) {
    this.#custom = custom
  }

  #named(operand: Operand): Named {
    if (operand.kind !== "column")
      throw invalidQuery(`invalid expression: must be a column name but was ${typeOf(operand)}`)
    const { name } = operand
    const attribute = findAttribute(name, this.#custom)
    if (attribute !== undefined) {
      if (name === "TemporalNamespaceDivision") this.seesDivision = true
      return { attribute, isScheduleId: false }
    }
    if (name !== "ScheduleId")
      throw invalidQuery(`invalid expression: column name '${name}' is not a valid search attribute`)
    return { attribute: { name: "WorkflowId", type: "Keyword", system: true }, isScheduleId: true }
  }

  #value(operand: Operand, { attribute, isScheduleId }: Named): Scalar {
    const value = literalOf(operand, attribute)
    return isScheduleId ? `${schedulePrefix}${value}` : value
  }

  expression(expression: Expression): Filter {
    switch (expression.kind) {
      case "and":
      case "or":
        return { kind: expression.kind, of: expression.of.map((each) => this.expression(each)) }
      case "not":
        return { kind: "not", of: this.expression(expression.of) }
      case "comparison":
        return this.#comparison(expression)
      case "range":
        return this.#range(expression)
      case "is":
        return this.#is(expression)
      case "operand":
        return refuseOperand(expression.operand)
    }
  }

  #comparison(expression: ComparisonExpression): Filter {
    const { left, operator, right } = expression
    if (operator === "<=>" || operator.endsWith("like") || operator.endsWith("regexp"))
      throw invalidQuery(
        `invalid expression: invalid operator '${operator}' in \`${show(left)} ${operator} ${show(right)}\``
      )
    const named = this.#named(left)
    const { attribute } = named
    if (attribute.type === "KeywordList") return this.#list(attribute, expression)
    if (attribute.type === "Text") return this.#text(attribute, expression)
    if (operator === "in" || operator === "not in") {
      const values = itemsOf(right).map((item) => this.#value(item, named))
      return { kind: "in", attribute, negated: operator === "not in", values }
    }
    const value = this.#value(right, named)
    if (isOrder(operator)) return { kind: "compare", attribute, operator, value }
    const isText = right.kind === "string" && (attribute.type !== "Int" || !attribute.system)
    if (!isText || attribute.name === "ExecutionStatus")
      throw invalidQuery(
        `invalid expression: right-hand side of '${operator}' must be a literal string (got: ${right.kind === "string" ? value : show(right)})`
      )
    const prefix = named.isScheduleId ? String(value) : right.text
    return { kind: "prefix", attribute, negated: operator === "not starts_with", prefix }
  }

  #list(attribute: Attribute, expression: ComparisonExpression): Filter {
    const { operator, right } = expression
    const many = operator === "in" || operator === "not in"
    const items = many ? itemsOf(right) : [right]
    for (const item of items) literalOf(item, attribute)
    if (!many && operator !== "=" && operator !== "!=") throw unsupportedOperator(attribute, expression)
    const values = items.map((item) => {
      const text = literalText(item)
      if (text !== undefined) return text
      throw invalidQuery(
        `invalid expression: unexpected value type ${many ? "in tuple " : ""}(expected string, got ${show(item)})`
      )
    })
    return { kind: "has", attribute, negated: operator === "!=" || operator === "not in", values }
  }

  #text(attribute: Attribute, expression: ComparisonExpression): Filter {
    const { operator, right } = expression
    for (const item of right.kind === "tuple" ? right.items : [right]) literalOf(item, attribute)
    if (operator !== "=" && operator !== "!=") throw unsupportedOperator(attribute, expression)
    const words = literalText(right)
    if (words === undefined)
      throw invalidQuery(`invalid expression: unexpected value type (expected string, got ${show(right)})`)
    if (words.split(" ").every((word) => word === ""))
      throw invalidQuery(
        `invalid expression: unexpected value for Text type search attribute (no tokens found in ${show(right)})`
      )
    return { kind: "text", attribute, negated: operator === "!=", words }
  }

  #range({ left, negated, from, to }: Extract<Expression, { kind: "range" }>): Filter {
    const named = this.#named(left)
    const { attribute } = named
    if (!ranged.has(attribute.type))
      throw invalidQuery(
        `invalid expression: cannot do range condition on search attribute '${attribute.name}' of type ${attribute.type}`
      )
    return { kind: "between", attribute, negated, from: this.#value(from, named), to: this.#value(to, named) }
  }

  #is({ of, what, negated }: Extract<Expression, { kind: "is" }>): Filter {
    const operand: Operand =
      of.kind === "operand" ? of.operand : { kind: "unsupported", type: expressionTypes[of.kind] }
    const { attribute } = this.#named(operand)
    if (what !== "null")
      throw invalidQuery("invalid expression: 'IS' operator can only be used with 'NULL' or 'NOT NULL'")
    return { kind: "null", attribute, negated }
  }

  query({ where, groupBy, orderBy, hasLimit }: ParsedQuery): VisibilityQuery {
    if (hasLimit) throw invalidQuery("operation is not supported: 'limit' clause")
    let filter = where === undefined ? undefined : this.expression(where)
    if (groupBy.length > 1)
      throw invalidQuery("operation is not supported: 'group by' clause supports only a single field")
    for (const operand of groupBy)
      if (this.#named(operand).attribute.name !== "ExecutionStatus")
        throw invalidQuery(
          "operation is not supported: 'group by' clause is only supported for ExecutionStatus search attribute"
        )
    const keys = orderBy.map(({ operand, descending }): SortKey => {
      const { attribute } = this.#named(operand)
      if (attribute.type === "Text")
        throw invalidQuery(
          "unable to convert 'order by' column name: unable to sort by field of Text type, use field of type Keyword"
        )
      return { attribute, descending }
    })
    if (!this.seesDivision) filter = filter === undefined ? ordinary : { kind: "and", of: [filter, ordinary] }
    return { filter, orderBy: keys, groupByStatus: groupBy.length > 0 }
  }
}

/** Executions that belong to a division of their namespace (those of the real server's own) are asked for by name. */
const ordinary: Filter = {
  kind: "null",
  attribute: { name: "TemporalNamespaceDivision", type: "Keyword", system: false },
  negated: false
}

/** Whether a condition is the one that every filter has. */
export const isOrdinary = (filter: Filter): boolean => filter === ordinary

/** Whether a filter leaves out what belongs to a division. */
export const excludesDivisions = (filter: Filter): boolean =>
  isOrdinary(filter) || (filter.kind === "and" && filter.of.some(isOrdinary))

/**
 * Reads a list filter.
 *
 * @param custom the attributes that are registered in the namespace
 * @throws an INVALID_ARGUMENT with the real server's text
 */
export const readQuery = (text: string, custom: CustomTypes): VisibilityQuery =>
  new Resolver(custom).query(parseQuery(text))
