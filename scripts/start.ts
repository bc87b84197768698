/** `npm start`: the example of memory mode, through the CLI. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { root } from "./lib/project.ts"

const ran = spawnSync(
  process.execPath,
  [join(root, "bin/compozy.js"), "run", "hello", "name=Ada", 'cities=["Rome","Lima"]'],
  { cwd: join(root, "examples/memory-mode"), stdio: "inherit" }
)
process.exitCode = ran.status ?? 1
