/** The official command line against the embedded service, which is started by `compozy embedded temporal`. */
import { join } from "node:path"

import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { isLeftOut } from "../../layers/Services.ts"
import { runCli, serve, stop } from "./official-cli.ts"
import type { Served } from "./official-cli.ts"
import { quietRuntime, startWorker, temporaryFolder } from "./support.ts"
import type { RunningWorker } from "./support.ts"

const folder = temporaryFolder()
afterAll(() => folder.remove())

describe.skipIf(isLeftOut("temporal"))("the official command line", () => {
  let served: Served
  let worker: RunningWorker
  const temporal = (...args: string[]): Promise<string> => runCli([...args, "--address", served.address])
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
    await expect(runCli(list)).rejects.toThrow(/invalid or missing API key|Unauthenticated/)
    await expect(runCli([...list, "--tls=false", "--api-key", "another"])).rejects.toThrow(/API key/)
    expect(await runCli([...list, "--tls=false", "--api-key", "a-key-for-this-test"])).toBeDefined()
    expect(await runCli([...list, "--tls=false"], { TEMPORAL_API_KEY: "a-key-for-this-test" })).toBeDefined()
    await stop(served)
  })
})
