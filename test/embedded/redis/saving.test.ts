import { existsSync, mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { SaveRules } from "../../../src/embedded/redis/persist/SaveRules.ts"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"

const problem = async (reply: Promise<unknown>): Promise<string> =>
  reply.then(
    (answer) => `answered ${String(answer)}`,
    (error: unknown) => String(error)
  )

describe("save rules", () => {
  const rules = new SaveRules()
  rules.update("60 100 3600 1")
  const state = { changes: 100, lastSave: 0, lastTry: 0, lastOk: true }

  it("ask for a save when time and changes of one of them are reached", () => {
    expect(rules.isDue(state, 60_999)).toBe(false)
    expect(rules.isDue(state, 61_000)).toBe(true)
    expect(rules.isDue({ ...state, changes: 99 }, 61_000)).toBe(false)
    expect(rules.isDue({ ...state, changes: 1 }, 3_601_000)).toBe(true)
    expect(rules.isDue({ ...state, changes: 0 }, 3_601_000)).toBe(false)
  })

  it("wait for five seconds after a save that failed", () => {
    const failed = { ...state, lastTry: 100_000, lastOk: false }
    expect(rules.isDue(failed, 105_000)).toBe(false)
    expect(rules.isDue(failed, 105_001)).toBe(true)
  })

  it("are followed by themselves, and no more when they are taken back", async () => {
    using dir = folder()
    await using server = await opened({ persistence: { dir: dir.path } })
    const dump = join(dir.path, "dump.rdb")
    await server.redis.config("SET", "save", "1 1")
    await server.redis.set("a", "1")
    await expect.poll(() => existsSync(dump), { timeout: 10_000 }).toBe(true)
    await server.redis.config("SET", "save", "")
    expect(await server.redis.config("GET", "save")).toEqual(["save", ""])
  })

  it("refuse changes when the dump cannot be written, until it can", async () => {
    using dir = folder()
    await using server = await opened({ persistence: { dir: dir.path } })
    const { redis } = server
    await redis.config("SET", "save", "3600 1")
    // A folder of that name: the dump cannot take its place.
    mkdirSync(join(dir.path, "dump.rdb", "x"), { recursive: true })
    expect(await problem(redis.save())).toContain("ERR")
    expect(await problem(redis.set("a", "1"))).toContain(
      "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk."
    )
    expect(await redis.get("a")).toBe(null)
    rmSync(join(dir.path, "dump.rdb"), { recursive: true })
    expect(await redis.save()).toBe("OK")
    expect(await redis.set("a", "1")).toBe("OK")
  })
})

describe("SHUTDOWN", () => {
  for (const [words, rules, isSaved] of [
    [["SAVE"], "", true],
    [[], "3600 1", true],
    [[], "", false],
    [["NOSAVE"], "3600 1", false],
    [["NOSAVE", "NOW", "FORCE"], "3600 1", false]
  ] as const) {
    it(`${words.join(" ")} ${isSaved ? "saves" : "does not save"} with the rules "${rules}"`, async () => {
      using dir = folder()
      const asked: Array<boolean | undefined> = []
      await using server = await opened({
        persistence: { dir: dir.path },
        onShutdown: (save) => void asked.push(save)
      })
      await server.redis.config("SET", "save", rules)
      await server.redis.set("a", "1")
      void server
        .client()
        .call("SHUTDOWN", ...words)
        .catch(() => undefined)
      await expect.poll(() => asked.length).toBe(1)
      expect(existsSync(join(dir.path, "dump.rdb"))).toBe(isSaved)
    })
  }

  it("is refused when it cannot save, but for FORCE", async () => {
    let ended = 0
    await using server = await opened({ onShutdown: () => void ended++ })
    expect(await problem(server.redis.call("SHUTDOWN", "SAVE"))).toContain(
      "ERR Errors trying to SHUTDOWN. Check logs."
    )
    expect(ended).toBe(0)
    void server
      .client()
      .call("SHUTDOWN", "SAVE", "FORCE")
      .catch(() => undefined)
    await expect.poll(() => ended).toBe(1)
  })

  it("knows its words, and that none is under way", async () => {
    await using server = await opened({ onShutdown: () => undefined })
    expect(await problem(server.redis.call("SHUTDOWN", "ABORT"))).toContain("ERR No shutdown in progress.")
    expect(await problem(server.redis.call("SHUTDOWN", "SAVE", "NOSAVE"))).toContain("ERR syntax error")
    expect(await problem(server.redis.call("SHUTDOWN", "ABORT", "NOW"))).toContain("ERR syntax error")
  })
})
