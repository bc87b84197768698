/**
 * Prints as JSON what a million keys of 100 bytes take in an embedded Redis, and how long it takes to come back from a
 * folder with them: with a log as it was written, and after a compaction. Run with --expose-gc, as a process of its own.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis } from "ioredis"
import { EmbeddedRedis } from "../../src/embedded/redis/index.ts"

const KEYS = Number(process.argv[2] ?? "1000000")

const collect = (): number => {
  const { gc } = globalThis
  if (gc === undefined) throw new Error("run it with --expose-gc")
  gc()
  gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const dir = mkdtempSync(join(tmpdir(), "bench-redis-"))
const options = { persistence: { dir } }

const fill = async (): Promise<void> => {
  const server = await EmbeddedRedis.open(options)
  const redis = new Redis({ Connector: server.connector })
  await redis.config("SET", "auto-aof-rewrite-percentage", "0")
  for (let at = 0; at < KEYS; at += 1000) {
    const pipeline = redis.pipeline()
    for (let key = at; key < at + 1000; key++) pipeline.set(`key:${key}`, String(key).padEnd(100, "x"))
    await pipeline.exec()
  }
  redis.disconnect()
  await server.close()
}

const restart = async (compacts: boolean): Promise<{ readonly millis: number; readonly bytes: number }> => {
  const before = collect()
  const started = performance.now()
  const server = await EmbeddedRedis.open(options)
  const millis = performance.now() - started
  const bytes = (collect() - before) / KEYS
  if (compacts) await server.save()
  await server.close()
  return { millis, bytes }
}

await fill()
const log = await restart(true)
const base = await restart(false)
rmSync(dir, { recursive: true, force: true })
process.stdout.write(JSON.stringify({ logMillis: log.millis, baseMillis: base.millis, bytes: base.bytes }))
