import { ServiceError } from "../errors.ts"
import { Code, Status } from "../proto/enums.ts"
import type { Attribute } from "./attributes.ts"
import { invalidQuery } from "./lexer.ts"
import type { Operand } from "./syntax.ts"
import { parseDatetime, parseInteger } from "./values.ts"
import type { Scalar } from "./values.ts"

// What values in list filters mean for the attribute that they are compared with; parseSQLVal in
// common/persistence/visibility/store/sql/query_converter.go.

const statuses: ReadonlyMap<string, number> = new Map(
  Object.entries(Status).flatMap(([name, number]): [string, number][] => [
    [name, number],
    [`WORKFLOW_EXECUTION_STATUS_${name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase()}`, number]
  ])
)

const statusTexts = Object.keys(Status)

/** The name of a status in filters and groups. */
export const statusName = (status: number): string => statusTexts[status] ?? "Unspecified"

const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  "\u00b5s": 1e3,
  "\u03bcs": 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9
}

/** Nanoseconds of a number, of a duration such as `1h30m`, or of `hh:mm:ss`; undefined if it is none. */
const parseDuration = (text: string): number | undefined => {
  if (/^[+-]?\d+$/.test(text)) return Number(text)
  const clock = /^(\d+):([0-5]?\d):([0-5]?\d)$/.exec(text)
  if (clock !== null) return (Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3])) * 1e9
  const spans = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h|d))+)$/.exec(text)
  if (spans === null) return undefined
  let total = 0
  for (const [, amount, unit] of (spans[2] ?? "").matchAll(
    /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h|d)/g
  ))
    total += Number(amount) * (units[unit ?? ""] ?? 0)
  return Math.round(spans[1] === "-" ? -total : total)
}

/** The number that a literal is; texts and literals of other kinds are none. */
const numberOf = (operand: Operand): { value: number | bigint; isFloat: boolean } | undefined => {
  if (operand.kind === "integer") {
    const value = parseInteger(operand.text)
    const fits = typeof value === "number" || (value < 2n ** 63n && value >= -(2n ** 63n))
    return fits ? { value, isFloat: false } : { value: Number(operand.text), isFloat: true }
  }
  if (operand.kind === "float") return { value: Number(operand.text), isFloat: true }
  if (operand.kind !== "other") return undefined
  if (/^\d+$/.test(operand.text)) return { value: parseInteger(operand.text), isFloat: false }
  throw new ServiceError(Code.InvalidArgument, `invalid expression: unable to parse ${operand.text}`)
}

const unexpected = (type: string, attribute: Attribute): ServiceError =>
  invalidQuery(`invalid expression: unexpected value type ${type} for search attribute ${attribute.name}`)

const datetimeOf = (operand: Operand, attribute: Attribute): number => {
  if (operand.kind === "string") {
    const time = parseDatetime(operand.text)
    if (time === undefined)
      throw invalidQuery(`invalid expression: unable to parse datetime '${operand.text}'`)
    return time
  }
  const number = numberOf(operand)
  if (number === undefined || number.isFloat) throw unexpected("float64", attribute)
  return Math.floor(Number(number.value) / 1000)
}

const statusOf = (operand: Operand, attribute: Attribute): number => {
  if (operand.kind === "string") {
    const status = statuses.get(operand.text)
    if (status === undefined)
      throw invalidQuery(`invalid expression: invalid ExecutionStatus value '${operand.text}'`)
    return status
  }
  const number = numberOf(operand)
  if (number === undefined || number.isFloat) throw unexpected("float64", attribute)
  return Number(number.value)
}

const isNumeric = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/

/** As SQL compares a column of numbers with a text: by its number, and one that is none is larger than all. */
const numericText = (text: string): number | bigint => {
  if (!isNumeric.test(text)) return Number.POSITIVE_INFINITY
  return /^\s*-?\d+\s*$/.test(text) ? parseInteger(text.trim()) : Number(text)
}

/** The literal as it stands in the filter, for attributes whose values are only compared as texts. */
export const literalText = (operand: Operand): string | undefined =>
  operand.kind === "string" ? operand.text : undefined

/** A value of a filter, as it is compared with an attribute. */
export const literalOf = (operand: Operand, attribute: Attribute): Scalar => {
  if (operand.kind === "column")
    throw invalidQuery(
      `operation is not supported: column name on the right side of comparison expression (did you forget to quote '${operand.name}'?)`
    )
  if (operand.kind === "unsupported" || operand.kind === "tuple") {
    const type = typeOf(operand)
    if (type === "*sqlparser.FuncExpr") throw invalidQuery("operation is not supported: nested func")
    if (type === "*sqlparser.GroupConcatExpr")
      throw invalidQuery("operation is not supported: 'group_concat'")
    throw invalidQuery(`invalid expression: unexpected value type ${type}`)
  }
  const { name, type } = attribute
  if (operand.kind === "boolean") {
    // Texts of times are larger than any number.
    if (type === "Datetime") return Number.NEGATIVE_INFINITY
    if (name === "ExecutionStatus" || type !== "Keyword") return Number(operand.value)
    return operand.value ? "1" : "0"
  }
  if (type === "Datetime") return datetimeOf(operand, attribute)
  if (name === "ExecutionStatus") return statusOf(operand, attribute)
  if (name === "ExecutionDuration" && operand.kind === "string") {
    const duration = parseDuration(operand.text)
    if (duration === undefined)
      throw invalidQuery(
        `invalid value for search attribute ExecutionDuration: ${operand.text} (invalid duration)`
      )
    return duration
  }
  const number = operand.kind === "string" ? undefined : numberOf(operand)
  if (type === "Keyword" || type === "Text" || type === "KeywordList")
    return number === undefined ? (literalText(operand) ?? "") : String(number.value)
  return number?.value ?? numericText(literalText(operand) ?? "")
}

/** What the real server's messages call an operand. */
export const typeOf = (operand: Operand): string => {
  switch (operand.kind) {
    case "column":
      return "*sqlparser.ColName"
    case "boolean":
      return "sqlparser.BoolVal"
    case "tuple":
      return "sqlparser.ValTuple"
    case "unsupported":
      return operand.type
    default:
      return "*sqlparser.SQLVal"
  }
}

/** A literal as messages show it. */
export const show = (operand: Operand): string => {
  switch (operand.kind) {
    case "string":
      return `'${operand.text.replaceAll("'", "''")}'`
    case "boolean":
      return String(operand.value)
    case "column":
      return operand.name
    case "tuple":
      return `(${operand.items.map(show).join(", ")})`
    case "unsupported":
      return operand.type
    default:
      return operand.text
  }
}
