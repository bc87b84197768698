/**
 * `npm run generate`: writes every file that is made from the code (the JSON Schemas, the reference pages, the API's
 * description). CI runs it and fails if a committed file differs. Each generator is a `scripts/generate-*.ts`.
 */
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { root, run } from "./lib/project.ts"

const folder = join(root, "scripts")
const generators = (await readdir(folder)).filter((file) => /^generate-.*\.ts$/.test(file)).toSorted()

for (const file of generators) {
  const { code, stdout, stderr } = await run("node", [join(folder, file)])
  console.error(`${code === 0 ? "ok    " : "FAILED"} ${file}`)
  if (code !== 0) {
    console.error(`${stdout}${stderr}`)
    process.exitCode = 1
  }
}
