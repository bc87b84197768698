/**
 * Makes this process the only owner of a database file.
 *
 * The lock is SQLite's own, held on a small file beside the database: the kernel releases it when the process ends,
 * however it ends, so a lock is never stale. The database itself stays readable by other tools.
 */
import { Effect, type Scope } from "effect"
import { closeSync, openSync, readSync } from "node:fs"
import { LayerError } from "../LayerError.ts"
import { openSqlite } from "./SqliteClient.ts"

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

const inUse = (path: string, lockPath: string, cause: unknown): LayerError => {
  const pid = readOwner(lockPath)
  const holder = pid === undefined || pid === 0 ? "another process" : `the process ${pid}`
  return new LayerError({
    layer: "database",
    failure: "in-use",
    message: `The database ${path} is in use by ${holder}. Nothing was touched.`,
    fix:
      pid === undefined || pid === 0
        ? "Stop that process, or set another database.path."
        : `Stop that process (kill ${pid}), or set another database.path.`,
    key: "database.path",
    value: path,
    address: path,
    cause
  })
}

const BUSY = new Set([5, 6])

const isBusy = (cause: unknown): boolean =>
  cause instanceof Error &&
  "errcode" in cause &&
  typeof cause.errcode === "number" &&
  BUSY.has(cause.errcode & 0xff)

/**
 * Owns the database file at `path` until the scope closes; fails with `in-use` and the owner's pid when somebody else
 * does. Needs the folder to exist.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { own } from "./FileOwner.ts"
 *
 * const program = Effect.scoped(own("/var/lib/compozy/compozy.db"))
 * ```
 */
export const own = (path: string): Effect.Effect<void, LayerError, Scope.Scope> => {
  const lockPath = `${path}.lock`
  return Effect.asVoid(
    Effect.acquireRelease(
      Effect.try({
        try: () => {
          const db = openSqlite({ filename: lockPath, disableWAL: true, busyTimeout: 0 })
          try {
            // The write takes the exclusive lock, and this mode keeps it when the write is done.
            db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA user_version = ${process.pid}`)
            return db
          } catch (cause) {
            db.close()
            throw cause
          }
        },
        catch: (cause) =>
          isBusy(cause)
            ? inUse(path, lockPath, cause)
            : new LayerError({
                layer: "database",
                failure: "storage",
                message: `The lock file ${lockPath} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
                fix: "Check the permissions of its folder and the free space, or set another database.path.",
                key: "database.path",
                value: path,
                address: path,
                cause
              })
      }),
      (db) => Effect.sync(() => db.close())
    )
  )
}
