/** `compozy embedded temporal`, in process. */
import { Connection } from "@temporalio/client"
import { Deferred, Effect, Fiber } from "effect"
import { expect, it } from "vitest"
import { runCommandLine } from "../../src/cli/main.ts"
import type { StopSignal, Terminal } from "../../src/cli/Terminal.ts"

const terminalOf = (env: Readonly<Record<string, string>>) => {
  const said = { out: "", err: "" }
  const terminal: Terminal = {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    color: { out: false, err: false },
    useColor: () => undefined,
    interactive: false,
    cwd: "/",
    env
  }
  return { said, terminal }
}

const refused = async (...args: ReadonlyArray<string>) => {
  const { said, terminal } = terminalOf({})
  const code = await Effect.runPromise(runCommandLine(["embedded", "temporal", ...args], terminal))
  return { code, ...said }
}

it("says in one line where it listens, lets in whoever has the key, and ends when asked to", async () => {
  const { said, terminal } = terminalOf({ TEMPORAL_API_KEY: "a-key-of-this-test" })
  const asked = Deferred.makeUnsafe<StopSignal>()
  const args = [
    "embedded",
    "temporal",
    "--port",
    "0",
    "--namespace",
    "more",
    "--search-attribute",
    "Color=Keyword"
  ]
  const fiber = Effect.runFork(runCommandLine(args, terminal, Deferred.await(asked)))
  await expect.poll(() => said.out, { timeout: 20_000 }).toMatch(/^Temporal listens on 127\.0\.0\.1:\d+\n$/)
  const address = said.out.trim().split(" ").at(-1) ?? ""
  const connection = await Connection.connect({
    address,
    metadata: { authorization: "Bearer a-key-of-this-test" }
  })
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: "more" })
  expect(customAttributes).toEqual({ Color: 2 })
  await connection.close()
  expect(said.err).not.toContain("a-key-of-this-test")
  Deferred.doneUnsafe(asked, Effect.succeed("SIGTERM"))
  expect(await Effect.runPromise(Fiber.join(fiber))).toBe(0)
})

it("refuses a host that others can reach, a type that is none, and a port that is none", async () => {
  expect(await refused("--port", "0", "--host", "0.0.0.0")).toMatchObject({
    code: 3,
    out: "",
    err: expect.stringContaining("0.0.0.0 can be reached by other machines") as unknown
  })
  expect(await refused("--port", "0", "--search-attribute", "Color=Colour")).toMatchObject({
    code: 2,
    out: ""
  })
  expect(await refused("--port", "70000")).toMatchObject({ code: 2, out: "" })
})
