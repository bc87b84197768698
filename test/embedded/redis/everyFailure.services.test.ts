import { rmSync } from "node:fs"
import { join } from "node:path"
import { Redis } from "ioredis"
import { describe, expect, it } from "vitest"
import { type EmbeddedServer, openServer } from "../../../src/embedded/redis/EmbeddedServer.ts"
import { type FileSystem, nodeFileSystem } from "../../../src/embedded/redis/persist/FileSystem.ts"
import { contents } from "./fill.ts"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"

const failure = (code: string): Error => Object.assign(new Error(code), { code })

/** A disk whose operations are counted, of which one fails, or all from one on. */
const countedDisk = (code: string, isBroken: (operation: number) => boolean) => {
  const state = { operations: 0, armed: false }
  const attempt = (): Error | undefined =>
    state.armed && isBroken(++state.operations) ? failure(code) : undefined
  const guarded =
    <Args extends ReadonlyArray<unknown>, Result>(body: (...args: Args) => Result) =>
    (...args: Args): Result => {
      const error = attempt()
      if (error !== undefined) throw error
      return body(...args)
    }
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    open: guarded(nodeFileSystem.open),
    write: guarded(nodeFileSystem.write),
    truncate: guarded(nodeFileSystem.truncate),
    sync: guarded(nodeFileSystem.sync),
    rename: guarded(nodeFileSystem.rename),
    remove: guarded(nodeFileSystem.remove),
    syncLater: (file, done) => {
      const error = attempt()
      if (error === undefined) nodeFileSystem.syncLater(file, done)
      else setImmediate(() => done(error))
    }
  }
  return { fileSystem, state }
}

/** Changes keys, compacts and saves; answers with what was acknowledged. */
const work = async (redis: Redis, server: EmbeddedServer): Promise<ReadonlyArray<string>> => {
  const acknowledged: Array<string> = []
  const write = async (key: string): Promise<void> => {
    const reply = await redis.set(key, "value").catch(() => undefined)
    if (reply === "OK") acknowledged.push(key)
  }
  await write("first")
  await server.save().catch(() => undefined)
  await write("second")
  await redis.bgrewriteaof().catch(() => undefined)
  await write("third")
  await redis.save().catch(() => undefined)
  await expect.poll(() => redis.info("persistence"), { interval: 1 }).toContain("aof_rewrite_in_progress:0")
  await redis.bgsave("SCHEDULE").catch(() => undefined)
  await write("fourth")
  await expect.poll(() => redis.info("persistence"), { interval: 1 }).toContain("rdb_bgsave_in_progress:0")
  return acknowledged
}

/** Runs the work on a disk that fails; how many operations it took. */
const run = async (
  code: string,
  isBroken: (operation: number) => boolean,
  recovers: boolean
): Promise<number> => {
  using dir = folder()
  const disk = countedDisk(code, isBroken)
  const server = await openServer({ persistence: { dir: dir.path, fsync: "always" } }, disk.fileSystem)
  const redis = new Redis({ Connector: server.connector })
  await redis.ping()
  disk.state.armed = true
  const acknowledged = await work(redis, server)
  const { operations } = disk.state
  let live: Record<string, unknown> | undefined
  if (recovers) {
    disk.state.armed = false
    expect(await redis.set("after", "value")).toBe("OK")
    live = await contents(redis)
  }
  redis.disconnect()
  await server.close().catch(() => undefined)
  // Where the disk is gone for good the lock could not be removed either, and this process lives.
  rmSync(join(dir.path, "redis.lock"), { force: true })
  await using again = await opened({ persistence: { dir: dir.path } })
  const found = await contents(again.redis)
  if (live !== undefined) expect(found).toEqual(live)
  for (const key of acknowledged)
    expect(found, `operation fails, ${key} was acknowledged`).toHaveProperty(key)
  return operations
}

describe("whatever operation of the disk fails", () => {
  for (const code of ["EIO", "ENOSPC"]) {
    it(`once (${code}), the engine goes on, and its folder holds what it holds`, async () => {
      const operations = await run(code, () => false, true)
      for (let broken = 1; broken <= operations; broken++) {
        await run(code, (operation) => operation === broken, true)
      }
    })
  }

  it("for good, what was acknowledged is there afterwards", async () => {
    const operations = await run("EIO", () => false, true)
    for (let broken = 1; broken <= operations; broken++) {
      await run("EIO", (operation) => operation >= broken, false)
    }
  })
})
