import { join } from "node:path"
import type { Entry } from "../db/Entry.ts"
import type { Keyspace } from "../db/Keyspace.ts"
import { encodeCommand } from "../resp/Encoder.ts"
import { dumpEntry } from "./Dump.ts"
import { type FileSystem, syncFolder, writeAll } from "./FileSystem.ts"

const SLICE_MILLIS = 3
const SLICE_KEYS = 64
const BUFFER = 256 * 1024

interface Part {
  readonly db: Keyspace
  /** Its number when the compaction began; SWAPDB may change it. */
  readonly index: number
  left: number
}

/**
 * Writes the state of a moment to a new base without stopping the world: the keys are walked in slices, and a key that
 * is about to change before its turn is written first, in its old state. What changes meanwhile is in the increment
 * that was opened at that moment.
 */
export class Rewrite {
  private readonly fileSystem: FileSystem
  private readonly folder: string
  private readonly name: string
  private readonly temporary: string
  private readonly file: number
  private readonly generation: number
  private readonly parts: Array<Part>
  private text = ""
  private selected = -1
  private failure: unknown
  /** Bytes written so far. */
  written = 0

  constructor(
    fileSystem: FileSystem,
    folder: string,
    name: string,
    databases: ReadonlyArray<Keyspace>,
    generation: number
  ) {
    this.fileSystem = fileSystem
    this.folder = folder
    this.name = name
    this.temporary = join(folder, `temp-${name}`)
    this.generation = generation
    this.file = fileSystem.open(this.temporary, "w")
    this.parts = databases.map((db, index) => ({ db, index, left: db.size }))
    for (const part of this.parts) {
      part.db.generation = generation
      part.db.beforeWrite = (entry) => this.dump(part, entry)
    }
  }

  private dump(part: Part, entry: Entry): void {
    entry.generation = this.generation
    if (this.failure !== undefined) return
    if (this.selected !== part.index) {
      this.selected = part.index
      this.write(encodeCommand(["SELECT", String(part.index)]))
    }
    dumpEntry(entry, (text) => this.write(text))
  }

  private write(text: string): void {
    this.text += text
    if (this.text.length >= BUFFER) this.drain()
  }

  /** A failed write must not fail the command that happens to be running: the compaction gives up at its next step. */
  private drain(): void {
    const bytes = Buffer.from(this.text, "latin1")
    this.text = ""
    try {
      writeAll(this.fileSystem, this.file, bytes)
      this.written += bytes.length
    } catch (error) {
      this.failure = error
    }
  }

  /** Works for a few milliseconds (or to the end); true when every key is written. Throws what a write threw. */
  step(toTheEnd: boolean): boolean {
    const until = performance.now() + SLICE_MILLIS
    for (const part of this.parts) {
      while (part.left > 0) {
        part.left = part.db.walk(part.left, SLICE_KEYS, (entry) => {
          if (entry.generation !== this.generation) this.dump(part, entry)
        })
        if (this.failure !== undefined) throw this.failure
        if (!toTheEnd && performance.now() > until) return false
      }
    }
    this.detach()
    this.drain()
    if (this.failure !== undefined) throw this.failure
    return true
  }

  private detach(): void {
    for (const { db } of this.parts) db.beforeWrite = undefined
  }

  /** Makes the base safe on disk, without blocking commands. */
  syncLater(done: (error: Error | null) => void): void {
    this.fileSystem.syncLater(this.file, done)
  }

  sync(): void {
    this.fileSystem.sync(this.file)
  }

  /** Gives the base its name. */
  finish(): void {
    this.fileSystem.close(this.file)
    this.fileSystem.rename(this.temporary, join(this.folder, this.name))
    syncFolder(this.fileSystem, this.folder)
  }

  /** Gives up: the files of before and the increments stay valid. */
  abandon(): void {
    this.detach()
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
