/**
 * One life of the soak: opens the folder, compares what it holds with what was acknowledged before, says so, and writes
 * until it is killed. Every line on stdout is JSON: first what was found, then what is acknowledged, as it is.
 *
 *     node scripts/lib/soakRedisWriter.ts <folder> <fsync> <acknowledged counters, comma separated>
 */
import { writeSync } from "node:fs"
import { Redis } from "ioredis"
import { EmbeddedRedis } from "../../src/embedded/redis/index.ts"

const [dir = "", fsync = "everysec", known = ""] = process.argv.slice(2)
const acknowledged = known.split(",").map(Number)

const say = (line: unknown): void => {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

const server = await EmbeddedRedis.open({
  persistence: { dir, fsync: fsync === "always" ? "always" : "everysec" },
  logger: (level, message) => {
    if (level === "error") say({ problem: message })
  }
})
const redis = new Redis({ Connector: server.connector })
// Small enough that the log is compacted again and again.
await redis.config("SET", "auto-aof-rewrite-min-size", "200000", "auto-aof-rewrite-percentage", "50")

/** What is wrong with the keys of a writer: each change of its transaction must be there, or none. */
const check = async (writer: number, least: number): Promise<string | undefined> => {
  const [counter, log, fields, score] = await Promise.all([
    redis.get(`counter:${writer}`).then((text) => Number(text ?? 0)),
    redis.lindex(`log:${writer}`, -1).then((text) => Number(text ?? 0)),
    redis.hget(`hash:${writer}`, "count").then((text) => Number(text ?? 0)),
    redis.zscore("scores", `writer:${writer}`).then((text) => Number(text ?? 0))
  ])
  if (counter < least) return `writer ${writer}: ${least} was acknowledged, ${counter} is there`
  if (log !== counter || fields !== counter || score !== counter) {
    return `writer ${writer}: half a transaction: ${counter}, ${log}, ${fields}, ${score}`
  }
  return undefined
}

const problems = await Promise.all(acknowledged.map((least, writer) => check(writer, least)))
say({
  keys: server.recovery?.keys ?? 0,
  cut: server.recovery?.cut?.bytes ?? 0,
  problems: problems.filter((problem) => problem !== undefined)
})

const write = async (writer: number): Promise<void> => {
  const client = new Redis({ Connector: server.connector })
  const filler = "x".repeat(20 + writer * 400)
  let next = Number((await client.get(`counter:${writer}`)) ?? 0)
  for (;;) {
    next++
    await client
      .multi()
      .incr(`counter:${writer}`)
      .rpush(`log:${writer}`, next)
      .ltrim(`log:${writer}`, -200, -1)
      .hincrby(`hash:${writer}`, "count", 1)
      .zincrby("scores", 1, `writer:${writer}`)
      .xadd("stream", "MAXLEN", "~", 300, "*", "writer", writer, "count", next)
      .set(`value:${writer}:${next % 300}`, filler, "EX", 1000)
      .exec()
    say({ writer, counter: next })
    if (next % 150 === writer * 20) await client.bgrewriteaof().catch(() => undefined)
    if (next % 400 === writer * 50) await client.bgsave("SCHEDULE").catch(() => undefined)
  }
}

await Promise.all(acknowledged.map((_, writer) => write(writer)))
