/**
 * The hand-written contestant in a process of its own: the embedded Temporal, a worker, and an HTTP server that starts a
 * workflow and waits for its result. `node bench/handwritten/server.ts memory|FILE`; prints its address.
 */
import { randomUUID } from "node:crypto"
import { createServer } from "node:http"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { Client, Connection } from "@temporalio/client"
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker"
import { EmbeddedTemporal } from "../../src/embedded/temporal/index.ts"
import * as activities from "./activities.ts"

Runtime.install({ logger: new DefaultLogger("ERROR"), shutdownSignals: [] })

const storage = process.argv[2] ?? "memory"
const engine = await EmbeddedTemporal.open(storage === "memory" ? {} : { file: storage })
const access = { address: engine.address, metadata: { authorization: `Bearer ${engine.apiKey}` } }
const client = new Client({ connection: await Connection.connect(access), namespace: engine.namespace })
const worker = await Worker.create({
  connection: await NativeConnection.connect(access),
  namespace: engine.namespace,
  taskQueue: "handwritten",
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, "workflows.ts"),
    logger: new DefaultLogger("ERROR")
  }),
  activities
})
const running = worker.run()

const server = createServer((request, response) => {
  const answer = async (): Promise<void> => {
    const workflow = request.url?.slice(1) ?? ""
    const input: unknown = JSON.parse(await text(request))
    const output: unknown = await client.workflow.execute(workflow, {
      args: [input],
      taskQueue: "handwritten",
      workflowId: randomUUID()
    })
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ output }))
  }
  answer().catch((error: unknown) => response.writeHead(500).end(String(error)))
})

server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.stdout.write(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}\n`)
})

process.once("SIGTERM", () => {
  server.close()
  worker.shutdown()
  void running.then(() => engine.close()).then(() => process.exit(0))
})
