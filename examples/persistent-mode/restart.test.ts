import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, onTestFinished, test } from "vitest"

test("an order that waits survives the death of its server", async () => {
  // In a folder of its own: the state belongs to one test.
  const folder = await mkdtemp(join(tmpdir(), "compozy-persistent-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const repository = join(import.meta.dirname, "../..")
  for (const file of ["compozy.config.ts", "restart.ts"]) {
    await cp(join(import.meta.dirname, file), join(folder, file))
  }
  await mkdir(join(folder, "node_modules"))
  await symlink(repository, join(folder, "node_modules/compozy"))
  await symlink(join(repository, "node_modules/effect"), join(folder, "node_modules/effect"))
  const { stdout } = await promisify(execFile)(process.execPath, ["restart.ts"], { cwd: folder })
  expect(stdout).toMatchInlineSnapshot(`
    "the goods are reserved, and the order waits for an approval: killing the server
    after the restart the order is RUNNING: approving it
    {"parcel":"parcel of the reservation of A-1","approvedBy":"Ada"}
    "
  `)
})
