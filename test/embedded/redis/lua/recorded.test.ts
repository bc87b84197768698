import { describe, expect, it } from "vitest"
import { opened } from "../open.ts"
import { memoryWire } from "../wire.ts"
import { answerOf, begin, recorded } from "./answers.ts"

describe("Lua", () => {
  it("answers what a real Redis has answered: values, errors and where they arose, in the same words", async () => {
    await using server = await opened()
    const wire = await memoryWire(server.server)
    await begin(wire)
    const differences = []
    for (const [script, answer] of recorded()) {
      const own = await answerOf(wire, script)
      if (own !== answer) differences.push({ script, own, answer })
    }
    wire.close()
    expect(differences).toEqual([])
  })
})
