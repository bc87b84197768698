/** Makes docs/configuration-reference.md and docs/original-keys.md. */
import { type Key, type KeyType, isSecret } from "../../src/config/Key.ts"
import { keys, sections } from "../../src/config/Keys.ts"
import { type Original, originalExtras, originals } from "../../src/config/Originals.ts"
import { formatDuration, formatSize } from "../../src/config/Value.ts"

const code = (text: string): string => `\`${text}\``
const cell = (text: string): string => text.replaceAll("|", "\\|")

const typeText = (type: KeyType): string => {
  switch (type.kind) {
    case "choice":
      return type.values.map((value) => code(value)).join(", ")
    case "integer":
      return `whole number, ${type.minimum} to ${type.maximum}`
    case "number":
      return `number, ${type.minimum} to ${type.maximum}`
    case "duration":
      return `time span, ${formatDuration(type.minimum)} to ${formatDuration(type.maximum)}`
    case "size":
      return `size, ${formatSize(type.minimum)} to ${formatSize(type.maximum)}`
    case "boolean":
      return "true or false"
    case "texts":
      return "list of texts"
    case "addresses":
      return "list of host:port"
    case "address":
      return "host:port"
    case "url":
      return "URL"
    case "pem":
      return "PEM file or text"
    case "headers":
      return "names and texts"
    case "secret":
    case "text":
      return "text"
    case "path":
      return "path"
  }
}

const defaultText = (key: Key): string => {
  if (key.defaultText !== undefined) return key.defaultText
  const perMode = Object.entries(key.modeDefaults)
  if (perMode.length > 0) return perMode.map(([mode, value]) => `${code(String(value))} (${mode})`).join(", ")
  if (key.default === undefined) return "none"
  return Array.isArray(key.default)
    ? key.default.length === 0
      ? "none"
      : code(key.default.join(", "))
    : code(String(key.default))
}

const names = (key: Key): string =>
  key.env
    .map(({ name, part }) => (part === undefined ? code(name) : `${code(name)} (its ${part})`))
    .join(", ")

const row = (key: Key): string => {
  const flag = key.flag === undefined ? "" : code(`--${key.flag}`)
  const secret = isSecret(key) ? " Secret." : ""
  const modes = key.modes === undefined ? "all" : key.modes.join(", ")
  const columns = [
    code(key.path),
    `${key.help}${secret}`,
    typeText(key.type),
    defaultText(key),
    modes,
    names(key),
    flag
  ]
  return `| ${columns.map(cell).join(" | ")} |`
}

const head = [
  "| Key | What it is | Value | Default | Modes | Environment | Flag |",
  "| --- | --- | --- | --- | --- | --- | --- |"
]

const notice = (from: string): string =>
  `<!-- Made by scripts/generate-config.ts from ${from}: change that. -->`

const sectionPage = ({ name, help }: (typeof sections)[number]): string =>
  [
    `## ${name}`,
    "",
    help,
    "",
    head.join("\n"),
    keys
      .filter((key) => key.path.startsWith(`${name}.`))
      .map(row)
      .join("\n")
  ].join("\n")

/** The text of docs/configuration-reference.md. */
export const referencePage = (): string => {
  const top = keys.filter((key) => !key.path.includes("."))
  return `${[
    "# Configuration reference",
    "",
    notice("src/config/Keys.ts"),
    "",
    "Every setting of `compozy.config.ts`, with the environment variable and the flag that set it. `compozy config show --origin`",
    "prints what is in effect and where it comes from; `compozy config diagnostics` explains the modes.",
    "",
    "- **Precedence**, the same for every key, weakest first: defaults < the mode's defaults < the config file < `.env` <",
    "  the environment < flags. An empty variable counts as not set. `.env` stands beside the config file.",
    "- **Mode of a component**: `database.driver`, `redis.mode`, `temporal.mode` win over `mode`, which is `memory` by default. In",
    "  distributed mode Temporal is `remote`. The column _Modes_ says in which effective mode of its component a key has a",
    "  meaning. A key of another mode is refused in the config file and as a flag, and passed over in the environment.",
    "- **Time spans** are numbers of milliseconds or `30s`, `1h30m`, `30 seconds`; **sizes** numbers of bytes or `10 MiB`.",
    "- **Paths** start from the folder of the config file.",
    "- **Secrets** are never printed and have no flag. For each of their variables, `NAME_FILE` may name a file that holds the value.",
    '- Any value may be an Effect `Config`, such as `Config.Redacted("DATABASE_URL")`, which is read from the environment and `.env`.',
    "",
    "## The project",
    "",
    ...head,
    ...top.map(row),
    "",
    "Beside the settings a config holds code: `workflows` (what `defineWorkflow` gives), `layer` (an Effect `Layer` with the services that",
    "the workflows list), and `modes`, with settings that are merged over the rest when that mode is effective:",
    "`modes: { distributed: { database: { url: ... } } }`.",
    "",
    sections.map(sectionPage).join("\n\n")
  ]
    .join("\n")
    .trimEnd()}\n`
}

const fate: { readonly [F in Original[1]]: string } = {
  kept: "kept",
  renamed: "renamed",
  dropped: "dropped",
  later: "not yet"
}

const originalRow = ([path, status, now]: Original): string => {
  const text = status === "kept" || status === "renamed" ? code(now) : now
  return `| ${code(path)} | ${fate[status]} | ${cell(text)} |`
}

/** The text of docs/original-keys.md. */
export const originalsPage = (): string => {
  const count = (status: Original[1]): number => originals.filter(([, own]) => own === status).length
  const table = ["| Key there | Here | Key here, or why not |", "| --- | --- | --- |"]
  return `${[
    "# The settings of the Go program",
    "",
    notice("src/config/Originals.ts"),
    "",
    `The Go program had ${originals.length} settings. ${count("kept")} are kept under their names, ${count("renamed")} have another name, ${count("dropped")} are`,
    `dropped, and ${count("later")} belong to features that are not here yet. A config that still sets one is refused, with what to write`,
    "instead. All keys of today are in the [configuration reference](configuration-reference.md).",
    "",
    ...table,
    ...originals.map(originalRow),
    "",
    "The project file (`compozy.yaml`) and its templates had more:",
    "",
    ...table,
    ...originalExtras.map(originalRow)
  ].join("\n")}\n`
}
