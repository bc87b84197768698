import { Wakeups } from "./clock.ts"
import type { Clock } from "./clock.ts"
import { encodeAttempt, encodeOverlay, Run } from "./run.ts"
import type { RunKey } from "./run.ts"
import { terminateRun } from "./lifecycle.ts"
import { checkHistory, HistoryTooLong } from "./history-limits.ts"
import type { Limits } from "./limits.ts"
import { recoverTasks } from "./recovery.ts"
import type { LostActivities } from "./recovery.ts"
import { isOpen } from "./state.ts"
import type { RunCommit, Storage, VisibilityRecord } from "./storage/storage.ts"
import { fireDue, nextDeadline } from "./timeouts.ts"
import { Waits } from "./time-skipping.ts"
import { Tx } from "./tx.ts"
import type { Core, Offer } from "./tx.ts"
import { findAttribute } from "./visibility/attributes.ts"
import type { CustomTypes } from "./visibility/attributes.ts"
import { searchAttributesOf, visibilityOf } from "./visibility/record.ts"
import { decodeValues } from "./visibility/values.ts"

/** How long and how much of closed runs is kept. */
export interface Retention {
  /** The age in the namespace that is there from the start; others say it themselves. */
  readonly ageMs: number
  /** Whether that age was asked for: then it replaces the one that the namespace has in a file. */
  readonly isAgeAskedFor?: boolean
  readonly closedRuns: number
  readonly bytes: number
}

export type LogLevel = "debug" | "info" | "warn" | "error"

/** Where the service tells what it does. */
export type Logger = (level: LogLevel, message: string, attributes?: Record<string, unknown>) => void

export interface EngineOptions {
  readonly storage: Storage
  readonly clock: Clock
  readonly limits: Limits
  readonly retention: Retention
  readonly lostActivities: LostActivities
  readonly logger: Logger
}

/** Closed runs that stay in memory for late questions. */
const closedRunsCached = 200

/** How many runs of a namespace that goes are deleted in one step. */
const deletedAtOnce = 500

/** Commits between two looks at the retention. */
const retentionEvery = 256

/**
 * Runs and their transitions. Everything is synchronous: between reading a state and committing what follows from
 * it nothing else can happen, so a run needs no lock.
 */
export class Engine implements Core {
  readonly limits: Limits
  readonly clock: Clock
  readonly storage: Storage
  readonly retention: Retention
  readonly lostActivities: LostActivities
  readonly logger: Logger
  /** Called with each task that is to be given to a worker; set by the task service. */
  offer: (offer: Offer) => void = () => {}
  /** Called after each commit for every run that changed; set by the query service. */
  changed: (run: Run) => void = () => {}
  /** Called with each namespace that is deleted: for what is not stored with its runs. */
  readonly forgetNamespace: ((namespace: string) => void)[] = []
  /** Called after each commit for every run that it left closed; set by the schedules. */
  closed: (run: Run) => void = () => {}
  isPolled: (namespace: string, queue: string) => boolean = () => false
  hasNamespace: (namespace: string) => boolean = () => true
  /** Called with the time that each commit took; set where that is counted. */
  stored: (elapsedMs: number) => void = () => {}
  searchAttributes: (namespace: string) => CustomTypes = () => () => undefined
  /** How long the closed runs of each namespace are kept. */
  retentions: () => Iterable<readonly [namespace: string, ageMs: number]> = () => []
  /** Called after each commit with every run that it changed; set where time may be skipped. */
  committed: ((run: Run) => void) | undefined
  /** Calls that wait for what time may bring. */
  readonly waits = new Waits()
  /** Called before a commit, with every run that it changes: lets tests look at each transition. */
  inspect: ((run: Run) => void) | undefined
  readonly #runs = new Map<string, Run>()
  readonly #closed = new Set<string>()
  /** Open runs of a former process that were not needed yet. All other open runs are in memory. */
  readonly #dormant = new Set<string>()
  readonly #watchers = new Map<string, Set<() => void>>()
  readonly #wakeups: Wakeups
  readonly #finished: Tx[] = []
  #inTransaction = false
  #draining = false
  #commits = 0

  constructor(options: EngineOptions) {
    this.storage = options.storage
    this.clock = options.clock
    this.limits = options.limits
    this.retention = options.retention
    this.lostActivities = options.lostActivities
    this.logger = options.logger
    this.#wakeups = new Wakeups(
      options.clock,
      (runId) => this.#wake(runId),
      (runId) => this.#nextDeadline(runId)
    )
  }

  now(): number {
    return this.clock.now()
  }

  findRun(runId: string): Run | undefined {
    const cached = this.#runs.get(runId)
    if (cached !== undefined) return cached
    const stored = this.storage.loadRun(runId)
    if (stored === undefined) return undefined
    const run = new Run(stored, stored)
    this.#cache(run)
    this.#schedule(run, nextDeadline(run))
    return run
  }

  currentRunId(namespace: string, workflowId: string): string | undefined {
    return this.storage.currentRun(namespace, workflowId)
  }

  #cache(run: Run): void {
    this.#runs.set(run.runId, run)
    if (isOpen(run.h)) return
    this.#dormant.delete(run.runId)
    this.#closed.delete(run.runId)
    this.#closed.add(run.runId)
    if (this.#closed.size <= closedRunsCached) return
    for (const oldest of this.#closed) {
      this.#closed.delete(oldest)
      this.#runs.delete(oldest)
      break
    }
  }

  /** Carries out a transition and commits it; if it throws, nothing of it remains. */
  transact<T>(action: (tx: Tx) => T): T {
    if (this.#inTransaction) throw new Error("a transition was started within another one")
    const tx = new Tx(this, this.clock.now())
    let result: T
    this.#inTransaction = true
    try {
      result = action(tx)
      tx.finish()
      for (const run of tx.touched) checkHistory(run, this.limits)
      this.#commit(tx)
    } catch (error) {
      for (const run of tx.touched) run.rollback()
      this.#inTransaction = false
      if (error instanceof HistoryTooLong) throw this.#tooLong(error)
      throw error
    }
    this.#inTransaction = false
    this.#finished.push(tx)
    this.#drain()
    return result
  }

  /** Ends a run whose history has become too long. */
  #tooLong(error: HistoryTooLong): Error {
    const { run, message } = error
    this.logger("warn", message, { workflowId: run.workflowId, runId: run.runId })
    this.transact((tx) => terminateRun(tx, run, { reason: message, identity: "history-service" }))
    return error.toAnswer()
  }

  largeEvent({ workflowId, runId }: Run, bytes: number): void {
    this.logger("warn", "Blob data size exceeds the warning limit.", { workflowId, runId, bytes })
  }

  #commit(tx: Tx): void {
    if (tx.touched.size === 0 && tx.documents.length === 0) return
    const commits: RunCommit[] = []
    const wakes = new Map<Run, number>()
    for (const run of tx.touched) {
      this.inspect?.(run)
      const open = isOpen(run.h)
      if (!open) run.x = { ...run.x, task: undefined, buffered: [] }
      const wakeAt = open ? Math.min(run.nextWake, run.newDeadline) : Number.POSITIVE_INFINITY
      wakes.set(run, wakeAt)
      commits.push({
        namespace: run.namespace,
        workflowId: run.workflowId,
        runId: run.runId,
        base: run.committedEvents,
        frames: run.frames,
        overlay: () => encodeOverlay(run.x),
        attempts: () =>
          run
            .changedAttempts()
            .map(([id, attempt]) => [id, attempt === undefined ? undefined : encodeAttempt(attempt)]),
        open,
        wakeAt,
        hasTasks: run.x.task !== undefined || run.x.attempts.size > 0,
        closeTime: run.h.closeTime,
        historySize: run.historySize,
        visibility: () => this.#visibilityOf(run),
        detailsChanged: run.detailsChanged(),
        current: tx.created.has(run)
      })
    }
    const start = performance.now()
    this.storage.commit(commits, tx.documents)
    this.stored(performance.now() - start)
    for (const [run, wakeAt] of wakes) {
      run.end()
      this.#cache(run)
      this.#schedule(run, wakeAt)
      this.committed?.(run)
    }
    this.#commits += 1
    if (this.#commits % retentionEvery === 0) this.applyRetention()
  }

  #visibilityOf(run: Run): VisibilityRecord {
    const values = decodeValues(searchAttributesOf(run), (name) => {
      const attribute = findAttribute(name, this.searchAttributes(run.namespace))
      return attribute === undefined || attribute.system ? undefined : attribute.type
    })
    return visibilityOf(run, values)
  }

  #schedule(run: Run, at: number): void {
    if (at >= run.nextWake) return
    run.nextWake = at
    this.#wakeups.push(at, run.runId)
  }

  /** A run that may be due. Most wake-ups are of runs that have closed since: those are not read back for them. */
  #awake(runId: string): Run | undefined {
    return this.#runs.get(runId) ?? (this.#dormant.has(runId) ? this.findRun(runId) : undefined)
  }

  #nextDeadline(runId: string): number {
    const run = this.#awake(runId)
    const deadline = run === undefined ? Number.POSITIVE_INFINITY : nextDeadline(run)
    if (run !== undefined) run.nextWake = deadline
    return deadline
  }

  #wake(runId: string): void {
    const run = this.#awake(runId)
    if (run === undefined || !isOpen(run.h)) return
    run.nextWake = Number.POSITIVE_INFINITY
    try {
      this.transact((tx) => {
        fireDue(tx, run)
        run.wakeAt(nextDeadline(run))
      })
    } catch (error) {
      this.logger("error", "a timer could not be handled", { runId, error: String(error) })
      // The state is as it was: try again later instead of never.
      run.nextWake = this.now() + 1000
      this.#wakeups.push(run.nextWake, runId)
      return
    }
    this.#schedule(run, nextDeadline(run))
  }

  /** What follows from commits. It may lead to further transitions, whose turn comes behind. */
  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    try {
      for (let tx = this.#finished.shift(); tx !== undefined; tx = this.#finished.shift()) {
        for (const { level, message, attributes } of tx.notes ?? []) this.logger(level, message, attributes)
        for (const run of tx.touched) {
          this.#notify(run.runId)
          this.changed(run)
          if (!isOpen(run.h)) this.closed(run)
        }
        for (const offer of tx.offers)
          try {
            this.offer(offer)
          } catch (error) {
            // The transition before stands, whatever becomes of what follows from it.
            this.logger("error", "a task could not be given to a worker", { error: String(error) })
          }
      }
    } finally {
      this.#draining = false
    }
  }

  /** Calls back once when the run changes. Returns how to give up. */
  watch(runId: string, callback: () => void): () => void {
    const watchers = this.#watchers.get(runId) ?? new Set()
    this.#watchers.set(runId, watchers)
    watchers.add(callback)
    return () => {
      watchers.delete(callback)
      if (watchers.size === 0) this.#watchers.delete(runId)
    }
  }

  #notify(runId: string): void {
    const watchers = this.#watchers.get(runId)
    if (watchers === undefined) return
    this.#watchers.delete(runId)
    for (const callback of watchers) callback()
  }

  /**
   * Takes up what a former process left: tasks that were with its workers are given out again, timers that came
   * due fire, the others are set.
   */
  recover(): void {
    const due: string[] = []
    for (const open of this.storage.openRuns()) {
      if (open.hasTasks) {
        const run = this.findRun(open.runId)
        if (run === undefined) continue
        due.push(open.runId)
      } else if (Number.isFinite(open.wakeAt)) {
        this.#dormant.add(open.runId)
        this.#wakeups.push(open.wakeAt, open.runId)
      }
    }
    for (const runId of due) {
      const run = this.findRun(runId)
      if (run !== undefined) this.#reoffer(run)
    }
  }

  #reoffer(run: Run): void {
    this.transact((tx) => {
      recoverTasks(tx, run, this.lostActivities)
      fireDue(tx, run)
    })
  }

  /** Deletes what is too old, and the oldest of what is too much. */
  applyRetention(): void {
    const { closedRuns, bytes } = this.retention
    const now = this.now()
    for (const [namespace, ageMs] of this.retentions())
      for (const key of this.storage.closedBefore(namespace, now - ageMs)) this.#forget(key)
    for (const key of this.storage.excess(closedRuns, bytes)) this.#forget(key)
  }

  #forget(key: RunKey): void {
    this.storage.deleteRun(key)
    this.#runs.delete(key.runId)
    this.#closed.delete(key.runId)
    this.#dormant.delete(key.runId)
  }

  deleteRun(run: Run): void {
    this.#forget(run)
    this.#notify(run.runId)
  }

  /** How many tasks workers have at the moment. */
  inFlight(): { workflowTasks: number; activities: number } {
    let workflowTasks = 0
    let activities = 0
    for (const run of this.#runs.values()) {
      if (!isOpen(run.h)) continue
      if ((run.x.task?.startedEventId ?? 0) > 0) workflowTasks += 1
      for (const attempt of run.x.attempts.values()) if (attempt.startedTime > 0) activities += 1
    }
    return { workflowTasks, activities }
  }

  /** Deletes everything that a namespace has. */
  deleteNamespace(namespace: string): void {
    for (const forget of this.forgetNamespace) forget(namespace)
    for (;;) {
      const page = this.storage.list({
        namespace,
        filter: undefined,
        orderBy: [],
        after: undefined,
        limit: deletedAtOnce
      })
      for (const { record } of page) {
        this.#forget(record)
        this.#notify(record.runId)
      }
      if (page.length < deletedAtOnce) return
    }
  }

  close(): void {
    this.#wakeups.close()
    for (const runId of Array.from(this.#watchers.keys())) this.#notify(runId)
    this.storage.close()
    this.#runs.clear()
  }
}
