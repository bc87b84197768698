/** What a restart finds: everything that was acknowledged, and nothing that waits for the dead. */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { afterEach, beforeEach, describe, expect, it } from "vitest"

import { EmbeddedTemporal, EmbeddedTemporalError } from "../../../src/embedded/temporal/index.ts"
import { completeWorkflow, FakeWorker, millis, names, namespace, startTimer } from "./fake-worker.ts"
import { bundlePath, openRig, temporaryFolder } from "./support.ts"
import type { Rig } from "./support.ts"

let folder: ReturnType<typeof temporaryFolder>
const open: Rig[] = []
const children = new Set<ChildProcess>()

beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL")
  for (const rig of open.splice(0)) await rig.close()
  folder.remove()
})

const rigOn = async (file: string, options: Parameters<typeof openRig>[0] = {}): Promise<Rig> => {
  const rig = await openRig({ ...options, file })
  open.push(rig)
  return rig
}

let crashes = 0

/** A service on what a crash at this moment would leave: the files as they are, without a clean end. */
const afterCrash = (file: string, options: Parameters<typeof openRig>[0] = {}): Promise<Rig> => {
  const copy = join(folder.path, `crashed-${crashes++}.sqlite`)
  for (const suffix of ["", "-wal"]) if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix)
  return rigOn(copy, options)
}

describe("after a crash", () => {
  it("a workflow task that was with a worker is given out again at once", async () => {
    const file = join(folder.path, "a.sqlite")
    const before = new FakeWorker((await rigOn(file)).connection, "q")
    await before.start("w")
    const lost = await before.poll()
    await before.signal("w")
    const worker = new FakeWorker((await afterCrash(file)).connection, "q")
    const task = await worker.poll()
    expect(task.attempt).toBe(1)
    expect(names(task.history?.events)).toEqual([
      "Started",
      "workflowTaskScheduled",
      "workflowTaskStarted",
      "workflowTaskTimedOut",
      "Signaled",
      "workflowTaskScheduled",
      "workflowTaskStarted"
    ])
    await expect(worker.complete(lost)).rejects.toMatchObject({ code: 5 })
    await worker.complete(task, [completeWorkflow()])
  })

  it("an activity that was with a worker counts as an attempt, and keeps its details", async () => {
    const file = join(folder.path, "a.sqlite")
    const before = new FakeWorker((await rigOn(file)).connection, "q")
    await before.start("w")
    await before.complete(await before.poll(), [before.activity("1")])
    const { taskToken } = await before.pollActivity()
    await before.rpc.recordActivityTaskHeartbeat({
      namespace,
      taskToken: taskToken ?? null,
      details: { payloads: [{ data: new Uint8Array([1]) }] }
    })
    const worker = new FakeWorker((await afterCrash(file)).connection, "q")
    const again = await worker.pollActivity()
    expect(again.attempt).toBe(2)
    expect(again.heartbeatDetails?.payloads?.[0]?.data).toEqual(Buffer.from([1]))
    await worker.rpc.respondActivityTaskCompleted({ namespace, taskToken: again.taskToken ?? null })
    expect((await worker.names("w")).slice(5)).toEqual([
      "activityTaskStarted",
      "activityTaskCompleted",
      "workflowTaskScheduled"
    ])
  })

  it.each([
    ["is not run twice", "retry", "activityTaskTimedOut"],
    ["is run again if that is wanted", "repeat", "activityTaskCompleted"]
  ] as const)("an activity with one attempt %s", async (_, lostActivities, outcome) => {
    const file = join(folder.path, "a.sqlite")
    const before = new FakeWorker((await rigOn(file)).connection, "q")
    await before.start("w")
    await before.complete(await before.poll(), [
      before.activity("1", { retryPolicy: { maximumAttempts: 1 } })
    ])
    await before.pollActivity()
    const worker = new FakeWorker((await afterCrash(file, { lostActivities })).connection, "q")
    if (lostActivities === "repeat") {
      const again = await worker.pollActivity()
      expect(again.attempt).toBe(1)
      await worker.rpc.respondActivityTaskCompleted({ namespace, taskToken: again.taskToken ?? null })
    }
    expect(await worker.names("w")).toContain(outcome)
  })

  it("timers that came due fire, the others are waited for", async () => {
    const file = join(folder.path, "a.sqlite")
    const rig = await rigOn(file)
    const before = new FakeWorker(rig.connection, "q")
    await before.start("w")
    await before.complete(await before.poll(), [startTimer("short", 150), startTimer("long", 60_000)])
    await rig.close()
    open.length = 0
    const worker = new FakeWorker((await rigOn(file)).connection, "q")
    const task = await worker.poll()
    expect(names(task.history?.events).slice(4)).toEqual([
      "timerStarted",
      "timerStarted",
      "timerFired",
      "workflowTaskScheduled",
      "workflowTaskStarted"
    ])
    const described = await worker.rpc.describeWorkflowExecution({
      namespace,
      execution: { workflowId: "w" }
    })
    expect(described.workflowExecutionInfo?.status).toBe(1)
  })

  it("ids, buffered events, results and namespaces are still there", async () => {
    const file = join(folder.path, "a.sqlite")
    const before = new FakeWorker((await rigOn(file)).connection, "q")
    await before.rpc.registerNamespace({
      namespace: "second",
      workflowExecutionRetentionPeriod: millis(3_600_000)
    })
    const { runId } = await before.start("done", { requestId: "first" })
    await before.complete(await before.poll(), [completeWorkflow(5)])
    const rig = await afterCrash(file)
    const worker = new FakeWorker(rig.connection, "q")
    expect((await worker.start("done", { requestId: "first" })).runId).toBe(runId)
    expect((await worker.names("done")).at(-1)).toBe("Completed")
    expect((await worker.rpc.describeNamespace({ namespace: "second" })).namespaceInfo?.name).toBe("second")
    expect((await rig.client.workflow.count('ExecutionStatus = "Completed"')).count).toBe(1)
  })

  it("a workflow goes on after its process was killed again and again, and no step is recorded twice", async () => {
    await bundlePath()
    const file = join(folder.path, "killed.sqlite")
    const log = join(folder.path, "log")
    writeFileSync(log, "")
    const steps = 8
    const script = fileURLToPath(new URL("./fixtures/crash-child.ts", import.meta.url))
    const recorded = (): number => (existsSync(log) ? readFileSync(log, "utf8").split("\n").length - 1 : 0)
    const run = (killAt: number): Promise<string> =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [script, file, log, String(steps)], {
          stdio: ["ignore", "pipe", "inherit"]
        })
        children.add(child)
        let output = ""
        child.stdout.on("data", (chunk: Buffer) => {
          output += chunk.toString()
        })
        const watch = setInterval(() => {
          if (recorded() < killAt) return
          clearInterval(watch)
          child.kill("SIGKILL")
        }, 2)
        child.on("error", reject)
        child.on("exit", () => {
          clearInterval(watch)
          children.delete(child)
          resolve(output)
        })
      })
    for (const killAt of [1, 4]) expect(await run(killAt)).toBe("")
    const outcome = JSON.parse(await run(Number.POSITIVE_INFINITY)) as { result: string[]; completed: number }
    expect(outcome).toEqual({
      result: Array.from({ length: steps }, (_, step) => `survivor/${step}`),
      completed: steps
    })
  }, 60_000)
})

describe("the file", () => {
  it("is readable by its owner only", async () => {
    const file = join(folder.path, "a.sqlite")
    const server = await EmbeddedTemporal.open({ file })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    await server.close()
  })

  it("is refused when a later version has written it", async () => {
    const file = join(folder.path, "a.sqlite")
    const database = new DatabaseSync(file)
    database.exec("PRAGMA user_version = 99")
    database.close()
    const error: unknown = await EmbeddedTemporal.open({ file }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(EmbeddedTemporalError)
    expect(error).toMatchObject({
      reason: "Storage",
      message: expect.stringMatching(/later version/) as unknown
    })
  })
})
