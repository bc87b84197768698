import { arityMatches } from "../exec/Arity.ts"
import type { Client, Command, RunningScript, Server } from "../exec/Context.ts"
import type { RespVersion } from "../resp/Encoder.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import type { LuaHost, ScriptOutcome } from "./LuaRuntime.ts"
import { changesSomething, NO_WRITES_HERE, SCRIPT_OOM, type ScriptFlags } from "./ScriptFlags.ts"

/** What scripts need of the engine. */
export interface ScriptServer extends Server {
  readonly logger: (level: "debug" | "info" | "warn" | "error", message: string) => void
  /** Why changes are refused now. */
  readonly writeProblem: ErrorReply | undefined
}

interface Running {
  readonly client: Client
  /** The keys that it was given. */
  readonly keys: ReadonlyArray<string>
  readonly readOnly: boolean
  readonly allowOom: boolean
  /** Whether it has only a part of its time and is run again with more, which it must not notice. */
  readonly repeats: boolean
  wrote: boolean
  /** It wanted to write although it may be run again: it is started anew with all of its time. */
  mustRestart: boolean
}

/** A script or a function, about to run. */
export interface Call {
  readonly client: Client
  readonly keys: ReadonlyArray<string>
  /** SHA1 or name of the function. */
  readonly name: string
  readonly chunk: "user_script" | "user_function"
  readonly flags: ScriptFlags
  readonly readOnly: boolean
  /** Runs it for at most about some milliseconds. */
  readonly start: (millis: number) => ScriptOutcome
}

const UNKNOWN = new ErrorReply("ERR Unknown Redis command called from script")
const WRONG_ARITY = new ErrorReply("ERR Wrong number of args calling Redis command from script")
const NOT_ALLOWED = new ErrorReply("ERR This Redis command is not allowed from script")
const READ_ONLY = new ErrorReply("ERR Write commands are not allowed from read-only scripts.")
const OOM = new ErrorReply("OOM command not allowed when used memory > 'maxmemory'.")
const RESTART = new ErrorReply("ERR The script is started again")
const NOTBUSY = new ErrorReply("NOTBUSY No scripts in execution right now.")
const LEVELS = ["debug", "info", "info", "warn"] as const
/** A script is stopped for good after this time, or after `lua-time-limit` if that is longer. */
const LONGEST_MILLIS = 5000

/** Runs scripts on behalf of clients, and the commands that they call. */
export class ScriptRunner {
  /** The script that has used up a part of its time and goes on when other clients had their turn. */
  busy: RunningScript | undefined
  private allowsEverything = false
  private readonly server: ScriptServer
  private running: Running | undefined
  private slice = 0

  constructor(server: ScriptServer) {
    this.server = server
  }

  /** Whether a script runs now: what it calls is on its behalf. */
  get isRunning(): boolean {
    return this.running !== undefined
  }

  /** The keys that the script that runs was given; `undefined` if none runs. */
  get declaredKeys(): ReadonlyArray<string> | undefined {
    return this.running?.keys
  }

  /** What scripts reach outside of Lua. */
  readonly host: LuaHost = {
    call: (args) => this.command(args),
    log: (level, message) => this.server.logger(LEVELS[level] ?? "info", message),
    setProtocol: (version) => {
      if (this.running !== undefined) this.running.client.resp = version
    }
  }

  /** Runs a call; `undefined` if it used up its first part of time and goes on later. */
  begin(call: Call): ScriptOutcome | undefined {
    const { client, flags } = call
    if (flags.declared) {
      if (!flags.noWrites) {
        if (this.server.writeProblem !== undefined) throw this.server.writeProblem
        if (call.readOnly) throw NO_WRITES_HERE
      }
      if (this.server.outOfMemory && !flags.allowOom && !flags.noWrites) throw SCRIPT_OOM
    }
    const limit = Number(this.server.settings.get("lua-time-limit"))
    const longest = Math.max(limit, LONGEST_MILLIS)
    // A transaction runs in one step, whatever it takes.
    const first = limit > 0 && limit < LONGEST_MILLIS && !client.deniesBlocking ? limit : longest
    const millis = Math.max(first, this.slice)
    let outcome = this.attempt(call, millis, millis < longest)
    if (outcome === "restart") outcome = this.attempt(call, longest, false)
    if (
      outcome !== "restart" &&
      "failure" in outcome &&
      outcome.failure.kind === "limit" &&
      millis < longest
    ) {
      this.busy = {
        name: call.name,
        isFunction: call.chunk === "user_function",
        command: this.busy?.command ?? [],
        startedAt: this.busy?.startedAt ?? Date.now(),
        nextMillis: millis * 2,
        killed: false
      }
      return undefined
    }
    return outcome === "restart" ? { reply: RESTART } : outcome
  }

  private attempt(call: Call, millis: number, repeats: boolean): ScriptOutcome | "restart" {
    const { client, flags } = call
    const before: { readonly db: number; readonly resp: RespVersion; readonly denies: boolean } = {
      db: client.db.index,
      resp: client.resp,
      denies: client.deniesBlocking
    }
    const outer = this.running
    const running: Running = {
      client,
      keys: call.keys,
      readOnly: call.readOnly || flags.noWrites,
      allowOom: flags.allowOom,
      repeats,
      wrote: false,
      mustRestart: false
    }
    this.running = running
    client.deniesBlocking = true
    client.runsScript = true
    client.resp = 2
    try {
      const outcome = call.start(millis)
      return running.mustRestart ? "restart" : outcome
    } finally {
      this.running = outer
      // The script may have exchanged databases: the client stays in that of its number.
      client.db = this.server.databases[before.db] ?? client.db
      client.resp = before.resp
      client.deniesBlocking = before.denies
      client.runsScript = false
    }
  }

  /** Goes on with the busy script: it has written nothing, so it is run again with more time. */
  proceed(run: () => void): void {
    const { busy } = this
    if (busy === undefined) return
    this.slice = busy.nextMillis
    try {
      run()
      if (this.busy === busy) this.busy = undefined
    } finally {
      this.slice = 0
    }
  }

  /** What a client is told whose script was killed. */
  killedReply(busy: RunningScript): ErrorReply {
    this.busy = undefined
    const [command, chunk] = busy.isFunction ? ["FUNCTION", "user_function"] : ["SCRIPT", "user_script"]
    return new ErrorReply(
      `ERR Script killed by user with ${command} KILL. script: ${busy.name}, on @${chunk}:1.`
    )
  }

  /** Lets scripts call what they must not, or no more. */
  allowEverything(on: boolean): void {
    this.allowsEverything = on
  }

  kill(isFunction: boolean): void {
    const { busy } = this
    if (busy === undefined) throw NOTBUSY
    if (busy.isFunction !== isFunction) throw busyError(busy)
    busy.killed = true
  }

  /** Why a script must not call a command. */
  private problemOf(command: Command, running: Running, changes: boolean): ErrorReply | undefined {
    if (command.flags.has("noscript") && !this.allowsEverything) return NOT_ALLOWED
    if (changes && running.readOnly) return READ_ONLY
    if (running.wrote) return undefined
    const { server } = this
    if (command.isWrite && server.writeProblem !== undefined) return server.writeProblem
    return server.outOfMemory && command.flags.has("denyoom") && !running.allowOom ? OOM : undefined
  }

  /** Runs a command that a script calls. */
  private command(args: ReadonlyArray<string>): Reply {
    const { running, server } = this
    const [name] = args
    if (name === undefined || running === undefined) return UNKNOWN
    if (running.mustRestart) return RESTART
    const container = server.commands.find(name)
    if (container === undefined) return UNKNOWN
    const command = resolve(container, args)
    if (command === undefined) return UNKNOWN
    if (!arityMatches(command, args)) return WRONG_ARITY
    const changes = changesSomething(command)
    const problem = this.problemOf(command, running, changes)
    if (problem !== undefined) {
      server.observer.rejected(command)
      server.observer.error(problem.text)
      return problem
    }
    if (changes) {
      if (running.repeats) {
        running.mustRestart = true
        return RESTART
      }
      running.wrote = true
    }
    return server.invoke(running.client, command, args)
  }
}

/** What other clients are told while a script is busy. */
export const busyError = (busy: RunningScript): ErrorReply =>
  new ErrorReply(
    `BUSY Redis is busy running a script. You can only call ${busy.isFunction ? "FUNCTION" : "SCRIPT"} KILL or SHUTDOWN NOSAVE.`
  )

const resolve = (container: Command, args: ReadonlyArray<string>): Command | undefined => {
  const sub = args[1]
  if (container.subcommands === undefined || sub === undefined) return container
  return container.subcommands.get(sub.toLowerCase())
}
