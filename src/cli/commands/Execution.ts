/** `compozy execution list`, `get`, `cancel` and `signal`. */
import * as Effect from "effect/Effect"
import { Status } from "../../services/Store.ts"
import type { Execution, Json } from "../../runtime/Executions.ts"
import { withExecutions } from "../Backend.ts"
import { type ExitCode, ExitCode as Code } from "../ExitCode.ts"
import { readInputArguments } from "../InputArguments.ts"
import { loadProject } from "../Project.ts"
import type { ExecutionsClient } from "../RemoteExecutions.ts"
import { UsageError } from "../Report.ts"
import {
  type CommandContext,
  paint,
  printable,
  printJson,
  printTable,
  readable,
  type Terminal
} from "../Terminal.ts"

const withClient = (
  context: CommandContext,
  use: (client: ExecutionsClient) => Effect.Effect<void, unknown>
): Effect.Effect<ExitCode, unknown> =>
  Effect.flatMap(loadProject(context), (project) =>
    Effect.as(
      withExecutions(context, project, { inProcess: "state" }, ({ client }) => use(client)),
      Code.ok
    )
  )

const statusStyle = (status: Status) =>
  status === "SUCCESS" ? "green" : status === "FAILED" || status === "TIMED_OUT" ? "red" : "yellow"

const took = (execution: Execution): string => {
  if (execution.closedAt === null) return ""
  const ms = Date.parse(execution.closedAt) - Date.parse(execution.startedAt)
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** What `compozy execution list` was asked for. */
export interface ListArguments {
  readonly workflow: string | undefined
  readonly status: string | undefined
  readonly limit: number | undefined
  readonly cursor: string | undefined
}

const statusesOf = (text: string): Effect.Effect<ReadonlyArray<Status>, UsageError> => {
  const wanted = text.split(",").map((name) => name.trim().toUpperCase())
  const statuses = Status.literals.filter((status) => wanted.includes(status))
  return statuses.length === new Set(wanted).size
    ? Effect.succeed(statuses)
    : Effect.fail(
        new UsageError({ message: `--status knows ${Status.literals.join(", ")}, not all of "${text}".` })
      )
}

/** Lists executions. */
export const listExecutions = (
  context: CommandContext,
  args: ListArguments
): Effect.Effect<ExitCode, unknown> =>
  Effect.gen(function* () {
    const status = args.status === undefined ? undefined : yield* statusesOf(args.status)
    return yield* withClient(context, (client) =>
      Effect.map(
        client.list({
          ...(args.workflow === undefined ? {} : { workflowId: args.workflow }),
          ...(status === undefined ? {} : { status }),
          ...(args.limit === undefined ? {} : { limit: args.limit }),
          ...(args.cursor === undefined ? {} : { cursor: args.cursor })
        }),
        (page) => {
          if (context.json) return printJson(context.terminal, page)
          printTable(
            context.terminal,
            ["EXECUTION", "WORKFLOW", "STATUS", "STARTED", "TOOK"],
            page.items.map((item) => [
              item.executionId,
              item.workflow,
              item.status,
              item.startedAt,
              took(item)
            ])
          )
          if (page.next !== null) context.terminal.err(`More: --cursor ${page.next}\n`)
        }
      )
    )
  })

const printExecution = (terminal: Terminal, execution: Execution): void => {
  const style = statusStyle(execution.status)
  const line = (name: string, text: string) => terminal.out(`${name.padEnd(10)}${text}\n`)
  line("execution", printable(execution.executionId))
  line("workflow", printable(execution.workflow))
  line("status", paint(terminal.color.out, style, execution.status))
  line("started", execution.startedAt)
  if (execution.closedAt !== null) line("closed", `${execution.closedAt} (${took(execution)})`)
  if (execution.waitingFor !== null) line("waiting", printable(execution.waitingFor))
  line("input", readable(execution.input))
  if (execution.output !== null) line("output", readable(execution.output))
  if (execution.error !== null) {
    line("error", printable(`${execution.error.message} [${execution.error.code}]`))
    if (execution.error.task !== undefined) line("task", printable(execution.error.task))
  }
}

/** Shows one execution, with its steps where they are asked for. */
export const getExecution = (
  context: CommandContext,
  executionId: string,
  withTasks: boolean
): Effect.Effect<ExitCode, unknown> =>
  withClient(
    context,
    Effect.fnUntraced(function* (client) {
      const execution = yield* client.get(executionId)
      const tasks = withTasks ? (yield* client.tasks(executionId, { limit: 500 })).items : undefined
      if (context.json)
        return printJson(context.terminal, tasks === undefined ? execution : { ...execution, tasks })
      printExecution(context.terminal, execution)
      if (tasks !== undefined) {
        context.terminal.out("\n")
        printTable(
          context.terminal,
          ["STEP", "TYPE", "STATUS", "ATTEMPT", "ERROR"],
          tasks.map((task) => [
            task.path,
            [task.type, task.component ?? ""].join(" ").trim(),
            task.status,
            String(task.attempt),
            task.error?.message ?? ""
          ])
        )
      }
    })
  )

/** Asks an execution to stop. */
export const cancelExecution = (
  context: CommandContext,
  executionId: string
): Effect.Effect<ExitCode, unknown> =>
  withClient(context, (client) =>
    Effect.map(client.cancel(executionId), () => {
      if (context.json) printJson(context.terminal, { executionId, requested: "cancel" })
      else context.terminal.err(`Asked ${printable(executionId)} to stop.\n`)
    })
  )

/** What `compozy execution signal` was asked for. */
export interface SignalArguments {
  readonly execution: string
  readonly signal: string
  readonly payload: string | undefined
  readonly values: ReadonlyArray<string>
}

const payloadOf = (args: SignalArguments): Effect.Effect<Json, UsageError> => {
  if (args.payload !== undefined) {
    const { payload } = args
    return args.values.length > 0
      ? Effect.fail(
          new UsageError({ message: "Give the payload by --payload or by key=value, not by both." })
        )
      : Effect.try({
          try: (): Json => JSON.parse(payload),
          catch: (cause) =>
            new UsageError({
              message: `--payload is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`
            })
        })
  }
  if (args.values.length === 0) return Effect.succeed(null)
  const read = readInputArguments(args.values, {})
  return read._tag === "Input"
    ? Effect.succeed(read.input)
    : Effect.fail(new UsageError({ message: "The payload is not valid.", issues: read.issues }))
}

/** Sends a signal. */
export const signalExecution = (
  context: CommandContext,
  args: SignalArguments
): Effect.Effect<ExitCode, unknown> =>
  Effect.flatMap(payloadOf(args), (payload) =>
    withClient(context, (client) =>
      Effect.map(client.signal(args.execution, args.signal, payload), () => {
        if (context.json) printJson(context.terminal, { executionId: args.execution, signal: args.signal })
        else context.terminal.err(`Sent ${printable(args.signal)} to ${printable(args.execution)}.\n`)
      })
    )
  )
