/**
 * A service with the SDK's client and worker beside it, in a process of its own: runs the phases that its parent asks
 * for, and answers with what it measured. `node --expose-gc bench/lib/temporalSubject.ts <subject> <folder>`
 */
import { Client, Connection } from "@temporalio/client"
import { NativeConnection, Worker } from "@temporalio/worker"

import { bundlePath, quietRuntime } from "../../test/embedded/temporal/support.ts"
import type * as workflows from "../../test/embedded/temporal/workflows.ts"
import { cpuOfProcess, cpuOfServiceThread, residentOf, serve, subjects } from "./temporalServers.ts"

/** What a parent asks for: the same number of the same things of each subject. */
export type Phase =
  | { readonly kind: "sequence"; readonly workflow: "noop" | "hello"; readonly count: number }
  | { readonly kind: "rate"; readonly workflow: "noop" | "hello"; readonly count: number }
  | { readonly kind: "signals" | "queries"; readonly count: number }
  | { readonly kind: "memory" | "end" }

/** Times of single ones in milliseconds, or figures by name. */
export type Answer = readonly number[] | Readonly<Record<string, number>>

const taskQueue = "bench"
const atOnce = 50

const subject = subjects.find((name) => name === process.argv[2]) ?? "memory"

const timed = async (count: number, action: () => Promise<unknown>): Promise<number[]> => {
  const times: number[] = []
  for (let index = 0; index < count; index++) {
    const begin = performance.now()
    await action()
    times.push(performance.now() - begin)
  }
  return times
}

quietRuntime()
const service = await serve(subject, process.argv[3] ?? ".")
const { address, metadata } = service
const connection = await Connection.connect({ address, metadata })
const client = new Client({ connection })
const native = await NativeConnection.connect({
  address,
  metadata: { ...metadata },
  // On loopback the SDK's compression only costs time; the dev server gets the same.
  grpcCompression: { codec: "none" }
})
const activities: Pick<workflows.Activities, "greet"> = { greet: async (name) => `Hello, ${name}` }
const worker = await Worker.create({
  connection: native,
  taskQueue,
  workflowBundle: { codePath: await bundlePath() },
  activities: { ...activities }
})
const running = worker.run()
const counter = await client.workflow.start("counter", {
  taskQueue,
  workflowId: "counter",
  args: [1_000_000]
})

let runs = 0
const execute = (workflow: "noop" | "hello"): Promise<unknown> =>
  client.workflow.execute(workflow, {
    taskQueue,
    workflowId: `w${runs++}`,
    args: workflow === "hello" ? ["you"] : []
  })

const rate = async (workflow: "noop" | "hello", count: number): Promise<Answer> => {
  let left = count
  const begin = performance.now()
  const own = process.cpuUsage()
  const thread = cpuOfServiceThread()
  const other = cpuOfProcess(service.pid)
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await execute(workflow)
    })
  )
  const { system, user } = process.cpuUsage(own)
  return {
    perSecond: (count / (performance.now() - begin)) * 1000,
    cpu: (user + system) / 1000 / count,
    ofServiceThread: (cpuOfServiceThread() - thread) / count,
    ofServer: (cpuOfProcess(service.pid) - other) / count
  }
}

const memory = async (): Promise<Answer> => {
  // What was let go of meanwhile is only free after a second look.
  globalThis.gc?.()
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc?.()
  const { external, heapUsed, rss } = process.memoryUsage()
  return { process: rss, heap: heapUsed + external, server: residentOf(service.pid) }
}

const end = async (): Promise<Answer> => {
  await counter.terminate()
  const begin = performance.now()
  worker.shutdown()
  await running
  const shutdown = performance.now() - begin
  await native.close()
  await connection.close()
  await service.close()
  return { shutdown }
}

const run = (phase: Phase): Promise<Answer> => {
  switch (phase.kind) {
    case "sequence":
      return timed(phase.count, () => execute(phase.workflow))
    case "rate":
      return rate(phase.workflow, phase.count)
    case "signals":
      return timed(phase.count, () => counter.signal("add", 1))
    case "queries":
      return timed(phase.count, () => counter.query("total"))
    case "memory":
      return memory()
    case "end":
      return end()
  }
}

process.on("message", (phase: Phase) => {
  run(phase).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    }
  )
})
// The parent has ended, or wants no more.
process.once("disconnect", () => void service.close().then(() => process.exit(0)))
process.send?.({})
