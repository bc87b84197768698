/**
 * `npm run bench -- startup|workflow|redis|temporal|temporal-soak [options]`: measures on this machine, and prints what it measured.
 * Every bench is a program of its own, so that none runs in a process that another one has warmed up.
 */
import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"

const benches = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".ts") && file !== "main.ts")
  .map((file) => file.slice(0, -".ts".length))

const [name, ...options] = process.argv.slice(2)
if (name !== undefined && benches.includes(name)) {
  const ran = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...options], {
    stdio: "inherit"
  })
  process.exitCode = ran.status ?? 1
} else {
  console.error(`npm run bench -- ${benches.join("|")}`)
  process.exitCode = 2
}
