/**
 * Writes everything that is made from the registry in src/config/Keys.ts.
 *
 * Usage: node scripts/generate-config.ts
 */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { sectionsModule } from "./config/sections.ts"
import { settingsModule } from "./config/settings.ts"

const root = new URL("../", import.meta.url)
const files: ReadonlyArray<readonly [path: string, text: string]> = [
  ["src/config/Settings.ts", settingsModule()],
  ["src/config/Sections.ts", sectionsModule()]
]

for (const [path, text] of files) writeFileSync(new URL(path, root), text)
execFileSync(
  fileURLToPath(new URL("node_modules/.bin/oxfmt", root)),
  files.map(([path]) => path),
  {
    cwd: fileURLToPath(root),
    stdio: "ignore"
  }
)
