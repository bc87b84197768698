/**
 * Kills an embedded Redis with SIGKILL under load, again and again on the same folder, and checks after each restart
 * that nothing is missing that was acknowledged and that no transaction is there by half. Both policies that promise it
 * for the death of a process take turns: `always` and `everysec`. Several folders are worked on side by side.
 *
 *     node scripts/soak-redis.ts [--cycles 500] [--folders 4] [--writers 4] [--seed 1]
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const { values: options } = parseArgs({
  options: {
    cycles: { type: "string", default: "500" },
    folders: { type: "string", default: "4" },
    writers: { type: "string", default: "4" },
    seed: { type: "string", default: "1" }
  }
})
const cycles = Number(options.cycles)
const writer = fileURLToPath(new URL("lib/soakRedisWriter.ts", import.meta.url))

/** A folder, and up to where each of its writers was acknowledged. */
interface Lane {
  readonly dir: string
  readonly acknowledged: Array<number>
}

const compiled = mkdtempSync(join(tmpdir(), "soak-redis-compiled-"))
const lanes = Array.from({ length: Number(options.folders) }, (): Lane => ({
  dir: mkdtempSync(join(tmpdir(), "soak-redis-")),
  acknowledged: Array.from({ length: Number(options.writers) }, () => 0)
}))

/** What a life said. */
interface Line {
  readonly keys?: number
  readonly cut?: number
  readonly problems?: ReadonlyArray<string>
  readonly problem?: string
  readonly writer?: number
  readonly counter?: number
}

let state = Number(options.seed) >>> 0
/** A number from 0 to 1 that depends on the seed only. */
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 4294967296
}

const totals = { cycles: 0, writes: 0, cuts: 0, problems: 0 }

const report = (cycle: number, text: string): void => {
  totals.problems++
  process.stdout.write(`cycle ${cycle}: ${text}\n`)
}

/** One life: from the start to the kill. */
const live = async ({ dir, acknowledged }: Lane, cycle: number, fsync: string): Promise<void> => {
  const child = spawn(process.execPath, [writer, dir, fsync, acknowledged.join(",")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: compiled }
  })
  const exited = once(child, "exit")
  const last = 1 + Math.floor(random() ** 2 * 300)
  let count = 0
  let opened = false
  for await (const text of createInterface({ input: child.stdout })) {
    const line: Line = JSON.parse(text)
    if (line.problem !== undefined) report(cycle, line.problem)
    for (const problem of line.problems ?? []) report(cycle, problem)
    if (line.keys !== undefined) {
      opened = true
      if ((line.cut ?? 0) > 0) totals.cuts++
    }
    if (line.writer === undefined || line.counter === undefined) continue
    acknowledged[line.writer] = line.counter
    totals.writes++
    if (++count === last) child.kill("SIGKILL")
  }
  const [code, signal] = await exited
  if (!opened) report(cycle, `it did not open (${code ?? signal})`)
  else if (signal !== "SIGKILL") report(cycle, `it ended by itself (${code ?? signal})`)
}

const started = performance.now()

/** Goes on until the cycles of all folders together are enough. */
const work = async (lane: Lane): Promise<void> => {
  while (totals.cycles < cycles) {
    const cycle = ++totals.cycles
    await live(lane, cycle, cycle % 2 === 0 ? "always" : "everysec")
    if (cycle % 50 === 0) {
      process.stdout.write(
        `${cycle} cycles, ${totals.writes} acknowledged transactions, ${totals.problems} problems\n`
      )
    }
  }
}

await Promise.all(lanes.map(work))
for (const path of [compiled, ...lanes.map((lane) => lane.dir)])
  rmSync(path, { recursive: true, force: true })
const minutes = ((performance.now() - started) / 60_000).toFixed(1)
process.stdout.write(
  `${totals.cycles} kills in ${minutes} minutes (seed ${options.seed}): ${totals.writes} acknowledged transactions of ` +
    `seven writes, ${totals.cuts} torn tails cut, ${totals.problems} problems\n`
)
process.exitCode = totals.problems === 0 ? 0 : 1
