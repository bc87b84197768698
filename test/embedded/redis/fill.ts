import type { Redis } from "ioredis"

/** Puts keys of every type into two databases, some with a time to live. */
export const fill = async (redis: Redis): Promise<void> => {
  await redis.set("string", Buffer.from([0, 1, 13, 10, 255]))
  await redis.set("number", 41)
  await redis.incr("number")
  await redis.set("short-lived", "x", "PX", 10_000_000)
  await redis.append("appended", "ab")
  await redis.append("appended", "cd")
  await redis.rpush("list", ...Array.from({ length: 300 }, (_, index) => `item ${index}`))
  await redis.lpop("list")
  await redis.hset(
    "hash",
    Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`field${index}`, `${index}`]))
  )
  await redis.hincrbyfloat("hash", "float", "10.5")
  await redis.sadd("set", ...Array.from({ length: 150 }, (_, index) => `member${index}`))
  await redis.sadd("integers", 3, 1, 2)
  await redis.zadd("zset", 1.5, "a", "-inf", "b", 0.1, "c", 3, "d")
  await redis.zadd("scores", ...Array.from({ length: 200 }, (_, index) => [index / 3, `m${index}`]).flat())
  await redis.select(3)
  await redis.set("other", "database")
  await redis.expire("other", 100_000)
  await redis.select(0)
}

/** The content of all keys of a database in a form that can be compared. */
export const contents = async (redis: Redis, db = 0): Promise<Record<string, unknown>> => {
  await redis.select(db)
  const out: Record<string, unknown> = {}
  for (const key of (await redis.keys("*")).toSorted()) {
    const type = await redis.type(key)
    const value =
      type === "string"
        ? (await redis.getBuffer(key))?.toString("hex")
        : type === "list"
          ? await redis.lrange(key, 0, -1)
          : type === "hash"
            ? await redis.hgetall(key)
            : type === "set"
              ? (await redis.smembers(key)).toSorted()
              : type === "zset"
                ? await redis.zrange(key, 0, -1, "WITHSCORES")
                : undefined
    out[key] = [type, value, await redis.call("PEXPIRETIME", key)]
  }
  await redis.select(0)
  return out
}
