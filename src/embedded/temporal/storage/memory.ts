import type { RunKey, StoredRun } from "../run.ts"
import type { Filter } from "../visibility/filter.ts"
import { NamespaceVisibility } from "./memory-visibility.ts"
import type {
  DocumentChange,
  Listed,
  ListRequest,
  NamespaceRecord,
  OpenRun,
  RunCommit,
  Storage,
  StorageUsage,
  StoredDocument,
  VisibilityRecord
} from "./storage.ts"

interface Entry {
  stored: StoredRun
  visibility: VisibilityRecord
  open: boolean
  wakeAt: number
  hasTasks: boolean
}

const currentKey = (namespace: string, workflowId: string): string => `${namespace}\0${workflowId}`

/** Runs in memory, for as long as the process and the retention keep them. */
export class MemoryStorage implements Storage {
  readonly persistent = false
  readonly #runs = new Map<string, Entry>()
  readonly #current = new Map<string, string>()
  /** Closed runs in the order in which they closed. */
  readonly #closed = new Set<string>()
  #closedBytes = 0
  readonly #namespaces = new Map<string, NamespaceRecord>()
  readonly #visibility = new Map<string, NamespaceVisibility>()
  readonly #documents = new Map<string, StoredDocument>()

  loadRun(runId: string): StoredRun | undefined {
    return this.#runs.get(runId)?.stored
  }

  currentRun(namespace: string, workflowId: string): string | undefined {
    return this.#current.get(currentKey(namespace, workflowId))
  }

  *openRuns(): Iterable<OpenRun> {
    for (const [runId, entry] of this.#runs)
      if (entry.open) yield { runId, wakeAt: entry.wakeAt, hasTasks: entry.hasTasks }
  }

  #visibilityOf(namespace: string): NamespaceVisibility {
    const known = this.#visibility.get(namespace)
    if (known !== undefined) return known
    const visibility = new NamespaceVisibility()
    this.#visibility.set(namespace, visibility)
    return visibility
  }

  commit(runs: readonly RunCommit[], documents: readonly DocumentChange[]): void {
    for (const { kind, namespace, id, data } of documents) {
      const key = JSON.stringify([kind, namespace, id])
      if (data === undefined) this.#documents.delete(key)
      else this.#documents.set(key, { kind, namespace, id, data })
    }
    for (const run of runs) {
      const { namespace, workflowId, runId, open, wakeAt, hasTasks } = run
      // The frames are the very array of the run in memory, so nothing is copied.
      const frames = run.frames as Uint8Array[]
      const before = this.#runs.get(runId)?.visibility
      const changed = before === undefined || !open || run.detailsChanged
      const visibility = changed ? run.visibility() : before
      this.#runs.set(runId, {
        // An open run stays in the engine's memory: it is only read back once it is closed.
        stored: { namespace, workflowId, runId, frames, overlay: open ? "" : run.overlay(), attempts: [] },
        visibility,
        open,
        wakeAt,
        hasTasks
      })
      if (changed) this.#visibilityOf(namespace).put(before, visibility)
      if (!open && !this.#closed.has(runId)) {
        this.#closed.add(runId)
        this.#closedBytes += visibility.historySize
      }
      if (run.current) this.#current.set(currentKey(namespace, workflowId), runId)
    }
  }

  documents(kind: string): StoredDocument[] {
    return [...this.#documents.values()].filter((document) => document.kind === kind)
  }

  deleteRun(key: RunKey): void {
    const entry = this.#runs.get(key.runId)
    if (entry === undefined) return
    this.#runs.delete(key.runId)
    this.#visibilityOf(key.namespace).delete(entry.visibility)
    if (this.#closed.delete(key.runId)) this.#closedBytes -= entry.visibility.historySize
    const current = currentKey(key.namespace, key.workflowId)
    if (this.#current.get(current) === key.runId) this.#current.delete(current)
  }

  list(request: ListRequest): Listed[] {
    return this.#visibilityOf(request.namespace).list(request)
  }

  count(namespace: string, filter: Filter | undefined): Map<number, number> {
    return this.#visibilityOf(namespace).count(filter)
  }

  closedBefore(namespace: string, time: number): RunKey[] {
    const keys: RunKey[] = []
    for (const record of this.#visibilityOf(namespace).closed()) {
      if (record.closeTime >= time) break
      keys.push(record)
    }
    return keys
  }

  excess(maxClosed: number, maxBytes: number): RunKey[] {
    const keys: RunKey[] = []
    let count = this.#closed.size
    let bytes = this.#closedBytes
    for (const runId of this.#closed) {
      if (count <= maxClosed && bytes <= maxBytes) break
      const record = this.#runs.get(runId)?.visibility
      if (record === undefined) continue
      keys.push(record)
      count -= 1
      bytes -= record.historySize
    }
    return keys
  }

  namespaces(): NamespaceRecord[] {
    return [...this.#namespaces.values()]
  }

  saveNamespace(record: NamespaceRecord): void {
    this.#namespaces.set(record.name, record)
  }

  deleteNamespace(name: string): void {
    this.#namespaces.delete(name)
    for (const [key, document] of this.#documents)
      if (document.namespace === name) this.#documents.delete(key)
  }

  usage(): StorageUsage {
    return {
      openRuns: this.#runs.size - this.#closed.size,
      closedRuns: this.#closed.size,
      closedBytes: this.#closedBytes,
      fileBytes: 0
    }
  }

  close(): void {
    this.#runs.clear()
    this.#current.clear()
    this.#closed.clear()
    this.#visibility.clear()
    this.#documents.clear()
  }
}
