import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Redis } from "ioredis"
import { describe, expect, it } from "vitest"
import { repair } from "../../../src/embedded/redis/index.ts"
import { contents, fill } from "./fill.ts"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"

const logFolder = (dir: string): string => join(dir, "appendonlydir")

/** A busy disk takes its time. */
const patient = { timeout: 30_000, interval: 5 }

/** Values that are written in slices. */
const fillLarge = async (redis: Redis): Promise<void> => {
  const elements = Array.from({ length: 20_000 }, (_, index) => `element ${index}`)
  await redis.rpush("list", ...elements)
  await redis.sadd("set", ...elements)
  await redis.hset("hash", ...elements.flatMap((text) => [text, text]))
  await redis.zadd("zset", ...elements.flatMap((text, index) => [index, text]))
  await redis.setbit("bits", 8 * 2_000_000, 1)
  const pipeline = redis.pipeline()
  for (let at = 1; at <= 3000; at++) pipeline.xadd("stream", `${at}-0`, "field", `value ${at}`)
  await pipeline.exec()
  await redis.xgroup("CREATE", "stream", "group", "0")
  await redis.xreadgroup("GROUP", "group", "consumer", "COUNT", 100, "STREAMS", "stream", ">")
}

/** Changes every large value, in place and otherwise. */
const change = async (redis: Redis, step: number): Promise<void> => {
  const pipeline = redis.pipeline()
  pipeline
    .lset("list", (step * 97) % 10_000, "changed")
    .lpush("list", "front")
    .rpop("list")
  pipeline.lrem("list", 1, `element ${5000 + step}`).linsert("list", "AFTER", "element 9000", "inserted")
  pipeline.sadd("set", `new ${step}`).srem("set", `element ${step}`)
  pipeline.hset("hash", `element ${step * 3}`, "changed").hdel("hash", `element ${step * 5}`)
  pipeline.zincrby("zset", 0.5, `element ${step * 7}`).zrem("zset", `element ${step * 11}`)
  pipeline.setbit("bits", step * 9973, 1).append("bits", "x")
  pipeline.xadd("stream", "*", "field", "new").xdel("stream", `${step * 13 + 1}-0`)
  pipeline.xack("stream", "group", `${step + 1}-0`)
  pipeline.set(`small ${step}`, step).del(`small ${step - 3}`)
  await pipeline.exec()
}

const rewriting = async (redis: Redis): Promise<boolean> =>
  (await redis.info("persistence")).includes("aof_rewrite_in_progress:1")

describe("a compaction", () => {
  it("writes large values of one moment, in slices, while they change", async () => {
    using dir = folder()
    using other = folder()
    let before: unknown
    {
      await using server = await opened({ persistence: { dir: dir.path } })
      const { redis } = server
      await fillLarge(redis)
      const moment = await contents(redis)
      await redis.bgsave()
      let steps = 0
      do await change(redis, ++steps)
      while ((await redis.info("persistence")).includes("rdb_bgsave_in_progress:1"))
      expect(steps).toBeGreaterThan(2)
      copyFileSync(join(dir.path, "dump.rdb"), join(other.path, "dump.rdb"))
      await using saved = await opened({ persistence: { dir: other.path } })
      expect(await contents(saved.redis)).toEqual(moment)
      await redis.bgrewriteaof()
      do await change(redis, ++steps)
      while (await rewriting(redis))
      before = await contents(redis)
    }
    await using again = await opened({ persistence: { dir: dir.path } })
    expect(await contents(again.redis)).toEqual(before)
  })

  it("keeps what FLUSHALL and SWAPDB would take away, as of the moment it began", async () => {
    using dir = folder()
    using other = folder()
    await using server = await opened({ persistence: { dir: dir.path } })
    const { redis } = server
    await fill(redis)
    const moment = [await contents(redis), await contents(redis, 3)]
    await redis.bgsave()
    await redis.multi().swapdb(0, 3).flushall().set("new", "1").exec()
    await expect.poll(() => redis.info("persistence"), patient).toContain("rdb_saves:1")
    copyFileSync(join(dir.path, "dump.rdb"), join(other.path, "dump.rdb"))
    await using saved = await opened({ persistence: { dir: other.path } })
    expect([await contents(saved.redis), await contents(saved.redis, 3)]).toEqual(moment)
  })

  it("to commands is read back too", async () => {
    using dir = folder()
    let before: unknown
    {
      await using server = await opened({ persistence: { dir: dir.path } })
      await fill(server.redis)
      await server.redis.config("SET", "aof-use-rdb-preamble", "no")
      await server.server.save()
      before = await contents(server.redis)
    }
    expect(readdirSync(logFolder(dir.path))).toContain("appendonly.aof.1.base.aof")
    await using again = await opened({ persistence: { dir: dir.path } })
    expect(await contents(again.redis)).toEqual(before)
  })
})

describe("SAVE and BGSAVE", () => {
  it("answer as Redis does while another snapshot is written", async () => {
    using dir = folder()
    await using server = await opened({ persistence: { dir: dir.path } })
    const { redis } = server
    await fillLarge(redis)
    await redis.bgrewriteaof()
    const replies = await redis.pipeline().bgrewriteaof().bgsave().call("BGSAVE", "SCHEDULE").exec()
    expect(replies?.map(([error, reply]) => error?.message ?? reply)).toEqual([
      "ERR Background append only file rewriting already in progress",
      "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.",
      "Background saving scheduled"
    ])
    await expect.poll(() => redis.info("persistence"), patient).toContain("rdb_saves:1")
    expect(readdirSync(dir.path)).toContain("dump.rdb")
    const queued = await redis.multi().bgrewriteaof().bgsave().exec()
    expect(queued?.map(([, reply]) => reply)).toEqual([
      "Background append only file rewriting scheduled",
      "Background saving scheduled"
    ])
  })
})

describe("repair", () => {
  const damage = async (dir: string): Promise<{ readonly path: string; readonly offset: number }> => {
    await using server = await opened({ persistence: { dir } })
    await server.redis.set("in the base", "1")
    await server.server.save()
    for (let at = 0; at < 5; at++) await server.redis.set(`key${at}`, "value")
    const path = join(logFolder(dir), "appendonly.aof.2.incr.aof")
    const bytes = readFileSync(path)
    const offset = bytes.indexOf("*3", bytes.indexOf("key2"))
    bytes.write("XX", offset)
    writeFileSync(path, bytes)
    return { path, offset }
  }

  it("keeps what is before the damage, says what it leaves out, and keeps the files as they were", async () => {
    using dir = folder()
    const { path, offset } = await damage(dir.path)
    const report = await repair(dir.path)
    expect(report.findings).toMatchObject([{ file: path, offset }])
    expect(report.findings[0]?.bytes).toBeGreaterThan(50)
    expect(report.keys).toBe(4)
    expect(readdirSync(report.originals ?? "")).toContain("appendonly.aof.2.incr.aof")
    await using server = await opened({ persistence: { dir: dir.path } })
    expect((await server.redis.keys("*")).toSorted()).toEqual(["in the base", "key0", "key1", "key2"])
    await server.redis.set("goes", "on")
  })

  it("reads the files that are there if the manifest is damaged", async () => {
    using dir = folder()
    {
      await using server = await opened({ persistence: { dir: dir.path } })
      await server.redis.set("first", "1")
      await server.server.save()
      await server.redis.set("second", "2")
    }
    writeFileSync(join(logFolder(dir.path), "appendonly.aof.manifest"), "what?\n")
    expect(await repair(dir.path)).toMatchObject({ keys: 2, findings: [{ bytes: 0 }] })
    await using server = await opened({ persistence: { dir: dir.path } })
    expect(await server.redis.mget("first", "second")).toEqual(["1", "2"])
  })

  it("keeps the keys of a base that come before its damage", async () => {
    using dir = folder()
    {
      await using server = await opened({ persistence: { dir: dir.path } })
      for (let at = 0; at < 100; at++) await server.redis.set(`key${at}`, "value")
      await server.server.save()
    }
    const path = join(logFolder(dir.path), "appendonly.aof.1.base.rdb")
    writeFileSync(path, readFileSync(path).subarray(0, 700))
    const report = await repair(dir.path)
    expect(report.findings).toHaveLength(1)
    expect(report.keys).toBeGreaterThan(20)
    await using server = await opened({ persistence: { dir: dir.path } })
    expect(await server.redis.dbsize()).toBe(report.keys)
  })

  it("changes nothing where nothing is damaged", async () => {
    using dir = folder()
    {
      await using server = await opened({ persistence: { dir: dir.path } })
      await server.redis.set("key", "value")
    }
    const before = readdirSync(logFolder(dir.path))
    expect(await repair(dir.path)).toEqual({ findings: [], keys: 1, originals: undefined })
    expect(readdirSync(logFolder(dir.path))).toEqual(before)
  })
})
