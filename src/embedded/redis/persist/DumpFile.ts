import { join } from "node:path"
import type { Engine } from "../engine/Engine.ts"
import { SaveRules } from "./SaveRules.ts"
import { describeFailure } from "./FileSystem.ts"
import type { Snapshot } from "./Snapshot.ts"
import type { SnapshotRunner } from "./SnapshotRunner.ts"

/** Redis's default for `dbfilename`. */
export const DUMP_FILE = "dump.rdb"

/** How often the rules are looked at. */
const RULES_MILLIS = 100

/** The snapshot that SAVE and BGSAVE write: one file, which can be copied while the server runs. */
export class DumpFile {
  /** Milliseconds since the epoch. */
  lastSave = Date.now()
  private readonly engine: Engine
  private readonly folder: string
  private readonly snapshots: SnapshotRunner
  private readonly isBusy: () => boolean
  private readonly onEnd: () => void
  private changesAtSave = 0
  private changesAtStart = 0
  private lastOk = true
  private lastSeconds = -1
  private saves = 0
  private scheduled = false
  private lastTry = 0
  private readonly rules = new SaveRules()
  private timer: NodeJS.Timeout | undefined

  /** `isBusy` says whether a snapshot is written or about to be; `onEnd` hears of the end of a save in the background. */
  constructor(
    engine: Engine,
    folder: string,
    snapshots: SnapshotRunner,
    isBusy: () => boolean,
    onEnd: () => void
  ) {
    this.engine = engine
    this.changesAtSave = engine.dirty
    this.folder = folder
    this.snapshots = snapshots
    this.isBusy = isBusy
    this.onEnd = onEnd
    this.followRules()
    engine.settings.onChange(() => this.followRules())
  }

  /** Whether changes are refused because what the rules ask for cannot be done. */
  get refusesChanges(): boolean {
    if (this.lastOk || this.rules.isEmpty) return false
    return this.engine.settings.get("stop-writes-on-bgsave-error") === "yes"
  }

  private followRules(): void {
    this.rules.update(this.engine.settings.get("save"))
    if (this.rules.isEmpty) this.close()
    else this.timer ??= setInterval(() => this.saveIfDue(), RULES_MILLIS).unref()
  }

  private saveIfDue(): void {
    if (this.isBusy()) return
    const state = {
      changes: this.engine.dirty - this.changesAtSave,
      lastSave: this.lastSave,
      lastTry: this.lastTry,
      lastOk: this.lastOk
    }
    if (this.rules.isDue(state, Date.now())) this.start(false)
  }

  /** Follows the rules no more. */
  close(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  /** Begins at once, or with `later` in a step of its own, or when the snapshot that is being written has ended. */
  start(later: boolean): "started" | "scheduled" {
    this.scheduled = true
    if (this.isBusy()) return "scheduled"
    if (!later) {
      this.beginScheduled()
      return "started"
    }
    setImmediate(() => this.beginScheduled())
    return "scheduled"
  }

  /** Begins what was scheduled, if nothing else is under way. */
  beginScheduled(): void {
    if (!this.scheduled || this.engine.closed || this.isBusy()) return
    this.scheduled = false
    try {
      const snapshot = this.begin()
      this.snapshots.inBackground(snapshot, (error) => {
        try {
          if (error !== null) throw error
          this.install(snapshot)
        } catch (failure) {
          this.failed(failure)
        }
        this.onEnd()
      })
    } catch (error) {
      this.failed(error)
    }
  }

  private begin(): Snapshot {
    this.changesAtStart = this.engine.dirty
    this.lastTry = Date.now()
    return this.snapshots.begin("dump", join(this.folder, `temp-${process.pid}.rdb`))
  }

  private install(snapshot: Snapshot): void {
    snapshot.finish(this.folder, join(this.folder, DUMP_FILE))
    this.lastSeconds = this.snapshots.seconds("dump")
    this.snapshots.finished()
    this.lastSave = Date.now()
    this.lastOk = true
    this.saves++
    this.changesAtSave = this.changesAtStart
  }

  private failed(error: unknown): void {
    if (this.snapshots.running === "dump") this.snapshots.abandon()
    this.lastOk = false
    this.engine.logger("error", `Saving ${DUMP_FILE} failed: ${describeFailure(error)}`)
  }

  /** Saves before it returns; the text of the problem if that failed. */
  saveNow(): string | undefined {
    try {
      const snapshot = this.begin()
      this.snapshots.toTheEnd(snapshot)
      this.install(snapshot)
      return undefined
    } catch (error) {
      this.failed(error)
      return describeFailure(error)
    }
  }

  /** What INFO says of it. */
  info(): ReadonlyArray<readonly [string, string | number]> {
    return [
      ["rdb_changes_since_last_save", this.engine.dirty - this.changesAtSave],
      ["rdb_bgsave_in_progress", this.snapshots.running === "dump" ? 1 : 0],
      ["rdb_last_save_time", Math.floor(this.lastSave / 1000)],
      ["rdb_last_bgsave_status", this.lastOk ? "ok" : "err"],
      ["rdb_last_bgsave_time_sec", this.lastSeconds],
      ["rdb_current_bgsave_time_sec", this.snapshots.seconds("dump")],
      ["rdb_saves", this.saves],
      ["rdb_last_cow_size", 0]
    ]
  }
}
