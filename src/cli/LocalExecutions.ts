/** Executions in a stack of this process, for commands that find no server. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { Executions } from "../runtime/Executions.ts"
import { WorkflowNotFound } from "../runtime/ExecutionError.ts"
import { labelsOf } from "../runtime/Labels.ts"
import { loggingLayer } from "../runtime/Logging.ts"
import { closeWithin } from "../runtime/Shutdown.ts"
import { buildStack } from "../runtime/Stack.ts"
import { mark } from "../runtime/Startup.ts"
import type { Project } from "./Project.ts"
import type { ExecutionsClient } from "./RemoteExecutions.ts"
import { installTemporalRuntime, installTemporalRuntimeEarly } from "./TemporalRuntime.ts"
import type { CommandContext } from "./Terminal.ts"

const clientOf = (executions: Context.Service.Shape<typeof Executions>): ExecutionsClient => ({
  ...executions,
  definition: (workflowId) => {
    const definition = executions.workflows.get(workflowId)
    return definition === undefined
      ? Effect.fail(new WorkflowNotFound({ workflow: workflowId, suggestion: null }))
      : Effect.succeed(definition)
  }
})

/**
 * Starts a stack, gives its executions to `use`, and stops it.
 *
 * @param context where warnings go
 * @param project whose stack it is
 * @param use what to do with it
 */
export const withLocalExecutions = <A>(
  context: CommandContext,
  project: Project,
  use: (client: ExecutionsClient) => Effect.Effect<A, unknown>
): Effect.Effect<A, unknown> => {
  const { settings } = project
  // A command's output is its result: only what goes wrong is worth a line, unless more was asked for.
  const level =
    context.flags["log-level"] === undefined && settings.log.level === "info" ? "warn" : settings.log.level
  const logging = loggingLayer({
    level,
    format: settings.log.format,
    color: context.terminal.color.err,
    terminal: context.terminal.interactive,
    labels: labelsOf(settings),
    source: settings.log.source
  })
  return Effect.acquireUseRelease(
    Scope.make(),
    (scope) =>
      Effect.gen(function* () {
        yield* installTemporalRuntimeEarly(settings)
        const stack = yield* buildStack(settings, project, {
          beforeWorker: installTemporalRuntime(settings)
        }).pipe(Scope.provide(scope))
        mark("stack")
        return yield* use(clientOf(Context.get(stack, Executions)))
      }),
    (scope) =>
      Effect.flatMap(closeWithin(scope, settings.server.shutdownTimeout), (inTime) =>
        inTime
          ? Effect.void
          : Effect.logWarning("The shutdown did not end in time; what was left is abandoned.")
      )
  ).pipe(Effect.provide(logging))
}
