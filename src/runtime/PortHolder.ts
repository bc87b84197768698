/** Who listens on a port, where the system tells. */
import { readdir, readFile, readlink } from "node:fs/promises"
import * as Effect from "effect/Effect"

const listening = "0A"

/** The inodes of sockets that listen on `port`, from the text of /proc/net/tcp or tcp6. */
export const listeningInodes = (table: string, port: number): ReadonlyArray<string> => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) === true && fields[3] === listening)
    .map((fields) => fields[9] ?? "")
    .filter((inode) => inode !== "" && inode !== "0")
}

const readOr = async (path: string): Promise<string> => {
  try {
    return await readFile(path, "utf8")
  } catch {
    return ""
  }
}

const holds = async (pid: string, sockets: ReadonlySet<string>): Promise<boolean> => {
  try {
    for (const fd of await readdir(`/proc/${pid}/fd`)) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")
      if (sockets.has(target)) return true
    }
  } catch {
    // A process of another user, or one that has just ended.
  }
  return false
}

const find = async (port: number): Promise<string | undefined> => {
  const tables = await Promise.all([readOr("/proc/net/tcp"), readOr("/proc/net/tcp6")])
  const inodes = tables.flatMap((table) => listeningInodes(table, port))
  if (inodes.length === 0) return undefined
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`))
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    if (await holds(pid, sockets)) {
      const command = (await readOr(`/proc/${pid}/cmdline`)).split("\0").filter((part) => part !== "")
      const name =
        command.length === 0 ? (await readOr(`/proc/${pid}/comm`)).trim() : command.slice(0, 3).join(" ")
      return `${name.slice(0, 120)} (pid ${pid})`
    }
  }
  return undefined
}

/**
 * The process that listens on a port of this machine.
 *
 * @param port the port
 * @returns its command and pid, or `undefined` where the system does not tell (other users' processes, no /proc)
 */
export const portHolder = (port: number): Effect.Effect<string | undefined> =>
  Effect.promise(() => find(port))
