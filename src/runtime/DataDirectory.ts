/** The folder that a project keeps its state in: `.compozy/` beside the config file. */
import { chmod, lstat, mkdir, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** The folder cannot be made or used. */
export class DataDirectoryFailed extends Schema.TaggedError<DataDirectoryFailed>()("DataDirectoryFailed", {
  path: Schema.String,
  reason: Schema.String
}) {
  readonly code = "COMPOZY_DATA_DIRECTORY"
  readonly isRetryable = false
  override get message(): string {
    return `The folder ${this.path} cannot be used: ${this.reason}.`
  }
}

const reasonOf = (cause: unknown): string => {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "no permission; give it to this user, or choose another folder"
    case "EROFS":
      return "the file system is read-only"
    case "ENOSPC":
      return "the disk is full"
    case "ENOTDIR":
    case "EEXIST":
      return "something that is no folder is in its place"
    default:
      return cause instanceof Error ? cause.message : String(cause)
  }
}

const make = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 })
  // `mode` above is subject to the umask and says nothing about a folder that was there before.
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) await chmod(path, 0o700)
  await writeFile(join(path, ".gitignore"), "*\n", { flag: "wx", mode: 0o600 }).catch((cause: unknown) => {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) throw cause
  })
}

/**
 * Makes the folder: 0700, with a `.gitignore` of `*`. One that is there is kept and its permissions are tightened.
 *
 * @param path absolute
 */
export const makeDataDirectory = (path: string): Effect.Effect<void, DataDirectoryFailed> =>
  Effect.tryPromise({
    try: () => make(path),
    catch: (cause) => new DataDirectoryFailed({ path, reason: reasonOf(cause) })
  })

const makePrivate = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const info = await lstat(path)
  const uid = process.getuid?.()
  if (!info.isDirectory()) throw new Error("it is no folder")
  if (uid !== undefined && info.uid !== uid) throw new Error("it belongs to another user")
  if (uid !== undefined && (info.mode & 0o077) !== 0) await chmod(path, 0o700)
}

/**
 * Makes a folder in a place that other users can write to: refuses a symbolic link and another user's folder.
 *
 * @param path absolute
 */
export const makePrivateDirectory = (path: string): Effect.Effect<void, DataDirectoryFailed> =>
  Effect.tryPromise({
    try: () => makePrivate(path),
    catch: (cause) => new DataDirectoryFailed({ path, reason: reasonOf(cause) })
  })
