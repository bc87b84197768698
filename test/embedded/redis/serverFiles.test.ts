import { describe, expect, it } from "vitest"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"
import { answers } from "./replies.ts"

describe("the commands that write files", () => {
  it("refuse where nothing is kept", async () => {
    await using server = await opened()
    const none = "!ERR This server keeps no files: open it with the persistence option"
    expect(
      await answers(server.redis, [
        ["SAVE", ""],
        ["BGSAVE", ""],
        ["BGREWRITEAOF", ""]
      ])
    ).toEqual([
      ["SAVE", none],
      ["BGSAVE", none],
      ["BGREWRITEAOF", none]
    ])
    expect(await server.redis.lastsave()).toBeGreaterThan(1_600_000_000)
  })

  it("compact the log, in the background one at a time", async () => {
    using dir = folder()
    await using server = await opened({ persistence: { dir: dir.path } })
    const { redis } = server
    await redis.set("a", "1")
    expect(await redis.save()).toBe("OK")
    const both = await redis.pipeline().bgrewriteaof().call("BGSAVE").exec()
    expect(both?.map(([error, reply]) => error?.message ?? reply)).toEqual([
      "Background append only file rewriting started",
      "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible."
    ])
    await expect
      .poll(() => redis.info("persistence"))
      .toMatch(/aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0/)
    expect(await redis.bgsave()).toBe("Background saving started")
    const [seconds, micros] = await redis.time()
    expect(Number(seconds)).toBeGreaterThanOrEqual(Number(await redis.lastsave()))
    expect(Number(micros)).toBeLessThan(1_000_000)
  })

  it("are not for transactions", async () => {
    await using server = await opened()
    expect(
      await answers(server.redis, [
        ["MULTI", ""],
        ["SAVE", ""],
        ["EXEC", ""]
      ])
    ).toEqual([
      ["MULTI", "OK"],
      ["SAVE", "!ERR Command not allowed inside a transaction"],
      ["EXEC", "!EXECABORT Transaction discarded because of previous errors."]
    ])
  })
})

describe("a large value", () => {
  it("is picked from and scanned without repetition", async () => {
    await using server = await opened()
    const { redis } = server
    const members = Array.from({ length: 1000 }, (_, index) => `m${index}`)
    await redis.sadd("set", ...members)
    await redis.hset("hash", Object.fromEntries(members.map((name) => [name, "v"])))
    await redis.zadd("zset", ...members.flatMap((name, score) => [score, name]))
    const picked = [
      await redis.srandmember("set", 500),
      await redis.spop("set", 500),
      await redis.call("HRANDFIELD", "hash", 500),
      await redis.call("ZRANDMEMBER", "zset", 500)
    ]
    for (const names of picked) expect(new Set(names as Array<string>).size).toBe(500)
    expect(await redis.scard("set")).toBe(500)
    expect(await redis.srandmember("set", -700)).toHaveLength(700)
    const scanned = new Set<string>()
    for await (const pairs of redis.zscanStream("zset", { count: 100 })) {
      for (const [at, name] of (pairs as Array<string>).entries()) if (at % 2 === 0) scanned.add(name)
    }
    expect(scanned.size).toBe(1000)
    const left = new Set<string>()
    for await (const names of redis.sscanStream("set", { count: 50, match: "m*" })) {
      for (const name of names as Array<string>) left.add(name)
    }
    expect(left.size).toBe(500)
  })

  it("of a time that is over is gone for every way of looking", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.pipeline().set("a", "1").set("b", "1", "PX", 1).exec()
    await expect.poll(() => redis.exists("b")).toBe(0)
    expect(await redis.randomkey()).toBe("a")
    expect(await redis.keys("*")).toEqual(["a"])
    expect(await redis.scan(0)).toEqual(["0", ["a"]])
  })

  it("of a list grows in its middle and is eaten up from its front", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.rpush("l", "first", "last")
    const pipeline = redis.pipeline()
    for (let at = 0; at < 3000; at++) pipeline.linsert("l", "AFTER", "first", at)
    await pipeline.exec()
    expect(await redis.llen("l")).toBe(3002)
    expect(await redis.lrange("l", 0, 3)).toEqual(["first", "2999", "2998", "2997"])
    expect(await redis.lindex("l", -2)).toBe("0")
    await redis.rpush("l", ...Array.from({ length: 30_000 }, (_, index) => index))
    expect(await redis.lpop("l", 33_000)).toHaveLength(33_000)
    expect(await redis.lrange("l", 0, -1)).toEqual(["29998", "29999"])
  })

  it("of a list is cut out of its middle", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.rpush("l", ...Array.from({ length: 5000 }, (_, index) => index % 1000))
    expect(await redis.lrem("l", -2, "500")).toBe(2)
    expect(await redis.linsert("l", "AFTER", "700", "new")).toBe(4999)
    expect(await redis.lpos("l", "new")).toBe(701)
    expect(await redis.lpos("l", "500", "COUNT", 0)).toEqual([500, 1501, 2501])
    expect(await redis.ltrim("l", 2000, 2002)).toBe("OK")
    expect(await redis.lrange("l", 0, -1)).toEqual(["999", "0", "1"])
  })
})
