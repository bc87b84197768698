/** `compozy run`: runs a workflow and prints its result. */
import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Execution, ExecutionEvent, Json } from "../../runtime/Executions.ts"
import { InputInvalid } from "../../runtime/ExecutionError.ts"
import { mark } from "../../runtime/Startup.ts"
import { type Backend, keepsState, withExecutions } from "../Backend.ts"
import { type ExitCode, ExitCode as Code } from "../ExitCode.ts"
import { readInputArguments } from "../InputArguments.ts"
import { loadProject } from "../Project.ts"
import { progressLine } from "../Progress.ts"
import { ServerProblem } from "../RemoteExecutions.ts"
import { describeError, exitCodeOf, report, UsageError } from "../Report.ts"
import { type CommandContext, paint, printable, readable } from "../Terminal.ts"
import { findWorkflow } from "./Workflow.ts"

/** What `compozy run` was asked for. */
export interface RunArguments {
  readonly workflow: string
  readonly input: string | undefined
  readonly inputFile: string | undefined
  readonly idempotencyKey: string | undefined
  readonly values: ReadonlyArray<string>
}

const readStdin = async (): Promise<string> => {
  const chunks: Array<Uint8Array> = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  return Buffer.concat(chunks).toString("utf8")
}

const parse = (text: string, from: string): Effect.Effect<Json, UsageError> =>
  Effect.try({
    try: (): Json => JSON.parse(text),
    catch: (cause) =>
      new UsageError({
        message: `${from} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`
      })
  })

const inputOf = (context: CommandContext, args: RunArguments, schema: Json): Effect.Effect<Json, unknown> => {
  const given = [args.input !== undefined, args.inputFile !== undefined, args.values.length > 0]
  if (given.filter(Boolean).length > 1) {
    return Effect.fail(
      new UsageError({ message: "Give the input in one way: --input, --input-file, or key=value arguments." })
    )
  }
  if (args.input !== undefined) return parse(args.input, "--input")
  const { inputFile } = args
  if (inputFile !== undefined) {
    return Effect.flatMap(
      Effect.tryPromise({
        try: () =>
          inputFile === "-" ? readStdin() : readFile(resolve(context.terminal.cwd, inputFile), "utf8"),
        catch: (cause) =>
          new UsageError({
            message: `--input-file cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`
          })
      }),
      (text) => parse(text, inputFile === "-" ? "stdin" : inputFile)
    )
  }
  const read = readInputArguments(args.values, schema)
  return read._tag === "Input"
    ? Effect.succeed(read.input)
    : Effect.fail(new InputInvalid({ workflow: args.workflow, issues: read.issues }))
}

const follow = (
  context: CommandContext,
  { client, server }: Backend,
  executionId: string
): Effect.Effect<Execution, unknown> => {
  const { terminal } = context
  const show = (event: ExecutionEvent) =>
    Effect.sync(() => {
      const line = progressLine(event, terminal.color.err)
      if (line !== undefined) terminal.err(`${line}\n`)
    })
  // Progress is a courtesy: the result is asked for in any case.
  const progress = context.json
    ? Effect.void
    : client.events(executionId).pipe(
        Stream.runForEach(show),
        Effect.catchCause(() => Effect.void)
      )
  return progress.pipe(
    Effect.andThen(client.result(executionId)),
    Effect.onInterrupt(() =>
      Effect.sync(() => {
        if (server !== undefined) {
          terminal.err(`\nThe execution goes on: compozy execution get ${executionId}\n`)
        }
      })
    )
  )
}

/** The config has the workflow: a server that does not was started before it was written. */
const explainOldServer = (error: unknown, { server }: Backend): unknown =>
  server !== undefined && error instanceof ServerProblem && error.code === "COMPOZY_WORKFLOW_NOT_FOUND"
    ? new ServerProblem({
        code: error.code,
        message: `The server at ${server.url}${server.pid === undefined ? "" : ` (pid ${server.pid})`} does not know this workflow: it was started before the config had it. Start it again.`
      })
    : error

/** `findable`: whether a later command finds the execution, so that it can be told which one. */
const print = (context: CommandContext, execution: Execution, findable: boolean): ExitCode => {
  const { terminal } = context
  const succeeded = execution.status === "SUCCESS"
  if (context.json) {
    const { executionId, workflow, status } = execution
    const rest = succeeded ? { output: execution.output } : { error: execution.error }
    terminal.out(`${JSON.stringify({ executionId, workflow, status, ...rest })}\n`)
    return succeeded ? Code.ok : Code.failed
  }
  if (succeeded) {
    terminal.out(`${readable(execution.output)}\n`)
    return Code.ok
  }
  const error = execution.error
  const where = error?.task === undefined ? "" : ` in ${error.task}`
  terminal.err(
    `${paint(terminal.color.err, "red", execution.status)}${printable(where)}: ${printable(error?.message ?? "no reason is known")}\n`
  )
  if (error !== null)
    terminal.err(
      paint(
        terminal.color.err,
        "dim",
        `[${error.code}]${findable ? ` compozy execution get ${execution.executionId} --tasks` : ""}\n`
      )
    )
  return Code.failed
}

/** With `--json` stdout is one object whatever happens, also when the execution never began. */
const reportRun = (
  error: unknown,
  context: CommandContext,
  args: RunArguments,
  executionId: string | null
) => {
  if (!context.json) return report(error, context)
  const reported = describeError(error)
  context.terminal.out(
    `${JSON.stringify({ executionId, workflow: args.workflow, status: "FAILED", error: reported })}\n`
  )
  return exitCodeOf(reported.code)
}

/** Runs a workflow. */
export const run = (context: CommandContext, args: RunArguments): Effect.Effect<ExitCode, unknown> => {
  let executionId: string | null = null
  return Effect.gen(function* () {
    const project = yield* loadProject(context)
    mark("config")
    const { definition } = yield* findWorkflow(project, args.workflow)
    const input = yield* inputOf(context, args, definition.input)
    return yield* withExecutions(
      context,
      project,
      { inProcess: "always" },
      Effect.fnUntraced(function* (backend) {
        const started = yield* backend.client
          .start(
            args.workflow,
            input,
            args.idempotencyKey === undefined ? {} : { idempotencyKey: args.idempotencyKey }
          )
          .pipe(Effect.mapError((error) => explainOldServer(error, backend)))
        mark("started")
        executionId = started.executionId
        const execution = yield* follow(context, backend, started.executionId)
        mark("result")
        return print(context, execution, backend.server !== undefined || keepsState(project))
      })
    )
  }).pipe(
    Effect.catch((error) => Effect.sync(() => reportRun(error, context, args, executionId))),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause)
        : Effect.sync(() => reportRun(Cause.squash(cause), context, args, executionId))
    )
  )
}
