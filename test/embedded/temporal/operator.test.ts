/** Namespaces, search attributes, task queues and workers, as operators see them. */
import { join } from "node:path"

import { Connection } from "@temporalio/client"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { EmbeddedTemporal } from "../../../src/embedded/temporal/index.ts"
import { completeWorkflow, FakeWorker, millis, namespace, payloads } from "./fake-worker.ts"
import { openRig, temporaryFolder } from "./support.ts"
import type { Rig } from "./support.ts"

const Type = { Text: 1, Keyword: 2, Int: 3, Double: 4, Bool: 5, Datetime: 6, KeywordList: 7 }

const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "accepted",
    (error: unknown) => (error as { details?: unknown }).details
  )

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

describe("search attributes", () => {
  const fields = (values: Readonly<Record<string, unknown>>) => ({
    indexedFields: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, payloads(value).payloads?.[0] ?? {}])
    )
  })
  beforeAll(async () => {
    await rig.connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { Count: Type.Int, Since: Type.Datetime, Labels: Type.KeywordList }
    })
  })

  it.each([
    [{ Missing: 1 }, "Namespace default has no mapping defined for search attribute Missing"],
    [{ WorkflowId: "x" }, "WorkflowId attribute can't be set in SearchAttributes"],
    [
      { TemporalWorkerDeployment: "x" },
      "TemporalWorkerDeployment attribute can't be set in SearchAttributes"
    ],
    [{ Count: "x" }, "invalid value for search attribute Count of type Int: x"],
    [{ Count: [1, 2] }, "invalid value for search attribute Count of type Int: [1 2]"],
    [{ Count: 1.5 }, "invalid value for search attribute Count of type Int: 1.5"],
    [{ Since: "2020-01-01" }, "invalid value for search attribute Since of type Datetime: 2020-01-01"],
    [{ Labels: "x" }, "invalid value for search attribute Labels of type KeywordList: x"],
    [
      { CustomKeywordField: "x".repeat(2100) },
      "search attribute CustomKeywordField value size 2102 exceeds size limit 2048"
    ]
  ])("%j is refused at a start", async (values, text) => {
    const worker = new FakeWorker(rig.connection, "refused")
    expect(await refusal(worker.start("refused", { searchAttributes: fields(values) }))).toBe(text)
  })

  it("that are wrong fail the workflow task that sets them", async () => {
    const worker = new FakeWorker(rig.connection, "upsert")
    await worker.start("upsert")
    const upsert = {
      commandType: 13,
      upsertWorkflowSearchAttributesCommandAttributes: { searchAttributes: fields({ Count: "x" }) }
    }
    expect(await refusal(worker.complete(await worker.poll(), [upsert]))).toBe(
      "BadSearchAttributes: invalid value for search attribute Count of type Int: x"
    )
    expect(await worker.names("upsert")).toContain("workflowTaskFailed")
  })

  it("have room for as many as a server with an SQL store", async () => {
    const add = (searchAttributes: Record<string, number>) =>
      refusal(rig.connection.operatorService.addSearchAttributes({ namespace, searchAttributes }))
    expect(await add({ B1: Type.Bool, B2: Type.Bool, B3: Type.Bool })).toBe("accepted")
    expect(await add({ B1: Type.Bool })).toBe("accepted")
    expect(await add({ B4: Type.Bool, K: Type.Keyword })).toBe(
      "Unable to create search attributes: cannot have more than 3 search attribute of type Bool."
    )
    expect(await add({ RunId: Type.Keyword })).toBe("Search attribute RunId is reserved by system.")
    expect(await add({ TemporalX: Type.Keyword })).toBe("Search attribute TemporalX is reserved by system.")
    const remove = (searchAttributes: string[]) =>
      refusal(rig.connection.operatorService.removeSearchAttributes({ namespace, searchAttributes }))
    expect(await remove(["RunId"])).toBe("Unable to remove non-custom search attributes: RunId.")
    expect(await remove(["B1", "B2", "B3", "unknown"])).toBe("accepted")
    const { customAttributes } = await rig.connection.operatorService.listSearchAttributes({ namespace })
    expect(customAttributes).not.toHaveProperty("B1")
    expect(customAttributes).not.toHaveProperty("K")
  })
})

describe("namespaces", () => {
  const service = () => rig.connection.workflowService
  const week = millis(7 * 86_400_000)

  it("are registered, changed, deprecated and deleted with all they have", async () => {
    const name = "second"
    await service().registerNamespace({
      namespace: name,
      workflowExecutionRetentionPeriod: week,
      description: "one",
      data: { a: "1" }
    })
    expect(
      await refusal(service().registerNamespace({ namespace: name, workflowExecutionRetentionPeriod: week }))
    ).toBe('Namespace "second" already exists')
    await service().updateNamespace({
      namespace: name,
      updateInfo: { description: "two", data: { b: "2" } },
      config: { workflowExecutionRetentionTtl: millis(3_600_000) }
    })
    await service().deprecateNamespace({ namespace: name })
    expect(await service().describeNamespace({ namespace: name })).toMatchObject({
      namespaceInfo: { description: "two", data: { a: "1", b: "2" }, state: 2 },
      config: { workflowExecutionRetentionTtl: { seconds: { low: 3600 } } }
    })
    const { namespaces } = await service().listNamespaces({})
    expect(namespaces?.map(({ namespaceInfo }) => namespaceInfo?.name)).toEqual(["default", "second"])
    const worker = new FakeWorker(rig.connection, "second")
    await worker.start("there", { namespace: name })
    const { deletedNamespace } = await rig.connection.operatorService.deleteNamespace({ namespace: name })
    expect(deletedNamespace).toMatch(/^second-deleted-/)
    expect(await refusal(service().describeNamespace({ namespace: name }))).toBe(
      "Namespace second is not found."
    )
    await service().registerNamespace({ namespace: name, workflowExecutionRetentionPeriod: week })
    expect((await service().listWorkflowExecutions({ namespace: name })).executions).toEqual([])
  })

  it.each([
    [{}, "Namespace not set on request."],
    [{ namespace: "n" }, "A valid retention period is not set on request."],
    [
      { namespace: "n", workflowExecutionRetentionPeriod: millis(60_000) },
      "A valid retention period is not set on request."
    ],
    [
      { namespace: "n", workflowExecutionRetentionPeriod: week, isGlobalNamespace: true },
      "Cannot register global namespace when not enabled"
    ]
  ])("%j is refused", async (request, text) => {
    expect(await refusal(service().registerNamespace(request))).toBe(text)
  })

  it("and their search attributes are in the file", async () => {
    const folder = temporaryFolder()
    const file = join(folder.path, "a.sqlite")
    const open = async () => {
      const server = await EmbeddedTemporal.open({
        file,
        namespaces: ["other"],
        searchAttributes: { Color: "Keyword" }
      })
      return {
        server,
        connection: await Connection.connect({ address: server.address, metadata: server.metadata })
      }
    }
    const first = await open()
    await first.connection.operatorService.addSearchAttributes({
      namespace: "other",
      searchAttributes: { Size: Type.Int }
    })
    await first.connection.close()
    await first.server.close()
    const second = await open()
    const { customAttributes } = await second.connection.operatorService.listSearchAttributes({
      namespace: "other"
    })
    expect(customAttributes).toEqual({ Color: Type.Keyword, Size: Type.Int })
    await second.connection.close()
    await second.server.close()
    folder.remove()
  })
})

describe("task queues", () => {
  it("tell who polls them, what waits, and how fast it comes and goes", async () => {
    const worker = new FakeWorker(rig.connection, "described")
    await worker.start("described-1")
    await worker.start("described-2")
    await worker.complete(await worker.poll(), [completeWorkflow()])
    const taskQueue = { name: "described" }
    const classic = await worker.rpc.describeTaskQueue({ namespace, taskQueue, reportStats: true })
    expect(classic).toMatchObject({
      pollers: [{ identity: "fake" }],
      stats: { approximateBacklogCount: { low: 1 }, tasksAddRate: 2, tasksDispatchRate: 1 },
      effectiveRateLimit: { requestsPerSecond: 4000, rateLimitSource: 3 }
    })
    const enhanced = await worker.rpc.describeTaskQueue({ namespace, taskQueue, apiMode: 1 })
    expect(enhanced.versionsInfo?.[""]?.typesInfo).toMatchObject({
      1: { pollers: [{ identity: "fake" }], stats: { approximateBacklogCount: { low: 1 } } },
      2: { pollers: [] }
    })
    const { queues, tasks, inFlight, storage } = rig.service.describe()
    expect(queues).toContainEqual(
      expect.objectContaining({ namespace, name: "described", kind: "workflow", backlog: 1, polls: 0 })
    )
    expect(tasks.workflow.count).toBeGreaterThan(0)
    expect(inFlight).toEqual({ workflowTasks: 0, activities: 0 })
    expect(storage.openExecutions).toBeGreaterThan(0)
  })

  it("give out activities as fast as they may, and that is no matter of workflow tasks", async () => {
    const worker = new FakeWorker(rig.connection, "limited")
    const limit = (rate: { requestsPerSecond: number } | null, taskQueueType = 2) =>
      worker.rpc.updateTaskQueueConfig({
        namespace,
        taskQueue: "limited",
        taskQueueType,
        updateQueueRateLimit: { rateLimit: rate, reason: "test" }
      })
    expect((await limit({ requestsPerSecond: 0 })).config?.queueRateLimit).toMatchObject({
      rateLimit: { requestsPerSecond: 0 },
      metadata: { reason: "test" }
    })
    expect(await refusal(limit({ requestsPerSecond: 1 }, 1))).toBe(
      "Setting rate limit on workflow task queues is not allowed."
    )
    expect(await refusal(limit({ requestsPerSecond: -1 }))).toBe(
      "RequestsPerSecond for UpdateQueueRateLimit rate limit must be non-negative."
    )
    await worker.start("limited")
    await worker.complete(await worker.poll(), [worker.activity("1"), worker.activity("2")])
    const polls = [worker.pollActivity(), worker.pollActivity()]
    const described = () =>
      worker.rpc.describeTaskQueue({
        namespace,
        taskQueue: { name: "limited" },
        taskQueueType: 2,
        reportStats: true,
        reportConfig: true
      })
    await expect.poll(async () => (await described()).pollers?.length).toBe(1)
    expect(await described()).toMatchObject({
      stats: { approximateBacklogCount: { low: 2 }, tasksDispatchRate: 0 },
      effectiveRateLimit: { requestsPerSecond: 0, rateLimitSource: 1 },
      config: { queueRateLimit: { metadata: { reason: "test" } } }
    })
    // One at once, and the next one as soon as the limit allows it.
    await limit({ requestsPerSecond: 50 })
    expect((await Promise.all(polls)).map(({ activityId }) => activityId).toSorted()).toEqual(["1", "2"])
    await limit(null)
    expect((await described()).effectiveRateLimit).toMatchObject({ rateLimitSource: 3 })
  })
})

describe("workers", () => {
  it("are listed by what they tell, until they shut down", async () => {
    const { workflowService } = rig.connection
    await workflowService.recordWorkerHeartbeat({
      namespace,
      workerHeartbeat: [
        { workerInstanceKey: "a", taskQueue: "q1", sdkName: "temporal-typescript", status: 1 },
        { workerInstanceKey: "b", taskQueue: "q2", status: 1 }
      ]
    })
    const list = async (query: string) =>
      (await workflowService.listWorkers({ namespace, query })).workersInfo?.map(
        ({ workerHeartbeat }) => workerHeartbeat?.workerInstanceKey
      )
    expect(await list("")).toEqual(["a", "b"])
    expect(await list("TaskQueue = 'q1' AND SdkName STARTS_WITH 'temporal'")).toEqual(["a"])
    expect(await list("WorkerStatus = 'Running' AND NOT WorkerInstanceKey = 'a'")).toEqual(["b"])
    await workflowService.shutdownWorker({ namespace, workerInstanceKey: "a" })
    expect(await list("")).toEqual(["b"])
    expect(await refusal(workflowService.describeWorker({ namespace, workerInstanceKey: "a" }))).toBe(
      "Worker a not found"
    )
  })
})
