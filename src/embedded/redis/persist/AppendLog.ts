import { join } from "node:path"
import type { Effect } from "../engine/ChangeLog.ts"
import type { Engine } from "../engine/Engine.ts"
import type { FsyncPolicy } from "../Options.ts"
import { CommandBuffer } from "./CommandBuffer.ts"
import { describeFailure, type FileSystem, replaceFile } from "./FileSystem.ts"
import {
  baseName,
  formatManifest,
  incrementName,
  type Manifest,
  MANIFEST,
  type ManifestFile
} from "./Manifest.ts"
import type { Snapshot } from "./Snapshot.ts"
import type { SnapshotRunner } from "./SnapshotRunner.ts"

const SYNC_MILLIS = 1000
/** A sync that takes longer than this makes the next write wait for it, as in Redis. */
const PATIENCE_MILLIS = 2000

const MULTI = ["MULTI"]
const EXEC = ["EXEC"]

/** What the log starts from. */
export interface LogState {
  readonly folder: string
  readonly manifest: Manifest
  readonly baseBytes: number
  readonly incrementBytes: number
}

const policyOf = (engine: Engine): FsyncPolicy => {
  const value = engine.settings.get("appendfsync")
  return value === "always" || value === "no" ? value : "everysec"
}

const minimumOf = (engine: Engine): number => engine.settings.number("auto-aof-rewrite-min-size")

/** The append-only log: effects go to the current increment, compaction makes a new base. */
export class AppendLog {
  problem: string | undefined
  private readonly engine: Engine
  private readonly fileSystem: FileSystem
  private readonly folder: string
  private manifest: Manifest
  private file: number
  private size: number
  private closedBytes: number
  private baseBytes: number
  private readonly pending = new CommandBuffer()
  private policy: FsyncPolicy
  private rewriteMinimum: number
  private selected = -1
  private needsTruncate = false
  private needsSync = false
  private syncTimer: NodeJS.Timeout | undefined
  private syncStarted: number | undefined
  private readonly snapshots: SnapshotRunner
  private readonly onRewritten: () => void
  /** Whether a compaction has begun whose cut waits for the disk. */
  preparing = false
  private rewriteScheduled = false
  private changesAtRewrite = 0
  private rewrites = 0
  private failures = 0
  private lastSeconds = -1
  private delayedSyncs = 0
  private closed = false
  /** Files that are being removed. */
  private readonly leaving = new Set<string>()

  /** `onRewritten` is called when a compaction in the background has ended. */
  constructor(
    engine: Engine,
    fileSystem: FileSystem,
    snapshots: SnapshotRunner,
    state: LogState,
    onRewritten: () => void
  ) {
    this.engine = engine
    this.fileSystem = fileSystem
    this.snapshots = snapshots
    this.onRewritten = onRewritten
    this.policy = policyOf(engine)
    this.rewriteMinimum = minimumOf(engine)
    engine.settings.onChange(() => {
      this.policy = policyOf(engine)
      this.rewriteMinimum = minimumOf(engine)
    })
    this.folder = state.folder
    this.manifest = state.manifest
    this.baseBytes = state.baseBytes
    this.closedBytes = state.incrementBytes
    const last = state.manifest.increments.at(-1)
    if (last === undefined) {
      this.file = -1
      this.size = 0
      this.openIncrement()
    } else {
      this.file = fileSystem.open(join(this.folder, last.name), "a")
      this.size = fileSystem.size(this.file)
      this.closedBytes -= this.size
    }
  }

  append(effects: ReadonlyArray<Effect>): void {
    const { pending } = this
    const wraps = effects.length > 1
    if (wraps) pending.add(MULTI)
    for (const { db, args } of effects) {
      if (db !== this.selected) {
        this.selected = db
        pending.add(["SELECT", String(db)])
      }
      pending.add(args)
    }
    if (wraps) pending.add(EXEC)
  }

  flush(): string | undefined {
    if (this.closed) return undefined
    if (this.pending.length === 0 && this.problem === undefined) return undefined
    try {
      if (this.needsTruncate) {
        this.fileSystem.truncate(this.file, this.size)
        this.needsTruncate = false
      }
      if (this.pending.length > 0) this.writePending()
      if (this.policy === "always") this.syncNow()
      else if (this.policy === "everysec") this.syncSoon()
      if (this.problem !== undefined)
        this.engine.logger("info", "Writing to the append-only file works again.")
      this.problem = undefined
    } catch (error) {
      const message = describeFailure(error)
      if (this.problem === undefined)
        this.engine.logger("error", `Writing to the append-only file failed: ${message}`)
      this.problem = message
      return message
    }
    if (this.baseBytes + this.closedBytes + this.size >= this.rewriteMinimum) this.compactIfGrown()
    return undefined
  }

  private writePending(): void {
    const { bytes, length } = this.pending
    let offset = 0
    try {
      while (offset < length) offset += this.fileSystem.write(this.file, bytes, offset, length)
    } catch (error) {
      // What was half written must not be followed by anything: it is cut off before the next try.
      if (offset > 0) {
        try {
          this.fileSystem.truncate(this.file, this.size)
        } catch {
          this.needsTruncate = true
        }
      }
      throw error
    }
    this.size += length
    this.pending.clear()
    this.needsSync = true
  }

  private syncNow(): void {
    if (!this.needsSync) return
    this.fileSystem.sync(this.file)
    this.needsSync = false
  }

  /** Syncs within a second, in another thread; if the last sync has not ended after two, waits for the disk. */
  private syncSoon(): void {
    if (this.syncStarted !== undefined && performance.now() - this.syncStarted > PATIENCE_MILLIS) {
      this.delayedSyncs++
      this.syncNow()
      return
    }
    this.syncTimer ??= setTimeout(() => this.syncInBackground(), SYNC_MILLIS).unref()
  }

  private syncInBackground(): void {
    this.syncTimer = undefined
    if (this.closed || !this.needsSync || this.syncStarted !== undefined) return
    this.needsSync = false
    this.syncStarted = performance.now()
    this.fileSystem.syncLater(this.file, (error) => {
      this.syncStarted = undefined
      if (this.closed) return
      if (error !== null) {
        this.needsSync = true
        this.problem = describeFailure(error)
        this.engine.logger("error", `Syncing the append-only file failed: ${this.problem}`)
      } else if (this.needsSync) this.syncSoon()
    })
  }

  /** Starts a new increment and lists it in the manifest; the current one is left as it is. */
  private openIncrement(): void {
    const sequence = (this.manifest.increments.at(-1)?.sequence ?? 0) + 1
    const name = incrementName(sequence)
    const file = this.fileSystem.open(join(this.folder, name), "a")
    const manifest: Manifest = {
      base: this.manifest.base,
      increments: [...this.manifest.increments, { name, sequence, type: "i" }]
    }
    try {
      this.writeManifest(manifest)
    } catch (error) {
      this.fileSystem.close(file)
      throw error
    }
    if (this.file !== -1) this.fileSystem.close(this.file)
    this.closedBytes += this.size
    this.file = file
    this.size = 0
    this.selected = -1
    this.manifest = manifest
  }

  private writeManifest(manifest: Manifest): void {
    replaceFile(this.fileSystem, this.folder, join(this.folder, MANIFEST), formatManifest(manifest))
  }

  private compactIfGrown(): void {
    const percentage = this.engine.settings.number("auto-aof-rewrite-percentage")
    const total = this.baseBytes + this.closedBytes + this.size
    if (percentage === 0 || this.rewriteScheduled || this.failures > 0) return
    if (this.snapshots.running !== undefined) return
    if (total - this.baseBytes >= (this.baseBytes * percentage) / 100) this.startRewrite(true)
  }

  /**
   * Begins at once, or with `later` in a step of its own: the changes of a transaction belong to one side of the cut.
   * While another snapshot is written it waits for its turn.
   */
  startRewrite(later: boolean): "started" | "scheduled" | "running" {
    if (this.snapshots.running === "base" || this.rewriteScheduled) return "running"
    this.rewriteScheduled = true
    if (this.snapshots.running !== undefined) return "scheduled"
    this.prepare(later)
    return later ? "scheduled" : "started"
  }

  /** Forces what was written to the disk in another thread first: the cut waits for that, and commands wait for the cut. */
  private prepare(later: boolean): void {
    if (this.needsSync) {
      this.preparing = true
      this.fileSystem.syncLater(this.file, () => this.beginScheduled())
    } else if (later) setImmediate(() => this.beginScheduled())
    else this.beginScheduled()
  }

  /** Begins what was scheduled, if nothing else is under way. */
  beginScheduled(): void {
    this.preparing = false
    if (!this.rewriteScheduled || this.closed || this.snapshots.running !== undefined) return
    this.rewriteScheduled = false
    try {
      const { snapshot, finish } = this.beginRewrite()
      this.snapshots.inBackground(snapshot, (error) => {
        try {
          if (error !== null) throw error
          finish()
        } catch (failure) {
          this.rewriteFailed(failure)
        }
        this.onRewritten()
      })
    } catch (error) {
      this.rewriteFailed(error)
      this.onRewritten()
    }
  }

  /** Compacts if anything has changed since the last time. */
  rewriteIfChanged(): void {
    if (this.engine.dirty !== this.changesAtRewrite) this.startRewrite(false)
  }

  private beginRewrite(): { readonly snapshot: Snapshot; readonly finish: () => void } {
    // What has been executed so far belongs to the old increment, or it would be applied twice.
    const problem = this.flush()
    if (problem !== undefined) throw new Error(problem)
    this.syncNow()
    this.openIncrement()
    const keep = this.manifest.increments.at(-1)?.sequence ?? 0
    const sequence = (this.manifest.base?.sequence ?? 0) + 1
    const extension = this.engine.settings.get("aof-use-rdb-preamble") === "no" ? "aof" : "rdb"
    const name = baseName(sequence, extension)
    this.changesAtRewrite = this.engine.dirty
    const snapshot = this.snapshots.begin("base", join(this.folder, `temp-${name}`))
    return { snapshot, finish: () => this.installBase(snapshot, { name, sequence, type: "b" }, keep) }
  }

  private installBase(snapshot: Snapshot, base: ManifestFile, keep: number): void {
    snapshot.finish(this.folder, join(this.folder, base.name))
    const old = [this.manifest.base, ...this.manifest.increments.filter((file) => file.sequence < keep)]
    const manifest: Manifest = {
      base,
      increments: this.manifest.increments.filter((file) => file.sequence >= keep)
    }
    this.writeManifest(manifest)
    this.manifest = manifest
    this.lastSeconds = this.snapshots.seconds("base")
    this.snapshots.finished()
    this.baseBytes = snapshot.written
    this.closedBytes = 0
    this.rewrites++
    this.failures = 0
    for (const file of old) if (file !== undefined) this.removeLater(join(this.folder, file.name))
  }

  /** Removes a file that is not listed any more; if the process dies before, the next start does it. */
  private removeLater(path: string): void {
    this.leaving.add(path)
    this.fileSystem.removeLater(path, () => this.leaving.delete(path))
  }

  private rewriteFailed(error: unknown): void {
    if (this.snapshots.running === "base") this.snapshots.abandon()
    this.failures++
    this.engine.logger("error", `Compacting the append-only file failed: ${describeFailure(error)}`)
  }

  /** Compacts before it returns; the text of the problem if that failed. */
  rewriteNow(): string | undefined {
    try {
      this.rewriteScheduled = false
      const { snapshot, finish } = this.beginRewrite()
      this.snapshots.toTheEnd(snapshot)
      finish()
      return undefined
    } catch (error) {
      this.rewriteFailed(error)
      return describeFailure(error)
    }
  }

  /** What INFO says of the log. */
  info(): ReadonlyArray<readonly [string, string | number]> {
    return [
      ["aof_enabled", 1],
      ["aof_rewrite_in_progress", this.snapshots.running === "base" || this.preparing ? 1 : 0],
      ["aof_rewrite_scheduled", this.rewriteScheduled && !this.preparing ? 1 : 0],
      ["aof_last_rewrite_time_sec", this.lastSeconds],
      ["aof_current_rewrite_time_sec", this.snapshots.seconds("base")],
      ["aof_last_bgrewrite_status", this.failures === 0 ? "ok" : "err"],
      ["aof_rewrites", this.rewrites],
      ["aof_rewrites_consecutive_failures", this.failures],
      ["aof_last_write_status", this.problem === undefined ? "ok" : "err"],
      ["aof_last_cow_size", 0]
    ]
  }

  /** What INFO says of the log's files. */
  fileInfo(): ReadonlyArray<readonly [string, string | number]> {
    return [
      ["aof_current_size", this.baseBytes + this.closedBytes + this.size],
      ["aof_base_size", this.baseBytes],
      ["aof_pending_rewrite", 0],
      ["aof_buffer_length", this.pending.length],
      ["aof_pending_bio_fsync", this.syncStarted === undefined ? 0 : 1],
      ["aof_delayed_fsync", this.delayedSyncs]
    ]
  }

  /** Writes and syncs what is left; `snapshot` compacts first. */
  close(snapshot: boolean): void {
    if (this.closed) return
    if (snapshot && this.engine.dirty !== this.changesAtRewrite) this.rewriteNow()
    this.flush()
    this.closed = true
    clearTimeout(this.syncTimer)
    for (const path of this.leaving) {
      try {
        this.fileSystem.remove(path)
      } catch {
        // The next start removes it.
      }
    }
    try {
      this.fileSystem.sync(this.file)
    } catch (error) {
      this.engine.logger("error", `Syncing the append-only file failed: ${describeFailure(error)}`)
    }
    this.fileSystem.close(this.file)
  }
}
