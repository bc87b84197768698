import type { RunKey, StoredRun } from "../run.ts"
import type { NamespaceRecord, OpenRun, RunCommit, Storage, VisibilityRecord } from "./storage.ts"

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

  commit(runs: readonly RunCommit[]): void {
    for (const run of runs) {
      const { namespace, workflowId, runId, open, wakeAt, hasTasks, visibility } = run
      // The frames are the very array of the run in memory, so nothing is copied.
      const frames = run.frames as Uint8Array[]
      this.#runs.set(runId, {
        // An open run stays in the engine's memory: it is only read back once it is closed.
        stored: { namespace, workflowId, runId, frames, overlay: open ? "" : run.overlay(), attempts: [] },
        visibility,
        open,
        wakeAt,
        hasTasks
      })
      if (!open && !this.#closed.has(runId)) {
        this.#closed.add(runId)
        this.#closedBytes += visibility.historySize
      }
      if (run.current) this.#current.set(currentKey(namespace, workflowId), runId)
    }
  }

  deleteRun(key: RunKey): void {
    const entry = this.#runs.get(key.runId)
    if (entry === undefined) return
    this.#runs.delete(key.runId)
    if (this.#closed.delete(key.runId)) this.#closedBytes -= entry.visibility.historySize
    const current = currentKey(key.namespace, key.workflowId)
    if (this.#current.get(current) === key.runId) this.#current.delete(current)
  }

  *visibility(namespace: string): Iterable<VisibilityRecord> {
    const records: VisibilityRecord[] = []
    for (const entry of this.#runs.values())
      if (entry.visibility.namespace === namespace) records.push(entry.visibility)
    // Insertion follows the start nearly everywhere, which makes the sort cheap.
    records.sort((a, b) => b.startTime - a.startTime)
    yield* records
  }

  expired(closedBefore: number, maxClosed: number, maxBytes: number): RunKey[] {
    const keys: RunKey[] = []
    let count = this.#closed.size
    let bytes = this.#closedBytes
    for (const runId of this.#closed) {
      const record = this.#runs.get(runId)?.visibility
      if (record === undefined) continue
      if (count <= maxClosed && bytes <= maxBytes && record.closeTime >= closedBefore) break
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

  close(): void {
    this.#runs.clear()
    this.#current.clear()
    this.#closed.clear()
  }
}
