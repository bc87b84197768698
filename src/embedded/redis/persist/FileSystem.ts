import * as fs from "node:fs"

/** The part of the file system that persistence uses; a parameter, so that failing disks can be tried. */
export interface FileSystem {
  readonly makeFolder: (path: string) => void
  readonly open: (path: string, flags: string) => number
  /** Writes the bytes from `offset` to `end` at the end of the file; returns how many were written, maybe fewer. */
  readonly write: (file: number, bytes: Buffer, offset: number, end: number) => number
  readonly read: (file: number, bytes: Buffer) => number
  readonly size: (file: number) => number
  readonly truncate: (file: number, length: number) => void
  readonly sync: (file: number) => void
  readonly syncLater: (file: number, done: (error: Error | null) => void) => void
  readonly close: (file: number) => void
  readonly rename: (from: string, to: string) => void
  readonly link: (from: string, to: string) => void
  readonly remove: (path: string) => void
  /** Removes a file in another thread, for that of a large one takes long. */
  readonly removeLater: (path: string, done: () => void) => void
  readonly exists: (path: string) => boolean
  readonly list: (path: string) => ReadonlyArray<string>
  readonly readText: (path: string) => string
}

const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

/** The file system of the machine. Files are created with mode 0600, folders with 0700. */
export const nodeFileSystem: FileSystem = {
  makeFolder: (path) => {
    fs.mkdirSync(path, { recursive: true, mode: FOLDER_MODE })
  },
  open: (path, flags) => fs.openSync(path, flags, FILE_MODE),
  write: (file, bytes, offset, end) => fs.writeSync(file, bytes, offset, end - offset),
  read: (file, bytes) => fs.readSync(file, bytes),
  size: (file) => fs.fstatSync(file).size,
  truncate: (file, length) => fs.ftruncateSync(file, length),
  sync: (file) => fs.fdatasyncSync(file),
  syncLater: (file, done) => fs.fdatasync(file, done),
  close: (file) => fs.closeSync(file),
  rename: (from, to) => fs.renameSync(from, to),
  link: (from, to) => fs.linkSync(from, to),
  remove: (path) => fs.rmSync(path, { force: true, recursive: true }),
  removeLater: (path, done) => fs.rm(path, { force: true }, done),
  exists: (path) => fs.existsSync(path),
  list: (path) => fs.readdirSync(path),
  readText: (path) => fs.readFileSync(path, "utf8")
}

const MESSAGES: Readonly<Record<string, string>> = {
  ENOSPC: "No space left on device",
  EIO: "Input/output error",
  EDQUOT: "Disk quota exceeded",
  EROFS: "Read-only file system",
  EACCES: "Permission denied",
  EBADF: "Bad file descriptor"
}

/** What the operating system says about a failure, in the words that Redis passes on. */
export const describeFailure = (cause: unknown): string => {
  const code =
    cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined
  return (
    (code === undefined ? undefined : MESSAGES[code]) ??
    (cause instanceof Error ? cause.message : String(cause))
  )
}

/** Writes a whole buffer. */
export const writeAll = (fileSystem: FileSystem, file: number, bytes: Buffer): void => {
  for (let offset = 0; offset < bytes.length;) offset += fileSystem.write(file, bytes, offset, bytes.length)
}

/** Makes a rename or a new file in a folder safe against power loss. */
export const syncFolder = (fileSystem: FileSystem, path: string): void => {
  const file = fileSystem.open(path, "r")
  try {
    fileSystem.sync(file)
  } finally {
    fileSystem.close(file)
  }
}

/** Replaces a file by another content, safe against power loss. */
export const replaceFile = (fileSystem: FileSystem, folder: string, path: string, text: string): void => {
  const temporary = `${path}.tmp`
  const file = fileSystem.open(temporary, "w")
  try {
    writeAll(fileSystem, file, Buffer.from(text, "utf8"))
    fileSystem.sync(file)
  } finally {
    fileSystem.close(file)
  }
  fileSystem.rename(temporary, path)
  syncFolder(fileSystem, folder)
}
