import { join } from "node:path"
import type { Engine } from "../engine/Engine.ts"
import { damagedList, type DamagePolicy } from "./Damage.ts"
import type { FileSystem } from "./FileSystem.ts"
import { type CutTail, loadFile } from "./Loader.ts"
import { isDataFile, type Manifest, MANIFEST, parseManifest } from "./Manifest.ts"

/** What was found in the folder. */
export interface Recovery {
  /** How many keys were loaded. */
  readonly keys: number
  /** How long it took, in milliseconds. */
  readonly millis: number
  /** An incomplete last command that was cut off: the process or the machine had died while writing it. */
  readonly cut: CutTail | undefined
}

/** The size of a file, in bytes. */
export const sizeOf = (fileSystem: FileSystem, path: string): number => {
  const file = fileSystem.open(path, "r")
  try {
    return fileSystem.size(file)
  } finally {
    fileSystem.close(file)
  }
}

/** The files that make up the data; `undefined` if there are none yet. Throws `Damaged`. */
export const readManifest = (fileSystem: FileSystem, folder: string): Manifest | undefined => {
  const path = join(folder, MANIFEST)
  if (!fileSystem.exists(path)) {
    // The first file is made before the manifest: it may be there, but nothing can be in it.
    for (const name of fileSystem.list(folder)) {
      if (isDataFile(name) && sizeOf(fileSystem, join(folder, name)) > 0) {
        throw damagedList(path, `${path} is missing, although ${name} is there.`)
      }
    }
    return undefined
  }
  const manifest = parseManifest(fileSystem.readText(path))
  if ("badLine" in manifest) throw damagedList(path, `${path} is damaged in line ${manifest.badLine}.`)
  return manifest
}

/** Loads what a manifest lists into an engine. With `readsOnly` the files stay as they are: a torn tail is damage too. */
export const recover = (
  engine: Engine,
  fileSystem: FileSystem,
  folder: string,
  manifest: Manifest,
  policy: DamagePolicy,
  readsOnly = false
): Recovery => {
  const start = performance.now()
  const { base, increments } = manifest
  const last = increments.at(-1)
  for (const db of engine.databases) db.frozen = true
  let cut: CutTail | undefined
  for (const file of base === undefined ? increments : [base, ...increments]) {
    const path = join(folder, file.name)
    if (!fileSystem.exists(path)) {
      policy.onDamage(damagedList(path, `${file.name} is listed in the manifest, but it is not there.`), 0)
      continue
    }
    cut =
      loadFile(engine, fileSystem, folder, file.name, { cutsTail: file === last && !readsOnly, policy }) ??
      cut
  }
  for (const db of engine.databases) db.frozen = false
  const keys = engine.databases.reduce((sum, db) => sum + db.size, 0)
  if (cut !== undefined) {
    engine.logger(
      "warn",
      `${cut.file} ended in the middle of a command: its last ${cut.bytes} bytes, from ${cut.offset} on, were cut off.`
    )
  }
  return { keys, millis: performance.now() - start, cut }
}
