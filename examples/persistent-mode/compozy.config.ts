import { Schema } from "effect"
import { defineMode, defineSignal, defineTool, defineWorkflow } from "compozy"

const reserve = defineTool({
  id: "reserve",
  description: "Sets the goods aside.",
  input: Schema.Struct({ order: Schema.String }),
  output: Schema.Struct({ reservation: Schema.String }),
  run: ({ order }) => ({ reservation: `reservation of ${order}` })
})

const ship = defineTool({
  id: "ship",
  description: "Hands the goods to the carrier.",
  input: Schema.Struct({ reservation: Schema.String, approvedBy: Schema.String }),
  output: Schema.Struct({ parcel: Schema.String, approvedBy: Schema.String }),
  run: ({ reservation, approvedBy }) => ({ parcel: `parcel of the ${reservation}`, approvedBy })
})

const approval = defineSignal({ id: "approval", payload: Schema.Struct({ by: Schema.String }) })

const order = defineWorkflow(
  {
    id: "order",
    description: "Reserves, waits for somebody's approval however long it takes, then ships.",
    input: Schema.Struct({ order: Schema.String })
  },
  ({ input, task }) => {
    const reserved = task.tool("reserve", reserve, { order: input.order })
    const approved = task.wait("approval", { signal: approval })
    return task.tool("ship", ship, { reservation: reserved.reservation, approvedBy: approved.by })
  }
)

export default defineMode({ mode: "persistent", name: "orders", workflows: [order] })
