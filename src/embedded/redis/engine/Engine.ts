import { randomBytes } from "node:crypto"
import { COMMANDS } from "../commands/All.ts"
import type { Entry } from "../db/Entry.ts"
import { Keyspace } from "../db/Keyspace.ts"
import type { Arguments } from "../exec/Arguments.ts"
import { keysOf } from "../exec/CommandTable.ts"
import type { Client, Command, Persistence } from "../exec/Context.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import type { EncodingLimits } from "../types/EncodingLimits.ts"
import { ScriptEngine } from "../lua/ScriptEngine.ts"
import { busyError } from "../lua/ScriptRunner.ts"
import { ActiveExpiry } from "./ActiveExpiry.ts"
import { AtomicSteps } from "./AtomicSteps.ts"
import { MessageBroker } from "./Broker.ts"
import { ClientMemory } from "./ClientMemory.ts"
import type { ChangeLog } from "./ChangeLog.ts"
import { evictClients } from "./ClientEviction.ts"
import {
  deniesMemory,
  enqueue,
  failure,
  mayChange,
  misconf,
  needsScripts,
  NO_REPLICAS,
  OOM,
  refusal,
  refuse,
  RUNS_IN_MULTI
} from "./Dispatch.ts"
import type { EngineLogger, EngineOptions } from "./EngineOptions.ts"
import { buildInfo, emptyStatistics } from "./Info.ts"
import { KeyEvents } from "./KeyEvents.ts"
import { MemoryAccount } from "./Memory.ts"
import { Monitors } from "./Monitors.ts"
import { Observer } from "./Observer.ts"
import { PauseState } from "./Pause.ts"
import { ScriptTurns } from "./ScriptTurns.ts"
import { Session, type SessionHost } from "./Session.ts"
import { applySettings } from "./SettingEffects.ts"
import { EngineSettings } from "./Settings.ts"
import { swapDatabases } from "./SwapDatabases.ts"
import { ClientTracking } from "./Tracking.ts"
import type { Transport } from "./Transport.ts"
import { Turns } from "./Turns.ts"

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
  readonly observer: Observer
  readonly tracking = new ClientTracking(this)
  readonly expiry = new ActiveExpiry(this)
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
  private readonly clientMemory = new ClientMemory(this.clients)
  private readonly statistics = emptyStatistics()
  private nextClientId = 1
  private readonly monitors = new Monitors()
  readonly turns = new Turns(() => this.makeDurable())
  private readonly steps = new AtomicSteps(() => this.turns.scheduleFlush())
  private readonly scriptTurns: ScriptTurns
  private readonly events = new KeyEvents(this, this.statistics)

  constructor(options: EngineOptions) {
    this.settings = new EngineSettings(options.databases)
    this.limits = this.settings.limits
    this.logger = options.logger
    this.allowsDebug = options.allowsDebug === true
    this.shutdown = options.shutdown
    this.observer = new Observer(this.settings)
    this.scripts = new ScriptEngine(this)
    this.scriptTurns = new ScriptTurns(this.scripts, (session, args, again) =>
      this.execute(session, args, again)
    )
    this.memory = new MemoryAccount(this)
    for (let index = 0; index < options.databases; index++)
      this.databases.push(new Keyspace(index, this.events))
    this.settings.onChange((changed) => {
      if (changed === "maxmemory") this.memory.makeRoom()
      if (changed === "tracking-table-max-keys") this.tracking.limit()
      applySettings(this.settings, this.databases)
    })
  }

  /** Attaches persistence; changes before that are not logged. */
  attach(log: ChangeLog): void {
    this.steps.log = log
  }

  get persistence(): Persistence | undefined {
    return this.steps.log
  }

  get writeProblem(): ErrorReply | undefined {
    if (this.settings.wantsReplicas) return NO_REPLICAS
    const problem = this.steps.log?.problem
    return problem === undefined ? undefined : misconf(problem)
  }

  /** Whether the last command found more memory in use than is allowed. */
  outOfMemory = false

  /** Whether there is room for another connection; counts it as refused otherwise. */
  admits(): boolean {
    if (this.clients.size < this.settings.number("maxclients")) return true
    this.statistics.rejected++
    return false
  }

  get mostTrackedKeys(): number {
    return this.settings.number("tracking-table-max-keys")
  }

  get logging(): boolean {
    return this.steps.log !== undefined
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
    this.monitors.drop(session)
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
    const { committed } = this.steps
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
    if (this.steps.committed !== committed && this.logging) session.markWrite(start)
    if (session.replyMode === "skip") session.replyMode = "on"
  }

  private dispatch(session: Session, args: Arguments, again: boolean): void {
    const command = this.commands.resolve(args)
    if (this.steps.isIdle) this.now = Date.now()
    const problem = refusal(session, this.commands, command, args, this.steps.log)
    if (problem !== undefined || command === undefined) {
      if (problem !== undefined) refuse(session, command, problem)
      return
    }
    const { busy } = this.scripts
    if (busy !== undefined && !again && !command.flags.has("allow_busy")) {
      refuse(session, command, busyError(busy))
      return
    }
    if (command.isWrite && this.settings.wantsReplicas) {
      refuse(session, command, NO_REPLICAS)
      return
    }
    session.lastCommand = command.name
    if (this.settings.maxMemory > 0 && this.steps.isIdle) {
      this.outOfMemory = !this.memory.makeRoom()
      // What was removed before the command is told before its reply.
      this.tracking.afterReply(session)
      if (this.outOfMemory && deniesMemory(session, command)) {
        refuse(session, command, OOM)
        return
      }
    } else this.outOfMemory = false
    if (this.pause.isPaused && this.pause.holds(mayChange(this.scripts, session, command, args))) {
      this.pause.hold(session, args)
      return
    }
    if (session.transaction !== undefined && !RUNS_IN_MULTI.has(command.name)) {
      enqueue(session, command, args)
      return
    }
    if (!this.scripts.isReady && needsScripts(session, command)) {
      this.scriptTurns.awaitRuntime(session, command, args)
      return
    }
    this.run(session, command, args, again)
  }

  /** Gives a client a line for every command from now on, or no more. */
  monitor(client: Client, on: boolean): void {
    this.monitors.set(client, on)
  }

  private run(session: Session, command: Command, args: Arguments, again: boolean): void {
    this.steps.enter()
    let reply: Reply
    try {
      reply = this.invoke(session, command, args)
    } finally {
      this.steps.leave()
    }
    this.steps.settle()
    session.reply(reply)
    this.tracking.afterReply(session)
    if (this.scripts.busy !== undefined && !again && command.runsScript) this.scriptTurns.goOn(session, args)
  }

  /** Runs something as one change: one moment in time, one record in the log, waiting clients served after it. */
  atomically<A>(body: () => A): A {
    if (this.steps.isIdle) this.now = Date.now()
    this.steps.enter()
    let result: A
    try {
      result = body()
    } finally {
      this.steps.leave()
    }
    this.steps.settle()
    return result
  }

  invoke(client: Client, command: Command, args: Arguments): Reply {
    const before = this.dirty
    this.statistics.commands++
    const inScript = this.scripts.isRunning
    const monitored = !this.monitors.isEmpty && !command.flags.has("admin")
    if (monitored && command.flags.has("skip_monitor") && command.runsScript)
      this.monitors.tell(client, command, args, inScript)
    const { db } = client
    if (client.noTouch) db.touches = false
    const errorsBefore = this.observer.errorCount
    const start = performance.now()
    let reply: Reply
    try {
      reply = command.run(client, args)
    } catch (error) {
      reply = failure(command, error, this.logger)
    }
    const micros = (performance.now() - start) * 1000
    db.touches = true
    // What a script passes on was counted where it arose.
    const isCounted = command.runsScript && this.observer.errorCount !== errorsBefore
    if (reply instanceof ErrorReply && !isCounted) this.observer.error(reply.text)
    // A command that waits is counted when it ends.
    if (reply !== undefined || !client.isBlocked) {
      this.observer.ran(command, micros, reply instanceof ErrorReply)
      if (!inScript) this.observer.took(client, command, args, micros, this.now)
    }
    if (monitored && !command.flags.has("skip_monitor"))
      this.monitors.tell(client, command, args, this.scripts.isRunning)
    // A script that reads anything is taken to have read all that it was given.
    if (client.tracking !== undefined && command.flags.has("readonly") && !command.runsScript) {
      const keys = this.scripts.declaredKeys ?? keysOf(command, args)
      this.tracking.remember(client, client.tracking, keys)
    }
    if (this.dirty !== before && command.isWrite && !command.logsItself) this.steps.propagate(client.db, args)
    return reply
  }

  /** A command that had to wait has ended. */
  waited(client: Client, args: Arguments, micros: number, failed: boolean): void {
    const command = this.commands.resolve(args)
    if (command === undefined) return
    this.observer.ran(command, micros, failed)
    this.observer.took(client, command, args, micros, this.now)
  }

  propagate(db: Keyspace, args: Arguments): void {
    this.steps.propagate(db, args)
  }

  changed(db: Keyspace, key: string, kind: number, event: string): void {
    this.dirty++
    db.watchers.touch(key)
    this.memory.touch(db, key)
    this.tracking.invalidate(key)
    this.steps.ready.add(db, key)
    if (this.settings.events !== 0) this.notify(db, key, kind, event)
  }

  wake(db: Keyspace, key: string): void {
    this.steps.ready.add(db, key)
  }

  wakeAll(db: Keyspace): void {
    this.steps.ready.addAll(db)
  }

  notify(db: Keyspace, key: string, kind: number, event: string): void {
    this.events.notify(db, key, kind, event)
  }

  evict(db: Keyspace, entry: Entry): void {
    this.events.evict(db, entry)
  }

  /** Bytes of what is no key, for `maxmemory`. */
  otherBytes(): number {
    return this.scripts.libraries.size * 1024 + this.clientMemory.bytes()
  }

  swapDatabases(left: number, right: number): void {
    const [a, b] = [this.database(left), this.database(right)]
    if (a === b) return
    swapDatabases(this.databases, this.clients.values(), a, b)
    this.wakeAll(a)
    this.wakeAll(b)
  }

  info(sections: ReadonlyArray<string>): string {
    const waiting = [...this.clients.values()].filter((client) => client.isBlocked)
    return buildInfo(this, this.statistics, waiting.length + this.pause.waiting, sections)
  }

  resetStats(): void {
    Object.assign(this.statistics, emptyStatistics())
    this.observer.reset()
    this.memory.evicted = 0
    for (const db of this.databases) db.resetCounts()
  }

  /** Writes the log before replies leave; the error of those whose changes could not be written. */
  private makeDurable(): ErrorReply | undefined {
    if (this.tracking.hasBroadcasts) this.tracking.broadcast()
    const { maxClientMemory } = this.settings
    if (maxClientMemory > 0) this.statistics.evictedClients += evictClients(this.clients, maxClientMemory)
    const problem = this.steps.log?.flush()
    return problem === undefined ? undefined : misconf(problem)
  }

  /** Ends every connection and stops all timers. */
  close(): void {
    this.closed = true
    this.expiry.close()
    this.turns.flush()
    for (const session of this.clients.values()) session.kill()
    this.pause.close()
  }
}
