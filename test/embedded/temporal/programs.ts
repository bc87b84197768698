/** Programs that have to go the same way on every service of the protocol. */
import { randomUUID } from "node:crypto"

import type { temporal } from "@temporalio/proto"

import { types } from "../../../src/embedded/temporal/proto/root.ts"
import {
  cancelActivity,
  cancelTimer,
  completeWorkflow,
  long,
  millis,
  namespace,
  payloads,
  startTimer
} from "./fake-worker.ts"
import type { Kit } from "./differential.ts"
import { historyPrograms } from "./history-programs.ts"

type Command = temporal.api.command.v1.ICommand
type Message = temporal.api.protocol.v1.IMessage
type Task = { taskToken?: Uint8Array | null; messages?: Message[] | null }

export const type = (event: temporal.api.history.v1.IHistoryEvent): number => Number(event.eventType)

const failWorkflow = (message: string, failureType = "Broken"): Command => ({
  commandType: 5,
  failWorkflowExecutionCommandAttributes: {
    failure: { message, applicationFailureInfo: { type: failureType } }
  }
})

const startChild = (
  workflowId: string,
  options: Partial<temporal.api.command.v1.IStartChildWorkflowExecutionCommandAttributes> = {}
): Command => ({
  commandType: 11,
  startChildWorkflowExecutionCommandAttributes: { workflowId, workflowType: { name: "child" }, ...options }
})

const signalOther = (workflowId: string, runId = ""): Command => ({
  commandType: 12,
  signalExternalWorkflowExecutionCommandAttributes: {
    execution: { workflowId, runId },
    signalName: "hello",
    input: payloads("from afar"),
    control: "c"
  }
})

const cancelOther = (workflowId: string, runId = ""): Command => ({
  commandType: 8,
  requestCancelExternalWorkflowExecutionCommandAttributes: { workflowId, runId, reason: "enough" }
})

const message = (
  updateId: string,
  name: "Acceptance" | "Rejection" | "Response",
  value: Uint8Array
): Message => ({
  id: `${updateId}/${name}`,
  protocolInstanceId: updateId,
  body: { type_url: `type.googleapis.com/temporal.api.update.v1.${name}`, value }
})

const requestOf = (task: Task, index = 0): { id: string; instance: string; eventId: number } => {
  const found = task.messages?.[index]
  if (!found) throw new Error("the task carries no update")
  return { id: found.id ?? "", instance: found.protocolInstanceId ?? "", eventId: Number(found.eventId ?? 0) }
}

const accept = (task: Task, index = 0): Message => {
  const { id, instance, eventId } = requestOf(task, index)
  return message(
    instance,
    "Acceptance",
    types.updateAcceptance
      .encode({ acceptedRequestMessageId: id, acceptedRequestSequencingEventId: eventId })
      .finish()
  )
}

const reject = (task: Task, index = 0): Message => {
  const { id, instance, eventId } = requestOf(task, index)
  return message(
    instance,
    "Rejection",
    types.updateRejection
      .encode({
        rejectedRequestMessageId: id,
        rejectedRequestSequencingEventId: eventId,
        failure: { message: "not now", applicationFailureInfo: { type: "NotNow" } }
      })
      .finish()
  )
}

const respond = (updateId: string, answer: string): Message =>
  message(
    updateId,
    "Response",
    types.updateResponse
      .encode({ meta: { updateId }, outcome: { success: payloads(answer) as never } })
      .finish()
  )

const carry = (one: Message): Command => ({
  commandType: 14,
  protocolMessageCommandAttributes: { messageId: one.id ?? "" }
})

/** Completes a task with messages, each at its place among the commands. */
const answer = (kit: Kit, task: Task, messages: Message[], commands: Command[] = [], more: object = {}) =>
  kit.worker.complete(
    task,
    [...messages.filter((one) => !one.id?.endsWith("Rejection")).map(carry), ...commands],
    { messages, capabilities: { discardSpeculativeWorkflowTaskWithEvents: true }, ...more }
  )

const updateRequest = (kit: Kit, updateId: string, stage = 3) => ({
  namespace,
  workflowExecution: { workflowId: kit.id },
  waitPolicy: { lifecycleStage: stage },
  request: {
    meta: { updateId, identity: "asker" },
    input: { name: "change", args: payloads(1) }
  }
})

const update = (kit: Kit, updateId: string, stage = 3) =>
  kit.rpc.updateWorkflowExecution(updateRequest(kit, updateId, stage))

const startRequest = (
  kit: Kit,
  options: Partial<temporal.api.workflowservice.v1.IStartWorkflowExecutionRequest> = {}
) => ({
  namespace,
  workflowId: kit.id,
  workflowType: { name: "test" },
  taskQueue: { name: kit.worker.taskQueue },
  requestId: randomUUID(),
  ...options
})

const completeActivity = (kit: Kit, task: { taskToken?: Uint8Array | null }, result: unknown = "done") =>
  kit.rpc.respondActivityTaskCompleted({
    namespace,
    taskToken: task.taskToken ?? null,
    identity: "fake",
    result: payloads(result)
  })

const failActivity = (kit: Kit, task: { taskToken?: Uint8Array | null }, failureType = "Broken") =>
  kit.rpc.respondActivityTaskFailed({
    namespace,
    taskToken: task.taskToken ?? null,
    identity: "fake",
    failure: { message: "it broke", applicationFailureInfo: { type: failureType } }
  })

const quick = { initialInterval: millis(10), backoffCoefficient: 1, maximumAttempts: 3 }

export const programs: Readonly<Record<string, (kit: Kit) => Promise<void>>> = {
  ...historyPrograms,

  "completes at once": async (kit) => {
    await kit.worker.start(kit.id, {
      input: payloads("a", 1),
      memo: { fields: { m: payloads("x").payloads?.[0] ?? {} } },
      userMetadata: { summary: payloads("why").payloads?.[0] ?? {} },
      header: { fields: { h: payloads("y").payloads?.[0] ?? {} } },
      priority: { priorityKey: 2 }
    })
    await kit.worker.complete(await kit.worker.poll(), [completeWorkflow("result")], {
      sdkMetadata: { langUsedFlags: [1], sdkName: "s", sdkVersion: "v" }
    })
    await kit.tellHistory()
    await kit.tellDescription()
  },

  "fails with a policy that tries again": async (kit) => {
    await kit.worker.start(kit.id, {
      retryPolicy: { initialInterval: millis(50), backoffCoefficient: 1, maximumAttempts: 2 }
    })
    await kit.worker.complete(await kit.worker.poll(), [failWorkflow("first")])
    await kit.worker.complete(await kit.worker.poll(), [failWorkflow("second")])
    await kit.tellHistory()
  },

  "fails with what is not to be tried again": async (kit) => {
    await kit.worker.start(kit.id, {
      retryPolicy: { initialInterval: millis(50), nonRetryableErrorTypes: ["Final"] }
    })
    await kit.worker.complete(await kit.worker.poll(), [failWorkflow("first", "Final")])
    await kit.tellHistory()
  },

  "buffers what comes while a task is out": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [kit.worker.activity("1"), kit.worker.activity("2")])
    const polled = [await kit.worker.pollActivity(), await kit.worker.pollActivity()]
    const [first, second] = polled.toSorted((a, b) => Number(a.activityId) - Number(b.activityId))
    if (!first || !second) throw new Error("an activity is missing")
    await kit.worker.signal(kit.id, "one")
    const task = await kit.worker.poll()
    await completeActivity(kit, first, "same")
    await kit.worker.signal(kit.id, "two")
    await completeActivity(kit, second, "same")
    await kit.worker.complete(task, [startTimer("t", 60_000)])
    await kit.tellHistory()
  },

  "does not close over what it has not seen": async (kit) => {
    await kit.worker.start(kit.id)
    const task = await kit.worker.poll()
    await kit.worker.signal(kit.id)
    await kit.refused("completion", kit.worker.complete(task, [completeWorkflow()]))
    await kit.worker.complete(await kit.worker.poll(), [completeWorkflow()])
    await kit.tellHistory()
  },

  "repeats a failed task": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.fail(await kit.worker.poll())
    const second = await kit.worker.poll()
    kit.tell("second", [second.attempt, second.history?.events?.map(type), second.startedEventId])
    await kit.worker.fail(second)
    await kit.worker.signal(kit.id)
    const third = await kit.worker.poll()
    kit.tell("third", [third.attempt, third.history?.events?.map(type)])
    await kit.worker.complete(third, [completeWorkflow()])
    await kit.tellHistory()
  },

  "refuses commands that are wrong": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.refused(
      "no timeouts",
      kit.worker.complete(await kit.worker.poll(), [
        {
          commandType: 1,
          scheduleActivityTaskCommandAttributes: {
            activityId: "1",
            activityType: { name: "w" },
            taskQueue: { name: "queue" }
          }
        }
      ])
    )
    await kit.refused("unknown timer", kit.worker.complete(await kit.worker.poll(), [cancelTimer("none")]))
    await kit.tellHistory()
  },

  "refuses a timer that is there already": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.refused(
      "twice",
      kit.worker.complete(await kit.worker.poll(), [startTimer("t", 60_000), startTimer("t", 60_000)])
    )
    await kit.tellHistory()
  },

  "retries an activity until it is done": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [
      kit.worker.activity("1", { retryPolicy: quick, input: payloads("in") })
    ])
    await failActivity(kit, await kit.worker.pollActivity())
    const again = await kit.worker.pollActivity()
    kit.tell("attempt", again.attempt)
    await kit.tellDescription()
    await completeActivity(kit, again)
    await kit.worker.complete(await kit.worker.poll(), [completeWorkflow()])
    await kit.tellHistory()
  },

  "fails an activity for good": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [
      kit.worker.activity("1", { retryPolicy: { ...quick, nonRetryableErrorTypes: ["Final"] } }),
      kit.worker.activity("2", { retryPolicy: { ...quick, maximumAttempts: 1 } })
    ])
    for (let index = 0; index < 2; index += 1) {
      const task = await kit.worker.pollActivity()
      await failActivity(kit, task, task.activityId === "1" ? "Final" : "Broken")
      await kit.until(
        (events) => events.filter((event) => type(event) === 12 || type(event) === 13).length > 0
      )
    }
    await kit.until((events) => events.filter((event) => type(event) === 13).length >= 1)
    const events = await kit.history()
    kit.tell(
      "failures",
      events
        .flatMap((event) => event.activityTaskFailedEventAttributes ?? [])
        .map((failed) => [failed.retryState, failed.failure?.message])
        .toSorted()
    )
  },

  "times an activity out": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [
      kit.worker.activity("1", { startToCloseTimeout: millis(300), retryPolicy: { maximumAttempts: 1 } })
    ])
    await kit.worker.pollActivity()
    await kit.worker.complete(await kit.worker.poll(), [
      kit.worker.activity("2", { scheduleToStartTimeout: millis(300), taskQueue: { name: `${kit.id}-none` } })
    ])
    await kit.worker.complete(await kit.worker.poll(), [
      kit.worker.activity("3", {
        heartbeatTimeout: millis(300),
        scheduleToCloseTimeout: millis(2000),
        retryPolicy: { maximumAttempts: 1 }
      })
    ])
    const task = await kit.worker.pollActivity()
    await kit.rpc.recordActivityTaskHeartbeat({
      namespace,
      taskToken: task.taskToken ?? null,
      details: payloads("half")
    })
    await kit.worker.complete(await kit.worker.poll(), [completeWorkflow()])
    await kit.tellHistory()
  },

  "cancels activities": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [kit.worker.activity("1")])
    const task = await kit.worker.pollActivity()
    await kit.refused(
      "not asked",
      kit.rpc.respondActivityTaskCanceled({ namespace, taskToken: task.taskToken ?? null })
    )
    await kit.worker.signal(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [
      cancelActivity(5),
      kit.worker.activity("2", { taskQueue: { name: `${kit.id}-none` } }),
      cancelActivity(11)
    ])
    kit.tell(
      "heartbeat",
      await kit.rpc.recordActivityTaskHeartbeat({ namespace, taskToken: task.taskToken ?? null })
    )
    await kit.tellDescription()
    await kit.rpc.respondActivityTaskCanceled({
      namespace,
      taskToken: task.taskToken ?? null,
      identity: "fake",
      details: payloads("bye")
    })
    await kit.worker.complete(await kit.worker.poll(), [
      { commandType: 7, cancelWorkflowExecutionCommandAttributes: { details: payloads("over") } }
    ])
    await kit.tellHistory()
  },

  "completes activities by their ids": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [kit.worker.activity("1")])
    const of = { namespace, workflowId: kit.id, activityId: "1" }
    await kit.worker.pollActivity()
    kit.tell("heartbeat", await kit.rpc.recordActivityTaskHeartbeatById({ ...of, details: payloads("h") }))
    await kit.refused("unknown", kit.rpc.respondActivityTaskCompletedById({ ...of, activityId: "none" }))
    await kit.rpc.respondActivityTaskCompletedById({ ...of, identity: "fake", result: payloads("by id") })
    await kit.refused("again", kit.rpc.respondActivityTaskCompletedById(of))
    await kit.worker.complete(await kit.worker.poll(), [completeWorkflow()])
    await kit.tellHistory()
  },

  "pauses and resumes an activity": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [
      kit.worker.activity("1", {
        retryPolicy: { ...quick, maximumAttempts: 10 },
        heartbeatTimeout: millis(20_000)
      })
    ])
    const of = { namespace, execution: kit.execution, identity: "admin" }
    const task = await kit.worker.pollActivity()
    await kit.rpc.pauseActivity({ ...of, id: "1", reason: "lunch" })
    kit.tell(
      "heartbeat",
      await kit.rpc.recordActivityTaskHeartbeat({
        namespace,
        taskToken: task.taskToken ?? null,
        details: payloads("h")
      })
    )
    await kit.tellDescription()
    await failActivity(kit, task)
    await kit.tellDescription()
    await kit.refused("unknown", kit.rpc.pauseActivity({ ...of, id: "none" }))
    await kit.refused("nothing named", kit.rpc.pauseActivity(of))
    await kit.rpc.unpauseActivity({ ...of, type: "work", resetAttempts: true })
    const second = await kit.worker.pollActivity()
    kit.tell("second", [second.attempt, second.heartbeatDetails])
    await kit.rpc.resetActivity({ ...of, id: "1", resetHeartbeat: true })
    kit.tell(
      "heartbeat",
      await kit.rpc.recordActivityTaskHeartbeat({ namespace, taskToken: second.taskToken ?? null })
    )
    await failActivity(kit, second)
    const third = await kit.worker.pollActivity()
    kit.tell("third", [third.attempt, third.heartbeatDetails])
    await completeActivity(kit, third)
    await kit.refused("over", kit.rpc.unpauseActivity({ ...of, id: "1" }))
    await kit.tellHistory()
  },

  "changes the options of an activity": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [
      kit.worker.activity("1", { taskQueue: { name: `${kit.id}-none` } })
    ])
    const of = { namespace, execution: kit.execution, identity: "admin", id: "1" }
    kit.tell(
      "options",
      await kit.rpc.updateActivityOptions({
        ...of,
        activityOptions: {
          taskQueue: { name: kit.worker.taskQueue },
          startToCloseTimeout: millis(7000),
          retryPolicy: { maximumAttempts: 4 }
        },
        updateMask: { paths: ["task_queue.name", "start_to_close_timeout", "retry_policy.maximum_attempts"] }
      })
    )
    await kit.tellDescription()
    await kit.refused("no mask", kit.rpc.updateActivityOptions({ ...of, activityOptions: {} }))
    await kit.refused("no options", kit.rpc.updateActivityOptions({ ...of, updateMask: { paths: ["a"] } }))
    await kit.refused(
      "no timeouts",
      kit.rpc.updateActivityOptions({
        ...of,
        activityOptions: {},
        updateMask: { paths: ["start_to_close_timeout"] }
      })
    )
    const task = await kit.worker.pollActivity()
    kit.tell("task", [task.startToCloseTimeout, task.attempt])
    kit.tell("restored", await kit.rpc.updateActivityOptions({ ...of, restoreOriginal: true }))
    await completeActivity(kit, task)
    await kit.tellHistory()
  },

  "fires and cancels timers": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [startTimer("a", 100), startTimer("b", 60_000)])
    const { workflowTask: forced } = await kit.worker.complete(
      await kit.worker.poll(),
      [cancelTimer("b"), startTimer("c", 100)],
      { forceCreateNewWorkflowTask: true, returnNewWorkflowTask: true }
    )
    if (!forced) throw new Error("the next task is missing")
    // The timer fires while the task is out: cancelling it takes that back.
    await new Promise((resolve) => setTimeout(resolve, 400))
    await kit.worker.complete(forced, [cancelTimer("c"), completeWorkflow()])
    await kit.tellHistory()
  },

  "runs children": async (kit) => {
    const child = (name: string) => `${kit.id}-${name}`
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [startChild(child("a"), { input: payloads("in") })])
    const tasks = [await kit.worker.poll(), await kit.worker.poll()]
    const parent = tasks.find((task) => task.workflowExecution?.workflowId === kit.id)
    const ofChild = tasks.find((task) => task.workflowExecution?.workflowId === child("a"))
    if (!parent || !ofChild) throw new Error("a task is missing")
    await kit.worker.complete(parent, [])
    await kit.worker.complete(ofChild, [completeWorkflow("from the child")])
    await kit.worker.complete(await kit.worker.poll(), [startChild(child("a"), { workflowIdReusePolicy: 3 })])
    await kit.worker.complete(await kit.worker.poll(), [completeWorkflow()])
    await kit.tellHistory()
    await kit.tellHistory(child("a"))
  },

  "closes over its children": async (kit) => {
    const child = (name: string) => `${kit.id}-${name}`
    await kit.worker.start(kit.id)
    const elsewhere = { taskQueue: { name: `${kit.id}-none` } }
    await kit.worker.complete(await kit.worker.poll(), [
      startChild(child("terminated"), elsewhere),
      startChild(child("abandoned"), { ...elsewhere, parentClosePolicy: 2 }),
      startChild(child("cancelled"), { ...elsewhere, parentClosePolicy: 3 })
    ])
    await kit.until((events) => events.filter((event) => type(event) === 31).length === 3)
    await kit.worker.complete(await kit.worker.poll(), [])
    await kit.worker.signal(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [completeWorkflow()])
    await kit.until((events) => type(events.at(-1) ?? {}) === 27, child("terminated"))
    await kit.until((events) => events.some((event) => type(event) === 20), child("cancelled"))
    for (const name of ["terminated", "abandoned", "cancelled"]) await kit.tellHistory(child(name))
  },

  "reaches other workflows": async (kit) => {
    const other = `${kit.id}-other`
    const elsewhere = { taskQueue: { name: `${kit.id}-none` } }
    await kit.worker.start(other, elsewhere)
    await kit.worker.start(kit.id)
    let task: Task = await kit.worker.poll()
    const steps: Command[] = [
      signalOther(other),
      cancelOther(other),
      signalOther(`${kit.id}-nobody`),
      cancelOther(`${kit.id}-nobody`),
      signalOther(kit.id),
      cancelOther(kit.id)
    ]
    for (const step of steps) {
      await kit.worker.complete(task, [step])
      task = await kit.worker.poll()
    }
    await kit.rpc.terminateWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: other },
      reason: "r"
    })
    for (const step of [signalOther(other), cancelOther(other)]) {
      await kit.worker.complete(task, [step])
      task = await kit.worker.poll()
    }
    await kit.worker.complete(task, [completeWorkflow()])
    await kit.tellHistory()
    await kit.tellHistory(other)
  },

  "says something to others as it closes": async (kit) => {
    const other = `${kit.id}-other`
    await kit.worker.start(other, { taskQueue: { name: `${kit.id}-none` } })
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [signalOther(other), completeWorkflow()])
    await new Promise((resolve) => setTimeout(resolve, 400))
    await kit.tellHistory()
    await kit.tellHistory(other)
  },

  "continues as new": async (kit) => {
    const { runId } = await kit.worker.start(kit.id, {
      memo: { fields: { m: payloads("x").payloads?.[0] ?? {} } },
      workflowExecutionTimeout: millis(600_000)
    })
    await kit.worker.complete(await kit.worker.poll(), [
      {
        commandType: 10,
        continueAsNewWorkflowExecutionCommandAttributes: {
          workflowType: { name: "next" },
          input: payloads("more"),
          workflowRunTimeout: millis(300_000),
          retryPolicy: quick
        }
      }
    ])
    await kit.worker.complete(await kit.worker.poll(), [completeWorkflow()])
    await kit.tellHistory(kit.id, runId)
    await kit.tellHistory()
    await kit.refused(
      "the first run",
      kit.rpc.terminateWorkflowExecution({
        namespace,
        workflowExecution: { workflowId: kit.id },
        firstExecutionRunId: runId
      })
    )
  },

  "records, upserts and modifies": async (kit) => {
    await kit.worker.start(kit.id, {
      memo: { fields: { a: payloads("1").payloads?.[0] ?? {}, b: payloads("2").payloads?.[0] ?? {} } }
    })
    await kit.worker.complete(await kit.worker.poll(), [
      {
        commandType: 9,
        recordMarkerCommandAttributes: { markerName: "mark", details: { d: payloads("x") } },
        userMetadata: { summary: payloads("s").payloads?.[0] ?? {} }
      },
      {
        commandType: 16,
        modifyWorkflowPropertiesCommandAttributes: {
          upsertedMemo: {
            fields: { b: payloads(null).payloads?.[0] ?? {}, c: payloads("3").payloads?.[0] ?? {} }
          }
        }
      },
      completeWorkflow()
    ])
    await kit.tellHistory()
    await kit.tellDescription()
  },

  "starts one execution at a time": async (kit) => {
    const first = startRequest(kit)
    await kit.rpc.startWorkflowExecution(first)
    kit.tell("again", await kit.rpc.startWorkflowExecution(first))
    await kit.refused("running", kit.rpc.startWorkflowExecution(startRequest(kit)))
    kit.tell(
      "existing",
      await kit.rpc.startWorkflowExecution(startRequest(kit, { workflowIdConflictPolicy: 2 }))
    )
    await kit.rpc.startWorkflowExecution(startRequest(kit, { workflowIdConflictPolicy: 3 }))
    await kit.worker.complete(await kit.worker.poll(), [completeWorkflow()])
    await kit.refused(
      "only after failures",
      kit.rpc.startWorkflowExecution(startRequest(kit, { workflowIdReusePolicy: 2 }))
    )
    await kit.refused(
      "never",
      kit.rpc.startWorkflowExecution(startRequest(kit, { workflowIdReusePolicy: 3 }))
    )
    await kit.rpc.startWorkflowExecution(startRequest(kit))
    await kit.rpc.terminateWorkflowExecution({
      namespace,
      workflowExecution: kit.execution,
      reason: "stop",
      identity: "me",
      details: payloads("d")
    })
    kit.tell("after", await kit.rpc.startWorkflowExecution(startRequest(kit, { workflowIdReusePolicy: 2 })))
    await kit.tellHistory()
  },

  "checks starts": async (kit) => {
    const refuse = (what: string, options: Parameters<typeof startRequest>[1]) =>
      kit.refused(what, kit.rpc.startWorkflowExecution(startRequest(kit, options)))
    await refuse("id", { workflowId: "" })
    await refuse("long id", { workflowId: "x".repeat(1001) })
    await refuse("type", { workflowType: { name: "" } })
    await refuse("queue", { taskQueue: { name: "" } })
    await refuse("cron", { cronSchedule: "nonsense" })
    await refuse("cron and delay", { cronSchedule: "* * * * *", workflowStartDelay: millis(1000) })
    await refuse("policies", { workflowIdConflictPolicy: 1, workflowIdReusePolicy: 4 })
    await refuse("retry", { retryPolicy: { backoffCoefficient: 0.5 } })
    await refuse("negative", { workflowRunTimeout: { seconds: long(-1), nanos: 0 } })
    await kit.refused(
      "namespace",
      kit.rpc.startWorkflowExecution({ ...startRequest(kit), namespace: "no-such-namespace" })
    )
    await refuse("callbacks", {
      completionCallbacks: [{ nexus: { url: "http://localhost/x" } }]
    })
  },

  "signals with a start": async (kit) => {
    const request = () => ({
      ...startRequest(kit),
      signalName: "s",
      signalInput: payloads("i"),
      identity: "me"
    })
    const first = request()
    kit.tell("started", await kit.rpc.signalWithStartWorkflowExecution(first))
    await kit.rpc.signalWithStartWorkflowExecution(request())
    await kit.tellHistory()
    await kit.worker.complete(await kit.worker.poll(), [completeWorkflow()])
    await kit.rpc.signalWithStartWorkflowExecution(request())
    await kit.tellHistory()
  },

  "cancels and terminates": async (kit) => {
    const of = { namespace, workflowExecution: kit.execution, identity: "me" }
    await kit.worker.start(kit.id)
    await kit.rpc.requestCancelWorkflowExecution({ ...of, reason: "r", requestId: randomUUID() })
    await kit.refused("again", kit.rpc.requestCancelWorkflowExecution({ ...of, requestId: randomUUID() }))
    await kit.tellDescription()
    const task = await kit.worker.poll()
    await kit.rpc.terminateWorkflowExecution({ ...of, reason: "t" })
    await kit.refused("late", kit.worker.complete(task, [completeWorkflow()]))
    await kit.refused("cancel closed", kit.rpc.requestCancelWorkflowExecution(of))
    await kit.refused("terminate closed", kit.rpc.terminateWorkflowExecution(of))
    await kit.refused("signal closed", kit.rpc.signalWorkflowExecution({ ...of, signalName: "s" }))
    const nobody = { ...of, workflowExecution: { workflowId: `${kit.id}-nobody` } }
    await kit.refused("cancel nobody", kit.rpc.requestCancelWorkflowExecution(nobody))
    await kit.refused("signal nobody", kit.rpc.signalWorkflowExecution({ ...nobody, signalName: "s" }))
    await kit.refused(
      "no such run",
      kit.rpc.describeWorkflowExecution({
        namespace,
        execution: { workflowId: kit.id, runId: "00000000-0000-4000-8000-000000000000" }
      })
    )
    await kit.refused(
      "bad run",
      kit.rpc.describeWorkflowExecution({ namespace, execution: { workflowId: kit.id, runId: "x" } })
    )
    await kit.refused("bad token", kit.worker.complete({ taskToken: new Uint8Array([1, 2, 3]) }))
    await kit.tellHistory()
  },

  "runs out of time": async (kit) => {
    await kit.worker.start(kit.id, { workflowRunTimeout: millis(1000) })
    await kit.worker.poll()
    await kit.until((events) => type(events.at(-1) ?? {}) === 4)
    await kit.tellHistory()
  },

  "waits for a sticky worker": async (kit) => {
    await kit.worker.start(kit.id)
    const poll = kit.worker.pollSticky()
    await kit.worker.completeSticky(await kit.worker.poll(), [], 500)
    await kit.worker.signal(kit.id)
    const sticky = await poll
    kit.tell("sticky", [sticky.history?.events?.map(type), sticky.previousStartedEventId])
    await kit.worker.completeSticky(sticky, [], 500)
    await kit.worker.signal(kit.id)
    const normal = await kit.worker.poll()
    kit.tell("normal", normal.history?.events?.map(type))
    await kit.worker.complete(normal, [completeWorkflow()])
    await kit.tellHistory()
  },

  "takes an update": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [])
    const asked = update(kit, "u1")
    const task = await kit.worker.poll()
    kit.tell("events", task.history?.events?.map(type))
    const accepted = accept(task)
    await answer(kit, task, [accepted, respond("u1", "yes")])
    kit.tell("outcome", await asked)
    kit.tell("again", await update(kit, "u1"))
    await kit.tellHistory()
  },

  "takes an update in two steps": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [])
    const asked = update(kit, "u1", 2)
    const task = await kit.worker.poll()
    await answer(kit, task, [accept(task)], [startTimer("t", 200)])
    kit.tell("accepted", await asked)
    const rest = kit.rpc.pollWorkflowExecutionUpdate({
      namespace,
      updateRef: { workflowExecution: kit.execution, updateId: "u1" },
      waitPolicy: { lifecycleStage: 3 }
    })
    const second = await kit.worker.poll()
    await answer(kit, second, [respond("u1", "later")])
    kit.tell("completed", await rest)
    await kit.refused(
      "unknown",
      kit.rpc.pollWorkflowExecutionUpdate({
        namespace,
        updateRef: { workflowExecution: kit.execution, updateId: "none" }
      })
    )
    await kit.tellHistory()
  },

  "leaves no trace of a rejected update": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [])
    const asked = update(kit, "u1")
    const task = await kit.worker.poll()
    kit.tell("task", [task.history?.events?.map(type), task.startedEventId, task.previousStartedEventId])
    const done = await answer(kit, task, [reject(task)])
    kit.tell("reset to", done.resetHistoryEventId)
    kit.tell("outcome", await asked)
    await kit.tellHistory()
    const second = update(kit, "u2")
    const next = await kit.worker.poll()
    kit.tell("next", next.startedEventId)
    await answer(kit, next, [accept(next), respond("u2", "ok")])
    kit.tell("outcome", await second)
    await kit.tellHistory()
  },

  "writes a speculative task when something else comes": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [])
    const asked = update(kit, "u1")
    const task = await kit.worker.poll()
    await kit.worker.signal(kit.id)
    await answer(kit, task, [reject(task)])
    kit.tell("outcome", await asked)
    const next = await kit.worker.poll()
    await kit.worker.complete(next, [completeWorkflow()])
    await kit.tellHistory()
  },

  "is asked before its delayed start, once an update woke it": async (kit) => {
    await kit.worker.start(kit.id, { workflowStartDelay: millis(600_000) })
    const ask = () =>
      kit.rpc.queryWorkflow({ namespace, execution: kit.execution, query: { queryType: "q" } })
    await kit.refused("too early", ask())
    const updated = update(kit, "u1")
    const task = await kit.worker.poll()
    kit.tell("events", task.history?.events?.map(type))
    const asked = ask()
    await new Promise((resolve) => setTimeout(resolve, 200))
    await answer(kit, task, [accept(task), respond("u1", "yes")])
    kit.tell("outcome", await updated)
    const query = await kit.worker.poll()
    await kit.rpc.respondQueryTaskCompleted({
      namespace,
      taskToken: query.taskToken ?? null,
      completedType: 1,
      queryResult: payloads("a")
    })
    kit.tell("answer", await asked)
    await kit.tellHistory()
  },

  "rejects an update that the worker passes over": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [])
    const asked = update(kit, "u1")
    const task = await kit.worker.poll()
    await kit.worker.complete(task, [startTimer("t", 60_000)])
    kit.tell("outcome", await asked)
    await kit.tellHistory()
  },

  "ends before an update is done": async (kit) => {
    await kit.worker.start(kit.id)
    const asked = [update(kit, "u1"), update(kit, "u2")]
    const settled = Promise.allSettled(asked)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const task = await kit.worker.poll()
    const index = task.messages?.findIndex((one) => one.protocolInstanceId === "u1") ?? 0
    await answer(kit, task, [accept(task, index)], [completeWorkflow()])
    for (const [position, result] of (await settled).entries())
      kit.tell(
        `u${position + 1}`,
        result.status === "fulfilled"
          ? result.value
          : [(result.reason as { code?: number }).code, (result.reason as { details?: string }).details]
      )
    await kit.refused("after", update(kit, "u3"))
    await kit.tellHistory()
  },

  "checks updates": async (kit) => {
    await kit.worker.start(kit.id)
    const good = updateRequest(kit, "u")
    const call = (change: object) => kit.rpc.updateWorkflowExecution({ ...good, ...change })
    await kit.refused("meta", call({ request: { input: { name: "x" } } }))
    await kit.refused("input", call({ request: { meta: { updateId: "u" } } }))
    await kit.refused("name", call({ request: { meta: { updateId: "u" }, input: { name: "" } } }))
    await kit.refused("stage", call({ waitPolicy: { lifecycleStage: 1 } }))
    await kit.refused("workflow", call({ workflowExecution: { workflowId: `${kit.id}-nobody` } }))
    await kit.refused("chain", call({ firstExecutionRunId: "00000000-0000-4000-8000-000000000000" }))
  },

  "starts with an update": async (kit) => {
    const request = (options: object = {}, updateId = "u1") => ({
      namespace,
      operations: [
        { startWorkflow: startRequest(kit, options) },
        { updateWorkflow: updateRequest(kit, updateId) }
      ]
    })
    const begun = kit.rpc.executeMultiOperation(request())
    const task = await kit.worker.poll()
    kit.tell("events", task.history?.events?.map(type))
    await answer(kit, task, [accept(task), respond("u1", "yes")])
    kit.tell("begun", await begun)
    kit.tell("again", await kit.rpc.executeMultiOperation(request()))
    await kit.refused("conflict", kit.rpc.executeMultiOperation(request({}, "u2")))
    const joined = kit.rpc.executeMultiOperation(request({ workflowIdConflictPolicy: 2 }, "u3"))
    const next = await kit.worker.poll()
    await answer(kit, next, [reject(next)])
    kit.tell("joined", await joined)
    await kit.refused("cron", kit.rpc.executeMultiOperation(request({ cronSchedule: "* * * * *" }, "u4")))
    await kit.refused(
      "delay",
      kit.rpc.executeMultiOperation(request({ workflowStartDelay: millis(1) }, "u4"))
    )
    await kit.refused("other id", kit.rpc.executeMultiOperation(request({ workflowId: `${kit.id}-x` }, "u4")))
    await kit.refused("no operations", kit.rpc.executeMultiOperation({ namespace, operations: [] }))
    await kit.tellHistory()
  },

  "resets to a workflow task": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [kit.worker.activity("1"), startTimer("t", 60_000)])
    await kit.worker.signal(kit.id, "one")
    await completeActivity(kit, await kit.worker.pollActivity())
    await kit.until((events) => events.some((event) => type(event) === 12))
    await kit.worker.complete(await kit.worker.poll(), [])
    await kit.worker.signal(kit.id, "two")
    const before = await kit.history()
    const scheduled = before.filter((event) => type(event) === 7).map((event) => Number(event.eventId))
    const request = {
      namespace,
      workflowExecution: kit.execution,
      reason: "again",
      workflowTaskFinishEventId: long(scheduled[1] ?? 0),
      requestId: randomUUID()
    }
    const { runId } = await kit.rpc.resetWorkflowExecution(request)
    kit.tell("deduplicated", (await kit.rpc.resetWorkflowExecution(request)).runId === runId)
    await kit.tellHistory()
    await kit.tellDescription()
    await kit.refused("no request id", kit.rpc.resetWorkflowExecution({ ...request, requestId: "" }))
    for (const point of [1, 1000])
      await kit.refused(
        `point ${point}`,
        kit.rpc.resetWorkflowExecution({
          ...request,
          requestId: randomUUID(),
          workflowTaskFinishEventId: long(point)
        })
      )
    await kit.worker.complete(await kit.worker.poll(), [completeWorkflow()])
    await kit.tellHistory()
  },

  "resets a closed workflow and leaves things out": async (kit) => {
    const { runId } = await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [])
    const asked = update(kit, "u1")
    const task = await kit.worker.poll()
    await answer(kit, task, [accept(task), respond("u1", "yes")])
    await asked
    await kit.worker.signal(kit.id, "one")
    await kit.worker.complete(await kit.worker.poll(), [completeWorkflow()])
    const request = (exclude: number[]) => ({
      namespace,
      workflowExecution: { workflowId: kit.id, runId },
      reason: "again",
      workflowTaskFinishEventId: long(4),
      requestId: randomUUID(),
      resetReapplyExcludeTypes: exclude
    })
    await kit.rpc.resetWorkflowExecution(request([]))
    await kit.tellHistory()
    await kit.rpc.resetWorkflowExecution(request([1]))
    await kit.tellHistory()
    await kit.rpc.resetWorkflowExecution(request([1, 2, 3, 4]))
    await kit.tellHistory()
    const { workflowExtendedInfo } = await kit.rpc.describeWorkflowExecution({
      namespace,
      execution: { workflowId: kit.id, runId }
    })
    kit.tell("led to a run", Boolean(workflowExtendedInfo?.resetRunId))
  },

  "keeps children over a reset": async (kit) => {
    const child = `${kit.id}-child`
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [
      startChild(child, { taskQueue: { name: `${kit.id}-children` } })
    ])
    await kit.until((events) => events.some((event) => type(event) === 31))
    await kit.worker.complete(await kit.worker.poll(), [])
    await kit.worker.signal(kit.id)
    const finish = (await kit.history()).findLast((event) => type(event) === 7)?.eventId
    await kit.rpc.resetWorkflowExecution({
      namespace,
      workflowExecution: kit.execution,
      reason: "again",
      workflowTaskFinishEventId: finish ?? long(0),
      requestId: randomUUID()
    })
    await kit.worker.complete(await kit.worker.poll(), [])
    await kit.rpc.terminateWorkflowExecution({ namespace, workflowExecution: { workflowId: child } })
    await kit.until((events) => events.some((event) => type(event) === 36))
    await kit.tellHistory()
    await kit.tellHistory(child)
  },

  deletes: async (kit) => {
    await kit.worker.start(kit.id)
    await kit.rpc.deleteWorkflowExecution({ namespace, workflowExecution: kit.execution })
    for (let tries = 0; tries < 200; tries += 1) {
      const gone = await kit.history().then(
        () => false,
        () => true
      )
      if (gone) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await kit.refused("gone", kit.history())
    await kit.refused(
      "again",
      kit.rpc.deleteWorkflowExecution({ namespace, workflowExecution: kit.execution })
    )
  },

  "starts a workflow eagerly": async (kit) => {
    const { eagerWorkflowTask } = await kit.rpc.startWorkflowExecution(
      startRequest(kit, { requestEagerExecution: true, identity: "eager" })
    )
    kit.tell("task", eagerWorkflowTask?.history?.events?.map(type))
    await kit.worker.complete(eagerWorkflowTask ?? {}, [completeWorkflow()])
    await kit.tellHistory()
  },

  "answers queries": async (kit) => {
    await kit.worker.start(kit.id)
    await kit.worker.complete(await kit.worker.poll(), [])
    const ask = (queryType = "q") =>
      kit.rpc.queryWorkflow({ namespace, execution: kit.execution, query: { queryType } })
    const asked = ask()
    const task = await kit.worker.poll()
    kit.tell("direct", [task.startedEventId, Boolean(task.query), task.history?.events?.map(type)])
    await kit.rpc.respondQueryTaskCompleted({
      namespace,
      taskToken: task.taskToken ?? null,
      completedType: 1,
      queryResult: payloads("a")
    })
    kit.tell("answer", await asked)
    const failed = ask("bad")
    failed.catch(() => undefined)
    const second = await kit.worker.poll()
    await kit.rpc.respondQueryTaskCompleted({
      namespace,
      taskToken: second.taskToken ?? null,
      completedType: 2,
      errorMessage: "no such query"
    })
    await kit.refused("failed", failed)
    await kit.worker.signal(kit.id)
    const along = ask()
    await new Promise((resolve) => setTimeout(resolve, 300))
    const third = await kit.worker.poll()
    const [queryId] = Object.keys(third.queries ?? {})
    kit.tell("along", Object.keys(third.queries ?? {}).length)
    await kit.worker.complete(third, [completeWorkflow()], {
      queryResults: { [queryId ?? ""]: { resultType: 1, answer: payloads("b") } }
    })
    kit.tell("answer", await along)
    await kit.refused(
      "rejected",
      kit.rpc.queryWorkflow({
        namespace,
        execution: kit.execution,
        query: { queryType: "q" },
        queryRejectCondition: 2
      })
    )
    await kit.refused("no type", ask(""))
  }
}
