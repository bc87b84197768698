/** `compozy start`: runs the server until it is asked to stop. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { labelsOf } from "../../runtime/Labels.ts"
import { loggingLayer } from "../../runtime/Logging.ts"
import { startServer } from "../../runtime/Server.ts"
import { closeWithin } from "../../runtime/Shutdown.ts"
import { mark } from "../../runtime/Startup.ts"
import { banner, noWorkflowYet } from "../Banner.ts"
import { type ExitCode, ExitCode as Code } from "../ExitCode.ts"
import { loadProject, type Project } from "../Project.ts"
import { installTemporalRuntime, installTemporalRuntimeEarly } from "../TemporalRuntime.ts"
import type { CommandContext } from "../Terminal.ts"

const announce = (context: CommandContext, project: Project, url: string): void => {
  const { terminal } = context
  const { settings } = project
  const readyAfter = performance.now()
  const workflows = project.workflows.map((workflow) => workflow.id)
  mark("ready")
  if (context.json) {
    terminal.out(
      `${JSON.stringify({ event: "ready", url, pid: process.pid, mode: settings.mode, workflows, readyMs: Math.round(readyAfter) })}\n`
    )
    return
  }
  terminal.err(
    banner({
      settings,
      version: context.version,
      url,
      workflows,
      warnings: project.warnings.map((warning) => warning.message),
      readyAfter,
      cwd: terminal.cwd,
      color: terminal.color.err
    })
  )
  if (workflows.length === 0)
    terminal.err(`\n${noWorkflowYet(settings.file !== undefined, terminal.color.err)}`)
}

const serve = Effect.fnUntraced(function* (
  context: CommandContext,
  project: Project
): Effect.fn.Return<ExitCode, unknown> {
  const { terminal } = context
  const { settings } = project
  const scope = yield* Scope.make()
  yield* installTemporalRuntimeEarly(settings)
  // The worker's part of Temporal's SDK is the slowest import there is. What is started before it polls waits in Temporal.
  const ready = yield* Deferred.make<void>()
  const starting = yield* Effect.forkChild(
    Effect.tap(
      startServer(settings, project, {
        version: context.version,
        beforeWorker: Effect.andThen(Deferred.await(ready), installTemporalRuntime(settings))
      }).pipe(Scope.provide(scope)),
      ({ url }) =>
        Effect.andThen(
          Effect.sync(() => announce(context, project, url)),
          Deferred.succeed(ready, undefined)
        )
    )
  )
  const serving = Effect.andThen(Fiber.join(starting), Effect.never)
  const close = Effect.flatMap(closeWithin(scope, settings.server.shutdownTimeout), (inTime) =>
    Effect.sync(() => {
      if (!inTime) {
        terminal.err(
          `The shutdown did not end within ${settings.server.shutdownTimeout} ms; what is left is abandoned.\n`
        )
      }
      return inTime
    })
  )
  const drained = yield* Effect.raceFirst(serving, context.stopRequested).pipe(
    Effect.tap((signal) =>
      Effect.sync(() =>
        terminal.err(
          `\n${signal} received: draining.${signal === "SIGINT" ? " Press Ctrl-C again to stop at once." : ""}\n`
        )
      )
    ),
    Effect.andThen(Effect.timeoutOption(Fiber.interrupt(starting), settings.server.shutdownTimeout)),
    Effect.andThen(close),
    Effect.onError(() => close)
  )
  if (drained) terminal.err("Stopped.\n")
  return drained ? Code.ok : Code.failed
})

/** Starts the server; gives 0 when it was asked to stop and has drained. */
export const start = (context: CommandContext): Effect.Effect<ExitCode, unknown> =>
  Effect.flatMap(loadProject(context), (project) => {
    mark("config")
    const { settings } = project
    return serve(context, project).pipe(
      Effect.provide(
        loggingLayer({
          level: settings.log.level,
          format: settings.log.format,
          color: context.terminal.color.err,
          terminal: context.terminal.interactive,
          labels: labelsOf(settings),
          source: settings.log.source
        })
      )
    )
  })
