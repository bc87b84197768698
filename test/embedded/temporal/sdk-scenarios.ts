/** What is done through the SDK on the embedded service and on the official server alike. */
import { Client, WithStartWorkflowOperation, WorkflowUpdateStage } from "@temporalio/client"
import type { WorkflowHandleWithFirstExecutionRunId } from "@temporalio/client"
import { ApplicationFailure, defaultPayloadConverter } from "@temporalio/common"

import { long, namespace } from "./fake-worker.ts"
import { tokens } from "./sdk-activities.ts"
import type { Scene } from "./sdk-stage.ts"

type Scenario = (scene: Scene) => Promise<void>

const played =
  (type: string, ...args: unknown[]): Scenario =>
  (scene) =>
    scene.play(type, args)

const activityStarted = (scene: Scene): Promise<void> =>
  scene.eventually(async () => {
    const { pendingActivities } = await scene.client.workflowService.describeWorkflowExecution({
      namespace,
      execution: { workflowId: scene.id }
    })
    return pendingActivities?.[0]?.state === 2
  })

const updateWithStart = (scene: Scene, by: number, enough: number, updateId: string) =>
  scene.client.workflow.executeUpdateWithStart("raise", {
    args: [by],
    updateId,
    startWorkflowOperation: new WithStartWorkflowOperation("raises", {
      workflowId: scene.id,
      taskQueue: scene.stage.taskQueue,
      args: [enough],
      workflowIdConflictPolicy: "USE_EXISTING"
    })
  })

/** Ends a parent and tells of its children when the policies have done their work. */
const tellChildren = async (scene: Scene, ...names: readonly string[]): Promise<void> => {
  for (const name of names) {
    const id = `${scene.id}-${name}`
    if (name === "abandoned") await scene.client.workflow.getHandle(id).signal("go", "end")
    await scene.outcome(name, scene.client.workflow.getHandle(id).result())
    await scene.tellHistory(id)
  }
}

const gathersUntilEnd = async (scene: Scene): Promise<WorkflowHandleWithFirstExecutionRunId> => {
  const handle = await scene.start("gathers", ["end"])
  await scene.settles()
  return handle
}

const cancelled = async (scene: Scene, type: string): Promise<void> => {
  const handle = await scene.start(type)
  await scene.settles()
  await handle.cancel()
  await scene.outcome("result", handle.result())
  await scene.tellHistory()
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  "an activity succeeds": played("activitySucceeds"),
  "an activity has an id, a summary and a priority": played("activityIsDescribed"),
  "activities fail and are tried again": played("activityFails"),
  "activities time out": played("activityTimesOut"),
  "a heartbeat's details go to the next attempt": played("heartbeatIsHandedOn"),
  "an activity's cancellation is not waited for": played("activityIsCancelled", "TRY_CANCEL"),
  "an activity's cancellation is waited for": played("activityIsCancelled", "WAIT_CANCELLATION_COMPLETED"),
  "a cancelled activity is abandoned": async (scene) => {
    await scene.play("activityIsCancelled", ["ABANDON"])
  },
  "an activity that nobody took is cancelled": played("unstartedActivityIsCancelled"),
  "activities are completed from outside": async (scene) => {
    const handle = await scene.start("activityIsCompletedFromOutside")
    await activityStarted(scene)
    await scene.client.activity.heartbeat({ workflowId: scene.id, activityId: "outside" }, "from outside")
    await scene.client.activity.complete({ workflowId: scene.id, activityId: "outside" }, "by id")
    await scene.until(
      (events) => events.filter((event) => event.activityTaskScheduledEventAttributes).length === 2
    )
    await activityStarted(scene)
    const token = tokens.get(scene.id) ?? new Uint8Array()
    const failure = ApplicationFailure.nonRetryable("by its token")
    // Which of the two it is for would be in it.
    failure.stack = "of the client"
    await scene.client.activity.fail(token, failure)
    await scene.outcome("again", scene.client.activity.complete(token, "too late"))
    await scene.outcome("result", handle.result())
    await scene.tellHistory()
  },
  "local activities succeed, fail and wait": played("localActivities"),
  "timers fire and are cancelled": played("timers"),
  "signals are gathered, before the first task and after": async (scene) => {
    const handle = await scene.client.workflow.signalWithStart("gathers", {
      workflowId: scene.id,
      taskQueue: scene.stage.taskQueue,
      args: ["end"],
      signal: "go",
      signalArgs: ["first"],
      memo: { by: "signal" }
    })
    await scene.settles()
    await handle.signal("unknown", 1)
    await scene.settles()
    await handle.signal("go", "end")
    await scene.outcome("result", handle.result())
    await scene.outcome("late", handle.signal("go", "late"))
    await scene.tellHistory()
    await scene.tellDescription()
  },
  "queries are answered, open and closed": async (scene) => {
    const handle = await gathersUntilEnd(scene)
    await scene.outcome("open", handle.query("gathered"))
    await scene.outcome("failing", handle.query("failingQuery"))
    await scene.outcome("unknown", handle.query("unknown"))
    await handle.signal("go", "end")
    await handle.result()
    await scene.outcome("closed", handle.query("gathered"))
    const rejecting = new Client({
      connection: scene.client.connection,
      workflow: { queryRejectCondition: "NOT_OPEN" }
    })
    await scene.outcome("rejected", rejecting.workflow.getHandle(scene.id).query("gathered"))
    await scene.tellHistory()
  },
  "updates are accepted, refused and fail": async (scene) => {
    const handle = await scene.start("raises", [100])
    await scene.settles()
    const update = (name: string, by: number, updateId: string) =>
      scene.outcome(updateId, handle.executeUpdate(name, { args: [by], updateId }))
    await update("raise", 5, "first")
    await scene.settles()
    await update("raise", -1, "refused")
    await update("raise", 101, "failing")
    await scene.settles()
    await update("raise", 7, "first")
    await update("unknown", 1, "unknown")
    await update("raiseByActivity", 10, "by an activity")
    await scene.settles()
    const later = await handle.startUpdate("raiseLater", {
      args: [20],
      updateId: "later",
      waitForStage: WorkflowUpdateStage.ACCEPTED
    })
    await scene.outcome("later", later.result())
    await scene.outcome("later again", handle.getUpdateHandle("later").result())
    await scene.settles()
    await update("raise", 65, "last")
    await scene.outcome("result", handle.result())
    await update("raise", 1, "too late")
    await scene.outcome("first again", handle.getUpdateHandle("first").result())
    await scene.tellHistory()
  },
  "an update starts its workflow, and finds it again": async (scene) => {
    await scene.outcome("first", updateWithStart(scene, 1, 3, "first"))
    await scene.settles()
    await scene.outcome("refused", updateWithStart(scene, -1, 3, "refused"))
    await scene.outcome("second", updateWithStart(scene, 2, 3, "second"))
    await scene.outcome("result", scene.client.workflow.getHandle(scene.id).result())
    await scene.tellHistory()
  },
  "children return, fail, time out and are refused": async (scene) => {
    await scene.play("childResults")
    await scene.tellDescription()
  },
  "a child is cancelled, and waited for": async (scene) => {
    await scene.play("childIsCancelled", ["WAIT_CANCELLATION_COMPLETED"])
    await scene.tellHistory(`${scene.id}-child`)
  },
  "a child's cancellation is requested": async (scene) => {
    await scene.play("childIsCancelled", ["WAIT_CANCELLATION_REQUESTED"])
  },
  "a cancelled child is abandoned": async (scene) => {
    await scene.play("childIsCancelled", ["ABANDON"])
  },
  "a child is signalled": async (scene) => {
    await scene.play("childIsSignalled")
    await scene.tellHistory(`${scene.id}-child`)
  },
  "a parent's end does to its children as they were told": async (scene) => {
    await scene.play("leavesChildren")
    await tellChildren(scene, "terminated", "cancelled", "abandoned")
  },
  "a terminated parent's children end as they were told": async (scene) => {
    const handle = await scene.start("leavesChildren")
    await scene.until((events) => events.some((event) => event.timerStartedEventAttributes))
    await handle.terminate("enough")
    await tellChildren(scene, "terminated", "cancelled", "abandoned")
  },
  "a workflow continues as new": (scene) =>
    scene.play("continuesAsNew", [2], {
      memo: { of: "the chain" },
      searchAttributes: { CustomIntField: [4] }
    }),
  "a cancelled workflow cleans up": (scene) => cancelled(scene, "cleansUp"),
  "a workflow lets itself be cancelled": (scene) => cancelled(scene, "letsItselfBeCancelled"),
  "patches leave their markers": played("patches"),
  "memo and search attributes are upserted": async (scene) => {
    await scene.play("upserts", [], {
      memo: { first: 1, changed: 1, gone: "soon" },
      searchAttributes: { CustomKeywordField: ["started"] }
    })
    await scene.tellDescription()
  },
  "side effects leave nothing": played("sideEffects"),
  "other workflows are signalled and cancelled": async (scene) => {
    const other = `${scene.id}-other`
    const handle = await scene.start("gathers", ["end"], { workflowId: other })
    await scene.settles(other)
    await scene.play("reachesOut", [other])
    await scene.outcome("other", handle.result())
  },
  "a workflow is retried": (scene) =>
    scene.play("failsUntil", [3], { retry: { initialInterval: "1s", maximumAttempts: 3 } }),
  "a workflow's retries are exhausted": (scene) =>
    scene.play("failsUntil", [9], { retry: { initialInterval: "1s", maximumAttempts: 2 } }),
  "a cron job runs again until it is terminated": async (scene) => {
    const handle = await scene.start("remembers", [], { cronSchedule: "@every 1s" })
    const second = await scene.successor(handle.firstExecutionRunId)
    await scene.successor(second)
    for (const runId of [handle.firstExecutionRunId, second]) await scene.tellHistory(scene.id, runId)
    await scene.client.workflow.getHandle(scene.id).terminate("enough")
    await scene.outcome("result", scene.client.workflow.getHandle(scene.id).result())
  },
  "a schedule starts a workflow": async (scene) => {
    const schedule = await scene.client.schedule.create({
      scheduleId: scene.id,
      spec: { intervals: [{ every: "10 days" }] },
      action: {
        type: "startWorkflow",
        workflowType: "activitySucceeds",
        workflowId: `${scene.id}-run`,
        taskQueue: scene.stage.taskQueue,
        memo: { by: "schedule" },
        searchAttributes: { CustomKeywordField: ["scheduled"] }
      },
      memo: { of: "the schedule" }
    })
    await schedule.trigger()
    await scene.eventually(async () => (await schedule.describe()).info.recentActions.length === 1)
    const { info, memo, policies, state } = await schedule.describe()
    scene.tell("schedule", { memo, policies, state, taken: info.numActionsTaken })
    const started = info.recentActions[0]?.action.workflow.workflowId ?? ""
    await scene.outcome("result", scene.client.workflow.getHandle(started).result())
    await scene.tellHistory(started)
    await schedule.delete()
    await scene.outcome("deleted", schedule.describe())
  },
  "a workflow is terminated": async (scene) => {
    const handle = await gathersUntilEnd(scene)
    await handle.terminate("a reason")
    await scene.outcome("result", handle.result())
    await scene.outcome("again", handle.terminate("again"))
    await scene.outcome("cancel", handle.cancel())
    await scene.tellHistory()
    await scene.tellDescription()
  },
  "a workflow is reset, with its signals and updates": async (scene) => {
    const handle = await scene.start("raises", [10])
    await scene.settles()
    await handle.executeUpdate("raise", { args: [1], updateId: "one" })
    await scene.settles()
    await handle.executeUpdate("raise", { args: [2], updateId: "two" })
    await scene.settles()
    await handle.signal("unknown", "kept")
    await scene.settles()
    const { runId = "" } = await scene.client.workflowService.resetWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: scene.id, runId: handle.firstExecutionRunId },
      reason: "differently",
      requestId: "reset",
      workflowTaskFinishEventId: long(4)
    })
    await scene.until(
      (events) => events.filter((event) => event.workflowExecutionUpdateCompletedEventAttributes).length === 2
    )
    await scene.outcome(
      "more",
      scene.client.workflow.getHandle(scene.id).executeUpdate("raise", { args: [7], updateId: "three" })
    )
    await scene.outcome("result", scene.client.workflow.getHandle(scene.id, runId ?? "").result())
    await scene.tellHistory(scene.id, handle.firstExecutionRunId)
    await scene.tellHistory()
  },
  "a start's first task comes with the answer": async (scene) => {
    const handle = await scene.stage.nearClient.workflow.start("childReturns", {
      workflowId: scene.id,
      taskQueue: scene.stage.taskQueue,
      args: ["eager"],
      requestEagerStart: true
    })
    scene.tell("eager", handle.eagerlyStarted)
    await scene.outcome("result", handle.result())
    await scene.tellHistory()
  },
  "a run and an execution time out": async (scene) => {
    for (const timeout of ["workflowRunTimeout", "workflowExecutionTimeout"]) {
      const workflowId = `${scene.id}-${timeout}`
      const handle = await scene.start("childSleeps", [], { workflowId, [timeout]: "1s" })
      await scene.outcome("result", handle.result())
      await scene.tellHistory(workflowId)
    }
  },
  "a run that times out is retried": async (scene) => {
    await scene.play("childSleeps", [], {
      workflowRunTimeout: "1s",
      retry: { initialInterval: "1s", maximumAttempts: 2 }
    })
  },
  "a workflow's task fails until it is terminated": async (scene) => {
    const handle = await scene.start("failsItsTask")
    await scene.until((events) => events.some((event) => event.workflowTaskFailedEventAttributes))
    await handle.terminate("hopeless")
    await scene.outcome("result", handle.result())
    const events = await scene.history()
    scene.tell(
      "names",
      events.map((event) => event.eventType)
    )
    scene.tell(
      "failure",
      events.find((event) => event.workflowTaskFailedEventAttributes)
    )
  },
  "a type that the worker does not know": async (scene) => {
    const handle = await scene.start("noSuchWorkflow")
    await scene.until((events) => events.some((event) => event.workflowTaskFailedEventAttributes))
    await handle.terminate("hopeless")
    const events = await scene.history()
    scene.tell(
      "failure",
      events.find((event) => event.workflowTaskFailedEventAttributes)
    )
  },
  "a workflow starts later, with headers, a summary and a priority": async (scene) => {
    const client = new Client({
      connection: scene.client.connection,
      identity: "client",
      interceptors: {
        workflow: [
          {
            start: (input, next) =>
              next({
                ...input,
                headers: { ...input.headers, trace: defaultPayloadConverter.toPayload("of the caller") }
              })
          }
        ]
      }
    })
    await client.workflow.start("activitySucceeds", {
      workflowId: scene.id,
      taskQueue: scene.stage.taskQueue,
      startDelay: "600ms",
      staticSummary: "a summary",
      staticDetails: "details\nin lines",
      priority: { priorityKey: 3, fairnessKey: "fair", fairnessWeight: 2 },
      workflowTaskTimeout: "7s"
    })
    await scene.outcome("result", client.workflow.getHandle(scene.id).result())
    await scene.tellHistory()
    await scene.tellDescription()
  },
  "an id is used again, or not": async (scene) => {
    const first = await gathersUntilEnd(scene)
    await scene.outcome(
      "fails",
      scene.start("gathers", ["end"]).then(() => "started")
    )
    const existing = await scene.start("gathers", ["end"], { workflowIdConflictPolicy: "USE_EXISTING" })
    scene.tell("the same", existing.firstExecutionRunId === first.firstExecutionRunId)
    const second = await scene.start("gathers", ["end"], { workflowIdConflictPolicy: "TERMINATE_EXISTING" })
    await scene.outcome(
      "first",
      scene.client.workflow.getHandle(scene.id, first.firstExecutionRunId).result()
    )
    await second.signal("go", "end")
    await scene.outcome("second", second.result())
    for (const workflowIdReusePolicy of ["REJECT_DUPLICATE", "ALLOW_DUPLICATE_FAILED_ONLY"] as const)
      await scene.outcome(
        workflowIdReusePolicy,
        scene.start("gathers", ["end"], { workflowIdReusePolicy }).then(() => "started")
      )
    await scene.tellHistory(scene.id, first.firstExecutionRunId)
    await scene.tellHistory()
  }
}
