/** What the service tells its log of the things that go wrong. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { FakeWorker, millis, namespace } from "./fake-worker.ts"
import { openRig } from "./support.ts"
import type { Rig } from "./support.ts"

interface Line {
  readonly level: string
  readonly message: string
  readonly attributes: Record<string, unknown>
}

describe("the log", () => {
  const lines: Line[] = []
  const of = (workflowId: string) => lines.filter(({ attributes }) => attributes["workflowId"] === workflowId)
  let rig: Rig
  beforeAll(async () => {
    rig = await openRig({
      logger: (level, message, attributes = {}) => {
        lines.push({ level, message, attributes })
      }
    })
  })
  afterAll(() => rig.close())

  const fail = (worker: FakeWorker, task: { taskToken?: Uint8Array | null }, message: string) =>
    worker.rpc.respondActivityTaskFailed({
      namespace,
      taskToken: task.taskToken ?? null,
      failure: { message, applicationFailureInfo: {} }
    })

  it("tells of an activity's attempts and of its end", async () => {
    const worker = new FakeWorker(rig.connection, "activity")
    await worker.start("activity")
    const retryPolicy = { initialInterval: millis(1), maximumAttempts: 2 }
    await worker.complete(await worker.poll(), [worker.activity("a", { retryPolicy })])
    await fail(worker, await worker.pollActivity(), "at first")
    await fail(worker, await worker.pollActivity(), "at last")
    const about = {
      namespace,
      workflowId: "activity",
      workflowType: "test",
      activityId: "a",
      activityType: "work"
    }
    expect(of("activity")).toEqual([
      {
        level: "debug",
        message: "an activity will be tried again",
        attributes: { ...about, runId: expect.any(String), attempt: 1, failure: "at first", delayMs: 1 }
      },
      {
        level: "info",
        message: "an activity failed",
        attributes: {
          ...about,
          runId: expect.any(String),
          attempt: 2,
          failure: "at last",
          retryState: "MaximumAttemptsReached"
        }
      }
    ])
  })

  it("tells of an activity that ran out of time", async () => {
    const worker = new FakeWorker(rig.connection, "late")
    await worker.start("late")
    const late = { startToCloseTimeout: millis(20), retryPolicy: { maximumAttempts: 1 } }
    await worker.complete(await worker.poll(), [worker.activity("a", late)])
    await worker.pollActivity()
    await worker.complete(await worker.poll())
    expect(of("late").map(({ message, attributes }) => [message, attributes["timeout"]])).toEqual([
      ["an activity timed out", "StartToClose"]
    ])
  })

  it("tells of workflow tasks that fail, and of workflows that end badly", async () => {
    const worker = new FakeWorker(rig.connection, "broken")
    await worker.start("broken")
    await worker.fail(await worker.poll())
    await worker.rpc.terminateWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: "broken" },
      reason: "hopeless",
      identity: "the one who looks after it"
    })
    expect(of("broken")).toMatchObject([
      { level: "info", message: "a workflow task failed", attributes: { attempt: 1, identity: "fake" } },
      {
        level: "info",
        message: "a workflow was terminated",
        attributes: { reason: "hopeless", identity: "the one who looks after it" }
      }
    ])
  })
})
