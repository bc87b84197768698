import { invalidArgument } from "../errors.ts"
import { parsePayload } from "../payload.ts"
import type { VisibilityRecord } from "../storage/storage.ts"

// The part of the visibility grammar that is understood so far: comparisons joined by AND, and ORDER BY.

type Value = string | number | boolean

interface Condition {
  readonly field: string
  readonly operator: string
  readonly values: readonly Value[]
}

/** A parsed list filter. */
export interface VisibilityQuery {
  readonly conditions: readonly Condition[]
  readonly orderBy: readonly { readonly field: string; readonly descending: boolean }[]
  readonly groupByStatus: boolean
}

const statusNames = [
  "Unspecified",
  "Running",
  "Completed",
  "Failed",
  "Canceled",
  "Terminated",
  "ContinuedAsNew",
  "TimedOut"
] as const

export const statusName = (status: number): string => statusNames[status] ?? "Unspecified"

type Reader = (record: VisibilityRecord) => Value | readonly Value[] | undefined

const time =
  (read: (record: VisibilityRecord) => number): Reader =>
  (record) =>
    read(record) > 0 ? read(record) : undefined

const system: Readonly<Record<string, Reader>> = {
  WorkflowId: (record) => record.workflowId,
  RunId: (record) => record.runId,
  WorkflowType: (record) => record.type,
  ExecutionStatus: (record) => statusName(record.status),
  TaskQueue: (record) => record.taskQueue,
  ParentWorkflowId: (record) => record.parentWorkflowId || undefined,
  ParentRunId: (record) => record.parentRunId || undefined,
  RootWorkflowId: (record) => record.rootWorkflowId,
  RootRunId: (record) => record.rootRunId,
  HistoryLength: (record) => (record.closeTime > 0 ? record.historyLength : undefined),
  HistorySizeBytes: (record) => (record.closeTime > 0 ? record.historySize : undefined),
  StartTime: time((record) => record.startTime),
  ExecutionTime: time((record) => record.executionTime),
  CloseTime: time((record) => record.closeTime),
  ExecutionDuration: (record) =>
    record.closeTime > 0 ? (record.closeTime - record.executionTime) * 1e6 : undefined
}

const times: ReadonlySet<string> = new Set(["StartTime", "ExecutionTime", "CloseTime"])

const read = (field: string, record: VisibilityRecord): Value | readonly Value[] | undefined => {
  const reader = system[field]
  if (reader !== undefined) return reader(record)
  const value = parsePayload(record.searchAttributes[field])
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value
  if (Array.isArray(value)) return value.filter((item) => typeof item === "string")
  return undefined
}

const token =
  /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(`[^`]+`)|(<=|>=|!=|<>|[=<>(),])|([^\s=<>!(),"'`]+))/gy

interface Token {
  readonly text: string
  readonly kind: "string" | "name" | "symbol"
}

const tokens = (query: string): Token[] => {
  const found: Token[] = []
  token.lastIndex = 0
  while (query.slice(token.lastIndex).trim() !== "") {
    const match = token.exec(query)
    if (match === null) throw invalidArgument(`invalid query: unable to parse "${query}"`)
    const [, quoted, escaped, symbol, word] = match
    if (quoted !== undefined)
      found.push({ text: quoted.slice(1, -1).replace(/\\(.)/g, "$1"), kind: "string" })
    else if (escaped !== undefined) found.push({ text: escaped.slice(1, -1), kind: "name" })
    else if (symbol !== undefined) found.push({ text: symbol, kind: "symbol" })
    else found.push({ text: word ?? "", kind: "name" })
  }
  return found
}

const valueOf = (field: string, item: Token): Value => {
  if (times.has(field)) {
    const parsed = item.kind === "string" ? Date.parse(item.text) : Number(item.text) / 1e6
    if (Number.isNaN(parsed)) throw invalidArgument(`invalid query: "${item.text}" is no time for ${field}`)
    return parsed
  }
  if (item.kind === "string") {
    if (field === "ExecutionStatus" && !statusNames.some((name) => name === item.text))
      throw invalidArgument(`invalid query: invalid ExecutionStatus value "${item.text}"`)
    return item.text
  }
  if (item.text === "true" || item.text === "false") return item.text === "true"
  const number = Number(item.text)
  if (Number.isNaN(number)) throw invalidArgument(`invalid query: unexpected "${item.text}"`)
  return field === "ExecutionStatus" ? statusName(number) : number
}

/** Parses a list filter; what is not understood is refused, never ignored. */
export const parseVisibilityQuery = (query: string): VisibilityQuery => {
  const items = tokens(query)
  let position = 0
  const peek = (text: string): boolean => items[position]?.text.toUpperCase() === text
  const next = (): Token => {
    const item = items[position]
    if (item === undefined) throw invalidArgument(`invalid query: unexpected end of "${query}"`)
    position += 1
    return item
  }
  const expect = (text: string): void => {
    const item = next()
    if (item.text.toUpperCase() !== text)
      throw invalidArgument(`invalid query: expected ${text}, found "${item.text}"`)
  }
  const list = (field: string): Value[] => {
    expect("(")
    const values = [valueOf(field, next())]
    while (peek(",")) {
      position += 1
      values.push(valueOf(field, next()))
    }
    expect(")")
    return values
  }
  const condition = (): Condition => {
    const field = next().text
    let operator = next().text.toUpperCase()
    if (operator === "NOT") operator += ` ${next().text.toUpperCase()}`
    switch (operator) {
      case "=":
      case "!=":
      case "<>":
      case "<":
      case "<=":
      case ">":
      case ">=":
      case "STARTS_WITH":
        return { field, operator: operator === "<>" ? "!=" : operator, values: [valueOf(field, next())] }
      case "IN":
      case "NOT IN":
        return { field, operator, values: list(field) }
      case "BETWEEN": {
        const from = valueOf(field, next())
        expect("AND")
        return { field, operator, values: [from, valueOf(field, next())] }
      }
      case "IS": {
        const not = peek("NOT")
        if (not) position += 1
        expect("NULL")
        return { field, operator: not ? "IS NOT NULL" : "IS NULL", values: [] }
      }
      default:
        throw invalidArgument(`invalid query: operator "${operator}" is not supported`)
    }
  }
  const conditions: Condition[] = []
  const orderBy: { field: string; descending: boolean }[] = []
  let groupByStatus = false
  while (position < items.length && !peek("ORDER") && !peek("GROUP")) {
    conditions.push(condition())
    if (peek("AND")) position += 1
    else if (peek("OR")) throw invalidArgument("invalid query: OR is not supported")
    else break
  }
  if (peek("GROUP")) {
    position += 1
    expect("BY")
    const { text } = next()
    if (text !== "ExecutionStatus")
      throw invalidArgument(
        "invalid query: 'group by' clause is only supported for ExecutionStatus search attribute"
      )
    groupByStatus = true
  }
  if (peek("ORDER")) {
    position += 1
    expect("BY")
    do {
      const field = next().text
      const descending = peek("DESC")
      if (descending || peek("ASC")) position += 1
      orderBy.push({ field, descending })
    } while (peek(",") && ++position)
  }
  if (position < items.length)
    throw invalidArgument(`invalid query: unexpected "${items[position]?.text ?? ""}"`)
  return { conditions, orderBy, groupByStatus }
}

const compare = (a: Value, b: Value): number => (a === b ? 0 : a < b ? -1 : 1)

const holds = (condition: Condition, record: VisibilityRecord): boolean => {
  const found = read(condition.field, record)
  const { operator, values } = condition
  if (operator === "IS NULL") return found === undefined
  if (operator === "IS NOT NULL") return found !== undefined
  const [first, second] = values
  if (first === undefined) return false
  if (found === undefined) return operator === "!=" || operator === "NOT IN"
  const candidates: readonly Value[] = Array.isArray(found) ? found : [found as Value]
  const any = (test: (value: Value) => boolean): boolean => candidates.some(test)
  switch (operator) {
    case "=":
      return any((value) => value === first)
    case "!=":
      return !any((value) => value === first)
    case "<":
      return any((value) => compare(value, first) < 0)
    case "<=":
      return any((value) => compare(value, first) <= 0)
    case ">":
      return any((value) => compare(value, first) > 0)
    case ">=":
      return any((value) => compare(value, first) >= 0)
    case "STARTS_WITH":
      return any((value) => typeof value === "string" && value.startsWith(String(first)))
    case "IN":
      return any((value) => values.includes(value))
    case "NOT IN":
      return !any((value) => values.includes(value))
    default:
      return second !== undefined && any((value) => compare(value, first) >= 0 && compare(value, second) <= 0)
  }
}

/** Whether a run is meant by a filter. */
export const matchesQuery = (query: VisibilityQuery, record: VisibilityRecord): boolean =>
  query.conditions.every((condition) => holds(condition, record))

/** Sorts runs as the filter says; the youngest come first otherwise. */
export const sortRecords = (query: VisibilityQuery, records: VisibilityRecord[]): VisibilityRecord[] => {
  if (query.orderBy.length === 0) return records
  return records.toSorted((a, b) => {
    for (const { field, descending } of query.orderBy) {
      const left = read(field, a)
      const right = read(field, b)
      const order =
        left === undefined || right === undefined
          ? Number(left === undefined) - Number(right === undefined)
          : compare(left as Value, right as Value)
      if (order !== 0) return descending ? -order : order
    }
    return 0
  })
}
