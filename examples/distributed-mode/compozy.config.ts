import { Config, Schema } from "effect"
import { defineMode, defineTool, defineWorkflow } from "compozy"

const square = defineTool({
  id: "square",
  description: "Multiplies a number by itself.",
  input: Schema.Struct({ value: Schema.Finite }),
  output: Schema.Struct({ value: Schema.Finite }),
  run: ({ value }) => ({ value: value * value })
})

const squares = defineWorkflow(
  {
    id: "squares",
    description: "Squares numbers, many at once, on whichever process is free.",
    input: Schema.Struct({ numbers: Schema.Array(Schema.Finite) })
  },
  ({ input, task }) => {
    const results = task.collection("squares", {
      items: input.numbers,
      each: ({ item }) => task.tool("square", square, { value: item }).value,
      mode: "parallel",
      maxWorkers: 20
    })
    return { squares: results }
  }
)

export default defineMode({
  mode: "distributed",
  name: "squares",
  workflows: [squares],
  database: { url: Config.Redacted("COMPOZY_DATABASE_URL"), maxConnections: 20 },
  redis: { url: Config.Redacted("REDIS_URL"), keyPrefix: "squares:" },
  temporal: { address: Config.String("TEMPORAL_HOST_PORT"), namespace: "default", taskQueue: "squares" }
})
