/** What the embedded workflow engine counts, among the metrics of its stack. */
import { Effect, Metric, type Scope } from "effect"
import type { EmbeddedTemporalServer } from "../../embedded/temporal/index.ts"

/** How often the engine is asked, in milliseconds. */
const interval = 5000

const gauge = (name: string, description: string) => Metric.gauge(`compozy_temporal_${name}`, { description })

const openExecutions = gauge("open_executions", "Executions that are open")
const closedExecutions = gauge("closed_executions", "Executions that are kept after their end")
const storageBytes = gauge("storage_bytes", "Bytes of the engine's file, or of closed histories in memory")
const inFlight = gauge("tasks_in_flight", "Tasks that workers have")
const backlog = gauge("tasks_backlog", "Tasks that wait for a worker")
const polls = gauge("polls", "Polls of workers that wait for a task")
const dispatched = gauge("tasks_dispatched", "Tasks that workers took since the start")
const waited = gauge("tasks_wait_seconds", "How long these tasks waited in their queues, together")
const commits = gauge("commits", "Transactions of the engine's storage since the start")
const commitTime = gauge("commit_seconds", "How long these transactions took, together")

/** Keeps the engine's gauges up to date for as long as the scope lives. */
export const recordEngineMetrics: (
  server: EmbeddedTemporalServer
) => Effect.Effect<void, never, Scope.Scope> = Effect.fnUntraced(function* (server) {
  const record = Effect.gen(function* () {
    const now = yield* Effect.promise(() => server.describe())
    const { storage } = now
    yield* Metric.update(openExecutions, storage.openExecutions)
    yield* Metric.update(closedExecutions, storage.closedExecutions)
    yield* Metric.update(storageBytes, storage.kind === "file" ? storage.fileBytes : storage.closedBytes)
    yield* Metric.update(commits, now.commits.count)
    yield* Metric.update(commitTime, now.commits.seconds)
    for (const kind of ["workflow", "activity", "query"] as const) {
      yield* Metric.update(Metric.withAttributes(dispatched, { kind }), now.tasks[kind].count)
      yield* Metric.update(Metric.withAttributes(waited, { kind }), now.tasks[kind].seconds)
    }
    for (const kind of ["workflow", "activity"] as const) {
      const queues = now.queues.filter((queue) => queue.kind === kind)
      const sum = (of: (queue: (typeof queues)[number]) => number) =>
        queues.reduce((total, queue) => total + of(queue), 0)
      const taken = kind === "workflow" ? now.inFlight.workflowTasks : now.inFlight.activities
      yield* Metric.update(Metric.withAttributes(inFlight, { kind }), taken)
      yield* Metric.update(
        Metric.withAttributes(backlog, { kind }),
        sum((queue) => queue.backlog)
      )
      yield* Metric.update(
        Metric.withAttributes(polls, { kind }),
        sum((queue) => queue.polls)
      )
    }
  })
  // An engine in a thread of its own that has ended has nothing to tell any more.
  yield* Effect.forkScoped(Effect.ignoreCause(Effect.forever(Effect.andThen(record, Effect.sleep(interval)))))
})
