/** What `compozy start` says when it is ready. */
import { relative } from "node:path"
import type { Settings } from "../config/Settings.ts"
import { paint, printable } from "./Terminal.ts"

/** What the banner tells of. */
export interface BannerOptions {
  readonly settings: Settings
  readonly version: string
  readonly url: string
  readonly workflows: ReadonlyArray<string>
  readonly warnings: ReadonlyArray<string>
  /** Milliseconds from the start of the process. */
  readonly readyAfter: number
  readonly cwd: string
  readonly color: boolean
}

const example = `// compozy.config.ts
import { Schema } from "effect"
import { defineMode, defineTool, defineWorkflow } from "compozy"

const greet = defineTool({
  id: "greet",
  input: Schema.Struct({ name: Schema.String }),
  output: Schema.Struct({ message: Schema.String }),
  run: ({ name }) => ({ message: \`Hello, \${name}\` })
})

const hello = defineWorkflow(
  { id: "hello", input: Schema.Struct({ name: Schema.String }) },
  ({ input, task }) => task.tool("greeting", greet, { name: input.name })
)

export default defineMode({ mode: "memory", workflows: [hello] })`

/** What is said when there is no workflow: a config to paste. */
export const noWorkflowYet = (hasConfig: boolean, color: boolean): string =>
  [
    hasConfig
      ? "The config defines no workflow yet."
      : "There is no compozy.config.ts yet, so there is no workflow to run.",
    `Put this into ${hasConfig ? "it" : "compozy.config.ts"} and start again:`,
    "",
    paint(color, "dim", example),
    "",
    "Then: npm install compozy effect && npx compozy run hello name=Ada",
    ""
  ].join("\n")

/** An address may be a URL or `host:port`, which parses as a URL of the scheme `host:`. */
const hostOf = (address: string): string =>
  address.includes("://") && URL.canParse(address) ? new URL(address).host : address

const places = (settings: Settings, cwd: string): ReadonlyArray<readonly [string, string]> => {
  const { database, redis, temporal } = settings
  const show = (path: string) => {
    const shorter = relative(cwd, path)
    return shorter === "" || shorter.startsWith("..") ? path : shorter
  }
  return [
    [
      "database",
      database.mode === "persistent"
        ? show(database.path)
        : database.mode === "memory"
          ? "in memory"
          : `PostgreSQL at ${database.host}:${database.port}`
    ],
    [
      "cache",
      redis.mode === "persistent"
        ? show(redis.persistence.dataDir)
        : redis.mode === "memory"
          ? "in memory"
          : `Redis${redis.host === undefined ? "" : ` at ${redis.host}:${redis.port}`}`
    ],
    [
      "engine",
      temporal.mode === "persistent"
        ? show(temporal.file)
        : temporal.mode === "memory"
          ? "in memory"
          : `Temporal at ${hostOf(temporal.address)}, namespace ${temporal.namespace}`
    ]
  ]
}

/** What ends with the process, as a sentence; `undefined` when nothing does. */
export const lostOnExit = (settings: Settings): string | undefined => {
  const lost = [
    ...(settings.database.mode === "memory" ? ["the database"] : []),
    ...(settings.redis.mode === "memory" ? ["the cache"] : []),
    ...(settings.temporal.mode === "memory" ? ["running and finished workflows"] : [])
  ]
  if (lost.length === 0) return undefined
  const what = lost.length === 1 ? String(lost[0]) : `${lost.slice(0, -1).join(", ")} and ${lost.at(-1)}`
  // In another mode it was asked for: the mode of the process does not change it.
  const advice = settings.mode === "memory" ? " To keep them: compozy start --mode persistent" : ""
  return `${what} are gone when this process ends.${advice}`
    .replace("the database are gone", "the database is gone")
    .replace("the cache are gone", "the cache is gone")
}

/** The banner. */
export const banner = (options: BannerOptions): string => {
  const { color, settings } = options
  const line = (name: string, text: string) => `  ${paint(color, "dim", name.padEnd(10))}${printable(text)}`
  const lost = lostOnExit(settings)
  const shown = options.workflows.slice(0, 8)
  const more = options.workflows.length - shown.length
  return [
    `${paint(color, "bold", `compozy ${options.version}`)} ${printable(settings.name)}, ${paint(color, "cyan", `${settings.mode} mode`)}`,
    line("server", `${options.url} (API under /api/v0, document at /openapi.json)`),
    ...places(settings, options.cwd).map(([name, place]) => line(name, place)),
    ...(options.workflows.length === 0
      ? []
      : [line("workflows", `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`)]),
    ...(lost === undefined ? [] : [line("note", lost)]),
    ...options.warnings.map((warning) => line("warning", warning)),
    `  ${paint(color, "green", `ready in ${Math.round(options.readyAfter)} ms`)}`,
    ""
  ].join("\n")
}
