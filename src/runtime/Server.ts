/** A running deployment: the stack, and the HTTP server before it. */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Settings } from "../config/Settings.ts"
import { Cache } from "../services/Cache.ts"
import { Store } from "../services/Store.ts"
import { Temporal } from "../services/Temporal.ts"
import type { DataDirectoryFailed } from "./DataDirectory.ts"
import { announceServer, type ServerRecord } from "./Discovery.ts"
import { Executions } from "./Executions.ts"
import { checkHealth } from "./Health.ts"
import { makeApiRoutes } from "./http/Handlers.ts"
import { type ListenFailed, makeHttpServer, type PortBusy } from "./http/HttpServer.ts"
import { makeOperationalRoutes } from "./http/OperationalRoutes.ts"
import { labelsOf } from "./Labels.ts"
import { makeMetrics } from "./Metrics.ts"
import { buildStack, type StackError, type StackOptions, type StackSource } from "./Stack.ts"
import { mark } from "./Startup.ts"
import { exportTelemetry } from "./Telemetry.ts"

/** A server that is ready. */
export interface RunningServer {
  /** `http://host:port`, as this machine reaches it. */
  readonly url: string
  readonly port: number
  /** What it told other processes of this user. */
  readonly record: ServerRecord
}

/** How to start a server. */
export interface ServerOptions extends StackOptions {
  /** The version of the package. */
  readonly version: string
}

/** How long requests in flight may finish, in milliseconds: a part of what the whole shutdown has. */
const drainTimeout = (settings: Settings) => Math.min(10_000, Math.ceil(settings.server.shutdownTimeout / 3))

/**
 * Starts the stack and its HTTP server; everything stops in reverse when the scope closes: the server is no longer
 * found, then it drains, then the worker does, then the services close.
 *
 * The port is taken first, so that a busy one is known before anything heavy is loaded.
 *
 * @param settings the resolved settings
 * @param source the workflows and the user's layer
 * @param options the package's version, and hooks of the start
 * @returns fails with `PortBusy`, `ListenFailed`, or what the stack fails with
 */
export const startServer: (
  settings: Settings,
  source: StackSource,
  options: ServerOptions
) => Effect.Effect<RunningServer, PortBusy | ListenFailed | DataDirectoryFailed | StackError, Scope.Scope> =
  Effect.fnUntraced(function* (settings, source, options) {
    const { server } = settings
    const labels = labelsOf(settings)
    const metrics = makeMetrics(labels)
    const telemetry = yield* exportTelemetry(settings, options.version, metrics.context)
    const draining = yield* Deferred.make<void>()
    const http = yield* makeHttpServer(
      {
        host: server.host,
        port: server.port,
        publicUrl: server.publicUrl,
        bodyLimit: server.bodyLimit,
        drainTimeout: drainTimeout(settings),
        cors: server.cors
      },
      metrics,
      draining
    ).pipe(Effect.provideContext(telemetry))
    mark("listening")
    // What the layers count is among the server's own metrics.
    const stack = yield* buildStack(settings, source, options).pipe(
      Effect.provideContext(Context.merge(telemetry, metrics.context))
    )
    mark("stack")
    const modes = {
      store: settings.database.mode,
      cache: settings.redis.mode,
      temporal: settings.temporal.mode
    }
    const record = yield* announceServer(settings, http.url)
    yield* http.serve([
      ...makeOperationalRoutes({
        name: settings.name,
        version: options.version,
        labels,
        readiness: checkHealth({
          store: Context.get(stack, Store),
          cache: Context.get(stack, Cache),
          temporal: Context.get(stack, Temporal),
          worker: Context.get(stack, Executions).workerHealth,
          modes
        }),
        isDraining: () => Deferred.isDoneUnsafe(draining),
        metrics,
        metricsPath: settings.monitoring.enabled ? settings.monitoring.path : undefined,
        record
      }),
      ...makeApiRoutes({
        executions: Context.get(stack, Executions),
        draining,
        requestTimeout: server.requestTimeout
      })
    ])
    metrics.ready(true)
    return { url: http.url, port: http.port, record }
  })
