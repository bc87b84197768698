/** What an execution carries of its workflow. */
import { Schema } from "effect"
import { expect, it } from "vitest"
import { prepare } from "../../src/runtime/execution/Programs.ts"
import { defineTool, defineWorkflow } from "../../src/workflow/index.ts"

const echo = defineTool({ id: "echo", input: Schema.Json, output: Schema.Json, run: (input) => input })

it("leaves out where tasks were written, and keeps data that looks like a task", () => {
  const data = { id: "a", path: "a", type: "tool", source: "mine" }
  const workflow = defineWorkflow({ id: "w", input: Schema.Struct({}) }, ({ task }) =>
    task.tool("a", echo, data)
  )
  expect(prepare(workflow).program.workflows["w"]?.definition.tasks).toEqual([
    { id: "a", path: "a", type: "tool", tool: "echo", input: data }
  ])
})
