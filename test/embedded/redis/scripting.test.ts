import { describe, expect, it } from "vitest"
import { opened } from "./open.ts"

const messageOf = async (reply: Promise<unknown>): Promise<string> => {
  try {
    return `answered ${JSON.stringify(await reply)}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

describe("scripts", () => {
  it("convert between Lua and Redis as Redis does", async () => {
    await using server = await opened()
    const { redis } = server
    expect(
      await redis.eval("return {1, 2.9, 'x', {KEYS[1], ARGV[1]}, true, false, nil, 3}", 1, "k", "v")
    ).toEqual([1, 2, "x", ["k", "v"], 1, null])
    expect(await redis.eval("return redis.call('SET', KEYS[1], ARGV[1])", 1, "k", "v")).toBe("OK")
    expect(await redis.eval("return redis.call('GET', 'none')", 0)).toBe(null)
    expect(await redis.eval("return tostring(10/2)", 0)).toBe("5")
    expect(await redis.eval("return cjson.encode({1, {a = 'b'}})", 0)).toBe('[1,{"a":"b"}]')
    expect(await redis.eval("return cmsgpack.unpack(cmsgpack.pack({1, 2}))", 0)).toEqual([1, 2])
    expect(await redis.eval("return bit.band(7, 3)", 0)).toBe(3)
    expect(await redis.eval("return redis.sha1hex('a')", 0)).toBe("86f7e437faa5a7fce15d1ddcb9eaeaea377667b8")
  })

  it("return the first of several values", async () => {
    await using server = await opened()
    expect(await server.redis.eval("return unpack({7, 8})", 0)).toBe(7)
    expect(await server.redis.eval("return ('abc'):gsub('b', 'x')", 0)).toBe("axc")
  })

  it("carry bytes that are no text", async () => {
    await using server = await opened()
    const bytes = Buffer.from([0, 255, 10, 13])
    await server.redis.eval("redis.call('SET', KEYS[1], ARGV[1])", 1, "k", bytes)
    expect(await server.redis.getBuffer("k")).toEqual(bytes)
  })

  it("are known by their SHA1 once they were loaded or run", async () => {
    await using server = await opened()
    const { redis } = server
    const sha = String(await redis.script("LOAD", "return 1"))
    expect(await redis.evalsha(sha, 0)).toBe(1)
    expect(await redis.script("EXISTS", sha, "none")).toEqual([1, 0])
    await redis.script("FLUSH")
    expect(await messageOf(redis.evalsha(sha, 0))).toBe("NOSCRIPT No matching script. Please use EVAL.")
  })

  it("fail with the server's own words", async () => {
    await using server = await opened()
    const { redis } = server
    const at = (sha: string): string => ` script: ${sha}, on @user_script:1.`
    expect(await messageOf(redis.eval("return redis.call('nosuch')", 0))).toBe(
      `ERR Unknown Redis command called from script${at("206396248e12c6e742fd7296250433c8d7343b74")}`
    )
    expect(await messageOf(redis.eval("return foo", 0))).toBe(
      `ERR user_script:1: Script attempted to access nonexistent global variable 'foo'${at("47e30a5d10d5694f99208f9adc4fe3bf2450edbd")}`
    )
    expect(await messageOf(redis.eval("syntax error here", 0))).toBe(
      "ERR Error compiling script (new function): user_script:1: '=' expected near 'error'"
    )
    expect(await messageOf(redis.eval_ro("return redis.call('SET', 'a', 'b')", 0))).toContain(
      "ERR Write commands are not allowed from read-only scripts."
    )
    expect(await redis.eval("return redis.pcall('nosuch').err", 0)).toBe(
      "ERR Unknown Redis command called from script"
    )
  })

  it("choose a protocol for themselves, not for the scripts after them", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.sadd("s", "x")
    expect(await redis.eval("redis.setresp(3) return redis.call('SMEMBERS', 's')['set']['x']", 0)).toBe(1)
    expect(await redis.eval("return redis.call('SMEMBERS', 's')", 0)).toEqual(["x"])
  })

  it("are one change for those who watch and those who wait", async () => {
    await using server = await opened()
    const waiting = server.client()
    const popped = waiting.blpop("l", 0)
    await expect.poll(() => server.redis.info("clients")).toContain("blocked_clients:1")
    await server.redis.eval("redis.call('RPUSH', 'l', 'a') redis.call('LPUSH', 'l', 'b')", 0)
    expect(await popped).toEqual(["l", "b"])
  })

  it("run within a transaction", async () => {
    await using server = await opened()
    const replies = await server.redis
      .multi()
      .set("a", "1")
      .eval("return redis.call('INCR', 'a')", 0)
      .get("a")
      .exec()
    expect(replies).toEqual([
      [null, "OK"],
      [null, 2],
      [null, "2"]
    ])
  })

  it("keep the order of a client's commands while the runtime loads", async () => {
    await using server = await opened()
    const replies = await server.redis
      .pipeline()
      .set("a", "1")
      .eval("return redis.call('INCR', 'a')", 0)
      .incr("a")
      .exec()
    expect(replies?.map(([, reply]) => reply)).toEqual(["OK", 2, 3])
  })

  it("that use up the memory fail alone: the next ones run", async () => {
    await using server = await opened()
    const { redis } = server
    // So that a busy machine does not end it before.
    await redis.config("SET", "lua-time-limit", "60000")
    const greedy =
      "local big, t = {}, {} for i = 1, 7000 do big[i] = i end for i = 1, 1e9 do t[i] = {unpack(big)} end"
    expect(await messageOf(redis.eval(greedy, 0))).toMatch(/not enough memory/)
    expect(await redis.eval("return 1", 0)).toBe(1)
  })
})
