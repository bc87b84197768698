/** The unmodified SDK against the service, in memory and in a file. */
import { randomUUID } from "node:crypto"
import { join } from "node:path"

import { activityInfo, CancelledFailure, heartbeat, sleep } from "@temporalio/activity"
import { WithStartWorkflowOperation, WorkflowFailedError } from "@temporalio/client"
import type { WorkflowHandle } from "@temporalio/client"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { openRig, quietRuntime, startWorker, temporaryFolder } from "./support.ts"
import type { Rig, RunningWorker } from "./support.ts"
import type * as workflows from "./workflows.ts"

quietRuntime()

const heartbeats = new Map<string, unknown[]>()

const activities: workflows.Activities = {
  greet: async (name) => `Hello, ${name}`,
  failUntil: async (attempt) => {
    if (activityInfo().attempt < attempt) throw new Error(`attempt ${activityInfo().attempt}`)
    return activityInfo().attempt
  },
  beat: async (key) => {
    const seen = heartbeats.get(key) ?? []
    heartbeats.set(key, [...seen, activityInfo().heartbeatDetails])
    const { heartbeatDetails } = activityInfo()
    if (heartbeatDetails !== undefined) return String(heartbeatDetails)
    heartbeat("half way")
    // Silent from here on, so the attempt runs into its heartbeat timeout.
    await sleep(5000).catch(() => undefined)
    return "not reached"
  },
  hang: async () => {
    await sleep(60_000)
    return "not reached"
  },
  record: async (name) => name
}

const eventTypes = async (handle: WorkflowHandle): Promise<string[]> => {
  const { events } = await handle.fetchHistory()
  return (events ?? []).map((event) => {
    const name = Object.keys(event).find((key) => key.endsWith("EventAttributes")) ?? ""
    return name.replace("EventAttributes", "").replace(/^workflowExecution/, "")
  })
}

describe.each(["memory", "file"])("the SDK on %s storage", (storage) => {
  let rig: Rig
  let worker: RunningWorker
  const folder = temporaryFolder()
  const taskQueue = "suite"

  beforeAll(async () => {
    rig = await openRig(storage === "file" ? { file: join(folder.path, "temporal.sqlite") } : {})
    worker = await startWorker(rig.address, taskQueue, { ...activities })
  })
  afterAll(async () => {
    await worker.stop()
    await rig.close()
    folder.remove()
  })

  const start = (
    workflow: Parameters<Rig["client"]["workflow"]["start"]>[0],
    args: unknown[] = [],
    options: object = {}
  ) =>
    rig.client.workflow.start(workflow, {
      taskQueue,
      workflowId: `${String(workflow)}-${randomUUID()}`,
      args,
      ...options
    })

  it.concurrent("runs a workflow without activities", async () => {
    const handle = await start("noop")
    expect(await handle.result()).toBe("done")
    expect(await eventTypes(handle)).toEqual([
      "Started",
      "workflowTaskScheduled",
      "workflowTaskStarted",
      "workflowTaskCompleted",
      "Completed"
    ])
  })

  it.concurrent("gives an activity to the worker with the answer to the task that scheduled it", async () => {
    const handle = await start("hello", ["you"])
    expect(await handle.result()).toBe("Hello, you")
    expect(await eventTypes(handle)).toEqual([
      "Started",
      "workflowTaskScheduled",
      "workflowTaskStarted",
      "workflowTaskCompleted",
      "activityTaskScheduled",
      "activityTaskStarted",
      "activityTaskCompleted",
      "workflowTaskScheduled",
      "workflowTaskStarted",
      "workflowTaskCompleted",
      "Completed"
    ])
  })

  it.concurrent("runs many activities side by side", async () => {
    const handle = await start("fan", [12])
    expect(await handle.result()).toEqual(Array.from({ length: 12 }, (_, index) => `Hello, ${index}`))
  })

  it.concurrent("retries an activity outside the history", async () => {
    const handle = await start("retried", [4])
    expect(await handle.result()).toBe(4)
    const { events } = await handle.fetchHistory()
    const started = (events ?? []).flatMap((event) => event.activityTaskStartedEventAttributes ?? [])
    expect(started).toHaveLength(1)
    expect(started[0]?.attempt).toBe(4)
    expect(started[0]?.lastFailure?.message).toBe("attempt 3")
  })

  it.concurrent("hands heartbeat details to the attempt that follows a heartbeat timeout", async () => {
    const key = randomUUID()
    expect(await (await start("heartbeatResumes", [key])).result()).toBe("half way")
    expect(heartbeats.get(key)?.[0]).toBeUndefined()
    expect(heartbeats.get(key)?.at(-1)).toBe("half way")
  })

  it.concurrent("ends an activity that is not answered in time", async () => {
    const failure: unknown = await (await start("timesOut", ["x"])).result().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(WorkflowFailedError)
    expect(failure).toMatchObject({
      cause: {
        name: "ActivityFailure",
        retryState: "MAXIMUM_ATTEMPTS_REACHED",
        cause: { timeoutType: "START_TO_CLOSE" }
      }
    })
  })

  it.concurrent("records local activities and patches as markers", async () => {
    const handle = await start("localOnes")
    expect(await handle.result()).toEqual(["Hello, a", "new", "Hello, b"])
    expect((await eventTypes(handle)).filter((type) => type === "markerRecorded")).toHaveLength(3)
  })

  it.concurrent("answers queries with all that was signalled before", async () => {
    const handle = await start("counter", [1000])
    for (let value = 1; value <= 10; value++) {
      await handle.signal("add", 1)
      expect(await handle.query("total")).toBe(value)
    }
    await handle.signal("add", 990)
    expect(await handle.result()).toBe(1000)
    expect(await handle.query("total")).toBe(1000)
  })

  it.concurrent("delivers a cancellation, and lets the workflow clean up", async () => {
    const handle = await start("cancelled")
    await handle.cancel()
    expect(await handle.result()).toBe("Hello, cleanup")
  })

  it.concurrent("cancels an activity that no worker took", async () => {
    const handle = await start("cancelUnstarted")
    expect(await handle.result()).toBe("cancelled")
    expect(await eventTypes(handle)).toEqual(
      expect.arrayContaining(["activityTaskCancelRequested", "activityTaskCanceled"])
    )
  })

  it.concurrent("terminates with a reason", async () => {
    const handle = await start("counter", [1])
    await handle.terminate("enough")
    await expect(handle.result()).rejects.toMatchObject({
      cause: { name: "TerminatedFailure", message: "enough" }
    })
    expect((await handle.describe()).status.name).toBe("TERMINATED")
  })

  it.concurrent("runs child workflows and tells how they ended", async () => {
    const handle = await start("parent", ["child"])
    expect(await handle.result()).toBe("Hello, child, and ChildWorkflowFailure")
    const { events } = await handle.fetchHistory()
    expect(events?.some((event) => event.childWorkflowExecutionFailedEventAttributes)).toBe(true)
  })

  it.concurrent("applies the parent close policy to each child", async () => {
    const handle = await start("leavesChildren")
    expect(await handle.result()).toBe("left")
    const child = (name: string) => rig.client.workflow.getHandle(`${handle.workflowId}-${name}`)
    await expect(child("terminated").result()).rejects.toMatchObject({ cause: { name: "TerminatedFailure" } })
    await expect(child("cancelled").result()).rejects.toMatchObject({
      cause: expect.any(CancelledFailure) as unknown
    })
    expect((await child("abandoned").describe()).status.name).toBe("RUNNING")
    await child("abandoned").terminate()
  })

  it.concurrent("passes signals and cancellations between workflows", async () => {
    const counter = await start("counter", [7])
    expect(await (await start("signalsOther", [counter.workflowId, 7])).result()).toBe("signalled")
    expect(await counter.result()).toBe(7)
    const sleeper = await start("cancelled")
    expect(await (await start("cancelsOther", [sleeper.workflowId])).result()).toBe("cancelled")
    expect(await sleeper.result()).toBe("Hello, cleanup")
  })

  it.concurrent("continues as new and follows the runs", async () => {
    const handle = await start("countsDown", [3])
    expect(await handle.result()).toBe("false")
    const last = await rig.client.workflow.getHandle(handle.workflowId).describe()
    expect(last.runId).not.toBe(handle.firstExecutionRunId)
    const first = rig.client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId)
    expect((await first.describe()).status.name).toBe("CONTINUED_AS_NEW")
  })

  it.concurrent("retries a workflow by its policy", async () => {
    const handle = await start("retriedWorkflow", [], {
      retry: { initialInterval: 5, backoffCoefficient: 1 }
    })
    expect(await handle.result()).toBe(3)
  })

  it.concurrent("waits for the start delay", async () => {
    const handle = await start("noop", [], { startDelay: 60 })
    const before = await handle.describe()
    expect(before.executionTime?.getTime()).toBe(before.startTime.getTime() + 60)
    expect(await handle.result()).toBe("done")
    const { events } = await handle.fetchHistory()
    const times = (events ?? []).map(
      (event) => Number(event.eventTime?.seconds) * 1000 + Number(event.eventTime?.nanos) / 1e6
    )
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(60)
  })

  it.concurrent("ends a run at its timeout", async () => {
    const handle = await start("counter", [1], { workflowRunTimeout: 80 })
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: "TimeoutFailure" } })
  })

  it.concurrent("starts a workflow with a signal, once", async () => {
    const workflowId = `signalled-${randomUUID()}`
    const options = { taskQueue, workflowId, args: [3], signal: "add", signalArgs: [1] as [number] }
    const first = await rig.client.workflow.signalWithStart("counter", options)
    const second = await rig.client.workflow.signalWithStart("counter", options)
    expect(second.signaledRunId).toBe(first.signaledRunId)
    await second.signal("add", 1)
    expect(await first.result()).toBe(3)
  })

  it.concurrent("changes memo and search attributes", async () => {
    const handle = await start("upserts", [], { memo: { color: "blue", gone: 1, kept: true } })
    await handle.result()
    const description = await handle.describe()
    expect(description.memo).toEqual({ color: "red", kept: true })
    expect(description.searchAttributes).toMatchObject({ CustomKeywordField: ["x"] })
  })

  it.concurrent("lists and counts executions", async () => {
    const workflowType = "noop"
    const query = `WorkflowType = "${workflowType}" AND ExecutionStatus = "Completed"`
    await (await start(workflowType)).result()
    const listed: string[] = []
    for await (const info of rig.client.workflow.list({ query, pageSize: 1 })) listed.push(info.type)
    expect(new Set(listed)).toEqual(new Set([workflowType]))
    expect((await rig.client.workflow.count(query)).count).toBe(listed.length)
  })

  it.concurrent("carries out updates, once per id", async () => {
    const handle = await start("updatable", [3])
    expect(await handle.executeUpdate("raise", { args: [1], updateId: "first" })).toBe(1)
    expect(await handle.executeUpdate("raise", { args: [1], updateId: "first" })).toBe(1)
    const accepted = await handle.startUpdate("raise", { args: [2], waitForStage: "ACCEPTED" })
    expect(await accepted.result()).toBe(3)
    expect(await handle.result()).toBe(3)
    expect((await eventTypes(handle)).filter((type) => type.startsWith("Update"))).toEqual([
      "UpdateAccepted",
      "UpdateCompleted",
      "UpdateAccepted",
      "UpdateCompleted"
    ])
    await expect(handle.executeUpdate("raise", { args: [1] })).rejects.toThrow(/completed/)
  })

  it.concurrent("tells the caller of a rejected update, and keeps nothing of it", async () => {
    const handle = await start("updatable", [1])
    await expect(handle.executeUpdate("raise", { args: [-1] })).rejects.toMatchObject({
      name: "WorkflowUpdateFailedError",
      cause: { message: "only up" }
    })
    expect((await eventTypes(handle)).filter((type) => type.startsWith("Update"))).toEqual([])
    expect(await handle.executeUpdate("raise", { args: [1] })).toBe(1)
    expect(await handle.result()).toBe(1)
  })

  it.concurrent("starts a workflow with an update", async () => {
    const workflowId = `updated-${randomUUID()}`
    const operation = () =>
      new WithStartWorkflowOperation("updatable", {
        taskQueue,
        workflowId,
        args: [3],
        workflowIdConflictPolicy: "USE_EXISTING"
      })
    const first = operation()
    expect(
      await rig.client.workflow.executeUpdateWithStart("raise", { args: [1], startWorkflowOperation: first })
    ).toBe(1)
    const second = operation()
    expect(
      await rig.client.workflow.executeUpdateWithStart("raise", { args: [2], startWorkflowOperation: second })
    ).toBe(3)
    expect(await (await first.workflowHandle()).result()).toBe(3)
  })

  it("replays from the history when the worker has lost its cache", async () => {
    const handle = await start("counter", [2])
    await handle.signal("add", 1)
    expect(await handle.query("total")).toBe(1)
    await worker.stop()
    worker = await startWorker(rig.address, taskQueue, { ...activities })
    expect(await handle.query("total")).toBe(1)
    await handle.signal("add", 1)
    expect(await handle.result()).toBe(2)
  })
})
