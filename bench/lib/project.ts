/** A user's project for a bench: a folder of its own with a config, and `compozy` and `effect` installed by link. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

/** The folder of the repository. */
export const root = resolve(import.meta.dirname, "../..")

/** The CLI as it is installed. */
export const cli = join(root, "bin/compozy.js")

/** Makes a project from the text of its config; disposing deletes it. */
export const makeProject = async (config: string): Promise<{ readonly folder: string } & AsyncDisposable> => {
  const folder = await mkdtemp(join(tmpdir(), "compozy-bench-"))
  await mkdir(join(folder, "node_modules"))
  await symlink(root, join(folder, "node_modules/compozy"))
  await symlink(join(root, "node_modules/effect"), join(folder, "node_modules/effect"))
  await writeFile(join(folder, "package.json"), '{"type":"module"}')
  await writeFile(join(folder, "compozy.config.ts"), config)
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
