import { describe, expect, it } from "vitest"
import { opened } from "./open.ts"

const KEYS = 200

const filled = async (policy: string, expiring: boolean) => {
  const server = await opened()
  const { redis } = server
  const pipeline = redis.pipeline()
  for (let at = 0; at < KEYS; at++) {
    if (expiring && at % 2 === 0) pipeline.set(`k:${at}`, "x".repeat(1000), "EX", 1000 + at)
    else pipeline.set(`k:${at}`, "x".repeat(1000))
  }
  await pipeline.exec()
  const used = Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1])
  await redis.config("SET", "maxmemory-policy", policy)
  await redis.config("SET", "maxmemory", String(used - 50_000))
  return server
}

const left = async (server: Awaited<ReturnType<typeof filled>>): Promise<ReadonlySet<number>> =>
  new Set((await server.redis.keys("k:*")).map((key) => Number(key.slice(2))))

describe("maxmemory", () => {
  it.each(["allkeys-lru", "allkeys-lfu", "allkeys-random"])("removes some keys with %s", async (policy) => {
    await using server = await filled(policy, false)
    // One reply: the memory that clients take may evict some more between two of them.
    const info = await server.redis.info()
    const keys = Number(/db0:keys=(\d+)/.exec(info)?.[1])
    expect(keys).toBeGreaterThan(100)
    expect(keys).toBeLessThan(KEYS)
    expect(info).toContain(`evicted_keys:${KEYS - keys}`)
  })

  it.each(["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"])(
    "removes keys that expire only, with %s",
    async (policy) => {
      await using server = await filled(policy, true)
      const keys = await left(server)
      expect(keys.size).toBeLessThan(KEYS)
      for (let at = 1; at < KEYS; at += 2) expect(keys).toContain(at)
    }
  )

  it("refuses what needs memory when nothing may be removed, and nothing else", async () => {
    await using server = await filled("noeviction", false)
    const { redis } = server
    await expect(redis.set("more", "1")).rejects.toThrow(
      "OOM command not allowed when used memory > 'maxmemory'."
    )
    expect(await redis.get("k:1")).toHaveLength(1000)
    expect(await redis.del("k:1")).toBe(1)
    await redis.multi({ pipeline: false })
    await expect(redis.set("more", "1")).rejects.toThrow("OOM")
    await expect(redis.call("EXEC")).rejects.toThrow("EXECABORT")
    await redis.config("SET", "maxmemory", "0")
    expect(await redis.set("more", "1")).toBe("OK")
  })

  it("counts how often keys are used, for OBJECT FREQ", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.config("SET", "maxmemory-policy", "allkeys-lfu")
    await redis.config("SET", "lfu-log-factor", "0")
    await redis.set("k", "v")
    expect(await redis.object("FREQ", "k")).toBe(5)
    for (let at = 0; at < 10; at++) await redis.get("k")
    expect(await redis.object("FREQ", "k")).toBe(15)
    await expect(redis.object("IDLETIME", "k")).rejects.toThrow("LFU maxmemory policy is selected")
  })
})
