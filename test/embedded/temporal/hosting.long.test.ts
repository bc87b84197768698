/** A service in a thread of its own. */
import { once } from "node:events"
import { join } from "node:path"
import { Worker } from "node:worker_threads"

import { Connection } from "@temporalio/client"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { EmbeddedTemporal, EmbeddedTemporalError } from "../../../src/embedded/temporal/index.ts"
import type { EmbeddedTemporalServer } from "../../../src/embedded/temporal/index.ts"
import { FakeWorker, millis, namespace } from "./fake-worker.ts"
import { connectClient, temporaryFolder } from "./support.ts"

let folder: ReturnType<typeof temporaryFolder>
let file: string
let server: EmbeddedTemporalServer
let thread: Worker
let connection: Connection
let disconnect: () => Promise<void>

beforeAll(async () => {
  folder = temporaryFolder()
  file = join(folder.path, "temporal.sqlite")
  process.once("worker", (worker) => {
    thread = worker
  })
  server = await EmbeddedTemporal.open({ hosting: "worker", file })
  ;({ connection, disconnect } = await connectClient({ address: server.address, metadata: server.metadata }))
})
afterAll(async () => {
  await disconnect()
  await server.close()
  folder.remove()
})

describe("a service in a thread of its own", () => {
  it("keeps the tasks of others while this thread is blocked", async () => {
    const worker = new FakeWorker(connection, "blocked")
    await worker.start("blocked")
    await worker.complete(await worker.poll(), [
      worker.activity("1", { heartbeatTimeout: millis(10_000), retryPolicy: { maximumAttempts: 1 } })
    ])
    const completed = new Int32Array(new SharedArrayBuffer(4))
    const other = new Worker(new URL("./fixtures/heartbeating.ts", import.meta.url), {
      workerData: {
        address: server.address,
        metadata: server.metadata,
        taskQueue: "blocked",
        beats: 5,
        completed
      }
    })
    await once(other, "message")
    // An activity that computes: nothing else of this thread runs until the other one has done its work.
    expect(Atomics.wait(completed, 0, 0, 30_000)).not.toBe("timed-out")
    await once(other, "exit")
    const events = await worker.history("blocked")
    expect(events.map((event) => event.activityTaskStartedEventAttributes?.attempt).filter(Boolean)).toEqual([
      1
    ])
    expect(await worker.names("blocked")).toContain("activityTaskCompleted")
  })

  it("tells why it could not be opened, as in the calling thread", async () => {
    const opened = EmbeddedTemporal.open({ hosting: "worker", port: server.port })
    await expect(opened).rejects.toMatchObject({ _tag: "EmbeddedTemporalError", reason: "PortInUse" })
  })

  it("answers the polls of workers when it is closed, and lets them say goodbye", async () => {
    const own = await EmbeddedTemporal.open({ hosting: "worker" })
    const connected = await Connection.connect({ address: own.address, metadata: own.metadata })
    const worker = new FakeWorker(connected, "ending")
    const polled = worker.poll()
    // One connection brings its calls in order: the poll has arrived.
    await worker.rpc.getSystemInfo({})
    await own.close()
    expect((await polled).taskToken).toHaveLength(0)
    await worker.rpc.shutdownWorker({ namespace, workerInstanceKey: "one" })
    await connected.close()
  })

  it("tells of its end, and leaves in the file what it had acknowledged", async () => {
    await thread.terminate()
    const failure = await server.failure
    expect(failure).toBeInstanceOf(EmbeddedTemporalError)
    expect(failure).toMatchObject({ reason: "Thread", code: "embedded-temporal/Thread" })
    await server.close()
    const again = await EmbeddedTemporal.open({ hosting: "worker", file })
    const reconnected = await Connection.connect({ address: again.address, metadata: again.metadata })
    expect(await new FakeWorker(reconnected, "blocked").names("blocked")).toContain("activityTaskCompleted")
    await reconnected.close()
    await again.close()
  })
})
