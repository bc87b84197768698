import { describe, expect, it } from "vitest"
import { conversation, converse } from "./conversation.ts"
import { opened } from "./open.ts"

describe("the embedded Redis", () => {
  it("answers a long conversation as a real Redis 7 did", async () => {
    await using server = await opened()
    const recorded = conversation()
    expect(
      await converse(
        server.redis,
        recorded.map(({ command }) => command)
      )
    ).toEqual(recorded)
  })
})
