/** How workers and the service end, in either order. */
import { Connection } from "@temporalio/client"
import { NativeConnection, Worker } from "@temporalio/worker"
import { beforeAll, expect, it } from "vitest"

import { openService } from "../../../src/embedded/temporal/service.ts"
import { FakeWorker, namespace } from "./fake-worker.ts"
import { bundlePath, openRig, quietRuntime } from "./support.ts"

beforeAll(quietRuntime)

const stopped = "STOPPED"

it.each(["before", "after"])("a worker ends with its polls, %s the service", async (order) => {
  const rig = await openRig()
  const connection = await NativeConnection.connect({ address: rig.address })
  const worker = await Worker.create({
    connection,
    taskQueue: "q",
    workflowBundle: { codePath: await bundlePath() },
    activities: { greet: () => Promise.resolve("hello") }
  })
  const running = worker.run()
  await expect.poll(() => rig.service.polls(), { interval: 5 }).toBeGreaterThan(1)
  if (order === "after") await rig.service.close()
  worker.shutdown()
  await running
  expect(worker.getState()).toBe(stopped)
  await connection.close()
  await rig.close()
})

it("a closed service answers nobody, but lets workers say goodbye", async () => {
  const rig = await openRig()
  const worker = new FakeWorker(rig.connection, "q")
  const poll = (workerInstanceKey: string) =>
    rig.connection.withDeadline(Date.now() + 15_000, () =>
      worker.rpc.pollWorkflowTaskQueue({
        namespace,
        taskQueue: { name: "q" },
        identity: "w",
        workerInstanceKey
      })
    )
  const before = poll("one")
  await expect.poll(() => rig.service.polls(), { interval: 5 }).toBe(1)
  await rig.service.close()
  expect((await before).taskToken).toHaveLength(0)
  let answered = false
  const after = poll("one").then((answer) => {
    answered = true
    return answer
  })
  await expect(worker.complete({ taskToken: new Uint8Array(0) })).rejects.toThrow(
    "the embedded service is closed"
  )
  await worker.rpc.shutdownWorker({ namespace, workerInstanceKey: "another" })
  expect(answered).toBe(false)
  await worker.rpc.shutdownWorker({ namespace, workerInstanceKey: "one" })
  expect((await after).taskToken).toHaveLength(0)
  await expect(
    Connection.connect({ address: rig.address, connectTimeout: 500, interceptors: [] })
  ).rejects.toThrow()
  await rig.disconnect()
})

it("a service that takes the port of a closed one gets its workers", async () => {
  const rig = await openRig()
  const worker = new FakeWorker(rig.connection, "q")
  const before = worker.poll()
  await expect.poll(() => rig.service.polls(), { interval: 5 }).toBe(1)
  await rig.service.close()
  await before
  const next = await openService({ ...rig.options, port: rig.service.port })
  await worker.start("w")
  expect((await worker.poll()).workflowExecution?.workflowId).toBe("w")
  await rig.disconnect()
  await next.close()
})
