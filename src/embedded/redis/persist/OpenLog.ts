import { join } from "node:path"
import type { Engine } from "../engine/Engine.ts"
import type { PersistenceOptions } from "../Options.ts"
import { adopt, moveAside } from "./Adopt.ts"
import { REFUSE } from "./Damage.ts"
import { type FileSystem, syncFolder } from "./FileSystem.ts"
import { FolderPersistence } from "./FolderPersistence.ts"
import { lockFolder } from "./LockFile.ts"
import { FOLDER, isDataFile, type Manifest, MANIFEST } from "./Manifest.ts"
import { readManifest, recover, type Recovery, sizeOf } from "./Recovery.ts"

/** Persistence that is on. */
export interface OpenedLog {
  readonly recovery: Recovery
  /** Compacts before it returns; the text of the problem if that failed. */
  readonly compact: () => string | undefined
  readonly close: () => void
}

/** Removes what an interrupted compaction or save has left. */
const tidy = (fileSystem: FileSystem, dir: string, folder: string, manifest: Manifest): void => {
  const listed = new Set([manifest.base?.name, ...manifest.increments.map((file) => file.name), MANIFEST])
  for (const name of fileSystem.list(folder)) {
    const isTemporary = name === `${MANIFEST}.tmp` || (name.startsWith("temp-") && isDataFile(name.slice(5)))
    if ((isTemporary || isDataFile(name)) && !listed.has(name)) fileSystem.remove(join(folder, name))
  }
  for (const name of fileSystem.list(dir)) {
    if (/^temp-\d+\.rdb$/.test(name)) fileSystem.remove(join(dir, name))
  }
}

/** Loads a folder into an engine and logs its changes there from now on. */
export const openLog = (engine: Engine, fileSystem: FileSystem, options: PersistenceOptions): OpenedLog => {
  fileSystem.makeFolder(options.dir)
  const unlock = lockFolder(fileSystem, options.dir)
  try {
    return openLocked(engine, fileSystem, options, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

const openLocked = (
  engine: Engine,
  fileSystem: FileSystem,
  options: PersistenceOptions,
  unlock: () => void
): OpenedLog => {
  const { dir } = options
  const folder = join(dir, FOLDER)
  if (options.restoreOnStartup === false) moveAside(fileSystem, dir, folder)
  fileSystem.makeFolder(folder)
  syncFolder(fileSystem, dir)
  const manifest = readManifest(fileSystem, folder) ??
    adopt(fileSystem, dir, folder) ?? { base: undefined, increments: [] }
  const recovery = recover(engine, fileSystem, folder, manifest, REFUSE)
  tidy(fileSystem, dir, folder, manifest)
  const { settings } = engine
  settings.assign("appendonly", "yes")
  settings.assign("appendfsync", options.fsync ?? "everysec")
  settings.assign("dir", dir)
  const persistence = persist(engine, fileSystem, dir, manifest, recovery.keys)
  engine.attach(persistence)
  engine.expiry.run()
  const interval = options.snapshotInterval ?? 0
  const timer = interval > 0 ? setInterval(() => persistence.rewriteIfChanged(), interval).unref() : undefined
  return {
    recovery,
    compact: () => persistence.rewriteNow(),
    close: () => {
      clearInterval(timer)
      persistence.close(options.snapshotOnShutdown === true)
      unlock()
    }
  }
}

/** Goes on with the files that a manifest lists. */
export const persist = (
  engine: Engine,
  fileSystem: FileSystem,
  dir: string,
  manifest: Manifest,
  loadedKeys: number
): FolderPersistence => {
  const folder = join(dir, FOLDER)
  const state = {
    folder,
    manifest,
    baseBytes: manifest.base === undefined ? 0 : sizeOf(fileSystem, join(folder, manifest.base.name)),
    incrementBytes: manifest.increments.reduce(
      (sum, file) => sum + sizeOf(fileSystem, join(folder, file.name)),
      0
    )
  }
  return new FolderPersistence(engine, fileSystem, dir, state, loadedKeys)
}
