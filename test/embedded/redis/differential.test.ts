import { describe, expect, it } from "vitest"
import { recorded } from "./differential/recorded.ts"
import { run } from "./differential/run.ts"
import { opened } from "./open.ts"
import { memoryWire } from "./wire.ts"

describe("the embedded Redis", () => {
  it("answers recorded programs as a real Redis 7.0.15 did, and holds the same in the end", async () => {
    await using server = await opened()
    const wire = await memoryWire(server.server)
    for (const { program, answers } of recorded()) {
      expect({ program, answers: await run(wire, program) }).toEqual({ program, answers })
    }
    wire.close()
  })
})
