import { join } from "node:path"
import { DUMP_FILE } from "./DumpFile.ts"
import { type FileSystem, replaceFile, syncFolder, writeAll } from "./FileSystem.ts"
import { baseName, formatManifest, type Manifest, MANIFEST } from "./Manifest.ts"

/** The one file of the log before Redis 7. */
const OLD_LOG = "appendonly.aof"
const CHUNK = 1024 * 1024

const copyFile = (fileSystem: FileSystem, from: string, to: string): void => {
  const source = fileSystem.open(from, "r")
  try {
    const target = fileSystem.open(to, "w")
    try {
      const bytes = Buffer.allocUnsafe(CHUNK)
      for (let read = fileSystem.read(source, bytes); read > 0; read = fileSystem.read(source, bytes)) {
        writeAll(fileSystem, target, bytes.subarray(0, read))
      }
      fileSystem.sync(target)
    } finally {
      fileSystem.close(target)
    }
  } finally {
    fileSystem.close(source)
  }
}

/**
 * Takes over what a Redis without `appendonlydir` has left in a folder: the log of Redis 6 and before, or else
 * `dump.rdb`. It is copied, and becomes the base of a new log.
 */
export const adopt = (fileSystem: FileSystem, dir: string, folder: string): Manifest | undefined => {
  const isLog = fileSystem.exists(join(dir, OLD_LOG))
  const name = isLog ? OLD_LOG : DUMP_FILE
  if (!fileSystem.exists(join(dir, name))) return undefined
  const base = { name: baseName(1, isLog ? "aof" : "rdb"), sequence: 1, type: "b" } as const
  const temporary = join(folder, `temp-${base.name}`)
  copyFile(fileSystem, join(dir, name), temporary)
  fileSystem.rename(temporary, join(folder, base.name))
  syncFolder(fileSystem, folder)
  const manifest: Manifest = { base, increments: [] }
  replaceFile(fileSystem, folder, join(folder, MANIFEST), formatManifest(manifest))
  return manifest
}

/** Moves away what a folder holds, so that nothing of it is loaded. */
export const moveAside = (fileSystem: FileSystem, dir: string, folder: string): void => {
  const now = Date.now()
  for (const path of [folder, join(dir, DUMP_FILE), join(dir, OLD_LOG)]) {
    if (fileSystem.exists(path)) fileSystem.rename(path, `${path}.${now}`)
  }
}
