/** The workflow engine in this process, for memory and persistent mode. */
import { Effect, Redacted, type Scope } from "effect"
import type {
  EmbeddedTemporalError,
  EmbeddedTemporalOptions,
  EmbeddedTemporalServer
} from "../../embedded/temporal/index.ts"
import type { Temporal } from "../../services/Temporal.ts"
import { LayerError, type LayerFailure } from "../LayerError.ts"
import type { Endpoint } from "./Endpoint.ts"
import { makeLazyTemporal } from "./EndpointLayer.ts"
import { SkipsTime } from "./SkipsTime.ts"

/** What memory and persistent mode have in common. Durations are milliseconds. */
export interface EmbeddedTemporalLayerOptions {
  /** Default `default`. */
  readonly namespace?: string
  /** The loopback address to listen on. Default 127.0.0.1. */
  readonly host?: string
  /** Default 0: any free port. */
  readonly port?: number
  /** Where it runs: in the calling thread (the default), or in one of its own, which no task can hold up. */
  readonly hosting?: "thread" | "worker"
  /** How long the engine has to answer. Default 10,000. */
  readonly startTimeout?: number
  /** What is kept of closed executions. */
  readonly retention?: { readonly period?: number; readonly maxClosed?: number }
  /** From which level on the engine logs. Default `warn`. */
  readonly logLevel?: "debug" | "info" | "warn" | "error"
}

const LEVELS = ["debug", "info", "warn", "error"] as const

const failures: Record<EmbeddedTemporalError["reason"], readonly [LayerFailure, string]> = {
  NotLoopback: ["invalid", "temporal.host"],
  PortInUse: ["in-use", "temporal.port"],
  Storage: ["storage", "temporal.file"],
  Listen: ["failed", "temporal.host"],
  Thread: ["failed", "temporal.hosting"]
}

const toLayerError = (error: EmbeddedTemporalError): LayerError => {
  const [failure, key] = failures[error.reason]
  return new LayerError({
    layer: "temporal",
    failure,
    message: `The embedded workflow engine cannot start: ${error.message}.`,
    fix: `${error.fix.charAt(0).toUpperCase()}${error.fix.slice(1)}.`,
    key,
    cause: error
  })
}

/** Starts the engine alone, without a connection to it; it ends with the scope. */
export const openEmbeddedTemporal = Effect.fnUntraced(function* (
  options: EmbeddedTemporalOptions
): Effect.fn.Return<EmbeddedTemporalServer, LayerError, Scope.Scope> {
  // Loaded only here: whoever uses a cluster needs none of it.
  const { EmbeddedTemporal } = yield* Effect.promise(() => import("../../embedded/temporal/index.ts"))
  return yield* Effect.mapError(EmbeddedTemporal.make(options), toLayerError)
})

const noAnswer = ({ address }: Endpoint, cause: Error): LayerError =>
  new LayerError({
    layer: "temporal",
    failure: "timeout",
    message: `The embedded workflow engine listens on ${address}, but does not answer: ${cause.message}.`,
    fix: "Check whether something on this machine holds back connections to loopback, or raise temporal.startTimeout.",
    key: "temporal.startTimeout",
    address,
    cause
  })

/**
 * Starts the engine on loopback with a key of its own and connects to it. `storage` says where it keeps what it
 * knows.
 */
export const makeEmbeddedTemporal = Effect.fnUntraced(function* (
  options: EmbeddedTemporalLayerOptions,
  storage: Pick<EmbeddedTemporalOptions, "file" | "synchronous">
): Effect.fn.Return<Temporal["Service"], LayerError, Scope.Scope> {
  const { host, hosting, logLevel = "warn", port, retention } = options
  const skipsTime = yield* SkipsTime
  const log = Effect.runForkWith(yield* Effect.context())
  const levels = {
    debug: Effect.logDebug,
    info: Effect.logInfo,
    warn: Effect.logWarning,
    error: Effect.logError
  }
  const server = yield* openEmbeddedTemporal({
    ...storage,
    ...(options.namespace !== undefined && { namespace: options.namespace }),
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(hosting !== undefined && { hosting }),
    ...(skipsTime && { timeSkipping: "waiting" }),
    retention: {
      ...(retention?.period !== undefined && { ageMs: retention.period }),
      ...(retention?.maxClosed !== undefined && { closedRuns: retention.maxClosed })
    },
    logger: (level, message, attributes) => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(logLevel)) return
      log(Effect.annotateLogs(levels[level](message), { service: "temporal", ...attributes }))
    }
  })
  yield* Effect.forkScoped(
    Effect.flatMap(
      Effect.promise(() => server.failure),
      ({ code, fix, message }) =>
        Effect.annotateLogs(Effect.logFatal(`The embedded workflow engine has ended: ${message}`), {
          service: "temporal",
          code,
          fix
        })
    )
  )
  const { recordEngineMetrics } = yield* Effect.promise(() => import("./EngineMetrics.ts"))
  yield* recordEngineMetrics(server)
  const endpoint: Endpoint = {
    address: server.address,
    namespace: server.namespace,
    apiKey: Redacted.make(server.apiKey),
    startTimeout: options.startTimeout ?? 10_000,
    loopback: true
  }
  const { answers } = yield* Effect.promise(() => import("./Answers.ts"))
  yield* Effect.mapError(answers(endpoint), (cause) => noAnswer(endpoint, cause))
  return yield* makeLazyTemporal(endpoint)
})
