import { setTimeout } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"

const LIBRARY = `#!lua name=counters
local calls = 0
redis.register_function('add', function(keys, args)
  calls = calls + 1
  return {redis.call('INCRBY', keys[1], args[1]), calls}
end)
redis.register_function{
  function_name = 'peek',
  callback = function(keys) return redis.call('GET', keys[1]) end,
  flags = {'no-writes'}
}`

const failure = (reply: Promise<unknown>): Promise<string> =>
  reply.then(
    (value) => `answered ${JSON.stringify(value)}`,
    (error: unknown) => (error instanceof Error ? error.message : String(error))
  )

describe("functions", () => {
  it("keep their state between calls, and ignore the case of their names", async () => {
    await using server = await opened()
    const { redis } = server
    expect(await redis.call("FUNCTION", "LOAD", LIBRARY)).toBe("counters")
    expect(await redis.call("FCALL", "add", "1", "k", "5")).toEqual([5, 1])
    expect(await redis.call("FCALL", "ADD", "1", "k", "2")).toEqual([7, 2])
    expect(await redis.call("FCALL_RO", "peek", "1", "k")).toBe("7")
    expect(await failure(redis.call("FCALL_RO", "add", "1", "k", "1"))).toBe(
      "ERR Can not execute a script with write flag using *_ro command."
    )
  })

  it("see no globals while their library loads, and all of them when they run", async () => {
    await using server = await opened()
    const load = (body: string) => failure(server.redis.call("FUNCTION", "LOAD", `#!lua name=l\n${body}`))
    expect(await load("return math.random()")).toBe(
      "ERR Error registering functions: ERR user_function:2: Script attempted to access nonexistent global variable 'math'"
    )
    expect(await load("return redis.call('PING')")).toContain("nonexistent global variable 'call'")
    expect(await load("return 1")).toBe("ERR No functions registered")
    expect(await load("redis.register_function('f', function() return math.floor(2.5) end)")).toBe(
      'answered "l"'
    )
    expect(await server.redis.call("FCALL", "f", "0")).toBe(2)
    expect(await load("redis.register_function('g', function() redis = 1 end)")).toContain("already exists")
  })

  it("come back with the folder, and from a dump", async () => {
    using place = folder()
    {
      await using server = await opened({ persistence: { dir: place.path } })
      await server.redis.call("FUNCTION", "LOAD", LIBRARY)
    }
    await using server = await opened({ persistence: { dir: place.path } })
    expect(await server.redis.call("FCALL", "add", "1", "k", "5")).toEqual([5, 1])
    const dump = await server.redis.callBuffer("FUNCTION", "DUMP")
    await server.redis.call("FUNCTION", "FLUSH")
    expect(await failure(server.redis.call("FCALL", "add", "1", "k", "5"))).toBe("ERR Function not found")
    await server.redis.call("FUNCTION", "RESTORE", Buffer.from(dump as Uint8Array))
    expect(await server.redis.call("FCALL", "add", "1", "k", "5")).toEqual([10, 1])
  })
})

describe("a script that runs for too long", () => {
  it("is killed by another client if it has written nothing", async () => {
    await using server = await opened()
    const other = server.client()
    await other.config("SET", "lua-time-limit", "5")
    const looping = failure(server.redis.eval("while true do pcall(redis.call, 'PING') end", 0))
    let told = ""
    while (!told.startsWith("BUSY")) {
      told = await failure(other.ping())
      await setTimeout(1)
    }
    expect(told).toBe(
      "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
    )
    expect(await other.call("SCRIPT", "KILL")).toBe("OK")
    expect(await looping).toContain("Script killed by user with SCRIPT KILL")
    expect(await other.ping()).toBe("PONG")
  })

  it("goes on unnoticed, and to its end once it writes", async () => {
    await using server = await opened()
    await server.redis.config("SET", "lua-time-limit", "1")
    const script =
      "for i = 1, 1000000 do end local n = redis.call('INCR', 'runs') for i = 1, 1000000 do end return n"
    expect(await server.redis.eval(script, 0)).toBe(1)
    expect(await server.redis.get("runs")).toBe("1")
  })
})
