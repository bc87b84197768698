/** The Redis servers that are compared, each reached through ioredis. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis } from "ioredis"
import RedisMock from "ioredis-mock"
import { EmbeddedRedis } from "../../src/embedded/redis/index.ts"
import { freePort } from "../../scripts/services/Process.ts"

/** A server with a client. */
export interface Target {
  readonly name: string
  readonly redis: Redis
  /** Has the target remember what is answered to a call, if it answers by itself. */
  readonly record?: (call: () => Promise<unknown>) => Promise<void>
  readonly close: () => Promise<void>
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
  const redis = new Redis({ port, retryStrategy: () => 50, maxRetriesPerRequest: null })
  redis.on("error", () => undefined)
  await redis.ping()
  return {
    name,
    redis,
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
  const redis = new Redis({ Connector: server.connector })
  return {
    name,
    redis,
    close: async () => {
      redis.disconnect()
      await server.close()
      if (dir !== undefined) rmSync(dir, { recursive: true, force: true })
    }
  }
}

/**
 * The client alone: it gets the same bytes for an answer each time, from nobody. No server can be faster, so it shows
 * how much of a case is the client's own work.
 */
export const clientAlone = async (): Promise<Target> => {
  const server = await EmbeddedRedis.open({})
  const redis = new Redis({ Connector: server.connector })
  await once(redis, "ready")
  const { stream } = redis
  const write = stream.write.bind(stream)
  let answer: Buffer | undefined
  let answered: Array<Buffer> | undefined
  stream.on("data", (bytes: Buffer) => answered?.push(bytes))
  stream.write = (data: string | Uint8Array): boolean => {
    if (answer === undefined) return write(data)
    // The client puts its text together when somebody looks at it, as every server does.
    Buffer.byteLength(data)
    process.nextTick(() => stream.emit("data", answer))
    return true
  }
  return {
    name: "client",
    redis,
    record: async (call) => {
      answer = undefined
      answered = []
      await call()
      answer = Buffer.concat(answered)
      answered = undefined
    },
    close: async () => {
      redis.disconnect()
      await server.close()
    }
  }
}

/** ioredis-mock. */
export const mock = (): Target => {
  const redis = new RedisMock()
  return { name: "mock", redis, close: async () => redis.disconnect() }
}

/** A target by its name; `undefined` if it is not installed. */
export const open = async (name: string): Promise<Target | undefined> => {
  if (name === "memory") return embedded(name)
  if (name === "everysec" || name === "always") return embedded(name, name)
  if (name === "client") return clientAlone()
  if (name === "mock") return mock()
  return name === "real" ? real() : real(name, "everysec")
}
