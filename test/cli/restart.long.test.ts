import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { makeProject, startServer } from "./support.ts"

const config = `
import { appendFileSync } from "node:fs"
import { Schema } from "effect"
import { defineMode, defineTool, defineWorkflow } from "compozy"

const note = defineTool({
  id: "note",
  input: Schema.Struct({ text: Schema.String }),
  output: Schema.Struct({ noted: Schema.String }),
  run: ({ text }) => {
    appendFileSync(new URL("notes.txt", import.meta.url), text + "\\n")
    return { noted: text }
  }
})
const slow = defineWorkflow({ id: "slow", input: Schema.Struct({}) }, ({ task }) => {
  const before = task.tool("before", note, { text: "before" })
  task.sleep("nap", "1 second")
  const after = task.tool("after", note, { text: "after" })
  return { before: before.noted, after: after.noted }
})
export default defineMode({ mode: "persistent", server: { port: 0 }, workflows: [slow] })
`

const Started = Schema.Struct({ executionId: Schema.String })
const Execution = Schema.Struct({ status: Schema.String, output: Schema.Unknown })
const patiently = { timeout: 20_000, interval: 20 }

it("a workflow survives kill -9 at several points, and each step is recorded as done once", async () => {
  const project = await makeProject({ "compozy.config.ts": config })
  try {
    const first = await startServer(project)
    const { executionId } = await first.ask(Started, "/workflows/slow/executions", { method: "POST" })
    // The worker may not have begun yet.
    await first.end("SIGKILL")

    const second = await startServer(project)
    await expect.poll(() => second.steps(executionId), patiently).toContainEqual(["before", "SUCCESS"])
    // It sleeps.
    await second.end("SIGKILL")

    const third = await startServer(project)
    const path = `/executions/workflows/${executionId}`
    await expect.poll(async () => (await third.ask(Execution, path)).status, patiently).toBe("SUCCESS")
    expect(await third.ask(Execution, path)).toMatchObject({ output: { before: "before", after: "after" } })
    expect(await third.steps(executionId)).toEqual([
      ["before", "SUCCESS"],
      ["nap", "SUCCESS"],
      ["after", "SUCCESS"]
    ])
    expect(await readFile(join(project.folder, "notes.txt"), "utf8")).toBe("before\nafter\n")
    expect(await third.end("SIGTERM")).toMatchObject({ code: 0 })
  } finally {
    await project.remove()
  }
}, 60_000)
