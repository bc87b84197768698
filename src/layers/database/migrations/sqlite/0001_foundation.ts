import type { Migration } from "../../Migration.ts"

const status =
  "CHECK (status IN ('PENDING','RUNNING','WAITING','PAUSED','SUCCESS','FAILED','TIMED_OUT','CANCELED','SKIPPED'))"

/** Executions, their steps, blobs, users and API keys. JSON is text, times are milliseconds since the epoch. */
export const foundation: Migration = {
  id: 1,
  name: "foundation",
  up: [
    `CREATE TABLE workflow_states (
      execution_id TEXT NOT NULL PRIMARY KEY,
      workflow_id TEXT NOT NULL,
      status TEXT NOT NULL ${status},
      input TEXT NOT NULL,
      output TEXT,
      error TEXT,
      definition TEXT,
      parent_execution_id TEXT,
      started_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      closed_at INTEGER,
      event_id INTEGER NOT NULL
    ) STRICT`,
    "CREATE INDEX workflow_states_started ON workflow_states (started_at, execution_id)",
    "CREATE INDEX workflow_states_workflow ON workflow_states (workflow_id, started_at, execution_id)",
    "CREATE INDEX workflow_states_status ON workflow_states (status, started_at, execution_id)",
    `CREATE TABLE task_states (
      sequence INTEGER PRIMARY KEY,
      execution_id TEXT NOT NULL,
      path TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      parent_path TEXT,
      workflow_id TEXT NOT NULL,
      task_id TEXT NOT NULL,
      type TEXT NOT NULL,
      component TEXT,
      status TEXT NOT NULL ${status},
      input TEXT,
      output TEXT,
      error TEXT,
      started_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      closed_at INTEGER,
      event_id INTEGER NOT NULL,
      UNIQUE (execution_id, path)
    ) STRICT`,
    "CREATE INDEX task_states_started ON task_states (execution_id, started_at, sequence)",
    `CREATE TABLE blobs (
      hash TEXT NOT NULL PRIMARY KEY,
      bytes BLOB NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT`,
    `CREATE TABLE blob_uses (
      execution_id TEXT NOT NULL,
      hash TEXT NOT NULL REFERENCES blobs (hash) ON DELETE CASCADE,
      PRIMARY KEY (execution_id, hash)
    ) STRICT, WITHOUT ROWID`,
    "CREATE INDEX blob_uses_hash ON blob_uses (hash)",
    `CREATE TABLE users (
      id TEXT NOT NULL PRIMARY KEY,
      email TEXT NOT NULL,
      email_key TEXT NOT NULL UNIQUE,
      role TEXT NOT NULL CHECK (role IN ('admin', 'user')),
      created_at INTEGER NOT NULL
    ) STRICT`,
    `CREATE TABLE api_keys (
      id TEXT NOT NULL PRIMARY KEY,
      user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      hash BLOB NOT NULL,
      fingerprint TEXT NOT NULL UNIQUE,
      prefix TEXT NOT NULL UNIQUE,
      created_at INTEGER NOT NULL,
      last_used_at INTEGER
    ) STRICT`,
    "CREATE INDEX api_keys_user ON api_keys (user_id, created_at)"
  ],
  down: [
    "DROP TABLE api_keys",
    "DROP TABLE users",
    "DROP TABLE blob_uses",
    "DROP TABLE blobs",
    "DROP TABLE task_states",
    "DROP TABLE workflow_states"
  ]
}
