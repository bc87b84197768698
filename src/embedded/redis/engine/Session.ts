import type { Keyspace } from "../db/Keyspace.ts"
import { unwatch } from "../commands/Transactions.ts"
import type { BlockRequest, Client, Server, TrackingState, Transaction, WatchedKey } from "../exec/Context.ts"
import { encodeReply, type RespVersion } from "../resp/Encoder.ts"
import { ProtocolError, RespParser, UNAUTHENTICATED_LIMITS } from "../resp/Parser.ts"
import { ErrorReply, isPush, type Reply } from "../resp/Reply.ts"
import { clientLine } from "./ClientLine.ts"
import { withoutMarked } from "./FailedWrites.ts"
import { KeyWait } from "./KeyWait.ts"
import { OutputGuard } from "./OutputLimits.ts"
import type { EngineSettings } from "./Settings.ts"
import type { Transport } from "./Transport.ts"

/** What a session needs of the engine. */
export interface SessionHost extends Server {
  readonly settings: EngineSettings
  readonly execute: (session: Session, args: ReadonlyArray<string>) => void
  readonly turns: {
    readonly schedule: (session: Session) => void
    readonly scheduleFlush: () => void
    readonly defer: (session: Session) => void
  }
  readonly onClose: (session: Session) => void
  /** Runs something as what this client does. */
  readonly actingFor: (session: Session, body: () => Reply) => Reply
  /** A command of the client that had to wait has ended. */
  readonly waited: (client: Client, args: ReadonlyArray<string>, micros: number, failed: boolean) => void
  /** A command of the client was answered later than others. */
  readonly answered: (session: Session) => void
}

const SLICE = 256
const SLICE_MILLIS = 5
/** A client that does not read its replies is cut off when this many bytes wait for it. */
const UNSENT_LIMIT = 256 * 1024 * 1024
const CHUNK = 8 * 1024 * 1024
/** No string can be longer, and no client may have that much waiting. */
const MOST_OUTPUT = 512 * 1024 * 1024 - 64
/** Output below this is looked at when it is sent only. */
const LOOK_AT = 64 * 1024

/** One connection: its protocol, transaction, subscriptions and what it waits for. */
export class Session implements Client {
  readonly id: number
  readonly server: SessionHost
  readonly channels = new Set<string>()
  readonly patterns = new Set<string>()
  readonly shardChannels = new Set<string>()
  readonly watcher = { dirty: false }
  private readonly listenerPassword: string | undefined
  readonly transport: Transport
  readonly connectedAt: number
  db: Keyspace
  resp: RespVersion = 2
  name = ""
  libraryName = ""
  libraryVersion = ""
  noEvict = false
  noTouch = false
  deniesBlocking = false
  tracking: TrackingState | undefined
  isMonitor = false
  /** When the client last said something. */
  usedAt: number
  /** The command that runs, while it does. */
  running: ReadonlyArray<string> | undefined
  runsScript = false
  transaction: Transaction | undefined
  watched: Array<WatchedKey> = []
  replyMode: Client["replyMode"] = "on"
  lastCommand = "NULL"
  closed = false
  /** Whether the engine's flush knows of this session. */
  scheduled = false
  private isAuthenticated: boolean
  private readonly parser: RespParser
  private out = ""
  private chunks: Array<Buffer> = []
  private marks: Array<number> = []
  private wait: KeyWait | undefined
  private pauses = 0
  private closing = false
  private readonly guard = new OutputGuard()
  private processing = false
  /** Whether it is another's turn although commands are left. */
  private yielded = false

  constructor(
    server: SessionHost,
    id: number,
    db: Keyspace,
    transport: Transport,
    password: string | undefined
  ) {
    this.server = server
    this.id = id
    this.db = db
    this.transport = transport
    this.listenerPassword = password
    this.isAuthenticated = this.password === undefined
    this.parser = new RespParser(this.isAuthenticated ? server.settings.protocol : UNAUTHENTICATED_LIMITS)
    this.connectedAt = Date.now()
    this.usedAt = this.connectedAt
  }

  /** What the client must AUTH with: what CONFIG SET requirepass says, or else what its listener was given. */
  get password(): string | undefined {
    const required = this.server.settings.get("requirepass")
    return required === "" ? this.listenerPassword : required
  }

  get authenticated(): boolean {
    return this.isAuthenticated
  }

  set authenticated(value: boolean) {
    this.isAuthenticated = value
    this.parser.limits = value ? this.server.settings.protocol : UNAUTHENTICATED_LIMITS
  }

  get address(): string {
    return this.transport.address
  }

  get localAddress(): string {
    return this.transport.localAddress
  }

  get isUnix(): boolean {
    return this.transport.isUnix === true
  }

  get isSubscribed(): boolean {
    return this.channels.size > 0 || this.patterns.size > 0 || this.shardChannels.size > 0
  }

  /** Bytes from the client. They belong to the session from now on. */
  feed(bytes: Buffer): void {
    if (this.closed || this.closing) return
    this.parser.feed(bytes)
    this.read()
  }

  /** Text from the client, which stands for its UTF-8 bytes. */
  feedText(text: string): void {
    if (this.closed || this.closing) return
    this.parser.feedText(text)
    this.read()
  }

  /** Runs what has come; a client that sends more than may wait is cut off without a word, as the real server does. */
  private read(): void {
    this.process()
    if (this.parser.bufferedBytes === 0 || this.closed) return
    if (this.parser.isOverflowing && !this.yielded) this.kill()
    else if (this.server.settings.maxClientMemory > 0) this.server.turns.scheduleFlush()
  }

  /** Bytes that the client has sent and that wait behind a blocking command. */
  get backlog(): number {
    return this.parser.bufferedBytes
  }

  /** Runs commands until there are no more, the client waits, or it is another's turn. */
  process(): void {
    if (this.processing) return
    this.processing = true
    this.yielded = false
    try {
      let count = 0
      let start = 0
      while (this.wait === undefined && this.pauses === 0 && !this.closed && !this.closing) {
        const args = this.parser.next()
        if (args === undefined) break
        if (args.length > 0) this.server.execute(this, args)
        if (++count % SLICE !== 0) continue
        const now = performance.now()
        if (start === 0) start = now
        else if (now - start > SLICE_MILLIS) {
          this.yielded = true
          this.server.turns.defer(this)
          break
        }
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.reply(new ErrorReply(`ERR Protocol error: ${error.text}`))
      this.closeAfterReply()
    } finally {
      this.processing = false
    }
  }

  /** Stops reading commands until `resume`. */
  pause(): void {
    this.pauses++
  }

  resume(): void {
    if (this.pauses > 0) this.pauses--
    this.server.turns.defer(this)
  }

  /** Answers a command. */
  reply(reply: Reply): void {
    if (reply === undefined || this.closed) return
    // What is pushed is no reply: subscribing says so whatever CLIENT REPLY was told.
    if (this.replyMode !== "on" && !isPush(reply)) return
    this.push(reply)
  }

  push(reply: Reply): void {
    if (this.closed) return
    let text: string
    try {
      text = encodeReply(reply, this.resp)
    } catch (error) {
      // A reply that is longer than any string can be: nobody would have read it all.
      if (!(error instanceof RangeError)) throw error
      this.kill()
      return
    }
    this.write(text)
  }

  /** Where the next reply begins, for `markWrite`. */
  get outputLength(): number {
    return this.out.length
  }

  /** Remembers that what was answered since `start` acknowledges a change that is not on disk yet. */
  markWrite(start: number): void {
    this.marks.push(start, this.out.length)
  }

  /** Turns acknowledgements of changes that could not be written into errors. */
  failWrites(error: ErrorReply): void {
    const { marks, out } = this
    if (marks.length === 0) return
    this.out = withoutMarked(out, marks, encodeReply(error, this.resp))
    this.marks = []
  }

  private write(text: string): void {
    if (this.out.length + text.length > MOST_OUTPUT) {
      this.kill()
      return
    }
    this.out += text
    if (this.out.length > LOOK_AT && !this.limitOutput()) return
    if (this.out.length > CHUNK && this.marks.length === 0) {
      this.chunks.push(Buffer.from(this.out, "latin1"))
      this.out = ""
    }
    this.schedule()
  }

  private schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    this.server.turns.schedule(this)
  }

  /** Bytes that wait for the client to read them. */
  get waitingBytes(): number {
    const unsent = this.out.length + this.transport.unsentBytes()
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, unsent)
  }

  /** Cuts the client off if more waits for it than `client-output-buffer-limit` allows. */
  private readonly limitOutput = (): boolean => {
    const { normal, pubsub } = this.server.settings.outputLimits
    const limit = this.isSubscribed ? pubsub : normal
    if (limit.hard === 0 && limit.soft === 0) return true
    if (this.closed || !this.guard.exceeds(limit, this.waitingBytes, this.limitOutput)) return true
    this.kill()
    return false
  }

  /** Sends what was answered; the engine calls it when the changes are safe. */
  flush(): void {
    this.scheduled = false
    this.marks = []
    if (this.closed) return
    if (!this.limitOutput()) return
    if (this.chunks.length > 0) {
      for (const chunk of this.chunks) this.transport.send(chunk)
      this.chunks = []
    }
    if (this.out.length > 0) {
      const bytes = Buffer.from(this.out, "latin1")
      this.out = ""
      this.transport.send(bytes)
    }
    if (this.closing) {
      this.transport.end()
      this.close()
    } else if (this.transport.unsentBytes() > UNSENT_LIMIT) this.kill()
  }

  closeAfterReply(): void {
    if (this.closed || this.closing) return
    this.closing = true
    this.schedule()
  }

  kill(): void {
    if (this.closed) return
    this.transport.destroy()
    this.close()
  }

  /** Forgets everything about the connection; the transport has gone or will go by itself. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.guard.stop()
    this.endWait()
    unwatch(this)
    this.transaction = undefined
    this.server.onClose(this)
  }

  block(request: BlockRequest): undefined {
    const serve = (key: string): boolean => {
      let reply: Reply
      try {
        reply = this.server.actingFor(this, () => request.serve(key))
      } catch (error) {
        if (!(error instanceof ErrorReply)) throw error
        reply = error
      }
      if (reply === undefined) return false
      this.answerWait(reply)
      this.server.answered(this)
      return true
    }
    this.wait = new KeyWait(this.db, this.running ?? [], request, serve, () => this.unblock(undefined))
    return undefined
  }

  answerLater(work: Promise<Reply>): undefined {
    this.pause()
    const go = async (): Promise<void> => {
      const reply = await work.catch(
        (error: unknown) => new ErrorReply(`ERR ${error instanceof Error ? error.message : String(error)}`)
      )
      const start = this.outputLength
      this.reply(reply)
      this.markWrite(start)
      this.resume()
    }
    void go()
    return undefined
  }

  unblock(reply: Reply): boolean {
    const { wait } = this
    if (wait === undefined) return false
    this.answerWait(reply ?? wait.onTimeout)
    return true
  }

  private answerWait(reply: Reply): void {
    const { wait } = this
    this.endWait()
    const failed = reply instanceof ErrorReply
    if (failed) this.server.observer.error(reply.text)
    if (wait !== undefined)
      this.server.waited(this, wait.args, (performance.now() - wait.startedAt) * 1000, failed)
    this.reply(reply)
    this.server.turns.defer(this)
  }

  get isBlocked(): boolean {
    return this.wait !== undefined
  }

  private endWait(): void {
    const { wait } = this
    if (wait === undefined) return
    this.wait = undefined
    // The client has waited in this database, whatever number SWAPDB has given it.
    wait.end(this.db)
  }

  /** The line of CLIENT LIST and CLIENT INFO. */
  describe(now: number): string {
    return clientLine(this, now)
  }

  get isClosing(): boolean {
    return this.closing
  }
}
