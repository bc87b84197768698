import { SkippingClock, systemClock } from "./clock.ts"
import type { EmbeddedTemporalDescription } from "./description.ts"
import { Engine } from "./engine.ts"
import type { Logger, Retention } from "./engine.ts"
import { HistoryReader } from "./history-reader.ts"
import { Meter } from "./meter.ts"
import { Namespaces } from "./namespaces.ts"
import { Queries } from "./queries.ts"
import type { LostActivities } from "./recovery.ts"
import { operatorHandlers } from "./rpc/operator-service.ts"
import { openBatches } from "./rpc/batch-service.ts"
import { serve } from "./rpc/server.ts"
import { testService } from "./rpc/test-service.ts"
import { workflowService } from "./rpc/workflow-service.ts"
import { Schedules } from "./schedules/schedules.ts"
import { MemoryStorage } from "./storage/memory.ts"
import type { Storage } from "./storage/storage.ts"
import { Tasks } from "./tasks.ts"
import { TimeSkipping } from "./time-skipping.ts"
import type { TimeSkippingOptions } from "./time-skipping.ts"
import { Updates } from "./updates.ts"
import { defaultLimits } from "./limits.ts"
import type { Limits } from "./limits.ts"
import { Workers } from "./workers.ts"
import type { AttributeType } from "./visibility/attributes.ts"

export interface ServiceOptions {
  readonly file: string | undefined
  readonly synchronous: "off" | "normal" | "full"
  readonly namespace: string
  /** Further namespaces that are there from the start. */
  readonly namespaces?: readonly string[]
  /** Search attributes that are registered in each of them from the start, with their types. */
  readonly searchAttributes?: Readonly<Record<string, AttributeType>>
  readonly host: string
  readonly port: number
  readonly key: string | undefined
  readonly retention: Retention
  readonly limits: Partial<Limits>
  readonly lostActivities: LostActivities
  /** Gives the service a clock of its own that can be put forward, and the test service. */
  readonly timeSkipping?: TimeSkippingOptions | undefined
  readonly logger: Logger
}

export interface Service {
  readonly port: number
  readonly engine: Engine
  /** What goes on in the service. */
  describe(): EmbeddedTemporalDescription
  /** How many polls of workers wait. */
  polls(): number
  close(): Promise<void>
}

/** How often what is too old is looked for while nothing happens. */
const retentionMs = 60_000

/** How long calls may still run when the service closes. */
const closeGraceMs = 500

const openStorage = async (options: ServiceOptions): Promise<Storage> => {
  if (options.file === undefined) return new MemoryStorage()
  const { SqliteStorage } = await import("./storage/sqlite.ts")
  return new SqliteStorage(options.file, options.synchronous)
}

/** Opens the storage, takes up what it holds, and serves. */
export const openService = async (options: ServiceOptions): Promise<Service> => {
  const storage = await openStorage(options)
  try {
    const limits = { ...defaultLimits, ...options.limits }
    const skippingClock = options.timeSkipping === undefined ? undefined : new SkippingClock()
    const engine = new Engine({
      storage,
      clock: skippingClock ?? systemClock,
      limits,
      retention: options.retention,
      lostActivities: options.lostActivities,
      logger: options.logger
    })
    const time =
      options.timeSkipping === undefined || skippingClock === undefined
        ? undefined
        : new TimeSkipping(skippingClock, engine.waits, options.timeSkipping, (message, attributes) =>
            options.logger("warn", message, attributes)
          )
    engine.committed = time?.committed
    const namespaces = new Namespaces(storage, limits)
    for (const name of [options.namespace, ...(options.namespaces ?? [])])
      namespaces.ensure(name, {
        retentionMs: options.retention.ageMs,
        isRetentionAskedFor: options.retention.isAgeAskedFor === true,
        searchAttributes: options.searchAttributes ?? {}
      })
    engine.hasNamespace = (name) => namespaces.has(name)
    engine.searchAttributes = namespaces.types
    engine.retentions = () => namespaces.retentions()
    const queries = new Queries(engine.waits, limits.blobSize)
    const updates = new Updates(engine)
    const tasks = new Tasks(engine, queries, updates)
    const reader = new HistoryReader(engine)
    engine.applyRetention()
    engine.recover()
    const schedules = new Schedules(engine, (namespace) => namespaces.idOf(namespace))
    schedules.recover()
    const batches = openBatches(engine, namespaces, () => handlers)
    const workers = new Workers(Date.now)
    const meter = new Meter()
    meter.watch({ engine, tasks })
    const handlers = workflowService({
      engine,
      tasks,
      queries,
      updates,
      reader,
      namespaces,
      workers,
      schedules,
      batches
    })
    batches.recover()
    const bound = { port: options.port }
    const rpc = await serve(
      {
        "temporal.api.workflowservice.v1.WorkflowService": meter.observe(handlers),
        "temporal.api.operatorservice.v1.OperatorService": meter.observe(
          operatorHandlers(
            engine,
            namespaces,
            (namespace) => {
              for (const { scheduleId } of schedules.list(namespace)) schedules.delete(namespace, scheduleId)
            },
            () => `${options.host}:${bound.port}`
          )
        ),
        ...(time === undefined ? {} : { "temporal.api.testservice.v1.TestService": testService(time) }),
        "grpc.health.v1.Health": { Check: () => ({ status: 1 }) }
      },
      { host: options.host, port: options.port, key: options.key, logger: options.logger }
    )
    bound.port = rpc.port
    options.logger("info", "the service listens", {
      address: `${options.host}:${rpc.port}`,
      storage: options.file ?? "memory",
      openExecutions: storage.usage().openRuns
    })
    const retention = setInterval(() => engine.applyRetention(), retentionMs)
    retention.unref()
    let closing: Promise<void> | undefined
    return {
      port: rpc.port,
      engine,
      describe: () => meter.describe({ engine, tasks, workers, namespaces }),
      polls: () => tasks.waiting,
      close: () =>
        (closing ??= (async () => {
          // Calls that come from now on are told so; those that wait are answered.
          const ended = rpc.close(closeGraceMs)
          clearInterval(retention)
          time?.close()
          schedules.close()
          batches.close()
          tasks.close()
          reader.close()
          queries.close()
          updates.close()
          await ended
          engine.close()
        })())
    }
  } catch (error) {
    storage.close()
    throw error
  }
}
