import { randomBytes } from "node:crypto"
import { COMMANDS } from "../commands/All.ts"
import { discard } from "../commands/Transactions.ts"
import type { Entry } from "../db/Entry.ts"
import { Keyspace, type KeyspaceHooks } from "../db/Keyspace.ts"
import type { Arguments } from "../exec/Arguments.ts"
import { keysOf } from "../exec/CommandTable.ts"
import { type Client, type Command, NOTIFY, type Persistence } from "../exec/Context.ts"
import { ErrorReply, QUEUED, type Reply, Status } from "../resp/Reply.ts"
import type { EncodingLimits } from "../types/EncodingLimits.ts"
import { busyError, ScriptEngine } from "../lua/ScriptEngine.ts"
import { changesSomething } from "../lua/ScriptFlags.ts"
import { MessageBroker } from "./Broker.ts"
import { misconf, refusal } from "./Dispatch.ts"
import { buildInfo, type Statistics } from "./Info.ts"
import { MemoryAccount } from "./Memory.ts"
import { monitorLine } from "./MonitorLine.ts"
import { Observer } from "./Observer.ts"
import { PauseState } from "./Pause.ts"
import { Session, type SessionHost, type Transport } from "./Session.ts"
import { EngineSettings } from "./Settings.ts"
import { ClientTracking } from "./Tracking.ts"

/** A change to be logged: the command that repeats it. */
export interface Effect {
  readonly db: number
  readonly args: Arguments
}

/** Where changes are made durable. */
export interface ChangeLog extends Persistence {
  /** Takes the changes of one command; several belong together. */
  readonly append: (effects: ReadonlyArray<Effect>) => void
  /** Writes what was taken; the text of the error if that fails, in which case it is kept for the next try. */
  readonly flush: () => string | undefined
  /** Why changes are refused now. */
  readonly problem: string | undefined
  /** Whether changes are refused because the last dump could not be written. */
  readonly refusesChanges: boolean
}

/** What happened inside the engine that a host may want to log. */
export type EngineLogger = (level: "debug" | "info" | "warn" | "error", message: string) => void

/** How an engine is made. */
export interface EngineOptions {
  readonly databases: number
  readonly logger: EngineLogger
  /** Whether DEBUG may be called. Default false. */
  readonly allowsDebug?: boolean | undefined
  /** What SHUTDOWN does; it is refused without. */
  readonly shutdown?: ((save: boolean | undefined) => void) | undefined
}

/** How long replies are delivered before the event loop gets its turn. */
const TURN_MILLIS = 2
const EXPIRE_BATCH = 500
const MOST_HZ = 500
/** How soon expired keys are looked for again while clients are paused. */
const PAUSED_EXPIRY_MILLIS = 100
const LONGEST_TIMER = 2147483647

/** The server: databases, clients, and the one place where commands run. */
export class Engine implements SessionHost {
  readonly settings: EngineSettings
  readonly limits: EncodingLimits
  readonly databases: Array<Keyspace> = []
  readonly commands = COMMANDS
  readonly broker = new MessageBroker()
  readonly scripts: ScriptEngine
  readonly clients = new Map<number, Session>()
  readonly runId = randomBytes(20).toString("hex")
  readonly startedAt = Date.now()
  readonly observer = new Observer()
  readonly tracking = new ClientTracking(this)
  readonly pause = new PauseState(
    (session, args) => this.execute(session, args),
    (paused) => {
      for (const db of this.databases) db.keepsExpired = paused
    }
  )
  /** Whether DEBUG may be called. */
  readonly allowsDebug: boolean
  readonly shutdown: ((save: boolean | undefined) => void) | undefined
  /** The client whose command runs. */
  current: Session | undefined
  readonly logger: EngineLogger
  now = Date.now()
  dirty = 0
  closed = false
  readonly memory: MemoryAccount
  private log: ChangeLog | undefined
  private readonly statistics: Statistics = { connections: 0, commands: 0, expired: 0, rejected: 0 }
  private depth = 0
  private effects: Array<Effect> = []
  private committed = 0
  private ready: Array<readonly [Keyspace, string]> = []
  private pending: Array<Session> = []
  private deferred: Array<Session> = []
  private flushScheduled = false
  private deferScheduled = false
  private turnOpen = false
  private turnStart = 0
  private nextClientId = 1
  private readonly monitors = new Set<Client>()
  private expiryTimer: NodeJS.Timeout | undefined
  private expiryAt = Infinity
  private expiresActively = true

  constructor(options: EngineOptions) {
    this.settings = new EngineSettings(options.databases)
    this.limits = this.settings.limits
    this.logger = options.logger
    this.allowsDebug = options.allowsDebug === true
    this.shutdown = options.shutdown
    this.scripts = new ScriptEngine(this)
    this.memory = new MemoryAccount(this)
    const hooks: KeyspaceHooks = {
      now: () => this.now,
      onExpire: (db, key) => this.onExpire(db, key),
      onNew: (db, key) => this.notify(db, key, NOTIFY.newKey, "new"),
      onFieldsExpire: (db, key, fields, gone) => this.onFieldsExpire(db, key, fields, gone),
      onEarlierDeadline: (at) => this.armExpiry(at)
    }
    for (let index = 0; index < options.databases; index++) this.databases.push(new Keyspace(index, hooks))
    this.settings.onChange((changed) => {
      const { countsFrequency, frequency } = this.settings
      if (changed === "maxmemory") this.memory.makeRoom()
      if (changed === "tracking-table-max-keys") this.tracking.limit()
      const hz = this.settings.number("hz")
      if (hz < 1 || hz > MOST_HZ) this.settings.assign("hz", String(Math.min(Math.max(hz, 1), MOST_HZ)))
      const announcesNew = (this.settings.events & NOTIFY.newKey) !== 0
      for (const db of this.databases) {
        db.frequency = countsFrequency ? frequency : undefined
        db.announcesNew = announcesNew
      }
    })
  }

  /** Attaches persistence; changes before that are not logged. */
  attach(log: ChangeLog): void {
    this.log = log
  }

  /** Begins to work on what was loaded: keys expire from now on. */
  resume(): void {
    this.expireDue()
  }

  get persistence(): Persistence | undefined {
    return this.log
  }

  get writeProblem(): ErrorReply | undefined {
    if (this.settings.wantsReplicas) return NO_REPLICAS
    const problem = this.log?.problem
    return problem === undefined ? undefined : misconf(problem)
  }

  /** The codes of the libraries of functions, for files. */
  libraries(): ReadonlyArray<string> {
    return this.scripts.libraries.sources()
  }

  /** Whether the last command found more memory in use than is allowed. */
  outOfMemory = false

  get mostTrackedKeys(): number {
    return this.settings.number("tracking-table-max-keys")
  }

  get logging(): boolean {
    return this.log !== undefined
  }

  /** A new connection. `password` is what it must AUTH with, if anything. */
  connect(transport: Transport, password?: string): Session {
    const session = new Session(this, this.nextClientId++, this.database(0), transport, password)
    this.clients.set(session.id, session)
    this.statistics.connections++
    return session
  }

  database(index: number): Keyspace {
    const db = this.databases[index]
    if (db === undefined) throw new ErrorReply("ERR DB index is out of range")
    return db
  }

  onClose(session: Session): void {
    this.broker.drop(session)
    this.tracking.disable(session)
    this.monitors.delete(session)
    this.clients.delete(session.id)
  }

  /** Runs something as what this client does. */
  actingFor(session: Session, body: () => Reply): Reply {
    const outer = this.current
    this.current = session
    try {
      return body()
    } finally {
      this.current = outer
    }
  }

  /** A command of the client was answered later than others. */
  answered(session: Session): void {
    this.tracking.afterReply(session)
  }

  /** Runs one command of a client and answers it. */
  execute(session: Session, args: Arguments, again = false): void {
    if (session.replyMode === "skip-next") session.replyMode = "skip"
    const start = session.outputLength
    const before = this.committed
    const { tracking } = session
    const wasCaching = tracking?.isCaching === true && session.transaction === undefined
    const outer = this.current
    this.current = session
    session.running = args
    this.dispatch(session, args, again)
    session.running = undefined
    session.usedAt = this.now
    this.current = outer
    // CLIENT CACHING speaks of the next command, and of nothing after it.
    if (wasCaching && tracking !== undefined) tracking.isCaching = false
    if (this.committed !== before && this.log !== undefined) session.markWrite(start)
    if (session.replyMode === "skip") session.replyMode = "on"
  }

  private dispatch(session: Session, args: Arguments, again: boolean): void {
    const container = this.commands.find(args[0] ?? "")
    const command = container?.subcommands === undefined ? container : this.subcommand(container, args)
    if (this.depth === 0) this.now = Date.now()
    const problem = refusal(session, container, command, args, this.log)
    if (problem !== undefined || command === undefined) {
      if (problem !== undefined) this.refuse(session, command, problem)
      return
    }
    const { busy } = this.scripts
    if (busy !== undefined && !again && !command.flags.has("allow_busy")) {
      this.refuse(session, command, busyError(busy))
      return
    }
    if (command.isWrite && this.settings.wantsReplicas) {
      this.refuse(session, command, NO_REPLICAS)
      return
    }
    session.note(command)
    if (this.settings.maxMemory > 0 && this.depth === 0) {
      this.outOfMemory = !this.memory.makeRoom()
      // What was removed before the command is told before its reply.
      this.tracking.afterReply(session)
      if (this.outOfMemory && this.deniesMemory(session, command)) {
        this.refuse(session, command, OOM)
        return
      }
    } else this.outOfMemory = false
    if (this.pause.isPaused && this.pause.holds(this.mayChange(session, command, args))) {
      this.pause.hold(session, args)
      return
    }
    if (session.transaction !== undefined && !RUNS_IN_MULTI.has(command.name)) {
      if (command.flags.has("no_multi")) {
        this.refuse(session, command, NOT_IN_MULTI)
        return
      }
      session.transaction.queue.push({ command, args })
      for (const arg of args) session.transaction.bytes += arg.length
      session.reply(QUEUED)
      return
    }
    if (!this.scripts.isReady && needsScripts(session, command)) {
      this.waitForScripts(session, command, args)
      return
    }
    this.run(session, command, args, again)
  }

  private refuse(session: Session, command: Command | undefined, problem: ErrorReply): void {
    if (command !== undefined) this.observer.rejected(command)
    this.observer.error(problem.text)
    if (session.transaction !== undefined && command?.name === "exec") {
      discard(session)
      const why = problem.text.replace(/^ERR /, "")
      session.reply(new ErrorReply(`EXECABORT Transaction discarded because of: ${why}`))
      return
    }
    if (session.transaction !== undefined) session.transaction.failed = true
    session.reply(problem)
  }

  /** Whether a command may change data, or have something sent to others: what CLIENT PAUSE WRITE holds back. */
  private mayChange(session: Session, command: Command, args: Arguments): boolean {
    if (session.transaction !== undefined) {
      if (command.name !== "exec") return false
      return session.transaction.queue.some((queued) => this.couldChange(queued.command, queued.args))
    }
    return this.couldChange(command, args)
  }

  private couldChange(command: Command, args: Arguments): boolean {
    const flags = runsScript(command) ? this.scripts.flagsOfCall(command.name, args) : undefined
    if (flags?.declared === true) return !flags.noWrites
    return runsScript(command) ? !command.flags.has("readonly") : changesSomething(command)
  }

  /** Gives a client a line for every command from now on, or no more. */
  monitor(client: Client, on: boolean): void {
    client.isMonitor = on
    if (on) this.monitors.add(client)
    else this.monitors.delete(client)
  }

  private tellMonitors(client: Client, command: Command, args: Arguments): void {
    const source = this.scripts.isRunning
      ? "lua"
      : client.isUnix
        ? `unix:${client.address.replace(/:0$/, "")}`
        : client.address
    const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000)
    const line = new Status(monitorLine(micros, client.db.index, source, command, args))
    for (const monitor of this.monitors) monitor.push(line)
  }

  private deniesMemory(session: Session, command: Command): boolean {
    if (command.flags.has("denyoom")) return true
    const { transaction } = session
    if (transaction === undefined) return false
    if (command.name === "exec")
      return transaction.queue.some((queued) => queued.command.flags.has("denyoom"))
    return !RUNS_IN_MULTI.has(command.name)
  }

  private run(session: Session, command: Command, args: Arguments, again: boolean): void {
    const reply = this.atomically(() => this.invoke(session, command, args))
    session.reply(reply)
    this.tracking.afterReply(session)
    if (this.scripts.busy !== undefined && !again && runsScript(command)) this.continueScript(session, args)
  }

  /** A script that took its first part of time goes on in a later step; until then other clients are told so. */
  private continueScript(session: Session, args: Arguments): void {
    session.pause()
    if (this.scripts.busy !== undefined) this.scripts.busy.command = args
    const step = (): void => {
      const { busy } = this.scripts
      if (busy === undefined) return
      if (busy.killed) session.reply(this.scripts.killedReply(busy))
      else this.scripts.proceed(() => this.execute(session, args, true))
      if (this.scripts.busy !== undefined) setImmediate(step)
      else session.resume()
    }
    setImmediate(step)
  }

  /** The Lua runtime loads when the first script is run; until then the client waits, and nobody else. */
  private waitForScripts(session: Session, command: Command, args: Arguments): void {
    session.pause()
    const go = async (): Promise<void> => {
      try {
        await this.scripts.prepare()
        if (!session.closed) this.execute(session, args)
      } catch (error) {
        session.reply(
          new ErrorReply(`ERR The Lua runtime could not be loaded for '${command.name}': ${String(error)}`)
        )
      }
      session.resume()
    }
    void go()
  }

  private subcommand(container: Command, args: Arguments): Command | undefined {
    const name = args[1]
    if (name === undefined) return container
    return container.subcommands?.get(name.toLowerCase())
  }

  /** Runs something as one change: one moment in time, one record in the log, waiting clients served after it. */
  atomically<A>(body: () => A): A {
    if (this.depth === 0) this.now = Date.now()
    this.depth++
    let result: A
    try {
      result = body()
    } finally {
      this.depth--
      if (this.depth === 0) this.commit()
    }
    if (this.depth === 0 && this.ready.length > 0) this.serveWaiters()
    return result
  }

  invoke(client: Client, command: Command, args: Arguments): Reply {
    const before = this.dirty
    this.statistics.commands++
    const inScript = this.scripts.isRunning
    const monitored = this.monitors.size > 0 && !command.flags.has("admin")
    if (monitored && command.flags.has("skip_monitor") && runsScript(command))
      this.tellMonitors(client, command, args)
    const { db } = client
    if (client.noTouch) db.touches = false
    const errorsBefore = this.observer.errorCount
    const start = performance.now()
    let reply: Reply
    try {
      reply = command.run(client, args)
    } catch (error) {
      if (!(error instanceof ErrorReply)) {
        this.logger(
          "error",
          `${command.name} failed: ${error instanceof Error ? error.stack : String(error)}`
        )
        reply = new ErrorReply(`ERR internal error in '${command.name}'`)
      } else reply = error
    }
    const micros = (performance.now() - start) * 1000
    db.touches = true
    const failed = reply instanceof ErrorReply
    // What a script passes on was counted where it arose.
    const isCounted = runsScript(command) && this.observer.errorCount !== errorsBefore
    if (reply instanceof ErrorReply && !isCounted) this.observer.error(reply.text)
    // A command that waits is counted when it ends.
    if (reply !== undefined || !client.isBlocked) {
      this.observer.ran(command, micros, failed)
      if (!inScript) this.noteDuration(client, command, args, micros)
    }
    if (monitored && !command.flags.has("skip_monitor")) this.tellMonitors(client, command, args)
    // A script that reads anything is taken to have read all that it was given.
    if (client.tracking !== undefined && command.flags.has("readonly") && !runsScript(command)) {
      const keys = this.scripts.declaredKeys ?? keysOf(command, args)
      this.tracking.remember(client, client.tracking, keys)
    }
    if (this.dirty !== before && command.isWrite && !command.logsItself && this.log !== undefined) {
      this.effects.push({ db: client.db.index, args })
    }
    return reply
  }

  /** A command that had to wait has ended. */
  waited(client: Client, args: Arguments, micros: number, failed: boolean): void {
    const container = this.commands.find(args[0] ?? "")
    const command = container?.subcommands === undefined ? container : this.subcommand(container, args)
    if (command === undefined) return
    this.observer.ran(command, micros, failed)
    this.noteDuration(client, command, args, micros)
  }

  private noteDuration(client: Client, command: Command, args: Arguments, micros: number): void {
    const { slowerThan, latencyThreshold } = this.settings
    if (slowerThan >= 0 && micros >= slowerThan && !command.flags.has("skip_slowlog")) {
      const most = this.settings.number("slowlog-max-len")
      if (most > 0) this.observer.remember(client, command, args, micros, this.now, most)
    }
    if (latencyThreshold > 0 && micros >= latencyThreshold * 1000) {
      this.observer.spike(
        command.flags.has("fast") ? "fast-command" : "command",
        Math.floor(micros / 1000),
        this.now
      )
    }
  }

  propagate(db: Keyspace, args: Arguments): void {
    if (this.log !== undefined) this.effects.push({ db: db.index, args })
  }

  private commit(): void {
    if (this.effects.length === 0) return
    const { effects } = this
    this.effects = []
    this.committed++
    this.log?.append(effects)
    this.scheduleFlush()
  }

  private serveWaiters(): void {
    while (this.ready.length > 0) {
      const ready = this.ready
      this.ready = []
      for (const [db, key] of ready) {
        for (const waiter of db.waiters.get(key) ?? []) {
          if (!db.has(key)) {
            if (db.goneWaiters === 0) break
            if (!waiter.servesGone) continue
          }
          this.depth++
          try {
            waiter.serve(key)
          } finally {
            this.depth--
            this.commit()
          }
        }
      }
    }
  }

  changed(db: Keyspace, key: string, kind: number, event: string): void {
    this.dirty++
    db.touch(key)
    this.memory.touch(db, key)
    this.tracking.invalidate(key)
    this.wake(db, key)
    if (this.settings.events !== 0) this.notify(db, key, kind, event)
  }

  wake(db: Keyspace, key: string): void {
    if (db.waiters.size > 0 && db.waiters.has(key)) this.ready.push([db, key])
  }

  wakeAll(db: Keyspace): void {
    for (const key of db.waiters.keys()) this.ready.push([db, key])
  }

  notify(db: Keyspace, key: string, kind: number, event: string): void {
    const { events } = this.settings
    if ((events & kind) === 0) return
    if ((events & NOTIFY.keyspace) !== 0) this.broker.publish(`__keyspace@${db.index}__:${key}`, event)
    if ((events & NOTIFY.keyevent) !== 0) this.broker.publish(`__keyevent@${db.index}__:${event}`, key)
  }

  /** Removes a key for want of memory. */
  evict(db: Keyspace, entry: Entry): void {
    this.atomically(() => {
      const { key } = entry
      db.remove(entry)
      db.touch(key)
      this.tracking.invalidate(key)
      this.propagate(db, ["DEL", key])
      this.notify(db, key, NOTIFY.evicted, "evicted")
    })
  }

  /** Bytes of what is no key, for `maxmemory`. */
  otherBytes(): number {
    return this.scripts.libraries.size * 1024
  }

  private onExpire(db: Keyspace, key: string): void {
    this.statistics.expired++
    db.touch(key)
    this.wake(db, key)
    this.tracking.invalidate(key)
    this.propagate(db, ["DEL", key])
    this.notify(db, key, NOTIFY.expired, "expired")
  }

  private onFieldsExpire(db: Keyspace, key: string, fields: ReadonlyArray<string>, gone: boolean): void {
    db.touch(key)
    this.tracking.invalidate(key)
    this.propagate(db, ["HDEL", key, ...fields])
    this.notify(db, key, NOTIFY.hash, "hexpired")
    if (!gone) return
    this.wake(db, key)
    this.notify(db, key, NOTIFY.generic, "del")
  }

  /** Wakes up when the next key expires: one timer for all keys. */
  private armExpiry(at: number): void {
    if (at >= this.expiryAt || this.closed) return
    this.expiryAt = at
    clearTimeout(this.expiryTimer)
    this.expiryTimer = setTimeout(
      () => this.expireDue(),
      Math.min(Math.max(1, at - Date.now() + 1), LONGEST_TIMER)
    )
    this.expiryTimer.unref()
  }

  /** Whether keys are removed by themselves when they expire. */
  setActiveExpire(on: boolean): void {
    this.expiresActively = on
    if (on) this.expireDue()
  }

  private expireDue(): void {
    this.expiryAt = Infinity
    if (!this.expiresActively || this.pause.isPaused) {
      if (this.pause.isPaused) this.armExpiry(Date.now() + PAUSED_EXPIRY_MILLIS)
      return
    }
    let more = false
    const start = performance.now()
    this.atomically(() => {
      for (const db of this.databases) more = db.expireDue(this.now, EXPIRE_BATCH) === EXPIRE_BATCH || more
    })
    const millis = Math.floor(performance.now() - start)
    const threshold = this.settings.latencyThreshold
    if (threshold > 0 && millis >= threshold) this.observer.spike("expire-cycle", millis, this.now)
    const next = Math.min(...this.databases.map((db) => db.nextDeadline() ?? Infinity))
    if (next !== Infinity) this.armExpiry(more ? this.now : next)
  }

  swapDatabases(left: number, right: number): void {
    const [a, b] = [this.database(left), this.database(right)]
    if (a === b) return
    for (const db of [a, b]) {
      const other = db === a ? b : a
      db.touchAll((key) => db.has(key) || other.has(key))
    }
    a.exchangeClients(b)
    this.databases[left] = b
    this.databases[right] = a
    a.index = right
    b.index = left
    for (const client of this.clients.values()) {
      if (client.db === a) client.db = b
      else if (client.db === b) client.db = a
      client.watched = client.watched.map(({ db, key }) => ({ db: db === a ? b : db === b ? a : db, key }))
    }
    this.wakeAll(a)
    this.wakeAll(b)
  }

  info(sections: ReadonlyArray<string>): string {
    let blocked = this.pause.waiting
    for (const client of this.clients.values()) if (client.isBlocked) blocked++
    return buildInfo(this, this.statistics, blocked, sections)
  }

  resetStats(): void {
    Object.assign(this.statistics, { connections: 0, commands: 0, expired: 0, rejected: 0 })
    this.observer.reset()
    this.memory.evicted = 0
    for (const db of this.databases) {
      db.hits = 0
      db.misses = 0
    }
  }

  schedule(session: Session): void {
    this.pending.push(session)
    this.scheduleFlush()
  }

  /**
   * Replies leave in a later step, never from within the client's write. `nextTick` is fastest, but a loop of awaited
   * commands would then never let the event loop turn: after two milliseconds `setImmediate` takes over.
   */
  scheduleFlush(): void {
    if (this.flushScheduled) return
    this.flushScheduled = true
    const now = performance.now()
    if (!this.turnOpen) {
      this.turnOpen = true
      this.turnStart = now
      setImmediate(this.endTurn)
    }
    if (now - this.turnStart < TURN_MILLIS) process.nextTick(this.flush)
    else setImmediate(this.flush)
  }

  private readonly endTurn = (): void => {
    this.turnOpen = false
  }

  /** Writes the log, then sends the replies. */
  readonly flush = (): void => {
    this.flushScheduled = false
    if (this.tracking.hasBroadcasts) this.tracking.broadcast()
    const sessions = this.pending
    this.pending = []
    const problem = this.log?.flush()
    if (problem !== undefined) {
      const error = misconf(problem)
      for (const session of sessions) session.failWrites(error)
    }
    for (const session of sessions) session.flush()
  }

  /** Goes on with a client's commands in a later step. */
  defer(session: Session): void {
    this.deferred.push(session)
    if (this.deferScheduled) return
    this.deferScheduled = true
    setImmediate(() => {
      this.deferScheduled = false
      const sessions = this.deferred
      this.deferred = []
      for (const waiting of sessions) if (!waiting.closed) waiting.process()
    })
  }

  /** Ends every connection and stops all timers. */
  close(): void {
    this.closed = true
    clearTimeout(this.expiryTimer)
    this.flush()
    for (const session of this.clients.values()) session.kill()
    this.scripts.close()
    this.pause.close()
  }
}

const NO_REPLICAS = new ErrorReply("NOREPLICAS Not enough good replicas to write.")
const OOM = new ErrorReply("OOM command not allowed when used memory > 'maxmemory'.")
const NOT_IN_MULTI = new ErrorReply("ERR Command not allowed inside a transaction")

/** Commands that act at once although a transaction is being queued. */
const RUNS_IN_MULTI: ReadonlySet<string> = new Set(["exec", "discard", "multi", "watch", "quit", "reset"])

/** Whether a command runs a script or a function. */
const runsScript = (command: Command): boolean =>
  command.group === "scripting" && (command.name.startsWith("eval") || command.name.startsWith("fcall"))

/** Commands that need the runtime without running a script. */
const USES_RUNTIME: ReadonlySet<string> = new Set([
  "script|load",
  "function|load",
  "function|list",
  "function|stats",
  "function|delete",
  "function|restore"
])

const needsRuntime = (command: Command): boolean => runsScript(command) || USES_RUNTIME.has(command.name)

const needsScripts = (session: Session, command: Command): boolean =>
  needsRuntime(command) ||
  (command.name === "exec" &&
    session.transaction?.queue.some((queued) => needsRuntime(queued.command)) === true)
