import * as fc from "fast-check"
import { Effect } from "effect"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { runCommand } from "../../src/cli/CommandLine.ts"
import { ExitCode } from "../../src/cli/ExitCode.ts"
import { quickArguments } from "../../src/cli/QuickArguments.ts"
import type { CommandContext, Terminal } from "../../src/cli/Terminal.ts"
import { keys } from "../../src/config/Keys.ts"

/** What a command was given, instead of its work. */
const given = vi.hoisted((): Array<unknown> => [])

vi.mock("../../src/cli/commands/Start.ts", () => ({
  start: ({ config, flags, json }: CommandContext) => {
    given.push({ command: "start", shared: { flags, config, json } })
    return Effect.succeed(0)
  }
}))
vi.mock("../../src/cli/commands/Run.ts", () => ({
  run: ({ config, flags, json }: CommandContext, run: unknown) => {
    given.push({ command: "run", shared: { flags, config, json }, run })
    return Effect.succeed(0)
  }
}))

const terminal: Terminal = {
  out: () => undefined,
  err: () => undefined,
  color: { out: false, err: false },
  useColor: () => undefined,
  interactive: false,
  cwd: "/",
  env: {}
}

/** What `effect/cli` makes of the arguments. */
const whole = async (args: ReadonlyArray<string>): Promise<unknown> => {
  await Effect.runPromise(
    runCommand(args, {
      keys,
      terminal,
      version: "0.0.0",
      stopRequested: Effect.never,
      finish: () => undefined,
      report: () => ExitCode.failed
    })
  )
  return given.pop()
}

const quick = (...args: ReadonlyArray<string>) => quickArguments(args, keys)

beforeEach(() => {
  given.length = 0
})

describe("the arguments of start and run, read without effect/cli", () => {
  it("gives settings, the config and the workflow's input", () => {
    expect(quick("start", "--mode", "memory", "--port=0", "--config", "here.ts")).toEqual({
      command: "start",
      shared: { flags: { mode: "memory", port: "0" }, config: "here.ts", json: false }
    })
    expect(quick("run", "hello", "name=Ada", "cities:=[]", "--json", "--idempotency-key", "k")).toEqual({
      command: "run",
      shared: { flags: {}, config: undefined, json: true },
      run: {
        workflow: "hello",
        input: undefined,
        inputFile: undefined,
        idempotencyKey: "k",
        values: ["name=Ada", "cities:=[]"]
      }
    })
  })

  it.each([
    ["another command", ["config", "show"]],
    ["help", ["start", "--help"]],
    ["an unknown flag", ["start", "--prot", "1"]],
    ["a flag twice", ["start", "--port", "1", "--port", "2"]],
    ["a flag without its value", ["start", "--port"]],
    ["a value that looks like a flag", ["run", "hello", "--input", "-1"]],
    ["a switch", ["start", "--no-monitoring-enabled"]],
    ["an alias", ["start", "-c", "here.ts"]],
    ["the end of flags", ["run", "hello", "--", "a=1"]],
    ["too much", ["start", "now"]],
    ["too little", ["run"]]
  ])("leaves %s to effect/cli", (_name, args) => {
    expect(quick(...args)).toBeUndefined()
  })

  it("reads what it reads as effect/cli does", async () => {
    const word = fc.constantFrom<string>(
      "--mode",
      "--port",
      "--config",
      "--input",
      "--input-file",
      "--idempotency-key",
      "--json",
      "--color",
      "--mode=memory",
      "--port=1=2",
      "--json=true",
      "--config=",
      "memory",
      "a=1",
      "a:=[1]",
      "-c",
      "--",
      "",
      "x y"
    )
    const args = fc
      .tuple(fc.constantFrom<string>("start", "run"), fc.array(word, { maxLength: 6 }))
      .map(([command, rest]): ReadonlyArray<string> => rest.toSpliced(0, 0, command))
    let read = 0
    await fc.assert(
      fc.asyncProperty(args, async (args) => {
        const mine = quickArguments(args, keys)
        if (mine === undefined) return
        read++
        expect(await whole(args)).toEqual(mine)
      }),
      { numRuns: 400 }
    )
    expect(read).toBeGreaterThan(20)
  })
})
