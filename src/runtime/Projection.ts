/**
 * Brings the store and the event streams up to date with what executions do. Records are queued and written
 * together, once per turn of the event loop, in one transaction: a step that begins and ends meanwhile is one row.
 * Nothing waits for it but those who want to read what was written.
 */
import { Effect } from "effect"
import type { Cache } from "../services/Cache.ts"
import type { ServiceError } from "../services/ServiceError.ts"
import type { Store, TaskState, WorkflowState } from "../services/Store.ts"
import type { ExecutionEvent, Json } from "./execution/Execution.ts"

/** An event before it has a number. */
export interface NewEvent {
  readonly executionId: string
  readonly type: ExecutionEvent["type"]
  readonly data: Json
}

/** What there is to write. */
export interface Records {
  readonly workflow?: WorkflowState
  readonly tasks?: ReadonlyArray<TaskState>
  readonly events?: ReadonlyArray<NewEvent>
}

/** The key of an execution's event stream, in the cache. */
export const eventsKey = (executionId: string): string => `stream:events:${executionId}`

const maxEvents = 500
const eventsTtl = 24 * 60 * 60 * 1000

/** Beyond this many rows the oldest are dropped while the store does not answer; reconciling brings them back. */
const maxQueued = 100_000

/** Milliseconds between attempts while the store does not answer. */
const firstPause = 50
const longestPause = 5_000

interface Batch {
  readonly workflows: Map<string, WorkflowState>
  tasks: Array<TaskState>
  events: Array<NewEvent>
  readonly written: Promise<void>
  readonly done: () => void
}

const newBatch = (): Batch => {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { workflows: new Map(), tasks: [], events: [], written: promise, done: resolve }
}

/** The queue in front of the store and the event streams. */
export class Projection {
  private readonly store: Store["Service"]
  private readonly cache: Cache["Service"]
  private readonly run: <A>(effect: Effect.Effect<A>) => Promise<A>
  private batch = newBatch()
  private writing: Promise<void> | undefined
  private scheduled = false

  /** `run` runs effects with the context of the layer. */
  constructor(
    store: Store["Service"],
    cache: Cache["Service"],
    run: <A>(effect: Effect.Effect<A>) => Promise<A>
  ) {
    this.store = store
    this.cache = cache
    this.run = run
  }

  /** Queues records. Of one execution the row with the higher event id is kept. */
  add(records: Records): void {
    const { batch } = this
    const { workflow } = records
    if (workflow !== undefined) {
      const queued = batch.workflows.get(workflow.executionId)
      if (queued === undefined || queued.eventId <= workflow.eventId) {
        batch.workflows.set(workflow.executionId, workflow)
      }
    }
    if (records.tasks !== undefined) batch.tasks.push(...records.tasks)
    if (records.events !== undefined) batch.events.push(...records.events)
    this.schedule()
  }

  /** Resolves when everything that was queued so far is written. */
  flush(): Promise<void> {
    const { batch } = this
    const empty = batch.workflows.size === 0 && batch.tasks.length === 0 && batch.events.length === 0
    return empty ? (this.writing ?? Promise.resolve()) : batch.written
  }

  private schedule(): void {
    if (this.scheduled || this.writing !== undefined) return
    this.scheduled = true
    setImmediate(() => {
      this.scheduled = false
      const { batch } = this
      this.batch = newBatch()
      this.writing = this.write(batch)
    })
  }

  private async write(batch: Batch): Promise<void> {
    await Promise.all([this.writeRows(batch), this.writeEvents(batch.events)])
    this.writing = undefined
    batch.done()
    const { events, tasks, workflows } = this.batch
    if (workflows.size + tasks.length + events.length > 0) this.schedule()
  }

  private async writeRows(batch: Batch): Promise<void> {
    const rows = batch.workflows.size + batch.tasks.length
    if (rows === 0) return
    const writes: Array<Effect.Effect<void, ServiceError>> = [...batch.workflows.values()].map((state) =>
      this.store.putWorkflowState(state)
    )
    if (batch.tasks.length > 0) writes.push(this.store.putTaskStates(batch.tasks))
    const [only] = writes
    const write =
      writes.length === 1 && only !== undefined
        ? only
        : this.store.withTransaction(Effect.all(writes, { discard: true }))
    for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
      const failure = await this.run(Effect.match(write, { onSuccess: () => undefined, onFailure: (e) => e }))
      if (failure === undefined) return
      await this.run(
        Effect.logWarning(`executions are not recorded for the moment: ${failure.message}`).pipe(
          Effect.annotateLogs({ code: failure.code })
        )
      )
      // What cannot succeed is left to reconciling; the same goes for a store that is away for too long.
      if (!failure.isRetryable || rows + this.batch.tasks.length > maxQueued) return
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }

  private async writeEvents(events: ReadonlyArray<NewEvent>): Promise<void> {
    if (events.length === 0) return
    const at = new Date().toISOString()
    // Commands of one connection keep their order, so all are sent at once.
    const write = Effect.forEach(
      events,
      (event) =>
        this.cache.appendEvent({
          key: eventsKey(event.executionId),
          type: event.type,
          data: JSON.stringify({ at, data: event.data }),
          maxLength: maxEvents,
          ttl: eventsTtl
        }),
      { concurrency: "unbounded", discard: true }
    )
    await this.run(
      write.pipe(
        Effect.catch((error) => Effect.logWarning(`events of executions are lost: ${error.message}`))
      )
    )
  }
}
