/** Workers: started, watched, and drained when their scope closes. */
import type { NativeConnection, Worker, WorkerOptions as SdkWorkerOptions } from "@temporalio/worker"
import { Deferred, Effect, type Scope } from "effect"
import { type ServiceError, ServiceFailure } from "../../services/ServiceError.ts"
import type { SinkInfo, TemporalWorker, WorkerOptions } from "../../services/Temporal.ts"
import { loadWorkerSdk } from "./NativeRuntime.ts"
import { type Sandbox, workerWithSandbox } from "./Sandbox.ts"
import { toTemporalError } from "./TemporalErrors.ts"

const DEFAULT_GRACE = 10_000
const MAX_HEARTBEAT_INTERVAL = 5_000
/** How long activities that were cancelled when the grace was over have to notice, before the worker ends without them. */
const FORCE_AFTER_GRACE = 2_000

/** The SDK wraps each sink function; ours are not called again when a workflow is replayed. */
const toSdkSinks = (sinks: NonNullable<WorkerOptions["sinks"]>): NonNullable<SdkWorkerOptions["sinks"]> =>
  Object.fromEntries(
    Object.entries(sinks).map(([name, functions]) => [
      name,
      Object.fromEntries(
        Object.entries(functions).map(([name, call]) => [
          name,
          {
            callDuringReplay: false,
            fn: ({ runId, workflowId, workflowType }: SinkInfo, ...args: Array<never>) =>
              call({ runId, workflowId, workflowType }, ...args)
          }
        ])
      )
    ])
  )

const toSdkOptions = (
  options: WorkerOptions,
  connection: NativeConnection,
  namespace: string
): SdkWorkerOptions => {
  const grace = options.shutdownGrace ?? DEFAULT_GRACE
  return {
    connection,
    namespace,
    taskQueue: options.taskQueue,
    workflowBundle: options.workflowBundle,
    activities: options.activities,
    // A cancellation comes with the answer to a heartbeat: by default up to a minute passes between two.
    maxHeartbeatThrottleInterval: MAX_HEARTBEAT_INTERVAL,
    shutdownGraceTime: grace,
    shutdownForceTime: grace + FORCE_AFTER_GRACE,
    ...(options.identity !== undefined && { identity: options.identity }),
    ...(options.maxConcurrentActivities !== undefined && {
      maxConcurrentActivityTaskExecutions: options.maxConcurrentActivities
    }),
    ...(options.maxConcurrentLocalActivities !== undefined && {
      maxConcurrentLocalActivityExecutions: options.maxConcurrentLocalActivities
    }),
    ...(options.maxConcurrentWorkflowTasks !== undefined && {
      maxConcurrentWorkflowTaskExecutions: options.maxConcurrentWorkflowTasks
    }),
    ...(options.maxCachedWorkflows !== undefined && { maxCachedWorkflows: options.maxCachedWorkflows }),
    ...(options.sinks !== undefined && { sinks: toSdkSinks(options.sinks) })
  }
}

interface RunningWorker {
  readonly worker: Worker
  /** Settles when the worker has ended; never rejects. */
  readonly ended: Promise<void>
  readonly failure: Deferred.Deferred<never, ServiceError>
}

const start = (worker: Worker): RunningWorker => {
  const failure = Deferred.makeUnsafe<never, ServiceError>()
  const ended = worker.run().then(
    () => undefined,
    (cause: unknown) => {
      Deferred.doneUnsafe(
        failure,
        Effect.fail(
          new ServiceFailure({
            service: "temporal",
            operation: "temporal.worker",
            message: `The Temporal worker of task queue "${worker.options.taskQueue}" ended: ${cause instanceof Error ? cause.message : String(cause)}`,
            cause
          })
        )
      )
    }
  )
  return { worker, ended, failure }
}

/** Stops polling, lets running activities finish within the grace, cancels the rest, and waits for the end. */
const stop = ({ ended, worker }: RunningWorker): Effect.Effect<void> =>
  Effect.promise(() => {
    if (worker.getState() === "RUNNING") worker.shutdown()
    return ended
  })

/** Starts a worker on `connection`, in the thread of `sandbox` if there is one; it runs until the scope closes. */
export const startWorker = Effect.fnUntraced(function* (
  connection: NativeConnection,
  sandbox: Sandbox,
  namespace: string,
  options: WorkerOptions
): Effect.fn.Return<TemporalWorker, ServiceError, Scope.Scope> {
  const sdk = yield* loadWorkerSdk
  const Worker = yield* Effect.promise(() => workerWithSandbox(sdk.Worker, sandbox))
  const running = yield* Effect.acquireRelease(
    Effect.map(
      Effect.tryPromise({
        try: () => Worker.create(toSdkOptions(options, connection, namespace)),
        catch: (cause) => toTemporalError("temporal.worker", cause)
      }),
      start
    ),
    stop
  )
  return { state: () => running.worker.getState(), awaitFailure: Deferred.await(running.failure) }
})
