import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { describe, expect, it } from "vitest"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"

const source = new URL("../../../src/embedded/redis/index.ts", import.meta.url).href
const ioredis = import.meta.resolve("ioredis")

/** Writes counters and says which values were acknowledged; compacts now and then. */
const writer = (dir: string, fsync: string): ChildProcess => {
  const script = `import { writeSync } from "node:fs"
import { Redis } from ${JSON.stringify(ioredis)}
import { EmbeddedRedis } from ${JSON.stringify(source)}
const server = await EmbeddedRedis.open({ persistence: { dir: ${JSON.stringify(dir)}, fsync: ${JSON.stringify(fsync)} } })
const redis = new Redis({ Connector: server.connector })
for (let round = 0; ; round++) {
  const [[, counter], , [, length], [, field]] = await redis.multi()
    .incr("counter").set("last", round).rpush("list", round).hincrby("hash", "field", 1).exec()
  writeSync(1, counter + " " + length + " " + field + "\\n")
  if (round % 200 === 100) await redis.bgrewriteaof().catch(() => undefined)
}`
  return spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"]
  })
}

/** Kills the writer after it has acknowledged a number of changes; answers with the last ones. */
const killAfter = async (child: ChildProcess, lines: number): Promise<ReadonlyArray<number>> => {
  const exited = once(child, "exit")
  let last = ""
  let count = 0
  if (child.stdout === null) throw new Error("no output")
  for await (const line of createInterface({ input: child.stdout })) {
    last = line
    if (++count === lines) child.kill("SIGKILL")
  }
  await exited
  return last.split(" ").map(Number)
}

describe("a process that is killed", () => {
  for (const [fsync, cycles] of [
    ["everysec", 2],
    ["always", 1]
  ] as const) {
    it(`loses nothing that it acknowledged, and no transaction is half there (fsync: ${fsync})`, async () => {
      using dir = folder()
      for (let cycle = 0; cycle < cycles; cycle++) {
        const [counter = 0, length = 0, field = 0] = await killAfter(
          writer(dir.path, fsync),
          130 + cycle * 90
        )
        await using server = await opened({ persistence: { dir: dir.path } })
        const [savedCounter, savedLength, savedField] = await Promise.all([
          server.redis.get("counter").then(Number),
          server.redis.llen("list"),
          server.redis.hget("hash", "field").then(Number)
        ])
        expect(savedCounter).toBeGreaterThanOrEqual(counter)
        expect(savedLength).toBeGreaterThanOrEqual(length)
        expect(savedField).toBeGreaterThanOrEqual(field)
        expect([savedLength, savedField]).toEqual([savedCounter, savedCounter])
      }
    })
  }
})
