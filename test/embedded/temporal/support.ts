/** What the suites of the embedded Temporal service share. */
import { deepStrictEqual, ok } from "node:assert/strict"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { Client, Connection, type ConnectionOptions } from "@temporalio/client"
import { defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from "@temporalio/client/lib/grpc-retry.js"
import { bundleWorkflowCode, NativeConnection, Runtime, Worker } from "@temporalio/worker"
import type { WorkerOptions } from "@temporalio/worker"

import { decodeFrame } from "../../../src/embedded/temporal/history.ts"
import { decodeOverlay, encodeAttempt, encodeOverlay } from "../../../src/embedded/temporal/run.ts"
import type { Run } from "../../../src/embedded/temporal/run.ts"
import { openService } from "../../../src/embedded/temporal/service.ts"
import type { Service, ServiceOptions } from "../../../src/embedded/temporal/service.ts"
import { applyEvent, rebuildState } from "../../../src/embedded/temporal/state.ts"
import { nextDeadline } from "../../../src/embedded/temporal/timeouts.ts"
import { makeRetries } from "../../../src/layers/temporal/Retries.ts"

export const ignore = (): void => undefined

const quiet = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore }

export const quietRuntime = (): void => {
  try {
    Runtime.install({
      shutdownSignals: [],
      logger: quiet,
      telemetryOptions: { logging: { filter: "off", forward: {} } }
    })
  } catch {
    // Another suite of this process has done it.
  }
}

const here = fileURLToPath(new URL(".", import.meta.url))
const cache = fileURLToPath(new URL("../../../node_modules/.cache/compozy-tests", import.meta.url))

/** The bundle of the workflows in the first of the files, built when one of them changes. */
export const bundlePath = async (
  sources: readonly [string, ...string[]] = ["workflows.ts"]
): Promise<string> => {
  const hash = createHash("sha256").update(readFileSync(new URL("../../../package.json", import.meta.url)))
  for (const source of sources) hash.update(readFileSync(join(here, source)))
  const path = join(cache, `embedded-temporal-${hash.digest("hex").slice(0, 16)}.js`)
  if (existsSync(path)) return path
  const { code } = await bundleWorkflowCode({ workflowsPath: join(here, sources[0]), logger: quiet })
  mkdirSync(dirname(path), { recursive: true })
  const unfinished = `${path}.${process.pid}`
  writeFileSync(unfinished, code)
  renameSync(unfinished, path)
  return path
}

export const temporaryFolder = (): { path: string; remove: () => void } => {
  const path = mkdtempSync(join(tmpdir(), "embedded-temporal-"))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A value with everything that means the same in the protocol made the same. */
const normal = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64")
  if (value instanceof Map)
    return [...value.entries()].map(([key, item]) => [key, normal(item)]).toSorted(byFirst)
  if (value instanceof Set) return [...value].toSorted()
  if (Array.isArray(value)) return value.map(normal)
  if (typeof value !== "object" || value === null) return value
  const long = value as { low?: unknown; high?: unknown }
  if (typeof long.low === "number" && typeof long.high === "number")
    return long.high * 2 ** 32 + (long.low >>> 0)
  const fields: [string, unknown][] = []
  for (const [name, field] of Object.entries(value)) {
    const item = normal(field)
    const absent =
      item === undefined ||
      item === null ||
      item === 0 ||
      item === "" ||
      item === false ||
      (Array.isArray(item) && item.length === 0)
    if (!absent) fields.push([name, item])
  }
  return Object.fromEntries(fields.toSorted(byFirst))
}

const byFirst = (a: readonly unknown[], b: readonly unknown[]): number =>
  String(a[0]) < String(b[0]) ? -1 : String(a[0]) > String(b[0]) ? 1 : 0

/**
 * History is the truth: what is in memory has to be what the stored events and the overlay tell. What could not be
 * done in time, because the storage failed, may be tried again until `retriedUntil`.
 */
export const expectRebuilt = (run: Run, retriedUntil = 0): void => {
  const rebuilt = rebuildState(run.frames.map(decodeFrame))
  for (const event of run.x.buffered) applyEvent(rebuilt, event)
  deepStrictEqual(normal(run.h), normal(rebuilt))
  deepStrictEqual(
    normal(run.x),
    normal(decodeOverlay(encodeOverlay(run.x), Array.from(run.x.attempts.values(), encodeAttempt)))
  )
  // Nothing that happens by itself may be forgotten.
  ok(Math.min(run.nextWake, run.newDeadline) <= Math.max(nextDeadline(run), retriedUntil))
}

const defaults: ServiceOptions = {
  file: undefined,
  synchronous: "normal",
  namespace: "default",
  searchAttributes: { CustomKeywordField: "Keyword" },
  host: "127.0.0.1",
  port: 0,
  key: undefined,
  retention: { ageMs: 86_400_000, closedRuns: 1000, bytes: 64 * 1024 * 1024 },
  limits: {},
  lostActivities: "retry",
  logger: (level, message, attributes) => {
    if (level === "error") throw new Error(`${message} ${JSON.stringify(attributes)}`)
  }
}

export interface Rig {
  readonly service: Service
  readonly address: string
  readonly connection: Connection
  readonly disconnect: () => Promise<void>
  readonly client: Client
  readonly options: ServiceOptions
  readonly transitions: () => number
  close(): Promise<void>
}

/** A client's connection, of which no retry is left when it is closed. */
export const connectClient = async (
  options: ConnectionOptions
): Promise<{ readonly connection: Connection; readonly disconnect: () => Promise<void> }> => {
  const retries = makeRetries({ defaultGrpcRetryOptions, makeGrpcRetryInterceptor })
  const connection = await Connection.connect({ ...options, interceptors: retries.interceptors })
  return { connection, disconnect: () => retries.close(connection) }
}

/** A service whose every transition is checked, and a client for it. */
export const openRig = async (options: Partial<ServiceOptions> = {}): Promise<Rig> => {
  const all = { ...defaults, ...options }
  const service = await openService(all)
  let transitions = 0
  service.engine.inspect = (run) => {
    transitions += 1
    expectRebuilt(run)
  }
  const address = `127.0.0.1:${service.port}`
  const { connection, disconnect } = await connectClient({ address })
  return {
    service,
    address,
    connection,
    client: new Client({ connection }),
    options: all,
    transitions: () => transitions,
    disconnect,
    close: async () => {
      await disconnect()
      await service.close()
    }
  }
}

export interface RunningWorker {
  readonly taskQueue: string
  stop(): Promise<void>
}

/** An unmodified worker on the given address. */
export const startWorker = async (
  address: string,
  taskQueue: string,
  activities: NonNullable<WorkerOptions["activities"]>,
  options: Partial<WorkerOptions> = {}
): Promise<RunningWorker> => {
  const connection = await NativeConnection.connect({ address })
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: { codePath: await bundlePath() },
    activities,
    shutdownGraceTime: 50,
    ...options
  })
  const running = worker.run()
  return {
    taskQueue,
    stop: async () => {
      worker.shutdown()
      await running
      await connection.close()
    }
  }
}
