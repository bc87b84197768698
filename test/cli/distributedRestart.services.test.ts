/** What distributed mode does when a process of its own, or Temporal, is killed in the middle. */
import { join } from "node:path"
import { describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { expect } from "vitest"
import { freshDatabase } from "../layers/FreshDatabase.ts"
import { address, isLeftOut } from "../layers/Services.ts"
import { freePort, stop } from "../../scripts/services/Process.ts"
import { startDevServer } from "../../scripts/services/Temporal.ts"
import { makeProject, startServer } from "./support.ts"

const config = `
import { appendFileSync } from "node:fs"
import { Schema } from "effect"
import { defineMode, defineSignal, defineTool, defineWorkflow } from "compozy"

const note = defineTool({
  id: "note",
  input: Schema.Struct({ text: Schema.String }),
  output: Schema.Struct({ noted: Schema.String }),
  run: ({ text }) => {
    appendFileSync(new URL("notes.txt", import.meta.url), text + "\\n")
    return { noted: text }
  }
})
const waits = defineWorkflow({ id: "waits", input: Schema.Struct({}) }, ({ task }) => {
  const before = task.tool("before", note, { text: "before" })
  const said = task.wait("said", { signal: defineSignal({ id: "go", payload: Schema.String }) })
  const after = task.tool("after", note, { text: said })
  return { before: before.noted, after: after.noted }
})
export default defineMode({
  mode: "distributed",
  name: "restart",
  server: { port: 0 },
  redis: { keyPrefix: "restart:" },
  workflows: [waits]
})
`

const Started = Schema.Struct({ executionId: Schema.String })
const Execution = Schema.Struct({ status: Schema.String, output: Schema.Unknown })
const patiently = { timeout: 50_000, interval: 50 }

/** A development server on a file, so that it can be killed and come back. */
const startTemporal = async (file: string, port: number) => {
  const child = await startDevServer(address("COMPOZY_SERVICES_TEMPORAL"), port, ["--db-filename", file])
  return () => stop(child, "SIGKILL")
}

describe.skipIf(isLeftOut("postgres") || isLeftOut("redis") || isLeftOut("temporal"))(
  "distributed mode",
  () => {
    it.live(
      "an execution goes on after kill -9 of Compozy, and then of Temporal",
      () =>
        Effect.gen(function* () {
          const database = Redacted.value(yield* freshDatabase)
          const project = yield* Effect.acquireRelease(
            Effect.promise(() => makeProject({ "compozy.config.ts": config })),
            (made) => Effect.promise(() => made.remove())
          )
          yield* Effect.promise(async () => {
            const port = await freePort()
            const file = join(project.folder, "temporal.db")
            let killTemporal = await startTemporal(file, port)
            const env = { COMPOZY_DATABASE_URL: database, TEMPORAL_HOST_PORT: `127.0.0.1:${port}` }
            try {
              const first = await startServer(project, env)
              const { executionId } = await first.ask(Started, "/workflows/waits/executions", {
                method: "POST"
              })
              await expect
                .poll(() => first.steps(executionId), patiently)
                .toEqual([
                  ["before", "SUCCESS"],
                  ["said", "WAITING"]
                ])
              await first.end("SIGKILL")

              const second = await startServer(project, env)
              const path = `/executions/workflows/${executionId}`
              expect(await second.ask(Execution, path)).toMatchObject({ status: "RUNNING" })
              await killTemporal()
              killTemporal = await startTemporal(file, port)
              const signal = { method: "POST", body: JSON.stringify({ signal_name: "go", payload: "after" }) }
              await expect
                .poll(async () => {
                  await second.ask(Schema.Unknown, `${path}/signals`, {
                    ...signal,
                    headers: { "content-type": "application/json" }
                  })
                  return (await second.ask(Execution, path)).status
                }, patiently)
                .toBe("SUCCESS")
              expect(await second.ask(Execution, path)).toMatchObject({
                output: { before: "before", after: "after" }
              })
              expect(await second.end("SIGTERM")).toMatchObject({ code: 0 })
            } finally {
              await killTemporal()
            }
          })
        }),
      180_000
    )
  }
)
