/** A `compozy start` in a process of its own, for benches. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { cli } from "./project.ts"

/** One line that `COMPOZY_TRACE_STARTUP=1` prints. */
export interface Mark {
  readonly phase: string
  /** Milliseconds since the process's own clock began. */
  readonly ms: number
  readonly cpuMs: number
  readonly rss: number
  readonly [detail: string]: unknown
}

/** A server that is ready. */
export interface BenchServer extends AsyncDisposable {
  readonly url: string
  /** Milliseconds from the spawn to the mark `ready`. */
  readonly ready: number
  /** `performance.now()` of the spawn. */
  readonly spawned: number
  readonly marks: ReadonlyArray<Mark>
  readonly process: ChildProcess
}

const isMark = (value: unknown): value is Mark =>
  typeof value === "object" && value !== null && "phase" in value && "ms" in value

const markOf = (line: string): Mark | undefined => {
  if (!line.startsWith('{"trace":"startup"')) return undefined
  const value: unknown = JSON.parse(line)
  return isMark(value) ? value : undefined
}

/** Starts a server and waits until it says that it is ready. */
export const startServer = async (folder: string, args: ReadonlyArray<string> = []): Promise<BenchServer> => {
  const spawned = performance.now()
  const child = spawn(process.execPath, [cli, "start", "--port", "0", ...args], {
    cwd: folder,
    env: { ...process.env, COMPOZY_TRACE_STARTUP: "1", NO_COLOR: "1" },
    stdio: ["ignore", "ignore", "pipe"]
  })
  const marks: Array<Mark> = []
  const said: Array<string> = []
  let url = ""
  let ready = Number.NaN
  const lines = createInterface({ input: child.stderr })
  for await (const line of lines) {
    const mark = markOf(line)
    if (mark === undefined) said.push(line)
    else marks.push(mark)
    url ||= /https?:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? ""
    if (mark?.phase === "ready") ready = performance.now() - spawned
    // The address follows the mark.
    if (url !== "" && !Number.isNaN(ready)) break
  }
  child.stderr.resume()
  if (url === "") {
    child.kill("SIGKILL")
    throw new Error(`the server gave no address\n${said.join("\n")}`)
  }
  const stop = async (): Promise<void> => {
    const closed = once(child, "close")
    if (child.exitCode === null && child.kill("SIGTERM")) await closed
  }
  return { url, ready, spawned, marks, process: child, [Symbol.asyncDispose]: stop }
}

/** Starts an execution over HTTP, waits for its end, and gives its output. */
export const execute = async (url: string, workflow: string, input: unknown): Promise<unknown> => {
  const response = await fetch(`${url}/api/v0/workflows/${workflow}/executions/sync`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ input })
  })
  const body: unknown = await response.json()
  if (typeof body !== "object" || body === null || !("status" in body) || body.status !== "SUCCESS") {
    throw new Error(`${workflow}: ${response.status} ${JSON.stringify(body)}`)
  }
  return "output" in body ? body.output : undefined
}
