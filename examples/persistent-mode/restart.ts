/**
 * Kills a server while a workflow waits, starts it again, and goes on: `node restart.ts`. The state is in `.compozy/`
 * beside this file; `node restart.ts --fresh` deletes it first.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"

const folder = import.meta.dirname
const cli = join(fileURLToPath(import.meta.resolve("compozy/package.json")), "../bin/compozy.js")

const start = async (): Promise<{ readonly url: string; readonly server: ChildProcess }> => {
  const server = spawn(process.execPath, [cli, "start", "--port", "0"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"]
  })
  const said: Array<string> = []
  for await (const line of createInterface({ input: server.stderr })) {
    said.push(line)
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0]
    if (url === undefined) continue
    server.stderr.resume()
    for (;;) {
      const ready = await fetch(`${url}/readyz`).catch(() => undefined)
      if (ready?.ok === true) return { url, server }
      await setTimeout(20)
    }
  }
  throw new Error(said.join("\n"))
}

const call = async (url: string, body?: unknown): Promise<Record<string, unknown>> => {
  const response = await fetch(
    url,
    body === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }
  )
  const answer: unknown = response.status === 204 ? {} : await response.json()
  if (!response.ok) throw new Error(JSON.stringify(answer))
  return typeof answer === "object" && answer !== null ? { ...answer } : {}
}

/** Asks until the execution, or one of its steps, is where it should be. */
const until = async (url: string, status: string): Promise<Record<string, unknown>> => {
  for (;;) {
    const answer = await call(url)
    const items = Array.isArray(answer["items"]) ? answer["items"] : [answer]
    if (items.some((item) => item.status === status)) return answer
    await setTimeout(20)
  }
}

if (process.argv.includes("--fresh")) await rm(join(folder, ".compozy"), { recursive: true, force: true })

const first = await start()
const { executionId } = await call(`${first.url}/api/v0/workflows/order/executions`, {
  input: { order: "A-1" }
})
const path = `/api/v0/executions/workflows/${String(executionId)}`
await until(`${first.url}${path}/tasks`, "SUCCESS")
console.log("the goods are reserved, and the order waits for an approval: killing the server")
first.server.kill("SIGKILL")
await once(first.server, "close")

const second = await start()
const found = await call(`${second.url}${path}`)
console.log(`after the restart the order is ${String(found["status"])}: approving it`)
await call(`${second.url}${path}/signals`, { signal_name: "approval", payload: { by: "Ada" } })
const { output } = await until(`${second.url}${path}`, "SUCCESS")
console.log(JSON.stringify(output))

second.server.kill("SIGTERM")
await once(second.server, "close")
