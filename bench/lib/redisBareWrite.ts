/** What a call of writeSync costs that writes as many bytes as a SET of 100 bytes logs: the floor of durability. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const LOGGED = Buffer.from(`*3\r\n$3\r\nset\r\n$7\r\nkey:123\r\n$100\r\n${"x".repeat(100)}\r\n`)
const CALLS = 2000

/** Microseconds of processor time for each of `commands` that are written at once. */
export const bareWrite = (commands: number): number => {
  const dir = mkdtempSync(join(tmpdir(), "bench-redis-"))
  const file = openSync(join(dir, "log"), "a")
  const bytes = Buffer.concat(Array.from({ length: commands }, () => LOGGED))
  const before = process.cpuUsage()
  for (let call = 0; call < CALLS; call++) writeSync(file, bytes, 0, bytes.length)
  const { user, system } = process.cpuUsage(before)
  closeSync(file)
  rmSync(dir, { recursive: true, force: true })
  return (user + system) / CALLS / commands
}
