import { randomBytes } from "node:crypto"
import type { LuaWasmEngine as LuaEngine, ReplyValue } from "lua-redis-wasm"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import { BOOTSTRAP } from "./Bootstrap.ts"
import { keepCallers } from "./KeepCallers.ts"
import { errorText, fromLua, toLua } from "./LuaReplies.ts"
import type {
  LibraryOutcome,
  LibrarySource,
  LuaHost,
  LuaRuntime,
  LuaRuntimeFactory,
  ScriptFailure,
  ScriptOutcome
} from "./LuaRuntime.ts"

/** Instructions that take about a millisecond. */
const FUEL_PER_MILLI = 100_000
const MOST_FUEL = 2_000_000_000
const REPLY_BYTES = 512 * 1024 * 1024
/** Compiled scripts are kept until their sources have this many bytes: the memory of an instance is 64 MiB. */
const CACHE_BYTES = 4 * 1024 * 1024
/** Where Redis's Lua keeps whether a table may be changed. */
const READONLY_OFFSET = 8

const KILLED = "Script killed by fuel limit"
/** The first byte of an error that is a syntax error. */
const SYNTAX = "\u0001"

const bytes = (text: string): Buffer => Buffer.from(text, "latin1")
const text = (value: Buffer): string => value.toString("latin1")

/** The parts of an instance that its package keeps to itself. */
interface Internals {
  readonly engine: {
    readonly exports: {
      readonly HEAPU8: Uint8Array
      readonly _set_limits: (fuel: number, replyBytes: number, argumentBytes: number) => void
    }
  }
}

/** What the host learns while a script runs. */
interface Observed {
  resp3: boolean
  /** What the protocol was before its last change, which is the runtime's own. */
  scriptResp3: boolean
  /** The last error that the script raised itself. */
  raised: { readonly line: number; readonly message: string } | undefined
}

/** Globals that a library must not see while it loads; they come back as locals that are not set yet. */
const HIDDEN_GLOBAL = /attempt to \w+ (?:local|upvalue) '(\w+)' \(a nil value\)/

class WasmLuaRuntime implements LuaRuntime {
  isLost = false
  private readonly engine: LuaEngine
  private readonly exports: Internals["engine"]["exports"]
  private readonly observed: Observed
  private readonly store: string
  /** The addresses of what makes the globals and `redis` readonly. */
  private readonly locks: ReadonlyArray<number>
  private readonly scripts = new Map<string, number>()
  private scriptBytes = 0
  private readonly libraries = new Map<LibrarySource, number>()
  private nextId = 1
  private fuel = 0
  /** What the instance needs before any script. */
  private readonly emptyBytes: number

  constructor(engine: LuaEngine, observed: Observed) {
    this.engine = engine
    this.observed = observed
    // The package has no other way to change the limits of an instance, or to keep anything in it.
    this.exports = (engine as unknown as Internals).engine.exports
    const secret = `s${randomBytes(8).toString("hex")}`
    this.store = `redis.${secret}`
    this.limit(1000)
    this.locks = ["_G", "redis"].map((name) => this.lockOf(name))
    this.lock(0)
    const result = engine.evalWithArgs(BOOTSTRAP, [], [bytes(secret)])
    this.lock(1)
    if (!Buffer.isBuffer(result)) throw new Error("This version of lua-redis-wasm cannot be used.")
    this.emptyBytes = this.heapBytes()
  }

  /** The address of the byte that makes a global table readonly. */
  private lockOf(name: string): number {
    const described = this.engine.evalWithArgs(`return tostring(${name})`, [], [])
    const address = Buffer.isBuffer(described) ? /0x([0-9a-f]+)$/.exec(text(described))?.[1] : undefined
    const lock = Number.parseInt(address ?? "", 16) + READONLY_OFFSET
    if (this.exports.HEAPU8[lock] !== 1) throw new Error("This version of lua-redis-wasm cannot be used.")
    return lock
  }

  private limit(millis: number): void {
    const fuel = Math.min(Math.max(1, millis) * FUEL_PER_MILLI, MOST_FUEL)
    if (fuel === this.fuel) return
    this.fuel = fuel
    this.exports._set_limits(fuel, REPLY_BYTES, 0)
  }

  check(body: string): string | undefined {
    if (this.scripts.has(body)) return undefined
    const id = this.remember(body)
    this.limit(1000)
    const problem = this.engine.evalWithArgs(
      `return ${this.store}.check(${id})`,
      [],
      [bytes(keepCallers(body))]
    )
    if (!Buffer.isBuffer(problem)) return undefined
    this.scripts.delete(body)
    return text(problem)
  }

  private remember(body: string): number {
    if (this.scriptBytes > CACHE_BYTES) {
      this.engine.evalWithArgs(`${this.store}.clear()`, [], [])
      this.scripts.clear()
      this.scriptBytes = 0
    }
    const id = this.nextId++
    this.scripts.set(body, id)
    this.scriptBytes += body.length + 256
    return id
  }

  run(body: string, keys: ReadonlyArray<string>, args: ReadonlyArray<string>, millis: number): ScriptOutcome {
    const known = this.scripts.get(body)
    if (known !== undefined) return this.script(`return ${this.store}.run(${known})`, keys, args, millis)
    const id = this.remember(body)
    const outcome = this.script(
      `return ${this.store}.first(${id})`,
      keys,
      [...args, keepCallers(body)],
      millis
    )
    if ("syntax" in outcome) this.scripts.delete(body)
    return outcome
  }

  load(library: LibrarySource, millis: number): LibraryOutcome {
    const id = this.nextId++
    const code = keepCallers(library.code)
    const probed = this.script(`return ${this.store}.probe()`, [], [code], millis)
    const outcome = "reply" in probed ? this.register(id, code, millis) : probed
    if (!("reply" in outcome)) {
      if (!("failure" in outcome)) return outcome
      const hidden = HIDDEN_GLOBAL.exec(outcome.failure.message)?.[1]
      if (hidden === undefined) return outcome
      return { failure: { ...outcome.failure, kind: "unknown-global", name: hidden } }
    }
    this.libraries.set(library, id)
    const described = Array.isArray(outcome.reply) ? outcome.reply : []
    return {
      functions: described.map((item: Reply) => {
        const [name, description, flags] = Array.isArray(item) ? item : []
        return {
          name: String(name),
          description: typeof description === "string" ? description : undefined,
          flags: Array.isArray(flags) ? flags.map(String) : []
        }
      })
    }
  }

  /** Runs the code of a library that was found to be well-behaved: `redis` is another table meanwhile. */
  private register(id: number, code: string, millis: number): ScriptOutcome {
    this.lock(0)
    try {
      const outcome = this.script(`return ${this.store}.load(${id})`, [], [code], millis)
      if (!this.isLost && !("reply" in outcome)) this.engine.evalWithArgs(`${this.store}.restore()`, [], [])
      return outcome
    } finally {
      this.lock(1)
    }
  }

  private lock(value: 0 | 1): void {
    for (const lock of this.locks) this.exports.HEAPU8[lock] = value
  }

  unload(library: LibrarySource): void {
    const id = this.libraries.get(library)
    if (id === undefined) return
    this.libraries.delete(library)
    this.limit(1000)
    this.engine.evalWithArgs(`${this.store}.unload(${id})`, [], [])
  }

  call(
    library: LibrarySource,
    name: string,
    keys: ReadonlyArray<string>,
    args: ReadonlyArray<string>,
    millis: number
  ): ScriptOutcome {
    if (!this.libraries.has(library)) {
      const loaded = this.load(library, millis)
      if (!("functions" in loaded)) return loaded
    }
    const id = this.libraries.get(library) ?? 0
    return this.script(`return ${this.store}.call(${id})`, keys, [...args, name], millis)
  }

  get usedBytes(): number {
    if (this.isLost) return 0
    return Math.max(0, this.heapBytes() - this.emptyBytes)
  }

  private heapBytes(): number {
    const count = "collectgarbage() return collectgarbage('count')"
    return Number(this.engine.evalWithArgs(count, [], [])) * 1024
  }

  private script(
    code: string,
    keys: ReadonlyArray<string>,
    args: ReadonlyArray<string>,
    millis: number
  ): ScriptOutcome {
    const { observed } = this
    this.limit(millis)
    // `redis.setresp` counts for the script that calls it only.
    observed.resp3 = false
    observed.raised = undefined
    try {
      const value = this.engine.evalWithArgs(code, keys.map(bytes), args.map(bytes))
      const failure = this.failureOf(value)
      if (failure !== undefined) return { failure }
      const reply = fromLua(value, observed.scriptResp3)
      if (reply instanceof ErrorReply && reply.text.startsWith(SYNTAX)) return { syntax: reply.text.slice(1) }
      return { reply }
    } catch (error) {
      if (error instanceof ErrorReply) return { reply: error }
      // A trap leaves the instance unusable.
      this.isLost = true
      const message = error instanceof Error ? error.message : String(error)
      return { failure: { message, code: "ERR", line: 0, kind: "out-of-memory", name: "" } }
    }
  }

  private failureOf(value: ReplyValue): ScriptFailure | undefined {
    if (value === null || typeof value !== "object" || Buffer.isBuffer(value) || Array.isArray(value))
      return undefined
    if (!("err" in value) || value.meta === undefined) return undefined
    const { kind, line, name } = value.meta
    const message = text(value.err).replace(/\0+$/, "")
    const code = value.code === undefined ? "ERR" : text(value.code)
    if (message.endsWith(KILLED)) return { message, code, line, kind: "limit", name: "" }
    const { raised } = this.observed
    if (raised !== undefined && message === "script execution failed") {
      const space = raised.message.indexOf(" ")
      const [first, rest] =
        space === -1
          ? [raised.message, ""]
          : [raised.message.slice(0, space), raised.message.slice(space + 1)]
      return { message: rest, code: first, line: raised.line, kind: "error", name: "" }
    }
    const own = raised !== undefined && raised.message === errorText(value)
    return {
      message,
      code,
      line: own || raised?.message === message ? (raised?.line ?? line) : line,
      kind:
        kind === "global-read" ? "unknown-global" : kind === "command-arg-type" ? "bad-argument" : "error",
      name: name ?? ""
    }
  }
}

/** What the bootstrap tells the host: commands whose names begin with a zero byte. */
const observe = (observed: Observed, args: ReadonlyArray<string>): ReplyValue => {
  const [, place = "", message = ""] = args
  observed.raised = { line: Number(/:(\d+): $/.exec(place)?.[1] ?? 1), message }
  return 1
}

/** Redis's own Lua 5.1 as WebAssembly. The module is loaded when the first script needs it. */
export const makeWasmLuaRuntime: LuaRuntimeFactory = async (host: LuaHost) => {
  const { LuaWasmEngine } = await import("lua-redis-wasm")
  const observed: Observed = { resp3: false, scriptResp3: false, raised: undefined }
  const call = (buffers: Array<Buffer>): ReplyValue => {
    const args = buffers.map(text)
    if (args[0]?.startsWith("\0")) return observe(observed, args)
    return toLua(host.call(args), observed.resp3)
  }
  const engine = await LuaWasmEngine.create({
    host: {
      redisCall: call,
      redisPcall: call,
      log: (level, message) => host.log(level, text(message)),
      onSetResp: (version) => {
        observed.scriptResp3 = observed.resp3
        observed.resp3 = version === 3
        host.setProtocol(version)
      }
    },
    profile: "redis-7.0",
    limits: { maxFuel: FUEL_PER_MILLI, maxReplyBytes: REPLY_BYTES },
    redisProps: {
      REDIS_VERSION: { value: "7.0.15" },
      REDIS_VERSION_NUM: { value: 0x0007000f },
      REPL_ALL: { value: 3 },
      REPL_AOF: { value: 1 },
      REPL_SLAVE: { value: 2 },
      REPL_REPLICA: { value: 2 },
      REPL_NONE: { value: 0 },
      replicate_commands: { returns: true },
      set_repl: { returns: null },
      breakpoint: { returns: false },
      debug: { returns: null },
      acl_check_cmd: { returns: true }
    }
  })
  return new WasmLuaRuntime(engine, observed)
}
