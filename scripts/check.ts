/**
 * `npm run check [-- name ...]`: everything that can be said of the project without running its tests. Two steps run
 * at a time; a step that fails prints what it said.
 */
import { run } from "./lib/project.ts"

interface Step {
  readonly name: string
  readonly command: ReadonlyArray<string>
  /** Steps that have to end before this one starts. */
  readonly after?: ReadonlyArray<string>
}

const steps: ReadonlyArray<Step> = [
  { name: "build", command: ["node", "scripts/build.ts"] },
  { name: "format", command: ["oxfmt", "--check", "."] },
  { name: "lint", command: ["oxlint", "--deny-warnings"] },
  { name: "imports", command: ["node", "scripts/check-imports.ts"] },
  { name: "types", command: ["tsc", "--noEmit"] },
  { name: "dead-code", command: ["knip", "--no-progress"] },
  { name: "docs", command: ["node", "scripts/docs-check.ts"], after: ["build"] },
  { name: "package", command: ["node", "scripts/check-package.ts"], after: ["build"] }
]

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !steps.some((step) => step.name === name))
if (unknown.length > 0) {
  console.error(
    `no such check: ${unknown.join(", ")}; there are ${steps.map((step) => step.name).join(", ")}`
  )
  process.exit(2)
}

const chosen = steps.filter((step) => wanted.length === 0 || wanted.includes(step.name))
const waiting = [...chosen]
const running = new Map<string, Promise<void>>()
const ended = new Set<string>()
const failed: Array<string> = []

const start = async (step: Step): Promise<void> => {
  const begin = performance.now()
  const [command = "", ...args] = step.command
  const { code, stdout, stderr } = await run(command, args)
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  console.error(`${code === 0 ? "ok    " : "FAILED"} ${step.name.padEnd(10)} ${seconds.padStart(6)} s`)
  if (code !== 0) {
    failed.push(step.name)
    console.error(`${stdout}${stderr}`)
  }
  ended.add(step.name)
}

while (waiting.length > 0 || running.size > 0) {
  const index = waiting.findIndex((step) =>
    (step.after ?? []).every((name) => ended.has(name) || !chosen.some((one) => one.name === name))
  )
  const next = running.size < 2 && index !== -1 ? waiting.splice(index, 1)[0] : undefined
  if (next === undefined) await Promise.race(running.values())
  else {
    running.set(
      next.name,
      start(next).finally(() => running.delete(next.name))
    )
  }
}

console.error(failed.length === 0 ? "all checks passed" : `failed: ${failed.join(", ")}`)
process.exitCode = failed.length === 0 ? 0 : 1
