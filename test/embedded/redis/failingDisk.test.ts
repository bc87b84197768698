import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Redis } from "ioredis"
import { describe, expect, it } from "vitest"
import { openServer } from "../../../src/embedded/redis/EmbeddedServer.ts"
import { type FileSystem, nodeFileSystem } from "../../../src/embedded/redis/persist/FileSystem.ts"
import { folder } from "./folder.ts"
import { contents } from "./fill.ts"
import { opened } from "./open.ts"

class DiskError extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/** A disk that can be told to fail, half-way through a write if `room` is positive. */
const fragileDisk = (): {
  readonly fileSystem: FileSystem
  fail: string | undefined
  room: number
  failSync: boolean
} => {
  const disk = {
    fail: undefined as string | undefined,
    room: 0,
    failSync: false,
    fileSystem: {
      ...nodeFileSystem,
      write: (file: number, bytes: Buffer, offset: number, end: number) => {
        if (disk.fail === undefined) return nodeFileSystem.write(file, bytes, offset, end)
        if (disk.room <= 0) throw new DiskError(disk.fail)
        const part = Math.min(end - offset, disk.room)
        disk.room -= part
        return nodeFileSystem.write(file, bytes, offset, offset + part)
      },
      sync: (file: number) => {
        if (disk.failSync) throw new DiskError("EIO")
        nodeFileSystem.sync(file)
      }
    }
  }
  return disk
}

const messageOf = async (reply: Promise<unknown>): Promise<string> => {
  try {
    return `answered ${String(await reply)}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

describe("a disk that fails", () => {
  for (const [code, words] of [
    ["ENOSPC", "No space left on device"],
    ["EIO", "Input/output error"]
  ] as const) {
    it(`makes changes answer MISCONF (${code}), reads go on, and all is well when it recovers`, async () => {
      using dir = folder()
      const disk = fragileDisk()
      const server = await openServer({ persistence: { dir: dir.path } }, disk.fileSystem)
      const redis = new Redis({ Connector: server.connector })
      await redis.set("before", "1")
      disk.fail = code
      const misconf = `MISCONF Errors writing to the AOF file: ${words}`
      expect(await messageOf(redis.set("during", "2"))).toBe(misconf)
      expect(await messageOf(redis.set("refused", "3"))).toBe(misconf)
      expect(await messageOf(redis.eval("return redis.call('set','script','1')", 0))).toContain(misconf)
      expect(await redis.get("before")).toBe("1")
      expect(await redis.info("persistence")).toContain("aof_last_write_status:err")
      disk.fail = undefined
      expect(await redis.set("after", "4")).toBe("OK")
      const live = await contents(redis)
      redis.disconnect()
      await server.close()
      await using again = await opened({ persistence: { dir: dir.path } })
      expect(await contents(again.redis)).toEqual(live)
      expect(live).not.toHaveProperty("refused")
      expect(live).not.toHaveProperty("script")
    })
  }

  it("leaves no half of a command behind when it fails in the middle of a write", async () => {
    using dir = folder()
    const disk = fragileDisk()
    const server = await openServer({ persistence: { dir: dir.path } }, disk.fileSystem)
    const redis = new Redis({ Connector: server.connector })
    await redis.set("before", "1")
    const path = join(dir.path, "appendonlydir", "appendonly.aof.1.incr.aof")
    const whole = readFileSync(path)
    disk.fail = "ENOSPC"
    disk.room = 10
    expect(await messageOf(redis.set("key", "value"))).toContain("MISCONF")
    expect(readFileSync(path)).toEqual(whole)
    disk.fail = undefined
    expect(await redis.set("after", "4")).toBe("OK")
    redis.disconnect()
    await server.close()
    await using again = await opened({ persistence: { dir: dir.path } })
    expect(await again.redis.get("after")).toBe("4")
  })

  it("fails the acknowledgement, not the replies to reads of the same pipeline", async () => {
    using dir = folder()
    const disk = fragileDisk()
    const server = await openServer({ persistence: { dir: dir.path } }, disk.fileSystem)
    const redis = new Redis({ Connector: server.connector })
    await redis.set("key", "1")
    disk.fail = "ENOSPC"
    const replies = await redis.pipeline().get("key").set("key", "2").ping().exec()
    expect(replies?.map(([error, reply]) => error?.message ?? reply)).toEqual([
      "1",
      "MISCONF Errors writing to the AOF file: No space left on device",
      "PONG"
    ])
    disk.fail = undefined
    redis.disconnect()
    await server.close()
  })

  it("fails the acknowledgement under fsync: always when syncing fails", async () => {
    using dir = folder()
    const disk = fragileDisk()
    const server = await openServer({ persistence: { dir: dir.path, fsync: "always" } }, disk.fileSystem)
    const redis = new Redis({ Connector: server.connector })
    disk.failSync = true
    expect(await messageOf(redis.set("key", "value"))).toContain("MISCONF")
    disk.failSync = false
    expect(await redis.set("key", "value")).toBe("OK")
    redis.disconnect()
    await server.close()
  })

  it("that fails during a compaction leaves the old files valid", async () => {
    using dir = folder()
    const disk = fragileDisk()
    const server = await openServer({ persistence: { dir: dir.path } }, disk.fileSystem)
    const redis = new Redis({ Connector: server.connector })
    await redis.set("key", "value")
    disk.failSync = true
    await expect(server.save()).rejects.toMatchObject({ reason: "Io" })
    disk.failSync = false
    expect(await redis.set("later", "value")).toBe("OK")
    redis.disconnect()
    await server.close()
    await using again = await opened({ persistence: { dir: dir.path } })
    expect((await again.redis.keys("*")).toSorted()).toEqual(["key", "later"])
  })

  it("that cannot be used at all is an error of opening", async () => {
    using dir = folder()
    writeFileSync(join(dir.path, "file"), "")
    const error = openServer({ persistence: { dir: join(dir.path, "file", "data") } })
    await expect(error).rejects.toMatchObject({ reason: "Io", key: "persistence.dir" })
  })
})
