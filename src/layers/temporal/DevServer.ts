/**
 * Temporal's own development server as the workflow engine of memory and persistent mode (`temporal.engine:
 * "dev-server"`): the real server's code, for those who want to compare, or need what the embedded engine leaves out.
 */
import { Effect, Layer, type Scope } from "effect"
import { accessSync, constants, statSync } from "node:fs"
import { delimiter, join, parse } from "node:path"
import { Temporal } from "../../services/Temporal.ts"
import { ownFile } from "../FileOwner.ts"
import { LayerError } from "../LayerError.ts"
import { makeTemporal } from "./EndpointLayer.ts"
import { withoutNewSignalListeners } from "./NativeRuntime.ts"
import { SkipsTime } from "./SkipsTime.ts"

/** How the development server is run. Durations are milliseconds. */
export interface DevServerOptions {
  /** Default `default`. */
  readonly namespace?: string
  /** The loopback address to listen on. Default 127.0.0.1. */
  readonly host?: string
  /** Default 0: any free port. */
  readonly port?: number
  /** How long the server has to answer once it runs. Default 10,000. */
  readonly startTimeout?: number
  /** From which level on the server logs. Default `warn`. */
  readonly logLevel?: "debug" | "info" | "warn" | "error"
  /**
   * The absolute path of the embedded engine's file; the server keeps its own in a folder beside it
   * (`temporal.dev-server/temporal.db` beside `temporal.db`). In memory without.
   */
  readonly file?: string
  /**
   * The path of the `temporal` command. Without it the one on the PATH runs; where there is none, Temporal's SDK downloads
   * one, and keeps it in the folder for temporary files.
   */
  readonly executable?: string
}

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The `temporal` command on the PATH. */
const findCommand = (): string | undefined =>
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, process.platform === "win32" ? "temporal.exe" : "temporal"))
    .find(isExecutable)

const failed = (message: string, fix: string, cause?: unknown): LayerError =>
  new LayerError({ layer: "temporal", failure: "failed", message, fix, key: "temporal.engine", cause })

/** The SDK's first sentence: what follows is advice for its own downloads, and the whole stays as the cause. */
const reasonOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).split(". ", 1)[0] ?? ""

const loadTesting = Effect.tryPromise({
  try: () => import("@temporalio/testing"),
  catch: (cause) =>
    failed(
      "Temporal's development server cannot be started: the package @temporalio/testing is not installed.",
      'Install it (npm install --save-dev @temporalio/testing@1.24), or set temporal.engine to "embedded".',
      cause
    )
})

/**
 * A folder for the server's file: it makes the file itself, readable by everybody, and takes none that is there and empty.
 * A file beside it says who owns the folder.
 */
const prepareFile = Effect.fnUntraced(function* (file: string) {
  const { base, dir, name } = parse(file)
  const folder = join(dir, `${name}.dev-server`)
  yield* ownFile({
    path: join(folder, "owner"),
    layer: "temporal",
    key: "temporal.file",
    what: "folder of the development server"
  })
  return join(folder, base)
})

const make = Effect.fnUntraced(function* (
  options: DevServerOptions
): Effect.fn.Return<Temporal["Service"], LayerError, Scope.Scope> {
  const { host = "127.0.0.1", logLevel = "warn", namespace = "default", port = 0 } = options
  if (yield* SkipsTime) {
    return yield* failed(
      "Temporal's development server cannot skip time.",
      'Set temporal.engine to "embedded" in tests that skip time.'
    )
  }
  const { TestWorkflowEnvironment } = yield* loadTesting
  const dbFilename = options.file === undefined ? undefined : yield* prepareFile(options.file)
  const path = options.executable ?? findCommand()
  const environment = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () =>
        withoutNewSignalListeners(() =>
          TestWorkflowEnvironment.createLocal({
            server: {
              ip: host,
              namespace,
              log: { format: "json", level: logLevel },
              // It shares this process's output, which belongs to the program.
              extraArgs: ["--output", "none"],
              ...(port !== 0 && { port }),
              ...(dbFilename !== undefined && { dbFilename }),
              ...(path !== undefined && { executable: { type: "existing-path" as const, path } })
            }
          })
        ),
      catch: (cause) =>
        failed(
          `Temporal's development server cannot be started${path === undefined ? "" : ` (${path})`}: ${reasonOf(cause)}.`,
          path === undefined
            ? 'Install the temporal command (https://docs.temporal.io/cli), so that nothing has to be downloaded, or set temporal.engine to "embedded".'
            : 'Check that it runs (temporal server start-dev), or set temporal.engine to "embedded".',
          cause
        )
    }),
    (started) =>
      Effect.tryPromise(() => started.teardown()).pipe(
        Effect.catch((error) => Effect.logDebug("Temporal's development server was not stopped", error))
      )
  )
  yield* Effect.logWarning(
    `Temporal's development server listens on ${environment.address} and asks nobody for a key: every program on this machine can use it.`
  )
  return yield* makeTemporal(
    {
      address: environment.address,
      namespace,
      startTimeout: options.startTimeout ?? 10_000,
      loopback: true
    },
    () => Effect.void
  )
})

/**
 * The workflow engine on a development server of Temporal's that runs as long as the layer: a process of its own, started
 * through `@temporalio/testing`, which the project installs. It listens on loopback without a key and cannot skip time;
 * retention, hosting and `synchronous` are the embedded engine's alone. After a `kill -9` of this process the server runs on
 * until somebody stops it.
 *
 * @param options where it listens and what it keeps
 * @throws LayerError where the package is missing or the server does not start
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Temporal } from "../../services/Temporal.ts"
 * import { layer } from "./DevServer.ts"
 *
 * const namespace = Effect.map(Temporal, (temporal) => temporal.namespace).pipe(Effect.provide(layer()))
 * ```
 */
export const layer = (options: DevServerOptions = {}): Layer.Layer<Temporal, LayerError> =>
  Layer.effect(Temporal, make(options))
