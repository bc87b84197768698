/** A clock that is put forward: when, over what, and what keeps it where it is. */
import { randomUUID } from "node:crypto"

import { Client, Connection } from "@temporalio/client"
import type { TestService } from "@temporalio/client"
import { InternalConnectionOptionsSymbol } from "@temporalio/client/lib/connection.js"
import { TimeSkippingClient } from "@temporalio/testing/lib/client.js"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"

import { types } from "../../../src/embedded/temporal/proto/root.ts"
import { completeWorkflow, FakeWorker, millis, namespace, payloads, startTimer } from "./fake-worker.ts"
import { ignore, openRig } from "./support.ts"
import type { Rig } from "./support.ts"

const hour = 3_600_000
const day = 24 * hour

interface Skipping {
  readonly rig: Rig
  readonly connection: Connection
  readonly service: TestService
  readonly now: () => Promise<number>
  readonly close: () => Promise<void>
}

const open = async (timeSkipping: { unlocked: boolean; whileWaiting: boolean }): Promise<Skipping> => {
  const rig = await openRig({ timeSkipping, retention: { ageMs: Infinity, closedRuns: 1000, bytes: 1e8 } })
  const connection = await Connection.connect({
    address: rig.address,
    [InternalConnectionOptionsSymbol]: { supportsTestService: true }
  } as { address: string })
  const service = connection.testService
  if (service === undefined) throw new Error("the connection gives no test service")
  return {
    rig,
    connection,
    service,
    now: async () => {
      const { time } = await service.getCurrentTime({})
      return Number(time?.seconds) * 1000 + Number(time?.nanos) / 1e6
    },
    close: async () => {
      await connection.close()
      await rig.close()
    }
  }
}

const sleep = (skipping: Skipping, ms: number): Promise<unknown> =>
  skipping.service.unlockTimeSkippingWithSleep({ duration: millis(ms) })

describe("the test service", () => {
  let skipping: Skipping
  beforeAll(async () => {
    skipping = await open({ unlocked: false, whileWaiting: false })
  })
  afterAll(() => skipping.close())

  // What a test leaves behind would be in flight in the next one.
  const left: string[] = []
  afterEach(async () => {
    for (const workflowId of left.splice(0))
      await skipping.connection.workflowService
        .terminateWorkflowExecution({ namespace, workflowExecution: { workflowId } })
        .catch(ignore)
  })

  const setup = async (options: Parameters<FakeWorker["start"]>[1] = {}) => {
    const id = randomUUID()
    const worker = new FakeWorker(skipping.connection, `queue-${id}`)
    await worker.start(id, options)
    left.push(id)
    return { id, worker, begin: await skipping.now() }
  }

  it("puts its clock forward in a sleep, and stops there", async () => {
    const begin = await skipping.now()
    await sleep(skipping, day)
    const passed = (await skipping.now()) - begin
    expect(passed).toBeGreaterThanOrEqual(day)
    expect(passed).toBeLessThan(day + hour)
  })

  it("fires the timers on the way, one after the other", async () => {
    const { id, worker, begin } = await setup()
    await worker.complete(await worker.poll(), [startTimer("a", hour), startTimer("b", 2 * hour)])
    const slept = sleep(skipping, day)
    await worker.complete(await worker.poll(), [])
    await worker.complete(await worker.poll(), [completeWorkflow()])
    await slept
    const fired = (await worker.history(id)).filter((event) => event.timerFiredEventAttributes)
    expect(
      fired.map((event) => Math.round((Number(event.eventTime?.seconds) * 1000 - begin) / hour))
    ).toEqual([1, 2])
  })

  it("does not skip while a workflow task is with a worker or waits for one", async () => {
    const { worker, begin } = await setup()
    const slept = sleep(skipping, hour)
    const task = await worker.poll()
    expect((await skipping.now()) - begin).toBeLessThan(hour)
    await worker.complete(task, [completeWorkflow()])
    await slept
  })

  it("lets an activity sleep through the clock once time is unlocked", async () => {
    const { worker, begin } = await setup()
    await worker.complete(await worker.poll(), [worker.activity("1")])
    const activity = await worker.pollActivity()
    await skipping.service.unlockTimeSkipping({})
    try {
      expect((await skipping.now()) - begin).toBeLessThan(hour)
      await sleep(skipping, hour)
      expect((await skipping.now()) - begin).toBeGreaterThanOrEqual(hour)
    } finally {
      await skipping.service.lockTimeSkipping({})
    }
    // Its start-to-close timeout was on the way.
    await expect(
      worker.rpc.respondActivityTaskCompleted({ namespace, taskToken: activity.taskToken ?? null })
    ).rejects.toThrow()
  })

  it("keeps nothing from skipping that was terminated in the middle of a task", async () => {
    const { id, worker, begin } = await setup()
    await worker.poll()
    await worker.rpc.terminateWorkflowExecution({ namespace, workflowExecution: { workflowId: id } })
    await sleep(skipping, hour)
    expect((await skipping.now()) - begin).toBeGreaterThanOrEqual(hour)
  })

  it("skips the backoff of retries, start delays and timeouts for a client that waits for a result", async () => {
    const client = new TimeSkippingClient({ connection: skipping.connection })
    const { id, begin } = await setup({
      workflowStartDelay: millis(hour),
      workflowRunTimeout: millis(day),
      retryPolicy: { initialInterval: millis(hour), maximumAttempts: 2, backoffCoefficient: 1 }
    })
    const worker = new FakeWorker(skipping.connection, `queue-${id}`)
    const result = client.workflow.getHandle(id).result()
    const failed = await worker.poll()
    await worker.complete(failed, [
      {
        commandType: 5,
        failWorkflowExecutionCommandAttributes: { failure: { message: "no", applicationFailureInfo: {} } }
      }
    ])
    await worker.complete(await worker.poll(), [completeWorkflow()])
    await result
    expect(Math.floor(((await skipping.now()) - begin) / hour)).toBe(2)
    const stuck = await setup({ workflowRunTimeout: millis(day) })
    await stuck.worker.complete(await stuck.worker.poll(), [])
    await expect(client.workflow.getHandle(stuck.id).result()).rejects.toThrow()
  })

  it("gives up a sleep whose caller goes away", async () => {
    const { worker } = await setup()
    const gone = skipping.connection.withAbortSignal(AbortSignal.timeout(20), () => sleep(skipping, day))
    await expect(gone).rejects.toThrow()
    const before = await skipping.now()
    await worker.complete(await worker.poll(), [completeWorkflow()])
    expect((await skipping.now()) - before).toBeLessThan(hour)
  })
})

describe("a service that skips for whoever waits", () => {
  let skipping: Skipping
  let other: Skipping
  beforeAll(async () => {
    ;[skipping, other] = await Promise.all([
      open({ unlocked: false, whileWaiting: true }),
      open({ unlocked: false, whileWaiting: true })
    ])
  })
  afterAll(() => Promise.all([skipping.close(), other.close()]))

  it("skips while a result is waited for, by its own clock only", async () => {
    const id = randomUUID()
    const worker = new FakeWorker(skipping.connection, `queue-${id}`)
    const begin = await skipping.now()
    await worker.start(id)
    await worker.complete(await worker.poll(), [startTimer("a", day)])
    const result = new Client({ connection: skipping.connection }).workflow.getHandle(id).result()
    await worker.complete(await worker.poll(), [completeWorkflow()])
    await result
    expect((await skipping.now()) - begin).toBeGreaterThanOrEqual(day)
    expect((await other.now()) - Date.now()).toBeLessThan(hour)
  })

  it("stands still otherwise", async () => {
    const id = randomUUID()
    const worker = new FakeWorker(skipping.connection, `queue-${id}`)
    await worker.start(id)
    await worker.complete(await worker.poll(), [startTimer("a", day)])
    const begin = await skipping.now()
    await worker.signal(id)
    await worker.complete(await worker.poll(), [completeWorkflow()])
    expect((await skipping.now()) - begin).toBeLessThan(hour)
  })

  it("skips while an update is waited for", async () => {
    const id = randomUUID()
    const worker = new FakeWorker(skipping.connection, `queue-${id}`)
    await worker.start(id)
    await worker.complete(await worker.poll())
    const begin = await skipping.now()
    const updated = worker.rpc.updateWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: id },
      request: { meta: { updateId: "u" }, input: { name: "update" } },
      waitPolicy: { lifecycleStage: 3 }
    })
    const task = await worker.poll()
    const request = task.messages?.[0]
    const message = (name: string, value: Uint8Array) => ({
      id: name,
      protocolInstanceId: "u",
      body: { type_url: `type.googleapis.com/temporal.api.update.v1.${name}`, value }
    })
    // Accepted now, and carried out a day later.
    const acceptance = types.updateAcceptance.encode({
      acceptedRequestMessageId: request?.id ?? "",
      acceptedRequestSequencingEventId: Number(request?.eventId ?? 0)
    })
    await worker.complete(task, [startTimer("a", day)], {
      messages: [message("Acceptance", acceptance.finish())]
    })
    const response = types.updateResponse.encode({
      meta: { updateId: "u" },
      outcome: { success: payloads("done") }
    })
    await worker.complete(await worker.poll(), [completeWorkflow()], {
      messages: [message("Response", response.finish())]
    })
    expect((await updated).outcome?.success).toBeTruthy()
    expect((await skipping.now()) - begin).toBeGreaterThanOrEqual(day)
  })

  it("skips the backoff of an activity, and not the activity", async () => {
    const id = randomUUID()
    const worker = new FakeWorker(skipping.connection, `queue-${id}`)
    await worker.start(id)
    const retryPolicy = { initialInterval: millis(day), maximumAttempts: 2 }
    await worker.complete(await worker.poll(), [worker.activity("1", { retryPolicy })])
    const result = new Client({ connection: skipping.connection }).workflow.getHandle(id).result()
    const first = await worker.pollActivity()
    const begin = await skipping.now()
    const failure = { message: "no", applicationFailureInfo: {} }
    await worker.rpc.respondActivityTaskFailed({ namespace, taskToken: first.taskToken ?? null, failure })
    const second = await worker.pollActivity()
    expect(second.attempt).toBe(2)
    const passed = (await skipping.now()) - begin
    expect(passed).toBeGreaterThanOrEqual(day)
    expect(passed).toBeLessThan(day + hour)
    await worker.rpc.respondActivityTaskCompleted({ namespace, taskToken: second.taskToken ?? null })
    await worker.complete(await worker.poll(), [completeWorkflow()])
    await result
  })

  it("starts what schedules say on the way", async () => {
    const scheduleId = randomUUID()
    const worker = new FakeWorker(skipping.connection, `queue-${scheduleId}`)
    await worker.rpc.createSchedule({
      namespace,
      scheduleId,
      requestId: randomUUID(),
      schedule: {
        spec: { interval: [{ interval: millis(hour) }] },
        action: {
          startWorkflow: {
            workflowId: "scheduled",
            workflowType: { name: "test" },
            taskQueue: { name: worker.taskQueue }
          }
        }
      }
    })
    const slept = sleep(skipping, 3 * hour)
    for (let index = 0; index < 3; index++) await worker.complete(await worker.poll(), [completeWorkflow()])
    await slept
    await worker.rpc.deleteSchedule({ namespace, scheduleId })
    const { count } = await worker.rpc.countWorkflowExecutions({
      namespace,
      query: `TemporalScheduledById = "${scheduleId}"`
    })
    expect(Number(count)).toBe(3)
  })

  it("skips to the next run of a cron", async () => {
    const id = randomUUID()
    const worker = new FakeWorker(skipping.connection, `queue-${id}`)
    await worker.start(id, { cronSchedule: "@every 1h" })
    const result = new Client({ connection: skipping.connection }).workflow.getHandle(id).result()
    const ended = expect(result).rejects.toThrow()
    const runs: (string | null | undefined)[] = []
    for (let index = 0; index < 3; index++) {
      const task = await worker.poll()
      runs.push(task.workflowExecution?.runId)
      await worker.complete(task, index === 2 ? [] : [completeWorkflow()])
    }
    expect(new Set(runs).size).toBe(3)
    await worker.rpc.terminateWorkflowExecution({ namespace, workflowExecution: { workflowId: id } })
    await ended
  })
})
