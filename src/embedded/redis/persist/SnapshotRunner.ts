import { frequencyOf } from "../db/Access.ts"
import type { Engine } from "../engine/Engine.ts"
import { REDIS_VERSION } from "../commands/Connection.ts"
import { type BaseFormat, commandFormat, rdbFormat } from "./BaseFormat.ts"
import type { FileSystem } from "./FileSystem.ts"
import { type AccessOf, Snapshot } from "./Snapshot.ts"

/** What a snapshot is for: the base of the log, or a file of its own. */
export type SnapshotKind = "base" | "dump"

/** How a snapshot is written now, as the settings say. */
export const snapshotFormat = (engine: Engine, kind: SnapshotKind): BaseFormat => {
  const { settings } = engine
  const libraries = engine.scripts.libraries.sources()
  if (kind === "base" && settings.get("aof-use-rdb-preamble") === "no") return commandFormat(libraries)
  return rdbFormat(
    {
      version: REDIS_VERSION,
      createdAt: Math.floor(Date.now() / 1000),
      usedMemory: process.memoryUsage().heapUsed,
      isBase: kind === "base",
      libraries
    },
    {
      compresses: settings.get("rdbcompression") === "yes",
      listNodeSize: settings.number("list-max-listpack-size")
    }
  )
}

const accessOf = (engine: Engine): AccessOf => {
  const policy = engine.settings.get("maxmemory-policy")
  const now = Math.floor(Date.now() / 1000)
  if (policy.endsWith("-lru")) return (entry) => ({ idle: Math.max(0, now - entry.usedAt) })
  if (engine.settings.countsFrequency) {
    return (entry) => ({ frequency: frequencyOf(entry.usedAt, engine.now, engine.settings.frequency) })
  }
  return () => ({})
}

/** Takes snapshots, one at a time. */
export class SnapshotRunner {
  private readonly engine: Engine
  private readonly fileSystem: FileSystem
  private current:
    | { readonly snapshot: Snapshot; readonly kind: SnapshotKind; readonly startedAt: number }
    | undefined
  private generation = 0

  constructor(engine: Engine, fileSystem: FileSystem) {
    this.engine = engine
    this.fileSystem = fileSystem
  }

  /** What is being written. */
  get running(): SnapshotKind | undefined {
    return this.current?.kind
  }

  /** For how many seconds a snapshot has been under way; -1 if none is. */
  seconds(kind: SnapshotKind): number {
    const { current } = this
    return current?.kind === kind ? Math.floor((performance.now() - current.startedAt) / 1000) : -1
  }

  /** Begins a snapshot of this moment, in a temporary file. */
  begin(kind: SnapshotKind, temporary: string): Snapshot {
    this.abandon()
    this.generation++
    const snapshot = new Snapshot(
      this.fileSystem,
      temporary,
      snapshotFormat(this.engine, kind),
      this.engine.databases,
      this.generation,
      accessOf(this.engine),
      this.engine.settings.get("rdbchecksum") === "yes"
    )
    this.current = { snapshot, kind, startedAt: performance.now() }
    return snapshot
  }

  /** Writes it without stopping commands; `done` is called when it is safe on disk, or with what went wrong. */
  inBackground(snapshot: Snapshot, done: (error: unknown) => void): void {
    if (this.current?.snapshot !== snapshot) return
    try {
      if (!snapshot.step(false)) {
        setImmediate(() => this.inBackground(snapshot, done))
        return
      }
    } catch (error) {
      done(error)
      return
    }
    snapshot.syncLater((error) => {
      if (this.current?.snapshot === snapshot) done(error)
    })
  }

  /** Writes it before it returns. Throws what a write threw. */
  toTheEnd(snapshot: Snapshot): void {
    snapshot.step(true)
    snapshot.sync()
  }

  /** It has its name: the next one may begin. */
  finished(): void {
    this.current = undefined
  }

  /** Gives up what is being written. */
  abandon(): void {
    this.current?.snapshot.abandon()
    this.current = undefined
  }
}
