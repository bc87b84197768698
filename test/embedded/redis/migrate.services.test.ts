import type { Redis } from "ioredis"
import { describe, expect, it } from "vitest"
import { contents, fill } from "./fill.ts"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"
import { realServer } from "./realServer.ts"

/** Everything but the moments of expiry, since what is sent is how long that is away. */
const values = async (redis: Redis): Promise<unknown> =>
  Object.fromEntries(
    Object.entries(await contents(redis)).map(([key, entry]) => [
      key,
      Array.isArray(entry) ? [...entry.slice(0, -1), entry.at(-1) === -1] : entry
    ])
  )

describe("MIGRATE with a real Redis", () => {
  it("sends every type there, and takes it back", async () => {
    using dir = folder()
    await using real = await realServer(dir.path)
    await using embedded = await opened()
    const { port } = await embedded.server.listen({ password: false })
    await fill(embedded.redis)
    const before = await values(embedded.redis)
    const keys = await embedded.redis.keys("*")
    const move = ["", 0, 5000, "KEYS", ...keys] as const
    expect(await embedded.redis.call("MIGRATE", "127.0.0.1", real.port, ...move)).toBe("OK")
    expect(await embedded.redis.dbsize()).toBe(0)
    expect(await values(real.redis)).toEqual(before)
    expect(await real.redis.call("MIGRATE", "127.0.0.1", port, ...move)).toBe("OK")
    expect(await values(embedded.redis)).toEqual(before)
  })

  it("logs in, and passes on what the other server refuses", async () => {
    using dir = folder()
    await using real = await realServer(dir.path, { requirepass: "secret" })
    await using embedded = await opened()
    const { redis } = embedded
    await redis.set("a", "1")
    const migrate = (...more: ReadonlyArray<string>): Promise<unknown> =>
      redis
        .call("MIGRATE", "127.0.0.1", real.port, "a", 3, 1000, ...more)
        .catch((error: unknown) => String(error))
    expect(await migrate()).toContain("Target instance replied with error: NOAUTH")
    expect(await migrate("AUTH", "wrong")).toContain("Target instance replied with error: WRONGPASS")
    expect(await migrate("COPY", "AUTH", "secret")).toBe("OK")
    expect(await migrate("AUTH2", "default", "secret")).toContain("BUSYKEY")
    expect(await redis.get("a")).toBe("1")
    expect(await migrate("REPLACE", "AUTH2", "default", "secret")).toBe("OK")
    expect(await redis.exists("a")).toBe(0)
    await real.redis.select(3)
    expect(await real.redis.get("a")).toBe("1")
  })
})
