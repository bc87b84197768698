import { deserialize, serialize } from "node:v8"

import { types } from "./proto/root.ts"
import type { Failure, HistoryEvent, Payloads, Query, QueryResult } from "./proto/root.ts"
import { decodeFrame } from "./history.ts"
import { applyEvent, emptyState, rebuildState } from "./state.ts"
import type { HistoryState } from "./state.ts"

/** The one pending workflow task of a run. */
export interface WorkflowTask {
  /** For a transient task: the id that its event gets if it completes. */
  scheduledEventId: number
  /** 0 until a worker took it. */
  startedEventId: number
  attempt: number
  /** A repetition of a failed task, of which nothing is in the history. */
  transient: boolean
  scheduledTime: number
  /** When the first of a chain of forced tasks (local activity heartbeats) was scheduled. */
  originalScheduledTime: number
  startedTime: number
  timeoutMs: number
  /** Put on the sticky queue (and until when it has to be taken from there). */
  stickyUntil: number | undefined
  requestId: string
  identity: string
  suggestContinueAsNew: boolean
  historySize: number
}

/** What is known of a pending activity beyond its history: retries leave no events. */
export interface ActivityAttempt {
  readonly scheduledEventId: number
  attempt: number
  /** When this attempt was or will be put on its queue. */
  scheduledTime: number
  /** Whether it was; false during the backoff before a repetition. */
  offered: boolean
  /** 0 until a worker took it. */
  startedTime: number
  lastHeartbeat: number
  requestId: string
  identity: string
  heartbeatDetails: Payloads | undefined
  lastFailure: Failure | undefined
  lastAttemptCompleteTime: number
  lastWorkerIdentity: string
}

/** The mutable state that the history does not tell, stored with every commit. */
export interface Overlay {
  task: WorkflowTask | undefined
  /** The attempt that the next workflow task has. */
  taskAttempt: number
  sticky: { readonly queue: string; readonly scheduleToStartMs: number } | undefined
  buffered: HistoryEvent[]
  readonly attempts: Map<number, ActivityAttempt>
  /** The request that created the run. */
  startRequestId: string
  /** Request ids of signals and cancellations that were applied. */
  readonly requestIds: Set<string>
  /** Whether the next workflow task ends a backoff of the first one. */
  delayed: boolean
}

/** A query that waits for a worker's answer. In memory only: its caller is gone after a restart. */
export interface PendingQuery {
  readonly id: string
  readonly query: Query
  /** Sent with the workflow task that is started now. */
  attached: boolean
  readonly settle: (result: QueryResult | Error) => void
}

interface StoredOverlay extends Omit<Overlay, "buffered" | "requestIds"> {
  readonly version: 1
  readonly buffered: readonly Uint8Array[]
  readonly requestIds: readonly string[]
}

export const emptyOverlay = (): Overlay => ({
  task: undefined,
  taskAttempt: 1,
  sticky: undefined,
  buffered: [],
  attempts: new Map(),
  startRequestId: "",
  requestIds: new Set(),
  delayed: false
})

export const encodeOverlay = (overlay: Overlay): Uint8Array => {
  const stored: StoredOverlay = {
    version: 1,
    ...overlay,
    buffered: overlay.buffered.map((event) => types.historyEvent.encode(event).finish()),
    requestIds: [...overlay.requestIds]
  }
  return serialize(stored)
}

export const decodeOverlay = (bytes: Uint8Array): Overlay => {
  // What was written by `encodeOverlay`; its version is checked first.
  const stored = deserialize(bytes) as StoredOverlay
  if (stored.version !== 1) throw new Error(`unknown version ${String(stored.version)} of a stored run`)
  const { version: _, ...rest } = stored
  return {
    ...rest,
    buffered: stored.buffered.map((event) => types.historyEvent.decode(event)),
    requestIds: new Set(stored.requestIds)
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
  readonly overlay: Uint8Array
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
  /** What the last commit stored, to which a failed transaction returns. */
  committed: { frames: number; size: number; overlay: Uint8Array | undefined }
  /** The earliest wake-up that is set for this run. */
  nextWake = Number.POSITIVE_INFINITY
  /** Queries that wait for a workflow task of this run. */
  readonly queries: PendingQuery[] = []

  constructor(key: RunKey, stored?: StoredRun) {
    this.namespace = key.namespace
    this.workflowId = key.workflowId
    this.runId = key.runId
    this.frames = stored?.frames ?? []
    this.historySize = this.frames.reduce((sum, frame) => sum + frame.length, 0)
    this.committed = { frames: this.frames.length, size: this.historySize, overlay: stored?.overlay }
    this.h = emptyState()
    this.x = emptyOverlay()
    if (stored !== undefined) this.#restore()
  }

  event(id: number): HistoryEvent {
    const frame = this.frames[id - 1]
    if (frame === undefined) throw new Error(`run ${this.runId} has no event ${id}`)
    return decodeFrame(frame)
  }

  /** Back to the last commit. */
  rollback(): void {
    this.frames.length = this.committed.frames
    this.historySize = this.committed.size
    this.#restore()
  }

  /** State and overlay as a restart would see them. */
  #restore(): void {
    this.x = this.committed.overlay === undefined ? emptyOverlay() : decodeOverlay(this.committed.overlay)
    this.h = rebuildState(this.frames.map(decodeFrame))
    for (const event of this.x.buffered) applyEvent(this.h, event)
  }

  get nextEventId(): number {
    return this.frames.length + 1
  }
}
