/**
 * A deployment's services, started and stopped in order: `.compozy/` and its lock; the database, Redis and Temporal
 * side by side; the user's layer, given those; then the executions with their worker. The scope closes them in
 * reverse, so that the worker drains while everything its tools use is still there.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { suspendHooks } from "../config/Hooks.ts"
import type { Services } from "../config/ModeConfig.ts"
import type { DatabaseSettings, RedisSettings, Settings, TemporalSettings } from "../config/Settings.ts"
import type { LayerError } from "../layers/LayerError.ts"
import { Temporal } from "../services/Temporal.ts"
import type { AnyWorkflow } from "../workflow/Workflow.ts"
import { type DataDirectoryFailed, makeDataDirectory } from "./DataDirectory.ts"
import type { Executions } from "./Executions.ts"
import { lockProject, type ProjectLocked, type ProjectLockFailed } from "./ProjectLock.ts"
import { ServicesFailed } from "./ServicesFailed.ts"
import { timed } from "./Startup.ts"

/** What a stack runs. */
export interface StackSource {
  /** In the order of the config. */
  readonly workflows: ReadonlyArray<AnyWorkflow>
  /** Gives the services that the workflows list. */
  readonly layer: Layer.Layer<never, unknown, Services> | undefined
}

/** Hooks of a start. */
export interface StackOptions {
  /** Runs before the worker is loaded and made. Executions may be started meanwhile: they wait for it in Temporal. */
  readonly beforeWorker?: Effect.Effect<void>
}

/** The user's layer could not be built. */
export class UserLayerFailed extends Schema.TaggedError<UserLayerFailed>()("UserLayerFailed", {
  reason: Schema.String,
  cause: Schema.Defect()
}) {
  readonly code = "COMPOZY_USER_LAYER_FAILED"
  readonly isRetryable = false
  override get message(): string {
    return `The layer of the config could not be built: ${this.reason}`
  }
}

/** What building a stack may fail with. */
export type StackError =
  | LayerError
  | ServicesFailed
  | UserLayerFailed
  | ProjectLocked
  | ProjectLockFailed
  | DataDirectoryFailed

/** Loads the module of a database's mode, and of no other. */
const loadDatabase = async (settings: DatabaseSettings) => {
  switch (settings.mode) {
    case "memory":
      return (await import("../layers/database/memory.ts")).layer
    case "persistent":
      return (await import("../layers/database/persistent.ts")).layer(settings)
    case "distributed":
      return (await import("../layers/database/distributed.ts")).layer(settings)
  }
}

/** Loads the module of a Redis's mode, and of no other. */
const loadRedis = async (settings: RedisSettings) => {
  switch (settings.mode) {
    case "memory":
      return (await import("../layers/redis/memory.ts")).layer(settings)
    case "persistent":
      return (await import("../layers/redis/persistent.ts")).layer(settings)
    case "distributed":
      return (await import("../layers/redis/distributed.ts")).layer(settings)
  }
}

/** Loads the module of a Temporal's mode, and of no other. */
const loadTemporal = async (settings: TemporalSettings) => {
  if (settings.mode !== "remote" && settings.engine === "dev-server") {
    return (await import("../layers/temporal/DevServer.ts")).layer(settings)
  }
  switch (settings.mode) {
    case "memory":
      return (await import("../layers/temporal/memory.ts")).layer(settings)
    case "persistent":
      return (await import("../layers/temporal/persistent.ts")).layer(settings)
    case "remote":
      return (await import("../layers/temporal/distributed.ts")).layer(settings)
  }
}

/** The store of a mode, its module loaded when it is built. */
export const databaseLayer = (settings: DatabaseSettings) =>
  Layer.unwrap(Effect.promise(() => loadDatabase(settings)))

/** The cache of a mode, its module loaded when it is built. */
export const redisLayer = (settings: RedisSettings) => Layer.unwrap(Effect.promise(() => loadRedis(settings)))

/** The workflow engine of a mode, its module loaded when it is built. */
export const temporalLayer = (settings: TemporalSettings) =>
  Layer.unwrap(Effect.promise(() => loadTemporal(settings)))

/** What a stack is made of: our own modules, before the packages that they load. */
const loadParts = (settings: Settings) =>
  Effect.promise(() =>
    Promise.all([
      loadDatabase(settings.database),
      loadRedis(settings.redis),
      loadTemporal(settings.temporal),
      import("./Executions.ts")
    ])
  )

type Parts = Effect.Success<ReturnType<typeof loadParts>>

const keepsFiles = (settings: Settings): boolean =>
  settings.database.mode === "persistent" ||
  settings.redis.mode === "persistent" ||
  settings.temporal.mode === "persistent"

const ownFiles = (settings: Settings) =>
  keepsFiles(settings)
    ? Effect.andThen(makeDataDirectory(settings.dataDir), lockProject(settings.dataDir))
    : Effect.void

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** The services of the user's tools, beside Compozy's own. */
const userContext = (source: StackSource, services: Context.Context<Services>) => {
  const { layer } = source
  if (layer === undefined) return Effect.succeed(services)
  return Layer.build(layer).pipe(
    Effect.provideContext(services),
    Effect.map((given): Context.Context<Services> => Context.merge(services, given)),
    Effect.catch((cause) => Effect.fail(new UserLayerFailed({ reason: reasonOf(cause), cause })))
  )
}

/** Compozy's own packages need none of the module hooks that a user's TypeScript does. */
const withoutHooks = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(suspendHooks),
    () => effect,
    (resume) => Effect.sync(resume)
  )

/** The same services, whose workers are loaded without the hooks. */
const withQuickWorkers = (context: Context.Context<Services>): Context.Context<Services> => {
  const temporal = Context.get(context, Temporal)
  return Context.add(context, Temporal, {
    ...temporal,
    worker: (options) => withoutHooks(temporal.worker(options))
  })
}

/** Builds the services side by side. The first that fails does not hide the others: each says what is wrong with it. */
const buildServices = Effect.fnUntraced(function* ([
  databaseLayer,
  redisLayer,
  temporalLayer
]: Parts): Effect.fn.Return<Context.Context<Services>, LayerError | ServicesFailed, Scope.Scope> {
  const build = <A>(name: string, layer: Layer.Layer<A, LayerError>) =>
    Effect.result(timed(name)(Layer.build(layer)))
  const [database, redis, temporal] = yield* Effect.all(
    [build("database", databaseLayer), build("redis", redisLayer), build("temporal", temporalLayer)],
    { concurrency: "unbounded" }
  )
  if (Result.isSuccess(database) && Result.isSuccess(redis) && Result.isSuccess(temporal)) {
    return Context.mergeAll(database.success, redis.success, temporal.success)
  }
  const errors = [Result.getFailure(database), Result.getFailure(redis), Result.getFailure(temporal)].flatMap(
    Option.toArray
  )
  const [first, second] = errors
  return yield* Effect.fail(
    first !== undefined && second === undefined ? first : new ServicesFailed({ errors })
  )
})

/** Whether nothing can be left of an earlier process. */
const isFresh = (settings: Settings): boolean =>
  settings.database.mode === "memory" && settings.temporal.mode === "memory"

/** Repairs what a killed process did not get to write, beside the work that goes on. */
const reconcile = (executions: Executions["Service"]): Effect.Effect<void> =>
  executions.reconcile.pipe(
    Effect.tap(({ checked, repaired }) =>
      repaired === 0
        ? Effect.void
        : Effect.logInfo(`Brought ${repaired} of ${checked} executions up to date with their histories.`)
    ),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.void
        : Effect.logWarning("Executions could not be compared with their histories", cause)
    ),
    Effect.asVoid
  )

/**
 * Builds a stack in the current scope.
 *
 * @param settings the resolved settings
 * @param source the workflows and the user's layer
 * @param options hooks of the start
 * @returns the services, with the user's and `Executions`
 */
export const buildStack: (
  settings: Settings,
  source: StackSource,
  options?: StackOptions
) => Effect.Effect<Context.Context<Services | Executions>, StackError, Scope.Scope> = Effect.fnUntraced(
  function* (settings, source, options) {
    yield* ownFiles(settings)
    const parts = yield* loadParts(settings)
    const services = yield* withoutHooks(buildServices(parts))
    const beforeWorker = yield* Effect.cached(options?.beforeWorker ?? Effect.void)
    const context = yield* timed("user layer")(userContext(source, services))
    const [, , , { Executions }] = parts
    const executions = yield* timed("executions")(
      Layer.build(
        Executions.layer({
          name: settings.name,
          workflows: source.workflows,
          taskQueue: settings.temporal.taskQueue,
          worker: settings.worker,
          limits: settings.limits,
          beforeWorker
        })
      ).pipe(Effect.provideContext(withQuickWorkers(context)))
    )
    if (!isFresh(settings)) {
      // It loads Temporal's client, which nobody has to wait for.
      yield* Effect.forkScoped(Effect.andThen(beforeWorker, reconcile(Context.get(executions, Executions))))
    }
    return Context.merge(context, executions)
  }
)

/**
 * A stack as a layer: Compozy's services, those of the user's layer, and `Executions`.
 *
 * @param settings the resolved settings
 * @param source the workflows and the user's layer
 * @param options hooks of the start
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Executions } from "./Executions.ts"
 * import * as Stack from "./Stack.ts"
 *
 * declare const settings: Parameters<typeof Stack.layer>[0]
 * const program = Effect.flatMap(Executions, (executions) => executions.list()).pipe(
 *   Effect.provide(Stack.layer(settings, { workflows: [], layer: undefined }))
 * )
 * ```
 */
export const layer = (
  settings: Settings,
  source: StackSource,
  options?: StackOptions
): Layer.Layer<Services | Executions, StackError> =>
  Layer.effectContext(buildStack(settings, source, options))
