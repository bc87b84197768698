import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { Effect, Redacted } from "effect"
import { Redis } from "ioredis"
import { describe, expect, it } from "vitest"
import {
  EmbeddedRedis,
  EmbeddedRedisError,
  type EmbeddedRedisOptions
} from "../../../src/embedded/redis/index.ts"
import { contents, fill } from "./fill.ts"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"

const logFolder = (dir: string): string => join(dir, "appendonlydir")
const increment = (dir: string, sequence = 1): string =>
  join(logFolder(dir), `appendonly.aof.${sequence}.incr.aof`)

const failure = async (options: EmbeddedRedisOptions): Promise<EmbeddedRedisError> => {
  try {
    const server = await EmbeddedRedis.open(options)
    await server.close()
  } catch (error) {
    if (error instanceof EmbeddedRedisError) return error
    throw error
  }
  throw new Error("it opened")
}

describe("an embedded Redis with a folder", () => {
  it("reads over the times that Redis notes between commands", async () => {
    using dir = folder()
    const options = { persistence: { dir: dir.path } }
    {
      await using first = await opened(options)
      await first.redis.set("a", "1")
    }
    appendFileSync(increment(dir.path), "#TS:1700000000\r\n*2\r\n$4\r\nINCR\r\n$1\r\na\r\n")
    await using second = await opened(options)
    expect(await second.redis.get("a")).toBe("2")
  })

  it("names the command of a log that cannot be run", async () => {
    using dir = folder()
    const options = { persistence: { dir: dir.path } }
    {
      await using first = await opened(options)
      await first.redis.set("a", "text")
    }
    appendFileSync(increment(dir.path), "*2\r\n$4\r\nINCR\r\n$1\r\na\r\n")
    expect(await failure(options)).toMatchObject({
      reason: "Damaged",
      message: expect.stringContaining("'incr' answers ERR value is not an integer or out of range")
    })
  })

  it("brings back keys of every type with their time to live", async () => {
    using dir = folder()
    const options = { persistence: { dir: dir.path } }
    let before: unknown
    {
      await using first = await opened(options)
      await fill(first.redis)
      before = [await contents(first.redis), await contents(first.redis, 3)]
    }
    await using second = await opened(options)
    expect([await contents(second.redis), await contents(second.redis, 3)]).toEqual(before)
    expect(second.server.recovery?.keys).toBe(33)
  })

  it("brings back the same after a compaction, and what came after it", async () => {
    using dir = folder()
    const options = { persistence: { dir: dir.path } }
    let before: unknown
    {
      await using first = await opened(options)
      await fill(first.redis)
      await first.server.save()
      await first.redis.rpush("list", "later")
      await first.redis.del("set")
      before = [await contents(first.redis), await contents(first.redis, 3)]
    }
    expect(readdirSync(logFolder(dir.path)).toSorted()).toEqual([
      "appendonly.aof.1.base.rdb",
      "appendonly.aof.2.incr.aof",
      "appendonly.aof.manifest"
    ])
    await using second = await opened(options)
    expect([await contents(second.redis), await contents(second.redis, 3)]).toEqual(before)
  })

  it("compacts in the background while keys change, as of one moment", async () => {
    using dir = folder()
    const options = { persistence: { dir: dir.path } }
    let before: unknown
    {
      await using first = await opened(options)
      const { redis } = first
      for (let at = 0; at < 2000; at += 100) {
        const pipeline = redis.pipeline()
        for (let key = at; key < at + 100; key++) pipeline.rpush(`list${key}`, "a").set(`counter${key}`, key)
        await pipeline.exec()
      }
      await redis.bgrewriteaof()
      for (let round = 0; round < 30; round++) {
        const pipeline = redis.pipeline()
        for (let step = 0; step < 50; step++) {
          const key = (round * 50 + step * 37) % 2000
          pipeline.rpush(`list${key}`, "b").incr(`counter${key}`)
          if (step % 7 === 0)
            pipeline.sunionstore("union", "small").copy(`list${key}`, "copied", "REPLACE").del(`list${key}`)
          if (step % 11 === 0) pipeline.rename(`counter${key}`, `renamed${key}`)
        }
        await pipeline.exec()
      }
      await expect
        .poll(async () => (await redis.info("persistence")).includes("aof_rewrite_in_progress:0"))
        .toBe(true)
      before = await contents(redis)
    }
    expect(readdirSync(logFolder(dir.path))).toContain("appendonly.aof.1.base.rdb")
    await using second = await opened(options)
    expect(await contents(second.redis)).toEqual(before)
  })

  it("takes a snapshot at the interval, if something has changed", async () => {
    using dir = folder()
    await using server = await opened({ persistence: { dir: dir.path, snapshotInterval: 20 } })
    await server.redis.set("key", "value")
    await expect.poll(() => readdirSync(logFolder(dir.path))).toContain("appendonly.aof.1.base.rdb")
  })

  it("takes a snapshot when it closes, if it is told to", async () => {
    using dir = folder()
    {
      await using server = await opened({ persistence: { dir: dir.path, snapshotOnShutdown: true } })
      await server.redis.set("key", "value")
    }
    expect(readFileSync(join(logFolder(dir.path), "appendonly.aof.1.base.rdb"), "latin1")).toContain("value")
  })

  it("begins empty and keeps the old files if it is told not to restore", async () => {
    using dir = folder()
    {
      await using first = await opened({ persistence: { dir: dir.path } })
      await first.redis.set("key", "value")
    }
    await using second = await opened({ persistence: { dir: dir.path, restoreOnStartup: false } })
    expect(await second.redis.dbsize()).toBe(0)
    expect(readdirSync(dir.path).filter((name) => name.startsWith("appendonlydir."))).toHaveLength(1)
  })

  it("logs effects: a script is one transaction, random and relative arguments are resolved", async () => {
    using dir = folder()
    await using server = await opened({ persistence: { dir: dir.path } })
    const { redis } = server
    await redis.set("key", "v", "EX", 1000)
    await redis.sadd("set", "only")
    await redis.spop("set")
    await redis.incrbyfloat("float", "0.1")
    await redis.eval("redis.call('set','a','1') redis.call('incr','a') return 1", 0)
    await redis.rpush("queue", "x")
    await redis.blpop("queue", 1)
    const log = readFileSync(increment(dir.path), "latin1")
    const commands = log
      .split(/\*\d+\r\n/)
      .slice(1)
      .map((part) =>
        part
          .split("\r\n")
          .filter((_, at) => at % 2 === 1)
          .join(" ")
      )
    expect(commands.map((command) => command.replace(/\d{13}/, "TIME"))).toEqual([
      "SELECT 0",
      "SET key v PXAT TIME",
      "sadd set only",
      "DEL set",
      "SET float 0.1 KEEPTTL",
      "MULTI",
      "set a 1",
      "incr a",
      "EXEC",
      "rpush queue x",
      "LPOP queue"
    ])
  })

  it("logs the expiry of a key as its removal", async () => {
    using dir = folder()
    await using server = await opened({ persistence: { dir: dir.path } })
    await server.redis.set("key", "value", "PX", 5)
    await expect.poll(() => server.redis.exists("key")).toBe(0)
    await server.redis.ping()
    expect(readFileSync(increment(dir.path), "latin1")).toContain("*2\r\n$3\r\nDEL\r\n$3\r\nkey\r\n")
  })

  it("does not bring back keys that expired while it was closed", async () => {
    using dir = folder()
    const options = { persistence: { dir: dir.path } }
    {
      await using first = await opened(options)
      await first.redis.set("key", "value", "PX", 30)
      await first.redis.set("stays", "value")
    }
    await new Promise((resolve) => setTimeout(resolve, 40))
    await using second = await opened(options)
    expect(await second.redis.keys("*")).toEqual(["stays"])
  })

  it("keeps its files from other users", async () => {
    using dir = folder()
    await using server = await opened({ persistence: { dir: join(dir.path, "data") } })
    await server.redis.set("key", "value")
    const mode = (path: string): number => statSync(path).mode & 0o777
    expect(mode(join(dir.path, "data"))).toBe(0o700)
    expect(mode(logFolder(join(dir.path, "data")))).toBe(0o700)
    for (const name of readdirSync(logFolder(join(dir.path, "data")))) {
      expect(mode(join(logFolder(join(dir.path, "data")), name))).toBe(0o600)
    }
  })
})

describe("the end of a log", () => {
  const write = async (dir: string): Promise<void> => {
    await using server = await opened({ persistence: { dir } })
    await server.redis.set("first", "1")
    await server.redis.multi().set("second", "2").set("third", "3").exec()
  }

  it("is cut off where its last command is torn, and that is reported", async () => {
    using dir = folder()
    await write(dir.path)
    const path = increment(dir.path)
    const whole = statSync(path).size
    const torn = "*3\r\n$3\r\nSET\r\n$4\r\ntorn"
    appendFileSync(path, torn)
    const warnings: Array<string> = []
    await using server = await opened({
      persistence: { dir: dir.path },
      logger: (level, message) => level === "warn" && warnings.push(message)
    })
    expect(await server.redis.mget("first", "second", "torn")).toEqual(["1", "2", null])
    expect(server.server.recovery?.cut).toEqual({ file: path, offset: whole, bytes: torn.length })
    expect(warnings).toHaveLength(1)
    expect(statSync(path).size).toBe(whole)
  })

  it("loses a torn transaction as a whole", async () => {
    using dir = folder()
    await write(dir.path)
    const path = increment(dir.path)
    truncateSync(path, statSync(path).size - 5)
    await using server = await opened({ persistence: { dir: dir.path } })
    expect(await server.redis.mget("first", "second", "third")).toEqual(["1", null, null])
  })

  it("may be zeros that a power loss left", async () => {
    using dir = folder()
    await write(dir.path)
    appendFileSync(increment(dir.path), Buffer.alloc(5000))
    await using server = await opened({ persistence: { dir: dir.path } })
    expect(await server.redis.get("third")).toBe("3")
    expect(server.server.recovery?.cut?.bytes).toBe(5000)
  })
})

describe("damage", () => {
  it("in the middle of a log is refused with the file and the offset, and nothing is touched", async () => {
    using dir = folder()
    {
      await using server = await opened({ persistence: { dir: dir.path } })
      for (let at = 0; at < 10; at++) await server.redis.set(`key${at}`, "value")
    }
    const path = increment(dir.path)
    const bytes = readFileSync(path)
    const offset = bytes.indexOf("*3", bytes.indexOf("key4"))
    bytes.write("XX", offset)
    writeFileSync(path, bytes)
    const error = await failure({ persistence: { dir: dir.path } })
    expect(error).toMatchObject({ reason: "Damaged", code: "EMBEDDED_REDIS_DAMAGED", file: path, offset })
    expect(error.fix).toContain(`compozy embedded redis --dir '${dir.path}' --repair`)
    expect(readFileSync(path)).toEqual(bytes)
  })

  it("in a file that is not the last is refused even at its end", async () => {
    using dir = folder()
    {
      await using server = await opened({ persistence: { dir: dir.path } })
      await server.redis.set("key", "value")
      await server.server.save()
    }
    const base = join(logFolder(dir.path), "appendonly.aof.1.base.rdb")
    truncateSync(base, statSync(base).size - 3)
    expect(await failure({ persistence: { dir: dir.path } })).toMatchObject({ reason: "Damaged", file: base })
  })

  it("of the manifest is refused", async () => {
    using dir = folder()
    await (await EmbeddedRedis.open({ persistence: { dir: dir.path } })).close()
    const manifest = join(logFolder(dir.path), "appendonly.aof.manifest")
    writeFileSync(manifest, "file ../../etc/passwd seq 1 type i\n")
    expect(await failure({ persistence: { dir: dir.path } })).toMatchObject({
      reason: "Damaged",
      file: manifest
    })
  })

  it("of a base is refused with the file and the offset", async () => {
    using dir = folder()
    {
      await using server = await opened({ persistence: { dir: dir.path } })
      await server.redis.mset("first", "1", "second", "a text that is not compressed")
      await server.server.save()
    }
    const base = join(logFolder(dir.path), "appendonly.aof.1.base.rdb")
    const bytes = readFileSync(base)
    bytes.write("X", bytes.indexOf("a text"))
    writeFileSync(base, bytes)
    expect(await failure({ persistence: { dir: dir.path } })).toMatchObject({
      reason: "Damaged",
      file: base,
      offset: bytes.length - 9,
      message: expect.stringContaining("the checksum does not agree")
    })
  })

  it("that takes the manifest away is refused: the files that it listed are not passed over", async () => {
    using dir = folder()
    {
      await using server = await opened({ persistence: { dir: dir.path } })
      await server.redis.set("key", "value")
    }
    rmSync(join(logFolder(dir.path), "appendonly.aof.manifest"))
    expect(await failure({ persistence: { dir: dir.path } })).toMatchObject({ reason: "Damaged" })
  })

  it("by a module's value is told apart: the file is whole, and cannot be read here", async () => {
    using dir = folder()
    await (await EmbeddedRedis.open({ persistence: { dir: dir.path } })).close()
    writeFileSync(increment(dir.path), Buffer.from("REDIS0010\x07\x01k\x81\0\0\0\0\0\0\0\0", "latin1"))
    expect((await failure({ persistence: { dir: dir.path } })).reason).toBe("Unsupported")
  })
})

describe("a folder that is in use", () => {
  it("is refused, and the error tells the process", async () => {
    using dir = folder()
    await using _first = await opened({ persistence: { dir: dir.path } })
    const error = await failure({ persistence: { dir: dir.path } })
    expect(error).toMatchObject({ reason: "Locked", pid: process.pid, isRetryable: true })
  })

  it("is free again after closing", async () => {
    using dir = folder()
    await (await EmbeddedRedis.open({ persistence: { dir: dir.path } })).close()
    await (await EmbeddedRedis.open({ persistence: { dir: dir.path } })).close()
  })

  it("is free if the process that held it is gone", async () => {
    using dir = folder()
    writeFileSync(join(dir.path, "redis.lock"), "999999999 1\n")
    await (await EmbeddedRedis.open({ persistence: { dir: dir.path } })).close()
  })

  it("is free if the pid belongs to another program by now", async () => {
    using dir = folder()
    writeFileSync(join(dir.path, "redis.lock"), `${process.ppid} 1\n`)
    await (await EmbeddedRedis.open({ persistence: { dir: dir.path } })).close()
  })

  it("is given back when the scope of the Effect closes", async () => {
    using dir = folder()
    const use = Effect.scoped(EmbeddedRedis.make({ persistence: { dir: dir.path } }))
    await Effect.runPromise(use)
    await Effect.runPromise(use)
  })

  it("is written by what an Effect serves on a port until its scope closes", async () => {
    using dir = folder()
    const use = Effect.scoped(
      Effect.gen(function* () {
        const server = yield* EmbeddedRedis.make({ persistence: { dir: dir.path } })
        const { host, port, password } = yield* server.listen()
        const open = yield* server.listen({ password: false })
        expect(open.password).toBe(undefined)
        const redis = new Redis({
          host,
          port,
          password: password === undefined ? "" : Redacted.value(password)
        })
        yield* Effect.promise(() => redis.incr("runs"))
        yield* server.save
        const runs = yield* Effect.promise(() => redis.get("runs"))
        redis.disconnect()
        return runs
      })
    )
    expect(await Effect.runPromise(use)).toBe("1")
    expect(await Effect.runPromise(use)).toBe("2")
  })

  it("fails the Effect with a tagged error", async () => {
    using dir = folder()
    await using _first = await opened({ persistence: { dir: dir.path } })
    const exit = Effect.scoped(EmbeddedRedis.make({ persistence: { dir: dir.path } })).pipe(
      Effect.catchTag("EmbeddedRedisError", (error) => Effect.succeed(error.code))
    )
    expect(await Effect.runPromise(exit)).toBe("EMBEDDED_REDIS_LOCKED")
  })
})
