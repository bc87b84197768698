/** The service's rules, one at a time, with a worker that does what the test says. */
import { randomUUID } from "node:crypto"

import { Connection } from "@temporalio/client"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import {
  cancelActivity,
  cancelTimer,
  completeWorkflow,
  FakeWorker,
  millis,
  names,
  namespace,
  payloads,
  startTimer
} from "./fake-worker.ts"
import { openService } from "../../../src/embedded/temporal/service.ts"
import { openRig } from "./support.ts"
import type { Rig } from "./support.ts"

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

/** A worker and a workflow of its own. */
const setup = async (
  options: Parameters<FakeWorker["start"]>[1] = {}
): Promise<{ worker: FakeWorker; id: string; runId: string }> => {
  const id = randomUUID()
  const worker = new FakeWorker(rig.connection, `queue-${id}`)
  const { runId } = await worker.start(id, options)
  return { worker, id, runId }
}

const code = (error: unknown): unknown => (error as { code?: unknown }).code
const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => {
      throw new Error("it was not refused")
    },
    (error: unknown) => ({ code: code(error), details: (error as { details?: unknown }).details })
  )

describe("workflow tasks", () => {
  it("buffers what comes while a task is with a worker, and orders it behind the commands", async () => {
    const { worker, id } = await setup()
    await worker.complete(await worker.poll(), [worker.activity("1"), worker.activity("2")])
    const [first, second] = [await worker.pollActivity(), await worker.pollActivity()]
    await worker.signal(id)
    const task = await worker.poll()
    await worker.rpc.respondActivityTaskCompleted({ namespace, taskToken: first.taskToken ?? null })
    await worker.signal(id)
    await worker.rpc.respondActivityTaskCompleted({ namespace, taskToken: second.taskToken ?? null })
    expect(await worker.names(id)).toHaveLength(9)
    await worker.complete(task, [startTimer("t", 60_000)])
    const events = await worker.history(id)
    expect(names(events).slice(8)).toEqual([
      "workflowTaskStarted",
      "workflowTaskCompleted",
      "timerStarted",
      "activityTaskStarted",
      "Signaled",
      "activityTaskStarted",
      "activityTaskCompleted",
      "activityTaskCompleted",
      "workflowTaskScheduled"
    ])
    // The closing events point to the started events, which got their numbers only now.
    expect(
      events
        .flatMap((event) => event.activityTaskCompletedEventAttributes ?? [])
        .map((each) => Number(each.startedEventId))
    ).toEqual([12, 14])
  })

  it("does not close a workflow over something it has not seen", async () => {
    const { worker, id } = await setup()
    const task = await worker.poll()
    await worker.signal(id)
    expect(await refusal(worker.complete(task, [completeWorkflow()]))).toEqual({
      code: 3,
      details: "UnhandledCommand"
    })
    const events = await worker.history(id)
    expect(names(events)).toEqual([
      "Started",
      "workflowTaskScheduled",
      "workflowTaskStarted",
      "workflowTaskFailed",
      "Signaled",
      "workflowTaskScheduled"
    ])
    expect(events[3]?.workflowTaskFailedEventAttributes?.cause).toBe(1)
    await worker.complete(await worker.poll(), [completeWorkflow()])
    expect((await worker.names(id)).at(-1)).toBe("Completed")
  })

  it("repeats a failed task without a trace until it succeeds", async () => {
    const { worker, id } = await setup()
    await worker.fail(await worker.poll())
    const second = await worker.poll()
    expect(second.attempt).toBe(2)
    expect(names(second.history?.events).slice(-2)).toEqual(["workflowTaskScheduled", "workflowTaskStarted"])
    await worker.fail(second)
    expect(await worker.names(id)).toEqual([
      "Started",
      "workflowTaskScheduled",
      "workflowTaskStarted",
      "workflowTaskFailed"
    ])
    const third = await worker.poll()
    expect(third.attempt).toBe(3)
    expect(Number(third.startedEventId)).toBe(6)
    await worker.complete(third, [completeWorkflow()])
    expect((await worker.names(id)).slice(4)).toEqual([
      "workflowTaskScheduled",
      "workflowTaskStarted",
      "workflowTaskCompleted",
      "Completed"
    ])
  })

  it("makes a repetition a normal task when something new has come", async () => {
    const { worker, id } = await setup()
    await worker.fail(await worker.poll())
    await worker.signal(id)
    const task = await worker.poll()
    expect(task.attempt).toBe(1)
    expect(await worker.names(id)).toEqual([
      "Started",
      "workflowTaskScheduled",
      "workflowTaskStarted",
      "workflowTaskFailed",
      "Signaled",
      "workflowTaskScheduled",
      "workflowTaskStarted"
    ])
  })

  it("times a task out that a worker does not answer", async () => {
    const { worker, id } = await setup({ workflowTaskTimeout: millis(40) })
    const lost = await worker.poll()
    const again = await worker.poll()
    expect(again.attempt).toBe(2)
    expect(await worker.names(id)).toContain("workflowTaskTimedOut")
    expect(await refusal(worker.complete(lost))).toEqual({ code: 5, details: "Workflow task not found." })
  })

  it("gives a sticky queue only what is new, and falls back to the normal one", async () => {
    const { worker, id } = await setup()
    const waiting = worker.pollSticky()
    await worker.completeSticky(await worker.poll(), [], 60)
    await worker.signal(id)
    const sticky = await waiting
    expect(names(sticky.history?.events)).toEqual([
      "workflowTaskCompleted",
      "Signaled",
      "workflowTaskScheduled",
      "workflowTaskStarted"
    ])
    await worker.completeSticky(sticky, [], 60)
    await worker.signal(id)
    // Nobody polls the sticky queue any more: after its timeout the task moves on.
    const moved = await worker.poll()
    expect(moved.attempt).toBe(1)
    expect(names(moved.history?.events)).toEqual([
      "Started",
      "workflowTaskScheduled",
      "workflowTaskStarted",
      "workflowTaskCompleted",
      "Signaled",
      "workflowTaskScheduled",
      "workflowTaskStarted",
      "workflowTaskCompleted",
      "Signaled",
      "workflowTaskScheduled",
      "workflowTaskTimedOut",
      "workflowTaskScheduled",
      "workflowTaskStarted"
    ])
  })

  it("returns the next task with the answer when asked", async () => {
    const { worker, id } = await setup()
    const task = await worker.poll()
    await worker.signal(id)
    const { workflowTask } = await worker.complete(task, [], { returnNewWorkflowTask: true })
    expect(Number(workflowTask?.previousStartedEventId)).toBe(3)
    expect(names(workflowTask?.history?.events).slice(-3)).toEqual([
      "Signaled",
      "workflowTaskScheduled",
      "workflowTaskStarted"
    ])
    await worker.complete({ taskToken: workflowTask?.taskToken ?? null }, [completeWorkflow()])
  })

  it("schedules another task when the worker forces one", async () => {
    const { worker, id } = await setup()
    const { workflowTask } = await worker.complete(await worker.poll(), [], {
      forceCreateNewWorkflowTask: true,
      returnNewWorkflowTask: true
    })
    expect(workflowTask?.attempt).toBe(1)
    expect(await worker.names(id)).toHaveLength(6)
  })

  it("fails the task over a command that cannot be carried out, and keeps nothing of it", async () => {
    const { worker, id } = await setup()
    const answer = await refusal(
      worker.complete(await worker.poll(), [startTimer("same", 1000), startTimer("same", 1000)])
    )
    expect(answer).toEqual({
      code: 3,
      details:
        "StartTimerDuplicateId: invalid history builder state for action: add-timer-started-event, TimerID: same"
    })
    const events = await worker.history(id)
    expect(names(events).slice(2)).toEqual(["workflowTaskStarted", "workflowTaskFailed"])
    expect(events[3]?.workflowTaskFailedEventAttributes?.cause).toBe(12)
  })

  it("takes a timer back that fired while the worker cancelled it", async () => {
    const { worker, id, runId } = await setup()
    // The next task is with the worker from the moment the timer starts.
    const { workflowTask } = await worker.complete(await worker.poll(), [startTimer("t", 1)], {
      forceCreateNewWorkflowTask: true,
      returnNewWorkflowTask: true
    })
    const task = { taskToken: workflowTask?.taskToken ?? null }
    const run = rig.service.engine.findRun(runId)
    const described = async () =>
      (await worker.rpc.describeWorkflowExecution({ namespace, execution: { workflowId: id } }))
        .workflowExecutionInfo
    await expect.poll(() => run?.x.buffered.length).toBe(1)
    await worker.complete(task, [cancelTimer("t"), completeWorkflow()])
    expect((await worker.names(id)).slice(-3)).toEqual([
      "workflowTaskCompleted",
      "timerCanceled",
      "Completed"
    ])
    expect((await described())?.status).toBe(2)
  })
})

describe("activities", () => {
  it("gives them to the worker with the answer when it asks for that", async () => {
    const { worker, id } = await setup()
    const { activityTasks } = await worker.complete(await worker.poll(), [
      worker.activity("eager", { requestEagerExecution: true, input: payloads("x") }),
      worker.activity("other")
    ])
    expect(activityTasks?.map((task) => task.activityId)).toEqual(["eager"])
    expect(activityTasks?.[0]?.scheduleToCloseTimeout).toBeDefined()
    await worker.rpc.respondActivityTaskCompleted({
      namespace,
      taskToken: activityTasks?.[0]?.taskToken ?? null
    })
    expect((await worker.names(id)).slice(-3)).toEqual([
      "activityTaskStarted",
      "activityTaskCompleted",
      "workflowTaskScheduled"
    ])
  })

  it("retries by the policy, with details and without events", async () => {
    const { worker, id } = await setup()
    await worker.complete(await worker.poll(), [
      worker.activity("1", { retryPolicy: { initialInterval: millis(1), maximumAttempts: 2 } })
    ])
    const first = await worker.pollActivity()
    await worker.rpc.respondActivityTaskFailed({
      namespace,
      taskToken: first.taskToken ?? null,
      failure: { message: "one", applicationFailureInfo: { type: "E" } },
      lastHeartbeatDetails: payloads("progress")
    })
    const second = await worker.pollActivity()
    expect(second.attempt).toBe(2)
    expect(second.heartbeatDetails?.payloads).toHaveLength(1)
    expect(await worker.names(id)).toHaveLength(5)
    await worker.rpc.respondActivityTaskFailed({
      namespace,
      taskToken: second.taskToken ?? null,
      failure: { message: "two", applicationFailureInfo: { type: "E" } }
    })
    const events = await worker.history(id)
    expect(events[5]?.activityTaskStartedEventAttributes).toMatchObject({
      attempt: 2,
      lastFailure: { message: "one" }
    })
    expect(events[6]?.activityTaskFailedEventAttributes).toMatchObject({
      retryState: 4,
      failure: { message: "two" }
    })
  })

  it("does not retry what is marked as not retryable", async () => {
    const { worker, id } = await setup()
    await worker.complete(await worker.poll(), [worker.activity("1")])
    await worker.rpc.respondActivityTaskFailed({
      namespace,
      taskToken: (await worker.pollActivity()).taskToken ?? null,
      failure: { message: "no", applicationFailureInfo: { nonRetryable: true } }
    })
    const failed = (await worker.history(id)).flatMap(
      (event) => event.activityTaskFailedEventAttributes ?? []
    )
    expect(failed[0]?.retryState).toBe(2)
  })

  it("tells a heartbeat that the activity is to be cancelled", async () => {
    const { worker, id } = await setup()
    await worker.complete(await worker.poll(), [worker.activity("1", { heartbeatTimeout: millis(5000) })])
    const { taskToken } = await worker.pollActivity()
    const beat = () => worker.rpc.recordActivityTaskHeartbeat({ namespace, taskToken: taskToken ?? null })
    expect((await beat()).cancelRequested).toBe(false)
    expect(
      await refusal(worker.rpc.respondActivityTaskCanceled({ namespace, taskToken: taskToken ?? null }))
    ).toMatchObject({ code: 3 })
    await worker.signal(id)
    await worker.complete(await worker.poll(), [cancelActivity(5)])
    expect((await beat()).cancelRequested).toBe(true)
    await worker.rpc.respondActivityTaskCanceled({ namespace, taskToken: taskToken ?? null })
    expect((await worker.names(id)).slice(-4)).toEqual([
      "activityTaskCancelRequested",
      "activityTaskStarted",
      "activityTaskCanceled",
      "workflowTaskScheduled"
    ])
  })

  it("cancels one that nobody took at once", async () => {
    const { worker, id } = await setup()
    await worker.complete(await worker.poll(), [
      worker.activity("1"),
      cancelActivity(5),
      startTimer("t", 60_000)
    ])
    expect((await worker.names(id)).slice(4)).toEqual([
      "activityTaskScheduled",
      "activityTaskCancelRequested",
      "timerStarted",
      "activityTaskCanceled",
      "workflowTaskScheduled"
    ])
  })

  it.each([
    ["schedule-to-start", { scheduleToStartTimeout: millis(30) }, 2, false],
    ["start-to-close", { startToCloseTimeout: millis(30), retryPolicy: { maximumAttempts: 1 } }, 1, true],
    ["heartbeat", { heartbeatTimeout: millis(30), retryPolicy: { maximumAttempts: 1 } }, 4, true],
    [
      "schedule-to-close",
      { scheduleToCloseTimeout: millis(60), retryPolicy: { initialInterval: millis(500) } },
      3,
      true
    ]
  ])("ends one at its %s timeout", async (_, options, timeoutType, take) => {
    const { worker, id } = await setup()
    await worker.complete(await worker.poll(), [worker.activity("1", options)])
    if (take) await worker.pollActivity()
    await worker.poll()
    const timedOut = (await worker.history(id)).flatMap(
      (event) => event.activityTaskTimedOutEventAttributes ?? []
    )
    expect(timedOut[0]?.failure?.timeoutFailureInfo?.timeoutType).toBe(timeoutType)
  })

  it("completes one by its id, and refuses to do it twice", async () => {
    const { worker, id } = await setup()
    await worker.complete(await worker.poll(), [worker.activity("mine")])
    const { taskToken } = await worker.pollActivity()
    await worker.rpc.respondActivityTaskCompletedById({
      namespace,
      workflowId: id,
      activityId: "mine",
      result: payloads(1)
    })
    expect(
      await refusal(worker.rpc.respondActivityTaskCompleted({ namespace, taskToken: taskToken ?? null }))
    ).toEqual({
      code: 5,
      details: "invalid activityID or activity already timed out or invoking workflow is completed"
    })
  })
})

describe("executions", () => {
  it("gives a repeated start the run it created", async () => {
    const requestId = randomUUID()
    const { worker, id, runId } = await setup({ requestId })
    expect((await worker.start(id, { requestId })).runId).toBe(runId)
    expect(await refusal(worker.start(id))).toEqual({
      code: 6,
      details: `Workflow execution is already running. WorkflowId: ${id}, RunId: ${runId}.`
    })
  })

  it("holds to the conflict and reuse policies", async () => {
    const { worker, id, runId } = await setup()
    expect(await worker.start(id, { workflowIdConflictPolicy: 2 })).toMatchObject({ runId, started: false })
    const next = await worker.start(id, { workflowIdConflictPolicy: 3 })
    expect(next.runId).not.toBe(runId)
    const before = await worker.rpc.describeWorkflowExecution({
      namespace,
      execution: { workflowId: id, runId }
    })
    expect(before.workflowExecutionInfo?.status).toBe(5)
    await worker.poll()
    await worker.rpc.terminateWorkflowExecution({ namespace, workflowExecution: { workflowId: id } })
    expect(await refusal(worker.start(id, { workflowIdReusePolicy: 3 }))).toMatchObject({ code: 6 })
    expect((await worker.start(id, { workflowIdReusePolicy: 2 })).started).toBe(true)
  })

  it("applies a signal once per request", async () => {
    const { worker, id } = await setup()
    await worker.signal(id, "go", "once")
    await worker.signal(id, "go", "once")
    expect((await worker.names(id)).filter((name) => name === "Signaled")).toHaveLength(1)
  })

  it("keeps what was buffered when it is terminated", async () => {
    const { worker, id } = await setup()
    await worker.poll()
    await worker.signal(id)
    await worker.rpc.terminateWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: id },
      reason: "r"
    })
    expect((await worker.names(id)).slice(2)).toEqual([
      "workflowTaskStarted",
      "workflowTaskFailed",
      "Signaled",
      "Terminated"
    ])
    expect(await refusal(worker.signal(id))).toEqual({
      code: 5,
      details: "workflow execution already completed"
    })
  })

  it("pages through a history, both ways", async () => {
    const { worker, id } = await setup()
    for (let index = 0; index < 7; index++) await worker.signal(id)
    interface Page {
      readonly history?: Parameters<typeof names>[0] extends infer E ? { readonly events?: E } | null : never
      readonly nextPageToken: Uint8Array
    }
    const read = async (reverse: boolean): Promise<number[]> => {
      const ids: number[] = []
      let nextPageToken: Uint8Array = new Uint8Array(0)
      do {
        const request: {
          namespace: string
          execution: object
          maximumPageSize: number
          nextPageToken: Uint8Array
        } = { namespace, execution: { workflowId: id }, maximumPageSize: 4, nextPageToken }
        const page: Page = reverse
          ? await worker.rpc.getWorkflowExecutionHistoryReverse(request)
          : await worker.rpc.getWorkflowExecutionHistory(request)
        ids.push(...(page.history?.events ?? []).map((event) => Number(event.eventId)))
        nextPageToken = page.nextPageToken
      } while (nextPageToken.length > 0)
      return ids
    }
    const all = Array.from({ length: 9 }, (_, index) => index + 1)
    expect(await read(false)).toEqual(all)
    expect(await read(true)).toEqual(all.toReversed())
  })

  it("waits for the closing event", async () => {
    const { worker, id } = await setup()
    const waiting = worker.rpc.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId: id },
      waitNewEvent: true,
      historyEventFilterType: 2
    })
    await worker.complete(await worker.poll(), [completeWorkflow(7)])
    const { history, nextPageToken } = await waiting
    expect(names(history?.events)).toEqual(["Completed"])
    expect(nextPageToken).toHaveLength(0)
  })

  it("waits for each new event", async () => {
    const { worker, id } = await setup()
    const request = { namespace, execution: { workflowId: id }, waitNewEvent: true }
    const first = await worker.rpc.getWorkflowExecutionHistory(request)
    expect(names(first.history?.events)).toEqual(["Started", "workflowTaskScheduled"])
    const next = worker.rpc.getWorkflowExecutionHistory({ ...request, nextPageToken: first.nextPageToken })
    await worker.signal(id)
    expect(names((await next).history?.events)).toEqual(["Signaled"])
  })
})

describe("queries", () => {
  const ask = (worker: FakeWorker, id: string) =>
    worker.rpc.queryWorkflow({ namespace, execution: { workflowId: id }, query: { queryType: "q" } })

  it("go along with a pending workflow task", async () => {
    const { worker, id } = await setup()
    const answer = ask(worker, id)
    await expect
      .poll(
        () => rig.service.engine.findRun(rig.service.engine.currentRunId(namespace, id) ?? "")?.queries.length
      )
      .toBe(1)
    const task = await worker.poll()
    const [queryId = ""] = Object.keys(task.queries ?? {})
    await worker.complete(task, [], {
      queryResults: { [queryId]: { resultType: 1, answer: payloads("seen") } }
    })
    expect((await answer).queryResult?.payloads).toHaveLength(1)
  })

  it("are sent by themselves when no task is pending", async () => {
    const { worker, id } = await setup()
    await worker.complete(await worker.poll())
    const answer = refusal(ask(worker, id))
    const task = await worker.poll()
    expect(task.query?.queryType).toBe("q")
    expect(Number(task.startedEventId)).toBe(0)
    expect(names(task.history?.events)).toHaveLength(4)
    await worker.rpc.respondQueryTaskCompleted({
      namespace,
      taskToken: task.taskToken,
      completedType: 2,
      errorMessage: "unknown query"
    })
    expect(await answer).toEqual({ code: 3, details: "unknown query" })
  })

  it("say so when the workflow never got to run", async () => {
    const { worker, id } = await setup()
    await worker.rpc.terminateWorkflowExecution({ namespace, workflowExecution: { workflowId: id } })
    expect(await refusal(ask(worker, id))).toMatchObject({ code: 9 })
  })
})

describe("workers that leave", () => {
  it("are given no task once their poll is cancelled", async () => {
    const id = randomUUID()
    const worker = new FakeWorker(rig.connection, `queue-${id}`)
    const before = rig.service.polls()
    const leaving = new AbortController()
    const poll = rig.connection.withAbortSignal(leaving.signal, () => worker.poll())
    const ended = expect(poll).rejects.toMatchObject({ code: 1 })
    await expect.poll(() => rig.service.polls()).toBeGreaterThan(before)
    leaving.abort()
    await ended
    await worker.start(id)
    const task = await worker.poll()
    expect(task.attempt).toBe(1)
    expect(names(task.history?.events)).toHaveLength(3)
  })

  it("get an empty answer to every poll", async () => {
    const worker = new FakeWorker(rig.connection, `queue-${randomUUID()}`)
    const workerInstanceKey = randomUUID()
    const request = { namespace, taskQueue: { name: worker.taskQueue }, workerInstanceKey }
    const polls = [worker.rpc.pollWorkflowTaskQueue(request), worker.rpc.pollActivityTaskQueue(request)]
    await expect.poll(() => rig.service.polls()).toBeGreaterThanOrEqual(2)
    await worker.rpc.shutdownWorker({ namespace, workerInstanceKey, stickyTaskQueue: "" })
    for (const poll of await Promise.all(polls)) expect(poll.taskToken).toHaveLength(0)
    expect((await worker.rpc.pollWorkflowTaskQueue(request)).taskToken).toHaveLength(0)
  })
})

describe("errors", () => {
  it("names an unknown namespace, with its detail", async () => {
    const error: unknown = await rig.connection.workflowService
      .describeNamespace({ namespace: "nowhere" })
      .catch((caught: unknown) => caught)
    expect(code(error)).toBe(5)
    expect(
      String(
        Buffer.from(
          (error as { metadata: { get(name: string): Uint8Array[] } }).metadata.get(
            "grpc-status-details-bin"
          )[0] ?? []
        )
      )
    ).toContain("NamespaceNotFoundFailure")
  })

  it("answers what it does not do as not implemented", async () => {
    expect(await refusal(rig.connection.workflowService.getWorkerTaskReachability({ namespace }))).toEqual({
      code: 12,
      details:
        "unknown method GetWorkerTaskReachability for service temporal.api.workflowservice.v1.WorkflowService"
    })
  })

  it.each([
    [
      "an unknown workflow",
      (rpc: FakeWorker["rpc"]) =>
        rpc.describeWorkflowExecution({ namespace, execution: { workflowId: "none" } }),
      5
    ],
    [
      "a bad run id",
      (rpc: FakeWorker["rpc"]) =>
        rpc.describeWorkflowExecution({ namespace, execution: { workflowId: "a", runId: "b" } }),
      3
    ],
    [
      "a missing workflow id",
      (rpc: FakeWorker["rpc"]) =>
        rpc.startWorkflowExecution({ namespace, workflowType: { name: "a" }, taskQueue: { name: "q" } }),
      3
    ],
    [
      "a bad token",
      (rpc: FakeWorker["rpc"]) =>
        rpc.respondWorkflowTaskCompleted({ namespace, taskToken: new Uint8Array([1, 2]) }),
      3
    ],
    [
      "a bad page token",
      (rpc: FakeWorker["rpc"]) =>
        rpc.getWorkflowExecutionHistory({
          namespace,
          execution: { workflowId: "a" },
          nextPageToken: new Uint8Array([9])
        }),
      3
    ],
    [
      "a bad cron schedule",
      (rpc: FakeWorker["rpc"]) =>
        rpc.startWorkflowExecution({
          namespace,
          workflowId: "c",
          workflowType: { name: "a" },
          taskQueue: { name: "q" },
          cronSchedule: "never"
        }),
      3
    ],
    ["an empty request", (rpc: FakeWorker["rpc"]) => rpc.signalWorkflowExecution({}), 3]
  ])("refuses %s with the right code", async (_, call, expected) => {
    expect(await refusal(call(rig.connection.workflowService))).toMatchObject({ code: expected })
  })

  it("answers only callers that bring the key", async () => {
    const service = await openService({ ...rig.options, key: "secret" })
    const address = `127.0.0.1:${service.port}`
    const unauthenticated = { cause: { code: 16, details: "invalid or missing API key" } }
    await expect(Connection.connect({ address })).rejects.toMatchObject(unauthenticated)
    await expect(Connection.connect({ address, apiKey: "wrong", tls: false })).rejects.toMatchObject(
      unauthenticated
    )
    const connection = await Connection.connect({ address, apiKey: "secret", tls: false })
    await connection.close()
    await service.close()
  })
})
