import type { Migration } from "../../Migration.ts"

const status =
  "CHECK (status IN ('PENDING','RUNNING','WAITING','PAUSED','SUCCESS','FAILED','TIMED_OUT','CANCELED','SKIPPED'))"

/**
 * Executions, their steps, blobs, users and API keys. JSON columns are `json`, not `jsonb`: they give back exactly what
 * was written, key order and escaped NUL characters included, as SQLite's text does.
 */
export const foundation: Migration = {
  id: 1,
  name: "foundation",
  up: [
    `CREATE TABLE workflow_states (
      execution_id text PRIMARY KEY,
      workflow_id text NOT NULL,
      status text NOT NULL ${status},
      input json NOT NULL,
      output json,
      error json,
      definition text,
      parent_execution_id text,
      started_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      closed_at timestamptz,
      event_id bigint NOT NULL
    )`,
    'CREATE INDEX workflow_states_started ON workflow_states (started_at, execution_id COLLATE "C")',
    'CREATE INDEX workflow_states_workflow ON workflow_states (workflow_id, started_at, execution_id COLLATE "C")',
    'CREATE INDEX workflow_states_status ON workflow_states (status, started_at, execution_id COLLATE "C")',
    `CREATE TABLE task_states (
      sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      execution_id text NOT NULL,
      path text NOT NULL,
      attempt integer NOT NULL,
      parent_path text,
      workflow_id text NOT NULL,
      task_id text NOT NULL,
      type text NOT NULL,
      component text,
      status text NOT NULL ${status},
      input json,
      output json,
      error json,
      started_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      closed_at timestamptz,
      event_id bigint NOT NULL,
      UNIQUE (execution_id, path)
    )`,
    "CREATE INDEX task_states_started ON task_states (execution_id, started_at, sequence)",
    `CREATE TABLE blobs (
      hash text PRIMARY KEY,
      bytes bytea NOT NULL,
      created_at timestamptz NOT NULL
    )`,
    `CREATE TABLE blob_uses (
      execution_id text NOT NULL,
      hash text NOT NULL REFERENCES blobs (hash) ON DELETE CASCADE,
      PRIMARY KEY (execution_id, hash)
    )`,
    "CREATE INDEX blob_uses_hash ON blob_uses (hash)",
    `CREATE TABLE users (
      id text PRIMARY KEY,
      email text NOT NULL,
      email_key text NOT NULL UNIQUE,
      role text NOT NULL CHECK (role IN ('admin', 'user')),
      created_at timestamptz NOT NULL
    )`,
    `CREATE TABLE api_keys (
      id text PRIMARY KEY,
      user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      hash bytea NOT NULL,
      fingerprint text NOT NULL UNIQUE,
      prefix text NOT NULL UNIQUE,
      created_at timestamptz NOT NULL,
      last_used_at timestamptz
    )`,
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
