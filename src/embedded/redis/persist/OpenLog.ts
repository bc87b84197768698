import { join } from "node:path"
import type { Engine } from "../engine/Engine.ts"
import { EmbeddedRedisError } from "../Errors.ts"
import type { PersistenceOptions } from "../Options.ts"
import { AppendLog } from "./AppendLog.ts"
import { type FileSystem, syncFolder } from "./FileSystem.ts"
import { type CutTail, loadFile } from "./Loader.ts"
import { lockFolder } from "./LockFile.ts"
import { FOLDER, type Manifest, MANIFEST, parseManifest } from "./Manifest.ts"

/** What was found in the folder. */
export interface Recovery {
  /** How many keys were loaded. */
  readonly keys: number
  /** How long it took, in milliseconds. */
  readonly millis: number
  /** An incomplete last command that was cut off: the process or the machine had died while writing it. */
  readonly cut: CutTail | undefined
}

/** Persistence that is on. */
export interface OpenedLog {
  readonly recovery: Recovery
  readonly save: () => string | undefined
  readonly close: () => void
}

const readManifest = (fileSystem: FileSystem, folder: string): Manifest => {
  const path = join(folder, MANIFEST)
  if (!fileSystem.exists(path)) return { base: undefined, increments: [] }
  const manifest = parseManifest(fileSystem.readText(path))
  if ("badLine" in manifest) {
    throw new EmbeddedRedisError({
      reason: "Damaged",
      file: path,
      message: `${path} is damaged in line ${manifest.badLine}.`,
      fix: "Restore the folder from a backup, or repair the line: it has the form 'file NAME seq NUMBER type b' (or i)."
    })
  }
  return manifest
}

const load = (engine: Engine, fileSystem: FileSystem, folder: string, manifest: Manifest): Recovery => {
  const start = performance.now()
  const files = [...(manifest.base === undefined ? [] : [manifest.base]), ...manifest.increments]
  for (const db of engine.databases) db.frozen = true
  let cut: CutTail | undefined
  for (const [index, file] of files.entries()) {
    if (!fileSystem.exists(join(folder, file.name))) {
      throw new EmbeddedRedisError({
        reason: "Damaged",
        file: join(folder, file.name),
        message: `${file.name} is listed in the manifest, but it is not there.`,
        fix: "Restore the file from a backup, or remove its line from the manifest."
      })
    }
    cut = loadFile(engine, fileSystem, folder, file.name, index === files.length - 1) ?? cut
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

const sizeOf = (fileSystem: FileSystem, path: string): number => {
  const file = fileSystem.open(path, "r")
  try {
    return fileSystem.size(file)
  } finally {
    fileSystem.close(file)
  }
}

/** Removes what an interrupted compaction has left. */
const tidy = (fileSystem: FileSystem, folder: string, manifest: Manifest): void => {
  const listed = new Set([manifest.base?.name, ...manifest.increments.map((file) => file.name), MANIFEST])
  for (const name of fileSystem.list(folder)) {
    const ours = /^(?:temp-)?appendonly\.aof\.\d+\.(?:base|incr)\.aof$|^appendonly\.aof\.manifest\.tmp$/.test(
      name
    )
    if (ours && !listed.has(name)) fileSystem.remove(join(folder, name))
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
  const folder = join(options.dir, FOLDER)
  if (options.restoreOnStartup === false && fileSystem.exists(folder)) {
    fileSystem.rename(folder, `${folder}.${Date.now()}`)
  }
  fileSystem.makeFolder(folder)
  syncFolder(fileSystem, options.dir)
  const manifest = readManifest(fileSystem, folder)
  const recovery = load(engine, fileSystem, folder, manifest)
  tidy(fileSystem, folder, manifest)
  const { settings } = engine
  settings.assign("appendonly", "yes")
  settings.assign("appendfsync", options.fsync ?? "everysec")
  settings.assign("dir", options.dir)
  const log = new AppendLog(engine, fileSystem, {
    folder,
    manifest,
    baseBytes: manifest.base === undefined ? 0 : sizeOf(fileSystem, join(folder, manifest.base.name)),
    incrementBytes: manifest.increments.reduce(
      (sum, file) => sum + sizeOf(fileSystem, join(folder, file.name)),
      0
    )
  })
  engine.attach(log)
  engine.resume()
  const interval = options.snapshotInterval ?? 0
  const timer = interval > 0 ? setInterval(() => log.snapshotIfChanged(), interval).unref() : undefined
  return {
    recovery,
    save: () => log.saveNow(),
    close: () => {
      clearInterval(timer)
      log.close(options.snapshotOnShutdown === true)
      unlock()
    }
  }
}
