import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { folder } from "./folder.ts"
import { realServer } from "./realServer.ts"
import { answers, type Row } from "./replies.ts"

const recorded: Readonly<Record<string, ReadonlyArray<Row>>> = JSON.parse(
  readFileSync(new URL("./streamReplies.json", import.meta.url), "utf8")
)

it("what is recorded of streams is what a real Redis answers", async () => {
  using home = folder()
  await using server = await realServer(home.path)
  const { redis } = server
  for (const [name, rows] of Object.entries(recorded)) {
    // Every group begins with an empty server and the settings it started with.
    await redis.flushall()
    await redis.call("CONFIG", "SET", "stream-node-max-entries", "100", "stream-node-max-bytes", "4096")
    expect([name, await answers(redis, rows)]).toEqual([name, rows])
  }
})
