import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"

import { types } from "../proto/root.ts"
import type { Payload } from "../proto/root.ts"
import type { RunKey } from "../run.ts"
import type { Scalar } from "../visibility/values.ts"
import { encodeValues } from "../visibility/values.ts"
import { demanded } from "../visibility/filter.ts"
import type { Filter } from "../visibility/filter.ts"
import { excludesDivisions, isOrdinary } from "../visibility/resolve.ts"
import { behindSql, filterSql, keysSql, orderSql, registerFunctions, sortTime } from "./filter-sql.ts"
import type { Sql } from "./filter-sql.ts"
import { bytes, number, text } from "./row.ts"
import type { Row } from "./row.ts"
import type { Listed, ListRequest, RunCommit, VisibilityRecord } from "./storage.ts"

const definedFields = (
  fields: Record<string, Payload | undefined> | null | undefined
): Record<string, Payload> => {
  const defined: Record<string, Payload> = {}
  for (const [name, payload] of Object.entries(fields ?? {})) if (payload) defined[name] = payload
  return defined
}

const recordOf = (row: Row): VisibilityRecord => ({
  namespace: text(row["namespace"]),
  workflowId: text(row["workflow_id"]),
  runId: text(row["run_id"]),
  type: text(row["type"]),
  status: number(row["status"]),
  startTime: number(row["start_time"]),
  executionTime: number(row["execution_time"]),
  closeTime: number(row["close_time"]),
  taskQueue: text(row["task_queue"]),
  historyLength: number(row["history_length"]),
  historySize: number(row["history_size"]),
  stateTransitions: number(row["state_transitions"]),
  firstRunId: text(row["first_run_id"]),
  parentWorkflowId: text(row["parent_workflow_id"]),
  parentRunId: text(row["parent_run_id"]),
  rootWorkflowId: text(row["root_workflow_id"]),
  rootRunId: text(row["root_run_id"]),
  memo: definedFields(types.memo.decode(bytes(row["memo"])).fields),
  searchAttributes: definedFields(
    types.searchAttributes.decode(bytes(row["search_attributes"])).indexedFields
  ),
  attributes: {}
})

const scalar = (value: unknown): Scalar | null =>
  typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? value : null

/** What of a record changes after its start. */
const changing = (record: VisibilityRecord): SQLInputValue[] => {
  const closed = record.closeTime > 0
  const division = record.attributes["TemporalNamespaceDivision"]
  return [
    record.status,
    closed ? record.closeTime : null,
    sortTime(record.closeTime),
    closed ? record.historyLength : null,
    closed ? record.historySize : null,
    closed ? record.stateTransitions : null,
    typeof division === "string" ? division : null,
    encodeValues(record.attributes),
    types.searchAttributes.encode({ indexedFields: record.searchAttributes }).finish(),
    types.memo.encode({ fields: record.memo }).finish()
  ]
}

const insert = `INSERT INTO visibility (
  run_id, namespace, workflow_id, type, start_time, execution_time, task_queue, first_run_id,
  parent_workflow_id, parent_run_id, root_workflow_id, root_run_id,
  status, close_time, sort_time, history_length, history_size, state_transitions, division, attributes,
  search_attributes, memo
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const update = `UPDATE visibility SET
  status = ?, close_time = ?, sort_time = ?, history_length = ?, history_size = ?, state_transitions = ?,
  division = ?, attributes = ?, search_attributes = ?, memo = ?
WHERE run_id = ?`

// SQLite knows nothing of how the values are distributed: it is told which index helps.

const byWorkflow = "visibility INDEXED BY visibility_workflow"

const tableForList = (filter: Filter | undefined): string =>
  demanded(filter, "WorkflowId") === undefined ? "visibility" : byWorkflow

/** Counts that look at more than an index holds read the table from one end to the other. */
const tableForCount = (filter: Filter | undefined): string => {
  if (filter === undefined) return "visibility"
  if (demanded(filter, "WorkflowId") !== undefined) return byWorkflow
  const byStatus = isOrdinary(filter) || demanded(filter, "ExecutionStatus") !== undefined
  if (byStatus && excludesDivisions(filter)) return "visibility INDEXED BY visibility_status"
  return demanded(filter, "WorkflowType") === undefined
    ? "visibility NOT INDEXED"
    : "visibility INDEXED BY visibility_type"
}

/** How many closed runs are looked at in one step of the retention. */
const step = 500

/** What listings and counts look at, in SQLite. */
export class SqliteVisibility {
  readonly #database: DatabaseSync
  readonly #prepare: (sql: string) => StatementSync

  constructor(database: DatabaseSync, prepare: (sql: string) => StatementSync) {
    this.#database = database
    this.#prepare = prepare
    registerFunctions(database)
  }

  write(run: RunCommit): void {
    if (run.base > 0 && run.open && !run.detailsChanged) return
    const record = run.visibility()
    if (run.base > 0) {
      this.#prepare(update).run(...changing(record), record.runId)
      return
    }
    this.#prepare(insert).run(
      record.runId,
      record.namespace,
      record.workflowId,
      record.type,
      record.startTime,
      record.executionTime,
      record.taskQueue,
      record.firstRunId,
      record.parentWorkflowId || null,
      record.parentRunId || null,
      record.rootWorkflowId,
      record.rootRunId,
      ...changing(record)
    )
  }

  delete(runId: string): void {
    this.#prepare("DELETE FROM visibility WHERE run_id = ?").run(runId)
  }

  /** Filters make statements without end: they are not kept. */
  #all(...parts: readonly Sql[]): Row[] {
    const sql = parts.map((part) => part.text).join(" ")
    return this.#database.prepare(sql).all(...parts.flatMap((part) => part.parameters))
  }

  list({ namespace, filter, orderBy, after, limit }: ListRequest): Listed[] {
    const conditions: Sql[] = [{ text: "namespace = ?", parameters: [namespace] }]
    if (filter !== undefined) conditions.push(filterSql(filter))
    if (after !== undefined) conditions.push(behindSql(orderBy, after))
    const keys = keysSql(orderBy)
    const order = orderSql(orderBy)
    const rows = this.#all(
      { text: `SELECT *${keys.text} FROM ${tableForList(filter)} WHERE`, parameters: keys.parameters },
      ...conditions.flatMap((condition, index) =>
        index === 0 ? [condition] : [{ text: "AND", parameters: [] }, condition]
      ),
      { text: `ORDER BY ${order.text} LIMIT ?`, parameters: [...order.parameters, limit] }
    )
    return rows.map((row) => ({
      record: recordOf(row),
      position: {
        keys: orderBy.map((_, index) => scalar(row[`key_${index}`])),
        closeTime: number(row["sort_time"]),
        startTime: number(row["start_time"]),
        runId: text(row["run_id"])
      }
    }))
  }

  count(namespace: string, filter: Filter | undefined): Map<number, number> {
    const condition = filter === undefined ? [] : [{ text: "AND", parameters: [] }, filterSql(filter)]
    const rows = this.#all(
      {
        text: `SELECT status, COUNT(*) AS count FROM ${tableForCount(filter)} WHERE namespace = ?`,
        parameters: [namespace]
      },
      ...condition,
      { text: "GROUP BY status", parameters: [] }
    )
    return new Map(rows.map((row) => [number(row["status"]), number(row["count"])]))
  }

  closedBefore(namespace: string, time: number): RunKey[] {
    const rows: Row[] = this.#prepare(
      `SELECT run_id, workflow_id FROM visibility WHERE namespace = ? AND sort_time < ? ORDER BY sort_time LIMIT ${step}`
    ).all(namespace, time)
    return rows.map((row) => ({
      namespace,
      runId: text(row["run_id"]),
      workflowId: text(row["workflow_id"])
    }))
  }
}
