/** The same operation for many executions. */
import type { temporal } from "@temporalio/proto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { Batches, BatchState } from "../../../src/embedded/temporal/batches/batches.ts"
import type { BatchCall } from "../../../src/embedded/temporal/batches/operation.ts"
import type { Alarm, Clock } from "../../../src/embedded/temporal/clock.ts"
import { Engine } from "../../../src/embedded/temporal/engine.ts"
import { MemoryStorage } from "../../../src/embedded/temporal/storage/memory.ts"
import { defaultLimits } from "../../../src/embedded/temporal/limits.ts"
import { FakeWorker, namespace, payloads } from "./fake-worker.ts"
import { openRig } from "./support.ts"
import type { Rig } from "./support.ts"

type Operation = Partial<temporal.api.workflowservice.v1.IStartBatchOperationRequest>

let rig: Rig
let worker: FakeWorker
beforeAll(async () => {
  rig = await openRig()
  worker = new FakeWorker(rig.connection, "batches")
})
afterAll(() => rig.close())

const start = async (operation: Operation): Promise<string> => {
  const jobId = crypto.randomUUID()
  await worker.rpc.startBatchOperation({ namespace, jobId, reason: "a test", ...operation })
  return jobId
}

const describeBatch = (jobId: string) => worker.rpc.describeBatchOperation({ namespace, jobId })

const finished = (jobId: string) =>
  expect
    .poll(() => describeBatch(jobId), { interval: 5 })
    .toMatchObject({ state: BatchState.Completed })
    .then(() => describeBatch(jobId))

const begin = async (...workflowIds: string[]): Promise<Operation> => {
  for (const workflowId of workflowIds) await worker.start(workflowId)
  return { visibilityQuery: `WorkflowId IN (${workflowIds.map((id) => `'${id}'`).join(", ")})` }
}

const last = async (workflowId: string): Promise<string | undefined> =>
  (await worker.names(workflowId)).at(-1)

describe("a batch operation", () => {
  it("terminates what a query means, and counts", async () => {
    const query = await begin("t1", "t2")
    const job = await finished(await start({ ...query, terminationOperation: { identity: "me" } }))
    expect(job).toMatchObject({ operationType: 1, reason: "a test", identity: "me" })
    expect(
      [job.totalOperationCount, job.completeOperationCount, job.failureOperationCount].map(Number)
    ).toEqual([2, 2, 0])
    expect([await last("t1"), await last("t2")]).toEqual(["Terminated", "Terminated"])
  })

  it("has nothing to do for what is closed", async () => {
    const query = await begin("c1")
    await finished(await start({ ...query, terminationOperation: {} }))
    expect(
      Number((await finished(await start({ ...query, cancellationOperation: {} }))).totalOperationCount)
    ).toBe(0)
  })

  it("signals, cancels, and deletes", async () => {
    const query = await begin("s1")
    await finished(await start({ ...query, signalOperation: { signal: "go", input: payloads(1) } }))
    await finished(await start({ ...query, cancellationOperation: {} }))
    expect(await worker.names("s1")).toEqual([
      "Started",
      "workflowTaskScheduled",
      "Signaled",
      "CancelRequested"
    ])
    await finished(await start({ ...query, deletionOperation: {} }))
    await expect(worker.history("s1")).rejects.toThrow("workflow not found for ID: s1")
  })

  it("takes executions back to before what a build did", async () => {
    const own = new FakeWorker(rig.connection, "builds")
    await own.start("built")
    for (const buildId of ["good", "bad", "bad"]) {
      await own.complete(await own.poll(), [], { workerVersionStamp: { buildId } })
      await own.signal("built")
    }
    const reset = async (options: temporal.api.common.v1.IResetOptions) =>
      finished(await start({ executions: [{ workflowId: "built" }], resetOperation: { options } }))
    expect(Number((await reset({ buildId: "unknown" })).failureOperationCount)).toBe(1)
    expect(Number((await reset({ buildId: "bad" })).completeOperationCount)).toBe(1)
    const names = await own.names("built")
    expect(names.filter((name) => name === "workflowTaskCompleted")).toHaveLength(1)
    expect(names.filter((name) => name === "Signaled")).toHaveLength(3)
  })

  it("resets executions that are named one by one", async () => {
    await worker.start("r1")
    await worker.complete(await worker.poll())
    const jobId = await start({
      executions: [{ workflowId: "r1" }],
      resetOperation: { options: { firstWorkflowTask: {} } }
    })
    expect(Number((await finished(jobId)).completeOperationCount)).toBe(1)
    expect(await worker.names("r1")).toEqual([
      "Started",
      "workflowTaskScheduled",
      "workflowTaskStarted",
      "workflowTaskFailed",
      "workflowTaskScheduled"
    ])
  })

  it("counts what cannot be done, and not what is gone", async () => {
    await worker.start("f1")
    const executions = [{ workflowId: "f1" }, { workflowId: "nobody" }]
    const job = await finished(
      await start({ executions, resetOperation: { options: { lastWorkflowTask: {} } } })
    )
    expect([job.completeOperationCount, job.failureOperationCount].map(Number)).toEqual([1, 1])
    expect(
      Number((await finished(await start({ executions, terminationOperation: {} }))).completeOperationCount)
    ).toBe(2)
  })

  it.each([
    [{ terminationOperation: {} }, "must provide required parameters"],
    [
      { visibilityQuery: "a", executions: [{ workflowId: "x" }], terminationOperation: {} },
      "mutually exclusive"
    ],
    [{ visibilityQuery: "(", terminationOperation: {} }, "invalid query"],
    [{ executions: [{ workflowId: "x" }], signalOperation: {} }, "must provide signal name"],
    [{ executions: [{ workflowId: "x" }], resetOperation: {} }, "unknown batch reset type"],
    [
      { executions: [{ workflowId: "x" }], unpauseActivitiesOperation: {} },
      "Either activity type must be set"
    ]
  ] satisfies [Operation, string][])("is refused if it says %j", async (operation, message) => {
    await expect(start(operation)).rejects.toThrow(message)
  })

  it("is listed, and known by its id only once", async () => {
    const jobId = await start({ executions: [{ workflowId: "nobody" }], terminationOperation: {} })
    await finished(jobId)
    const { operationInfo } = await worker.rpc.listBatchOperations({ namespace })
    expect(operationInfo?.[0]).toMatchObject({ jobId, state: BatchState.Completed })
    await expect(
      worker.rpc.startBatchOperation({
        namespace,
        jobId,
        reason: "again",
        executions: [{ workflowId: "nobody" }],
        terminationOperation: {}
      })
    ).rejects.toThrow("reject duplicate workflow Id")
    await expect(worker.rpc.stopBatchOperation({ namespace, jobId, reason: "late" })).rejects.toThrow(
      "workflow execution already completed"
    )
    await expect(describeBatch("unknown")).rejects.toThrow("workflow not found for ID: unknown")
  })
})

describe("a batch that was interrupted", () => {
  const alarms = new Set<Alarm>()
  const clock: Clock = {
    now: () => 1_767_225_600_000,
    attach: (alarm) => {
      alarms.add(alarm)
      return () => alarms.delete(alarm)
    }
  }
  const storage = new MemoryStorage()
  const calls: BatchCall[] = []
  const open = (): Batches => {
    const engine = new Engine({
      storage,
      clock,
      limits: defaultLimits,
      retention: { ageMs: 1, closedRuns: 1, bytes: 1 },
      lostActivities: "retry",
      logger: () => {}
    })
    const batches = new Batches(engine, {
      call: (call) => calls.push(call),
      run: () => {
        throw new Error("no run is needed")
      },
      find: () => []
    })
    batches.recover()
    return batches
  }
  const step = (): void => {
    for (const alarm of Array.from(alarms)) alarm.wake()
  }

  it("goes on where it was when the service is there again, and stops when it is told to", () => {
    const executions = Array.from({ length: 120 }, (_, index) => ({ workflowId: `w${index}`, runId: "" }))
    const first = open()
    first.start({ namespace, jobId: "j", reason: "r", executions, terminationOperation: {} })
    step()
    expect(calls).toHaveLength(50)
    expect(() =>
      first.start({ namespace, jobId: "k", reason: "r", executions, terminationOperation: {} })
    ).toThrow("Max concurrent batch operations is reached")
    first.close()
    const second = open()
    step()
    expect(second.find(namespace, "j")).toMatchObject({
      state: BatchState.Running,
      completed: 100,
      total: 120
    })
    second.stop(namespace, "j")
    step()
    expect(calls).toHaveLength(100)
    expect(new Set(calls.map(({ request }) => JSON.stringify(request))).size).toBe(100)
    expect(second.find(namespace, "j").state).toBe(BatchState.Failed)
    second.close()
  })
})
