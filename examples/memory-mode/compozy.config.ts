import { Schema } from "effect"
import { defineMode, defineTool, defineWorkflow, text } from "compozy"

const greet = defineTool({
  id: "greet",
  description: "Says hello.",
  input: Schema.Struct({ name: Schema.String }),
  output: Schema.Struct({ message: Schema.String, mood: Schema.Literals(["happy", "sad"]) }),
  run: ({ name }) => ({ message: `Hello, ${name}`, mood: name === "" ? "sad" : "happy" })
})

const forecast = defineTool({
  id: "forecast",
  description: "Tells tomorrow's weather of a city.",
  input: Schema.Struct({ city: Schema.String }),
  output: Schema.Struct({ city: Schema.String, celsius: Schema.Int }),
  run: ({ city }) => ({ city, celsius: 15 + (city.length % 10) })
})

const hello = defineWorkflow(
  {
    id: "hello",
    description: "Greets somebody, and tells the weather of the cities that they travel to.",
    input: Schema.Struct({ name: Schema.String, cities: Schema.Array(Schema.String) })
  },
  ({ input, task }) => {
    const greeting = task.tool("greeting", greet, { name: input.name })
    const weather = task.collection("weather", {
      items: input.cities,
      each: ({ item }) => task.tool("forecast", forecast, { city: item })
    })
    const farewell = task.router("farewell", greeting.mood, {
      happy: () => text`Have a good trip, ${input.name}!`,
      sad: () => "Chin up."
    })
    return { greeting: greeting.message, weather, farewell }
  }
)

export default defineMode({ mode: "memory", name: "hello", workflows: [hello] })
