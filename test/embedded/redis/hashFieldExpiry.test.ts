import { setTimeout as wait } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"
import { answersLikeRedis } from "./replies.ts"

const FAR = "9999999999999"

describe("the fields of a hash", () => {
  answersLikeRedis("are given a time to live", [
    ["HSET h a 1 b 2 c 3", 3],
    [`HPEXPIREAT h ${FAR} FIELDS 3 a b none`, [1, 1, -2]],
    ["HPEXPIRETIME h FIELDS 4 a b c none", [9999999999999, 9999999999999, -1, -2]],
    ["HEXPIRETIME h FIELDS 1 a", [10000000000]],
    ["HEXPIRE h 100 FIELDS 1 a", [1]],
    ["HTTL h FIELDS 1 a", [100]],
    ["HPEXPIRE h 100000 FIELDS 1 a", [1]],
    ["HTTL h FIELDS 1 a", [100]],
    ["HEXPIREAT h 9999999999 FIELDS 1 a", [1]],
    ["HPERSIST h FIELDS 3 a c none", [1, -1, -2]],
    ["HTTL h FIELDS 1 a", [-1]],
    ["HEXPIRE none 100 FIELDS 2 a b", [-2, -2]],
    ["HTTL none FIELDS 1 a", [-2]],
    ["HPERSIST none FIELDS 1 a", [-2]],
    ["TTL h", -1]
  ])

  answersLikeRedis("are given one under conditions", [
    ["HSET h a 1", 1],
    ["HEXPIRE h 100 XX FIELDS 1 a", [0]],
    ["HEXPIRE h 100 GT FIELDS 1 a", [0]],
    ["HEXPIRE h 100 LT FIELDS 1 a", [1]],
    ["HEXPIRE h 200 NX FIELDS 1 a", [0]],
    ["HEXPIRE h 200 LT FIELDS 1 a", [0]],
    ["HEXPIRE h 200 GT FIELDS 1 a", [1]],
    ["HEXPIRE h 50 XX FIELDS 1 a", [1]],
    ["HTTL h FIELDS 1 a", [50]]
  ])

  answersLikeRedis("are removed if their time is over, and the hash with the last", [
    ["HSET h a 1 b 2", 2],
    ["HPEXPIREAT h 1 FIELDS 2 a a", [2, -2]],
    ["HGETALL h", ["b", "2"]],
    ["HEXPIRE h 0 FIELDS 1 b", [2]],
    ["EXISTS h", 0]
  ])

  answersLikeRedis("are told apart from wrong arguments", [
    ["HSET h a 1", 1],
    ["SET s x", "OK"],
    ["HEXPIRE s 1 FIELDS 1 a", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["HEXPIRE h x FIELDS 1 a", "!ERR value is not an integer or out of range"],
    ["HEXPIRE h -1 FIELDS 1 a", "!ERR invalid expire time, must be >= 0"],
    ["HEXPIRE h 99999999999999 FIELDS 1 a", "!ERR invalid expire time in 'hexpire' command"],
    ["HEXPIRE h 1 FIELDS 0 a", "!ERR Parameter `numFields` should be greater than 0"],
    ["HEXPIRE h 1 FIELDS 2 a", "!ERR The `numfields` parameter must match the number of arguments"],
    ["HEXPIRE h 1 NX XX 1 a", "!ERR Mandatory argument FIELDS is missing or not at the right position"],
    ["HTTL h FIELDS 0 a", "!ERR Number of fields must be a positive integer"],
    ["HTTL h FIELD 1 a", "!ERR Mandatory argument FIELDS is missing or not at the right position"]
  ])

  answersLikeRedis("lose it with their value, unless that is counted up", [
    ["HSET h a 1 b 1 c 1 d 1", 4],
    [`HPEXPIREAT h ${FAR} FIELDS 4 a b c d`, [1, 1, 1, 1]],
    ["OBJECT ENCODING h", "listpackex"],
    ["HSET h a 2", 0],
    ["HINCRBY h b 1", 2],
    ["HINCRBYFLOAT h c 1.5", "2.5"],
    ["HDEL h d", 1],
    ["HSET h d 1", 1],
    ["HTTL h FIELDS 2 a d", [-1, -1]],
    ["HPEXPIRETIME h FIELDS 2 b c", [9999999999999, 9999999999999]],
    ["COPY h copy", 1],
    ["RENAME h other", "OK"],
    ["HPEXPIRETIME copy FIELDS 2 b a", [9999999999999, -1]],
    ["HPEXPIRETIME other FIELDS 2 b a", [9999999999999, -1]],
    ["HLEN other", 4]
  ])

  answersLikeRedis("are read and removed, or read and given another time", [
    ["HSET h a 1 b 2 c 3", 3],
    ["HGETDEL h FIELDS 3 a a none", ["1", null, null]],
    ["HGETDEL none FIELDS 1 a", [null]],
    ["HGETEX h FIELDS 1 b", ["2"]],
    [`HGETEX h PXAT ${FAR} FIELDS 2 b none`, ["2", null]],
    ["HPEXPIRETIME h FIELDS 2 b c", [9999999999999, -1]],
    ["HGETEX h PERSIST FIELDS 1 b", ["2"]],
    ["HTTL h FIELDS 1 b", [-1]],
    ["HGETEX h EX 100 FIELDS 1 b", ["2"]],
    ["HTTL h FIELDS 1 b", [100]],
    [
      "HGETEX h EX 1 PX 1 FIELDS 1 b",
      "!ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified"
    ],
    ["HGETEX h NOPE FIELDS 1 b", "!ERR unknown argument: NOPE"],
    ["HGETEX h EXAT 1 FIELDS 2 b c", ["2", "3"]],
    ["EXISTS h", 0]
  ])

  answersLikeRedis("are set together with their time", [
    [`HSETEX h PXAT ${FAR} FIELDS 2 a 1 b 2`, 1],
    ["HPEXPIRETIME h FIELDS 2 a b", [9999999999999, 9999999999999]],
    ["HSETEX h FNX FIELDS 2 b 3 c 3", 0],
    ["HSETEX h FXX FIELDS 2 b 3 c 3", 0],
    ["HSETEX h FXX KEEPTTL FIELDS 1 b 3", 1],
    ["HPEXPIRETIME h FIELDS 1 b", [9999999999999]],
    ["HSETEX h FIELDS 1 b 4", 1],
    ["HMGET h a b c", ["1", "4", null]],
    ["HTTL h FIELDS 1 b", [-1]],
    ["HSETEX h FIELDS 2 a 1 b", "!ERR wrong number of arguments for 'hsetex' command"],
    ["HSETEX h EXAT 1 FIELDS 2 a 1 b 2", 1],
    ["EXISTS h", 0]
  ])

  it("expire by themselves, which is told to those who watch and listen", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.config("SET", "notify-keyspace-events", "KEA")
    const listener = server.client()
    const events: Array<string> = []
    listener.on("pmessage", (_pattern, _channel, event: string) => events.push(event))
    await listener.psubscribe("__keyspace@0__:h")
    await redis.hset("h", { a: "1", b: "2" })
    await redis.call("HPEXPIRE", "h", "20", "FIELDS", "1", "a")
    await redis.watch("h")
    await expect.poll(() => events).toEqual(["hset", "hexpire", "hexpired"])
    expect(await redis.hgetall("h")).toEqual({ b: "2" })
    expect(await redis.multi().get("x").exec()).toBeNull()
    await redis.call("HPEXPIRE", "h", "1", "FIELDS", "1", "b")
    await expect.poll(() => events.slice(3)).toEqual(["hexpire", "hexpired", "del"])
    expect(await redis.dbsize()).toBe(0)
  })

  it("are not seen once they have expired, even before they are removed", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.hset("h", { a: "1", b: "2" })
    await redis.call("HPEXPIRE", "h", "1", "FIELDS", "2", "a", "b")
    // Nothing else runs in between: the timer has had no chance.
    const until = Date.now() + 5
    while (Date.now() < until);
    expect(await redis.hlen("h")).toBe(0)
    expect(await redis.keys("*")).toEqual([])
  })

  it("expire in a hash of ten thousand without a scan of the others", async () => {
    await using server = await opened()
    const { redis } = server
    const pairs = Array.from({ length: 10_000 }, (_, at) => [`f${at}`, "v"]).flat()
    await redis.hset("h", pairs)
    await redis.call("HPEXPIRE", "h", "1", "FIELDS", "1", "f5")
    await expect.poll(() => redis.hlen("h")).toBe(9999)
    expect(await redis.hget("h", "f5")).toBeNull()
  })

  for (const compacted of [false, true]) {
    it(`keep their time ${compacted ? "in a compacted log" : "in the log"}`, async () => {
      using dir = folder()
      const options = { persistence: { dir: dir.path } }
      {
        await using server = await opened(options)
        const { redis } = server
        await redis.hset("h", { a: "1", b: "2", c: "3", d: "4", gone: "5" })
        await redis.call("HPEXPIREAT", "h", FAR, "FIELDS", "3", "a", "b", "c")
        await redis.hincrbyfloat("h", "b", 0.5)
        await redis.call("HSETEX", "h", "KEEPTTL", "FIELDS", "1", "c", "kept")
        await redis.hset("h", "a", "plain")
        await redis.call("HPEXPIRE", "h", "1", "FIELDS", "1", "gone")
        if (compacted) await server.server.save()
      }
      await wait(2)
      await using server = await opened(options)
      const { redis } = server
      expect(await redis.hgetall("h")).toEqual({ a: "plain", b: "2.5", c: "kept", d: "4" })
      expect(await redis.call("HPEXPIRETIME", "h", "FIELDS", "4", "a", "b", "c", "d")).toEqual([
        -1, 9999999999999, 9999999999999, -1
      ])
    })
  }

  it("keep their time through DUMP and RESTORE", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.hset("h", { a: "1", b: "2" })
    await redis.call("HPEXPIREAT", "h", FAR, "FIELDS", "1", "a")
    const payload = await redis.dumpBuffer("h")
    await redis.restore("copy", 0, payload ?? "")
    expect(await redis.call("HPEXPIRETIME", "copy", "FIELDS", "2", "a", "b")).toEqual([9999999999999, -1])
  })
})
