import { chmod, mkdtemp, mkdir, rm, stat, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { makeDataDirectory, makePrivateDirectory } from "../../src/runtime/DataDirectory.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "compozy-folder-"))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const refusal = async (make: typeof makeDataDirectory, path: string) => {
  const error = await Effect.runPromise(Effect.flip(make(path)))
  return `${error.code} ${error.message.replaceAll(folder, "<folder>")}`
}

describe("the folder of the state", () => {
  it("says what is in its place when that is a file", async () => {
    await writeFile(join(folder, "file"), "")
    expect(await refusal(makeDataDirectory, join(folder, "file"))).toMatchInlineSnapshot(
      `"COMPOZY_DATA_DIRECTORY The folder <folder>/file cannot be used: something that is no folder is in its place."`
    )
    expect(await refusal(makeDataDirectory, join(folder, "file", "deeper"))).toMatchInlineSnapshot(
      `"COMPOZY_DATA_DIRECTORY The folder <folder>/file/deeper cannot be used: something that is no folder is in its place."`
    )
  })

  it("gives the system's reason where there is no better one", async () => {
    expect(await refusal(makeDataDirectory, join(folder, "x".repeat(300)))).toContain("ENAMETOOLONG")
  })
})

describe("a folder where other users can write", () => {
  it("is taken from everybody else", async () => {
    const path = join(folder, "run")
    await mkdir(path)
    await chmod(path, 0o755)
    await Effect.runPromise(makePrivateDirectory(path))
    expect((await stat(path)).mode & 0o777).toBe(0o700)
  })

  it("is refused where it is a link, which somebody else may have put there", async () => {
    await mkdir(join(folder, "target"))
    await symlink(join(folder, "target"), join(folder, "link"))
    expect(await refusal(makePrivateDirectory, join(folder, "link"))).toMatchInlineSnapshot(
      `"COMPOZY_DATA_DIRECTORY The folder <folder>/link cannot be used: it is no folder."`
    )
  })
})
