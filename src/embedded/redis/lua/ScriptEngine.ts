import { createHash } from "node:crypto"
import type { Keyspace } from "../db/Keyspace.ts"
import { arityMatches } from "../exec/Arity.ts"
import type { Client, Command, Scripts, Server } from "../exec/Context.ts"
import type { RespVersion } from "../resp/Encoder.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import type { LuaHost, LuaRuntime, LuaRuntimeFactory, ScriptFailure } from "./LuaRuntime.ts"
import { makeWasmLuaRuntime } from "./WasmLuaRuntime.ts"

/** What scripts need of the engine. */
export interface ScriptServer extends Server {
  readonly logger: (level: "debug" | "info" | "warn" | "error", message: string) => void
  /** Why changes are refused now. */
  readonly writeProblem: ErrorReply | undefined
}

interface Running {
  readonly client: Client
  readonly readOnly: boolean
}

interface Script {
  readonly body: string
  readonly sha: string
  /** What is run: the body without its shebang line. */
  readonly code: string
  readonly readOnly: boolean
}

const NO_ARGUMENTS = new ErrorReply("ERR Please specify at least one argument for this redis lib call")
const UNKNOWN = new ErrorReply("ERR Unknown Redis command called from script")
const WRONG_ARITY = new ErrorReply("ERR Wrong number of args calling Redis command from script")
const NOT_ALLOWED = new ErrorReply("ERR This Redis command is not allowed from script")
const READ_ONLY = new ErrorReply("ERR Write commands are not allowed from read-only scripts.")
const RESTARTING = new ErrorReply("ERR The Lua runtime ran out of memory and is being restarted, try again")
const LEVELS = ["debug", "info", "info", "warn"] as const

/** The scripts by their SHA1, and the runtime that runs them: loaded with the first one. */
export class ScriptEngine implements Scripts {
  private readonly server: ScriptServer
  private readonly factory: LuaRuntimeFactory
  private readonly cache = new Map<string, Script>()
  private readonly known = new Map<string, Script>()
  private runtime: LuaRuntime | undefined
  private loading: Promise<void> | undefined
  private running: Running | undefined
  private closed = false

  constructor(server: ScriptServer, factory: LuaRuntimeFactory = makeWasmLuaRuntime) {
    this.server = server
    this.factory = factory
  }

  get isReady(): boolean {
    return this.runtime !== undefined && !this.runtime.isLost
  }

  get count(): number {
    return this.cache.size
  }

  /** Loads the runtime, or replaces one that was lost. */
  prepare(): Promise<void> {
    if (this.isReady) return Promise.resolve()
    this.loading ??= this.start()
    return this.loading
  }

  private async start(): Promise<void> {
    try {
      const runtime = await this.factory(this.host)
      if (!this.closed) this.runtime = runtime
    } finally {
      this.loading = undefined
    }
  }

  close(): void {
    this.closed = true
    this.runtime = undefined
  }

  find(sha: string): string | undefined {
    return this.cache.get(sha)?.body
  }

  load(body: string): string {
    const script = this.script(body)
    this.cache.set(script.sha, script)
    return script.sha
  }

  flush(): void {
    this.cache.clear()
    this.known.clear()
  }

  /** The script of a body, compiled once to find its errors. */
  private script(body: string): Script {
    const existing = this.known.get(body)
    if (existing !== undefined) return existing
    const sha = createHash("sha1").update(body, "latin1").digest("hex")
    const { code, readOnly } = shebang(body)
    const problem = this.runtime?.check(code)
    if (problem !== undefined) throw new ErrorReply(`ERR Error compiling script (new function): ${problem}`)
    const script = { body, sha, code, readOnly }
    this.known.set(body, script)
    return script
  }

  run(
    client: Client,
    body: string,
    keys: ReadonlyArray<string>,
    args: ReadonlyArray<string>,
    readOnly: boolean
  ): Reply {
    if (!this.isReady || this.runtime === undefined) throw RESTARTING
    const script = this.script(body)
    this.cache.set(script.sha, script)
    const before: { readonly db: Keyspace; readonly resp: RespVersion; readonly denies: boolean } = {
      db: client.db,
      resp: client.resp,
      denies: client.deniesBlocking
    }
    const outer = this.running
    this.running = { client, readOnly: readOnly || script.readOnly }
    client.deniesBlocking = true
    client.runsScript = true
    client.resp = 2
    try {
      const outcome = this.runtime.run(script.code, keys, args)
      if ("reply" in outcome) return outcome.reply
      return this.explain(outcome.failure, script.sha)
    } finally {
      this.running = outer
      client.runsScript = outer !== undefined
      client.db = before.db
      client.resp = before.resp
      client.deniesBlocking = before.denies
      if (this.runtime.isLost) this.replace()
    }
  }

  private replace(): void {
    this.runtime = undefined
    this.server.logger("warn", "A script used up the memory of the Lua runtime; a new one is being started.")
    this.prepare().catch((error: unknown) =>
      this.server.logger("error", `The Lua runtime did not start: ${String(error)}`)
    )
  }

  private explain(failure: ScriptFailure, sha: string): ErrorReply {
    if (failure.kind === "out-of-memory")
      return new ErrorReply(`ERR Error running script (call to f_${sha}): not enough memory`)
    const message =
      failure.kind === "unknown-global"
        ? `user_script:${failure.line}: Script attempted to access nonexistent global variable '${failure.name}'`
        : failure.kind === "bad-argument"
          ? "Lua redis lib command arguments must be strings or integers"
          : failure.message
    return new ErrorReply(`${failure.code} ${message} script: ${sha}, on @user_script:${failure.line}.`)
  }

  private readonly host: LuaHost = {
    call: (args) => this.command(args),
    log: (level, message) => this.server.logger(LEVELS[level] ?? "info", message),
    setProtocol: (version) => {
      if (this.running !== undefined) this.running.client.resp = version
    }
  }

  /** Runs a command that a script calls. */
  private command(args: ReadonlyArray<string>): Reply {
    const { running, server } = this
    const [name] = args
    if (name === undefined) return NO_ARGUMENTS
    if (running === undefined) return UNKNOWN
    const container = server.commands.find(name)
    if (container === undefined) return UNKNOWN
    const command = resolve(container, args)
    if (command === undefined) return UNKNOWN
    if (!arityMatches(command, args)) return WRONG_ARITY
    if (command.flags.has("noscript")) return NOT_ALLOWED
    if (command.isWrite) {
      if (running.readOnly) return READ_ONLY
      if (server.writeProblem !== undefined) return server.writeProblem
    }
    return server.invoke(running.client, command, args)
  }
}

const resolve = (container: Command, args: ReadonlyArray<string>): Command | undefined => {
  const sub = args[1]
  if (container.subcommands === undefined || sub === undefined) return container
  return container.subcommands.get(sub.toLowerCase())
}

/** Reads `#!lua flags=no-writes`, the optional first line of a script. */
const shebang = (body: string): { readonly code: string; readonly readOnly: boolean } => {
  if (!body.startsWith("#!")) return { code: body, readOnly: false }
  const end = body.indexOf("\n")
  if (end === -1) throw new ErrorReply("ERR Invalid script shebang")
  const [engine = "", ...options] = body.slice(2, end).trim().split(/\s+/)
  if (engine !== "lua") throw new ErrorReply(`ERR Unexpected engine in script shebang: #!${engine}`)
  let readOnly = false
  for (const option of options) {
    if (!option.startsWith("flags=")) throw new ErrorReply(`ERR Unknown lua shebang option: ${option}`)
    for (const flag of option.slice(6).split(",")) {
      if (flag === "no-writes") readOnly = true
      else if (!["", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"].includes(flag)) {
        throw new ErrorReply(`ERR Unexpected flag in script shebang: ${flag}`)
      }
    }
  }
  return { code: body.slice(end), readOnly }
}
