import type { DatabaseSync, SQLInputValue } from "node:sqlite"

import { endOfTime, openSortTime } from "../visibility/evaluate.ts"
import type { Position } from "../visibility/filter.ts"
import type { Attribute } from "../visibility/attributes.ts"
import type { Filter, SortKey } from "../visibility/filter.ts"
import { hasPhrase, phrasesOf } from "../visibility/text.ts"
import { storedName } from "../visibility/values.ts"
import type { Scalar } from "../visibility/values.ts"

// Filters as SQL on the table `visibility`. Both have the same logic of three values, so it maps one to one.

/** A piece of SQL with its parameters. */
export interface Sql {
  readonly text: string
  readonly parameters: readonly SQLInputValue[]
}

/** Lets SQL look for words in texts the way that memory does. */
export const registerFunctions = (database: DatabaseSync): void => {
  let query = ""
  let phrases: string[][] = []
  database.function("has_phrase", { deterministic: true }, (text, words) => {
    if (typeof text !== "string" || typeof words !== "string") return 0
    if (words !== query) {
      query = words
      phrases = phrasesOf(words)
    }
    return Number(hasPhrase(text, phrases))
  })
}

const columns: Readonly<Record<string, string>> = {
  WorkflowId: "workflow_id",
  RunId: "run_id",
  WorkflowType: "type",
  ExecutionStatus: "status",
  TaskQueue: "task_queue",
  ParentWorkflowId: "parent_workflow_id",
  ParentRunId: "parent_run_id",
  RootWorkflowId: "root_workflow_id",
  RootRunId: "root_run_id",
  StartTime: "(start_time * 1000)",
  ExecutionTime: "(execution_time * 1000)",
  CloseTime: "(close_time * 1000)",
  ExecutionDuration: "((close_time - execution_time) * 1000000)",
  HistoryLength: "history_length",
  HistorySizeBytes: "history_size",
  StateTransitionCount: "state_transitions"
}

const path = (name: string): string => `$."${storedName(name)}"`

/** The value of an attribute. */
const valueOf = ({ name, system }: Attribute): Sql => {
  const column = system ? columns[name] : name === "TemporalNamespaceDivision" ? "division" : undefined
  return column === undefined
    ? { text: "(attributes ->> ?)", parameters: [path(name)] }
    : { text: column, parameters: [] }
}

/** The value of an attribute in comparisons: executions without an end have the end of time. */
const comparableOf = (attribute: Attribute): Sql =>
  attribute.system && attribute.name === "CloseTime"
    ? { text: `COALESCE(close_time * 1000, ${endOfTime})`, parameters: [] }
    : valueOf(attribute)

const marks = (values: readonly unknown[]): string => values.map(() => "?").join(", ")

/** Joined in pairs: SQLite bounds the depth of expressions. */
const join = (operator: "AND" | "OR", parts: readonly Sql[]): Sql => {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const half = parts.length >> 1
  const left = join(operator, parts.slice(0, half))
  const right = join(operator, parts.slice(half))
  return {
    text: `(${left.text} ${operator} ${right.text})`,
    parameters: [...left.parameters, ...right.parameters]
  }
}

/** Something about a value. The value's own parameters come first. */
const about = (value: Sql, rest: string, parameters: readonly SQLInputValue[]): Sql => ({
  text: `(${value.text} ${rest})`,
  parameters: [...value.parameters, ...parameters]
})

/** The condition that a filter is. */
export const filterSql = (filter: Filter): Sql => {
  switch (filter.kind) {
    case "and":
    case "or":
      return join(filter.kind === "and" ? "AND" : "OR", filter.of.map(filterSql))
    case "not": {
      const of = filterSql(filter.of)
      return { text: `(NOT ${of.text})`, parameters: of.parameters }
    }
    case "compare":
      return about(comparableOf(filter.attribute), `${filter.operator} ?`, [filter.value])
    case "in":
      return about(
        comparableOf(filter.attribute),
        `${filter.negated ? "NOT " : ""}IN (${marks(filter.values)})`,
        filter.values
      )
    case "between":
      return about(comparableOf(filter.attribute), `${filter.negated ? "NOT " : ""}BETWEEN ? AND ?`, [
        filter.from,
        filter.to
      ])
    case "prefix": {
      const value = valueOf(filter.attribute)
      return {
        text: `(substr(CAST(${value.text} AS TEXT), 1, length(?)) ${filter.negated ? "!=" : "="} ?)`,
        parameters: [...value.parameters, filter.prefix, filter.prefix]
      }
    }
    case "null":
      return about(valueOf(filter.attribute), filter.negated ? "IS NOT NULL" : "IS NULL", [])
    case "has":
      return {
        text: `(${filter.negated ? "NOT " : ""}EXISTS (SELECT 1 FROM json_each(attributes, ?) WHERE value IN (${marks(filter.values)})))`,
        parameters: [path(filter.attribute.name), ...filter.values]
      }
    case "text": {
      const value = valueOf(filter.attribute)
      return {
        text: `(has_phrase(${value.text}, ?) = ${filter.negated ? 0 : 1})`,
        parameters: [...value.parameters, filter.words]
      }
    }
  }
}

/** The values that a listing is sorted by, as further columns. */
export const keysSql = (orderBy: readonly SortKey[]): Sql => {
  const values = orderBy.map(({ attribute }) => valueOf(attribute))
  return {
    text: values.map((value, index) => `, ${value.text} AS key_${index}`).join(""),
    parameters: values.flatMap((value) => value.parameters)
  }
}

/** The order of a listing. */
export const orderSql = (orderBy: readonly SortKey[]): Sql => {
  const parameters: SQLInputValue[] = []
  const keys = orderBy.map(({ attribute, descending }) => {
    const value = valueOf(attribute)
    parameters.push(...value.parameters)
    return `${value.text} ${descending ? "DESC" : "ASC"} NULLS LAST, `
  })
  return { text: `${keys.join("")}sort_time DESC, start_time DESC, run_id`, parameters }
}

const behindDefault = ({ closeTime, startTime, runId }: Position): Sql => ({
  text: "(sort_time <= ? AND (sort_time < ? OR start_time < ? OR (start_time = ? AND run_id > ?)))",
  parameters: [closeTime, closeTime, startTime, startTime, runId]
})

/** The condition that a row is listed behind a position. */
export const behindSql = (orderBy: readonly SortKey[], position: Position): Sql =>
  orderBy.reduceRight<Sql>((behind, { attribute, descending }, index) => {
    const value = valueOf(attribute)
    const key: Scalar | null = position.keys[index] ?? null
    if (key === null)
      return {
        text: `(${value.text} IS NULL AND ${behind.text})`,
        parameters: [...value.parameters, ...behind.parameters]
      }
    return {
      text: `(${value.text} IS NULL OR ${value.text} ${descending ? "<" : ">"} ? OR (${value.text} = ? AND ${behind.text}))`,
      parameters: [
        ...value.parameters,
        ...value.parameters,
        key,
        ...value.parameters,
        key,
        ...behind.parameters
      ]
    }
  }, behindDefault(position))

/** The time by which a row is sorted. */
export const sortTime = (closeTime: number): number => (closeTime > 0 ? closeTime : openSortTime)
