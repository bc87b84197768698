/** The service of the model-based test: its storage fails, its process ends at any commit, its time is virtual. */
import type { Clock } from "../../../src/embedded/temporal/clock.ts"
import { Engine } from "../../../src/embedded/temporal/engine.ts"
import { defaultLimits } from "../../../src/embedded/temporal/limits.ts"
import { Namespaces } from "../../../src/embedded/temporal/namespaces.ts"
import { Queries } from "../../../src/embedded/temporal/queries.ts"
import { activityHandlers } from "../../../src/embedded/temporal/rpc/activity-service.ts"
import { Lookup } from "../../../src/embedded/temporal/rpc/lookup.ts"
import type { Run } from "../../../src/embedded/temporal/run.ts"
import { SqliteStorage } from "../../../src/embedded/temporal/storage/sqlite.ts"
import type { Storage } from "../../../src/embedded/temporal/storage/storage.ts"
import { Tasks } from "../../../src/embedded/temporal/tasks.ts"
import type { Tx } from "../../../src/embedded/temporal/tx.ts"
import { Updates } from "../../../src/embedded/temporal/updates.ts"
import type { Random } from "../random.ts"
import { expectRebuilt } from "./support.ts"

export const namespace = "default"

class VirtualClock implements Clock {
  #now = 1_700_000_000_000
  readonly #alarms = new Set<{ next(): number; wake(): void }>()
  now(): number {
    return this.#now
  }
  attach(alarm: { next(): number; wake(): void }): () => void {
    this.#alarms.add(alarm)
    return () => this.#alarms.delete(alarm)
  }
  /** Goes on to the next thing that happens by itself; false if there is none. */
  advance(): boolean {
    let next = Number.POSITIVE_INFINITY
    for (const alarm of this.#alarms) next = Math.min(next, alarm.next())
    if (!Number.isFinite(next)) return false
    this.#now = Math.max(this.#now, next)
    for (const alarm of Array.from(this.#alarms)) alarm.wake()
    return true
  }
}

/** The storage could not write. */
class Fault extends Error {}

/** The process ended, just after a commit. */
class Crash extends Error {}

/** One service after another on the same file, and the worker and client that outlive them. */
export class World {
  readonly #random: Random
  readonly #file: string
  readonly #clock = new VirtualClock()
  readonly #faulty: boolean
  commits = 0
  faults = 0
  restarts = 0
  /** The process has ended, also where the service takes that for a fault of the storage and goes on. */
  #killed = false
  #storage: SqliteStorage | undefined
  engine!: Engine
  tasks!: Tasks
  updates!: Updates
  activities!: ReturnType<typeof activityHandlers>

  constructor(random: Random, file: string, faulty: boolean) {
    this.#random = random
    this.#file = file
    this.#faulty = faulty
    this.restart()
  }

  #wrap(storage: SqliteStorage): Storage {
    return new Proxy(storage, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target)
        if (typeof value !== "function") return value
        if (property !== "commit") return (value as (...args: unknown[]) => unknown).bind(target)
        return (...args: Parameters<Storage["commit"]>) => {
          if (this.#killed) throw new Crash("killed before")
          const chance = this.#faulty ? this.#random.next() : 1
          if (chance < 0.03) {
            this.faults += 1
            throw new Fault("the disk is full")
          }
          target.commit(...args)
          this.commits += 1
          if (chance >= 0.05) return
          this.#killed = true
          throw new Crash("killed")
        }
      }
    })
  }

  restart(): void {
    this.restarts += 1
    if (this.#storage !== undefined) {
      this.tasks.close()
      this.engine.close()
    }
    for (;;) {
      this.#killed = false
      this.#storage = new SqliteStorage(this.#file, "off")
      const storage = this.#wrap(this.#storage)
      this.engine = new Engine({
        storage,
        clock: this.#clock,
        limits: defaultLimits,
        retention: { ageMs: 1e15, closedRuns: 1e9, bytes: 1e15 },
        lostActivities: "repeat",
        logger: () => {}
      })
      this.engine.inspect = (run) => expectRebuilt(run, this.#clock.now() + 1000)
      try {
        const namespaces = new Namespaces(storage, defaultLimits)
        namespaces.ensure(namespace, { retentionMs: 1e15, isRetentionAskedFor: false, searchAttributes: {} })
        this.engine.searchAttributes = namespaces.types
        const updates = new Updates(this.engine)
        this.updates = updates
        this.tasks = new Tasks(this.engine, new Queries(this.engine.waits, defaultLimits.blobSize), updates)
        this.activities = activityHandlers(this.engine, new Lookup(this.engine, namespaces))
        this.engine.recover()
        if (!this.#killed) return
      } catch (error) {
        if (!(error instanceof Fault || error instanceof Crash)) throw error
      }
      this.engine.close()
    }
  }

  /** Does something; false if it failed or the process ended meanwhile, so that it has to be asked again. */
  try(action: () => void): boolean {
    let done = true
    try {
      action()
    } catch (error) {
      if (!(error instanceof Crash || error instanceof Fault)) throw error
      done = false
    }
    return this.#outlived() && done
  }

  /** Starts the service anew if its process has ended. */
  #outlived(): boolean {
    if (!this.#killed) return true
    this.restart()
    return false
  }

  /** The current run of a workflow. */
  runOf(workflowId: string): Run | undefined {
    const runId = this.engine.currentRunId(namespace, workflowId)
    return runId === undefined ? undefined : this.engine.findRun(runId)
  }

  /** Asks a worker's question; undefined if there is no answer. */
  async ask<Answer>(poll: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
    let answer: Answer | undefined
    try {
      answer = await poll()
    } catch (error) {
      if (!(error instanceof Crash || error instanceof Fault)) throw error
    }
    return this.#outlived() ? answer : undefined
  }

  transact(action: (tx: Tx) => void): boolean {
    return this.try(() => this.engine.transact(action))
  }

  advance(): void {
    this.try(() => this.#clock.advance())
  }

  close(): void {
    this.tasks.close()
    this.engine.close()
  }
}
