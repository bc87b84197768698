import { spawnSync } from "node:child_process"
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"

// Processes are started here: on a busy machine each takes seconds.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const bin = fileURLToPath(new URL("../../bin/compozy.js", import.meta.url))

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "compozy-bin-"))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const run = (args: ReadonlyArray<string>, nodeArgs: ReadonlyArray<string> = [], env = {}) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeArgs, bin, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...env }
  })
  return { status, stdout, stderr }
}

const pretend = (version: string) => [
  "--import",
  `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"${version}"})`
]

describe("bin/compozy.js", () => {
  it("says in one line that an old Node is too old", () => {
    expect(run(["--version"], pretend("20.20.2"))).toEqual({
      status: 1,
      stdout: "",
      stderr: "compozy needs Node.js 22.19 or newer; this is 20.20.2.\n"
    })
  })

  it("can be read by an old Node: no import, nothing newer than it needs", async () => {
    const text = await readFile(bin, "utf8")
    expect(text).not.toMatch(/^import\s/m)
    expect(text).not.toMatch(/\?\?|\?\./)
  })

  it("hands over to the copy that is installed in the project of the config", async () => {
    const installed = join(folder, "project", "node_modules", "compozy")
    await mkdir(join(installed, "dist", "cli"), { recursive: true })
    await writeFile(join(folder, "project", "compozy.config.ts"), "")
    await writeFile(
      join(installed, "package.json"),
      JSON.stringify({ name: "compozy", type: "module", exports: { "./package.json": "./package.json" } })
    )
    await writeFile(
      join(installed, "dist", "cli", "main.js"),
      "export const main = (args) => console.log('the project\\'s own', args.join(' '))"
    )
    for (const config of ["project/compozy.config.ts", "project"]) {
      const args = ["config", "show", "--config", config]
      expect(run(args)).toMatchObject({ status: 0, stdout: `the project's own ${args.join(" ")}\n` })
    }
  })

  it("says what to install where the project has no copy", async () => {
    await writeFile(
      join(folder, "compozy.config.ts"),
      'import { defineMode } from "compozy"\nexport default defineMode({})'
    )
    const { status, stderr } = run(["config", "show"])
    expect(status).toBe(3)
    expect(stderr).toContain("npm install compozy")
  })

  it("loads no engine for --help and config show", () => {
    const loaded = (...args: ReadonlyArray<string>) => run(args, [], { NODE_DEBUG: "esm" }).stderr
    for (const args of [["--help"], ["config", "show"]]) {
      expect(loaded(...args)).not.toMatch(/@temporalio|ioredis|grpc-js|sql-pg|embedded/)
    }
  })
})
