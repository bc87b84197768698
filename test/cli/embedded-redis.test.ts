/** `compozy embedded redis`, in process. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Deferred, Effect, Fiber } from "effect"
import { Redis } from "ioredis"
import { expect, it } from "vitest"
import { runCommandLine } from "../../src/cli/main.ts"
import type { StopSignal, Terminal } from "../../src/cli/Terminal.ts"

const terminalOf = () => {
  const said = { out: "", err: "" }
  const terminal: Terminal = {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    color: { out: false, err: false },
    useColor: () => undefined,
    interactive: false,
    cwd: "/",
    env: {}
  }
  return { said, terminal }
}

const ended = async (...args: ReadonlyArray<string>) => {
  const { said, terminal } = terminalOf()
  const code = await Effect.runPromise(runCommandLine(["embedded", "redis", ...args], terminal))
  return { code, ...said }
}

it("says in one line where it listens, prints the password that it made up, and keeps what it was given", async () => {
  const folder = await mkdtemp(join(tmpdir(), "compozy-redis-cli-"))
  const serve = async (work: (redis: Redis) => Promise<void>): Promise<void> => {
    const { said, terminal } = terminalOf()
    const asked = Deferred.makeUnsafe<StopSignal>()
    const args = ["embedded", "redis", "--port", "0", "--dir", folder]
    const fiber = Effect.runFork(runCommandLine(args, terminal, Deferred.await(asked)))
    await expect.poll(() => said.out, { timeout: 20_000 }).toMatch(/^Redis listens on 127\.0\.0\.1:\d+\n$/)
    const password = /^Clients need the password (\S+)\n/.exec(said.err)?.[1] ?? ""
    const redis = new Redis({ port: Number(said.out.trim().split(":").at(-1)), password })
    await work(redis)
    redis.disconnect()
    Deferred.doneUnsafe(asked, Effect.succeed("SIGTERM"))
    expect(await Effect.runPromise(Fiber.join(fiber))).toBe(0)
  }
  await serve(async (redis) => void (await redis.set("greeting", "hello")))
  await serve(async (redis) => expect(await redis.get("greeting")).toBe("hello"))
  expect(await ended("--dir", folder, "--repair")).toEqual({
    code: 0,
    out: `Nothing is damaged in ${folder}.\n`,
    err: ""
  })
  await rm(folder, { recursive: true })
})

it("refuses a host that others can reach, contradicting flags, and a port that is none", async () => {
  expect(await ended("--port", "0", "--host", "0.0.0.0")).toMatchObject({
    out: "",
    err: expect.stringContaining("0.0.0.0 can be reached by other machines") as unknown
  })
  expect(await ended("--port", "0", "--auth", "none", "--password", "x")).toMatchObject({ code: 2, out: "" })
  expect(await ended("--port", "70000")).toMatchObject({ code: 2, out: "" })
  expect(await ended("--repair")).toMatchObject({ code: 2, out: "" })
})
