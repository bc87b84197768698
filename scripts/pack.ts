/**
 * What is published needs no `prepare`, and npm warns those who install it of a script that they have not allowed: it is
 * taken out while npm packs. `node scripts/pack.ts before|after`, as `prepack` and `postpack`.
 */
import { readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { isMain, root } from "./lib/project.ts"

const file = join(root, "package.json")
const kept = join(root, "node_modules/.package.json.packing")

/** Takes `prepare` out of package.json, until `afterPack`. */
export const beforePack = async (): Promise<void> => {
  const text = await readFile(file, "utf8")
  const published = text.replace(/^ *"prepare": .*\n/m, "")
  await writeFile(kept, text)
  await writeFile(`${kept}.new`, published)
  await rename(`${kept}.new`, file)
}

/** Puts package.json back as it was. */
export const afterPack = (): Promise<void> => rename(kept, file)

if (isMain(import.meta.url)) await (process.argv[2] === "before" ? beforePack() : afterPack())
