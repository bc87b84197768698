/** Turns the error of a command into words on stderr and an exit code. */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Issue } from "../runtime/ExecutionError.ts"
import { ExitCode } from "./ExitCode.ts"
import { type CommandContext, paint, printable } from "./Terminal.ts"

/** The command line asks for something that is not possible. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", {
  message: Schema.String,
  issues: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        path: Schema.Array(Schema.Union([Schema.String, Schema.Number])),
        message: Schema.String
      })
    )
  )
}) {
  readonly code = "COMPOZY_USAGE"
  readonly isRetryable = false
}

/** An error as a command shows it. */
export interface ReportedError {
  readonly code: string
  readonly message: string
  readonly issues?: ReadonlyArray<Issue>
  /** What to do about it. */
  readonly fix?: string
  readonly problems?: unknown
  readonly stack?: string
}

const codes: ReadonlyArray<readonly [RegExp, ExitCode]> = [
  [/^COMPOZY_(DATABASE|REDIS|TEMPORAL)_IN_USE$/, ExitCode.conflict],
  [/^COMPOZY_(DATABASE|REDIS|TEMPORAL)_INVALID$/, ExitCode.config],
  [
    /^COMPOZY_(DATABASE|REDIS|TEMPORAL)_(DNS|REFUSED|UNREACHABLE|TIMEOUT|TLS|AUTH|NOT_FOUND)$/,
    ExitCode.unavailable
  ],
  [
    /^COMPOZY_(USAGE|INPUT_INVALID|SIGNAL_INVALID|BAD_REQUEST|INVALID_REQUEST|BODY_TOO_LARGE)$/,
    ExitCode.usage
  ],
  [/^COMPOZY_(WORKFLOW|EXECUTION|SERVER|ROUTE)?_?NOT_FOUND$/, ExitCode.notFound],
  [/^COMPOZY_(PORT_BUSY|PROJECT_LOCKED|CONFLICT)$/, ExitCode.conflict],
  [
    /^COMPOZY_(UNAVAILABLE|TIMED_OUT|ACCESS_DENIED|LAYER|SERVICES_FAILED|SHUTTING_DOWN|START_TIMEOUT)/,
    ExitCode.unavailable
  ],
  [/^COMPOZY_(CONFIG|DEFINITION|WORKFLOW)/, ExitCode.config]
]

/** The exit code of an error code. */
export const exitCodeOf = (code: string): ExitCode =>
  codes.find(([pattern]) => pattern.test(code))?.[1] ?? ExitCode.failed

const isIssues = (value: unknown): value is ReadonlyArray<Issue> =>
  Array.isArray(value) &&
  value.every((item) => Predicate.hasProperty(item, "path") && Predicate.hasProperty(item, "message"))

/** What an error says, whatever it is. */
export const describeError = (error: unknown): ReportedError => {
  if (!(error instanceof Error)) return { code: "COMPOZY_INTERNAL", message: String(error) }
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined
  if (code === undefined || !code.startsWith("COMPOZY_")) {
    return { code: "COMPOZY_INTERNAL", message: error.message, stack: error.stack ?? error.message }
  }
  const issues = "issues" in error && isIssues(error.issues) ? error.issues : undefined
  const problems = "problems" in error ? error.problems : undefined
  const fix = "fix" in error && typeof error.fix === "string" ? error.fix : undefined
  return {
    code,
    message: error.message,
    ...(issues === undefined ? {} : { issues }),
    ...(fix === undefined ? {} : { fix }),
    ...(problems === undefined ? {} : { problems })
  }
}

/**
 * Writes an error to stderr: as JSON with `--json`, otherwise as text.
 *
 * @returns the exit code that goes with it
 */
export const report = (error: unknown, context: CommandContext): ExitCode => {
  const { terminal } = context
  const reported = describeError(error)
  if (context.json) {
    terminal.err(`${JSON.stringify({ error: reported })}\n`)
    return exitCodeOf(reported.code)
  }
  const head = paint(terminal.color.err, "red", "error")
  const lines = [`${head}: ${printable(reported.stack ?? reported.message)}`]
  if (reported.fix !== undefined && !reported.message.includes(reported.fix)) {
    lines.push(`  fix: ${printable(reported.fix)}`)
  }
  if (error instanceof UsageError) {
    for (const issue of reported.issues ?? []) {
      lines.push(`  ${printable(`${issue.path.join(".")} ${issue.message}`.trim())}`)
    }
  }
  if (
    !reported.message.includes(reported.code) &&
    reported.code !== "COMPOZY_INTERNAL" &&
    reported.code !== "COMPOZY_USAGE" &&
    reported.problems === undefined
  ) {
    lines.push(paint(terminal.color.err, "dim", `[${reported.code}]`))
  }
  terminal.err(`${lines.join("\n")}\n`)
  return exitCodeOf(reported.code)
}
