/** A process with the service in a file and its own worker, made to be killed. */
import { appendFileSync } from "node:fs"

import { Client, Connection, WorkflowExecutionAlreadyStartedError } from "@temporalio/client"

import { EmbeddedTemporal } from "../../../src/embedded/temporal/index.ts"
import { quietRuntime, startWorker } from "./support.ts"
import type { Activities } from "./workflows.ts"

const [file = "", log = "", count = "0"] = process.argv.slice(2)

quietRuntime()
const server = await EmbeddedTemporal.open({ file, auth: "none" })
const connection = await Connection.connect({ address: server.address })
const client = new Client({ connection })

const activities: Pick<Activities, "record"> = {
  record: async (name) => {
    appendFileSync(log, `${name}\n`)
    return name
  }
}
const worker = await startWorker(server.address, "steps", { ...activities })

const options = { taskQueue: "steps", workflowId: "survivor", args: [Number(count)] }
await client.workflow.start("steps", options).catch((error: unknown) => {
  if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
})
const handle = client.workflow.getHandle("survivor")
const result: unknown = await handle.result()
const { events } = await handle.fetchHistory()
const completed = (events ?? []).filter((event) => event.activityTaskCompletedEventAttributes).length
process.stdout.write(JSON.stringify({ result, completed }))
await worker.stop()
await connection.close()
await server.close()
process.exit(0)
