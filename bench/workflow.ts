/**
 * `npm run bench -- workflow [seconds]`: a workflow of one tool and one of ten, started over HTTP and awaited, in memory
 * and persistent mode; beside a hand-written Temporal workflow with the same steps on the same engine, behind the same
 * kind of HTTP server. The contestants take turns, each in a process of its own. Then the store's reads and writes while ten
 * workflows run.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeProject } from "./lib/project.ts"
import { execute, startServer } from "./lib/server.ts"
import { median, ms, printTable, quantile } from "./lib/statistics.ts"

const seconds = Number(process.argv[2] ?? 4)
const rounds = 3

const config = `
import { Schema } from "effect"
import { defineMode, defineTool, defineWorkflow } from "compozy"

const State = Schema.Struct({ value: Schema.Finite })
const step = defineTool({ id: "step", input: State, output: State, run: async ({ value }) => ({ value: value + 1 }) })

const one = defineWorkflow({ id: "one", input: State }, ({ input, task }) => task.tool("step1", step, { value: input.value }))

const ten = defineWorkflow({ id: "ten", input: State }, ({ input, task }) => {
  let state = task.tool("step1", step, { value: input.value })
  for (let n = 2; n <= 10; n++) state = task.tool(\`step\${n}\`, step, { value: state.value })
  return state
})

export default defineMode({ name: "bench", workflows: [one, ten] })
`

interface Contestant extends AsyncDisposable {
  readonly name: string
  readonly run: (workflow: "one" | "ten") => Promise<unknown>
}

const compozy = async (mode: string): Promise<Contestant> => {
  const project = await makeProject(config)
  const server = await startServer(project.folder, ["--mode", mode])
  return {
    name: "compozy",
    run: (workflow) => execute(server.url, workflow, { value: 0 }),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await project[Symbol.asyncDispose]()
    }
  }
}

const handwritten = async (mode: string): Promise<Contestant> => {
  const folder = await mkdtemp(join(tmpdir(), "compozy-bench-"))
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, "handwritten/server.ts"),
      mode === "memory" ? mode : join(folder, "temporal.db")
    ],
    { stdio: ["ignore", "pipe", "inherit"] }
  )
  const [line] = await once(child.stdout.setEncoding("utf8"), "data")
  const url = String(line).trim()
  return {
    name: "hand-written",
    run: async (workflow) => {
      const response = await fetch(`${url}/${workflow}`, { method: "POST", body: '{"value":0}' })
      if (!response.ok) throw new Error(await response.text())
      return response.json()
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(child, "close")
      child.kill("SIGTERM")
      await closed
      await rm(folder, { recursive: true, force: true })
    }
  }
}

interface Measured {
  readonly sequential: Array<number>
  readonly perSecond: Array<number>
}

const measure = async (contestant: Contestant, workflow: "one" | "ten", into: Measured): Promise<void> => {
  const span = (seconds * 1000) / rounds
  for (const end = performance.now() + span; performance.now() < end;) {
    const begin = performance.now()
    await contestant.run(workflow)
    into.sequential.push(performance.now() - begin)
  }
  const begin = performance.now()
  let done = 0
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      while (performance.now() < begin + span) {
        await contestant.run(workflow)
        done++
      }
    })
  )
  into.perSecond.push(done / ((performance.now() - begin) / 1000))
}

for (const mode of ["memory", "persistent"]) {
  await using ours = await compozy(mode)
  await using theirs = await handwritten(mode)
  const rows: Array<ReadonlyArray<string>> = [
    [`${mode} mode`, "sequential p50", "p95", "ratio of p50", "per second, 50 at once", "ratio"]
  ]
  for (const workflow of ["one", "ten"] as const) {
    const contestants = [ours, theirs].map((contestant) => ({
      contestant,
      measured: { sequential: [], perSecond: [] } satisfies Measured as Measured
    }))
    for (const { contestant } of contestants) {
      // Compiled code on both sides before anything is counted.
      for (let n = 0; n < 30; n++) await contestant.run(workflow)
    }
    for (let round = 0; round < rounds; round++) {
      for (const { contestant, measured } of contestants) await measure(contestant, workflow, measured)
    }
    const base = contestants[1]?.measured ?? { sequential: [], perSecond: [] }
    for (const { contestant, measured } of contestants) {
      rows.push([
        `${workflow === "one" ? "1 tool  " : "10 tools"}  ${contestant.name}`,
        ms(median(measured.sequential)),
        ms(quantile(measured.sequential, 0.95)),
        (median(measured.sequential) / median(base.sequential)).toFixed(2),
        median(measured.perSecond).toFixed(1),
        (median(measured.perSecond) / median(base.perSecond)).toFixed(2)
      ])
    }
  }
  printTable(rows)
}

await import("./lib/store.ts").then(({ measureStore }) => measureStore())
