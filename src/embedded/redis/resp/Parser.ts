import { splitInline } from "./Inline.ts"
import { TextCommands } from "./TextCommands.ts"

/** Bytes that are not RESP: the connection gets the text as an error and is closed. */
export class ProtocolError {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Bounds on what one command may be. */
export interface ParserLimits {
  /** Most arguments of one command. */
  maxArguments: number
  /** Longest argument, in bytes. */
  maxBulk: number
  /** Longest inline command or length line, in bytes. */
  maxInline: number
  /** Most bytes of one command before it is complete. */
  maxCommand: number
}

/** What Redis 7 allows; `maxCommand` is its `client-query-buffer-limit`. */
export const DEFAULT_LIMITS: Readonly<ParserLimits> = {
  maxArguments: 1024 * 1024,
  maxBulk: 512 * 1024 * 1024,
  maxInline: 64 * 1024,
  maxCommand: 1024 * 1024 * 1024
}

/** What a connection may send before it has authenticated. */
export const UNAUTHENTICATED_LIMITS: Readonly<ParserLimits> = {
  ...DEFAULT_LIMITS,
  maxArguments: 10,
  maxBulk: 16 * 1024
}

const CR = 13
const LF = 10
const STAR = 42
const DOLLAR = 36
const HASH = 35
const EMPTY = Buffer.alloc(0)

/**
 * Reads commands from a stream of bytes, whatever the boundaries of its chunks. Arguments are copied out of the
 * chunk into byte strings, so a small value never keeps a network buffer alive.
 */
export class RespParser {
  limits: Readonly<ParserLimits>
  private readonly text = new TextCommands()
  private buffer: Buffer = EMPTY
  private position = 0
  private waiting: Array<Buffer> = []
  private waitingBytes = 0
  private needed = 0
  private args: Array<string> | undefined
  private remaining = 0
  private bulkLength = -1
  private argumentBytes = 0

  private readonly allowsInline: boolean

  /** Without `allowsInline` a line is only accepted if it is a comment: the form of the append-only file. */
  constructor(limits: Readonly<ParserLimits> = DEFAULT_LIMITS, allowsInline = true) {
    this.limits = limits
    this.allowsInline = allowsInline
  }

  /** Hands over the next bytes. The buffer belongs to the parser from now on. */
  feed(chunk: Buffer): void {
    if (this.text.left > 0) this.take(this.text.rest())
    this.take(chunk)
  }

  /** Hands over text, which stands for its UTF-8 bytes. */
  feedText(text: string): void {
    // As many bytes as characters: it is all ASCII.
    if (!this.isPartial && Buffer.byteLength(text) === text.length) this.text.start(text)
    else this.feed(Buffer.from(text, "utf8"))
  }

  private take(chunk: Buffer): void {
    if (this.waitingBytes === 0 && this.position === this.buffer.length) {
      this.buffer = chunk
      this.position = 0
      return
    }
    this.waiting.push(chunk)
    this.waitingBytes += chunk.length
  }

  /** Whether a command has begun that is not complete. */
  get isPartial(): boolean {
    return this.args !== undefined || this.bufferedBytes > 0
  }

  /** Bytes that have been fed and not read. */
  get bufferedBytes(): number {
    return this.buffer.length - this.position + this.waitingBytes + this.text.left
  }

  /** The next command, `undefined` if more bytes are needed. An empty array is an empty line. Throws ProtocolError. */
  next(): Array<string> | undefined {
    if (this.text.left > 0) {
      const command = this.text.next(this.limits.maxBulk)
      if (command !== undefined) return command
      this.take(this.text.rest())
    }
    if (this.waitingBytes > 0) {
      if (this.buffer.length - this.position + this.waitingBytes < this.needed) return undefined
      this.join()
    }
    return this.parse()
  }

  /** Whether more waits to become a command than may. */
  get isOverflowing(): boolean {
    return this.bufferedBytes + this.argumentBytes > this.limits.maxCommand
  }

  private join(): void {
    const rest = this.buffer.subarray(this.position)
    this.buffer =
      rest.length === 0 && this.waiting.length === 1 ? this.first() : Buffer.concat([rest, ...this.waiting])
    this.position = 0
    this.waiting = []
    this.waitingBytes = 0
  }

  private first(): Buffer {
    return this.waiting[0] ?? EMPTY
  }

  private parse(): Array<string> | undefined {
    const buffer = this.buffer
    // What a bulk waited for says nothing of what comes after it.
    this.needed = 0
    if (this.args === undefined) {
      if (this.position >= buffer.length) return undefined
      if (buffer[this.position] !== STAR) return this.inline()
      const count = this.lengthLine("too big mbulk count string")
      if (count === undefined) return undefined
      if (Number.isNaN(count) || count > this.limits.maxArguments) {
        throw new ProtocolError(
          this.limits === UNAUTHENTICATED_LIMITS && count > this.limits.maxArguments
            ? "unauthenticated multibulk length"
            : "invalid multibulk length"
        )
      }
      if (count <= 0) return this.done([])
      this.args = []
      this.remaining = count
      this.argumentBytes = 0
    }
    const args = this.args
    while (this.remaining > 0) {
      if (this.bulkLength === -1) {
        if (this.position >= buffer.length) return undefined
        const marker = buffer[this.position]
        if (marker !== DOLLAR) {
          throw new ProtocolError(`expected '$', got '${String.fromCharCode(marker ?? 0)}'`)
        }
        const length = this.lengthLine("too big bulk count string")
        if (length === undefined) return undefined
        if (Number.isNaN(length) || length < 0 || length > this.limits.maxBulk) {
          throw new ProtocolError(
            this.limits === UNAUTHENTICATED_LIMITS && length > this.limits.maxBulk
              ? "unauthenticated bulk length"
              : "invalid bulk length"
          )
        }
        this.bulkLength = length
      }
      const end = this.position + this.bulkLength
      if (end + 2 > buffer.length) {
        this.needed = this.bulkLength + 2
        return undefined
      }
      args.push(buffer.toString("latin1", this.position, end))
      this.argumentBytes += this.bulkLength
      this.position = end + 2
      this.bulkLength = -1
      this.remaining--
    }
    this.args = undefined
    return this.done(args)
  }

  private done(args: Array<string>): Array<string> {
    this.argumentBytes = 0
    return args
  }

  /** Reads `*123\r\n` or `$123\r\n`; NaN when it is no number. */
  private lengthLine(tooBig: string): number | undefined {
    const buffer = this.buffer
    const start = this.position + 1
    let at = start
    let value = 0
    // The usual line: a few digits and CR LF.
    for (; at < buffer.length; at++) {
      const digit = (buffer[at] ?? 0) - 48
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
    }
    if (at < buffer.length && buffer[at] === CR && at > start && at - start < 16) {
      if (at + 1 >= buffer.length) return undefined
      this.position = at + 2
      return at - start > 1 && buffer[start] === 48 ? Number.NaN : value
    }
    const end = buffer.indexOf(CR, start)
    if (end === -1) {
      if (buffer.length - this.position > this.limits.maxInline) throw new ProtocolError(tooBig)
      return undefined
    }
    if (end + 1 >= buffer.length) return undefined
    const text = buffer.toString("latin1", start, end)
    this.position = end + 2
    return /^-?[1-9]\d{0,17}$/.test(text) ? Number(text) : Number.NaN
  }

  private inline(): Array<string> | undefined {
    const buffer = this.buffer
    if (!this.allowsInline && buffer[this.position] !== HASH) {
      throw new ProtocolError(`expected '*', got '${String.fromCharCode(buffer[this.position] ?? 0)}'`)
    }
    const end = buffer.indexOf(LF, this.position)
    if (end === -1) {
      if (buffer.length - this.position > this.limits.maxInline)
        throw new ProtocolError("too big inline request")
      return undefined
    }
    const stop = end > this.position && buffer[end - 1] === CR ? end - 1 : end
    const line = buffer.toString("latin1", this.position, stop)
    this.position = end + 1
    const args = splitInline(line)
    if (args === undefined) throw new ProtocolError("unbalanced quotes in request")
    return this.done(args)
  }
}
