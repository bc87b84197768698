import type { EmbeddedTemporalDescription, EmbeddedTemporalQueue } from "./description.ts"
import type { Engine } from "./engine.ts"
import type { Namespaces } from "./namespaces.ts"
import type { Handler } from "./rpc/handler.ts"
import type { Tasks } from "./tasks.ts"
import type { Workers } from "./workers.ts"

interface Counter {
  count: number
  seconds: number
}

interface CallCounter extends Counter {
  errors: number
}

const counter = (): Counter => ({ count: 0, seconds: 0 })

const note = (tally: Counter, elapsedMs: number): void => {
  tally.count += 1
  tally.seconds += elapsedMs / 1000
}

/** What there is to look at. */
export interface Metered {
  readonly engine: Engine
  readonly tasks: Tasks
  readonly workers: Workers
  readonly namespaces: Namespaces
}

/** Counts what the service does. */
export class Meter {
  readonly #since = performance.now()
  readonly #calls = new Map<string, CallCounter>()
  readonly #commits = counter()
  readonly #tasks = { workflow: counter(), activity: counter(), query: counter() }

  /** Starts counting tasks and commits. */
  watch({ engine, tasks }: Pick<Metered, "engine" | "tasks">): void {
    for (const matching of [tasks.workflows, tasks.activities])
      matching.dispatched = (task, waitedMs) => note(this.#tasks[task.kind], waitedMs)
    engine.stored = (elapsedMs) => note(this.#commits, elapsedMs)
  }

  /** Counts the calls of handlers. */
  observe(handlers: Readonly<Record<string, Handler>>): Record<string, Handler> {
    const observed: Record<string, Handler> = {}
    for (const [method, handler] of Object.entries(handlers))
      observed[method] = this.#observe(method, handler)
    return observed
  }

  #observe(method: string, handler: Handler): Handler {
    let calls: CallCounter | undefined
    return (request, call) => {
      calls ??= this.#callsOf(method)
      const tally = calls
      const start = performance.now()
      try {
        const answer = handler(request, call)
        if (!(answer instanceof Promise)) {
          note(tally, performance.now() - start)
          return answer
        }
        return answer.then(
          (value: unknown) => {
            note(tally, performance.now() - start)
            return value
          },
          (error: unknown) => {
            note(tally, performance.now() - start)
            tally.errors += 1
            throw error
          }
        )
      } catch (error) {
        note(tally, performance.now() - start)
        tally.errors += 1
        throw error
      }
    }
  }

  #callsOf(method: string): CallCounter {
    const calls = { ...counter(), errors: 0 }
    this.#calls.set(method, calls)
    return calls
  }

  describe({ engine, tasks, workers, namespaces }: Metered): EmbeddedTemporalDescription {
    const usage = engine.storage.usage()
    return {
      uptimeMs: performance.now() - this.#since,
      namespaces: Array.from(namespaces.retentions(), ([name]) => name),
      storage: {
        kind: engine.storage.persistent ? "file" : "memory",
        openExecutions: usage.openRuns,
        closedExecutions: usage.closedRuns,
        closedBytes: usage.closedBytes,
        fileBytes: usage.fileBytes
      },
      inFlight: engine.inFlight(),
      workers: workers.size,
      queues: [...queuesOf(tasks.workflows, "workflow"), ...queuesOf(tasks.activities, "activity")],
      tasks: {
        workflow: { ...this.#tasks.workflow },
        activity: { ...this.#tasks.activity },
        query: { ...this.#tasks.query }
      },
      commits: { ...this.#commits },
      calls: Object.fromEntries(Array.from(this.#calls, ([method, calls]) => [method, { ...calls }]))
    }
  }
}

function* queuesOf(
  matching: Tasks["workflows"] | Tasks["activities"],
  kind: "workflow" | "activity"
): Generator<EmbeddedTemporalQueue> {
  for (const { key, backlog, pollers } of matching.queues()) {
    if (backlog === 0 && pollers === 0) continue
    const [namespace = "", name = ""] = key.split("\0")
    yield { namespace, name, kind, backlog, backlogAgeMs: matching.stats(key).backlogAge, polls: pollers }
  }
}
