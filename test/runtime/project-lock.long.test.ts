import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Scope } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { makeDataDirectory } from "../../src/runtime/DataDirectory.ts"
import { lockProject } from "../../src/runtime/ProjectLock.ts"

let folder: string
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "compozy-lock-")), ".compozy")
  await Effect.runPromise(makeDataDirectory(folder))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const holder = new URL("fixtures/hold-lock.ts", import.meta.url).pathname

const holdInAnotherProcess = async () => {
  const child = spawn(process.execPath, ["--no-warnings", holder, folder], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  await once(child.stdout, "data")
  return child
}

const tryLock = () => Effect.runPromise(Effect.result(Effect.scoped(lockProject(folder))))

describe("the folder", () => {
  it("is private and ignored by git", async () => {
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect(await readFile(join(folder, ".gitignore"), "utf8")).toBe("*\n")
  })

  it("keeps a .gitignore that somebody has changed", async () => {
    await writeFile(join(folder, ".gitignore"), "mine")
    await Effect.runPromise(makeDataDirectory(folder))
    expect(await readFile(join(folder, ".gitignore"), "utf8")).toBe("mine")
  })
})

describe("the lock", () => {
  it("is free again when its scope has closed", async () => {
    const first = await Effect.runPromise(Scope.make())
    await Effect.runPromise(Scope.provide(lockProject(folder), first))
    expect((await tryLock())._tag).toBe("Failure")
    await Effect.runPromise(Scope.close(first, Exit.void))
    expect((await tryLock())._tag).toBe("Success")
  })

  it("is made of files that only their owner reads", async () => {
    const child = await holdInAnotherProcess()
    const files = await readdir(folder)
    const modes = await Promise.all(
      files.map(async (file) => [file, (await stat(join(folder, file))).mode & 0o077] as const)
    )
    child.kill("SIGKILL")
    await once(child, "exit")
    expect(files).toContain("lock")
    expect(modes.filter(([, open]) => open !== 0)).toEqual([])
  })

  it("tells a second process who has it, and is taken over when that process was killed", async () => {
    const child = await holdInAnotherProcess()
    const refused = await tryLock()
    expect(refused).toMatchObject({ failure: { _tag: "ProjectLocked", pid: child.pid } })

    child.kill("SIGKILL")
    await once(child, "exit")
    expect((await tryLock())._tag).toBe("Success")
  })
})
