/**
 * Compares the embedded Redis, in memory and in a folder, with a real one over loopback (if `redis-server` is installed),
 * with ioredis-mock, and with ioredis alone (`client`: canned answers, from nobody), all through ioredis, in one run. The
 * ratios are the result: the absolute numbers depend on the machine. Each target has a process of its own, so that none
 * pays for another's garbage. They take turns in short rounds after a round to warm up; a ratio is the median of the
 * ratios of the rounds, so that neither one collection nor what else runs on the machine decides.
 *
 *     node bench/redis.ts [--millis 40] [--rounds 15] [--keys 1000000] [--only commands,large,many,everysec,growth,memory]
 *         [--names GET,SET]
 */
import { parseArgs } from "node:util"
import { COMMANDS, type Load } from "./lib/redisCommands.ts"
import { printMemory } from "./lib/redisMemoryReport.ts"
import { bareWrite } from "./lib/redisBareWrite.ts"
import { type Running, start } from "./lib/redisRunning.ts"
import type { Round } from "./lib/redisWorker.ts"
import { median, printTable } from "./lib/statistics.ts"

const { values: options } = parseArgs({
  options: {
    millis: { type: "string", default: "40" },
    rounds: { type: "string", default: "15" },
    keys: { type: "string", default: "1000000" },
    only: { type: "string", default: "commands,large,many,everysec,growth,memory" },
    names: { type: "string", default: Object.keys(COMMANDS).join(",") }
  }
})
const millis = Number(options.millis)
const rounds = Number(options.rounds)
const manyKeys = Number(options.keys)
const parts = new Set(options.only.split(","))
const names = options.names.split(",")

/** How much longer the round lasts that warms up. */
const WARMING = 5

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const rateOf = (rate: number): string =>
  Number.isNaN(rate) ? "-" : rate >= 1000 ? `${(rate / 1000).toFixed(1)}k` : rate.toFixed(0)

const ratioOf = (ratio: number): string => (Number.isFinite(ratio) ? ratio.toFixed(2) : "-")

/** The rounds of each target; none of those that cannot do it. */
const interleave = async (
  targets: ReadonlyArray<Running>,
  round: (target: Running, millis: number) => Promise<Round>,
  possible: ReadonlyArray<boolean>
): Promise<ReadonlyArray<ReadonlyArray<Round>>> => {
  const results: ReadonlyArray<Array<Round>> = targets.map(() => [])
  for (let turn = -1; turn < rounds; turn++) {
    for (const [at, target] of targets.entries()) {
      if (possible[at] !== true) continue
      // The first one warms up: it compiles what is hot.
      const result = await round(target, turn < 0 ? millis * WARMING : millis)
      if (turn >= 0) results[at]?.push(result)
    }
  }
  return results
}

const rateIn = (results: ReadonlyArray<Round>): number => median(results.map(({ rate }) => rate))

const cpuIn = (results: ReadonlyArray<Round>): number => median(results.map(({ cpu }) => cpu))

/** The median of how many times faster one was than another in the same round. */
const ratioIn = (own: ReadonlyArray<Round>, other: ReadonlyArray<Round>): number =>
  median(own.flatMap(({ rate }, at) => (other[at] === undefined ? [] : [rate / other[at].rate])))

const table = async (
  title: string,
  targets: ReadonlyArray<Running>,
  load: Load,
  commands: ReadonlyArray<string>,
  fill: boolean
): Promise<void> => {
  print(`\n${title}`)
  for (const target of targets) await target.reset(fill ? load : { ...load, keys: 0 })
  const rows = [
    [
      "",
      ...targets.map(({ name }) => name),
      ...targets.slice(1).map(({ name }) => `x ${name}`),
      "cpu us",
      "of the engine"
    ]
  ]
  const alone = targets.findIndex(({ name }) => name === "client")
  for (const piped of [false, true]) {
    for (const name of commands) {
      if (piped && COMMANDS[name]?.pipe === undefined) continue
      const possible: Array<boolean> = []
      for (const target of targets) possible.push(await target.prepare(name, piped, load))
      const results = await interleave(
        targets,
        (target, time) => target.round(name, piped, load, time),
        possible
      )
      const [own = [], ...others] = results
      rows.push([
        `${name} ${piped ? "p100" : "seq"}`,
        ...results.map((result) => rateOf(rateIn(result))),
        ...others.map((other) => ratioOf(ratioIn(own, other))),
        cpuIn(own).toFixed(2),
        (cpuIn(own) - cpuIn(results[alone] ?? [])).toFixed(2)
      ])
    }
  }
  printTable(rows)
}

/** What it costs to write each command before its reply leaves, beside what writing as many bytes costs alone. */
const everysec = async (targets: ReadonlyArray<Running>): Promise<void> => {
  const pair = targets.filter(({ name }) => name === "memory" || name === "everysec")
  const load: Load = { value: "x".repeat(100), keys: 1000 }
  print(
    "\nSET in memory, with everysec, and a bare writeSync of what it logs: microseconds of processor time"
  )
  const rows = [["", "memory", "everysec", "bare write", "everysec costs", "a write alone would"]]
  for (const piped of [false, true]) {
    for (const target of pair) await target.prepare("SET", piped, load)
    const bare: Array<number> = []
    const results = await interleave(
      pair,
      (target, time) => {
        if (target.name === "memory") bare.push(bareWrite(piped ? 100 : 1))
        return target.round("SET", piped, load, time)
      },
      [true, true]
    )
    const [memory = Number.NaN, durable = Number.NaN] = results.map(cpuIn)
    const alone = median(bare)
    rows.push([
      piped ? "p100" : "seq",
      ...[memory, durable, alone].map((micros) => micros.toFixed(2)),
      ...[durable - memory, alone].map((micros) => `${((micros / memory) * 100).toFixed(0)} %`)
    ])
  }
  printTable(rows)
}

/** How the rate of a command changes when its list has a million elements instead of a thousand. */
const growth = async (targets: ReadonlyArray<Running>): Promise<void> => {
  print("\nlists of a thousand elements and of a million: commands a second in pipelines of 100")
  const rows = [["", "thousand", "million", "ratio"]]
  for (const target of targets) {
    await target.reset({ value: "", keys: 0 })
    for (const name of ["RPUSH", "LRANGE"] as const) {
      const lists = [`short:${name}`, `long:${name}`] as const
      await target.fillList(lists[0], 1000, "x".repeat(100))
      await target.fillList(lists[1], 1_000_000, "x".repeat(100))
      const results: readonly [Array<Round>, Array<Round>] = [[], []]
      for (let turn = -1; turn < rounds; turn++) {
        for (const at of [0, 1] as const) {
          const result = await target.growth(name, lists[at], turn < 0 ? millis * WARMING : millis)
          if (turn >= 0) results[at].push(result)
        }
      }
      const [short, long] = results
      rows.push([
        `${target.name} ${name}`,
        rateOf(rateIn(short)),
        rateOf(rateIn(long)),
        ratioOf(ratioIn(long, short))
      ])
    }
  }
  printTable(rows)
}

const main = async (): Promise<void> => {
  const started = await Promise.all(
    ["memory", "everysec", "always", "real", "real-aof", "client", "mock"].map((name) => start(name))
  )
  const targets = started.filter((target) => target !== undefined)
  const servers = targets.filter(({ name }) => name !== "client" && name !== "mock")
  if (servers.length < 4) print("redis-server is not installed: no comparison with a real Redis")
  print(
    `operations a second, median of ${rounds} rounds of ${millis} ms; ratios are those of memory mode to the others; cpu is the processor time of memory mode with its client, and what of it the client alone does not need`
  )
  const small: Load = { value: "x".repeat(100), keys: 1000 }
  if (parts.has("commands")) await table("100-byte values, a thousand keys", targets, small, names, false)
  const large: Load = { value: "x".repeat(10_000), keys: 1000 }
  if (parts.has("large")) await table("10-kB values, a thousand keys", targets, large, names, false)
  if (parts.has("everysec")) await everysec(servers)
  if (parts.has("growth")) await growth(servers)
  if (parts.has("many")) {
    const few = names.filter((name) => ["GET", "SET", "INCR", "EVAL", "MULTI"].includes(name))
    const load: Load = { ...small, keys: manyKeys }
    const others = targets.filter(({ name }) => name !== "mock")
    await table(`100-byte values, ${manyKeys} keys`, others, load, few, true)
  }
  for (const target of targets) await target.close()
  if (parts.has("memory")) await printMemory(manyKeys)
}

await main()
process.exit(0)
