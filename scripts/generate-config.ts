/**
 * Writes everything that is made from the registry in src/config/Keys.ts.
 *
 * Usage: node scripts/generate-config.ts
 */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { settingsModule } from "./generate-config-settings.ts"

const root = new URL("../", import.meta.url)
const files: ReadonlyArray<readonly [path: string, text: string]> = [
  ["src/config/Settings.ts", settingsModule()]
]

for (const [path, text] of files) writeFileSync(new URL(path, root), text)
execFileSync(
  new URL("node_modules/.bin/oxfmt", root).pathname,
  files.map(([path]) => path),
  { cwd: root, stdio: "inherit" }
)
