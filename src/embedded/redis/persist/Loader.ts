import { join } from "node:path"
import type { Engine } from "../engine/Engine.ts"
import type { Session } from "../engine/Session.ts"
import { EmbeddedRedisError } from "../Errors.ts"
import type { Command } from "../exec/Context.ts"
import { MAGIC } from "../rdb/Format.ts"
import { RdbReader } from "../rdb/RdbReader.ts"
import { DEFAULT_LIMITS, ProtocolError, RespParser } from "../resp/Parser.ts"
import { ErrorReply } from "../resp/Reply.ts"
import { damaged, type DamagePolicy } from "./Damage.ts"
import type { FileSystem } from "./FileSystem.ts"
import { loadRdb } from "./LoadRdb.ts"

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

/** Replays one file of the log. */
class Replay {
  private readonly engine: Engine
  private readonly session: Session
  private readonly path: string
  private readonly policy: DamagePolicy
  private transaction: Array<Step> | undefined
  /** Up to where the file has been applied. */
  applied: number

  constructor(engine: Engine, session: Session, path: string, policy: DamagePolicy, start: number) {
    this.engine = engine
    this.session = session
    this.path = path
    this.policy = policy
    this.applied = start
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
    const container = this.engine.commands.find(name)
    const command =
      container?.subcommands === undefined
        ? container
        : container.subcommands.get((args[1] ?? "").toLowerCase())
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
    // What goes on after damage may well refer to what was lost.
    if (reply instanceof ErrorReply)
      this.policy.onDamage(damaged(this.path, start, `'${command.name}' answers ${reply.text}`), 0)
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

/** How a file is loaded. */
export interface LoadOptions {
  /** Whether the file may end in the middle of a command, which is then cut off. */
  readonly cutsTail: boolean
  readonly policy: DamagePolicy
}

/** A session for the log: nobody reads its replies. */
const logSession = (engine: Engine): Session =>
  engine.connect({
    address: "log",
    localAddress: "log",
    send: () => undefined,
    end: () => undefined,
    destroy: () => undefined,
    unsentBytes: () => 0
  })

/** Loads a file: an RDB, commands, or an RDB that commands follow. */
export const loadFile = (
  engine: Engine,
  fileSystem: FileSystem,
  folder: string,
  name: string,
  options: LoadOptions
): CutTail | undefined => {
  const path = join(folder, name)
  const file = fileSystem.open(path, options.cutsTail ? "r+" : "r")
  const session = logSession(engine)
  try {
    const total = fileSystem.size(file)
    const source = new FileBytes(fileSystem, file, total)
    if (source.beginsWith(MAGIC)) {
      const checks = engine.settings.get("rdbchecksum") === "yes"
      const reader = RdbReader.ofSource((target, offset) => source.read(target, offset), total, checks)
      try {
        loadRdb(engine, reader, path)
      } catch (error) {
        if (!(error instanceof EmbeddedRedisError)) throw error
        options.policy.onDamage(error, total - reader.offset)
        return undefined
      }
      source.putBack(reader.rest())
    }
    const replay = new Replay(engine, session, path, options.policy, source.position)
    const isWhole = replayAll(replay, source, fileSystem, path, options)
    if (replay.applied === total || !isWhole) return undefined
    const bytes = total - replay.applied
    if (!options.cutsTail) {
      options.policy.onDamage(
        damaged(path, replay.applied, "the file ends in the middle of a command"),
        bytes
      )
      return undefined
    }
    fileSystem.truncate(file, replay.applied)
    fileSystem.sync(file)
    return { file: path, offset: replay.applied, bytes }
  } finally {
    session.kill()
    fileSystem.close(file)
  }
}

/** Replays commands to the end; false if it stopped at damage that was noted. */
const replayAll = (
  replay: Replay,
  source: FileBytes,
  fileSystem: FileSystem,
  path: string,
  options: LoadOptions
): boolean => {
  const parser = new RespParser(DEFAULT_LIMITS, false)
  let start = source.position
  for (let chunk = source.next(); chunk !== undefined; chunk = source.next()) {
    parser.feed(chunk)
    try {
      for (let args = parser.next(); args !== undefined; args = parser.next()) {
        const end = source.position - parser.bufferedBytes
        replay.step(args, start, end)
        start = end
      }
    } catch (error) {
      if (error instanceof ProtocolError) {
        // Zeros to the end are what power loss may leave of a write: a torn tail.
        if (options.cutsTail && restIsZeros(fileSystem, path, start)) return true
        options.policy.onDamage(damaged(path, start, error.text), source.total - replay.applied)
        return false
      }
      if (!(error instanceof EmbeddedRedisError)) throw error
      options.policy.onDamage(error, source.total - replay.applied)
      return false
    }
  }
  return true
}

/** The bytes of a file in chunks. */
class FileBytes {
  readonly total: number
  /** Up to where the file was given out. */
  position = 0
  private readonly fileSystem: FileSystem
  private readonly file: number
  /** What was read and is to be given out first. */
  private ahead: Buffer | undefined

  constructor(fileSystem: FileSystem, file: number, total: number) {
    this.fileSystem = fileSystem
    this.file = file
    this.total = total
  }

  beginsWith(text: string): boolean {
    const first = this.next()
    if (first === undefined) return false
    this.putBack(first)
    return first.toString("latin1", 0, text.length) === text
  }

  /** Gives the last bytes out again. */
  putBack(bytes: Buffer): void {
    this.ahead = bytes
    this.position -= bytes.length
  }

  next(): Buffer | undefined {
    const { ahead } = this
    if (ahead !== undefined && ahead.length > 0) {
      this.ahead = undefined
      this.position += ahead.length
      return ahead
    }
    if (this.position >= this.total) return undefined
    const bytes = Buffer.allocUnsafe(Math.min(CHUNK, this.total - this.position))
    const read = this.fileSystem.read(this.file, bytes)
    if (read === 0) return undefined
    this.position += read
    return bytes.subarray(0, read)
  }

  /** Fills a buffer from an offset on. */
  read(target: Buffer, offset: number): number {
    const room = target.length - offset
    const bytes = this.next()
    if (bytes === undefined) return 0
    const count = bytes.copy(target, offset, 0, Math.min(room, bytes.length))
    if (count < bytes.length) this.putBack(bytes.subarray(count))
    return count
  }
}
