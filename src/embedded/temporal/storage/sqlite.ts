import { chmodSync, closeSync, openSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import type { StatementSync } from "node:sqlite"

import { splitFrames } from "../history.ts"
import type { RunKey, StoredRun } from "../run.ts"
import { types } from "../proto/root.ts"
import type { Payload } from "../proto/root.ts"
import type {
  DocumentChange,
  NamespaceRecord,
  OpenRun,
  RunCommit,
  Storage,
  StoredDocument,
  VisibilityRecord
} from "./storage.ts"

/**
 * What each version of the tables added. A file of a later version is refused, one of an earlier version is
 * upgraded in a transaction.
 */
const migrations: readonly string[] = [
  `
CREATE TABLE namespaces (
  name TEXT PRIMARY KEY, id TEXT NOT NULL, description TEXT NOT NULL, owner_email TEXT NOT NULL,
  retention_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY, namespace TEXT NOT NULL, workflow_id TEXT NOT NULL,
  open INTEGER NOT NULL, wake_at REAL, has_tasks INTEGER NOT NULL, overlay TEXT NOT NULL,
  type TEXT NOT NULL, status INTEGER NOT NULL, start_time INTEGER NOT NULL, close_time INTEGER NOT NULL,
  history_length INTEGER NOT NULL, history_size INTEGER NOT NULL, details TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_open ON runs (open) WHERE open = 1;
CREATE INDEX runs_started ON runs (namespace, start_time);
CREATE INDEX runs_closed ON runs (close_time) WHERE open = 0;
CREATE TABLE current (
  namespace TEXT NOT NULL, workflow_id TEXT NOT NULL, run_id TEXT NOT NULL,
  PRIMARY KEY (namespace, workflow_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
  run_id TEXT NOT NULL, first_event_id INTEGER NOT NULL, frames BLOB NOT NULL,
  PRIMARY KEY (run_id, first_event_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempts (
  run_id TEXT NOT NULL, scheduled_event_id INTEGER NOT NULL, attempt TEXT NOT NULL,
  PRIMARY KEY (run_id, scheduled_event_id)
) STRICT, WITHOUT ROWID;
`,
  `
CREATE TABLE documents (
  kind TEXT NOT NULL, namespace TEXT NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL,
  PRIMARY KEY (kind, namespace, id)
) STRICT, WITHOUT ROWID;
`
]

const schemaVersion = migrations.length

type Row = Record<string, unknown>

const text = (value: unknown): string => (typeof value === "string" ? value : "")
const number = (value: unknown): number => (typeof value === "number" ? value : 0)
const bytes = (value: unknown): Uint8Array => (value instanceof Uint8Array ? value : new Uint8Array(0))

const base64 = (value: Uint8Array): string => Buffer.from(value).toString("base64")

/** What a listing needs beyond the columns. */
interface Details {
  readonly taskQueue: string
  readonly executionTime: number
  readonly firstRunId: string
  readonly parentWorkflowId: string
  readonly parentRunId: string
  readonly rootWorkflowId: string
  readonly rootRunId: string
  readonly memo: string
  readonly searchAttributes: string
}

const encodeDetails = (record: VisibilityRecord): string => {
  const details: Details = {
    taskQueue: record.taskQueue,
    executionTime: record.executionTime,
    firstRunId: record.firstRunId,
    parentWorkflowId: record.parentWorkflowId,
    parentRunId: record.parentRunId,
    rootWorkflowId: record.rootWorkflowId,
    rootRunId: record.rootRunId,
    memo: base64(types.memo.encode({ fields: record.memo }).finish()),
    searchAttributes: base64(
      types.searchAttributes.encode({ indexedFields: record.searchAttributes }).finish()
    )
  }
  return JSON.stringify(details)
}

const definedFields = (
  fields: Record<string, Payload | undefined> | null | undefined
): Record<string, Payload> => {
  const defined: Record<string, Payload> = {}
  for (const [name, payload] of Object.entries(fields ?? {})) if (payload) defined[name] = payload
  return defined
}

const recordOf = (row: Row): VisibilityRecord => {
  // Written by `encodeDetails` above, in a file that only this service writes.
  const details = JSON.parse(text(row["details"])) as Details
  return {
    namespace: text(row["namespace"]),
    workflowId: text(row["workflow_id"]),
    runId: text(row["run_id"]),
    type: text(row["type"]),
    status: number(row["status"]),
    startTime: number(row["start_time"]),
    closeTime: number(row["close_time"]),
    historyLength: number(row["history_length"]),
    historySize: number(row["history_size"]),
    ...details,
    memo: definedFields(types.memo.decode(Buffer.from(details.memo, "base64")).fields),
    searchAttributes: definedFields(
      types.searchAttributes.decode(Buffer.from(details.searchAttributes, "base64")).indexedFields
    )
  }
}

/** Runs in one SQLite file, with one writer. */
export class SqliteStorage implements Storage {
  readonly persistent = true
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(file: string, synchronous: "off" | "normal" | "full") {
    if (file !== ":memory:") {
      // Created with the right mode before SQLite opens it, which gives the same to its journal.
      closeSync(openSync(file, "a", 0o600))
      chmodSync(file, 0o600)
    }
    this.#database = new DatabaseSync(file, { timeout: 2000 })
    try {
      this.#database.exec("PRAGMA locking_mode = EXCLUSIVE")
      this.#database.exec("PRAGMA journal_mode = WAL")
      this.#database.exec(`PRAGMA synchronous = ${synchronous.toUpperCase()}`)
      this.#database.exec("PRAGMA temp_store = MEMORY")
      this.#migrate(file)
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  #migrate(file: string): void {
    this.#database.exec("BEGIN EXCLUSIVE")
    const version = number(this.#prepare("PRAGMA user_version").get()?.["user_version"])
    if (version > schemaVersion) {
      this.#database.exec("ROLLBACK")
      throw new Error(
        `the database file ${file} was written by a later version (schema ${version}, this one knows ${schemaVersion})`
      )
    }
    for (const migration of migrations.slice(version)) this.#database.exec(migration)
    this.#database.exec(`PRAGMA user_version = ${schemaVersion}`)
    this.#database.exec("COMMIT")
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  loadRun(runId: string): StoredRun | undefined {
    const row: Row | undefined = this.#prepare(
      "SELECT namespace, workflow_id, overlay FROM runs WHERE run_id = ?"
    ).get(runId)
    if (row === undefined) return undefined
    const frames: Uint8Array[] = []
    for (const batch of this.#prepare(
      "SELECT frames FROM events WHERE run_id = ? ORDER BY first_event_id"
    ).iterate(runId))
      frames.push(...splitFrames(bytes(batch["frames"])))
    return {
      runId,
      namespace: text(row["namespace"]),
      workflowId: text(row["workflow_id"]),
      frames,
      overlay: text(row["overlay"]),
      attempts: this.#prepare("SELECT attempt FROM attempts WHERE run_id = ?")
        .all(runId)
        .map((attempt) => text(attempt["attempt"]))
    }
  }

  currentRun(namespace: string, workflowId: string): string | undefined {
    const row: Row | undefined = this.#prepare(
      "SELECT run_id FROM current WHERE namespace = ? AND workflow_id = ?"
    ).get(namespace, workflowId)
    return row === undefined ? undefined : text(row["run_id"])
  }

  *openRuns(): Iterable<OpenRun> {
    const rows: Row[] = this.#prepare("SELECT run_id, wake_at, has_tasks FROM runs WHERE open = 1").all()
    for (const row of rows)
      yield {
        runId: text(row["run_id"]),
        wakeAt: typeof row["wake_at"] === "number" ? row["wake_at"] : Number.POSITIVE_INFINITY,
        hasTasks: row["has_tasks"] === 1
      }
  }

  #transaction(action: () => void): void {
    this.#prepare("BEGIN IMMEDIATE").run()
    try {
      action()
      this.#prepare("COMMIT").run()
    } catch (error) {
      this.#prepare("ROLLBACK").run()
      throw error
    }
  }

  commit(runs: readonly RunCommit[], documents: readonly DocumentChange[]): void {
    this.#transaction(() => {
      for (const run of runs) this.#write(run)
      for (const { kind, namespace, id, data } of documents)
        if (data === undefined)
          this.#prepare("DELETE FROM documents WHERE kind = ? AND namespace = ? AND id = ?").run(
            kind,
            namespace,
            id
          )
        else
          this.#prepare(
            "INSERT INTO documents (kind, namespace, id, data) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET data = excluded.data"
          ).run(kind, namespace, id, data)
    })
  }

  #write(run: RunCommit): void {
    const { visibility } = run
    if (run.frames.length > run.base)
      this.#prepare("INSERT INTO events (run_id, first_event_id, frames) VALUES (?, ?, ?)").run(
        run.runId,
        run.base + 1,
        Buffer.concat(run.frames.slice(run.base))
      )
    const wakeAt = Number.isFinite(run.wakeAt) ? run.wakeAt : null
    if (run.base === 0)
      this.#prepare(
        "INSERT INTO runs (run_id, namespace, workflow_id, open, wake_at, has_tasks, overlay, type, status, start_time, close_time, history_length, history_size, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      ).run(
        run.runId,
        run.namespace,
        run.workflowId,
        run.open ? 1 : 0,
        wakeAt,
        run.hasTasks ? 1 : 0,
        run.overlay(),
        visibility.type,
        visibility.status,
        visibility.startTime,
        visibility.closeTime,
        visibility.historyLength,
        visibility.historySize,
        encodeDetails(visibility)
      )
    else
      this.#prepare(
        "UPDATE runs SET open = ?, wake_at = ?, has_tasks = ?, overlay = ?, status = ?, close_time = ?, history_length = ?, history_size = ? WHERE run_id = ?"
      ).run(
        run.open ? 1 : 0,
        wakeAt,
        run.hasTasks ? 1 : 0,
        run.overlay(),
        visibility.status,
        visibility.closeTime,
        visibility.historyLength,
        visibility.historySize,
        run.runId
      )
    if (run.base > 0 && run.detailsChanged)
      this.#prepare("UPDATE runs SET details = ? WHERE run_id = ?").run(encodeDetails(visibility), run.runId)
    for (const [id, attempt] of run.attempts())
      if (attempt === undefined)
        this.#prepare("DELETE FROM attempts WHERE run_id = ? AND scheduled_event_id = ?").run(run.runId, id)
      else
        this.#prepare(
          "INSERT INTO attempts (run_id, scheduled_event_id, attempt) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET attempt = excluded.attempt"
        ).run(run.runId, id, attempt)
    if (run.current)
      this.#prepare(
        "INSERT INTO current (namespace, workflow_id, run_id) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET run_id = excluded.run_id"
      ).run(run.namespace, run.workflowId, run.runId)
  }

  documents(kind: string): StoredDocument[] {
    const rows: Row[] = this.#prepare("SELECT namespace, id, data FROM documents WHERE kind = ?").all(kind)
    return rows.map((row) => ({
      kind,
      namespace: text(row["namespace"]),
      id: text(row["id"]),
      data: text(row["data"])
    }))
  }

  deleteRun(key: RunKey): void {
    this.#transaction(() => {
      this.#prepare("DELETE FROM runs WHERE run_id = ?").run(key.runId)
      this.#prepare("DELETE FROM events WHERE run_id = ?").run(key.runId)
      this.#prepare("DELETE FROM attempts WHERE run_id = ?").run(key.runId)
      this.#prepare("DELETE FROM current WHERE namespace = ? AND workflow_id = ? AND run_id = ?").run(
        key.namespace,
        key.workflowId,
        key.runId
      )
    })
  }

  *visibility(namespace: string): Iterable<VisibilityRecord> {
    // Read at once: a listing must not hold a statement open across commits.
    const rows: Row[] = this.#prepare(
      "SELECT * FROM runs WHERE namespace = ? ORDER BY start_time DESC, run_id DESC"
    ).all(namespace)
    for (const row of rows) yield recordOf(row)
  }

  expired(closedBefore: number, maxClosed: number, maxBytes: number): RunKey[] {
    const totals = this.#prepare(
      "SELECT COUNT(*) AS count, COALESCE(SUM(history_size), 0) AS bytes FROM runs WHERE open = 0"
    ).get()
    let count = number(totals?.["count"])
    let size = number(totals?.["bytes"])
    const keys: RunKey[] = []
    const rows: Row[] = this.#prepare(
      "SELECT run_id, namespace, workflow_id, close_time, history_size FROM runs WHERE open = 0 ORDER BY close_time LIMIT 500"
    ).all()
    for (const row of rows) {
      if (count <= maxClosed && size <= maxBytes && number(row["close_time"]) >= closedBefore) break
      keys.push({
        runId: text(row["run_id"]),
        namespace: text(row["namespace"]),
        workflowId: text(row["workflow_id"])
      })
      count -= 1
      size -= number(row["history_size"])
    }
    return keys
  }

  namespaces(): NamespaceRecord[] {
    const rows: Row[] = this.#prepare("SELECT * FROM namespaces").all()
    return rows.map((row) => ({
      name: text(row["name"]),
      id: text(row["id"]),
      description: text(row["description"]),
      ownerEmail: text(row["owner_email"]),
      retentionMs: number(row["retention_ms"])
    }))
  }

  saveNamespace(record: NamespaceRecord): void {
    this.#prepare(
      "INSERT INTO namespaces (name, id, description, owner_email, retention_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET description = excluded.description, owner_email = excluded.owner_email, retention_ms = excluded.retention_ms"
    ).run(record.name, record.id, record.description, record.ownerEmail, record.retentionMs)
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }
}
