/**
 * One step of measuring memory and restarts, as a process of its own, so that nothing of another step is collected in
 * it. Run with --expose-gc; prints JSON.
 *
 *     node --expose-gc redisMemory.ts fill|restart|compact DIR KEYS
 */
import { Redis } from "ioredis"
import { EmbeddedRedis } from "../../src/embedded/redis/index.ts"

const [task = "fill", dir = "", count = "1000000"] = process.argv.slice(2)
const keys = Number(count)

/** Collects until nothing more is found, and answers with what is in use: heap, and memory outside of it. */
const used = async (): Promise<number> => {
  const { gc } = globalThis
  if (gc === undefined) throw new Error("run it with --expose-gc")
  let least = Infinity
  for (let quiet = 0; quiet < 3; quiet++) {
    gc()
    // Finalizers, and buffers that go with them, have their turn.
    await new Promise((resolve) => setImmediate(resolve))
    const { heapUsed, external } = process.memoryUsage()
    if (heapUsed + external < least - 1024) quiet = -1
    least = Math.min(least, heapUsed + external)
  }
  return least
}

const fill = async (redis: Redis): Promise<void> => {
  await redis.config("SET", "auto-aof-rewrite-percentage", "0")
  for (let at = 0; at < keys; at += 1000) {
    const pipeline = redis.pipeline()
    for (let key = at; key < at + 1000; key++) pipeline.set(`key:${key}`, String(key).padEnd(100, "x"))
    await pipeline.exec()
  }
}

const before = await used()
const started = performance.now()
const server = await EmbeddedRedis.open({ persistence: { dir } })
const millis = performance.now() - started
if (task === "fill") {
  const redis = new Redis({ Connector: server.connector })
  await fill(redis)
  redis.disconnect()
}
const bytes = ((await used()) - before) / keys
if (task === "compact") await server.save()
process.stdout.write(JSON.stringify({ millis, bytes }))
await server.close()
