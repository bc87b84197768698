import { Schema } from "effect"
import { defineMode, defineTool, defineWorkflow, text } from "compozy"

const greet = defineTool({
  id: "greet",
  input: Schema.Struct({ name: Schema.String }),
  output: Schema.Struct({ message: Schema.String, mood: Schema.Literals(["happy", "sad"]) }),
  run: ({ name }) => ({ message: `Hello, ${name}`, mood: "happy" as const })
})

const hello = defineWorkflow(
  { id: "hello", input: Schema.Struct({ name: Schema.String, cities: Schema.Array(Schema.String) }) },
  ({ input, task }) => {
    const greeting = task.tool("greeting", greet, { name: input.name })
    const reports = task.collection("reports", {
      items: input.cities,
      each: ({ item }) => task.tool("report", greet, { name: item })
    })
    const reply = task.router("reply", greeting.mood, {
      happy: () => task.tool("celebrate", greet, { name: text`${input.name}!` }).message,
      sad: () => "chin up"
    })
    return { first: reports.at(0).message, reply }
  }
)

export default defineMode({ mode: "memory", name: "consumer", workflows: [hello] })
