import type { DatabaseSync } from "node:sqlite"

import { openSortTime } from "../visibility/evaluate.ts"

const foundation = `
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
`

const documents = `
CREATE TABLE documents (
  kind TEXT NOT NULL, namespace TEXT NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL,
  PRIMARY KEY (kind, namespace, id)
) STRICT, WITHOUT ROWID;
`

/**
 * What listings look at gets a table of its own, with columns for what an execution has by itself and the values of
 * its search attributes as JSON. A row of `runs` is rewritten with each commit, one of `visibility` far less often.
 */
const visibility = `
CREATE TABLE visibility (
  run_id TEXT PRIMARY KEY, namespace TEXT NOT NULL, workflow_id TEXT NOT NULL, type TEXT NOT NULL,
  status INTEGER NOT NULL, start_time INTEGER NOT NULL, execution_time INTEGER NOT NULL,
  close_time INTEGER, sort_time INTEGER NOT NULL, task_queue TEXT NOT NULL,
  history_length INTEGER, history_size INTEGER, state_transitions INTEGER, first_run_id TEXT NOT NULL,
  parent_workflow_id TEXT, parent_run_id TEXT, root_workflow_id TEXT NOT NULL, root_run_id TEXT NOT NULL,
  division TEXT, attributes TEXT NOT NULL, search_attributes BLOB NOT NULL, memo BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX visibility_listed ON visibility (namespace, sort_time DESC, start_time DESC, run_id);
CREATE INDEX visibility_status ON visibility
  (namespace, division, status, sort_time DESC, start_time DESC, run_id);
CREATE INDEX visibility_type ON visibility (namespace, type, sort_time DESC, start_time DESC, run_id);
CREATE INDEX visibility_workflow ON visibility (namespace, workflow_id);
ALTER TABLE namespaces ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE runs RENAME TO former_runs;
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY, namespace TEXT NOT NULL, workflow_id TEXT NOT NULL,
  open INTEGER NOT NULL, wake_at REAL, has_tasks INTEGER NOT NULL, overlay TEXT NOT NULL,
  close_time INTEGER NOT NULL, history_size INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO runs SELECT run_id, namespace, workflow_id, open, wake_at, has_tasks, overlay, close_time, history_size
  FROM former_runs;
INSERT INTO visibility
  SELECT run_id, namespace, workflow_id, type, status, start_time, details ->> 'executionTime',
    NULLIF(close_time, 0), IIF(close_time = 0, ${openSortTime}, close_time), details ->> 'taskQueue',
    history_length, history_size, NULL, details ->> 'firstRunId',
    NULLIF(details ->> 'parentWorkflowId', ''), NULLIF(details ->> 'parentRunId', ''),
    details ->> 'rootWorkflowId', details ->> 'rootRunId', NULL, '{}',
    from_base64(details ->> 'searchAttributes'), from_base64(details ->> 'memo')
  FROM former_runs;
DROP TABLE former_runs;
CREATE INDEX runs_open ON runs (open) WHERE open = 1;
CREATE INDEX runs_closed ON runs (close_time) WHERE open = 0;
`

/** The steps to the current schema, from an empty file on. Steps that were released are never changed. */
const migrations: readonly string[] = [foundation, documents, visibility]

/** The version of the tables. */
export const schemaVersion = migrations.length

/**
 * Brings a file to the current schema, in one transaction.
 *
 * @throws if a later version wrote the file
 */
export const migrate = (database: DatabaseSync, file: string): void => {
  database.exec("BEGIN EXCLUSIVE")
  try {
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0)
    if (version > schemaVersion)
      throw new Error(
        `the database file ${file} was written by a later version (schema ${version}, this one knows ${schemaVersion})`
      )
    if (version < schemaVersion) {
      database.function("from_base64", (text) => Buffer.from(String(text), "base64"))
      for (const migration of migrations.slice(version)) database.exec(migration)
      database.exec(`PRAGMA user_version = ${schemaVersion}`)
    }
    database.exec("COMMIT")
  } catch (error) {
    database.exec("ROLLBACK")
    throw error
  }
}
