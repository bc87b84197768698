/** Temporal's native runtime for this process, installed by the command line only. */
import * as Effect from "effect/Effect"
import { suspendHooks } from "../config/Hooks.ts"
import type { Settings } from "../config/Settings.ts"

let installed = false

const levels = {
  trace: "TRACE",
  debug: "DEBUG",
  info: "WARN",
  warn: "WARN",
  error: "ERROR",
  none: "ERROR"
} as const

/** What the SDK says of every failed attempt and execution, with a stack of its own: ours are recorded and reported. */
const reported: ReadonlySet<string> = new Set(["Activity failed", "Workflow failed"])

/**
 * Installs the runtime without its signal handlers: this command line stops in its own order, and the SDK's would stop
 * every worker at the first signal and keep the process from ending.
 *
 * @param settings for the log level
 */
export const installTemporalRuntime = (settings: Settings): Effect.Effect<void> =>
  Effect.promise(async () => {
    if (installed) return
    installed = true
    // The hooks of a user's TypeScript make each of its 600 files slower to find.
    const resume = suspendHooks()
    const { DefaultLogger, Runtime } = await import("@temporalio/worker").finally(resume)
    try {
      Runtime.install({
        shutdownSignals: [],
        logger: new DefaultLogger(levels[settings.log.level], ({ level, message, meta }) => {
          if (settings.log.level === "none") return
          if (reported.has(message) && settings.log.level !== "debug" && settings.log.level !== "trace")
            return
          const error: unknown = meta?.["error"]
          const why = error instanceof Error ? `: ${error.stack ?? error.message}` : ""
          process.stderr.write(`temporal ${level.toLowerCase()}: ${message}${why}\n`)
        })
      })
    } catch (cause) {
      // A config that began to use the SDK while it was loaded has a runtime already, which stays.
      if (!(cause instanceof Error && cause.name === "IllegalStateError")) throw cause
    }
  })

/** Installs it before the services start, where one of them is started through the SDK. */
export const installTemporalRuntimeEarly = (settings: Settings): Effect.Effect<void> =>
  settings.temporal.mode !== "remote" && settings.temporal.engine === "dev-server"
    ? installTemporalRuntime(settings)
    : Effect.void
