import type { RunKey, StoredRun } from "../run.ts"
import type { Payload } from "../proto/root.ts"

/** What listings show of a run. Times in milliseconds, 0 if not there. */
export interface VisibilityRecord extends RunKey {
  readonly type: string
  readonly status: number
  readonly startTime: number
  readonly executionTime: number
  readonly closeTime: number
  readonly taskQueue: string
  readonly historyLength: number
  readonly historySize: number
  readonly firstRunId: string
  readonly parentWorkflowId: string
  readonly parentRunId: string
  readonly rootWorkflowId: string
  readonly rootRunId: string
  readonly memo: Record<string, Payload>
  readonly searchAttributes: Record<string, Payload>
}

/** One run's part of a commit. */
export interface RunCommit extends RunKey {
  /** How many events were stored before. */
  readonly base: number
  /** All events; those after `base` are new. */
  readonly frames: readonly Uint8Array[]
  /** Encodes what the history does not tell. */
  readonly overlay: () => string
  /** Attempts of activities that changed, encoded; undefined for those that are gone. */
  readonly attempts: () => readonly (readonly [scheduledEventId: number, attempt: string | undefined])[]
  readonly open: boolean
  /** When the run next has to be looked at; infinite if never. */
  readonly wakeAt: number
  /** Whether tasks of the run wait for a worker or are with one. */
  readonly hasTasks: boolean
  readonly visibility: VisibilityRecord
  /** Whether memo or search attributes are others than before. */
  readonly detailsChanged: boolean
  /** Set by a new run: it is now what the workflow id stands for. */
  readonly current: boolean
}

export interface NamespaceRecord {
  readonly name: string
  readonly id: string
  readonly description: string
  readonly ownerEmail: string
  readonly retentionMs: number
}

export interface OpenRun {
  readonly runId: string
  readonly wakeAt: number
  readonly hasTasks: boolean
}

/** Where runs are kept. Everything is synchronous; `commit` is all or nothing. */
export interface Storage {
  readonly persistent: boolean
  loadRun(runId: string): StoredRun | undefined
  currentRun(namespace: string, workflowId: string): string | undefined
  openRuns(): Iterable<OpenRun>
  commit(runs: readonly RunCommit[]): void
  deleteRun(key: RunKey): void
  /** Records of a namespace, the youngest start first. */
  visibility(namespace: string): Iterable<VisibilityRecord>
  /** Closed runs to be deleted: closed before a time, or more than `maxClosed`, or larger than `maxBytes`. */
  expired(closedBefore: number, maxClosed: number, maxBytes: number): RunKey[]
  namespaces(): NamespaceRecord[]
  saveNamespace(record: NamespaceRecord): void
  close(): void
}
