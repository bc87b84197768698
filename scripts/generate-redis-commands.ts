/**
 * Writes docs/embedded-redis-commands.md from the embedded Redis's table of commands.
 *
 * Usage: node scripts/generate-redis-commands.ts
 */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { COMMANDS } from "../src/embedded/redis/commands/All.ts"
import { usageOf } from "../src/embedded/redis/commands/ArgumentSyntax.ts"
import { syntaxOf } from "../src/embedded/redis/commands/CommandDocs.ts"
import { UNAVAILABLE } from "../src/embedded/redis/commands/Unavailable.ts"
import type { Command } from "../src/embedded/redis/exec/Context.ts"

const TITLES: Readonly<Record<string, string>> = {
  string: "Strings",
  bitmap: "Bits",
  list: "Lists",
  hash: "Hashes",
  set: "Sets",
  "sorted-set": "Sorted sets",
  stream: "Streams",
  hyperloglog: "HyperLogLogs",
  geo: "Points",
  generic: "Keys",
  pubsub: "Publish and subscribe",
  transactions: "Transactions",
  scripting: "Scripts and functions",
  connection: "Connection",
  server: "Server"
}

/** Those that answer although nothing stands behind them are none of them. */
const WORKING: ReadonlySet<string> = new Set(["lolwut", "shutdown"])
const absent = new Set(UNAVAILABLE.map(({ name }) => name).filter((name) => !WORKING.has(name)))

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ")

const usage = (command: Command): string =>
  `${command.name.replaceAll("|", " ").toUpperCase()} ${usageOf(syntaxOf(command))}`.trim()

const row = (command: Command): string =>
  `| \`${cell(usage(command))}\` | ${command.since} | ${cell(command.complexity)} | ${cell(command.summary)} |`

const HEAD = "| command | since | complexity | what it does |\n| --- | --- | --- | --- |"

const groups = new Map<string, Array<string>>()
for (const command of COMMANDS.list()) {
  if (absent.has(command.name)) continue
  const rows = groups.get(command.group) ?? []
  groups.set(command.group, rows)
  const subcommands = [...(command.subcommands?.values() ?? [])]
  rows.push(...(subcommands.length > 0 ? subcommands : [command]).map(row))
}

const sections = [...groups].map(
  ([group, rows]) =>
    `## ${TITLES[group] ?? `${group.slice(0, 1).toUpperCase()}${group.slice(1)}`}\n\n${HEAD}\n${rows.toSorted().join("\n")}`
)

const text = `# The commands of the embedded Redis

Made from the engine's own table of commands by \`npm run generate\`. \`since\` is the version of Redis that brought the
command. How it is used is said in [the embedded Redis](embedded-redis.md).

${sections.join("\n\n")}

## Left out

Cluster, replication, modules, and users other than \`default\`: ${[...absent]
  .toSorted()
  .map((name) => `\`${name.toUpperCase()}\``)
  .join(", ")} answer as a server does that has them switched off.
`

const page = fileURLToPath(new URL("../docs/embedded-redis-commands.md", import.meta.url))
writeFileSync(page, text)
execFileSync(fileURLToPath(new URL("../node_modules/.bin/oxfmt", import.meta.url)), [page], {
  stdio: "ignore"
})
