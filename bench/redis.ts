/**
 * Compares the embedded Redis with a real one over loopback (if `redis-server` is installed) and with ioredis-mock, all
 * through ioredis, in one run. The ratios are the result: the absolute numbers depend on the machine.
 *
 *     node bench/redis.ts [seconds per measurement, default 0.4]
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis } from "ioredis"
import RedisMock from "ioredis-mock"
import { EmbeddedRedis } from "../src/embedded/redis/index.ts"

const seconds = Number(process.argv[2] ?? "0.4")
const value = "x".repeat(100)
const script = "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])"

type Call = (redis: Redis, step: number) => Promise<unknown>

const calls: Readonly<Record<string, Call>> = {
  SET: (redis, step) => redis.set(`key:${step % 1000}`, value),
  GET: (redis, step) => redis.get(`key:${step % 1000}`),
  INCR: (redis) => redis.incr("counter"),
  RPUSH: (redis) => redis.rpush("list", value),
  HSET: (redis, step) => redis.hset("hash", `field:${step % 1000}`, value),
  ZADD: (redis, step) => redis.zadd("zset", step, `member:${step % 1000}`),
  EVAL: (redis, step) => redis.eval(script, 1, `key:${step % 1000}`, value)
}

const sequential = async (redis: Redis, call: Call): Promise<number> => {
  let step = 0
  const warm = performance.now()
  while (performance.now() - warm < seconds * 500) await call(redis, step++)
  step = 0
  const start = performance.now()
  while (performance.now() - start < seconds * 1000) await call(redis, step++)
  return (step * 1000) / (performance.now() - start)
}

const pipelined = async (redis: Redis, name: string): Promise<number> => {
  // ioredis-mock has no EVAL in pipelines.
  if (name === "EVAL" && redis instanceof RedisMock) return Number.NaN
  const start = performance.now()
  let count = 0
  while (performance.now() - start < seconds * 1000) {
    const pipeline = redis.pipeline()
    for (let at = 0; at < 100; at++, count++) {
      const key = `key:${count % 1000}`
      if (name === "SET") pipeline.set(key, value)
      else if (name === "GET") pipeline.get(key)
      else if (name === "INCR") pipeline.incr("counter")
      else if (name === "RPUSH") pipeline.rpush("list", value)
      else if (name === "HSET") pipeline.hset("hash", `field:${count % 1000}`, value)
      else if (name === "ZADD") pipeline.zadd("zset", count, `member:${count % 1000}`)
      else pipeline.eval(script, 1, key, value)
    }
    await pipeline.exec()
  }
  return (count * 1000) / (performance.now() - start)
}

interface Target {
  readonly name: string
  readonly redis: Redis
  readonly close: () => Promise<void>
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  return typeof address === "object" && address !== null ? address.port : 0
}

const real = async (): Promise<Target | undefined> => {
  const port = await freePort()
  const options = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    "no",
    "--dir",
    tmpdir()
  ]
  const child: ChildProcess = spawn("redis-server", options, { stdio: "ignore" })
  const started = await Promise.race([
    once(child, "spawn").then(() => true),
    once(child, "error").then(() => false)
  ])
  if (!started) return undefined
  const redis = new Redis({ port, retryStrategy: () => 50, maxRetriesPerRequest: null })
  redis.on("error", () => undefined)
  await redis.ping()
  return {
    name: "real",
    redis,
    close: async () => {
      redis.disconnect()
      child.kill()
      await once(child, "exit")
    }
  }
}

const embedded = async (name: string, fsync?: "everysec" | "always"): Promise<Target> => {
  const dir = fsync === undefined ? undefined : mkdtempSync(join(tmpdir(), "bench-redis-"))
  const server = await EmbeddedRedis.open(
    dir === undefined || fsync === undefined ? {} : { persistence: { dir, fsync } }
  )
  const redis = new Redis({ Connector: server.connector })
  return {
    name,
    redis,
    close: async () => {
      redis.disconnect()
      await server.close()
      if (dir !== undefined) rmSync(dir, { recursive: true, force: true })
    }
  }
}

const mock = (): Target => {
  const redis = new RedisMock()
  return { name: "mock", redis, close: async () => redis.disconnect() }
}

const format = (rate: number): string =>
  (Number.isNaN(rate) ? "-" : rate >= 1000 ? `${(rate / 1000).toFixed(1)}k` : rate.toFixed(0)).padStart(9)

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const targets: Array<Target> = [await embedded("memory"), await embedded("everysec", "everysec")]
const server = await real()
if (server === undefined) print("redis-server is not installed: no comparison with a real Redis")
else targets.push(server)
targets.push(mock())

print(`operations a second, 100-byte values, ${seconds} s each; ratios are memory mode to the others`)
print(
  `${"".padEnd(12)}${targets.map((target) => target.name.padStart(9)).join("")}   ${targets
    .slice(1)
    .map((target) => `x ${target.name}`.padStart(11))
    .join("")}`
)
for (const [mode, measure] of [
  ["seq", (target: Target, _name: string, call: Call) => sequential(target.redis, call)],
  ["p100", (target: Target, name: string) => pipelined(target.redis, name)]
] as const) {
  for (const [name, call] of Object.entries(calls)) {
    const rates: Array<number> = []
    for (const target of targets) {
      await target.redis.flushall()
      rates.push(await measure(target, name, call))
    }
    const [own = 0, ...others] = rates
    print(
      `${`${name} ${mode}`.padEnd(12)}${rates.map(format).join("")}   ${others.map((rate) => (own / rate).toFixed(2).padStart(11)).join("")}`
    )
  }
}
for (const target of targets) await target.close()
process.exit(0)
