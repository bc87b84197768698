import { EventType } from "./proto/enums.ts"
import { fromMillis, toNumber } from "./proto/time.ts"
import type { HistoryEvent } from "./proto/root.ts"
import { encodeFrame, isBuffered, isClosing, reorder, withStarted } from "./history.ts"
import { applyEvent, assignEventId, isOpen } from "./state.ts"
import type { Run } from "./run.ts"
import { scheduledBody, startedBody } from "./workflow-task-events.ts"
import type { CustomTypes } from "./visibility/attributes.ts"
import type { DocumentChange } from "./storage/storage.ts"
import type { Limits } from "./limits.ts"

/** What a transition needs to know of the engine. */
export interface Core {
  readonly limits: Limits
  /** A run of this service, from memory or storage. */
  findRun(runId: string): Run | undefined
  currentRunId(namespace: string, workflowId: string): string | undefined
  hasNamespace(namespace: string): boolean
  /** The search attributes of a namespace. */
  searchAttributes(namespace: string): CustomTypes
  /** Whether a worker takes workflow tasks from this queue. */
  isPolled(namespace: string, queue: string): boolean
  /** Told of events that are unusually large. */
  largeEvent(run: Run, bytes: number): void
}

/** Everything of an event but what {@link Tx.add} gives it. */
export type EventBody = Omit<HistoryEvent, "eventId" | "eventTime" | "eventType">

/** A task to be offered to workers once the transaction is committed. */
export type Offer =
  | { readonly kind: "workflow"; readonly run: Run }
  | {
      readonly kind: "activity"
      readonly run: Run
      readonly scheduledEventId: number
    }

/** Something that the log is told. */
export interface Note {
  readonly level: "debug" | "info"
  readonly message: string
  readonly attributes: Record<string, unknown>
}

/**
 * One transition, across as many runs as it needs. Nothing in it waits; what it did is committed as one
 * transaction, or undone.
 */
export class Tx {
  readonly core: Core
  readonly now: number
  readonly touched = new Set<Run>()
  readonly created = new Set<Run>()
  readonly offers: Offer[] = []
  /** What changes beside runs. */
  readonly documents: DocumentChange[] = []
  /** What the log is told once this is committed; undefined for nothing. */
  notes: Note[] | undefined
  readonly #deferred: (() => void)[] = []
  readonly #speculating = new Set<Run>()

  constructor(core: Core, now: number) {
    this.core = core
    this.now = now
  }

  /** Has to be called before a run's overlay is changed, so that it is stored or undone. */
  touch(run: Run): void {
    if (this.touched.has(run)) return
    this.touched.add(run)
    run.begin()
  }

  create(run: Run): void {
    run.x.transitions = 1
    this.created.add(run)
    this.touched.add(run)
  }

  findRun(runId: string): Run | undefined {
    for (const run of this.created) if (run.runId === runId) return run
    return this.core.findRun(runId)
  }

  currentRun(namespace: string, workflowId: string): Run | undefined {
    let found: Run | undefined
    for (const run of this.created)
      if (run.workflowId === workflowId && run.namespace === namespace) found = run
    if (found !== undefined) return found
    const runId = this.core.currentRunId(namespace, workflowId)
    return runId === undefined ? undefined : this.core.findRun(runId)
  }

  /** Adds an event to a run: into its history, or to the buffer if it came from outside. */
  add(run: Run, type: number, body: EventBody, time = this.now): HistoryEvent {
    this.touch(run)
    const event: HistoryEvent = { ...body, eventType: type, eventTime: fromMillis(time), eventId: 0 }
    if (isBuffered(type)) {
      applyEvent(run.h, event)
      run.x.buffered = [...run.x.buffered, event]
      return event
    }
    event.eventId = run.nextEventId
    this.#append(run, event)
    applyEvent(run.h, event)
    if (isClosing(type)) run.x.buffered = []
    return event
  }

  /** Moves the buffered events into the history. Returns whether there were any. */
  flush(run: Run): boolean {
    const events = run.x.buffered
    if (events.length === 0) return false
    run.x.buffered = []
    const started = new Map<number, number>()
    for (const waiting of reorder(events)) {
      const id = run.nextEventId
      // A copy: if the transition is undone, the one in the buffer has to be as it was.
      const event = withStarted({ ...waiting, eventId: id }, started)
      const activity = event.activityTaskStartedEventAttributes
      const child = event.childWorkflowExecutionStartedEventAttributes
      if (activity) started.set(toNumber(activity.scheduledEventId), id)
      else if (child) started.set(toNumber(child.initiatedEventId), id)
      this.#append(run, event)
      assignEventId(run.h, event)
    }
    return true
  }

  #append(run: Run, event: HistoryEvent): void {
    const frame = encodeFrame(event)
    run.frames.push(frame)
    run.historySize += frame.length
    if (frame.length > this.core.limits.blobSizeWarn) this.core.largeEvent(run, frame.length)
  }

  /** What this transition does to the run is of its speculative workflow task alone, of which nothing may stay. */
  speculate(run: Run): void {
    this.#speculating.add(run)
  }

  /**
   * Anything else that happens to a run makes its speculative task a normal one (workflow_task_state_machine.go,
   * convertSpeculativeWorkflowTaskToNormal).
   */
  #writeSpeculative(run: Run): void {
    const { task } = run.x
    if (task?.speculative !== true || !isOpen(run.h) || this.#speculating.has(run)) return
    const scheduledEventId = run.nextEventId
    const started = task.startedEventId > 0
    const normal = {
      ...task,
      speculative: false,
      scheduledEventId,
      startedEventId: started ? scheduledEventId + 1 : 0
    }
    this.add(run, EventType.WorkflowTaskScheduled, scheduledBody(run, task), task.scheduledTime)
    if (started)
      this.add(run, EventType.WorkflowTaskStarted, startedBody(normal, { identity: "" }), task.startedTime)
    run.x.task = normal
    run.x.delayed = false
  }

  /** Something to do after what is going on now, in the same transaction. */
  defer(action: () => void): void {
    this.#deferred.push(action)
  }

  settle(): void {
    for (let action = this.#deferred.shift(); action !== undefined; action = this.#deferred.shift()) action()
  }

  /** Ends the transition: what is buffered enters the history unless a workflow task is started. */
  finish(): void {
    this.settle()
    for (const run of this.touched) {
      this.#writeSpeculative(run)
      if ((run.x.task?.startedEventId ?? 0) === 0 || !isOpen(run.h)) this.flush(run)
    }
  }
}
