import { chmodSync, closeSync, openSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import type { StatementSync } from "node:sqlite"

import { splitFrames } from "../history.ts"
import type { RunKey, StoredRun } from "../run.ts"
import type { Filter } from "../visibility/filter.ts"
import { bytes, number, text } from "./row.ts"
import type { Row } from "./row.ts"
import { migrate } from "./schema.ts"
import { SqliteVisibility } from "./sqlite-visibility.ts"
import type {
  DocumentChange,
  Listed,
  ListRequest,
  NamespaceRecord,
  NamespaceSettings,
  OpenRun,
  RunCommit,
  Storage,
  StorageUsage,
  StoredDocument
} from "./storage.ts"

/** How many closed runs are looked at in one step of the retention. */
const step = 500

/**
 * After how many pages (of 4 KiB) the log is written into the file, which everybody waits for: pages that were written
 * often meanwhile go there once. What is read again after a crash grows with it.
 */
const checkpointPages = 4000

/** Runs in one SQLite file, with one writer. */
export class SqliteStorage implements Storage {
  readonly persistent = true
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #visibility: SqliteVisibility
  /** Kept up to date here: counting them would read all of them. */
  #openRuns = 0
  #closedRuns = 0
  #closedBytes = 0

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
      this.#database.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`)
      migrate(this.#database, file)
      this.#visibility = new SqliteVisibility(this.#database, (sql) => this.#prepare(sql))
      this.#measure()
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  #measure(): void {
    this.#openRuns = this.#closedRuns = this.#closedBytes = 0
    const rows: Row[] = this.#prepare(
      "SELECT open, COUNT(*) AS count, SUM(history_size) AS bytes FROM runs GROUP BY open"
    ).all()
    for (const row of rows)
      if (row["open"] === 1) this.#openRuns = number(row["count"])
      else {
        this.#closedRuns = number(row["count"])
        this.#closedBytes = number(row["bytes"])
      }
  }

  /** Takes a run that is about to be written or deleted out of what is counted. */
  #uncount(runId: string): void {
    const row: Row | undefined = this.#prepare("SELECT open, history_size FROM runs WHERE run_id = ?").get(
      runId
    )
    if (row === undefined) return
    if (row["open"] === 1) this.#openRuns -= 1
    else {
      this.#closedRuns -= 1
      this.#closedBytes -= number(row["history_size"])
    }
  }

  #count(run: RunCommit): void {
    // Nothing changes in the counts while a run goes on.
    if (run.open && run.base > 0) return
    if (run.base > 0) this.#uncount(run.runId)
    if (run.open) this.#openRuns += 1
    else {
      this.#closedRuns += 1
      this.#closedBytes += run.historySize
    }
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
      this.#measure()
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
    if (run.frames.length > run.base)
      this.#prepare("INSERT INTO events (run_id, first_event_id, frames) VALUES (?, ?, ?)").run(
        run.runId,
        run.base + 1,
        Buffer.concat(run.frames.slice(run.base))
      )
    const wakeAt = Number.isFinite(run.wakeAt) ? run.wakeAt : null
    this.#count(run)
    if (run.base === 0)
      this.#prepare(
        "INSERT INTO runs (run_id, namespace, workflow_id, open, wake_at, has_tasks, overlay, close_time, history_size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
      ).run(
        run.runId,
        run.namespace,
        run.workflowId,
        run.open ? 1 : 0,
        wakeAt,
        run.hasTasks ? 1 : 0,
        run.overlay(),
        run.closeTime,
        run.historySize
      )
    else if (run.open)
      // Without the columns of the indices: those would be written again, although nothing changes in them.
      this.#prepare(
        "UPDATE runs SET wake_at = ?, has_tasks = ?, overlay = ?, history_size = ? WHERE run_id = ?"
      ).run(wakeAt, run.hasTasks ? 1 : 0, run.overlay(), run.historySize, run.runId)
    else
      this.#prepare(
        "UPDATE runs SET open = 0, wake_at = NULL, has_tasks = ?, overlay = ?, close_time = ?, history_size = ? WHERE run_id = ?"
      ).run(run.hasTasks ? 1 : 0, run.overlay(), run.closeTime, run.historySize, run.runId)
    this.#visibility.write(run)
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
      this.#uncount(key.runId)
      this.#visibility.delete(key.runId)
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

  list(request: ListRequest): Listed[] {
    return this.#visibility.list(request)
  }

  count(namespace: string, filter: Filter | undefined): Map<number, number> {
    return this.#visibility.count(namespace, filter)
  }

  closedBefore(namespace: string, time: number): RunKey[] {
    return this.#visibility.closedBefore(namespace, time)
  }

  excess(maxClosed: number, maxBytes: number): RunKey[] {
    let count = this.#closedRuns
    let size = this.#closedBytes
    if (count <= maxClosed && size <= maxBytes) return []
    const keys: RunKey[] = []
    const rows: Row[] = this.#prepare(
      `SELECT run_id, namespace, workflow_id, history_size FROM runs WHERE open = 0 ORDER BY close_time LIMIT ${step}`
    ).all()
    for (const row of rows) {
      if (count <= maxClosed && size <= maxBytes) break
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
      retentionMs: number(row["retention_ms"]),
      // Written by `saveNamespace` below, in a file that only this service writes.
      settings: JSON.parse(text(row["settings"])) as NamespaceSettings
    }))
  }

  saveNamespace(record: NamespaceRecord): void {
    this.#prepare(
      "INSERT INTO namespaces (name, id, description, owner_email, retention_ms, settings) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET description = excluded.description, owner_email = excluded.owner_email, retention_ms = excluded.retention_ms, settings = excluded.settings"
    ).run(
      record.name,
      record.id,
      record.description,
      record.ownerEmail,
      record.retentionMs,
      JSON.stringify(record.settings)
    )
  }

  deleteNamespace(name: string): void {
    this.#transaction(() => {
      this.#prepare("DELETE FROM namespaces WHERE name = ?").run(name)
      this.#prepare("DELETE FROM documents WHERE namespace = ?").run(name)
    })
  }

  usage(): StorageUsage {
    const pages = number(this.#prepare("PRAGMA page_count").get()?.["page_count"])
    const size = number(this.#prepare("PRAGMA page_size").get()?.["page_size"])
    return {
      openRuns: this.#openRuns,
      closedRuns: this.#closedRuns,
      closedBytes: this.#closedBytes,
      fileBytes: pages * size
    }
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }
}
