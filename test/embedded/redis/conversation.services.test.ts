import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { Redis } from "ioredis"
import { expect, it } from "vitest"
import { conversation, converse } from "./conversation.ts"
import { folder } from "./folder.ts"

it("the recorded conversation is what a real Redis answers", async () => {
  // A server of its own: the conversation begins with an empty one.
  using home = folder()
  const directory = home.path
  const socket = join(directory, "redis.sock")
  const child = spawn(
    "redis-server",
    ["--port", "0", "--unixsocket", socket, "--dir", directory, "--save", ""],
    {
      stdio: "ignore"
    }
  )
  const redis = new Redis(socket, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  redis.on("error", () => undefined)
  try {
    const recorded = conversation()
    expect(
      await converse(
        redis,
        recorded.map(({ command }) => command)
      )
    ).toEqual(recorded)
  } finally {
    redis.disconnect()
    child.kill("SIGKILL")
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
  }
})
