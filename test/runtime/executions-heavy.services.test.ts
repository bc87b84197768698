/** What is too long for `npm test`: a collection of 20,000 items, and outputs over 1 MB, in every mode. */
import { Schema } from "effect"
import { describe, expect, test } from "vitest"
import { defineMode } from "../../src/Mode.ts"
import { TestCompozy } from "../../src/testing/index.ts"
import { defineTool, defineWorkflow } from "../../src/workflow/index.ts"

const items = 20_000

const range = defineTool({
  id: "range",
  input: Schema.Struct({ count: Schema.Number }),
  output: Schema.Array(Schema.Number),
  run: ({ count }) => Array.from({ length: count }, (_, n) => n)
})

const row = defineTool({
  id: "row",
  input: Schema.Struct({ n: Schema.Number }),
  output: Schema.Struct({ n: Schema.Number, text: Schema.String }),
  run: ({ n }) => ({ n, text: "x".repeat(100) })
})

const megabytes = defineTool({
  id: "megabytes",
  input: Schema.Struct({ count: Schema.Number }),
  output: Schema.Struct({ text: Schema.String }),
  run: ({ count }) => ({ text: "m".repeat(count * 1024 * 1024) })
})

const many = defineWorkflow(
  { id: "many", input: Schema.Struct({ count: Schema.Number }) },
  ({ input, task }) => {
    const numbers = task.tool("numbers", range, { count: input.count })
    const rows = task.collection("rows", {
      items: numbers,
      each: ({ item }) => task.tool("row", row, { n: item })
    })
    const large = task.tool("large", megabytes, { count: 3 })
    return { rows, large }
  }
)

const config = defineMode({ name: "heavy", workflows: [many] })

describe.each(["memory", "persistent", "distributed"] as const)("%s mode", (mode) => {
  test(
    `runs a collection of ${items} items, and gives outputs of megabytes`,
    { timeout: 900_000 },
    async () => {
      await using compozy = await TestCompozy.make(config, { mode })
      const { large, rows } = await compozy.run(many, { count: items })
      expect(large.text).toHaveLength(3 * 1024 * 1024)
      expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: items }, (_, n) => n))
    }
  )
})
