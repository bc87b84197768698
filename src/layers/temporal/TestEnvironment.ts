/**
 * A Temporal service of a test's own, for workflows that are written with Temporal's SDK: in the test's process,
 * without a download, with a clock that skips what nobody has to wait for.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as RcRef from "effect/RcRef"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type { EmbeddedTemporalError } from "../../embedded/temporal/index.ts"
import { connectNative, loadWorkerSdk } from "./NativeRuntime.ts"
import { makeRetries } from "./Retries.ts"
import type { TestTemporalClient } from "./TestClient.ts"

/** How the service is set up. */
export interface TemporalEnvironmentOptions {
  /**
   * Whether its clock is put forward while somebody waits (for a result, an update, a sleep) and nothing is in
   * flight. Default: true; false leaves it on real time.
   */
  readonly timeSkipping?: boolean
  /** Default: `default`. */
  readonly namespace?: string
}

/** What a worker of a test serves. */
export interface TestWorkerOptions {
  /** Default: `test`. */
  readonly taskQueue?: string
  /** The module with the workflows, an absolute path: it is bundled when the worker starts. */
  readonly workflowsPath?: string
  /** Workflows that were bundled before, with the SDK's `bundleWorkflowCode`: a second quicker per test. */
  readonly workflowBundle?: { readonly code: string } | { readonly codePath: string }
  /** The activities, by name. */
  readonly activities?: object
  /** Further options of the SDK's `Worker.create`. */
  readonly settings?: Readonly<Record<string, unknown>>
}

const codes = {
  Connection: "COMPOZY_TEST_TEMPORAL_CONNECTION",
  Worker: "COMPOZY_TEST_TEMPORAL_WORKER",
  Clock: "COMPOZY_TEST_TEMPORAL_CLOCK"
} as const

/** The worker of a test could not be started, or ended with an error; or the client has found no service. */
export class TestTemporalFailed extends Schema.TaggedError<TestTemporalFailed>()("TestTemporalFailed", {
  reason: Schema.Literals(["Connection", "Worker", "Clock"]),
  message: Schema.String,
  cause: Schema.Defect()
}) {
  readonly isRetryable = false
  /** Stable code for documents and scripts. */
  get code(): string {
    return codes[this.reason]
  }
}

interface Common<Client> {
  /** The SDK's `Client` on the service. */
  readonly client: Client
  /** `host:port` of the service. */
  readonly address: string
  readonly namespace: string
  /** What other connections have to send along. */
  readonly metadata: Readonly<Record<string, string>>
  /** The task queue of workers that name none. */
  readonly taskQueue: string
}

/** A service for a test that is written with Effect. */
export interface TemporalEnvironment<Client = TestTemporalClient> extends Common<Client> {
  /** Lets time pass on the service's clock: at once where time is skipped and nothing is in flight. */
  readonly sleep: (duration: Duration.Input) => Effect.Effect<void, TestTemporalFailed>
  /** The service's time, in milliseconds since 1970. */
  readonly currentTime: Effect.Effect<number, TestTemporalFailed>
  /** Runs a worker for as long as an effect runs; a worker that ends with an error ends the effect. */
  readonly withWorker: (
    options: TestWorkerOptions
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TestTemporalFailed, R>
}

/** A service for a test that is written with promises. Close it when the test ends, or hold it with `await using`. */
export interface PromisedTemporal<Client = TestTemporalClient> extends Common<Client>, AsyncDisposable {
  /** Lets so many milliseconds pass on the service's clock. */
  readonly sleep: (ms: number) => Promise<void>
  /** The service's time, in milliseconds since 1970. */
  readonly currentTime: () => Promise<number>
  /** Runs a worker until what the function gives settles. */
  readonly runUntil: <A>(options: TestWorkerOptions, body: () => Promise<A>) => Promise<A>
  /** Stops the service. */
  readonly close: () => Promise<void>
}

const defaultQueue = "test"

const failed =
  (reason: TestTemporalFailed["reason"]) =>
  (cause: unknown): TestTemporalFailed =>
    new TestTemporalFailed({ reason, message: cause instanceof Error ? cause.message : String(cause), cause })

const connect = Effect.fnUntraced(function* (address: string, metadata: Readonly<Record<string, string>>) {
  const [{ Connection, InternalConnectionOptionsSymbol }, retry] = yield* Effect.promise(() =>
    Promise.all([
      import("@temporalio/client/lib/connection.js"),
      import("@temporalio/client/lib/grpc-retry.js")
    ])
  )
  const retries = makeRetries(retry)
  return yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => {
        // The symbol by which the SDK's own testing package asks for the calls of the clock.
        const options = {
          address,
          metadata: { ...metadata },
          interceptors: retries.interceptors,
          [InternalConnectionOptionsSymbol]: { supportsTestService: true }
        }
        return Connection.connect(options)
      },
      catch: failed("Connection")
    }),
    (connection) => Effect.promise(() => retries.close(connection))
  )
})

type Connection = Effect.Success<ReturnType<typeof connect>>

const clockOf = (connection: Connection, skipping: boolean) => {
  const { testService } = connection
  if (!skipping || testService === undefined)
    return { sleep: (duration: Duration.Input) => Effect.sleep(duration), currentTime: Effect.sync(Date.now) }
  return {
    sleep: (duration: Duration.Input) =>
      Effect.gen(function* () {
        const { msNumberToTs } = yield* Effect.promise(() => import("@temporalio/common/lib/time.js"))
        yield* Effect.tryPromise({
          try: (signal) =>
            connection.withAbortSignal(signal, () =>
              testService.unlockTimeSkippingWithSleep({ duration: msNumberToTs(Duration.toMillis(duration)) })
            ),
          catch: failed("Clock")
        })
      }),
    currentTime: Effect.tryPromise({
      try: async () => {
        const { time } = await testService.getCurrentTime({})
        return Number(time?.seconds ?? 0) * 1000 + Math.floor((time?.nanos ?? 0) / 1e6)
      },
      catch: failed("Clock")
    })
  }
}

const workerOf = Effect.fnUntraced(function* (
  connection: Effect.Success<ReturnType<typeof connectNative>>,
  namespace: string,
  options: TestWorkerOptions
) {
  const { Worker } = yield* loadWorkerSdk
  const { activities, settings, taskQueue = defaultQueue, workflowBundle, workflowsPath } = options
  const worker = yield* Effect.tryPromise({
    try: () =>
      Worker.create({
        ...settings,
        connection,
        namespace,
        taskQueue,
        ...(activities !== undefined && { activities }),
        ...(workflowBundle !== undefined && { workflowBundle }),
        ...(workflowsPath !== undefined && { workflowsPath })
      }),
    catch: failed("Worker")
  })
  const running = worker.run()
  // Whoever waits for it learns of its end; until then it must not count as a rejection that nobody handles.
  running.catch(() => undefined)
  return { worker, ended: Effect.tryPromise({ try: () => running, catch: failed("Worker") }) }
})

/** A service that lives as long as its scope. `Client` is the type that its client is given. */
export const makeEnvironment = Effect.fnUntraced(function* <Client = TestTemporalClient>(
  options: TemporalEnvironmentOptions = {}
): Effect.fn.Return<TemporalEnvironment<Client>, EmbeddedTemporalError | TestTemporalFailed, Scope.Scope> {
  const { namespace = "default", timeSkipping = true } = options
  const { EmbeddedTemporal } = yield* Effect.promise(() => import("../../embedded/temporal/index.ts"))
  const server = yield* EmbeddedTemporal.make({ namespace, ...(timeSkipping && { timeSkipping: "waiting" }) })
  const { address, metadata } = server
  const connection = yield* connect(address, metadata)
  const native = yield* RcRef.make({
    acquire: connectNative({
      address,
      namespace,
      apiKey: Redacted.make(server.apiKey),
      startTimeout: 10_000,
      loopback: true
    })
  })
  const sdk = yield* Effect.promise(() => import("@temporalio/client"))
  return {
    // The boundary to the SDK's types; see TestClient.ts.
    client: new sdk.Client({ connection, namespace }) as Client,
    address,
    namespace,
    metadata,
    taskQueue: defaultQueue,
    ...clockOf(connection, timeSkipping),
    withWorker: (worker) => (effect) =>
      Effect.scoped(
        Effect.gen(function* () {
          const nativeConnection = yield* Effect.mapError(RcRef.get(native), failed("Connection"))
          const running = yield* Effect.acquireRelease(
            workerOf(nativeConnection, namespace, worker),
            ({ ended, worker: started }) =>
              Effect.andThen(
                Effect.sync(() => {
                  if (started.getState() === "RUNNING") started.shutdown()
                }),
                Effect.ignore(ended)
              )
          )
          return yield* Effect.raceFirst(effect, Effect.andThen(running.ended, Effect.never))
        })
      )
  }
})

/** A service for tests that are written with promises. */
export const makePromised = async <Client = TestTemporalClient>(
  options: TemporalEnvironmentOptions = {}
): Promise<PromisedTemporal<Client>> => {
  const scope = Scope.makeUnsafe()
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  const environment = await Effect.runPromise(Scope.provide(makeEnvironment<Client>(options), scope)).catch(
    async (error: unknown) => {
      await close()
      throw error
    }
  )
  const { currentTime, sleep, withWorker, ...rest } = environment
  return {
    ...rest,
    sleep: (ms) => Effect.runPromise(sleep(ms)),
    currentTime: () => Effect.runPromise(currentTime),
    // Rejects with what the test's own code has thrown, as it was thrown.
    runUntil: (worker, body) =>
      Effect.runPromise(withWorker(worker)(Effect.tryPromise({ try: body, catch: (error) => error }))),
    close,
    [Symbol.asyncDispose]: close
  }
}
