import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, mkdirSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { Redis } from "ioredis"
import { afterEach, describe, expect, it } from "vitest"
import { contents, fill } from "./fill.ts"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"

const running: Array<ChildProcess> = []

afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill("SIGKILL")
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
  }
})

/** Starts a real Redis on a folder, reached through a Unix socket. */
const realRedis = async (dir: string): Promise<Redis> => {
  const path = join(dir, "redis.sock")
  const child = spawn(
    "redis-server",
    [
      "--port",
      "0",
      "--unixsocket",
      path,
      "--dir",
      dir,
      "--appendonly",
      "yes",
      "--save",
      "",
      "--aof-use-rdb-preamble",
      "no"
    ],
    { stdio: "ignore" }
  )
  running.push(child)
  const redis = new Redis({ path, retryStrategy: () => 50, maxRetriesPerRequest: null })
  redis.on("error", () => undefined)
  await expect
    .poll(async () => (await redis.info("persistence")).includes("loading:0"), { timeout: 10_000 })
    .toBe(true)
  return redis
}

describe("the folder of an embedded Redis", () => {
  for (const compacted of [false, true]) {
    it(`is loaded by a real Redis 7 ${compacted ? "after a compaction" : "as a log"}`, async () => {
      using dir = folder()
      let before: unknown
      {
        await using embedded = await opened({ persistence: { dir: dir.path } })
        await fill(embedded.redis)
        if (compacted) {
          await embedded.server.save()
          await embedded.redis.rpush("list", "after")
        }
        before = [await contents(embedded.redis), await contents(embedded.redis, 3)]
      }
      const redis = await realRedis(dir.path)
      expect([await contents(redis), await contents(redis, 3)]).toEqual(before)
      redis.disconnect()
    })
  }

  it("may have been written by a real Redis 7 that bases on commands", async () => {
    using dir = folder()
    using target = folder()
    const redis = await realRedis(dir.path)
    await fill(redis)
    await redis.bgrewriteaof()
    await expect
      .poll(async () => (await redis.info("persistence")).includes("aof_rewrite_in_progress:0"), {
        timeout: 10_000
      })
      .toBe(true)
    await redis.eval("redis.call('set', 'a', '1') return redis.call('incr', 'a')", 0)
    const before = [await contents(redis), await contents(redis, 3)]
    redis.disconnect()
    mkdirSync(join(target.path, "appendonlydir"))
    for (const name of readdirSync(join(dir.path, "appendonlydir"))) {
      copyFileSync(join(dir.path, "appendonlydir", name), join(target.path, "appendonlydir", name))
    }
    await using embedded = await opened({ persistence: { dir: target.path } })
    expect([await contents(embedded.redis), await contents(embedded.redis, 3)]).toEqual(before)
  })
})
