/**
 * `npm run bench -- startup [starts]`: cold starts (default 20) of memory and persistent mode, one after another, in a
 * project without data: from the start of the process to ready, and to the result of the first workflow over HTTP; beside
 * an empty Node process, with the moments that the start passes and the memory held when ready. The round that is not
 * counted leaves Node's compile cache as every start but the first after an edit of the config finds it.
 */
import { spawnSync } from "node:child_process"
import { rm } from "node:fs/promises"
import { cpus } from "node:os"
import { join } from "node:path"
import { makeProject } from "./lib/project.ts"
import { execute, type Mark, startServer } from "./lib/server.ts"
import { median, ms, printTable, quantile } from "./lib/statistics.ts"

const starts = Number(process.argv[2] ?? 20)

const config = `
import { Schema } from "effect"
import { defineMode, defineTool, defineWorkflow } from "compozy"

const echo = defineTool({
  id: "echo",
  input: Schema.Struct({ value: Schema.String }),
  output: Schema.Struct({ value: Schema.String }),
  run: (input) => input
})

const first = defineWorkflow({ id: "first", input: Schema.Struct({ value: Schema.String }) }, ({ input, task }) =>
  task.tool("echo", echo, { value: input.value })
)

export default defineMode({ name: "bench", workflows: [first] })
`

interface Start {
  readonly ready: number
  readonly result: number
  readonly rss: number
  readonly cpu: number
  readonly marks: ReadonlyArray<Mark>
}

const startOnce = async (folder: string, mode: string): Promise<Start> => {
  await rm(join(folder, ".compozy"), { recursive: true, force: true })
  await using server = await startServer(folder, ["--mode", mode])
  await execute(server.url, "first", { value: "x" })
  const result = performance.now() - server.spawned
  const last = server.marks.findLast((mark) => mark.phase === "ready")
  return { ready: server.ready, result, rss: last?.rss ?? 0, cpu: last?.cpuMs ?? 0, marks: server.marks }
}

const emptyNode = (): number => {
  const begin = performance.now()
  spawnSync(process.execPath, ["-e", "0"])
  return performance.now() - begin
}

const modes = ["memory", "persistent"] as const
const empty: Array<number> = []
const measured = new Map<string, Array<Start>>(modes.map((mode) => [mode, []]))

await using project = await makeProject(config)
// What runs first on a machine pays for cold files: one round is not counted.
for (let round = 0; round <= starts; round++) {
  for (const mode of modes) {
    const start = await startOnce(project.folder, mode)
    if (round > 0) measured.get(mode)?.push(start)
  }
  if (round > 0) empty.push(emptyNode())
}

process.stdout.write(
  `${starts} cold starts of each mode, Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? "?"})\n\n`
)

const row = (name: string, sample: ReadonlyArray<number>): ReadonlyArray<string> => [
  name,
  ms(quantile(sample, 0.5)),
  ms(quantile(sample, 0.95))
]

printTable([
  ["", "p50", "p95"],
  row("node -e 0", empty),
  ...modes.flatMap((mode) => {
    const sample = measured.get(mode) ?? []
    return [
      row(
        `${mode}: ready`,
        sample.map((start) => start.ready)
      ),
      row(
        `${mode}: first result`,
        sample.map((start) => start.result)
      )
    ]
  })
])

printTable([
  ["when ready", "memory held", "CPU time"],
  ...modes.map((mode) => {
    const sample = measured.get(mode) ?? []
    return [
      mode,
      `${(median(sample.map((start) => start.rss)) / 1024 / 1024).toFixed(0)} MiB`,
      ms(median(sample.map((start) => start.cpu)))
    ]
  })
])

for (const mode of modes) {
  const sample = measured.get(mode) ?? []
  const phases = [...new Set(sample.flatMap((start) => start.marks.map((mark) => mark.phase)))]
  const rows = phases.map((phase) => {
    const marks = sample.flatMap((start) => start.marks.filter((mark) => mark.phase === phase))
    const took = marks.map((mark) => mark["took"]).filter((value) => typeof value === "number")
    return {
      at: median(marks.map((mark) => mark.ms)),
      cells: [
        phase,
        ms(median(marks.map((mark) => mark.ms))),
        took.length > 0 ? ms(median(took)) : "",
        ms(median(marks.map((mark) => mark.cpuMs)))
      ]
    }
  })
  printTable([
    [`${mode}: phase (medians)`, "at", "took", "CPU so far"],
    ...rows.toSorted((a, b) => a.at - b.at).map((one) => one.cells)
  ])
}
