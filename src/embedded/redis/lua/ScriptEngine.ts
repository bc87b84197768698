import { createHash } from "node:crypto"
import type { Client, Scripts } from "../exec/Context.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import { FunctionLibraries } from "./FunctionLibraries.ts"
import type { LuaRuntime, ScriptFailure } from "./LuaRuntime.ts"
import { flagsOf, readShebang, type ScriptFlags } from "./ScriptFlags.ts"
import { ScriptRunner, type ScriptServer } from "./ScriptRunner.ts"

interface Script {
  readonly body: string
  readonly sha: string
  /** What is run: the body without its shebang line. */
  readonly code: string
  readonly flags: ScriptFlags
}

/** What EVAL remembers of a script, which nobody asked it to, is forgotten when there are as many as this. */
const MOST_SCRIPTS = 10_000

/** The scripts by their SHA1, the libraries of functions, and the runtime that runs both: loaded with the first one. */
export class ScriptEngine extends ScriptRunner implements Scripts {
  readonly libraries: FunctionLibraries
  private readonly logger: ScriptServer["logger"]
  private readonly cache = new Map<string, Script>()
  private readonly known = new Map<string, Script>()
  private runtime: LuaRuntime | undefined
  private loading: Promise<void> | undefined

  constructor(server: ScriptServer) {
    super(server)
    this.logger = server.logger
    this.libraries = new FunctionLibraries(() => this.runtime)
  }

  /** Whether scripts can be run at once. */
  get isReady(): boolean {
    return this.runtime !== undefined && !this.libraries.hasUnread
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

  /** Loads the runtime. */
  prepare(): Promise<void> {
    if (this.isReady) return Promise.resolve()
    this.loading ??= this.start()
    return this.loading
  }

  private async start(): Promise<void> {
    try {
      if (this.runtime === undefined) {
        const { makeCompiledLuaRuntime } = await import("./CompiledLuaRuntime.ts")
        this.runtime = makeCompiledLuaRuntime(this.host)
      }
      for (const problem of this.libraries.readFiles()) this.logger("error", problem)
    } finally {
      this.loading = undefined
    }
  }

  private get lua(): LuaRuntime {
    const { runtime } = this
    if (runtime === undefined) throw new ErrorReply("ERR The Lua runtime is not loaded")
    return runtime
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
    this.runtime?.flush()
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
      start: (millis) => this.lua.run(script.code, keys, args, millis)
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
      start: (millis) => this.lua.call(library, definition.name, keys, args, millis)
    })
    if (outcome === undefined) return undefined
    if ("syntax" in outcome) throw compileError(outcome.syntax)
    if ("reply" in outcome) return outcome.reply
    return explain(outcome.failure, definition.name, "user_function")
  }
}

const compileError = (problem: string): ErrorReply =>
  new ErrorReply(`ERR Error compiling script (new function): ${problem}`)

const explain = (failure: ScriptFailure, name: string, chunk: string): ErrorReply => {
  const { kind, line, code } = failure
  if (kind === "out-of-memory") {
    return new ErrorReply(`ERR Error running script (call to f_${name}): not enough memory`)
  }
  const message = kind === "limit" ? "Script killed by the server: it ran for too long." : failure.message
  const text = message === "" ? code : `${code} ${message}`
  const place = failure.source ?? (line < 0 ? undefined : `@${chunk}`)
  return new ErrorReply(`${text} script: ${name}${place === undefined ? "" : `, on ${place}:${line}`}.`)
}
