import { copyFileSync, cpSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import type { Redis } from "ioredis"
import { afterEach, describe, expect, it } from "vitest"
import { contents, fill } from "./fill.ts"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"
import { type RealServer, realServer } from "./realServer.ts"

const running: Array<RealServer> = []

afterEach(async () => {
  for (const server of running.splice(0)) await server[Symbol.asyncDispose]()
})

/** Starts a real Redis with a log on a folder. */
const realRedis = async (dir: string, options: Record<string, string> = {}): Promise<Redis> => {
  const server = await realServer(dir, { appendonly: "yes", ...options })
  running.push(server)
  return server.redis
}

const library = "#!lua name=mylib\nredis.register_function('twice', function(_, args) return args[1] * 2 end)"
const callsLibrary = (redis: Redis): Promise<unknown> => redis.call("FCALL", "twice", 0, 21)

const everything = async (redis: Redis): Promise<unknown> => [await contents(redis), await contents(redis, 3)]

const rewritten = async (redis: Redis): Promise<void> => {
  await redis.bgrewriteaof()
  await expect
    .poll(async () => (await redis.info("persistence")).includes("aof_rewrite_in_progress:0"), {
      timeout: 10_000
    })
    .toBe(true)
}

describe("the folder of an embedded Redis", () => {
  for (const [how, preamble] of [
    ["as a log", undefined],
    ["after a compaction to RDB", "yes"],
    ["after a compaction to commands", "no"]
  ] as const) {
    it(`is loaded by a real Redis 7 ${how}`, async () => {
      using dir = folder()
      let before: unknown
      {
        await using embedded = await opened({ persistence: { dir: dir.path } })
        await fill(embedded.redis)
        await embedded.redis.call("FUNCTION", "LOAD", library)
        if (preamble !== undefined) {
          await embedded.redis.config("SET", "aof-use-rdb-preamble", preamble)
          await embedded.server.save()
          await embedded.redis.rpush("list", "after")
        }
        before = await everything(embedded.redis)
      }
      const redis = await realRedis(dir.path)
      expect(await everything(redis)).toEqual(before)
      expect(await callsLibrary(redis)).toBe(42)
      redis.disconnect()
    })
  }

  it("holds a dump.rdb that a real Redis 7 loads, after SAVE and after BGSAVE", async () => {
    using dir = folder()
    using target = folder()
    await using embedded = await opened({ persistence: { dir: dir.path } })
    await fill(embedded.redis)
    await embedded.redis.save()
    await embedded.redis.set("later", "1")
    await embedded.redis.bgsave()
    await expect
      .poll(async () => (await embedded.redis.info("persistence")).includes("rdb_saves:2"))
      .toBe(true)
    copyFileSync(join(dir.path, "dump.rdb"), join(target.path, "dump.rdb"))
    const redis = await realRedis(target.path, { appendonly: "no" })
    expect(await everything(redis)).toEqual(await everything(embedded.redis))
    redis.disconnect()
  })
})

describe("an embedded Redis", () => {
  for (const [how, options] of [
    ["bases on RDB", {}],
    ["bases on commands", { "aof-use-rdb-preamble": "no" }],
    ["notes the time", { "aof-timestamp-enabled": "yes" }],
    ["writes no checksum", { rdbchecksum: "no", rdbcompression: "no" }]
  ] as const) {
    it(`loads the folder of a real Redis 7 that ${how}`, async () => {
      using dir = folder()
      using target = folder()
      const redis = await realRedis(dir.path, options)
      await fill(redis)
      await redis.call("FUNCTION", "LOAD", library)
      await rewritten(redis)
      await redis.eval("redis.call('set', 'a', '1') return redis.call('incr', 'a')", 0)
      await redis.xadd("stream", "*", "after", "rewriting")
      redis.disconnect()
      using copy = folder()
      for (const to of [copy.path, target.path]) {
        cpSync(join(dir.path, "appendonlydir"), join(to, "appendonlydir"), { recursive: true })
      }
      // A log of commands leaves out what is pending of entries that are gone: what Redis itself makes of it counts.
      const again = await realRedis(copy.path)
      const before = await everything(again)
      again.disconnect()
      await using embedded = await opened({ persistence: { dir: target.path } })
      expect(await everything(embedded.redis)).toEqual(before)
      expect(await callsLibrary(embedded.redis)).toBe(42)
    })
  }

  it("loads the dump.rdb of a real Redis 7 and goes on with a log of its own", async () => {
    using dir = folder()
    using target = folder()
    const redis = await realRedis(dir.path, { appendonly: "no", "maxmemory-policy": "allkeys-lru" })
    await fill(redis)
    await redis.save()
    const before = await everything(redis)
    redis.disconnect()
    mkdirSync(target.path, { recursive: true })
    copyFileSync(join(dir.path, "dump.rdb"), join(target.path, "dump.rdb"))
    for (let start = 0; start < 2; start++) {
      await using embedded = await opened({ persistence: { dir: target.path } })
      expect(await everything(embedded.redis)).toEqual(before)
    }
  })

  it("exchanges every value with a real Redis by DUMP and RESTORE", async () => {
    using dir = folder()
    const redis = await realRedis(dir.path, { appendonly: "no" })
    await using embedded = await opened()
    await fill(redis)
    const before = await contents(redis)
    for (const key of Object.keys(before)) {
      const deadline = Math.max(0, Number(await redis.call("PEXPIRETIME", key)))
      await embedded.redis.call("RESTORE", key, deadline, await redis.dumpBuffer(key), "ABSTTL")
      const back = await embedded.redis.dumpBuffer(key)
      await redis.call("RESTORE", key, deadline, back, "REPLACE", "ABSTTL")
    }
    expect(await contents(embedded.redis)).toEqual(before)
    expect(await contents(redis)).toEqual(before)
    redis.disconnect()
  })
})
