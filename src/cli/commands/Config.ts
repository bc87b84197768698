/** `compozy config show`, `validate` and `diagnostics`. */
import * as Effect from "effect/Effect"
import { diagnoseConfig as explain, formatDiagnostics } from "../../config/Diagnostics.ts"
import { type ConfigProblem, formatPlace } from "../../config/Problem.ts"
import { showConfig as shownValues, showConfigJson } from "../../config/Show.ts"
import { validateConfig as findDoubts } from "../../config/Validate.ts"
import { type ExitCode, ExitCode as Code } from "../ExitCode.ts"
import { loadProject, type Project } from "../Project.ts"
import type { Stranded } from "../Stranded.ts"
import { type CommandContext, paint, printable, printJson, printTable } from "../Terminal.ts"

const fileOf = ({ settings }: Project): string | null => settings.file ?? null

/** Prints every setting that applies. */
export const showConfig = Effect.fnUntraced(function* (
  context: CommandContext,
  withOrigin: boolean
): Effect.fn.Return<ExitCode, unknown> {
  const project = yield* loadProject(context)
  const values = shownValues(project)
  const { terminal } = context
  if (context.json) {
    // As schemas/config.json has it; with the origins, one entry a key.
    const settings = withOrigin
      ? Object.fromEntries(values.map(({ key, value, source }) => [key, { value, origin: source }]))
      : showConfigJson(project)
    printJson(terminal, { file: fileOf(project), settings })
    return Code.ok
  }
  printTable(
    terminal,
    withOrigin ? ["KEY", "VALUE", "FROM"] : ["KEY", "VALUE"],
    values.map(({ key, text, source }) =>
      withOrigin ? [key, printable(text), printable(source)] : [key, printable(text)]
    )
  )
  return Code.ok
})

const problemText = (problem: ConfigProblem): string => {
  const place = problem.place === undefined ? "" : `${formatPlace(problem.place)}: `
  return `${place}${problem.message}\n  fix: ${problem.fix} [${problem.code}]`
}

const printWarnings = (context: CommandContext, warnings: ReadonlyArray<ConfigProblem>): void => {
  const { terminal } = context
  for (const warning of warnings) {
    terminal.err(`${paint(terminal.color.err, "yellow", "warning")}: ${printable(problemText(warning))}\n`)
  }
}

const strandedText = ({ executions, missing, workflow }: Stranded): string => {
  const count = executions.length === 1 ? "1 running execution" : `${executions.length} running executions`
  const shown = `${executions.slice(0, 3).join(", ")}${executions.length > 3 ? " ..." : ""}`
  return `${count} of "${workflow}" would wait for ${missing.join(", ")}: ${shown}`
}

/** Checks the config; problems are the command's error, with exit code 3. */
export const validateConfig = Effect.fnUntraced(function* (
  context: CommandContext
): Effect.fn.Return<ExitCode, unknown> {
  const project = yield* loadProject(context)
  const warnings = yield* findDoubts(project)
  const { findStranded } = yield* Effect.promise(() => import("../Stranded.ts"))
  // A server that does not answer says nothing about the config.
  const stranded = yield* Effect.orElseSucceed(findStranded(project), (): ReadonlyArray<Stranded> => [])
  const { terminal } = context
  if (context.json) {
    printJson(terminal, { valid: true, file: fileOf(project), warnings, stranded })
    return Code.ok
  }
  printWarnings(context, warnings)
  for (const one of stranded) {
    terminal.err(`${paint(terminal.color.err, "yellow", "warning")}: ${printable(strandedText(one))}\n`)
  }
  const file = fileOf(project)
  terminal.err(
    file === null ? "There is no config file; the defaults are valid.\n" : `${printable(file)} is valid.\n`
  )
  return Code.ok
})

/** Explains the effective mode of each component, what is set aside, and what to be careful with. */
export const diagnoseConfig = Effect.fnUntraced(function* (
  context: CommandContext
): Effect.fn.Return<ExitCode, unknown> {
  const diagnostics = explain(yield* loadProject(context))
  const { terminal } = context
  if (context.json) printJson(terminal, diagnostics)
  else terminal.out(`${printable(formatDiagnostics(diagnostics))}\n`)
  return Code.ok
})
