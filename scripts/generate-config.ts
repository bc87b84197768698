/**
 * Writes everything that is made from the registry in src/config/Keys.ts.
 *
 * Usage: node scripts/generate-config.ts
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { originalsPage, referencePage } from "./config/reference.ts"
import { configSchema, settingsSchema } from "./config/schemas.ts"
import { sectionsModule } from "./config/sections.ts"
import { settingsModule } from "./config/settings.ts"

const root = new URL("../", import.meta.url)
const formatted: ReadonlyArray<readonly [path: string, text: string]> = [
  ["src/config/Settings.ts", settingsModule()],
  ["src/config/Sections.ts", sectionsModule()],
  ["docs/configuration-reference.md", referencePage()],
  ["docs/original-keys.md", originalsPage()]
]
const plain: ReadonlyArray<readonly [path: string, text: string]> = [
  ["schemas/config.json", `${JSON.stringify(settingsSchema(), undefined, 2)}\n`],
  ["schemas/compozy.json", `${JSON.stringify(configSchema(), undefined, 2)}\n`]
]

mkdirSync(new URL("schemas/", root), { recursive: true })
for (const [path, text] of [...formatted, ...plain]) writeFileSync(new URL(path, root), text)
execFileSync(
  fileURLToPath(new URL("node_modules/.bin/oxfmt", root)),
  formatted.map(([path]) => path),
  { cwd: fileURLToPath(root), stdio: "ignore" }
)
