import { randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"

import type { Effect, Scope } from "effect"

import type { EmbeddedTemporalDescription } from "./description.ts"
import type { Hosted } from "./hosting.ts"
import type { Limits } from "./limits.ts"
import type { ServiceOptions } from "./service.ts"

export interface EmbeddedTemporalRetention {
  /**
   * How long a closed execution is kept, in milliseconds. Default: a day in memory, 7 days in a file, for ever where
   * time is skipped.
   */
  readonly ageMs?: number
  /** How many closed executions are kept at most. Default: 5,000 in memory, 100,000 in a file. */
  readonly closedRuns?: number
  /** How many bytes of history closed executions may take. Default: 64 MiB in memory, 4 GiB in a file. */
  readonly bytes?: number
}

/** How much the service takes before it refuses, or terminates an execution. The defaults are the real server's. */
export type EmbeddedTemporalLimits = Limits

export type {
  EmbeddedTemporalDescription,
  EmbeddedTemporalQueue,
  EmbeddedTemporalTally
} from "./description.ts"

/** The types that search attributes have. A namespace has room for 10 of `Keyword` and for 3 of each other type. */
export type EmbeddedTemporalAttributeType =
  | "Text"
  | "Keyword"
  | "Int"
  | "Double"
  | "Bool"
  | "Datetime"
  | "KeywordList"

export interface EmbeddedTemporalOptions {
  /** The SQLite file that keeps everything. Without one it is kept in memory and gone with the process. */
  readonly file?: string
  /** The namespace that is there from the start. Default: `"default"`. */
  readonly namespace?: string
  /** Further namespaces that are there from the start. */
  readonly namespaces?: readonly string[]
  /** Search attributes that are registered in these namespaces, with their types. */
  readonly searchAttributes?: Readonly<Record<string, EmbeddedTemporalAttributeType>>
  /** The address to listen on. Others than loopback need `expose`. Default: `"127.0.0.1"`. */
  readonly host?: string
  /** Default: 0, any free port. */
  readonly port?: number
  /** Allows a `host` that other machines can reach. Default: false. */
  readonly expose?: boolean
  /**
   * The key that each call has to bring as `authorization: Bearer <key>`. Default: a random one for this process.
   * `"none"` lets everybody in who can reach the port.
   */
  readonly auth?: "none" | { readonly key: string }
  /**
   * When SQLite waits for the disk. Whatever is acknowledged survives the end of the process with each of them;
   * `"full"` also survives a power failure, `"normal"` may lose the last moments in one, `"off"` may damage the
   * file in one. Default: `"normal"`.
   */
  readonly synchronous?: "off" | "normal" | "full"
  readonly retention?: EmbeddedTemporalRetention
  /** Limits that differ from the real server's. */
  readonly limits?: Partial<EmbeddedTemporalLimits>
  /**
   * What becomes of an activity that was with a worker when the process died. `"retry"` counts it as an attempt
   * that timed out: its retry policy decides, at once. `"repeat"` runs the same attempt again even where the
   * policy allows only one. Default: `"retry"`.
   */
  readonly lostActivities?: "retry" | "repeat"
  /**
   * Where the service runs. `"thread"` is the calling thread: the quickest to start, and without a copy of anything.
   * `"worker"` is a thread of its own: what blocks the calling thread (an activity that computes) does not keep the
   * service from answering other workers, nor from noticing that a task has timed out. Default: `"thread"`.
   */
  readonly hosting?: "thread" | "worker"
  /**
   * Gives the service a clock that is put forward over timers, retries, cron, delays and timeouts while nothing is
   * with a worker, and the test service of the protocol. `"waiting"` skips whenever a call waits for the result of a
   * workflow or of an update; `"locked"` waits for the calls of the test service, as `@temporalio/testing` makes them;
   * `"unlocked"` starts as if time skipping had been unlocked. Default: none of it, the system's clock.
   */
  readonly timeSkipping?: "waiting" | "locked" | "unlocked"
  /** Where the service reports what it does. Default: warnings and errors to stderr. */
  readonly logger?: (
    level: "debug" | "info" | "warn" | "error",
    message: string,
    attributes?: Record<string, unknown>
  ) => void
}

/** A running service. */
export interface EmbeddedTemporalServer {
  /** `host:port`, as the SDK's connections take it. */
  readonly address: string
  readonly port: number
  readonly namespace: string
  /** The key that calls have to bring; empty with `auth: "none"`. */
  readonly apiKey: string
  /**
   * What connections have to send along. Pass it as `metadata` to `Connection.connect` and
   * `NativeConnection.connect`: their own `apiKey` option switches TLS on, which does not exist here, unless
   * `tls: false` comes with it.
   */
  readonly metadata: Readonly<Record<string, string>>
  /**
   * Settles only if the service ends without being closed, which one in a thread of its own can (reason `Thread`).
   * What it had acknowledged to have in a file is there when it is opened again.
   */
  readonly failure: Promise<EmbeddedTemporalError>
  /**
   * What goes on: the tasks that workers have, what waits in the queues, what is stored, and counts of what was done
   * since the service was opened. Rejects once the service is closed, if it has a thread of its own.
   *
   * @example
   * ```ts
   * import { EmbeddedTemporal } from "compozy/embedded/temporal"
   *
   * const server = await EmbeddedTemporal.open()
   * const { inFlight, queues, storage } = await server.describe()
   * await server.close()
   * export default { inFlight, queues, storage }
   * ```
   */
  describe(): Promise<EmbeddedTemporalDescription>
  /** Ends all waiting polls, lets running calls finish, and closes the storage. May be called again. */
  close(): Promise<void>
}

/**
 * Why a service could not be started, or why it ended. A plain error with a tag, which `Effect.catchTag` takes: Effect's
 * own class of errors would load more than all the service.
 */
export class EmbeddedTemporalError extends Error {
  readonly _tag = "EmbeddedTemporalError"
  /** What is wrong, for programs. */
  readonly reason: "NotLoopback" | "PortInUse" | "Storage" | "Listen" | "Thread"
  /** What to do about it. */
  readonly fix: string

  /** `cause` is what was thrown, undefined if nothing was. */
  constructor(problem: {
    readonly reason: EmbeddedTemporalError["reason"]
    readonly message: string
    readonly fix: string
    readonly cause: unknown
  }) {
    super(problem.message, { cause: problem.cause })
    this.name = "EmbeddedTemporalError"
    this.reason = problem.reason
    this.fix = problem.fix
  }

  /** Stable code for documents and scripts. */
  get code(): string {
    return `embedded-temporal/${this.reason}`
  }
  get isRetryable(): boolean {
    return false
  }
}

const loopback = /^(127(\.\d{1,3}){3}|localhost|::1|\[::1\])$/

const toError = (cause: unknown, options: EmbeddedTemporalOptions): EmbeddedTemporalError => {
  if (cause instanceof EmbeddedTemporalError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  if (/EADDRINUSE|No address added/.test(message))
    return new EmbeddedTemporalError({
      reason: "PortInUse",
      message: `port ${options.port ?? 0} on ${options.host ?? "127.0.0.1"} is in use`,
      fix: "use port 0, which takes a free one, or end what listens there",
      cause
    })
  if (options.file !== undefined && /sqlite|database|schema|file/i.test(message))
    return new EmbeddedTemporalError({
      reason: "Storage",
      message: `${options.file} could not be opened: ${message}`,
      fix: "check that the folder exists and can be written, and that no other process has the file",
      cause
    })
  return new EmbeddedTemporalError({
    reason: "Listen",
    message: `the service could not be started: ${message}`,
    fix: "see the cause",
    cause
  })
}

const day = 86_400_000
const mebibyte = 1024 * 1024

const died = (cause: Error): EmbeddedTemporalError =>
  new EmbeddedTemporalError({
    reason: "Thread",
    message: `the service's thread ended: ${cause.message}`,
    fix: "see the cause, and open the service again",
    cause
  })

/** The executable beside this module: in the package's `bin`, from the sources, the built entry or a chunk. */
const findExecutable = (): string => {
  for (const place of ["../../../bin/temporal-server.js", "../../bin/temporal-server.js"]) {
    const path = fileURLToPath(new URL(place, import.meta.url))
    if (existsSync(path)) return path
  }
  return fileURLToPath(new URL("../../../bin/temporal-server.js", import.meta.url))
}

/**
 * The absolute path of a program that stands in for the Temporal CLI's development server and for the time-skipping
 * test server: it understands the arguments that `@temporalio/testing` 1.24 passes to either, needs no download, and
 * serves whoever can reach its port on 127.0.0.1. It runs on the `node` of the `PATH`, and not on Windows, which
 * starts no scripts.
 *
 * @example
 * ```ts
 * import { executablePath } from "compozy/embedded/temporal"
 *
 * const server = { executable: { type: "existing-path" as const, path: executablePath } }
 * // TestWorkflowEnvironment.createTimeSkipping({ server }) or .createLocal({ server })
 * export default server
 * ```
 */
export const executablePath: string = findExecutable()

const openHosted = async (options: ServiceOptions, hosting: "thread" | "worker"): Promise<Hosted> => {
  // Loaded only here: importing this module costs nothing.
  if (hosting === "worker") {
    const { openInThread } = await import("./hosting.ts")
    const { logger, ...rest } = options
    return openInThread(rest, logger)
  }
  const { openService } = await import("./service.ts")
  const { close, describe, port } = await openService(options)
  return { port, close, describe: async () => describe(), failure: new Promise(() => {}) }
}

const start = async (options: EmbeddedTemporalOptions): Promise<EmbeddedTemporalServer> => {
  const host = options.host ?? "127.0.0.1"
  if (!loopback.test(host) && options.expose !== true)
    throw new EmbeddedTemporalError({
      reason: "NotLoopback",
      message: `${host} can be reached by other machines`,
      fix: "listen on 127.0.0.1, or set expose: true",
      cause: undefined
    })
  const inFile = options.file !== undefined
  const namespace = options.namespace ?? "default"
  try {
    const apiKey = options.auth === "none" ? "" : (options.auth?.key ?? randomBytes(24).toString("base64url"))
    const { timeSkipping } = options
    const serviceOptions: ServiceOptions = {
      file: options.file,
      synchronous: options.synchronous ?? "normal",
      namespace,
      namespaces: options.namespaces ?? [],
      searchAttributes: options.searchAttributes ?? {},
      host,
      port: options.port ?? 0,
      key: apiKey === "" ? undefined : apiKey,
      retention: {
        ageMs: options.retention?.ageMs ?? (timeSkipping ? 36_500 * day : inFile ? 7 * day : day),
        isAgeAskedFor: options.retention?.ageMs !== undefined,
        closedRuns: options.retention?.closedRuns ?? (inFile ? 100_000 : 5000),
        bytes: options.retention?.bytes ?? (inFile ? 4096 : 64) * mebibyte
      },
      limits: options.limits ?? {},
      timeSkipping: timeSkipping && {
        unlocked: timeSkipping === "unlocked",
        whileWaiting: timeSkipping === "waiting"
      },
      lostActivities: options.lostActivities ?? "retry",
      logger:
        options.logger ??
        ((level, message, attributes) => {
          if (level === "warn" || level === "error")
            console.error(`[embedded temporal] ${message}`, attributes ?? "")
        })
    }
    const service = await openHosted(serviceOptions, options.hosting ?? "thread")
    if (!loopback.test(host))
      serviceOptions.logger(
        "warn",
        `other machines can reach the service at ${host}:${service.port}, without encryption`,
        { auth: apiKey === "" ? "none" : "key" }
      )
    return {
      address: `${host}:${service.port}`,
      port: service.port,
      namespace,
      apiKey,
      metadata: apiKey === "" ? {} : { authorization: `Bearer ${apiKey}` },
      failure: service.failure.then(died),
      describe: service.describe,
      close: service.close
    }
  } catch (cause) {
    throw toError(cause, options)
  }
}

const require = createRequire(import.meta.url)

/** Effect, which whoever wants one of its values has loaded: with this module it would take most of the time to start. */
const loadEffect = (): typeof Effect => require("effect/Effect") as typeof Effect

/**
 * A Temporal service in this process: unmodified `@temporalio/client` and `@temporalio/worker` run against it.
 * It listens on loopback, on a free port, and answers only callers that bring its key.
 *
 * @example
 * ```ts
 * import { Connection } from "@temporalio/client"
 * import { EmbeddedTemporal } from "compozy/embedded/temporal"
 *
 * const server = await EmbeddedTemporal.open({ file: "workflows.sqlite" })
 * const connection = await Connection.connect({ address: server.address, metadata: server.metadata })
 * await connection.close()
 * await server.close()
 * ```
 */
export const EmbeddedTemporal = {
  /** Starts a service. Rejects with an {@link EmbeddedTemporalError}. */
  open: (options: EmbeddedTemporalOptions = {}): Promise<EmbeddedTemporalServer> => start(options),

  /** A service that lives as long as its scope. */
  make: (
    options: EmbeddedTemporalOptions = {}
  ): Effect.Effect<EmbeddedTemporalServer, EmbeddedTemporalError, Scope.Scope> => {
    const { acquireRelease, promise, tryPromise } = loadEffect()
    return acquireRelease(
      tryPromise({ try: () => start(options), catch: (cause) => toError(cause, options) }),
      (server) => promise(() => server.close())
    )
  }
}
