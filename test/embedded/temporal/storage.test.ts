/** What is kept, for how long, and across versions. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

import { afterEach, beforeEach, describe, expect, it } from "vitest"

import { Engine } from "../../../src/embedded/temporal/engine.ts"
import { defaultLimits } from "../../../src/embedded/temporal/limits.ts"
import { MemoryStorage } from "../../../src/embedded/temporal/storage/memory.ts"
import { schemaVersion } from "../../../src/embedded/temporal/storage/schema.ts"
import { SqliteStorage } from "../../../src/embedded/temporal/storage/sqlite.ts"
import type { RunCommit, Storage } from "../../../src/embedded/temporal/storage/storage.ts"
import { FakeWorker } from "./fake-worker.ts"
import { ignore, openRig, temporaryFolder } from "./support.ts"

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

/** An execution that closed then (0: still open), with a history of so many bytes. */
const execution = (runId: string, namespace: string, closeTime: number, historySize = 100): RunCommit => ({
  namespace,
  workflowId: runId,
  runId,
  base: 0,
  frames: [],
  overlay: () => "",
  attempts: () => [],
  open: closeTime === 0,
  wakeAt: Number.POSITIVE_INFINITY,
  hasTasks: false,
  closeTime,
  historySize,
  visibility: () => ({
    namespace,
    workflowId: runId,
    runId,
    type: "t",
    status: closeTime === 0 ? 1 : 2,
    startTime: 1,
    executionTime: 1,
    closeTime,
    taskQueue: "q",
    historyLength: 1,
    historySize,
    stateTransitions: 1,
    firstRunId: runId,
    parentWorkflowId: "",
    parentRunId: "",
    rootWorkflowId: runId,
    rootRunId: runId,
    memo: {},
    searchAttributes: {},
    attributes: {}
  }),
  detailsChanged: false,
  current: true
})

const left = (storage: Storage, namespace: string): string[] =>
  storage
    .list({ namespace, filter: undefined, orderBy: [], after: undefined, limit: 100 })
    .map(({ record }) => record.runId)

describe.each([
  ["memory", () => new MemoryStorage()],
  ["a file", () => new SqliteStorage(":memory:", "off")]
] as const)("the retention of %s", (_, open) => {
  const engineOf = (storage: Storage, closedRuns: number, bytes: number): Engine => {
    const engine = new Engine({
      storage,
      clock: { now: () => 10_000 },
      limits: defaultLimits,
      retention: { ageMs: 0, closedRuns, bytes },
      lostActivities: "retry",
      logger: ignore
    })
    engine.retentions = () => [
      ["short", 1000],
      ["long", 5000]
    ]
    return engine
  }

  it("is a matter of age in each namespace, and open executions stay", () => {
    const storage = open()
    storage.commit(
      [
        execution("old", "short", 8000),
        execution("young", "short", 9500),
        execution("open", "short", 0),
        execution("other", "long", 8000),
        execution("older", "long", 4000)
      ],
      []
    )
    engineOf(storage, 100, 1e9).applyRetention()
    expect(left(storage, "short")).toEqual(["open", "young"])
    expect(left(storage, "long")).toEqual(["other"])
    expect(storage.loadRun("old")).toBeUndefined()
    expect(storage.currentRun("short", "old")).toBeUndefined()
    storage.close()
  })

  it("is a matter of number and of size, the oldest go first", () => {
    const storage = open()
    storage.commit(
      [1, 2, 3, 4].map((n) => execution(`r${n}`, "long", 9000 + n, n * 100)),
      []
    )
    expect(storage.usage()).toMatchObject({ openRuns: 0, closedRuns: 4, closedBytes: 1000 })
    engineOf(storage, 3, 1e9).applyRetention()
    expect(left(storage, "long")).toEqual(["r4", "r3", "r2"])
    engineOf(storage, 3, 500).applyRetention()
    expect(left(storage, "long")).toEqual(["r4"])
    expect(storage.usage()).toMatchObject({ openRuns: 0, closedRuns: 1, closedBytes: 400 })
    storage.close()
  })
})

describe("a file of the first version", () => {
  const write = (file: string, change = ""): void => {
    const database = new DatabaseSync(file)
    database.exec(readFileSync(new URL("./fixtures/schema-1.sql", import.meta.url), "utf8"))
    database.exec(change)
    database.close()
  }

  it("is upgraded, with everything in it", async () => {
    const file = join(folder.path, "a.sqlite")
    write(file)
    const rig = await openRig({ file })
    const found = []
    for await (const info of rig.client.workflow.list()) found.push(info)
    expect(
      found.map(({ workflowId, status, memo, taskQueue, type }) => ({
        workflowId,
        status: status.name,
        memo,
        taskQueue,
        type
      }))
    ).toEqual([
      { workflowId: "open", status: "RUNNING", memo: { note: "kept" }, taskQueue: "q", type: "order" },
      { workflowId: "closed", status: "TERMINATED", memo: { note: "kept" }, taskQueue: "q", type: "order" }
    ])
    const worker = new FakeWorker(rig.connection, "q")
    expect((await worker.poll()).workflowExecution?.workflowId).toBe("open")
    expect(await worker.names("closed")).toEqual(["Started", "workflowTaskScheduled", "Terminated"])
    await rig.close()
    const database = new DatabaseSync(file)
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: schemaVersion })
    database.close()
  })

  it("stays as it is if that fails", () => {
    const file = join(folder.path, "a.sqlite")
    // Something is in the way of the last step.
    write(file, "CREATE TABLE visibility (x)")
    expect(() => new SqliteStorage(file, "normal")).toThrow(/visibility/)
    const database = new DatabaseSync(file)
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: 1 })
    expect(database.prepare("SELECT COUNT(*) AS count FROM runs").get()).toEqual({ count: 2 })
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'documents'").get()).toBeUndefined()
    database.close()
  })
})
