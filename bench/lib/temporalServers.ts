/** The services that `bench -- temporal` compares, and how one is asked whether it answers. */
import { spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { connect } from "node:http2"
import { join } from "node:path"

import type { EmbeddedTemporal as Embedded } from "../../src/embedded/temporal/index.ts"
import { freePort } from "../../scripts/services/Process.ts"

export const subjects = [
  "memory",
  "memory, own thread",
  "file",
  "file, own thread",
  "dev",
  "dev, file"
] as const
export type Subject = (typeof subjects)[number]

/** The dev server's binary, if there is one to compare with. */
export const devServer: string | undefined = process.env["COMPOZY_TEMPORAL_BIN"] || undefined

export interface Served {
  readonly address: string
  readonly metadata: Readonly<Record<string, string>>
  /** The service's process, if it is not this one. */
  readonly pid: number | undefined
  readonly close: () => Promise<void>
}

/** Asks a service for what it can do, without any of the SDK; whether it answered. */
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

// What users run: the built package, not the sources, whose types would have to be stripped first.
const built = new URL("../../dist/embedded/temporal/index.js", import.meta.url)

const serveEmbedded = async (subject: Subject, folder: string): Promise<Served> => {
  const { EmbeddedTemporal } = (await import(built.href)) as { readonly EmbeddedTemporal: typeof Embedded }
  const server = await EmbeddedTemporal.open({
    ...(subject.startsWith("file") && { file: join(folder, `${Math.random()}.sqlite`) }),
    hosting: subject.endsWith("own thread") ? "worker" : "thread"
  })
  return { ...server, pid: undefined, close: () => server.close() }
}

const serveDev = async (subject: Subject, folder: string): Promise<Served> => {
  const port = String(await freePort())
  const options = ["--headless", "--ip", "127.0.0.1", "--port", port, "--log-level", "error"]
  // On here, too: without it each activity would cost the dev server a poll more.
  const eager = ["--dynamic-config-value", "system.enableActivityEagerExecution=true"]
  const file = subject === "dev, file" ? ["--db-filename", join(folder, `${Math.random()}.db`)] : []
  const child = spawn(devServer ?? "temporal", ["server", "start-dev", ...options, ...eager, ...file], {
    stdio: "ignore"
  })
  return {
    address: `127.0.0.1:${port}`,
    metadata: {},
    pid: child.pid,
    close: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve())
        child.kill("SIGKILL")
      })
  }
}

/** Starts a service and waits for its first answer. */
export const serve = async (subject: Subject, folder: string): Promise<Served> => {
  const served = await (subject.startsWith("dev") ? serveDev : serveEmbedded)(subject, folder)
  while (!(await answers(served.address, served.metadata)))
    await new Promise((resolve) => setTimeout(resolve, 2))
  return served
}

/** What a process or a thread has had of the processors, in milliseconds (Linux counts in hundredths of a second). */
const cpuOf = (stat: string): number => {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The processor time of another process, in milliseconds. */
export const cpuOfProcess = (pid: number | undefined): number =>
  pid === undefined ? 0 : cpuOf(readFileSync(`/proc/${pid}/stat`, "utf8"))

/** The processor time of the embedded service's own thread in this process, in milliseconds. */
export const cpuOfServiceThread = (): number => {
  let total = 0
  for (const thread of readdirSync("/proc/self/task")) {
    try {
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8")
      if (stat.includes("(embedded-tempor")) total += cpuOf(stat)
    } catch {
      // It has ended: the SDK's sandbox has one for each call.
    }
  }
  return total
}

/** The resident memory of another process, in bytes. */
export const residentOf = (pid: number | undefined): number =>
  pid === undefined
    ? 0
    : Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024
