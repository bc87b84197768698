import { join } from "node:path"
import type { Engine } from "../engine/Engine.ts"
import type { Session } from "../engine/Session.ts"
import { EmbeddedRedisError } from "../Errors.ts"
import type { Command } from "../exec/Context.ts"
import { DEFAULT_LIMITS, ProtocolError, RespParser } from "../resp/Parser.ts"
import { ErrorReply } from "../resp/Reply.ts"
import type { FileSystem } from "./FileSystem.ts"

/** A tail that was not whole and was cut off. */
export interface CutTail {
  readonly file: string
  /** Where the file was cut, in bytes. */
  readonly offset: number
  /** How many bytes were cut. */
  readonly bytes: number
}

const CHUNK = 1024 * 1024

interface Step {
  readonly command: Command
  readonly args: ReadonlyArray<string>
}

const damaged = (file: string, offset: number, why: string): EmbeddedRedisError =>
  new EmbeddedRedisError({
    reason: "Damaged",
    file,
    offset,
    message: `${file} is damaged at byte ${offset}: ${why}.`,
    fix: `Restore the file from a backup, or keep what is before the damage with: truncate -s ${offset} '${file}'`
  })

/** Replays one file of the log. */
class Replay {
  private readonly engine: Engine
  private readonly session: Session
  private readonly path: string
  private transaction: Array<Step> | undefined
  /** Up to where the file has been applied. */
  applied = 0

  constructor(engine: Engine, session: Session, path: string) {
    this.engine = engine
    this.session = session
    this.path = path
  }

  /** Takes a command that lies between two offsets. */
  step(args: ReadonlyArray<string>, start: number, end: number): void {
    const name = (args[0] ?? "").toLowerCase()
    // Annotations such as #TS:1700000000, which Redis writes with aof-timestamp-enabled.
    if (name === "" || name.startsWith("#")) {
      if (this.transaction === undefined) this.applied = end
      return
    }
    if (name === "multi") {
      if (this.transaction !== undefined) throw damaged(this.path, start, "MULTI inside MULTI")
      this.transaction = []
      return
    }
    if (name === "exec") {
      if (this.transaction === undefined) throw damaged(this.path, start, "EXEC without MULTI")
      const steps = this.transaction
      this.transaction = undefined
      for (const { command, args: queued } of steps) this.run(command, queued, start)
      this.applied = end
      return
    }
    const command = this.engine.commands.find(name)
    if (command === undefined) throw damaged(this.path, start, `unknown command '${name.slice(0, 40)}'`)
    if (this.transaction !== undefined) {
      this.transaction.push({ command, args })
      return
    }
    this.run(command, args, start)
    this.applied = end
  }

  private run(command: Command, args: ReadonlyArray<string>, start: number): void {
    const reply = this.engine.invoke(this.session, command, args)
    if (reply instanceof ErrorReply)
      throw damaged(this.path, start, `'${command.name}' answers ${reply.text}`)
  }
}

const isZeros = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0)

/** Whether the rest of a file is zeros: what a file system may leave of a write that power loss interrupted. */
const restIsZeros = (fileSystem: FileSystem, path: string, from: number): boolean => {
  const file = fileSystem.open(path, "r")
  try {
    const bytes = Buffer.alloc(CHUNK)
    for (let at = 0; ;) {
      const read = fileSystem.read(file, bytes)
      if (read === 0) return true
      if (at + read > from && !isZeros(bytes.subarray(Math.max(0, from - at), read))) return false
      at += read
    }
  } finally {
    fileSystem.close(file)
  }
}

/** Loads a file; only the last one may end in the middle of a command, which is then cut off. */
export const loadFile = (
  engine: Engine,
  fileSystem: FileSystem,
  folder: string,
  name: string,
  isLast: boolean
): CutTail | undefined => {
  const path = join(folder, name)
  const file = fileSystem.open(path, "r+")
  const session = engine.connect({
    address: "log",
    localAddress: "log",
    send: () => undefined,
    end: () => undefined,
    destroy: () => undefined,
    unsentBytes: () => 0
  })
  try {
    const total = fileSystem.size(file)
    const replay = new Replay(engine, session, path)
    const parser = new RespParser(DEFAULT_LIMITS, false)
    let fed = 0
    let start = 0
    while (fed < total) {
      const bytes = Buffer.allocUnsafe(Math.min(CHUNK, total - fed))
      const read = fileSystem.read(file, bytes)
      if (read === 0) break
      if (fed === 0 && bytes.toString("latin1", 0, 5) === "REDIS") {
        throw new EmbeddedRedisError({
          reason: "Unsupported",
          file: path,
          message: `${path} is an RDB file, which this version does not read.`,
          fix: "In the Redis that wrote it: CONFIG SET aof-use-rdb-preamble no, then BGREWRITEAOF, and copy the folder again."
        })
      }
      fed += read
      parser.feed(bytes.subarray(0, read))
      try {
        for (let args = parser.next(); args !== undefined; args = parser.next()) {
          const end = fed - parser.bufferedBytes
          replay.step(args, start, end)
          start = end
        }
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        if (!isLast || !restIsZeros(fileSystem, path, start)) throw damaged(path, start, error.text)
        break
      }
    }
    if (replay.applied === total) return undefined
    if (!isLast) throw damaged(path, replay.applied, "the file ends in the middle of a command")
    fileSystem.truncate(file, replay.applied)
    fileSystem.sync(file)
    return { file: path, offset: replay.applied, bytes: total - replay.applied }
  } finally {
    session.kill()
    fileSystem.close(file)
  }
}
