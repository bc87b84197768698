import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { join } from "node:path"
import { Redis } from "ioredis"
import { expect } from "vitest"

/** A real Redis that is gone at the end of the block. */
export interface RealServer extends AsyncDisposable {
  readonly redis: Redis
  readonly port: number
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  const port = address !== null && typeof address === "object" ? address.port : 0
  server.close()
  await once(server, "close")
  return port
}

/** Starts a real Redis in a folder, on a free port. */
export const realServer = async (
  dir: string,
  options: Readonly<Record<string, string>> = {}
): Promise<RealServer> => {
  const port = await freePort()
  const path = join(dir, "redis.sock")
  const settings = { port: String(port), bind: "127.0.0.1", unixsocket: path, dir, save: "", ...options }
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn("redis-server", words, { stdio: "ignore" })
  const password = options["requirepass"]
  const redis = new Redis({
    path,
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
    ...(password === undefined ? {} : { password })
  })
  redis.on("error", () => undefined)
  await expect.poll(() => redis.ping().catch(() => ""), { timeout: 10_000 }).toBe("PONG")
  return {
    redis,
    port,
    [Symbol.asyncDispose]: async () => {
      redis.disconnect()
      child.kill("SIGKILL")
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
    }
  }
}
