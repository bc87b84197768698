/**
 * Makes this process the only owner of a database file.
 *
 * The lock is SQLite's own, held on a small file beside the database: the kernel releases it when the process ends,
 * however it ends, so a lock is never stale. The database itself stays readable by other tools.
 */
import { Effect, type Scope } from "effect"
import { chmodSync, closeSync, mkdirSync, openSync, readSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { openSqlite } from "./database/SqliteClient.ts"
import { LayerError, type LayerName } from "./LayerError.ts"

/** SQLite keeps `user_version` in the 4 bytes at offset 60 of a file (https://sqlite.org/fileformat.html#user_version_number). */
const USER_VERSION_OFFSET = 60

const readOwner = (lockPath: string): number | undefined => {
  const bytes = Buffer.alloc(4)
  const file = openSync(lockPath, "r")
  try {
    return readSync(file, bytes, 0, 4, USER_VERSION_OFFSET) === 4 ? bytes.readUInt32BE(0) : undefined
  } finally {
    closeSync(file)
  }
}

/** A database file and the config key that names it. */
export interface OwnedFile {
  readonly path: string
  readonly layer: LayerName
  readonly key: string
  /** What it is, as part of a sentence: `database`. */
  readonly what: string
}

const inUse = ({ key, layer, path, what }: OwnedFile, lockPath: string, cause: unknown): LayerError => {
  const pid = readOwner(lockPath) ?? 0
  const [holder, stop] =
    pid === 0
      ? ["another process", "Stop that process"]
      : pid === process.pid
        ? ["this very process", "Close the other one first"]
        : [`the process ${pid}`, `Stop that process (kill ${pid})`]
  return new LayerError({
    layer,
    failure: "in-use",
    message: `The ${what} ${path} is in use by ${holder}. Nothing was touched.`,
    fix: `${stop}, or set another ${key}.`,
    key,
    value: path,
    address: path,
    cause
  })
}

/** The error of a file that cannot be used as it has to be. */
export const storageError = (
  { key, layer, path, what }: OwnedFile,
  problem: string,
  cause: unknown
): LayerError =>
  new LayerError({
    layer,
    failure: "storage",
    message: `The ${what} ${path} ${problem}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    fix: `Check the path, the permissions of its folder and the free space, or set another ${key}.`,
    key,
    value: path,
    address: path,
    cause
  })

const BUSY = new Set([5, 6])

const isBusy = (cause: unknown): boolean =>
  cause instanceof Error &&
  "errcode" in cause &&
  typeof cause.errcode === "number" &&
  BUSY.has(cause.errcode & 0xff)

/** Nobody but the owner reads a file of ours; folders that exist keep their mode. */
const prepare = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, "a", 0o600))
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600)
}

/**
 * Owns the file until the scope closes, and makes it private to its user; makes it and its folder where they are missing.
 * Fails with `in-use` and the owner's pid when somebody else owns it.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { ownFile } from "./FileOwner.ts"
 *
 * const program = Effect.scoped(
 *   ownFile({ path: "/var/lib/compozy/compozy.db", layer: "database", key: "database.path", what: "database" })
 * )
 * ```
 */
export const ownFile = (file: OwnedFile): Effect.Effect<void, LayerError, Scope.Scope> => {
  const lockPath = `${file.path}.lock`
  return Effect.asVoid(
    Effect.acquireRelease(
      Effect.try({
        try: () => {
          mkdirSync(dirname(file.path), { recursive: true, mode: 0o700 })
          const db = openSqlite({ filename: lockPath, disableWAL: true, busyTimeout: 0 })
          try {
            // The write takes the exclusive lock, and this mode keeps it when the write is done. Nothing in the file is
            // worth a journal or a wait for the disk.
            db.exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE")
            db.exec(`PRAGMA user_version = ${process.pid}`)
            prepare(file.path)
            return db
          } catch (cause) {
            db.close()
            throw cause
          }
        },
        catch: (cause) =>
          isBusy(cause) ? inUse(file, lockPath, cause) : storageError(file, "cannot be used", cause)
      }),
      (db) => Effect.sync(() => db.close())
    )
  )
}
