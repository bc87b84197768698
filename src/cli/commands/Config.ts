/** `compozy config show`, `validate` and `diagnostics`. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { EffectiveMode } from "../../config/EffectiveMode.ts"
import { isSecret } from "../../config/Key.ts"
import { describeOrigin } from "../../config/Origin.ts"
import { type ConfigProblem, formatPlace } from "../../config/Problem.ts"
import type { ResolvedValue } from "../../config/Reading.ts"
import { formatDuration, formatSize, maskCredentials } from "../../config/Value.ts"
import { type ExitCode, ExitCode as Code } from "../ExitCode.ts"
import { loadProject, type Project } from "../Project.ts"
import { type CommandContext, paint, printable, printJson, printTable } from "../Terminal.ts"

const hidden = "********"

/** A value that may be printed: a secret is never in it. */
const plain = ({ key, value }: ResolvedValue): unknown => {
  if (isSecret(key) || Redacted.isRedacted(value)) return hidden
  return typeof value === "string" ? maskCredentials(value) : value
}

const shown = (resolved: ResolvedValue): string => {
  const value = plain(resolved)
  const { kind } = resolved.key.type
  if (typeof value === "number" && kind === "duration") return formatDuration(value)
  if (typeof value === "number" && kind === "size") return formatSize(value)
  if (typeof value === "string") return printable(value)
  return JSON.stringify(value)
}

const fileOf = ({ settings }: Project): string | null => settings.file ?? null

/** Prints every setting that applies. */
export const showConfig = Effect.fnUntraced(function* (
  context: CommandContext,
  withOrigin: boolean
): Effect.fn.Return<ExitCode, unknown> {
  const project = yield* loadProject(context)
  const { terminal } = context
  if (context.json) {
    const settings = Object.fromEntries(
      project.values.map((resolved) => [
        resolved.key.path,
        withOrigin ? { value: plain(resolved), origin: describeOrigin(resolved.origin) } : plain(resolved)
      ])
    )
    printJson(terminal, { file: fileOf(project), settings })
    return Code.ok
  }
  printTable(
    terminal,
    withOrigin ? ["KEY", "VALUE", "FROM"] : ["KEY", "VALUE"],
    project.values.map((resolved) => {
      const cells = [resolved.key.path, shown(resolved)]
      return withOrigin ? cells.concat(describeOrigin(resolved.origin)) : cells
    })
  )
  return Code.ok
})

const problemText = (problem: ConfigProblem): string => {
  const place = problem.place === undefined ? "" : `${formatPlace(problem.place)}: `
  return `${place}${problem.message} ${problem.fix} [${problem.code}]`
}

const printWarnings = (context: CommandContext, warnings: ReadonlyArray<ConfigProblem>): void => {
  const { terminal } = context
  for (const warning of warnings) {
    terminal.err(`${paint(terminal.color.err, "yellow", "warning")}: ${printable(problemText(warning))}\n`)
  }
}

/** Checks the config; problems are the command's error, with exit code 3. */
export const validateConfig = Effect.fnUntraced(function* (
  context: CommandContext
): Effect.fn.Return<ExitCode, unknown> {
  const project = yield* loadProject(context)
  const { terminal } = context
  if (context.json) {
    printJson(terminal, { valid: true, file: fileOf(project), warnings: project.warnings })
    return Code.ok
  }
  printWarnings(context, project.warnings)
  const file = fileOf(project)
  terminal.err(
    file === null ? "There is no config file; the defaults are valid.\n" : `${printable(file)} is valid.\n`
  )
  return Code.ok
})

const because = (mode: EffectiveMode): string =>
  mode.inherited ? `follows mode, ${describeOrigin(mode.origin)}` : describeOrigin(mode.origin)

/** Explains the effective mode of each component, what is set aside, and what to be careful with. */
export const diagnoseConfig = Effect.fnUntraced(function* (
  context: CommandContext
): Effect.fn.Return<ExitCode, unknown> {
  const project = yield* loadProject(context)
  const { modes, setAside, warnings } = project
  const { terminal } = context
  if (context.json) {
    const component = (mode: EffectiveMode) => ({
      mode: mode.mode,
      inherited: mode.inherited,
      origin: describeOrigin(mode.origin)
    })
    printJson(terminal, {
      file: fileOf(project),
      modes: {
        global: { mode: modes.global.mode, origin: describeOrigin(modes.global.origin) },
        database: component(modes.database),
        redis: component(modes.redis),
        temporal: component(modes.temporal)
      },
      setAside: setAside.map(({ key, origin, reason }) => ({
        key: key.path,
        origin: describeOrigin(origin),
        reason
      })),
      warnings
    })
    return Code.ok
  }
  printTable(
    terminal,
    ["COMPONENT", "MODE", "BECAUSE"],
    [
      ["(all)", modes.global.mode, describeOrigin(modes.global.origin)],
      ["database", modes.database.mode, because(modes.database)],
      ["redis", modes.redis.mode, because(modes.redis)],
      ["temporal", modes.temporal.mode, because(modes.temporal)]
    ]
  )
  if (setAside.length > 0) {
    terminal.out("\nSet aside:\n")
    for (const { key, origin, reason } of setAside) {
      terminal.out(`  ${key.path} (${printable(describeOrigin(origin))}): ${printable(reason)}\n`)
    }
  }
  if (warnings.length > 0) {
    terminal.out("\nWarnings:\n")
    for (const warning of warnings) terminal.out(`  ${printable(problemText(warning))}\n`)
  }
  return Code.ok
})
