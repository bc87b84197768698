/** How much the service takes, with limits that a test can reach. */
import type { temporal } from "@temporalio/proto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { truncateFailure } from "../../../src/embedded/temporal/failure-size.ts"
import { completeWorkflow, FakeWorker, millis, namespace, payloads } from "./fake-worker.ts"
import { openRig } from "./support.ts"
import type { Rig } from "./support.ts"

const large = payloads("x".repeat(3000))
const small = { message: "too bad" }

let rig: Rig
const warnings: string[] = []
beforeAll(async () => {
  rig = await openRig({
    limits: {
      blobSize: 2000,
      blobSizeWarn: 1000,
      memoSize: 2000,
      pendingActivities: 1,
      signals: 3,
      updates: 1,
      historyCount: 8,
      idLength: 100,
      suggestContinueAsNewCount: 5
    },
    logger: (level, message) => {
      if (level === "warn") warnings.push(message)
    }
  })
})
afterAll(() => rig.close())

let queues = 0
const worker = (): FakeWorker => new FakeWorker(rig.connection, `limits-${(queues += 1)}`)

const close = async (from: FakeWorker, workflowId: string) => (await from.history(workflowId)).at(-1)

describe("a request is refused", () => {
  it("with an input, a memo or an id that is too large", async () => {
    const one = worker()
    await expect(one.start("a", { input: large })).rejects.toThrow("Blob data size exceeds limit.")
    await expect(one.start("a", { memo: { fields: { m: large.payloads?.[0] ?? {} } } })).rejects.toThrow(
      "Memo size exceeds limit."
    )
    await expect(one.start("a".repeat(101))).rejects.toThrow("WorkflowId length exceeds limit.")
  })

  it("with a signal too many", async () => {
    const one = worker()
    await one.start("signals")
    for (let count = 0; count < 3; count += 1) await one.signal("signals")
    await expect(one.signal("signals")).rejects.toThrow("exceeded workflow execution limit for signal events")
  })

  it("with an update too many", async () => {
    const one = worker()
    await one.start("updates")
    const update = (updateId: string) =>
      one.rpc.updateWorkflowExecution({
        namespace,
        workflowExecution: { workflowId: "updates" },
        waitPolicy: { lifecycleStage: 2 },
        request: { meta: { updateId }, input: { name: "u" } }
      })
    await expect(Promise.all([update("a"), update("b")])).rejects.toThrow(
      "The limit on the total number of distinct updates in this workflow has been reached (1)."
    )
  })
})

describe("a workflow task fails", () => {
  it("with an activity too many", async () => {
    const one = worker()
    await one.start("activities")
    await expect(one.complete(await one.poll(), [one.activity("1"), one.activity("2")])).rejects.toThrow(
      "PendingActivitiesLimitExceeded: the number of pending activities, 1, has reached the per-workflow limit of 1"
    )
  })

  it.each([
    [
      "a result",
      { commandType: 4, completeWorkflowExecutionCommandAttributes: { result: large } },
      "BadCompleteWorkflowExecutionAttributes: CompleteWorkflowExecutionCommandAttributes.Result exceeds size limit."
    ],
    [
      "a failure",
      { commandType: 5, failWorkflowExecutionCommandAttributes: { failure: { message: "x".repeat(3000) } } },
      "BadFailWorkflowExecutionAttributes: FailWorkflowExecutionCommandAttributes.Failure exceeds size limit."
    ],
    [
      "a marker",
      { commandType: 9, recordMarkerCommandAttributes: { markerName: "m", details: { d: large } } },
      "BadRecordMarkerAttributes: RecordMarkerCommandAttributes.Details exceeds size limit."
    ]
  ] satisfies [string, temporal.api.command.v1.ICommand, string][])(
    "with %s that is too large, which ends the run",
    async (what, command, message) => {
      const one = worker()
      await one.start(what)
      await expect(one.complete(await one.poll(), [command])).rejects.toThrow(message)
      const event = await close(one, what)
      expect(event?.workflowExecutionTerminatedEventAttributes?.reason).toBe(message)
    }
  )
})

describe("what a worker says of an activity, if it is too large,", () => {
  const failed = async (
    report: (from: FakeWorker, taskToken: Uint8Array) => Promise<unknown>
  ): Promise<temporal.api.failure.v1.IFailure | null | undefined> => {
    const one = worker()
    const workflowId = crypto.randomUUID()
    await one.start(workflowId)
    await one.complete(await one.poll(), [one.activity("1", { heartbeatTimeout: millis(60_000) })])
    const { taskToken } = await one.pollActivity()
    await report(one, taskToken ?? new Uint8Array(0))
    const event = (await one.history(workflowId)).find((each) => each.activityTaskFailedEventAttributes)
    return event?.activityTaskFailedEventAttributes?.failure
  }

  it("fails it for good", async () => {
    const completed = await failed((from, taskToken) =>
      from.rpc.respondActivityTaskCompleted({ namespace, taskToken, result: large })
    )
    expect(completed).toMatchObject({
      message: "Complete result exceeds size limit.",
      serverFailureInfo: { nonRetryable: true }
    })
    const beat = await failed((from, taskToken) =>
      from.rpc.recordActivityTaskHeartbeat({ namespace, taskToken, details: large })
    )
    expect(beat?.message).toBe("Heartbeat details exceed size limit.")
  })

  it("is cut where it is a failure", async () => {
    const failure = await failed(async (from, taskToken) => {
      const { failures } = await from.rpc.respondActivityTaskFailed({
        namespace,
        taskToken,
        lastHeartbeatDetails: large,
        failure: { message: "é".repeat(2000), cause: small }
      })
      expect(failures?.map(({ message }) => message)).toEqual([
        "Heartbeat details exceed size limit.",
        "Failure exceeds size limit."
      ])
    })
    expect(failure?.message).toBe("Failure exceeds size limit.")
    expect(failure?.cause?.message).toBe("é".repeat(500))
  })
})

describe("a history", () => {
  it("that grows long is told of, and over its limit ends the run", async () => {
    const one = worker()
    await one.start("long")
    await one.complete(await one.poll())
    await one.signal("long")
    const task = await one.poll()
    expect(task.history?.events?.at(-1)?.workflowTaskStartedEventAttributes?.suggestContinueAsNew).toBe(true)
    await one.complete(task)
    await expect(one.signal("long")).rejects.toThrow("Workflow history count exceeds limit.")
    const event = await close(one, "long")
    expect(event?.workflowExecutionTerminatedEventAttributes).toMatchObject({
      reason: "Workflow history count exceeds limit.",
      identity: "history-service"
    })
    await expect(one.signal("long")).rejects.toThrow("workflow execution already completed")
  })

  it("with large events is reported", async () => {
    const one = worker()
    await one.start("warned", { input: payloads("x".repeat(1500)) })
    expect(warnings).toContain("Blob data size exceeds the warning limit.")
    await one.complete(await one.poll(), [completeWorkflow()])
  })
})

it("a failure is cut from its end: what it is stays, its causes go first", () => {
  const failure = {
    message: "m".repeat(20),
    stackTrace: "s".repeat(100),
    applicationFailureInfo: { type: "T", nonRetryable: true },
    cause: small
  }
  expect(truncateFailure(failure, 60)).toEqual({
    applicationFailureInfo: { type: "T", nonRetryable: true },
    source: "",
    message: "m".repeat(20),
    stackTrace: "s".repeat(23)
  })
  expect(truncateFailure(failure, 1000).cause?.message).toBe("too bad")
})
