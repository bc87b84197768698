import { join } from "node:path"
import type { ChangeLog, Effect, Engine } from "../engine/Engine.ts"
import type { FsyncPolicy } from "../Options.ts"
import { encodeCommand } from "../resp/Encoder.ts"
import { describeFailure, type FileSystem, replaceFile, syncFolder } from "./FileSystem.ts"
import { baseName, formatManifest, incrementName, type Manifest, MANIFEST } from "./Manifest.ts"
import { Rewrite } from "./Rewrite.ts"

const SYNC_MILLIS = 1000
/** A sync that takes longer than this makes the next write wait for it, as in Redis. */
const PATIENCE_MILLIS = 2000

const MULTI = encodeCommand(["MULTI"])
const EXEC = encodeCommand(["EXEC"])

/** What the log starts from. */
export interface LogState {
  readonly folder: string
  readonly manifest: Manifest
  readonly baseBytes: number
  readonly incrementBytes: number
}

/** The append-only log: effects go to the current increment, compaction makes a new base. */
export class AppendLog implements ChangeLog {
  problem: string | undefined
  lastSave = Date.now()
  private readonly engine: Engine
  private readonly fileSystem: FileSystem
  private readonly folder: string
  private manifest: Manifest
  private file: number
  private size: number
  private closedBytes: number
  private baseBytes: number
  private pending = ""
  private selected = -1
  private needsTruncate = false
  private needsSync = false
  private syncTimer: NodeJS.Timeout | undefined
  private syncStarted: number | undefined
  private rewrite: Rewrite | undefined
  private rewriteScheduled = false
  private generation = 0
  private changesAtSave = 0
  private lastRewriteOk = true
  private closed = false

  constructor(engine: Engine, fileSystem: FileSystem, state: LogState) {
    this.engine = engine
    this.fileSystem = fileSystem
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

  private get policy(): FsyncPolicy {
    const value = this.engine.settings.get("appendfsync")
    return value === "always" || value === "no" ? value : "everysec"
  }

  append(effects: ReadonlyArray<Effect>): void {
    const wrap = effects.length > 1
    let text = ""
    for (const effect of effects) {
      if (effect.db !== this.selected) {
        this.selected = effect.db
        text += encodeCommand(["SELECT", String(effect.db)])
      }
      text += encodeCommand(effect.args)
    }
    this.pending += wrap ? MULTI + text + EXEC : text
  }

  flush(): string | undefined {
    if (this.closed) return undefined
    if (this.pending === "" && this.problem === undefined) return undefined
    try {
      if (this.needsTruncate) {
        this.fileSystem.truncate(this.file, this.size)
        this.needsTruncate = false
      }
      if (this.pending !== "") this.writePending()
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
    this.compactIfGrown()
    return undefined
  }

  private writePending(): void {
    const bytes = Buffer.from(this.pending, "latin1")
    let offset = 0
    try {
      while (offset < bytes.length) offset += this.fileSystem.write(this.file, bytes, offset)
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
    this.size += bytes.length
    this.pending = ""
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
    if (percentage === 0 || this.rewrite !== undefined || this.rewriteScheduled || !this.lastRewriteOk) return
    if (total < this.engine.settings.number("auto-aof-rewrite-min-size")) return
    if (total - this.baseBytes >= (this.baseBytes * percentage) / 100) this.startRewrite()
  }

  /** Begins in a later step: a transaction may be running, whose changes belong to one side of the cut. */
  startRewrite(): boolean {
    if (this.rewrite !== undefined || this.rewriteScheduled || this.closed) return false
    this.rewriteScheduled = true
    setImmediate(() => this.beginInBackground())
    return true
  }

  private beginInBackground(): void {
    this.rewriteScheduled = false
    if (this.rewrite !== undefined || this.closed) return
    try {
      const { rewrite, keep } = this.beginRewrite()
      this.rewriteStep(rewrite, keep)
    } catch (error) {
      this.rewriteFailed(undefined, error)
    }
  }

  /** Compacts if anything has changed since the last time. */
  snapshotIfChanged(): void {
    if (this.engine.dirty !== this.changesAtSave) this.startRewrite()
  }

  private beginRewrite(): { readonly rewrite: Rewrite; readonly keep: number } {
    // What has been executed so far belongs to the old increment, or it would be applied twice.
    const problem = this.flush()
    if (problem !== undefined) throw new Error(problem)
    this.syncNow()
    this.openIncrement()
    const sequence = (this.manifest.base?.sequence ?? 0) + 1
    this.generation++
    this.changesAtSave = this.engine.dirty
    const rewrite = new Rewrite(
      this.fileSystem,
      this.folder,
      baseName(sequence),
      this.engine.databases,
      this.generation
    )
    this.rewrite = rewrite
    return { rewrite, keep: this.manifest.increments.at(-1)?.sequence ?? 0 }
  }

  private rewriteStep(rewrite: Rewrite, keep: number): void {
    if (this.closed || this.rewrite !== rewrite) return
    try {
      if (!rewrite.step(false)) {
        setImmediate(() => this.rewriteStep(rewrite, keep))
        return
      }
    } catch (error) {
      this.rewriteFailed(rewrite, error)
      return
    }
    rewrite.syncLater((error) => {
      if (this.closed || this.rewrite !== rewrite) return
      if (error === null) this.finishRewrite(rewrite, keep)
      else this.rewriteFailed(rewrite, error)
    })
  }

  private finishRewrite(rewrite: Rewrite, keep: number): void {
    try {
      this.installBase(rewrite, keep)
    } catch (error) {
      this.rewriteFailed(rewrite, error)
    }
  }

  private installBase(rewrite: Rewrite, keep: number): void {
    rewrite.finish()
    const sequence = (this.manifest.base?.sequence ?? 0) + 1
    const old = [this.manifest.base, ...this.manifest.increments.filter((file) => file.sequence < keep)]
    const manifest: Manifest = {
      base: { name: baseName(sequence), sequence, type: "b" },
      increments: this.manifest.increments.filter((file) => file.sequence >= keep)
    }
    this.writeManifest(manifest)
    this.manifest = manifest
    this.rewrite = undefined
    this.baseBytes = rewrite.written
    this.closedBytes = 0
    this.lastSave = Date.now()
    this.lastRewriteOk = true
    for (const file of old) if (file !== undefined) this.fileSystem.remove(join(this.folder, file.name))
    syncFolder(this.fileSystem, this.folder)
  }

  private rewriteFailed(rewrite: Rewrite | undefined, error: unknown): void {
    rewrite?.abandon()
    this.rewrite = undefined
    this.lastRewriteOk = false
    this.engine.logger("error", `Compacting the append-only file failed: ${describeFailure(error)}`)
  }

  saveNow(): string | undefined {
    let rewrite: Rewrite | undefined
    try {
      this.rewrite?.abandon()
      this.rewrite = undefined
      const begun = this.beginRewrite()
      rewrite = begun.rewrite
      rewrite.step(true)
      rewrite.sync()
      this.installBase(rewrite, begun.keep)
      return undefined
    } catch (error) {
      this.rewriteFailed(rewrite, error)
      return describeFailure(error)
    }
  }

  info(): ReadonlyArray<readonly [string, string | number]> {
    return [
      ["rdb_changes_since_last_save", this.engine.dirty - this.changesAtSave],
      ["rdb_bgsave_in_progress", 0],
      ["rdb_last_save_time", Math.floor(this.lastSave / 1000)],
      ["rdb_last_bgsave_status", this.lastRewriteOk ? "ok" : "err"],
      ["aof_enabled", 1],
      ["aof_rewrite_in_progress", this.rewrite === undefined ? 0 : 1],
      ["aof_rewrite_scheduled", this.rewriteScheduled ? 1 : 0],
      ["aof_last_bgrewrite_status", this.lastRewriteOk ? "ok" : "err"],
      ["aof_last_write_status", this.problem === undefined ? "ok" : "err"],
      ["aof_current_size", this.baseBytes + this.closedBytes + this.size],
      ["aof_base_size", this.baseBytes],
      ["aof_pending_rewrite", 0],
      ["aof_buffer_length", this.pending.length],
      ["aof_pending_bio_fsync", this.syncStarted === undefined ? 0 : 1]
    ]
  }

  /** Writes and syncs what is left; `snapshot` compacts first. */
  close(snapshot: boolean): void {
    if (this.closed) return
    this.rewrite?.abandon()
    this.rewrite = undefined
    if (snapshot && this.engine.dirty !== this.changesAtSave) this.saveNow()
    this.flush()
    this.closed = true
    clearTimeout(this.syncTimer)
    try {
      this.fileSystem.sync(this.file)
    } catch (error) {
      this.engine.logger("error", `Syncing the append-only file failed: ${describeFailure(error)}`)
    }
    this.fileSystem.close(this.file)
  }
}
