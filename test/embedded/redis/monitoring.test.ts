import { describe, expect, it } from "vitest"
import { opened } from "./open.ts"

describe("the slow log", () => {
  it("has a command that waits when it ends, with what it waited", async () => {
    await using server = await opened()
    const { redis } = server
    const waiting = server.client()
    await waiting.ping()
    await redis.config("SET", "slowlog-log-slower-than", "0")
    const popped = waiting.blpop("l", 0)
    await expect.poll(() => redis.info("clients")).toContain("blocked_clients:1")
    const names = async (): Promise<ReadonlyArray<string>> => {
      const entries = await redis.call("SLOWLOG", "GET", "-1")
      return Array.isArray(entries) ? entries.map((entry) => String(entry[3])) : []
    }
    expect(await names()).not.toContain("blpop,l,0")
    await redis.rpush("l", "x")
    expect(await popped).toEqual(["l", "x"])
    expect(await names()).toContain("blpop,l,0")
    expect(await redis.info("commandstats")).toMatch(/cmdstat_blpop:calls=1,/)
  })
})

describe("tracking", () => {
  it("tells everyone of keys that are forgotten because there are too many, NOLOOP or not", async () => {
    await using server = await opened()
    const { redis } = server
    const told = server.client()
    const id = await told.client("ID")
    const messages: Array<string> = []
    told.on("message", (_channel, keys) => messages.push(String(keys)))
    await told.subscribe("__redis__:invalidate")
    await redis.call("CLIENT", "TRACKING", "ON", "REDIRECT", String(id), "NOLOOP")
    await redis.mget("a", "b")
    await redis.config("SET", "tracking-table-max-keys", "1")
    await expect.poll(() => messages).toEqual(["a"])
  })
})

describe("OBJECT REFCOUNT", () => {
  it("counts small integers as shared, unless each use of a key is noted", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.mset("small", "9999", "big", "10000", "text", "a")
    const counts = (): Promise<ReadonlyArray<unknown>> =>
      Promise.all(["small", "big", "text"].map((key) => redis.object("REFCOUNT", key)))
    expect(await counts()).toEqual([2147483647, 1, 1])
    await redis.config("SET", "maxmemory", "1gb")
    await redis.config("SET", "maxmemory-policy", "allkeys-lru")
    expect(await counts()).toEqual([1, 1, 1])
  })
})
