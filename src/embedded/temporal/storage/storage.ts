import type { RunKey, StoredRun } from "../run.ts"
import type { Payload } from "../proto/root.ts"
import type { Position } from "../visibility/filter.ts"
import type { Filter, SortKey } from "../visibility/filter.ts"
import type { AttributeValues } from "../visibility/values.ts"

/** What listings show of a run. Times in milliseconds, 0 if not there. */
export interface VisibilityRecord extends RunKey {
  readonly type: string
  readonly status: number
  readonly startTime: number
  readonly executionTime: number
  readonly closeTime: number
  readonly taskQueue: string
  /** These three are only told once the run is closed. */
  readonly historyLength: number
  readonly historySize: number
  readonly stateTransitions: number
  readonly firstRunId: string
  readonly parentWorkflowId: string
  readonly parentRunId: string
  readonly rootWorkflowId: string
  readonly rootRunId: string
  readonly memo: Record<string, Payload>
  readonly searchAttributes: Record<string, Payload>
  /** The search attributes as filters compare them; empty in records that come from a storage. */
  readonly attributes: AttributeValues
}

/** One page of a listing. */
export interface ListRequest {
  readonly namespace: string
  readonly filter: Filter | undefined
  readonly orderBy: readonly SortKey[]
  /** Where the page before ended. */
  readonly after: Position | undefined
  readonly limit: number
}

/** A record, and where it stands in the listing. */
export interface Listed {
  readonly record: VisibilityRecord
  readonly position: Position
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
  /** 0 while it is open. */
  readonly closeTime: number
  /** Bytes of all events. */
  readonly historySize: number
  readonly visibility: () => VisibilityRecord
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
  readonly settings: NamespaceSettings
}

/** What a namespace has beyond its name and its retention. */
export interface NamespaceSettings {
  readonly deprecated?: boolean
  readonly data?: Readonly<Record<string, string>>
  /** The registered search attributes by what the real server would store them in: `Keyword01`, `Int02`, .... */
  readonly searchAttributes?: Readonly<Record<string, string>>
}

export interface OpenRun {
  readonly runId: string
  readonly wakeAt: number
  readonly hasTasks: boolean
}

/** Something beside runs that is kept as a whole: a schedule, a batch operation. */
export interface StoredDocument {
  readonly kind: string
  readonly namespace: string
  readonly id: string
  readonly data: string
}

/** A document's part of a commit; without data it is deleted. */
export interface DocumentChange extends Omit<StoredDocument, "data"> {
  readonly data: string | undefined
}

/** Where runs are kept. Everything is synchronous; `commit` is all or nothing. */
export interface Storage {
  readonly persistent: boolean
  loadRun(runId: string): StoredRun | undefined
  currentRun(namespace: string, workflowId: string): string | undefined
  openRuns(): Iterable<OpenRun>
  commit(runs: readonly RunCommit[], documents: readonly DocumentChange[]): void
  /** All documents of a kind. */
  documents(kind: string): StoredDocument[]
  deleteRun(key: RunKey): void
  list(request: ListRequest): Listed[]
  /** How many runs a filter means, by their statuses. */
  count(namespace: string, filter: Filter | undefined): Map<number, number>
  /** Some of the runs of a namespace that were closed before a time, the oldest first. */
  closedBefore(namespace: string, time: number): RunKey[]
  /** Some of the oldest closed runs, if there are more than `maxClosed` or if they are larger than `maxBytes`. */
  excess(maxClosed: number, maxBytes: number): RunKey[]
  namespaces(): NamespaceRecord[]
  saveNamespace(record: NamespaceRecord): void
  deleteNamespace(name: string): void
  /** How much there is. */
  usage(): StorageUsage
  close(): void
}

/** How much a storage holds. */
export interface StorageUsage {
  readonly openRuns: number
  readonly closedRuns: number
  /** Bytes of the histories of closed runs. */
  readonly closedBytes: number
  /** Bytes of the file; 0 in memory. */
  readonly fileBytes: number
}
