/** The Redis servers that are compared, each reached through ioredis. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis } from "ioredis"
import RedisMock from "ioredis-mock"
import { EmbeddedRedis } from "../../src/embedded/redis/index.ts"

/** A server with a client. */
export interface Target {
  readonly name: string
  readonly redis: Redis
  /** A second connection. */
  readonly connect: () => Redis
  readonly close: () => Promise<void>
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  return typeof address === "object" && address !== null ? address.port : 0
}

const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), "bench-redis-"))

/** A real Redis on loopback, without persistence unless told otherwise; `undefined` if it is not installed. */
export const real = async (name = "real", fsync?: "everysec"): Promise<Target | undefined> => {
  const port = await freePort()
  const dir = temporaryFolder()
  const words = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", dir]
  const persistence =
    fsync === undefined ? ["--appendonly", "no"] : ["--appendonly", "yes", "--appendfsync", fsync]
  const child: ChildProcess = spawn("redis-server", [...words, ...persistence], { stdio: "ignore" })
  const started = await Promise.race([
    once(child, "spawn").then(() => true),
    once(child, "error").then(() => false)
  ])
  if (!started) return undefined
  const connect = (): Redis => {
    const redis = new Redis({ port, retryStrategy: () => 50, maxRetriesPerRequest: null })
    redis.on("error", () => undefined)
    return redis
  }
  const redis = connect()
  await redis.ping()
  return {
    name,
    redis,
    connect,
    close: async () => {
      redis.disconnect()
      child.kill()
      await once(child, "exit")
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

/** An embedded Redis in memory, or in a folder. */
export const embedded = async (name: string, fsync?: "everysec" | "always"): Promise<Target> => {
  const dir = fsync === undefined ? undefined : temporaryFolder()
  const server = await EmbeddedRedis.open(
    dir === undefined || fsync === undefined ? {} : { persistence: { dir, fsync } }
  )
  const connect = (): Redis => new Redis({ Connector: server.connector })
  const redis = connect()
  return {
    name,
    redis,
    connect,
    close: async () => {
      redis.disconnect()
      await server.close()
      if (dir !== undefined) rmSync(dir, { recursive: true, force: true })
    }
  }
}

/** ioredis-mock. */
export const mock = (): Target => {
  const redis = new RedisMock()
  return { name: "mock", redis, connect: () => new RedisMock(), close: async () => redis.disconnect() }
}
