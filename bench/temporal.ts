/**
 * The embedded Temporal service, in memory and with a file, in the calling thread and in one of its own, beside the
 * Temporal dev server if `COMPOZY_TEMPORAL_BIN` names its binary: start to the first answer, workflows in sequence and
 * 50 at a time, signal and query round trips, resident memory. Each subject runs in a process of its own, one after the
 * other, with the same SDK, worker and workflows. The process of a dev server's subject holds the SDK alone: what ours
 * has more than that is the service.
 *
 * `node bench/temporal.ts [--sequential 150] [--concurrent 600] [--rounds 1] [--subject memory|file|...]`
 *
 * With several rounds, the subjects take turns, and the best round of each counts: other work on the machine slows
 * down some rounds, and speeds up none.
 */
import { spawn, spawnSync } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { connect } from "node:http2"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

import { Client, Connection } from "@temporalio/client"
import { NativeConnection, Worker } from "@temporalio/worker"

import { buildIfStale } from "../scripts/build.ts"
import type { EmbeddedTemporal as Embedded } from "../src/embedded/temporal/index.ts"
import { bundlePath, quietRuntime } from "../test/embedded/temporal/support.ts"
import type * as workflows from "../test/embedded/temporal/workflows.ts"

const subjects = ["memory", "memory, own thread", "file", "file, own thread", "dev", "dev-file"] as const
type Subject = (typeof subjects)[number]

const { values } = parseArgs({
  options: {
    subject: { type: "string" },
    sequential: { type: "string", default: "150" },
    concurrent: { type: "string", default: "600" },
    rounds: { type: "string", default: "1" }
  }
})

interface Result {
  readonly "start to first answer, ms": number
  readonly "second start, ms": number
  readonly "no-op p50, ms": number
  readonly "no-op p95, ms": number
  readonly "no-op per second, 50 at a time": number
  readonly "hello p50, ms": number
  readonly "hello p95, ms": number
  readonly "hello per second, 50 at a time": number
  readonly "signal p50, ms": number
  readonly "query p50, ms": number
  readonly "heap and buffers of this thread, MB": number
  readonly "memory of this process, MB": number
  readonly "memory of another process, MB": number
}

interface Subjected {
  readonly address: string
  readonly metadata: Readonly<Record<string, string>>
  /** Bytes that the service takes outside this process. */
  readonly outside: () => number
  readonly close: () => Promise<void>
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** Asks the service for what it can do, without any of the SDK; whether it answered. */
const answers = (address: string, metadata: Readonly<Record<string, string>>): Promise<boolean> =>
  new Promise((resolve) => {
    const session = connect(`http://${address}`)
    const end = (answered: boolean): void => {
      session.destroy()
      resolve(answered)
    }
    session.on("error", () => end(false))
    const call = session.request({
      ":method": "POST",
      ":path": "/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo",
      "content-type": "application/grpc",
      te: "trailers",
      ...metadata
    })
    call.on("error", () => end(false))
    call.on("trailers", (trailers) => end(trailers["grpc-status"] === "0"))
    call.on("end", () => end(false))
    call.resume()
    // An empty message: not compressed, no bytes.
    call.end(Buffer.alloc(5))
  })

const residentOf = (child: ChildProcess): number => {
  const status = readFileSync(`/proc/${String(child.pid)}/status`, "utf8")
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
}

// What users run: the built package, not the sources, whose types would have to be stripped first.
const built = new URL("../dist/embedded/temporal/index.js", import.meta.url)

const startSubject = async (subject: Subject, folder: string): Promise<Subjected> => {
  if (!subject.startsWith("dev")) {
    const { EmbeddedTemporal } = (await import(built.href)) as { readonly EmbeddedTemporal: typeof Embedded }
    const server = await EmbeddedTemporal.open({
      ...(subject.startsWith("file") && { file: join(folder, `${Math.random()}.sqlite`) }),
      hosting: subject.endsWith("own thread") ? "worker" : "thread"
    })
    return { ...server, outside: () => 0, close: () => server.close() }
  }
  const port = await freePort()
  const child = spawn(
    process.env["COMPOZY_TEMPORAL_BIN"] ?? "temporal",
    [
      "server",
      "start-dev",
      "--headless",
      "--ip",
      "127.0.0.1",
      "--port",
      String(port),
      "--log-level",
      "error",
      "--dynamic-config-value",
      "system.enableActivityEagerExecution=true",
      ...(subject === "dev-file" ? ["--db-filename", join(folder, `${Math.random()}.db`)] : [])
    ],
    { stdio: "ignore" }
  )
  return {
    address: `127.0.0.1:${port}`,
    metadata: {},
    outside: () => residentOf(child),
    close: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve())
        child.kill("SIGKILL")
      })
  }
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

const timed = async (count: number, action: (index: number) => Promise<unknown>): Promise<number[]> => {
  const times: number[] = []
  for (let index = 0; index < count; index++) {
    const begin = performance.now()
    await action(index)
    times.push(performance.now() - begin)
  }
  return times.toSorted((a, b) => a - b)
}

const perSecond = async (count: number, action: (index: number) => Promise<unknown>): Promise<number> => {
  let next = 0
  const begin = performance.now()
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      for (let index = next++; index < count; index = next++) await action(index)
    })
  )
  return (count / (performance.now() - begin)) * 1000
}

const startTime = async (subject: Subject, folder: string): Promise<[Subjected, number]> => {
  const begin = performance.now()
  const service = await startSubject(subject, folder)
  while (!(await answers(service.address, service.metadata)))
    await new Promise((resolve) => setTimeout(resolve, 2))
  return [service, performance.now() - begin]
}

const measure = async (subject: Subject): Promise<Result> => {
  quietRuntime()
  const folder = mkdtempSync(join(tmpdir(), "bench-temporal-"))
  const codePath = await bundlePath()
  const [service, start] = await startTime(subject, folder)
  const [other, secondStart] = await startTime(subject, folder)
  await other.close()
  const { address, metadata } = service
  const connection = await Connection.connect({ address, metadata })
  const client = new Client({ connection })
  const native = await NativeConnection.connect({
    address: service.address,
    metadata: { ...service.metadata },
    // On loopback the SDK's compression only costs time; the dev server gets the same.
    grpcCompression: { codec: "none" }
  })
  const activities: Pick<workflows.Activities, "greet"> = { greet: async (name) => `Hello, ${name}` }
  const worker = await Worker.create({
    connection: native,
    taskQueue: "bench",
    workflowBundle: { codePath },
    activities: { ...activities }
  })
  const running = worker.run()
  let runs = 0
  const execute = (workflow: string, ...args: unknown[]): Promise<unknown> =>
    client.workflow.execute(workflow, { taskQueue: "bench", workflowId: `w${runs++}`, args })
  const sequential = Number(values.sequential)
  const concurrent = Number(values.concurrent)
  await perSecond(60, () => execute("hello", "warm"))
  const noop = await timed(sequential, () => execute("noop"))
  const hello = await timed(sequential, () => execute("hello", "you"))
  const noopRate = await perSecond(concurrent, () => execute("noop"))
  const helloRate = await perSecond(concurrent, () => execute("hello", "you"))
  const counter = await client.workflow.start("counter", {
    taskQueue: "bench",
    workflowId: "counter",
    args: [1_000_000]
  })
  await counter.query("total")
  const signal = await timed(sequential, () => counter.signal("add", 1))
  const query = await timed(sequential, () => counter.query("total"))
  globalThis.gc?.()
  const { external, heapUsed, rss: memory } = process.memoryUsage()
  const outside = service.outside()
  await counter.terminate()
  worker.shutdown()
  await running
  await native.close()
  await connection.close()
  await service.close()
  rmSync(folder, { recursive: true, force: true })
  return {
    "start to first answer, ms": start,
    "second start, ms": secondStart,
    "no-op p50, ms": percentile(noop, 0.5),
    "no-op p95, ms": percentile(noop, 0.95),
    "no-op per second, 50 at a time": noopRate,
    "hello p50, ms": percentile(hello, 0.5),
    "hello p95, ms": percentile(hello, 0.95),
    "hello per second, 50 at a time": helloRate,
    "signal p50, ms": percentile(signal, 0.5),
    "query p50, ms": percentile(query, 0.5),
    "heap and buffers of this thread, MB": (heapUsed + external) / 1e6,
    "memory of this process, MB": memory / 1e6,
    "memory of another process, MB": outside / 1e6
  }
}

/** The best of two rounds, figure by figure: the higher of rates, the lower of all else. */
const better = (one: Result | undefined, other: Result): Result =>
  one === undefined
    ? other
    : (Object.fromEntries(
        Object.entries(other).map(([name, value]) => [
          name,
          (name.includes("per second") ? Math.max : Math.min)(value, one[name as keyof Result])
        ])
      ) as unknown as Result)

if (values.subject === undefined) {
  const binary = process.env["COMPOZY_TEMPORAL_BIN"]
  await buildIfStale()
  const results = new Map<Subject, Result>()
  for (let round = 0; round < Number(values.rounds); round++)
    for (const subject of subjects) {
      if (subject.startsWith("dev") && binary === undefined) continue
      const ran = spawnSync(
        process.execPath,
        ["--expose-gc", fileURLToPath(import.meta.url), "--subject", subject, ...process.argv.slice(2)],
        { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }
      )
      if (ran.status !== 0) throw new Error(`${subject} failed`)
      const result = JSON.parse(ran.stdout) as Result
      results.set(subject, better(results.get(subject), result))
    }
  const rows: Record<string, Record<string, number>> = {}
  for (const [subject, result] of results)
    for (const [name, value] of Object.entries(result as unknown as Record<string, number>))
      rows[name] = { ...rows[name], [subject]: Number(value.toFixed(value < 10 ? 1 : 0)) }
  console.table(rows)
  if (binary === undefined) console.log("set COMPOZY_TEMPORAL_BIN to compare with the Temporal dev server")
} else {
  const subject = subjects.find((name) => name === values.subject)
  if (subject === undefined) throw new Error(`--subject is one of ${subjects.join(", ")}`)
  process.stdout.write(JSON.stringify(await measure(subject)))
  process.exit(0)
}
