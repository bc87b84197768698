import type { ChangeLog, Effect } from "../engine/ChangeLog.ts"
import type { Engine } from "../engine/Engine.ts"
import { AppendLog, type LogState } from "./AppendLog.ts"
import { DumpFile } from "./DumpFile.ts"
import type { FileSystem } from "./FileSystem.ts"
import { SnapshotRunner } from "./SnapshotRunner.ts"

/** Persistence in a folder: the append-only log, and the dump that SAVE writes. One snapshot is written at a time. */
export class FolderPersistence implements ChangeLog {
  private readonly log: AppendLog
  private readonly dump: DumpFile
  private readonly snapshots: SnapshotRunner
  private readonly loadedKeys: number

  constructor(engine: Engine, fileSystem: FileSystem, dir: string, state: LogState, loadedKeys: number) {
    this.snapshots = new SnapshotRunner(engine, fileSystem)
    this.log = new AppendLog(engine, fileSystem, this.snapshots, state, () => this.dump.beginScheduled())
    const isBusy = () => this.running !== undefined
    this.dump = new DumpFile(engine, dir, this.snapshots, isBusy, () => this.log.beginScheduled())
    this.loadedKeys = loadedKeys
  }

  get problem(): string | undefined {
    return this.log.problem
  }

  get lastSave(): number {
    return this.dump.lastSave
  }

  append(effects: ReadonlyArray<Effect>): void {
    this.log.append(effects)
  }

  flush(): string | undefined {
    return this.log.flush()
  }

  get running(): "base" | "dump" | undefined {
    return this.log.preparing ? "base" : this.snapshots.running
  }

  startRewrite(later: boolean): "started" | "scheduled" | "running" {
    return this.log.startRewrite(later)
  }

  rewriteIfChanged(): void {
    this.log.rewriteIfChanged()
  }

  rewriteNow(): string | undefined {
    return this.log.rewriteNow()
  }

  startSave(later: boolean): "started" | "scheduled" {
    return this.dump.start(later)
  }

  saveNow(): string | undefined {
    return this.dump.saveNow()
  }

  info(): ReadonlyArray<readonly [string, string | number]> {
    return [
      ["current_cow_peak", 0],
      ["current_cow_size", 0],
      ["current_cow_size_age", 0],
      ...this.dump.info(),
      ["rdb_last_load_keys_expired", 0],
      ["rdb_last_load_keys_loaded", this.loadedKeys],
      ...this.log.info(),
      ["module_fork_in_progress", 0],
      ["module_fork_last_cow_size", 0],
      ...this.log.fileInfo()
    ]
  }

  get refusesChanges(): boolean {
    return this.dump.refusesChanges
  }

  close(snapshot: boolean): void {
    this.dump.close()
    this.snapshots.abandon()
    this.log.close(snapshot)
  }
}
