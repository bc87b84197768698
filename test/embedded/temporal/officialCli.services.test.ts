/** The official command line against the embedded service, which is started by `compozy embedded temporal`. */
import { execFile, spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { address, isLeftOut } from "../../layers/Services.ts"
import { quietRuntime, startWorker, temporaryFolder } from "./support.ts"
import type { RunningWorker } from "./support.ts"

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url))

interface Served {
  readonly child: ChildProcess
  readonly address: string
  readonly stdout: string
}

const serve = async (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {}
): Promise<Served> => {
  const child = spawn(process.execPath, [main, "embedded", "temporal", "--port", "0", ...args], {
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "inherit"]
  })
  let stdout = ""
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk))
  while (!stdout.includes("\n")) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`)
    await Promise.race([once(child.stdout, "data"), once(child, "exit")])
  }
  return { child, address: stdout.trim().split(" ").at(-1) ?? "", stdout }
}

const stop = async ({ child }: Served): Promise<void> => {
  const exited = once(child, "exit")
  child.kill("SIGTERM")
  await exited
}

/** What a command prints; rejects with what it says if it fails. */
const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      address("COMPOZY_SERVICES_TEMPORAL"),
      args,
      // The settings of whoever runs this are not those of the test.
      { env: { PATH: process.env["PATH"], HOME: folder.path, ...env }, timeout: 30_000 },
      (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(stderr || error.message))
    )
  })

const folder = temporaryFolder()
afterAll(() => folder.remove())

describe.skipIf(isLeftOut("temporal"))("the official command line", () => {
  let served: Served
  let worker: RunningWorker
  const temporal = (...args: string[]): Promise<string> => run([...args, "--address", served.address])
  beforeAll(async () => {
    quietRuntime()
    served = await serve([
      "--auth",
      "none",
      "--db-filename",
      join(folder.path, "temporal.sqlite"),
      "--namespace",
      "further",
      "--search-attribute",
      "Color=Keyword"
    ])
    worker = await startWorker(served.address, "q", {})
  })
  afterAll(async () => {
    await worker.stop()
    await stop(served)
  })

  it("is told where it listens by one line", () => {
    expect(served.stdout).toMatch(/^Temporal listens on 127\.0\.0\.1:\d+\n$/)
  })

  it("starts, signals, queries, updates, describes, shows, counts, lists and ends workflows", async () => {
    const start = (id: string, type: string, ...more: string[]) =>
      temporal("workflow", "start", "--type", type, "-t", "q", "-w", id, ...more)
    await start("one", "counter", "-i", "10", "--search-attribute", 'Color="red"')
    await temporal("workflow", "signal", "-w", "one", "--name", "add", "-i", "4")
    expect(await temporal("workflow", "query", "-w", "one", "--type", "total")).toMatch(/QueryResult +4/)
    expect(await temporal("workflow", "stack", "-w", "one")).toContain("counter")
    expect(await temporal("workflow", "describe", "-w", "one")).toMatch(/Type +counter/)
    expect(await temporal("workflow", "list", "-q", "Color = 'red'")).toMatch(/Running +one +counter/)
    expect(await temporal("workflow", "count", "-q", "Color = 'red'")).toContain("Total: 1")
    expect(await temporal("workflow", "count", "-q", "GROUP BY ExecutionStatus")).toContain("values: Running")
    await temporal("workflow", "signal", "-w", "one", "--name", "add", "-i", "6")
    expect(await temporal("workflow", "result", "-w", "one")).toContain("10")
    expect(await temporal("workflow", "show", "-w", "one")).toContain("WorkflowExecutionCompleted")
    await temporal("workflow", "reset", "-w", "one", "-t", "FirstWorkflowTask", "--reason", "again")
    expect(await temporal("workflow", "result", "-w", "one")).toContain("10")
    await start("two", "updatable", "-i", "3")
    expect(
      await temporal("workflow", "update", "execute", "-w", "two", "--name", "raise", "-i", "1")
    ).toContain("1")
    await temporal("workflow", "cancel", "-w", "two")
    await start("three", "counter", "-i", "1")
    await temporal("workflow", "terminate", "-w", "three", "--reason", "enough")
    expect(await temporal("workflow", "list", "-q", "WorkflowId = 'three'")).toContain("Terminated")
    await temporal("workflow", "delete", "-w", "three")
    await expect(temporal("workflow", "describe", "-w", "three")).rejects.toThrow(/not found/)
    await expect(temporal("workflow", "list", "-q", "Colour = 'red'")).rejects.toThrow(
      "invalid query: invalid expression: column name 'Colour' is not a valid search attribute"
    )
  })

  it("manages namespaces, search attributes and the cluster", async () => {
    expect(await temporal("operator", "namespace", "describe", "-n", "further")).toContain("Registered")
    await temporal("operator", "namespace", "create", "-n", "third", "--retention", "2d")
    await temporal("operator", "namespace", "update", "-n", "third", "--retention", "3d")
    expect(await temporal("operator", "namespace", "describe", "-n", "third")).toContain("72h0m0s")
    await temporal("operator", "namespace", "delete", "-n", "third", "--yes")
    expect(await temporal("operator", "namespace", "list")).not.toContain("third")
    await temporal("operator", "search-attribute", "create", "--name", "Size", "--type", "Int")
    expect(await temporal("operator", "search-attribute", "list")).toMatch(/Size +Int/)
    await temporal("operator", "search-attribute", "remove", "--name", "Size", "--yes")
    expect(await temporal("operator", "cluster", "health")).toContain("SERVING")
    expect(await temporal("operator", "cluster", "system")).toContain("1.29.1")
    expect(await temporal("operator", "cluster", "describe")).toContain("sqlite")
    expect(await temporal("operator", "cluster", "list")).toContain(served.address)
  })

  it("describes and limits task queues, and lists workers", async () => {
    expect(await temporal("task-queue", "describe", "-t", "q")).toMatch(/UNVERSIONED +workflow/)
    expect(await temporal("task-queue", "describe", "-t", "q", "--legacy-mode")).toContain("Identity")
    expect(await temporal("task-queue", "list-partition", "-t", "q")).toContain("q")
    const config = ["--task-queue", "q", "--task-queue-type", "activity"]
    await temporal(
      "task-queue",
      "config",
      "set",
      ...config,
      "--queue-rps-limit",
      "500",
      "--queue-rps-limit-reason",
      "why"
    )
    expect(await temporal("task-queue", "config", "get", ...config)).toContain("500")
    expect(await temporal("worker", "list")).toBeDefined()
  })

  it("runs schedules and batches", async () => {
    const schedule = ["--schedule-id", "hourly"]
    await temporal(
      "schedule",
      "create",
      ...schedule,
      "--interval",
      "1h",
      "--type",
      "noop",
      "-t",
      "q",
      "-w",
      "hour"
    )
    expect(await temporal("schedule", "describe", ...schedule)).toContain("noop")
    await temporal("schedule", "trigger", ...schedule)
    await temporal("schedule", "toggle", ...schedule, "--pause", "--reason", "rest")
    expect(await temporal("schedule", "list")).toContain("hourly")
    await temporal("schedule", "delete", ...schedule)
    const ids = ["b1", "b2"]
    for (const id of ids)
      await temporal("workflow", "start", "--type", "counter", "-t", "q", "-w", id, "-i", "1")
    await temporal(
      "workflow",
      "signal",
      "-q",
      "WorkflowType = 'counter' AND ExecutionStatus = 'Running'",
      "--name",
      "add",
      "-i",
      "1",
      "--reason",
      "all",
      "--yes"
    )
    for (const id of ids) expect(await temporal("workflow", "result", "-w", id)).toContain("1")
    expect(await temporal("batch", "list")).toMatch(/Completed|Running/)
  })
})

describe.skipIf(isLeftOut("temporal"))("a key", () => {
  it("is asked of the official command line, which brings it without TLS", async () => {
    const served = await serve([], { TEMPORAL_API_KEY: "a-key-for-this-test" })
    const list = ["workflow", "list", "--address", served.address]
    await expect(run(list)).rejects.toThrow(/invalid or missing API key|Unauthenticated/)
    await expect(run([...list, "--tls=false", "--api-key", "another"])).rejects.toThrow(/API key/)
    expect(await run([...list, "--tls=false", "--api-key", "a-key-for-this-test"])).toBeDefined()
    expect(await run([...list, "--tls=false"], { TEMPORAL_API_KEY: "a-key-for-this-test" })).toBeDefined()
    await stop(served)
  })
})
