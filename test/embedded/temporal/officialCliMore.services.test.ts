/** The rest of the official command line against the embedded service: activities, updates, traces, batches, queues. */
import { CompleteAsyncError } from "@temporalio/activity"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { isLeftOut } from "../../layers/Services.ts"
import { runCli, serve, stop } from "./official-cli.ts"
import type { Served } from "./official-cli.ts"
import { quietRuntime, startWorker } from "./support.ts"
import type { RunningWorker } from "./support.ts"

const never = "Broken"

describe.skipIf(isLeftOut("temporal"))("the official command line", () => {
  let served: Served
  let worker: RunningWorker
  const mended = new Set<string>()
  const temporal = (...args: string[]): Promise<string> => runCli([...args, "--address", served.address])
  const start = (id: string, type: string, ...more: string[]) =>
    temporal("workflow", "start", "--type", type, "-t", "more", "-w", id, ...more)
  const described = async (id: string): Promise<unknown> =>
    JSON.parse(await temporal("workflow", "describe", "-w", id, "--output", "json"))
  const activityOf = async (id: string): Promise<Record<string, unknown>> => {
    const { pendingActivities = [] } = (await described(id)) as {
      pendingActivities?: Record<string, unknown>[]
    }
    return pendingActivities[0] ?? {}
  }
  const until = async (id: string, holds: (activity: Record<string, unknown>) => boolean): Promise<void> => {
    await expect.poll(async () => holds(await activityOf(id)), { timeout: 20_000 }).toBe(true)
  }
  beforeAll(async () => {
    quietRuntime()
    served = await serve(["--auth", "none"])
    worker = await startWorker(served.address, "more", {
      /** Waits for somebody else, or fails until it is mended. */
      greet: async (name: string) => {
        if (name === "outside") throw new CompleteAsyncError()
        if (!mended.has(name)) throw new Error(never)
        return `hello ${name}`
      }
    })
  })
  afterAll(async () => {
    await worker.stop()
    await stop(served)
  })

  it("completes and fails activities", async () => {
    const input = ["-i", '"outside"']
    for (const id of ["completed", "failed"]) {
      await start(id, "hello", ...input)
      await until(id, ({ state }) => state === "PENDING_ACTIVITY_STATE_STARTED")
    }
    await temporal(
      "activity",
      "complete",
      "-w",
      "completed",
      "--activity-id",
      "1",
      "--result",
      '"from outside"'
    )
    expect(await temporal("workflow", "result", "-w", "completed")).toContain("from outside")
    const reason = ["--reason", "it will not do", "--detail", '{"why":1}']
    await temporal("activity", "fail", "-w", "failed", "--activity-id", "1", ...reason)
    // What the command line says is final.
    await expect(temporal("workflow", "result", "-w", "failed")).rejects.toThrow("failed")
    expect(await temporal("workflow", "show", "-w", "failed", "--detailed")).toContain("it will not do")
  })

  it("pauses, changes, resets and resumes activities", async () => {
    await start("paused", "hello", "-i", '"paused"')
    const activity = ["-w", "paused", "--activity-id", "1"]
    await until("paused", ({ lastFailure }) => lastFailure !== undefined)
    await temporal("activity", "pause", ...activity, "--identity", "the one who pauses")
    await until("paused", ({ paused }) => paused === true)
    const options = ["--start-to-close-timeout", "33s", "--retry-initial-interval", "7s"]
    expect(await temporal("activity", "update-options", ...activity, ...options)).toContain("33s")
    expect(await activityOf("paused")).toMatchObject({
      activityOptions: { startToCloseTimeout: "33s", retryPolicy: { initialInterval: "7s" } }
    })
    await temporal("activity", "reset", ...activity, "--keep-paused")
    expect(await activityOf("paused")).toMatchObject({ paused: true })
    mended.add("paused")
    await temporal("activity", "unpause", ...activity, "--reset-attempts")
    expect(await temporal("workflow", "result", "-w", "paused")).toContain("hello paused")
    await expect(temporal("activity", "pause", ...activity)).rejects.toThrow(/already completed|not found/)
  })

  it("resets and resumes the activities of many workflows by a batch", async () => {
    const all = ["--query", "WorkflowType = 'hello' AND ExecutionStatus = 'Running'", "--yes"]
    const ids = ["many-1", "many-2"]
    for (const id of ids) await start(id, "hello", "-i", `"${id}"`)
    for (const id of ids) {
      await until(id, ({ lastFailure }) => lastFailure !== undefined)
      await temporal("activity", "pause", "-w", id, "--activity-id", "1")
      await until(id, ({ paused }) => paused === true)
    }
    // So the real server says; its command line cannot say what it asks for.
    await expect(
      temporal("activity", "update-options", ...all, "--match-all", "--heartbeat-timeout", "44s")
    ).rejects.toThrow("Either activity type must be set, or restore original should be set to true")
    await temporal("activity", "reset", ...all, "--match-all", "--keep-paused")
    for (const id of ids) mended.add(id)
    await temporal("activity", "unpause", ...all, "--match-all")
    for (const id of ids) expect(await temporal("workflow", "result", "-w", id)).toContain(`hello ${id}`)
  })

  it("sends, starts and follows updates", async () => {
    const update = ["-w", "updated", "--name", "raise"]
    await start("updated", "updatable", "-i", "10")
    expect(await temporal("workflow", "update", "execute", ...update, "-i", "1")).toMatch(/Result +1/)
    await expect(temporal("workflow", "update", "execute", ...update, "-i", "-1")).rejects.toThrow("only up")
    const followed = ["--update-id", "followed"]
    expect(
      await temporal(
        "workflow",
        "update",
        "start",
        ...update,
        ...followed,
        "-i",
        "2",
        "--wait-for-stage",
        "accepted"
      )
    ).toContain("followed")
    expect(await temporal("workflow", "update", "result", "-w", "updated", ...followed)).toMatch(/Result +3/)
    expect(await temporal("workflow", "update", "describe", "-w", "updated", ...followed)).toMatch(
      /Completed/
    )
    const withStart = [
      "--type",
      "updatable",
      "-t",
      "more",
      "-w",
      "together",
      "-i",
      "3",
      "--update-name",
      "raise"
    ]
    const existing = ["--id-conflict-policy", "UseExisting"]
    expect(
      await temporal(
        "workflow",
        "start-update-with-start",
        ...withStart,
        ...existing,
        "--update-input",
        "1",
        "--update-wait-for-stage",
        "accepted"
      )
    ).toContain("together")
    expect(
      await temporal(
        "workflow",
        "execute-update-with-start",
        ...withStart,
        ...existing,
        "--update-input",
        "2"
      )
    ).toMatch(/Result +3/)
    expect(await temporal("workflow", "result", "-w", "together")).toContain("3")
  })

  it("signals with a start, executes, traces and asks for what a workflow tells of itself", async () => {
    const counter = ["--type", "counter", "-t", "more", "-w", "counted", "-i", "5"]
    await temporal("workflow", "signal-with-start", ...counter, "--signal-name", "add", "--signal-input", "2")
    expect(await temporal("workflow", "query", "-w", "counted", "--type", "total")).toMatch(/QueryResult +2/)
    expect(await temporal("workflow", "metadata", "-w", "counted")).toMatch(/total/)
    expect(await temporal("workflow", "stack", "-w", "counted")).toContain("counter")
    await expect(temporal("workflow", "query", "-w", "counted", "--type", "none")).rejects.toThrow(/none/)
    await temporal("workflow", "signal", "-w", "counted", "--name", "add", "-i", "3")
    await temporal("workflow", "result", "-w", "counted")
    await expect(
      temporal("workflow", "query", "-w", "counted", "--type", "total", "--reject-condition", "not_open")
    ).rejects.toThrow(/rejected/i)
    mended.add("Ada")
    const executed = await temporal(
      "workflow",
      "execute",
      "--type",
      "parent",
      "-t",
      "more",
      "-w",
      "traced",
      "-i",
      '"Ada"'
    )
    expect(executed).toContain("hello Ada")
    const trace = await temporal("workflow", "trace", "-w", "traced", "--no-fold")
    expect(trace).toContain("traced-child")
    expect(trace).toContain("greet")
  })

  it("shows histories and resets to an event", async () => {
    await start("shown", "counter", "-i", "1")
    await temporal("workflow", "signal", "-w", "shown", "--name", "add", "-i", "1")
    expect(await temporal("workflow", "show", "-w", "shown", "--follow")).toContain(
      "WorkflowExecutionCompleted"
    )
    expect(await temporal("workflow", "show", "-w", "shown", "--detailed")).toContain("signalName")
    await temporal(
      "workflow",
      "reset",
      "-w",
      "shown",
      "-e",
      "4",
      "--reason",
      "again",
      "--reapply-exclude",
      "All"
    )
    expect(await temporal("workflow", "list", "-q", "WorkflowId = 'shown'")).toMatch(/Running/)
    await temporal("workflow", "cancel", "-w", "shown")
    await expect.poll(() => temporal("workflow", "describe", "-w", "shown")).toMatch(/CANCELED|Canceled/)
  })

  it("lists, describes and ends batches", async () => {
    await start("batched", "counter", "-i", "1")
    const started = await temporal(
      "workflow",
      "terminate",
      "-q",
      "WorkflowId = 'batched'",
      "--reason",
      "enough",
      "--yes"
    )
    const [jobId = ""] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(started) ?? []
    await expect
      .poll(() => temporal("batch", "describe", "--job-id", jobId), { timeout: 20_000 })
      .toMatch(/Completed/)
    expect(await temporal("batch", "list")).toContain(jobId)
    await expect(temporal("batch", "terminate", "--job-id", "none", "--reason", "why")).rejects.toThrow()
  })

  it("fills in, changes and describes schedules", async () => {
    const id = ["--schedule-id", "more"]
    const action = ["--type", "noop", "-t", "more", "-w", "scheduled"]
    await temporal("schedule", "create", ...id, "--calendar", '{"hour":"3"}', ...action, "--paused")
    const days = ["--start-time", "2026-01-01T00:00:00Z", "--end-time", "2026-01-03T00:00:00Z"]
    await temporal("schedule", "backfill", ...id, ...days, "--overlap-policy", "AllowAll")
    await temporal("schedule", "update", ...id, "--interval", "3h", ...action)
    expect(await temporal("schedule", "describe", ...id, "--output", "json")).toContain('"10800s"')
    await temporal("schedule", "toggle", ...id, "--unpause", "--reason", "go on")
    expect(await temporal("schedule", "list", "--output", "json")).toContain('"more"')
  })

  it("tells what it is, and refuses what is left out", async () => {
    expect(await temporal("operator", "cluster", "health")).toContain("SERVING")
    expect(await temporal("task-queue", "describe", "-t", "more", "--task-queue-type", "activity")).toMatch(
      /more|activity/
    )
    expect(
      await temporal("operator", "namespace", "describe", "-n", "default", "--output", "json")
    ).toContain('"default"')
    for (const leftOut of [
      ["worker", "deployment", "list"],
      ["operator", "nexus", "endpoint", "list"],
      ["task-queue", "versioning", "get-rules", "-t", "more"]
    ])
      await expect(temporal(...leftOut)).rejects.toThrow()
  })
})
