/** The implementation of `Executions`, over the services of a deployment. */
import { isDeepStrictEqual } from "node:util"
import { Cause, Clock, Context, Deferred, Effect, Option, type Schema, Scope, Stream } from "effect"
import type { LimitsSettings, WorkerSettings } from "../../config/Settings.ts"
import { Cache } from "../../services/Cache.ts"
import type { ServiceError } from "../../services/ServiceError.ts"
import { Store, type WorkflowState } from "../../services/Store.ts"
import { Temporal } from "../../services/Temporal.ts"
import { type Defaults, type StartArguments, workflowType } from "../../workflow/interpreter/Protocol.ts"
import type { AnyWorkflow } from "../../workflow/Workflow.ts"
import {
  ExecutionNotFound,
  IdempotencyKeyReused,
  InputInvalid,
  SignalInvalid,
  WorkflowNotFound
} from "../ExecutionError.ts"
import { nearestOf } from "../../workflow/Nearest.ts"
import { Projection } from "../Projection.ts"
import { makeBlobs } from "./Blobs.ts"
import { codecOf } from "./Codec.ts"
import { eventsOf } from "./Events.ts"
import { type Execution, type ExecutionsService, isClosed, toExecution } from "./Execution.ts"
import { keyedExecutionId, newExecutionId } from "./Ids.ts"
import { prepare } from "./Programs.ts"
import { makeReconciler } from "./Reconcile.ts"
import { makeRegistry } from "./Registry.ts"
import { type WorkerSetup, startWorker } from "./StartWorker.ts"

/** What to run, and how. Durations are milliseconds. */
export interface ExecutionsOptions {
  /** The deployment's name: its task queue is `compozy-<name>`. */
  readonly name: string
  readonly workflows: ReadonlyArray<AnyWorkflow>
  /** What the section `worker` of the config says. */
  readonly worker?: Partial<WorkerSettings>
  /** What the section `limits` of the config says. */
  readonly limits?: Partial<LimitsSettings>
  /** Overrides `compozy-<name>`. */
  readonly taskQueue?: string
  /** What comes before the worker and all that it loads. Executions may be started meanwhile: they wait in Temporal. */
  readonly beforeWorker?: Effect.Effect<void>
  /** Services for tools, beside those that the layer is built with. */
  readonly context?: Context.Context<never>
}

const defaultsOf = ({ limits = {}, worker = {} }: ExecutionsOptions): Defaults => ({
  timeout: worker.activityTimeout ?? 300_000,
  heartbeat: worker.heartbeat ?? 30_000,
  retry: {
    maximumAttempts: 3,
    initialInterval: 1_000,
    backoffCoefficient: 2,
    maximumInterval: 60_000,
    ...worker.activityRetry
  },
  inline: limits.outputInline ?? 16_384,
  parallel: limits.parallel ?? 100,
  items: limits.collectionItems ?? 100_000,
  history: limits.historyEvents ?? 10_000,
  nesting: limits.nesting ?? 20,
  errorDepth: limits.taskContextDepth ?? 5
})

/** A row that says RUNNING is compared with the engine at most this often, in milliseconds. */
const staleAfter = 1_000

/** A start or an end does not wait longer for the store to write it, in milliseconds. */
const longestWrite = 5_000

/** Builds the service; its worker lives as long as the scope. */
export const makeExecutions = Effect.fnUntraced(function* (
  options: ExecutionsOptions
): Effect.fn.Return<ExecutionsService, never, Store | Cache | Temporal | Scope.Scope> {
  const store = yield* Store
  const cache = yield* Cache
  const temporal = yield* Temporal
  const scope = yield* Effect.scope
  const built = yield* Effect.context<never>()
  const services = options.context === undefined ? built : Context.merge(built, options.context)
  const run = Effect.runPromiseWith(services)

  const taskQueue = options.taskQueue ?? `compozy-${options.name}`
  const defaults = defaultsOf(options)
  const registry = makeRegistry(options.workflows)
  const byId = new Map(options.workflows.map((workflow) => [workflow.id, workflow]))
  const programs = new Map(options.workflows.map((workflow) => [workflow.id, prepare(workflow)]))
  const payload = options.limits?.payload ?? 32 * 1024 * 1024
  const blobs = makeBlobs(store, { inline: defaults.inline, payload })
  const projection = new Projection(store, cache, run)
  const flush = Effect.promise(() => projection.flush())
  const flushSoon = Effect.raceFirst(flush, Effect.sleep(longestWrite))

  const ready = yield* Deferred.make<void, ServiceError>()
  const failure = yield* Deferred.make<never, ServiceError>()
  const setup: WorkerSetup = {
    temporal,
    taskQueue,
    settings: options.worker ?? {},
    registry,
    blobs,
    projection,
    services,
    run,
    heartbeatEvery: Math.min(5_000, Math.max(500, Math.floor(defaults.heartbeat / 3)))
  }
  // The last records are written after the worker has stopped: finalizers run in reverse.
  yield* Scope.addFinalizer(scope, flushSoon)
  yield* Effect.andThen(options.beforeWorker ?? Effect.void, startWorker(setup)).pipe(
    Scope.provide(scope),
    Effect.tap(() => Deferred.succeed(ready, undefined)),
    Effect.flatMap((worker) => worker.awaitFailure),
    Effect.catchCause((cause) => {
      const failed = Effect.failCause(cause)
      const told = Cause.hasInterruptsOnly(cause)
        ? Effect.void
        : Effect.logError(`the worker of "${taskQueue}" does not run`, cause)
      return Effect.all([told, Deferred.complete(ready, failed), Deferred.complete(failure, failed)])
    }),
    Effect.forkIn(scope)
  )
  const workerReady = Deferred.await(ready)

  const reconciler = makeReconciler({ store, temporal, taskQueue, workerReady })

  /** The rows compared with the engine lately, by when. */
  const compared = new Map<string, number>()

  const notFound = (executionId: string) => new ExecutionNotFound({ executionId })

  /** A row that says RUNNING may be of an execution that was ended from outside. */
  const fresh = Effect.fnUntraced(function* (state: WorkflowState) {
    if (isClosed(state.status)) {
      compared.delete(state.executionId)
      return state
    }
    const now = yield* Clock.currentTimeMillis
    if (now - (compared.get(state.executionId) ?? 0) < staleAfter) return state
    if (compared.size > 10_000) compared.clear()
    compared.set(state.executionId, now)
    return Option.getOrElse(yield* reconciler.one(state.executionId), () => state)
  })

  const stateOf = Effect.fnUntraced(function* (executionId: string) {
    yield* flushSoon
    const found = yield* store.getWorkflowState(executionId)
    if (Option.isSome(found)) return yield* fresh(found.value)
    const repaired = yield* reconciler.one(executionId)
    if (Option.isNone(repaired)) return yield* notFound(executionId)
    return repaired.value
  })

  /** An execution with its large values in full. */
  const inFull = Effect.fnUntraced(function* (state: WorkflowState) {
    const execution = toExecution(state)
    const input = yield* blobs.open({ v: state.input, r: 1 })
    const output = state.output === null ? null : yield* blobs.open({ v: state.output, r: 1 })
    return { ...execution, input, output } satisfies Execution
  })

  const start: ExecutionsService["start"] = Effect.fn("Executions.start")(function* (
    workflowId,
    input,
    how = {}
  ) {
    const workflow = byId.get(workflowId)
    const prepared = programs.get(workflowId)
    if (workflow === undefined || prepared === undefined) {
      return yield* new WorkflowNotFound({
        workflow: workflowId,
        suggestion: nearestOf(workflowId, [...byId.keys()]) ?? null
      })
    }
    const checked = codecOf(workflow.input).normalize(input)
    if ("issues" in checked) return yield* new InputInvalid({ workflow: workflowId, issues: checked.issues })
    const key = how.idempotencyKey
    const now = yield* Clock.currentTimeMillis
    const executionId = key === undefined ? newExecutionId(now) : keyedExecutionId(workflowId, key)
    const packed = yield* blobs
      .pack(executionId, checked.value)
      .pipe(
        Effect.catchTag("InvalidRequest", ({ message }) =>
          Effect.fail(new InputInvalid({ workflow: workflowId, issues: [{ path: [], message }] }))
        )
      )
    if (key !== undefined) {
      yield* flushSoon
      const found = Option.getOrUndefined(yield* store.getWorkflowState(executionId))
      if (found !== undefined && !isDeepStrictEqual(found.input, packed.v)) {
        return yield* new IdempotencyKeyReused({ key, executionId })
      }
      if (found !== undefined && isClosed(found.status)) return { executionId, created: false }
    }
    const args: StartArguments = {
      protocol: 1,
      workflow: workflowId,
      program: prepared.inline ? prepared.program : { blob: yield* blobs.put(executionId, prepared.text) },
      input: packed,
      defaults
    }
    const row: WorkflowState = {
      executionId,
      workflowId,
      status: "RUNNING",
      input: packed.v,
      output: null,
      error: null,
      definition: prepared.hash,
      parentExecutionId: null,
      startedAt: now,
      updatedAt: now,
      closedAt: null,
      eventId: 0
    }
    const started = { executionId, type: "workflow_start" as const, data: { workflow: workflowId } }
    projection.add({ workflow: row, ...(key === undefined ? { events: [started] } : {}) })
    const begin = temporal
      .start({
        workflowId: executionId,
        workflowType,
        taskQueue,
        // Start arguments are JSON by construction; their interface says so field by field.
        args: [args as unknown as Schema.Json],
        onConflict: key === undefined ? "fail" : "use-existing",
        reuse: "reject-duplicate",
        ...(how.timeout === undefined ? {} : { executionTimeout: how.timeout })
      })
      .pipe(
        Effect.map((begun) => begun.started),
        Effect.catchTag("Conflict", () => Effect.succeed(false))
      )
    // What certainly did not begin leaves no trace; what may have begun is found out by reconciling.
    const forget = (error: ServiceError) =>
      error._tag === "TimedOut" || error._tag === "Unavailable" || key !== undefined
        ? Effect.void
        : Effect.ignore(Effect.andThen(flushSoon, store.deleteWorkflowState(executionId)))
    const [created] = yield* Effect.all([Effect.tapError(begin, forget), flushSoon], {
      concurrency: "unbounded"
    })
    if (created && key !== undefined) projection.add({ events: [started] })
    return { executionId, created }
  })

  const result: ExecutionsService["result"] = Effect.fn("Executions.result")(function* (executionId) {
    const ended = yield* temporal
      .result({ workflowId: executionId })
      .pipe(Effect.catchTag("NotFound", () => Effect.succeed(undefined)))
    yield* flushSoon
    const found = yield* store.getWorkflowState(executionId)
    if (Option.isSome(found) && isClosed(found.value.status)) return yield* inFull(found.value)
    if (Option.isNone(found) || ended === undefined) {
      const repaired = yield* reconciler.one(executionId)
      if (Option.isNone(repaired)) return yield* notFound(executionId)
      return yield* inFull(repaired.value)
    }
    const repaired = yield* reconciler.one(executionId)
    const state = Option.getOrElse(repaired, () => found.value)
    if (isClosed(state.status)) return yield* inFull(state)
    return yield* inFull(yield* reconciler.finish(state, ended, yield* Clock.currentTimeMillis))
  })

  const get: ExecutionsService["get"] = Effect.fn("Executions.get")(function* (executionId) {
    return yield* inFull(yield* stateOf(executionId))
  })

  const tasks: ExecutionsService["tasks"] = Effect.fn("Executions.tasks")(function* (executionId, page) {
    yield* stateOf(executionId)
    return yield* store.listTaskStates(executionId, page)
  })

  const list: ExecutionsService["list"] = Effect.fn("Executions.list")(function* (query = {}) {
    yield* flushSoon
    const page = yield* store.listWorkflowStates(query)
    const items = yield* Effect.forEach(page.items, fresh, { concurrency: 10 })
    const wanted = query.status
    return {
      // What has just been found to be over may no longer be what was asked for.
      items: items.filter((state) => wanted === undefined || wanted.includes(state.status)).map(toExecution),
      next: page.next
    }
  })

  const cancel: ExecutionsService["cancel"] = Effect.fn("Executions.cancel")(function* (executionId) {
    yield* temporal.cancel({ workflowId: executionId }).pipe(
      // Temporal says the same of an execution that is over and of one that never was.
      Effect.catchTag("NotFound", () => Effect.asVoid(stateOf(executionId)))
    )
  })

  const signal: ExecutionsService["signal"] = Effect.fn("Executions.signal")(
    function* (executionId, name, payload) {
      const state = yield* stateOf(executionId)
      const refuse = (issues: SignalInvalid["issues"]) => new SignalInvalid({ signal: name, issues })
      const workflow = registry.workflows.get(state.workflowId)
      const known = registry.signal(state.workflowId, name)
      if (workflow !== undefined && known === undefined) {
        const names = Object.keys(workflow.signals).join(", ")
        const message = `workflow "${state.workflowId}" waits for no such signal${names === "" ? "" : `; it knows ${names}`}`
        return yield* refuse([{ path: [], message }])
      }
      const checked = known === undefined ? { value: payload } : codecOf(known.payload).normalize(payload)
      if ("issues" in checked) return yield* refuse(checked.issues)
      const over = `the execution is over (${state.status})`
      if (isClosed(state.status)) return yield* refuse([{ path: [], message: over }])
      const packed = yield* blobs.pack(executionId, checked.value)
      yield* temporal
        .signal({ workflowId: executionId }, name, packed as unknown as Schema.Json)
        .pipe(Effect.catchTag("NotFound", () => refuse([{ path: [], message: "the execution is over" }])))
    }
  )

  const events: ExecutionsService["events"] = (executionId, how = {}) =>
    Stream.unwrap(
      Effect.map(stateOf(executionId), () => {
        const isOver = stateOf(executionId).pipe(
          Effect.map((state) => isClosed(state.status)),
          Effect.catchTag("ExecutionNotFound", () => Effect.succeed(true))
        )
        return eventsOf(cache, executionId, how.after ?? 0, isOver)
      })
    )

  return {
    workflows: new Map(options.workflows.map((workflow) => [workflow.id, workflow.definition])),
    workerReady,
    workerFailure: Deferred.await(failure),
    workerHealth: Effect.gen(function* () {
      const failed = yield* Deferred.poll(failure)
      if (Option.isSome(failed)) return yield* failed.value
      return (yield* Deferred.isDone(ready)) ? "up" : "starting"
    }),
    start,
    result,
    get,
    tasks,
    list,
    cancel,
    signal,
    events,
    reconcile: Effect.andThen(flush, reconciler.all)
  }
})
