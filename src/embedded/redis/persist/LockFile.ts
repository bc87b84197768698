import { readFileSync } from "node:fs"
import { join } from "node:path"
import { EmbeddedRedisError } from "../Errors.ts"
import type { FileSystem } from "./FileSystem.ts"
import { writeAll } from "./FileSystem.ts"

const NAME = "redis.lock"

/** When a process began, where the system tells: a pid alone may have been given to another program. */
const birthOf = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""
  } catch {
    return ""
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

interface Holder {
  readonly pid: number
  readonly birth: string
}

const parse = (text: string): Holder | undefined => {
  const match = /^(\d+) (\d*)\n$/.exec(text)
  return match === null ? undefined : { pid: Number(match[1]), birth: match[2] ?? "" }
}

const holds = (holder: Holder): boolean =>
  isAlive(holder.pid) && (holder.birth === "" || birthOf(holder.pid) === holder.birth)

const locked = (dir: string, pid: number | undefined): EmbeddedRedisError =>
  new EmbeddedRedisError({
    reason: "Locked",
    key: "persistence.dir",
    value: dir,
    pid,
    message: `${dir} is in use by ${pid === undefined ? "another process" : `process ${pid}`}.`,
    fix: pid === undefined ? "Use another folder." : `Stop process ${pid}, or use another folder.`
  })

const isExisting = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "EEXIST"

/** Takes a folder for this process; the returned function gives it back. Throws `Locked` with the holder's pid. */
export const lockFolder = (fileSystem: FileSystem, dir: string): (() => void) => {
  const path = join(dir, NAME)
  const own = `${process.pid} ${birthOf(process.pid)}\n`
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const file = fileSystem.open(path, "wx")
      try {
        writeAll(fileSystem, file, Buffer.from(own))
      } finally {
        fileSystem.close(file)
      }
      return () => fileSystem.remove(path)
    } catch (error) {
      if (!isExisting(error)) throw error
    }
    takeAside(fileSystem, dir, path)
  }
  throw locked(dir, undefined)
}

/** Removes the lock of a process that is gone; throws if its holder lives. */
const takeAside = (fileSystem: FileSystem, dir: string, path: string): void => {
  const read = (from: string): string => {
    try {
      return fileSystem.readText(from)
    } catch {
      return ""
    }
  }
  const found = read(path)
  const holder = parse(found)
  if (holder !== undefined && holds(holder)) throw locked(dir, holder.pid)
  const aside = `${path}.${process.pid}`
  try {
    fileSystem.rename(path, aside)
  } catch {
    return
  }
  const taken = parse(read(aside))
  if (taken !== undefined && holds(taken)) {
    // Someone else replaced the stale lock between our look and our move: give it back.
    fileSystem.link(aside, path)
    fileSystem.remove(aside)
    throw locked(dir, taken.pid)
  }
  fileSystem.remove(aside)
}
