import { join } from "node:path"
import { Engine } from "./engine/Engine.ts"
import { EmbeddedRedisError } from "./Errors.ts"
import { AppendLog } from "./persist/AppendLog.ts"
import type { DamagePolicy, Finding } from "./persist/Damage.ts"
import { type FileSystem, nodeFileSystem, syncFolder } from "./persist/FileSystem.ts"
import { lockFolder } from "./persist/LockFile.ts"
import { FOLDER, isDataFile, type Manifest, type ManifestFile } from "./persist/Manifest.ts"
import { readManifest, recover } from "./persist/Recovery.ts"
import { SnapshotRunner } from "./persist/SnapshotRunner.ts"

/** What a repair has found and done. */
export interface RepairReport {
  /** What is damaged; empty if nothing is, and then nothing was changed. */
  readonly findings: ReadonlyArray<Finding>
  /** How many keys could be read. */
  readonly keys: number
  /** Where the folder is now that was repaired; nothing in it was changed. */
  readonly originals: string | undefined
}

/** Enough for any Redis: what a file holds decides how many there are. */
const DATABASES = 1024
/** After damage many commands may fail; nobody reads more of them. */
const MOST_FINDINGS = 1000

const noted = (findings: Array<Finding>): DamagePolicy => ({
  onDamage: (error, bytes) => {
    if (error.reason !== "Damaged") throw error
    if (findings.length >= MOST_FINDINGS) return
    findings.push({ file: error.file ?? "", offset: error.offset ?? 0, why: error.message, bytes })
  }
})

/** The files that are there, for a manifest that cannot be read: the latest base and every increment. */
const listFiles = (fileSystem: FileSystem, folder: string): Manifest => {
  const files = fileSystem
    .list(folder)
    .filter(isDataFile)
    .map((name): ManifestFile => {
      const [, , sequence = "0", kind] = name.split(".")
      return { name, sequence: Number(sequence), type: kind === "base" ? "b" : "i" }
    })
    .toSorted((left, right) => left.sequence - right.sequence)
  return {
    base: files.findLast((file) => file.type === "b"),
    increments: files.filter((file) => file.type === "i")
  }
}

const manifestOf = (fileSystem: FileSystem, folder: string, policy: DamagePolicy): Manifest => {
  try {
    return readManifest(fileSystem, folder) ?? { base: undefined, increments: [] }
  } catch (error) {
    if (!(error instanceof EmbeddedRedisError)) throw error
    policy.onDamage(error, 0)
    return listFiles(fileSystem, folder)
  }
}

/** Writes what an engine holds into a folder of its own. */
const writeFolder = (engine: Engine, fileSystem: FileSystem, folder: string): void => {
  if (fileSystem.exists(folder)) fileSystem.remove(folder)
  fileSystem.makeFolder(folder)
  const state = { folder, manifest: { base: undefined, increments: [] }, baseBytes: 0, incrementBytes: 0 }
  const log = new AppendLog(
    engine,
    fileSystem,
    new SnapshotRunner(engine, fileSystem),
    state,
    () => undefined
  )
  const problem = log.rewriteNow()
  log.close(false)
  if (problem === undefined) return
  throw new EmbeddedRedisError({
    reason: "Io",
    file: folder,
    message: `What could be read cannot be written to ${folder}: ${problem}.`,
    fix: "Free some room on the disk, then repair again. Nothing was changed."
  })
}

/** Repairs a folder, on a file system of one's choice. */
export const repairFolder = (dir: string, fileSystem: FileSystem): RepairReport => {
  const folder = join(dir, FOLDER)
  if (!fileSystem.exists(folder)) return { findings: [], keys: 0, originals: undefined }
  const unlock = lockFolder(fileSystem, dir)
  const engine = new Engine({ databases: DATABASES, logger: () => undefined })
  try {
    const findings: Array<Finding> = []
    const policy = noted(findings)
    const manifest = manifestOf(fileSystem, folder, policy)
    const { keys } = recover(engine, fileSystem, folder, manifest, policy, true)
    if (findings.length === 0) return { findings, keys, originals: undefined }
    const fresh = `${folder}.repaired`
    const originals = `${folder}.damaged.${Date.now()}`
    writeFolder(engine, fileSystem, fresh)
    fileSystem.rename(folder, originals)
    fileSystem.rename(fresh, folder)
    syncFolder(fileSystem, dir)
    return { findings, keys, originals }
  } finally {
    engine.close()
    unlock()
  }
}

/**
 * Makes a damaged folder loadable again. What can be read is written anew: the base up to its damage, and the log up to
 * the first damage in each of its files. The damaged files are kept beside it, as they were, and what is lost is told.
 *
 * Nothing may have the folder open (`Locked`). Fails with `Io` if the disk has no room for a second copy.
 *
 * @param dir The folder that was given as `persistence.dir`.
 * @example
 * ```ts
 * import { repair } from "compozy/embedded/redis"
 *
 * const { findings, keys, originals } = await repair("data/redis")
 * for (const { why, bytes } of findings) console.log(`${why} ${bytes} bytes were left out.`)
 * console.log(`${keys} keys are left; the damaged files are in ${originals}.`)
 * ```
 */
export const repair = async (dir: string): Promise<RepairReport> => repairFolder(dir, nodeFileSystem)
