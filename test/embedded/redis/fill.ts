import type { Redis } from "ioredis"

const many = <T>(count: number, make: (index: number) => T): Array<T> =>
  Array.from({ length: count }, (_, index) => make(index))

/** Strings of every length and encoding that the files tell apart. */
const fillStrings = async (redis: Redis): Promise<void> => {
  await redis.set("string", Buffer.from([0, 1, 13, 10, 255]))
  await redis.set("number", 41)
  await redis.incr("number")
  await redis.set("short-lived", "x", "PX", 10_000_000)
  await redis.append("appended", "ab")
  await redis.append("appended", "cd")
  const numbers = ["-1", "127", "128", "-32768", "70000", "-2147483649", "9223372036854775807", "007", "-0"]
  await redis.mset(Object.fromEntries(numbers.map((text) => [`number:${text}`, text])))
  await redis.set("empty", "")
  await redis.set("compressible", "abc".repeat(500))
  await redis.set("incompressible", many(3000, (index) => (index * 7919) % 251).join("x"))
  await redis.setbit("bits", 20_000, 1)
}

/** Collections in their compact encodings and beyond. */
const fillCollections = async (redis: Redis): Promise<void> => {
  await redis.rpush("list", ...many(300, (index) => `item ${index}`))
  await redis.lpop("list")
  await redis.rpush(
    "elements",
    "",
    "0",
    "-1",
    "4095",
    "-4097",
    "32768",
    "8388608",
    "2147483648",
    "x".repeat(70)
  )
  await redis.rpush("large-elements", "a".repeat(9000), "b", "c".repeat(5000), "\xff\0")
  await redis.hset("small-hash", { a: "1", b: "", c: "text" })
  await redis.hset("hash", Object.fromEntries(many(200, (index) => [`field${index}`, `${index}`])))
  await redis.hset("large-hash", Object.fromEntries(many(700, (index) => [`field${index}`, `${index}`])))
  await redis.hincrbyfloat("hash", "float", "10.5")
  await redis.sadd("set", ...many(150, (index) => `member${index}`))
  await redis.sadd("integers", 3, 1, 2)
  await redis.sadd("wide-integers", 70_000, -1)
  await redis.sadd("widest-integers", "9223372036854775807", 5)
  await redis.sadd("many-integers", ...many(600, (index) => index))
  await redis.zadd("zset", 1.5, "a", "-inf", "b", 0.1, "c", 3, "d", "inf", "e", 1e21, "f")
  await redis.zadd("scores", ...many(200, (index) => [index / 3, `m${index}`]).flat())
}

/** A stream with groups, consumers, what is pending, and what was removed. */
const fillStream = async (redis: Redis): Promise<void> => {
  const pipeline = redis.pipeline()
  for (let at = 1; at <= 250; at++) {
    const fields = at % 50 === 0 ? ["other", "names", "n", at] : ["name", `value ${at}`, "n", at]
    pipeline.xadd("stream", `${1000 + at}-${at % 3}`, ...fields)
  }
  await pipeline.exec()
  await redis.xgroup("CREATE", "stream", "readers", "0")
  await redis.xgroup("CREATE", "stream", "waiting", "$")
  await redis.xgroup("CREATECONSUMER", "stream", "waiting", "idle")
  await redis.xreadgroup("GROUP", "readers", "one", "COUNT", 5, "STREAMS", "stream", ">")
  await redis.xreadgroup("GROUP", "readers", "two", "COUNT", 7, "STREAMS", "stream", ">")
  await redis.xack("stream", "readers", "1001-1")
  await redis.xdel("stream", "1004-1", "1120-1")
  await redis.xtrim("stream", "MAXLEN", 240)
  await redis.xadd("emptied", "5-5", "a", "b")
  await redis.xdel("emptied", "5-5")
}

/** Puts keys of every type into two databases, some with a time to live. */
export const fill = async (redis: Redis): Promise<void> => {
  await fillStrings(redis)
  await fillCollections(redis)
  await fillStream(redis)
  await redis.select(3)
  await redis.set("other", "database")
  await redis.expire("other", 100_000)
  await redis.select(0)
}

/** The content of a stream without what depends on the clock. */
const streamContents = async (redis: Redis, key: string): Promise<unknown> => [
  await redis.xrange(key, "-", "+"),
  // The nodes and how long ago a consumer was seen are no part of it.
  JSON.stringify(await redis.call("XINFO", "STREAM", key, "FULL", "COUNT", 0))
    .replace(/"radix-tree-(?:keys|nodes)",\d+/g, "")
    .replace(/"seen-time",\d+/g, "")
]

const valueOf = async (redis: Redis, key: string, type: string): Promise<unknown> => {
  switch (type) {
    case "string":
      return (await redis.getBuffer(key))?.toString("hex")
    case "list":
      return (await redis.lrangeBuffer(key, 0, -1)).map((item) => item.toString("latin1"))
    case "hash":
      return redis.hgetall(key)
    case "set":
      return (await redis.smembers(key)).toSorted()
    case "zset":
      return redis.zrange(key, 0, -1, "WITHSCORES")
    default:
      return streamContents(redis, key)
  }
}

/** The encoding as it is after loading: how a string was made is forgotten then. */
const encodingOf = async (redis: Redis, key: string): Promise<string> =>
  String(await redis.object("ENCODING", key)).replace(/^(?:raw|embstr)$/, "bytes")

/** The content of all keys of a database in a form that can be compared. */
export const contents = async (redis: Redis, db = 0): Promise<Record<string, unknown>> => {
  await redis.select(db)
  const out: Record<string, unknown> = {}
  for (const key of (await redis.keys("*")).toSorted()) {
    const type = await redis.type(key)
    const encoding = await encodingOf(redis, key)
    out[key] = [type, encoding, await valueOf(redis, key, type), await redis.call("PEXPIRETIME", key)]
  }
  await redis.select(0)
  return out
}
