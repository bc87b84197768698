import { describe, expect, it } from "vitest"
import { opened } from "./open.ts"

const messageOf = async (reply: Promise<unknown>): Promise<string> => {
  try {
    return `answered ${JSON.stringify(await reply)}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const WRONGTYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"

describe("strings", () => {
  it("are set under conditions, with an expiry, and give the old value", async () => {
    await using server = await opened()
    const { redis } = server
    expect(await redis.set("a", "1", "NX")).toBe("OK")
    expect(await redis.set("a", "2", "NX")).toBe(null)
    expect(await redis.set("b", "2", "XX")).toBe(null)
    expect(await redis.set("a", "3", "EX", 100, "GET")).toBe("1")
    expect(await redis.ttl("a")).toBeCloseTo(100, -1)
    expect(await redis.set("a", "4", "KEEPTTL")).toBe("OK")
    expect(await redis.ttl("a")).toBeCloseTo(100, -1)
    expect(await redis.getex("a", "PERSIST")).toBe("4")
    expect(await redis.ttl("a")).toBe(-1)
    expect(await redis.setnx("a", "5")).toBe(0)
    expect(await redis.mget("a", "nothing")).toEqual(["4", null])
    expect(await redis.getdel("a")).toBe("4")
    expect(await messageOf(redis.call("SET", "a", "1", "EX", "0"))).toBe(
      "ERR invalid expire time in 'set' command"
    )
    expect(await messageOf(redis.call("SET", "a", "1", "NX", "XX"))).toBe("ERR syntax error")
  })

  it("count in 64 bits and in long doubles", async () => {
    await using server = await opened()
    const redis = server.client({ stringNumbers: true })
    expect(await redis.incrby("n", 5)).toBe("5")
    expect(await redis.decr("n")).toBe("4")
    await redis.set("big", "9223372036854775806")
    expect(await redis.call("INCR", "big")).toBe("9223372036854775807")
    expect(await messageOf(redis.incr("big"))).toBe("ERR increment or decrement would overflow")
    await redis.set("text", "abc")
    expect(await messageOf(redis.incr("text"))).toBe("ERR value is not an integer or out of range")
    await redis.set("float", "10.50")
    expect(await redis.incrbyfloat("float", 0.1)).toBe("10.6")
  })

  it("are changed in place", async () => {
    await using server = await opened()
    const { redis } = server
    expect(await redis.append("a", "Hello")).toBe(5)
    expect(await redis.append("a", " World")).toBe(11)
    expect(await redis.setrange("a", 6, "Redis")).toBe(11)
    expect(await redis.getrange("a", -5, -1)).toBe("Redis")
    expect(await redis.object("ENCODING", "a")).toBe("raw")
    expect(await redis.setrange("b", 3, "x")).toBe(4)
    expect(await redis.getBuffer("b")).toEqual(Buffer.from("\0\0\0x"))
  })
})

describe("lists", () => {
  it("are pushed, popped, cut and searched at both ends", async () => {
    await using server = await opened()
    const { redis } = server
    expect(await redis.rpush("l", "a", "b", "c")).toBe(3)
    expect(await redis.lpush("l", "z", "y")).toBe(5)
    expect(await redis.lrange("l", 0, -1)).toEqual(["y", "z", "a", "b", "c"])
    expect(await redis.lindex("l", -1)).toBe("c")
    expect(await redis.linsert("l", "BEFORE", "a", "new")).toBe(6)
    expect(await redis.lpos("l", "b")).toBe(4)
    expect(await redis.lrem("l", 0, "new")).toBe(1)
    expect(await redis.lset("l", 0, "first")).toBe("OK")
    expect(await redis.ltrim("l", 0, 2)).toBe("OK")
    expect(await redis.lpop("l", 2)).toEqual(["first", "z"])
    expect(await redis.lmove("l", "other", "LEFT", "RIGHT")).toBe("a")
    expect(await redis.exists("l")).toBe(0)
    expect(await messageOf(redis.lset("l", 0, "x"))).toBe("ERR no such key")
    expect(await messageOf(redis.get("other"))).toBe(WRONGTYPE)
  })

  it("serve blocked clients in the order in which they came", async () => {
    await using server = await opened()
    const [first, second] = [server.client(), server.client()]
    await first.ping()
    const one = first.blpop("a", "b", 0)
    await expect.poll(() => server.redis.info("clients")).toContain("blocked_clients:1")
    const two = second.brpop("b", 0)
    await expect.poll(() => server.redis.info("clients")).toContain("blocked_clients:2")
    await server.redis.rpush("b", "1", "2", "3")
    expect(await one).toEqual(["b", "1"])
    expect(await two).toEqual(["b", "3"])
    expect(await server.redis.lrange("b", 0, -1)).toEqual(["2"])
  })

  it("wake a blocked client after the whole transaction", async () => {
    await using server = await opened()
    const waiting = server.client()
    const popped = waiting.blpop("l", 0)
    await expect.poll(() => server.redis.info("clients")).toContain("blocked_clients:1")
    await server.redis.multi().rpush("l", "a").lpush("l", "b").exec()
    expect(await popped).toEqual(["l", "b"])
  })

  it("are moved and popped in numbers for those who wait", async () => {
    await using server = await opened()
    const [mover, popper, scorer] = [server.client(), server.client(), server.client()]
    const waiting = [
      mover.blmove("from", "to", "LEFT", "RIGHT", 0),
      popper.blmpop(0, 2, "none", "l", "RIGHT", "COUNT", 2),
      scorer.call("BZMPOP", 0, 2, "none", "z", "MAX", "COUNT", 2)
    ]
    await expect.poll(() => server.redis.info("clients")).toContain("blocked_clients:3")
    await server.redis.pipeline().rpush("from", "a", "b").rpush("l", "1", "2", "3").exec()
    await server.redis.zadd("z", 1, "x", 2, "y", 3, "w")
    expect(await Promise.all(waiting)).toEqual([
      "a",
      ["l", ["3", "2"]],
      [
        "z",
        [
          ["w", "3"],
          ["y", "2"]
        ]
      ]
    ])
    expect(await server.redis.lrange("to", 0, -1)).toEqual(["a"])
  })

  it("let a blocked client learn that it cannot be served", async () => {
    await using server = await opened()
    const waiting = server.client()
    const moved = messageOf(waiting.blmove("from", "text", "LEFT", "RIGHT", 0))
    await expect.poll(() => server.redis.info("clients")).toContain("blocked_clients:1")
    await server.redis.set("text", "no list")
    await server.redis.rpush("from", "a")
    expect(await moved).toBe(WRONGTYPE)
    expect(await server.redis.lrange("from", 0, -1)).toEqual(["a"])
  })

  it("let a blocked client go after its time, or when it is unblocked", async () => {
    await using server = await opened()
    const waiting = server.client()
    expect(await waiting.blpop("l", 0.01)).toBe(null)
    const id = await waiting.client("ID")
    const popped = waiting.blpop("l", 0)
    await expect.poll(() => server.redis.client("UNBLOCK", id)).toBe(1)
    expect(await popped).toBe(null)
  })
})

describe("hashes", () => {
  it("hold fields in the order of their first setting", async () => {
    await using server = await opened()
    const { redis } = server
    expect(await redis.hset("h", { b: "1", a: "2" })).toBe(2)
    expect(await redis.hset("h", "b", "3", "c", "4")).toBe(1)
    expect(await redis.hkeys("h")).toEqual(["b", "a", "c"])
    expect(await redis.hmget("h", "a", "none")).toEqual(["2", null])
    expect(await redis.hincrby("h", "n", 5)).toBe(5)
    expect(await redis.hincrbyfloat("h", "f", 0.1)).toBe("0.1")
    expect(await redis.hdel("h", "a", "none")).toBe(1)
    expect(await redis.hgetall("h")).toEqual({ b: "3", c: "4", n: "5", f: "0.1" })
    expect(await messageOf(redis.hincrby("h", "f", 1))).toBe("ERR hash value is not an integer")
    expect(await messageOf(redis.call("HSET", "h", "a"))).toBe(
      "ERR wrong number of arguments for 'hset' command"
    )
  })

  it("change their encoding where Redis does", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.hset("h", "a", "x".repeat(64))
    expect(await redis.object("ENCODING", "h")).toBe("listpack")
    await redis.hset("h", "a", "x".repeat(65))
    expect(await redis.object("ENCODING", "h")).toBe("hashtable")
  })
})

describe("sets", () => {
  it("are combined", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.sadd("a", 3, 1, 2)
    await redis.sadd("b", 2, 3, 4)
    expect(await redis.smembers("a")).toEqual(["1", "2", "3"])
    expect(await redis.sinter("a", "b")).toEqual(["2", "3"])
    expect(await redis.sdiff("a", "b")).toEqual(["1"])
    expect(await redis.sunionstore("c", "a", "b")).toBe(4)
    expect(await redis.smove("a", "b", "1")).toBe(1)
    expect(await redis.smismember("b", "1", "9")).toEqual([1, 0])
    expect((await redis.spop("b", 10)).toSorted()).toEqual(["1", "2", "3", "4"])
    expect(await redis.exists("b")).toBe(0)
  })
})

describe("sorted sets", () => {
  it("are ordered by score, then by the bytes of the member", async () => {
    await using server = await opened()
    const { redis } = server
    expect(await redis.zadd("z", 2, "b", 1, "c", 1, "a")).toBe(3)
    expect(await redis.zrange("z", 0, -1, "WITHSCORES")).toEqual(["a", "1", "c", "1", "b", "2"])
    expect(await redis.zadd("z", "GT", "CH", 0, "b", 5, "a")).toBe(1)
    expect(await redis.zrank("z", "a")).toBe(2)
    expect(await redis.zrangebyscore("z", "(1", "+inf", "LIMIT", 0, 1)).toEqual(["b"])
    expect(await redis.zincrby("z", 0.1, "c")).toBe("1.1000000000000001")
    expect(await redis.zcount("z", "-inf", "(5")).toBe(2)
    expect(await redis.zpopmax("z")).toEqual(["a", "5"])
    expect(await redis.zremrangebyrank("z", 0, -1)).toBe(2)
    expect(await redis.exists("z")).toBe(0)
    expect(await messageOf(redis.zadd("z", "x", "a"))).toBe("ERR value is not a valid float")
  })

  it("give the lowest member to a client that waits", async () => {
    await using server = await opened()
    const waiting = server.client()
    const popped = waiting.bzpopmin("z", 0)
    await expect.poll(() => server.redis.info("clients")).toContain("blocked_clients:1")
    await server.redis.zadd("z", 2, "b", 1, "a")
    expect(await popped).toEqual(["z", "a", "1"])
  })
})

describe("keys", () => {
  it("expire, also without being looked at", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.set("a", "1", "PX", 3)
    await redis.set("b", "1")
    expect(await redis.pexpire("b", 3)).toBe(1)
    await expect.poll(() => redis.dbsize()).toBe(0)
    expect(await redis.info("stats")).toContain("expired_keys:2")
  })

  it("take EXPIRE with conditions, and go at once when the time has passed", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.set("a", "1")
    expect(await redis.expire("a", 100, "XX")).toBe(0)
    expect(await redis.expire("a", 100, "NX")).toBe(1)
    expect(await redis.expire("a", 50, "GT")).toBe(0)
    expect(await redis.expire("a", 50, "LT")).toBe(1)
    expect(await redis.persist("a")).toBe(1)
    expect(await redis.expire("a", -1)).toBe(1)
    expect(await redis.ttl("a")).toBe(-2)
  })

  it("are renamed, copied and moved with their time to live", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.set("a", "1", "EX", 100)
    expect(await redis.rename("a", "b")).toBe("OK")
    expect(await redis.copy("b", "c")).toBe(1)
    expect(await redis.ttl("c")).toBeCloseTo(100, -1)
    expect(await redis.move("c", 1)).toBe(1)
    await redis.select(1)
    expect(await redis.keys("*")).toEqual(["c"])
    expect(await messageOf(redis.rename("none", "x"))).toBe("ERR no such key")
  })

  it("are scanned completely, by pattern and type", async () => {
    await using server = await opened()
    const { redis } = server
    const pipeline = redis.pipeline()
    for (let at = 0; at < 500; at++) pipeline.set(`key:${at}`, at).sadd(`set:${at}`, at)
    await pipeline.exec()
    const found = new Set<string>()
    for await (const keys of redis.scanStream({ match: "key:*", type: "string", count: 50 })) {
      for (const key of keys) found.add(String(key))
    }
    expect(found.size).toBe(500)
    await redis.flushall()
    expect(await redis.dbsize()).toBe(0)
  })

  it("of any kind are unknown to a command for another type", async () => {
    await using server = await opened()
    await server.redis.set("string", "1")
    for (const call of [
      ["LPUSH", "string", "1"],
      ["HGETALL", "string"],
      ["SADD", "string", "1"],
      ["ZSCORE", "string", "1"]
    ]) {
      expect(await messageOf(server.redis.call(call[0] ?? "", ...call.slice(1)))).toBe(WRONGTYPE)
    }
  })
})

describe("publish and subscribe", () => {
  it("carries messages by channel and by pattern", async () => {
    await using server = await opened()
    const subscriber = server.client()
    const received: Array<unknown> = []
    subscriber.on("message", (...message) => received.push(message))
    subscriber.on("pmessage", (...message) => received.push(message))
    expect(await subscriber.subscribe("news")).toBe(1)
    expect(await subscriber.psubscribe("n*")).toBe(2)
    expect(await server.redis.publish("news", "hello")).toBe(2)
    expect(await server.redis.publish("other", "hello")).toBe(0)
    await expect
      .poll(() => received)
      .toEqual([
        ["news", "hello"],
        ["n*", "news", "hello"]
      ])
    expect(await server.redis.pubsub("NUMSUB", "news")).toEqual(["news", 1])
    await subscriber.unsubscribe("news")
    await subscriber.punsubscribe("n*")
    expect(await subscriber.get("x")).toBe(null)
  })

  it("tells about changed keys if it is asked to", async () => {
    await using server = await opened()
    const subscriber = server.client()
    const received: Array<unknown> = []
    subscriber.on("pmessage", (_pattern, channel, message) => received.push([channel, message]))
    await server.redis.config("SET", "notify-keyspace-events", "KEA")
    await subscriber.psubscribe("__key*")
    await server.redis.lpush("l", "x")
    await server.redis.lpop("l")
    await expect
      .poll(() => received)
      .toEqual([
        ["__keyspace@0__:l", "lpush"],
        ["__keyevent@0__:lpush", "l"],
        ["__keyspace@0__:l", "lpop"],
        ["__keyevent@0__:lpop", "l"],
        ["__keyspace@0__:l", "del"],
        ["__keyevent@0__:del", "l"]
      ])
  })
})

describe("transactions", () => {
  it("run as one, and go on after an error at run time", async () => {
    await using server = await opened()
    const replies = await server.redis.multi().set("a", "1").lpush("a", "x").incr("a").exec()
    expect(replies?.map(([error, reply]) => error?.message ?? reply)).toEqual(["OK", WRONGTYPE, 2])
  })

  it("are refused as a whole when a command could not be queued", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.multi({ pipeline: false })
    expect(await messageOf(redis.call("SET", "a"))).toBe("ERR wrong number of arguments for 'set' command")
    expect(await messageOf(redis.exec())).toBe("EXECABORT Transaction discarded because of previous errors.")
  })

  it("do not run when a watched key has changed", async () => {
    await using server = await opened()
    const { redis } = server
    const other = server.client()
    await redis.watch("a")
    await other.set("a", "theirs")
    expect(await redis.multi().set("a", "ours").exec()).toBe(null)
    await redis.watch("a")
    await redis.unwatch()
    await other.set("a", "theirs again")
    expect(await redis.multi().set("a", "ours").exec()).toEqual([[null, "OK"]])
  })

  it("do not run when a watched key has expired", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.set("a", "1", "PX", 200)
    await redis.watch("a")
    await expect.poll(() => redis.exists("a")).toBe(0)
    expect(await redis.multi().set("b", "1").exec()).toBe(null)
  })

  it("run when a watched key had expired before", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.set("a", "1", "PX", 1)
    await expect.poll(() => redis.exists("a")).toBe(0)
    await redis.watch("a")
    expect(await redis.multi().set("b", "1").exec()).toEqual([[null, "OK"]])
  })
})

describe("the server", () => {
  it("answers what clients ask when they connect", async () => {
    await using server = await opened()
    const { redis } = server
    expect(await redis.client("SETNAME", "me")).toBe("OK")
    expect(await redis.client("GETNAME")).toBe("me")
    expect(await redis.client("LIST")).toContain("name=me")
    expect(await redis.client("INFO")).toContain("lib-name=ioredis")
    expect(await redis.info()).toContain("redis_version:7.0.15")
    expect(await redis.config("GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "noeviction"])
    expect(Number(await redis.command("COUNT"))).toBeGreaterThan(150)
    expect(await redis.call("COMMAND", "GETKEYS", "MSET", "a", "1", "b", "2")).toEqual(["a", "b"])
    expect(await messageOf(redis.call("NOSUCH", "a"))).toBe(
      "ERR unknown command 'NOSUCH', with args beginning with: 'a' "
    )
    expect(await messageOf(redis.call("CLIENT", "NOSUCH"))).toBe(
      "ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP."
    )
  })
})
