/** What a real Redis 7.0.15 answered to each of these lines, recorded in streamReplies.json. */
import { readFileSync } from "node:fs"
import { describe } from "vitest"
import { answersLikeRedis, type Row } from "./replies.ts"

const recorded: Readonly<Record<string, ReadonlyArray<Row>>> = JSON.parse(
  readFileSync(new URL("./streamReplies.json", import.meta.url), "utf8")
)

describe("streams", () => {
  for (const [name, rows] of Object.entries(recorded)) answersLikeRedis(name, rows)
})
