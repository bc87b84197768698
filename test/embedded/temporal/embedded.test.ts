/** The library's own surface. */
import { join } from "node:path"

import { Connection } from "@temporalio/client"
import { Effect, Exit } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"

import { Engine } from "../../../src/embedded/temporal/engine.ts"
import { EmbeddedTemporal, EmbeddedTemporalError } from "../../../src/embedded/temporal/index.ts"
import { createRun, signalRun } from "../../../src/embedded/temporal/lifecycle.ts"
import { MemoryStorage } from "../../../src/embedded/temporal/storage/memory.ts"
import { SqliteStorage } from "../../../src/embedded/temporal/storage/sqlite.ts"
import type { Storage } from "../../../src/embedded/temporal/storage/storage.ts"
import { defaultLimits } from "../../../src/embedded/temporal/limits.ts"
import type { Run } from "../../../src/embedded/temporal/run.ts"
import { completeWorkflow, FakeWorker, namespace } from "./fake-worker.ts"
import { expectRebuilt, ignore, openRig, temporaryFolder } from "./support.ts"

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "none",
    (error: unknown) => (error instanceof EmbeddedTemporalError ? error.reason : error)
  )

describe("EmbeddedTemporal", () => {
  it("lets in whoever brings its key, and gives each instance another one", async () => {
    const [one, two] = await Promise.all([EmbeddedTemporal.open(), EmbeddedTemporal.open()])
    expect(one.apiKey).not.toBe(two.apiKey)
    const connection = await Connection.connect({ address: one.address, metadata: one.metadata })
    await expect(Connection.connect({ address: one.address, metadata: two.metadata })).rejects.toMatchObject({
      cause: { code: 16 }
    })
    await connection.close()
    await Promise.all([one.close(), two.close()])
  })

  it("lives as long as its scope", async () => {
    const address = await Effect.runPromise(
      Effect.scoped(Effect.map(EmbeddedTemporal.make({ auth: "none" }), (server) => server.address))
    )
    await expect(Connection.connect({ address, connectTimeout: 300, interceptors: [] })).rejects.toThrow()
    const exit = await Effect.runPromise(
      Effect.exit(Effect.scoped(EmbeddedTemporal.make({ host: "0.0.0.0" })))
    )
    expect(Exit.isFailure(exit)).toBe(true)
  })

  it("says why it cannot start", async () => {
    expect(await reasonOf(EmbeddedTemporal.open({ host: "0.0.0.0" }))).toBe("NotLoopback")
    const first = await EmbeddedTemporal.open({ file: join(folder.path, "a.sqlite") })
    expect(await reasonOf(EmbeddedTemporal.open({ port: first.port }))).toBe("PortInUse")
    expect(await reasonOf(EmbeddedTemporal.open({ file: join(folder.path, "none", "a.sqlite") }))).toBe(
      "Storage"
    )
    await first.close()
  })

  it("ends waiting polls when it closes, and may be closed twice", async () => {
    const server = await EmbeddedTemporal.open({ auth: "none" })
    const connection = await Connection.connect({ address: server.address })
    const worker = new FakeWorker(connection, "q")
    await worker.start("w")
    const polls = Promise.all([worker.pollActivity(), worker.poll()])
    const history = worker.rpc.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId: "w" },
      waitNewEvent: true,
      historyEventFilterType: 2
    })
    const [, task] = await Promise.all([
      worker.rpc.getSystemInfo({}).then(() => server.close()),
      polls.then(([, workflow]) => workflow)
    ])
    expect(task.taskToken.length).toBeGreaterThan(0)
    expect((await history).history?.events ?? []).toHaveLength(0)
    await server.close()
    await connection.close()
  })

  it("forgets closed executions beyond its retention", async () => {
    const rig = await openRig({ retention: { ageMs: 86_400_000, closedRuns: 5, bytes: 1_000_000 } })
    const worker = new FakeWorker(rig.connection, "q")
    for (let index = 0; index < 12; index++) {
      await worker.start(`w${index}`)
      await worker.complete(await worker.poll(), [completeWorkflow()])
    }
    rig.service.engine.applyRetention()
    expect((await rig.client.workflow.count()).count).toBe(5)
    await expect(worker.history("w0")).rejects.toMatchObject({ code: 5 })
    expect(await worker.names("w11")).toHaveLength(5)
    await rig.close()
  })
})

describe("a transition", () => {
  const engineOn = (storage: Storage): Engine =>
    new Engine({
      storage,
      clock: { now: () => 1000 },
      limits: defaultLimits,
      retention: { ageMs: 1, closedRuns: 1, bytes: 1 },
      lostActivities: "retry",
      logger: ignore
    })

  const started = (engine: Engine): Run =>
    engine.transact((tx) =>
      createRun(tx, {
        namespace,
        workflowId: "w",
        runId: "r",
        requestId: "s",
        attributes: { taskQueue: { name: "q" }, workflowId: "w" }
      })
    )

  const signal = { name: "s", input: null, header: null, identity: "", requestId: "" }

  it.each([
    ["in memory", () => new MemoryStorage()],
    ["in a file", () => new SqliteStorage(":memory:", "off")]
  ])("that throws half way leaves nothing behind, %s", (_, open) => {
    const engine = engineOn(open())
    const run = started(engine)
    const before = run.frames.length
    expect(() =>
      engine.transact((tx) => {
        signalRun(tx, run, signal)
        tx.flush(run)
        throw new Error("half way")
      })
    ).toThrow("half way")
    expect(run.frames).toHaveLength(before)
    expectRebuilt(run)
    engine.transact((tx) => signalRun(tx, run, signal))
    expect(run.frames).toHaveLength(before + 1)
    expectRebuilt(run)
    engine.close()
  })

  it("that cannot be stored is undone, and the next one finds everything as it was", () => {
    const storage = new MemoryStorage()
    const engine = engineOn(storage)
    const run = started(engine)
    const commit = storage.commit.bind(storage)
    storage.commit = () => {
      throw new Error("disk full")
    }
    expect(() => engine.transact((tx) => signalRun(tx, run, signal))).toThrow("disk full")
    expectRebuilt(run)
    storage.commit = commit
    engine.transact((tx) => signalRun(tx, run, signal))
    expect(run.h.signals).toBe(1)
    engine.close()
  })
})
