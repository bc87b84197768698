import { statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { Redis } from "ioredis"
import { describe, expect, it } from "vitest"
import { EmbeddedRedis } from "../../../src/embedded/redis/index.ts"
import { folder } from "./folder.ts"

describe("a Unix socket", () => {
  it("is for its owner only, asks for a password, and goes with the server", async () => {
    using place = folder()
    const path = join(place.path, "redis.sock")
    const server = await EmbeddedRedis.open()
    const { password } = await server.listen({ unixSocket: path })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const redis = new Redis({ path, password, retryStrategy: () => null })
    expect(await redis.client("LIST")).toContain(`addr=${path}:0`)
    const stranger = new Redis({ path, retryStrategy: () => null })
    await expect(stranger.call("GET", "x")).rejects.toThrow("NOAUTH")
    redis.disconnect()
    stranger.disconnect()
    await server.close()
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
  })

  it("takes no place of a file or of another server", async () => {
    using place = folder()
    const file = join(place.path, "file")
    writeFileSync(file, "mine")
    const taken = join(place.path, "taken.sock")
    const other = createServer()
    await new Promise<void>((resolve) => void other.listen(taken, resolve))
    await using server = await EmbeddedRedis.open()
    await expect(server.listen({ unixSocket: file })).rejects.toThrow("there is a file of that name")
    await expect(server.listen({ unixSocket: taken })).rejects.toThrow("another server listens there")
    other.close()
  })
})
