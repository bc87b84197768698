/**
 * Compares the embedded Redis, in memory and in a folder, with a real one over loopback (if `redis-server` is installed)
 * and with ioredis-mock, all through ioredis, in one run. The ratios are the result: the absolute numbers depend on the
 * machine. The targets take turns in short rounds and the best round of each counts, so that what else runs on the
 * machine disturbs all of them alike.
 *
 *     node bench/redis.ts [--millis 40] [--rounds 9] [--keys 1000000] [--only commands,large,many,growth,memory]
 */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { COMMANDS, isPossible, type Load, type Measured } from "./lib/redisCommands.ts"
import { embedded, mock, real, type Target } from "./lib/redisTargets.ts"

const { values: options } = parseArgs({
  options: {
    millis: { type: "string", default: "40" },
    rounds: { type: "string", default: "9" },
    keys: { type: "string", default: "1000000" },
    only: { type: "string", default: "commands,large,many,growth,memory" }
  }
})
const millis = Number(options.millis)
const rounds = Number(options.rounds)
const manyKeys = Number(options.keys)
const parts = new Set(options.only.split(","))

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const rateOf = (rate: number): string =>
  (Number.isNaN(rate) ? "-" : rate >= 1000 ? `${(rate / 1000).toFixed(1)}k` : rate.toFixed(0)).padStart(10)

const ratioOf = (ratio: number): string => (Number.isFinite(ratio) ? ratio.toFixed(2) : "-").padStart(12)

/** Calls one after the other for a while; calls a second. */
const sequential = async (target: Target, measured: Measured, load: Load, from: number): Promise<number> => {
  let step = from
  const start = performance.now()
  while (performance.now() - start < millis) await measured.call(target.redis, step++, load)
  return ((step - from) * 1000) / (performance.now() - start)
}

/** Pipelines of 100 for a while; commands a second. */
const pipelined = async (target: Target, measured: Measured, load: Load, from: number): Promise<number> => {
  let step = from
  const start = performance.now()
  while (performance.now() - start < millis) {
    const pipeline = target.redis.pipeline()
    for (let at = 0; at < 100; at++) measured.pipe?.(pipeline, step++, load)
    await pipeline.exec()
  }
  return ((step - from) * 1000) / (performance.now() - start)
}

/** The best round of each target. */
const compare = async (
  targets: ReadonlyArray<Target>,
  name: string,
  piped: boolean,
  load: Load
): Promise<ReadonlyArray<number>> => {
  const measured = COMMANDS[name]
  if (measured === undefined) throw new Error(`there is no command ${name}`)
  const best = targets.map(() => Number.NaN)
  const run = piped ? pipelined : sequential
  for (const target of targets) await measured.prepare?.(target.redis, load)
  for (let round = -1; round < rounds; round++) {
    for (const [at, target] of targets.entries()) {
      if (!isPossible(target.redis, name, piped)) continue
      const rate = await run(target, measured, load, (round + 1) * 1_000_000)
      // The first round warms up.
      if (round >= 0)
        best[at] = Math.max(best[at] === undefined || Number.isNaN(best[at]) ? 0 : best[at], rate)
    }
  }
  return best
}

const table = async (
  title: string,
  targets: ReadonlyArray<Target>,
  load: Load,
  names: ReadonlyArray<string>,
  fill: boolean
): Promise<void> => {
  print(`\n${title}`)
  const heads = targets.map((target) => target.name.padStart(10)).join("")
  const ratios = targets.slice(1).map((target) => `x ${target.name}`.padStart(12))
  print(`${"".padEnd(14)}${heads}${ratios.join("")}`)
  for (const target of targets) await target.redis.flushall()
  if (fill) for (const target of targets) await fillKeys(target, load)
  for (const piped of [false, true]) {
    for (const name of names) {
      if (piped && COMMANDS[name]?.pipe === undefined) continue
      const rates = await compare(targets, name, piped, load)
      const [own = Number.NaN, ...others] = rates
      const label = `${name} ${piped ? "p100" : "seq"}`.padEnd(14)
      print(label + rates.map(rateOf).join("") + others.map((rate) => ratioOf(own / rate)).join(""))
    }
  }
}

const fillKeys = async (target: Target, load: Load): Promise<void> => {
  for (let at = 0; at < load.keys; at += 1000) {
    const pipeline = target.redis.pipeline()
    for (let key = at; key < Math.min(at + 1000, load.keys); key++) pipeline.set(`key:${key}`, load.value)
    await pipeline.exec()
  }
}

/** How the rate of a command changes when its list has a million elements instead of a thousand. */
const growth = async (targets: ReadonlyArray<Target>): Promise<void> => {
  const load: Load = { value: "x".repeat(100), keys: 1000 }
  print(
    "\nRPUSH and LRANGE on a list of a thousand elements and of a million, commands a second, pipelines of 100"
  )
  for (const target of targets) {
    const rates: Array<number> = []
    for (const length of [1000, 1_000_000]) {
      await target.redis.del("pushed", "list")
      for (const list of ["pushed", "list"]) {
        const items = Array.from({ length: 1000 }, () => load.value)
        for (let at = 0; at < length; at += 1000) await target.redis.rpush(list, ...items)
      }
      for (const name of ["RPUSH", "LRANGE"]) {
        const measured: Measured = {
          ...COMMANDS[name],
          call: COMMANDS[name]?.call ?? (async () => undefined)
        }
        let best = 0
        for (let round = 0; round < rounds; round++) {
          best = Math.max(best, await pipelined(target, measured, load, 0))
        }
        rates.push(best)
      }
    }
    const [push = 0, range = 0, longPush = 0, longRange = 0] = rates
    print(
      `${target.name.padEnd(14)}RPUSH ${rateOf(push)} -> ${rateOf(longPush)} (${(longPush / push).toFixed(2)})   ` +
        `LRANGE ${rateOf(range)} -> ${rateOf(longRange)} (${(longRange / range).toFixed(2)})`
    )
  }
}

const memoryOfReal = async (): Promise<number | undefined> => {
  const server = await real()
  if (server === undefined) return undefined
  const used = async (): Promise<number> =>
    Number(/used_memory:(\d+)/.exec(await server.redis.info("memory"))?.[1] ?? "0")
  const before = await used()
  for (let at = 0; at < manyKeys; at += 1000) {
    const pipeline = server.redis.pipeline()
    for (let key = at; key < at + 1000; key++) pipeline.set(`key:${key}`, String(key).padEnd(100, "x"))
    await pipeline.exec()
  }
  const bytes = ((await used()) - before) / manyKeys
  await server.close()
  return bytes
}

const memory = async (): Promise<void> => {
  print(`\n${manyKeys} keys of 100 bytes`)
  const script = fileURLToPath(new URL("lib/redisMemory.ts", import.meta.url))
  const ran = spawnSync(process.execPath, ["--expose-gc", script, String(manyKeys)], { encoding: "utf8" })
  if (ran.status !== 0) throw new Error(ran.stderr)
  const { logMillis, baseMillis, bytes } = JSON.parse(ran.stdout)
  const theirs = await memoryOfReal()
  print(
    `memory per key: ${bytes.toFixed(0)} bytes; real: ${theirs?.toFixed(0) ?? "-"} bytes, ratio ${theirs === undefined ? "-" : (bytes / theirs).toFixed(2)}`
  )
  print(
    `restart: ${baseMillis.toFixed(0)} ms from a compacted folder, ${logMillis.toFixed(0)} ms from a log of commands`
  )
}

const main = async (): Promise<void> => {
  const all = [
    await embedded("memory"),
    await embedded("everysec", "everysec"),
    await embedded("always", "always")
  ]
  const server = await real()
  if (server === undefined) print("redis-server is not installed: no comparison with a real Redis")
  else all.push(server)
  const durable = await real("real-aof", "everysec")
  if (durable !== undefined) all.push(durable)
  const others = [...all, mock()]
  const names = Object.keys(COMMANDS)
  print(`operations a second, best of ${rounds} rounds of ${millis} ms; ratios are memory mode to the others`)
  if (parts.has("commands")) {
    await table(
      "100-byte values, a thousand keys",
      others,
      { value: "x".repeat(100), keys: 1000 },
      names,
      false
    )
  }
  if (parts.has("large")) {
    await table(
      "10-kB values, a thousand keys",
      others,
      { value: "x".repeat(10_000), keys: 1000 },
      names,
      false
    )
  }
  if (parts.has("many")) {
    const load = { value: "x".repeat(100), keys: manyKeys }
    await table(`100-byte values, ${manyKeys} keys`, all, load, ["GET", "SET", "INCR", "EVAL", "MULTI"], true)
  }
  for (const target of all) await target.redis.flushall()
  if (parts.has("growth")) await growth(all)
  for (const target of others) await target.close()
  if (parts.has("memory")) await memory()
}

await main()
process.exit(0)
