import type { VisibilityRecord } from "../storage/storage.ts"
import type { Attribute } from "./attributes.ts"
import type { Filter, Order, Position, SortKey } from "./filter.ts"
import { hasPhrase, phrasesOf } from "./text.ts"
import type { AttributeValue, Scalar } from "./values.ts"

// Carries out filters on records in memory.

type Reader = (record: VisibilityRecord) => AttributeValue | undefined

const micros = (ms: number): number => ms * 1000

/** How long an execution took, in nanoseconds; known when it is closed. */
export const executionDuration = (record: VisibilityRecord): number | undefined =>
  record.closeTime > 0 ? (record.closeTime - record.executionTime) * 1e6 : undefined

const closed =
  (read: (record: VisibilityRecord) => number): Reader =>
  (record) =>
    record.closeTime > 0 ? read(record) : undefined

/** Everything that an execution has by itself. Some of it is known only when it is closed. */
const system: Readonly<Record<string, Reader>> = {
  WorkflowId: (record) => record.workflowId,
  RunId: (record) => record.runId,
  WorkflowType: (record) => record.type,
  ExecutionStatus: (record) => record.status,
  TaskQueue: (record) => record.taskQueue,
  ParentWorkflowId: (record) => record.parentWorkflowId || undefined,
  ParentRunId: (record) => record.parentRunId || undefined,
  RootWorkflowId: (record) => record.rootWorkflowId,
  RootRunId: (record) => record.rootRunId,
  StartTime: (record) => micros(record.startTime),
  ExecutionTime: (record) => micros(record.executionTime),
  CloseTime: closed((record) => micros(record.closeTime)),
  ExecutionDuration: executionDuration,
  HistoryLength: closed((record) => record.historyLength),
  HistorySizeBytes: closed((record) => record.historySize),
  StateTransitionCount: closed((record) => record.stateTransitions)
}

const readerOf = ({ name, system: isSystem }: Attribute): Reader =>
  (isSystem ? system[name] : undefined) ?? ((record) => record.attributes[name])

/** The close time that an open execution has in comparisons: the end of time (9999-12-31T23:59:59Z). */
export const endOfTime = 253_402_300_799_000_000

const comparable = (attribute: Attribute): Reader => {
  const read = readerOf(attribute)
  return attribute.name === "CloseTime" && attribute.system ? (record) => read(record) ?? endOfTime : read
}

/** The order of two values: that of numbers, or of the bytes of texts; numbers come before texts. */
export const compareScalars = (a: Scalar, b: Scalar): number => {
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b)
  if (typeof a === "string") return 1
  if (typeof b === "string") return -1
  return a < b ? -1 : a > b ? 1 : 0
}

const isHigh = (unit: number): boolean => unit >= 0xd8_00 && unit <= 0xdf_ff

/** Compares texts by their code points, as SQLite does: JavaScript compares UTF-16 units. */
const compareTexts = (a: string, b: string): number => {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i += 1) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left === right) continue
    if (isHigh(left) !== isHigh(right)) return isHigh(left) ? 1 : -1
    return left - right
  }
  return a.length - b.length
}

const holds = (operator: Order, order: number): boolean => {
  switch (operator) {
    case "=":
      return order === 0
    case "!=":
      return order !== 0
    case "<":
      return order < 0
    case "<=":
      return order <= 0
    case ">":
      return order > 0
    case ">=":
      return order >= 0
  }
}

/** Whether a record is meant; undefined where a condition looks at something that the record lacks. */
export type Predicate = (record: VisibilityRecord) => boolean | undefined

/** A condition on a value that is there; false or true turned around where it is negated. */
const onScalar = (attribute: Attribute, negated: boolean, test: (value: Scalar) => boolean): Predicate => {
  const read = comparable(attribute)
  return (record) => {
    const value = read(record)
    return value === undefined || typeof value === "object" ? undefined : test(value) !== negated
  }
}

const never = (): boolean => false

/** Turns a filter into a function. */
export const compileFilter = (filter: Filter): Predicate => {
  switch (filter.kind) {
    case "and": {
      const parts = filter.of.map(compileFilter)
      return (record) => {
        let result: boolean | undefined = true
        for (const part of parts) {
          const held = part(record)
          if (held === false) return false
          if (held === undefined) result = undefined
        }
        return result
      }
    }
    case "or": {
      const parts = filter.of.map(compileFilter)
      return (record) => {
        let result: boolean | undefined = false
        for (const part of parts) {
          const held = part(record)
          if (held === true) return true
          if (held === undefined) result = undefined
        }
        return result
      }
    }
    case "not": {
      const of = compileFilter(filter.of)
      return (record) => {
        const held = of(record)
        return held === undefined ? undefined : !held
      }
    }
    case "compare": {
      const { attribute, operator, value } = filter
      return onScalar(attribute, false, (found) => holds(operator, compareScalars(found, value)))
    }
    case "in": {
      const { attribute, negated, values } = filter
      return onScalar(attribute, negated, (found) =>
        values.some((value) => compareScalars(found, value) === 0)
      )
    }
    case "between": {
      const { attribute, negated, from, to } = filter
      return onScalar(
        attribute,
        negated,
        (found) => compareScalars(found, from) >= 0 && compareScalars(found, to) <= 0
      )
    }
    case "prefix": {
      const { attribute, negated, prefix } = filter
      return onScalar(attribute, negated, (found) => String(found).startsWith(prefix))
    }
    case "null": {
      const read = readerOf(filter.attribute)
      const { negated } = filter
      return (record) => (read(record) === undefined) !== negated
    }
    case "has": {
      const { negated, values } = filter
      const read = readerOf(filter.attribute)
      return (record) => {
        const found = read(record)
        return (typeof found === "object" && found.some((item) => values.includes(item))) !== negated
      }
    }
    case "text": {
      const { negated } = filter
      const read = readerOf(filter.attribute)
      const phrases = phrasesOf(filter.words)
      const test = phrases.length === 0 ? never : (text: string): boolean => hasPhrase(text, phrases)
      return (record) => {
        const found = read(record)
        return (typeof found === "string" && test(found)) !== negated
      }
    }
  }
}

/** Open executions are listed as if they ended at the end of time. */
export const openSortTime = endOfTime / 1000

/** Lists are sorted by what they are as JSON. */
const sortable = (value: AttributeValue | undefined): Scalar | null =>
  value === undefined ? null : typeof value === "object" ? JSON.stringify(value) : value

/** Says where records stand in a listing. */
export const positionReader = (orderBy: readonly SortKey[]): ((record: VisibilityRecord) => Position) => {
  const readers = orderBy.map(({ attribute }) => readerOf(attribute))
  return (record) => ({
    keys: readers.map((read) => sortable(read(record))),
    closeTime: record.closeTime > 0 ? record.closeTime : openSortTime,
    startTime: record.startTime,
    runId: record.runId
  })
}

/** The default order: open executions first, then the latest end, the latest start, the run id. */
export const compareDefault = (a: Omit<Position, "keys">, b: Omit<Position, "keys">): number =>
  a.closeTime !== b.closeTime
    ? b.closeTime - a.closeTime
    : a.startTime !== b.startTime
      ? b.startTime - a.startTime
      : compareTexts(a.runId, b.runId)

/** The order that ORDER BY asks for: what a record lacks comes last, and the default order decides between equals. */
export const positionComparer = (orderBy: readonly SortKey[]): ((a: Position, b: Position) => number) => {
  const descending = orderBy.map((key) => key.descending)
  return (a, b) => {
    for (let i = 0; i < descending.length; i += 1) {
      const left = a.keys[i] ?? null
      const right = b.keys[i] ?? null
      const order =
        left === null || right === null
          ? Number(left === null) - Number(right === null)
          : compareScalars(left, right) * (descending[i] ? -1 : 1)
      if (order !== 0) return order
    }
    return compareDefault(a, b)
  }
}
