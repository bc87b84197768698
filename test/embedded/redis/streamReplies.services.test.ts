import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Redis } from "ioredis"
import { expect, it } from "vitest"
import { folder } from "./folder.ts"
import { answers, type Row } from "./replies.ts"

const recorded: Readonly<Record<string, ReadonlyArray<Row>>> = JSON.parse(
  readFileSync(new URL("./streamReplies.json", import.meta.url), "utf8")
)

it("what is recorded of streams is what a real Redis answers", async () => {
  using home = folder()
  const socket = join(home.path, "redis.sock")
  const options = ["--port", "0", "--unixsocket", socket, "--dir", home.path, "--save", ""]
  const child = spawn("redis-server", options, { stdio: "ignore" })
  const redis = new Redis(socket, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  redis.on("error", () => undefined)
  try {
    for (const [name, rows] of Object.entries(recorded)) {
      // Every group begins with an empty server and the settings it started with.
      await redis.flushall()
      await redis.call("CONFIG", "SET", "stream-node-max-entries", "100", "stream-node-max-bytes", "4096")
      expect([name, await answers(redis, rows)]).toEqual([name, rows])
    }
  } finally {
    redis.disconnect()
    child.kill("SIGKILL")
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
  }
})
