import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { Redis } from "ioredis"
import { vi } from "vitest"
import { freePort } from "../../../scripts/services/Process.ts"
import { folder } from "./folder.ts"
import { socketWire, type Wire } from "./wire.ts"

const SOCKET = "redis.sock"

/** A real Redis that is gone at the end of the block. */
export interface RealServer extends AsyncDisposable {
  readonly redis: Redis
  readonly port: number
}

/** A real Redis, its folder and a connection that shows bytes; all are gone at the end of the block. */
export interface RealWire extends AsyncDisposable {
  readonly wire: Wire
}

/** Starts a real Redis in a folder of its own. */
export const realWire = async (): Promise<RealWire> => {
  const home = folder()
  const server = await realServer(home.path)
  const wire = await socketWire(join(home.path, SOCKET))
  return {
    wire,
    [Symbol.asyncDispose]: async () => {
      wire.close()
      await server[Symbol.asyncDispose]()
      home[Symbol.dispose]()
    }
  }
}

/** Starts a real Redis in a folder, on a free port. */
export const realServer = async (
  dir: string,
  options: Readonly<Record<string, string>> = {}
): Promise<RealServer> => {
  const port = await freePort()
  const path = join(dir, SOCKET)
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
  await vi.waitFor(() => redis.ping(), { timeout: 10_000 })
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
