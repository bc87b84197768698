/**
 * Whether the embedded Temporal service keeps its memory: workflows with activities, timers, signals and queries for an
 * hour in memory mode, at a steady rate, with the memory of each minute. The figures of the first quarter are the
 * warm-up (the SDK's cache of workflows fills, retention begins to delete); over the rest a line is laid through the
 * heap after collections.
 *
 * `node --expose-gc bench/temporal-soak.ts [--minutes 60] [--rate 20]`; `--rate` is workflows per second.
 */
import { spawnSync } from "node:child_process"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

import { Client, Connection } from "@temporalio/client"
import { NativeConnection, Worker } from "@temporalio/worker"

import { EmbeddedTemporal } from "../src/embedded/temporal/index.ts"
import { bundlePath, quietRuntime } from "../test/embedded/temporal/support.ts"

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    rate: { type: "string", default: "20" }
  }
})

interface Sample {
  readonly minute: number
  readonly workflows: number
  readonly heap: number
  readonly external: number
  readonly resident: number
}

const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10

/** The slope of the line through the points, by least squares. */
const slopeOf = (points: readonly (readonly [x: number, y: number])[]): number => {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

const soak = async (minutes: number, rate: number): Promise<Sample[]> => {
  quietRuntime()
  const server = await EmbeddedTemporal.open({ retention: { closedRuns: 1000 } })
  const { address, metadata } = server
  const connection = await Connection.connect({ address, metadata })
  const native = await NativeConnection.connect({
    address,
    metadata: { ...metadata },
    grpcCompression: { codec: "none" }
  })
  const taskQueue = "soak"
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowBundle: { codePath: await bundlePath() },
    activities: { greet: async (name: string) => `Hello, ${name}` },
    maxCachedWorkflows: 50
  })
  const running = worker.run()
  const { workflow } = new Client({ connection })
  let finished = 0
  const one = async (number: number): Promise<void> => {
    const options = { taskQueue, workflowId: `soak-${number}` }
    if (number % 4 === 0) {
      const counter = await workflow.start("counter", { ...options, args: [3] })
      await counter.signal("add", 1)
      await counter.query("total")
      await counter.signal("add", 2)
      await counter.result()
    } else if (number % 4 === 1) await workflow.execute("fan", { ...options, args: [5] })
    else if (number % 4 === 2) await workflow.execute("countsDown", { ...options, args: [2] })
    else await workflow.execute("hello", { ...options, args: ["you"] })
    finished += 1
  }
  const samples: Sample[] = []
  const begin = performance.now()
  let number = 0
  const open = new Set<Promise<void>>()
  const sample = (): void => {
    globalThis.gc?.()
    const { external, heapUsed, rss } = process.memoryUsage()
    const taken = {
      minute: Math.round((performance.now() - begin) / 60_000),
      workflows: finished,
      heap: megabytes(heapUsed),
      external: megabytes(external),
      resident: megabytes(rss)
    }
    samples.push(taken)
    console.log(JSON.stringify(taken))
  }
  while (performance.now() - begin < minutes * 60_000) {
    if (performance.now() - begin >= samples.length * 60_000) sample()
    // The rate is held over the whole: what a busy machine delays is not made up for at once.
    if (open.size < 50) {
      const started = one((number += 1))
      open.add(started)
      void started.finally(() => open.delete(started))
    }
    await setTimeout(1000 / rate)
  }
  await Promise.all(open)
  sample()
  worker.shutdown()
  await running
  await native.close()
  await connection.close()
  await server.close()
  return samples
}

if (globalThis.gc === undefined) {
  const again = ["--expose-gc", fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  process.exitCode = spawnSync(process.execPath, again, { stdio: "inherit" }).status ?? 1
} else {
  const samples = await soak(Number(values.minutes), Number(values.rate))
  const steady = samples.slice(Math.floor(samples.length / 4))
  const per = (key: "heap" | "external" | "resident"): string =>
    `${((slopeOf(steady.map((sample) => [sample.minute, sample[key]])) || 0) * 60).toFixed(1)} MB per hour`
  console.log(
    `${samples.at(-1)?.workflows} workflows; heap ${per("heap")}, outside the heap ${per("external")}, resident ${per("resident")}`
  )
  process.exit(0)
}
