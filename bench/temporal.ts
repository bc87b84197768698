/**
 * The embedded Temporal service, in memory and with a file, in the calling thread and in one of its own, beside the
 * Temporal dev server if `COMPOZY_TEMPORAL_BIN` names its binary: start to the first answer, workflows in sequence and
 * 50 at a time, signal and query round trips, processor time, resident memory. Each subject is a process of its own with
 * the same SDK, worker and workflows. All of them are there all the time, warmed up by the same number of workflows, and
 * take turns in short rounds, of which the median counts: what else the machine does meets them all. The process of a
 * dev server's subject holds the SDK alone: what ours holds beyond that is the service.
 *
 * `npm run bench -- temporal [--rounds 3] [--starts 5] [--no-threads]`: about four minutes on two idle cores.
 */
import { fork, spawnSync } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

import { buildIfStale } from "../scripts/build.ts"
import { median, printTable, quantile } from "./lib/statistics.ts"
import { devServer, subjects } from "./lib/temporalServers.ts"
import type { Subject } from "./lib/temporalServers.ts"
import type { Answer, Phase } from "./lib/temporalSubject.ts"

const { values } = parseArgs({
  allowNegative: true,
  options: {
    rounds: { type: "string", default: "3" },
    starts: { type: "string", default: "5" },
    threads: { type: "boolean", default: true }
  }
})

/** Workflows of each subject before anything counts: the SDK's code takes a quarter more time before it is compiled. */
const warmUp = 300

const compared = subjects.filter(
  (subject) =>
    (devServer !== undefined || !subject.startsWith("dev")) &&
    (values.threads || !subject.endsWith("own thread"))
)

/** What was measured of a subject: the samples of each figure. */
const samples = new Map<string, number[]>()
const add = (subject: Subject, figure: string, ...values: number[]): void => {
  const key = `${subject}: ${figure}`
  samples.set(key, [...(samples.get(key) ?? []), ...values])
}
const of = (subject: Subject, figure: string, share = 0.5): number =>
  quantile(samples.get(`${subject}: ${figure}`) ?? [], share)

const script = (name: string): string => fileURLToPath(new URL(`./lib/${name}.ts`, import.meta.url))

const next = async (child: ChildProcess): Promise<Answer> => {
  const ended = new AbortController()
  try {
    const [answer] = (await Promise.race([
      once(child, "message", { signal: ended.signal }),
      once(child, "exit", { signal: ended.signal }).then(([code]) => {
        throw new Error(`a subject ended with ${String(code)}`)
      })
    ])) as [Answer]
    return answer
  } finally {
    ended.abort()
  }
}

const ask = (child: ChildProcess, phase: Phase): Promise<Answer> => {
  const answer = next(child)
  child.send(phase)
  return answer
}

/** Runs a phase, and adds the times or the figures that come of it. */
const measure = async (subject: Subject, child: ChildProcess, name: string, phase: Phase): Promise<void> => {
  const answer = await ask(child, phase)
  if (Array.isArray(answer)) add(subject, name, ...(answer as number[]))
  else for (const [figure, value] of Object.entries(answer)) add(subject, `${name} ${figure}`, value)
}

const round = async (subject: Subject, child: ChildProcess): Promise<void> => {
  await measure(subject, child, "no-op", { kind: "sequence", workflow: "noop", count: 20 })
  await measure(subject, child, "hello", { kind: "sequence", workflow: "hello", count: 25 })
  await measure(subject, child, "no-op", { kind: "rate", workflow: "noop", count: 100 })
  await measure(subject, child, "hello", { kind: "rate", workflow: "hello", count: 150 })
  await measure(subject, child, "signal", { kind: "signals", count: 30 })
  await measure(subject, child, "query", { kind: "queries", count: 30 })
  await measure(subject, child, "memory", { kind: "memory" })
}

const folder = mkdtempSync(join(tmpdir(), "bench-temporal-"))
const children = new Map<Subject, ChildProcess>()
try {
  await buildIfStale()
  for (let start = 0; start <= Number(values.starts); start++)
    for (const subject of compared) {
      const ran = spawnSync(process.execPath, [script("temporalStart"), subject, folder], {
        encoding: "utf8"
      })
      const [first = Number.NaN, second = Number.NaN] = JSON.parse(ran.stdout) as number[]
      // What runs first on a machine pays for cold files: one round is not counted.
      if (start > 0) add(subject, "first start", first)
      if (start > 0) add(subject, "second start", second)
    }
  for (const subject of compared) {
    const child = fork(script("temporalSubject"), [subject, folder], { execArgv: ["--expose-gc"] })
    children.set(subject, child)
    await next(child)
    await ask(child, { kind: "rate", workflow: "hello", count: warmUp })
  }
  for (let turn = 0; turn < Number(values.rounds); turn++)
    // There and back again: what grows worse or better meanwhile does so for all.
    for (const [subject, child] of turn % 2 === 0 ? [...children] : [...children].toReversed())
      await round(subject, child)
  for (const [subject, child] of children) await measure(subject, child, "worker", { kind: "end" })
} finally {
  for (const child of children.values()) {
    if (child.exitCode !== null) continue
    child.disconnect()
    await once(child, "exit")
  }
  rmSync(folder, { recursive: true, force: true })
}

const figure = (value: number): string =>
  Number.isFinite(value) && value !== 0 ? value.toFixed(value < 20 ? 1 : 0) : "-"

const row = (name: string, value: (subject: Subject) => number): string[] => [
  name,
  ...compared.map((subject) => figure(value(subject)))
]

printTable([
  [`medians of ${values.rounds} rounds`, ...compared],
  row("first start in a process, import to answer, ms", (subject) => of(subject, "first start")),
  row("second start, ms", (subject) => of(subject, "second start")),
  ...["no-op", "hello"].flatMap((workflow) => [
    row(`${workflow}, p50, ms`, (subject) => of(subject, workflow)),
    row(`${workflow}, p95, ms`, (subject) => of(subject, workflow, 0.95)),
    row(`${workflow} per second, 50 at a time`, (subject) => of(subject, `${workflow} perSecond`)),
    row("  processor time of this process for each, ms", (subject) => of(subject, `${workflow} cpu`)),
    row("  of that the service, where it has a thread", (subject) =>
      of(subject, `${workflow} ofServiceThread`)
    ),
    row("  and of the server's process", (subject) => of(subject, `${workflow} ofServer`))
  ]),
  row("signal, p50, ms", (subject) => of(subject, "signal")),
  row("query, p50, ms", (subject) => of(subject, "query")),
  row("heap and buffers of its main thread, MB", (subject) => of(subject, "memory heap") / 1e6),
  row("memory of this process, MB", (subject) => of(subject, "memory process") / 1e6),
  row("memory of the server's process, MB", (subject) => of(subject, "memory server") / 1e6),
  row("shutdown of the worker, ms", (subject) => of(subject, "worker shutdown"))
])

/** A figure beside its aim. */
const aim = (name: string, value: number, limit: number, unit: string, least = false): string[] => [
  name,
  `${figure(value)}${unit}`,
  `${least ? ">=" : "<="} ${limit}${unit}`,
  (least ? value >= limit : value <= limit) ? "met" : "not met"
]

/** The median over the rounds of how two subjects compare in a round. */
const paired = (
  name: string,
  one: Subject,
  other: Subject,
  compare: (a: number, b: number) => number
): number => {
  const others = samples.get(`${other}: ${name}`) ?? []
  return median(
    (samples.get(`${one}: ${name}`) ?? []).map((value, index) => compare(value, others[index] ?? Number.NaN))
  )
}
const ratio = (one: Subject, other: Subject): number => paired("hello perSecond", one, other, (a, b) => a / b)

printTable([
  ["aims", "reached", "aim", ""],
  aim("first start, in memory", of("memory", "first start"), 50, " ms"),
  aim("hello, p50, in memory", of("memory", "hello"), 10, " ms"),
  aim("hello, file below memory", (1 - ratio("file", "memory")) * 100, 20, " %"),
  aim("return of worker.run()", of("memory", "worker shutdown"), 200, " ms"),
  ...(devServer === undefined
    ? []
    : [
        aim("hello per second, memory over dev server", ratio("memory", "dev"), 3.5, "x", true),
        aim("hello per second, file over dev server with a file", ratio("file", "dev, file"), 7, "x", true),
        aim(
          "heap and buffers beside the SDK alone",
          paired("memory heap", "memory", "dev", (a, b) => a - b) / 1e6,
          30,
          " MB"
        ),
        // The heap of the SDK's sandbox, which cannot be collected from here, makes this one vary by 100 MB.
        aim(
          "resident memory beside the SDK alone",
          paired("memory process", "memory", "dev", (a, b) => a - b) / 1e6,
          30,
          " MB"
        )
      ])
])
if (devServer === undefined) console.log("set COMPOZY_TEMPORAL_BIN to compare with the Temporal dev server")
