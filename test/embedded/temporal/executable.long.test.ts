/** The program that stands in for the servers of `@temporalio/testing`, with the real package. */
import { TestWorkflowEnvironment } from "@temporalio/testing"
import { Worker } from "@temporalio/worker"
import { describe, expect, it } from "vitest"

import { readArguments, UsageError } from "../../../src/embedded/temporal/executable.ts"
import { executablePath } from "../../../src/embedded/temporal/index.ts"
import { bundlePath, quietRuntime } from "./support.ts"

quietRuntime()

const executable = { type: "existing-path" as const, path: executablePath }

describe("@temporalio/testing with the executable", () => {
  it("runs createTimeSkipping", async () => {
    const environment = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } })
    try {
      const begin = await environment.currentTimeMs()
      await environment.sleep("1 day")
      expect((await environment.currentTimeMs()) - begin).toBeGreaterThanOrEqual(86_400_000)
      const worker = await Worker.create({
        connection: environment.nativeConnection,
        taskQueue: "tests",
        workflowBundle: { codePath: await bundlePath() }
      })
      const { workflow } = environment.client
      const options = { taskQueue: "tests", workflowId: "noop" }
      expect(await worker.runUntil(workflow.execute("noop", options))).toBe("done")
    } finally {
      await environment.teardown()
    }
  })

  it("runs createLocal", async () => {
    const environment = await TestWorkflowEnvironment.createLocal({
      server: { executable, namespace: "mine" }
    })
    try {
      const { client } = environment
      await client.workflow.start("noop", { taskQueue: "tests", workflowId: "noop" })
      expect(await client.workflow.count()).toMatchObject({ count: 1 })
    } finally {
      await environment.teardown()
    }
  })
})

describe("its arguments", () => {
  it("are those that the SDK passes", () => {
    const passed =
      "server start-dev --port 4000 --namespace mine --ip 127.0.0.1 --log-format pretty --log-level warn --dynamic-config-value frontend.enableServerVersionCheck=false --dynamic-config-value frontend.enableUpdateWorkflowExecution=true --db-filename a.db --headless --search-attribute Count=Int --search-attribute Name=Keyword"
    expect(readArguments(passed.split(" "))).toEqual({
      host: "127.0.0.1",
      port: 4000,
      namespaces: ["mine", "default"],
      file: "a.db",
      logLevel: "warn",
      timeSkipping: undefined,
      searchAttributes: { Count: "Int", Name: "Keyword" }
    })
    expect(readArguments(["4000"])).toMatchObject({
      port: 4000,
      timeSkipping: { unlocked: false, whileWaiting: false }
    })
    expect(readArguments(["4000", "--enable-time-skipping"])).toMatchObject({
      timeSkipping: { unlocked: true }
    })
  })

  it.each([
    [],
    ["server"],
    ["-1"],
    ["server", "start-dev", "--bogus"],
    ["server", "start-dev", "--port", "x"]
  ])("are refused otherwise: %j", (...args) => {
    expect(() => readArguments(args)).toThrow(UsageError)
  })
})
