import { createHash } from "node:crypto"
import { arityMatches } from "../exec/Arity.ts"
import type { Client, Command, RunningScript, Scripts, Server } from "../exec/Context.ts"
import type { RespVersion } from "../resp/Encoder.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import { FunctionLibraries } from "./FunctionLibraries.ts"
import type { LuaHost, LuaRuntime, LuaRuntimeFactory, ScriptFailure, ScriptOutcome } from "./LuaRuntime.ts"
import {
  changesSomething,
  flagsOf,
  NO_WRITES_HERE,
  readShebang,
  SCRIPT_OOM,
  type ScriptFlags
} from "./ScriptFlags.ts"
import { makeCompiledLuaRuntime } from "./CompiledLuaRuntime.ts"

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

interface Script {
  readonly body: string
  readonly sha: string
  /** What is run: the body without its shebang line. */
  readonly code: string
  readonly flags: ScriptFlags
}

/** A script or a function, about to run. */
interface Call {
  readonly client: Client
  readonly keys: ReadonlyArray<string>
  /** SHA1 or name of the function. */
  readonly name: string
  readonly chunk: "user_script" | "user_function"
  readonly flags: ScriptFlags
  readonly readOnly: boolean
  readonly start: (runtime: LuaRuntime, millis: number) => ScriptOutcome
}

const NO_ARGUMENTS = new ErrorReply("ERR Please specify at least one argument for this redis lib call")
const UNKNOWN = new ErrorReply("ERR Unknown Redis command called from script")
const WRONG_ARITY = new ErrorReply("ERR Wrong number of args calling Redis command from script")
const NOT_ALLOWED = new ErrorReply("ERR This Redis command is not allowed from script")
const READ_ONLY = new ErrorReply("ERR Write commands are not allowed from read-only scripts.")
const OOM = new ErrorReply("OOM command not allowed when used memory > 'maxmemory'.")
const RESTART = new ErrorReply("ERR The script is started again")
const RESTARTING = new ErrorReply("ERR The Lua runtime ran out of memory and is being restarted, try again")
const NOTBUSY = new ErrorReply("NOTBUSY No scripts in execution right now.")
const LEVELS = ["debug", "info", "info", "warn"] as const
/** A script is stopped for good after this time, or after `lua-time-limit` if that is longer. */
const LONGEST_MILLIS = 5000
const SPARE_DELAY_MILLIS = 200
const MOST_SCRIPTS = 10_000

/** The scripts by their SHA1, the libraries of functions, and the runtime that runs both: loaded with the first one. */
export class ScriptEngine implements Scripts {
  readonly libraries: FunctionLibraries
  /** The script that has used up a part of its time and goes on when other clients had their turn. */
  busy: RunningScript | undefined
  private allowsEverything = false
  private readonly server: ScriptServer
  private readonly factory: LuaRuntimeFactory
  private readonly cache = new Map<string, Script>()
  private readonly known = new Map<string, Script>()
  private runtime: LuaRuntime | undefined
  private spare: LuaRuntime | undefined
  private spareTimer: NodeJS.Timeout | undefined
  private loading: Promise<void> | undefined
  private running: Running | undefined
  private slice = 0
  private closed = false

  constructor(server: ScriptServer, factory: LuaRuntimeFactory = makeCompiledLuaRuntime) {
    this.server = server
    this.factory = factory
    this.libraries = new FunctionLibraries(() => this.runtime)
  }

  get isReady(): boolean {
    return this.runtime !== undefined && !this.runtime.isLost && !this.libraries.hasUnread
  }

  /** Whether a script runs now: what it calls is on its behalf. */
  get isRunning(): boolean {
    return this.running !== undefined
  }

  /** The keys that the script that runs was given; `undefined` if none runs. */
  get declaredKeys(): ReadonlyArray<string> | undefined {
    return this.running?.keys
  }

  /** What the script or function of a call has declared; `undefined` if it is not known. */
  flagsOfCall(command: string, args: ReadonlyArray<string>): ScriptFlags | undefined {
    const name = args[1] ?? ""
    if (command.startsWith("fcall")) {
      const found = this.libraries.find(name)
      return found === undefined ? undefined : flagsOf(found.definition.flags)
    }
    const body = command.startsWith("evalsha") ? this.find(name.toLowerCase()) : name
    if (body === undefined || !body.startsWith("#!")) return undefined
    try {
      return readShebang(body).flags
    } catch (error) {
      if (error instanceof ErrorReply) return undefined
      throw error
    }
  }

  get count(): number {
    return this.cache.size
  }

  get usedBytes(): number {
    return this.runtime?.usedBytes ?? 0
  }

  /** Loads the runtime, or replaces one that was lost. */
  prepare(): Promise<void> {
    if (this.isReady) return Promise.resolve()
    this.loading ??= this.start()
    return this.loading
  }

  private async start(): Promise<void> {
    try {
      if (this.runtime === undefined || this.runtime.isLost) {
        const runtime = await this.factory(this.host)
        if (this.closed) return
        this.runtime = runtime
      }
      for (const problem of this.libraries.readFiles()) this.server.logger("error", problem)
      this.startSpare()
    } finally {
      this.loading = undefined
    }
  }

  /** A script that uses up all memory kills its runtime; the next one is then there already. */
  private startSpare(): void {
    if (this.spare !== undefined || this.spareTimer !== undefined) return
    const start = async (): Promise<void> => {
      try {
        const spare = await this.factory(this.host)
        if (!this.closed) this.spare = spare
      } catch (error) {
        this.server.logger("warn", `The second Lua runtime did not start: ${String(error)}`)
      }
      this.spareTimer = undefined
    }
    this.spareTimer = setTimeout(() => void start(), SPARE_DELAY_MILLIS).unref()
  }

  close(): void {
    this.closed = true
    clearTimeout(this.spareTimer)
    this.runtime = undefined
    this.spare = undefined
  }

  find(sha: string): string | undefined {
    return this.cache.get(sha)?.body
  }

  load(body: string): string {
    const script = this.script(body)
    const problem = this.runtime?.check(script.code)
    if (problem !== undefined) throw compileError(problem)
    this.remember(script)
    return script.sha
  }

  flush(): void {
    this.cache.clear()
    this.known.clear()
  }

  private script(body: string): Script {
    const existing = this.known.get(body)
    if (existing !== undefined) return existing
    const sha = createHash("sha1").update(body, "latin1").digest("hex")
    const { code, flags } = readShebang(body)
    return { body, sha, code, flags }
  }

  private remember(script: Script): void {
    if (this.known.size >= MOST_SCRIPTS) this.known.clear()
    this.known.set(script.body, script)
    this.cache.set(script.sha, script)
  }

  run(
    client: Client,
    body: string,
    keys: ReadonlyArray<string>,
    args: ReadonlyArray<string>,
    readOnly: boolean
  ): Reply {
    const script = this.script(body)
    const outcome = this.begin({
      client,
      keys,
      name: script.sha,
      chunk: "user_script",
      flags: script.flags,
      readOnly,
      start: (runtime, millis) => runtime.run(script.code, keys, args, millis)
    })
    if (outcome === undefined) return undefined
    if ("syntax" in outcome) throw compileError(outcome.syntax)
    if (!this.cache.has(script.sha)) this.remember(script)
    if ("reply" in outcome) return outcome.reply
    return explain(outcome.failure, script.sha, "user_script")
  }

  callFunction(
    client: Client,
    name: string,
    keys: ReadonlyArray<string>,
    args: ReadonlyArray<string>,
    readOnly: boolean
  ): Reply {
    const found = this.libraries.find(name)
    if (found === undefined) throw new ErrorReply("ERR Function not found")
    const { library, definition } = found
    const outcome = this.begin({
      client,
      keys,
      name: definition.name,
      chunk: "user_function",
      flags: flagsOf(definition.flags),
      readOnly,
      start: (runtime, millis) => runtime.call(library, definition.name, keys, args, millis)
    })
    if (outcome === undefined) return undefined
    if ("syntax" in outcome) throw compileError(outcome.syntax)
    if ("reply" in outcome) return outcome.reply
    return explain(outcome.failure, definition.name, "user_function")
  }

  /** Runs a call; `undefined` if it used up its first part of time and goes on later. */
  private begin(call: Call): ScriptOutcome | undefined {
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
    const runtime = this.usable()
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
      const outcome = call.start(runtime, millis)
      return running.mustRestart ? "restart" : outcome
    } finally {
      this.running = outer
      // The script may have exchanged databases: the client stays in that of its number.
      client.db = this.server.databases[before.db] ?? client.db
      client.resp = before.resp
      client.deniesBlocking = before.denies
      client.runsScript = false
      if (runtime.isLost) this.replace()
    }
  }

  private usable(): LuaRuntime {
    const { runtime } = this
    if (runtime === undefined || runtime.isLost) throw RESTARTING
    return runtime
  }

  private replace(): void {
    this.runtime = this.spare
    this.spare = undefined
    this.server.logger("warn", "A script used up the memory of the Lua runtime; another one takes over.")
    if (this.runtime !== undefined) {
      this.startSpare()
      return
    }
    this.prepare().catch((error: unknown) =>
      this.server.logger("error", `The Lua runtime did not start: ${String(error)}`)
    )
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

  private readonly host: LuaHost = {
    call: (args) => this.command(args),
    log: (level, message) => this.server.logger(LEVELS[level] ?? "info", message),
    setProtocol: (version) => {
      if (this.running !== undefined) this.running.client.resp = version
    }
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
    if (name === undefined) return NO_ARGUMENTS
    if (running === undefined) return UNKNOWN
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

const compileError = (problem: string): ErrorReply =>
  new ErrorReply(`ERR Error compiling script (new function): ${problem}`)

const explain = (failure: ScriptFailure, name: string, chunk: string): ErrorReply => {
  const { kind, line, code } = failure
  if (kind === "out-of-memory")
    return new ErrorReply(`ERR Error running script (call to f_${name}): not enough memory`)
  const message =
    kind === "unknown-global"
      ? `${chunk}:${line}: Script attempted to access nonexistent global variable '${failure.name}'`
      : kind === "bad-argument"
        ? "Lua redis lib command arguments must be strings or integers"
        : kind === "limit"
          ? "Script killed by the server: it ran for too long."
          : failure.message
  const text = message === "" ? code : `${code} ${message}`
  const place = failure.source ?? (line < 0 ? undefined : `@${chunk}`)
  return new ErrorReply(`${text} script: ${name}${place === undefined ? "" : `, on ${place}:${line}`}.`)
}

const resolve = (container: Command, args: ReadonlyArray<string>): Command | undefined => {
  const sub = args[1]
  if (container.subcommands === undefined || sub === undefined) return container
  return container.subcommands.get(sub.toLowerCase())
}
