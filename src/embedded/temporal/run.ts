import { types } from "./proto/root.ts"
import type {
  WorkerVersion,
  ActivityScheduledAttributes,
  Failure,
  HistoryEvent,
  MessageType,
  Payloads,
  Query,
  QueryResult
} from "./proto/root.ts"
import { decodeFrame } from "./history.ts"
import { applyEvent, emptyState, rebuildState } from "./state.ts"
import type { HistoryState } from "./state.ts"

/** The one pending workflow task of a run. */
export interface WorkflowTask {
  /** For a transient task: the id that its event gets if it completes. */
  readonly scheduledEventId: number
  /** 0 until a worker took it. */
  readonly startedEventId: number
  readonly attempt: number
  /** A repetition of a failed task, of which nothing is in the history. */
  readonly transient: boolean
  /** Made for an update alone: unless that is accepted, nothing of it comes into the history. */
  readonly speculative?: boolean
  readonly scheduledTime: number
  /** When the first of a chain of forced tasks (local activity heartbeats) was scheduled. */
  readonly originalScheduledTime: number
  readonly startedTime: number
  readonly timeoutMs: number
  /** Put on the sticky queue (and until when it has to be taken from there). */
  readonly stickyUntil: number | undefined
  readonly requestId: string
  readonly identity: string
  readonly workerVersion?: WorkerVersion
  readonly suggestContinueAsNew: boolean
  readonly historySize: number
}

/** What is known of a pending activity beyond its history: retries leave no events. */
export interface ActivityAttempt {
  readonly scheduledEventId: number
  readonly attempt: number
  /** When this attempt was or will be put on its queue. */
  readonly scheduledTime: number
  /** Whether it was; false during the backoff before a repetition. */
  readonly offered: boolean
  /** 0 until a worker took it. */
  readonly startedTime: number
  readonly lastHeartbeat: number
  readonly requestId: string
  readonly identity: string
  readonly heartbeatDetails: Payloads | undefined
  readonly lastFailure: Failure | undefined
  readonly lastAttemptCompleteTime: number
  readonly lastWorkerIdentity: string
  /** Counts what makes tasks that were given out for this attempt before worthless; undefined is zero. */
  readonly stamp?: number
  /** Options that replace the ones it was scheduled with. */
  readonly options?: ActivityOptions
  /** Set while it is paused. */
  readonly pause?: { readonly time: number; readonly identity: string; readonly reason: string }
  /** It was reset while a worker has it, which hears of it by its heartbeats. */
  readonly reset?: boolean
  /** The next attempt is to begin without the heartbeat details of this one. */
  readonly forgetHeartbeat?: boolean
  /** When it was scheduled, where that is not the time of its event: in a run that a reset made. */
  readonly firstScheduledTime?: number
}

/** What of a pending activity can be replaced. */
export type ActivityOptions = Pick<
  ActivityScheduledAttributes,
  | "taskQueue"
  | "scheduleToCloseTimeout"
  | "scheduleToStartTimeout"
  | "startToCloseTimeout"
  | "heartbeatTimeout"
  | "retryPolicy"
>

/** The mutable state that the history does not tell, stored with every commit. */
export interface Overlay {
  task: WorkflowTask | undefined
  /** The attempt that the next workflow task has. */
  taskAttempt: number
  sticky: { readonly queue: string; readonly scheduleToStartMs: number } | undefined
  buffered: readonly HistoryEvent[]
  /** Changed by {@link Run.setAttempt} only, which remembers what was there. */
  readonly attempts: ReadonlyMap<number, ActivityAttempt>
  /** The request that created the run. */
  startRequestId: string
  /** Whether the first workflow task waits for its backoff. */
  delayed: boolean
  /** How many transitions changed the run. */
  transitions: number
  /** The last workflow task would have closed the run, but for what came in meanwhile. */
  closeAttempted?: boolean
  /** The run that a reset has put in this one's place. */
  resetRunId?: string
}

/** A query that waits for a worker's answer. In memory only: its caller is gone after a restart. */
export interface PendingQuery {
  readonly id: string
  readonly query: Query
  /** Sent with the workflow task that is started now. */
  attached: boolean
  readonly settle: (result: QueryResult | Error) => void
}

export const emptyOverlay = (): Overlay => ({
  task: undefined,
  taskAttempt: 1,
  sticky: undefined,
  buffered: [],
  attempts: new Map(),
  startRequestId: "",
  delayed: false,
  transitions: 0
})

/** How an attempt is stored: its payloads as the protocol encodes them. */
interface StoredAttempt extends Omit<ActivityAttempt, "heartbeatDetails" | "lastFailure"> {
  readonly heartbeatDetails?: string
  readonly lastFailure?: string
}

interface StoredOverlay extends Omit<Overlay, "buffered" | "attempts"> {
  readonly version: 1
  readonly buffered: readonly string[]
}

const pack = <T>(type: MessageType<T>, message: T): string =>
  Buffer.from(type.encode(message).finish()).toString("base64")
const unpack = <T>(type: MessageType<T>, text: string): T => type.decode(Buffer.from(text, "base64"))

/** The overlay without its attempts, which are stored one by one. */
export const encodeOverlay = (all: Overlay): string => {
  const { attempts: _, ...overlay } = all
  const stored: StoredOverlay = {
    version: 1,
    ...overlay,
    buffered: overlay.buffered.map((event) => pack(types.historyEvent, event))
  }
  return JSON.stringify(stored)
}

export const encodeAttempt = ({ heartbeatDetails, lastFailure, ...attempt }: ActivityAttempt): string => {
  const stored: StoredAttempt = {
    ...attempt,
    ...(heartbeatDetails ? { heartbeatDetails: pack(types.payloads, heartbeatDetails) } : {}),
    ...(lastFailure ? { lastFailure: pack(types.failure, lastFailure) } : {})
  }
  return JSON.stringify(stored)
}

const decodeAttempt = (text: string): ActivityAttempt => {
  const stored = JSON.parse(text) as StoredAttempt
  return {
    ...stored,
    heartbeatDetails: stored.heartbeatDetails ? unpack(types.payloads, stored.heartbeatDetails) : undefined,
    lastFailure: stored.lastFailure ? unpack(types.failure, stored.lastFailure) : undefined
  }
}

export const decodeOverlay = (text: string, attempts: readonly string[]): Overlay => {
  // What `encodeOverlay` wrote; its version is checked first.
  const stored = JSON.parse(text) as StoredOverlay
  if (stored.version !== 1) throw new Error(`unknown version ${String(stored.version)} of a stored run`)
  const { version: _, ...rest } = stored
  return {
    ...rest,
    task: stored.task,
    sticky: stored.sticky,
    // Files of the first version do not count them.
    transitions: (stored.transitions as number | undefined) ?? 0,
    buffered: stored.buffered.map((event) => unpack(types.historyEvent, event)),
    attempts: new Map(
      attempts.map((attempt) => {
        const decoded = decodeAttempt(attempt)
        return [decoded.scheduledEventId, decoded]
      })
    )
  }
}

export interface RunKey {
  readonly namespace: string
  readonly workflowId: string
  readonly runId: string
}

/** A run as it is stored: its frames and its overlay. */
export interface StoredRun extends RunKey {
  readonly frames: Uint8Array[]
  readonly overlay: string
  readonly attempts: readonly string[]
}

/** A run in memory. */
export class Run implements RunKey {
  readonly namespace: string
  readonly workflowId: string
  readonly runId: string
  readonly frames: Uint8Array[]
  historySize: number
  h: HistoryState
  x: Overlay
  /** How much of the history is committed. */
  committedEvents: number
  /** The earliest wake-up that is set for this run. */
  nextWake = Number.POSITIVE_INFINITY
  /** The earliest moment at which something new has to be looked at, since the last commit. */
  newDeadline = Number.POSITIVE_INFINITY
  /** Queries that wait for a workflow task of this run. */
  readonly queries: PendingQuery[] = []
  #attempts: Map<number, ActivityAttempt>
  #before:
    | (Pick<HistoryState, "memo" | "searchAttributes"> & {
        readonly overlay: Overlay
        readonly historySize: number
      })
    | undefined
  readonly #attemptsBefore = new Map<number, ActivityAttempt | undefined>()

  constructor(key: RunKey, stored?: StoredRun) {
    this.namespace = key.namespace
    this.workflowId = key.workflowId
    this.runId = key.runId
    this.frames = stored?.frames ?? []
    this.historySize = this.frames.reduce((sum, frame) => sum + frame.length, 0)
    this.committedEvents = this.frames.length
    this.h = stored === undefined ? emptyState() : rebuildState(this.frames.map(decodeFrame))
    const overlay = stored === undefined ? emptyOverlay() : decodeOverlay(stored.overlay, stored.attempts)
    this.#attempts = new Map(overlay.attempts)
    this.x = { ...overlay, attempts: this.#attempts }
    for (const event of this.x.buffered) applyEvent(this.h, event)
  }

  get nextEventId(): number {
    return this.frames.length + 1
  }

  event(id: number): HistoryEvent {
    const frame = this.frames[id - 1]
    if (frame === undefined) throw new Error(`run ${this.runId} has no event ${id}`)
    return decodeFrame(frame)
  }

  setAttempt(attempt: ActivityAttempt): void {
    this.#remember(attempt.scheduledEventId)
    this.#attempts.set(attempt.scheduledEventId, attempt)
  }

  deleteAttempt(scheduledEventId: number): void {
    this.#remember(scheduledEventId)
    this.#attempts.delete(scheduledEventId)
  }

  #remember(id: number): void {
    if (!this.#attemptsBefore.has(id)) this.#attemptsBefore.set(id, this.#attempts.get(id))
  }

  /** The attempts that were changed since the last commit; undefined for those that are gone. */
  changedAttempts(): [scheduledEventId: number, attempt: ActivityAttempt | undefined][] {
    return Array.from(this.#attemptsBefore.keys(), (id) => [id, this.#attempts.get(id)])
  }

  /** Whether what listings show of an open run was changed since the last commit. */
  detailsChanged(): boolean {
    if (this.#before?.memo !== this.h.memo || this.#before.searchAttributes !== this.h.searchAttributes)
      return true
    for (const [id, before] of this.#attemptsBefore)
      if ((before?.pause === undefined) !== (this.#attempts.get(id)?.pause === undefined)) return true
    return false
  }

  /** Something of the run will have to be looked at then. */
  wakeAt(at: number): void {
    if (at < this.newDeadline) this.newDeadline = at
  }

  /** Called before a transition first changes the run. What the overlay holds is replaced, never changed. */
  begin(): void {
    const { memo, searchAttributes } = this.h
    this.#before = { overlay: { ...this.x }, historySize: this.historySize, memo, searchAttributes }
    this.x.transitions += 1
  }

  /** The transition is committed. */
  end(): void {
    this.#before = undefined
    this.#attemptsBefore.clear()
    this.committedEvents = this.frames.length
    this.newDeadline = Number.POSITIVE_INFINITY
  }

  /** Back to the last commit. */
  rollback(): void {
    if (this.#before === undefined) return
    for (const [id, attempt] of this.#attemptsBefore)
      if (attempt === undefined) this.#attempts.delete(id)
      else this.#attempts.set(id, attempt)
    this.frames.length = this.committedEvents
    this.historySize = this.#before.historySize
    this.x = { ...this.#before.overlay, attempts: this.#attempts }
    this.h = rebuildState(this.frames.map(decodeFrame))
    for (const event of this.x.buffered) applyEvent(this.h, event)
    this.end()
  }
}
