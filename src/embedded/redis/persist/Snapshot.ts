import type { Entry } from "../db/Entry.ts"
import type { Keyspace } from "../db/Keyspace.ts"
import { Crc64 } from "../rdb/Crc64.ts"
import type { KeyRecord } from "../rdb/FileEncoder.ts"
import { RdbWriter } from "../rdb/RdbWriter.ts"
import type { DenseMap } from "../structures/DenseMap.ts"
import { freeze, release, view } from "../types/Frozen.ts"
import type { BaseFormat } from "./BaseFormat.ts"
import { type FileSystem, syncFolder, writeAll } from "./FileSystem.ts"

const SLICE_MILLIS = 3
const SLICE_KEYS = 64
const BUFFER = 256 * 1024
const CHECKSUM = 8

/** What of a database is still to be written. */
interface Part {
  /** Its number when the snapshot began; SWAPDB may change it. */
  readonly index: number
  readonly walk: (left: number, visit: (entry: Entry) => void) => number
  left: number
}

interface Waiting {
  readonly index: number
  readonly record: KeyRecord
}

/** What is written of a key besides its value, as the eviction policy asks for. */
export type AccessOf = (entry: Entry) => Pick<KeyRecord, "idle" | "frequency">

/**
 * Writes the state of a moment to a file without stopping the world. The keys are walked in slices; a key that is about
 * to change before its turn is written first, in its old state. A large value is written in slices too, from a view that
 * stays as it was; what must be written meanwhile waits aside, in memory.
 */
export class Snapshot {
  /** Bytes written so far. */
  written = 0
  private readonly fileSystem: FileSystem
  private readonly format: BaseFormat
  private readonly temporary: string
  private readonly file: number
  private readonly generation: number
  private readonly accessOf: AccessOf
  private readonly databases: ReadonlyArray<Keyspace>
  private readonly sizes: ReadonlyArray<{ readonly keys: number; readonly expiring: number }>
  private readonly parts: Array<Part>
  private readonly crc: Crc64 | undefined
  private readonly out: RdbWriter
  private selected = -1
  /** Small values that had to be written while a large one was under way. */
  private readonly aside: RdbWriter
  private asideSelected = -1
  private large: { readonly steps: Generator<undefined, void>; readonly record: KeyRecord } | undefined
  private readonly queue: Array<Waiting> = []
  private readonly announced = new Set<number>()
  private failure: unknown

  constructor(
    fileSystem: FileSystem,
    temporary: string,
    format: BaseFormat,
    databases: ReadonlyArray<Keyspace>,
    generation: number,
    accessOf: AccessOf,
    checksum: boolean
  ) {
    this.fileSystem = fileSystem
    this.temporary = temporary
    this.format = format
    this.databases = databases.slice()
    this.sizes = databases.map((db) => ({ keys: db.size, expiring: db.expiring }))
    this.generation = generation
    this.accessOf = accessOf
    this.file = fileSystem.open(temporary, "w")
    this.crc = format.checksum && checksum ? new Crc64() : undefined
    this.out = new RdbWriter(format.compresses, 2 * BUFFER)
    this.aside = new RdbWriter(format.compresses)
    format.header(this.out)
    this.parts = databases.map((db, index) => ({
      index,
      left: db.size,
      walk: (left, visit) => db.walk(left, SLICE_KEYS, visit)
    }))
    for (const part of this.parts) this.watch(part)
  }

  /** Learns of what happens to a database before it happens. */
  private watch(part: Part): void {
    const db = this.databases[part.index]
    if (db === undefined) return
    db.generation = this.generation
    db.beforeWrite = (entry) => this.take(part.index, entry)
    db.beforeClear = (keys) => this.keep(part, keys)
  }

  /** Goes on with the keys of a database that was emptied: nobody else has them now. */
  private keep(part: Part, keys: DenseMap<Entry>): void {
    if (part.left === 0) return
    this.parts.push({
      index: part.index,
      left: part.left,
      walk: (left, visit) => (left === 0 ? 0 : keys.scan(left, SLICE_KEYS, visit))
    })
    part.left = 0
  }

  /** Writes an entry as it is now, or takes hold of its state if that would take long. */
  private take(index: number, entry: Entry): void {
    entry.generation = this.generation
    if (this.failure !== undefined) return
    const { key, value } = entry
    const deadline = entry.deadline?.at
    const access = this.accessOf(entry)
    if (!this.format.atOnce(value)) {
      this.queue.push({ index, record: { key, value: freeze(value), deadline, ...access } })
      return
    }
    const record: KeyRecord = { key, value: view(value), deadline, ...access }
    if (this.large === undefined) {
      this.select(index)
      finish(this.format.key(this.out, record))
      this.drainIfFull()
      return
    }
    if (this.asideSelected !== index) {
      this.asideSelected = index
      this.format.database(this.aside, index)
    }
    finish(this.format.key(this.aside, record))
  }

  private select(index: number): void {
    if (this.selected === index) return
    this.selected = index
    this.format.database(this.out, index, this.announced.has(index) ? undefined : this.sizes[index])
    this.announced.add(index)
  }

  private drainIfFull(): void {
    if (this.out.length >= BUFFER) this.drain()
  }

  /** A failed write must not fail the command that happens to be running: the snapshot gives up at its next step. */
  private drain(): void {
    const { out } = this
    try {
      this.crc?.update(out.bytes, 0, out.length)
      writeAll(this.fileSystem, this.file, out.bytes.subarray(0, out.length))
      this.written += out.length
    } catch (error) {
      this.failure = error
    }
    out.reset()
  }

  /** Works for a few milliseconds (or to the end); true when every key is written. Throws what a write threw. */
  step(toTheEnd: boolean): boolean {
    const until = toTheEnd ? Infinity : performance.now() + SLICE_MILLIS
    while (this.advance()) {
      if (this.failure !== undefined) throw this.failure
      if (performance.now() > until) return false
    }
    this.detach()
    this.end()
    if (this.failure !== undefined) throw this.failure
    return true
  }

  /** Takes one step; false when there is none left. */
  private advance(): boolean {
    if (this.large !== undefined) {
      if (this.large.steps.next().done === true) this.endLarge()
      this.drainIfFull()
      return true
    }
    const waiting = this.queue.shift()
    if (waiting !== undefined) {
      this.select(waiting.index)
      this.large = { steps: this.format.key(this.out, waiting.record), record: waiting.record }
      return true
    }
    const part = this.parts.find(({ left }) => left > 0)
    if (part === undefined) return false
    part.left = part.walk(part.left, (entry) => {
      if (entry.generation !== this.generation) this.take(part.index, entry)
    })
    return true
  }

  private endLarge(): void {
    if (this.large !== undefined) release(this.large.record.value)
    this.large = undefined
    if (this.aside.length === 0) return
    this.out.raw(this.aside.bytes, 0, this.aside.length)
    this.selected = this.asideSelected
    this.aside.reset()
    this.asideSelected = -1
  }

  private end(): void {
    this.format.end(this.out)
    this.drain()
    if (!this.format.checksum) return
    const sum = Buffer.alloc(CHECKSUM)
    this.crc?.digest(sum, 0)
    this.out.raw(sum, 0, CHECKSUM)
    this.drain()
  }

  private detach(): void {
    for (const db of this.databases) {
      if (db.generation !== this.generation) continue
      db.beforeWrite = undefined
      db.beforeClear = undefined
    }
  }

  /** Makes the file safe on disk, without blocking commands. */
  syncLater(done: (error: Error | null) => void): void {
    this.fileSystem.syncLater(this.file, done)
  }

  sync(): void {
    this.fileSystem.sync(this.file)
  }

  /** Gives the file its name. */
  finish(folder: string, path: string): void {
    this.fileSystem.close(this.file)
    this.fileSystem.rename(this.temporary, path)
    syncFolder(this.fileSystem, folder)
  }

  /** Gives up: the files of before stay valid. */
  abandon(): void {
    this.detach()
    if (this.large !== undefined) release(this.large.record.value)
    for (const { record } of this.queue) release(record.value)
    try {
      this.fileSystem.close(this.file)
    } catch {
      // It may have been closed by `finish`.
    }
    try {
      this.fileSystem.remove(this.temporary)
    } catch {
      // Removed at the next start.
    }
  }
}

const finish = (steps: Generator<undefined, void>): void => {
  while (steps.next().done !== true);
}
