import type { LuaWasmEngine as LuaEngine, ReplyValue } from "lua-redis-wasm"
import { formatDouble } from "../format/Doubles.ts"
import {
  BigNumberReply,
  DoubleReply,
  ErrorReply,
  MapReply,
  NULL_ARRAY,
  PushReply,
  type Reply,
  Sequence,
  SetReply,
  Status,
  VerbatimReply
} from "../resp/Reply.ts"
import type { LuaHost, LuaRuntime, LuaRuntimeFactory, ScriptFailure, ScriptOutcome } from "./LuaRuntime.ts"

/** Instructions that a script may take: about five seconds, the default of `lua-time-limit`. */
const FUEL = 500_000_000
const REPLY_BYTES = 512 * 1024 * 1024
/** Tables nested deeper than this come from a table that contains itself. */
const DEEPEST_REPLY = 500

const bytes = (text: string): Buffer => Buffer.from(text, "latin1")
const text = (value: Buffer): string => value.toString("latin1")

/** A reply as the runtime wants it: in the shapes of RESP2, or of RESP3 after `redis.setresp(3)`. */
const toLua = (reply: Reply, resp3: boolean): ReplyValue => {
  if (typeof reply === "string") return bytes(reply)
  if (typeof reply === "number" || typeof reply === "bigint") return reply
  if (reply === null || reply === undefined || reply === NULL_ARRAY) return null
  if (typeof reply === "boolean") return resp3 ? reply : reply ? 1 : 0
  if (reply instanceof Status) return { ok: bytes(reply.text) }
  if (reply instanceof ErrorReply) return { err: bytes(reply.text) }
  if (reply instanceof DoubleReply) return resp3 ? { double: reply.value } : bytes(formatDouble(reply.value))
  if (reply instanceof MapReply) {
    if (!resp3) return reply.entries.map((item) => toLua(item, resp3))
    const pairs: Array<[ReplyValue, ReplyValue]> = []
    for (let at = 0; at < reply.entries.length; at += 2) {
      pairs.push([toLua(reply.entries[at], resp3), toLua(reply.entries[at + 1], resp3)])
    }
    return { map: pairs }
  }
  if (reply instanceof SetReply) {
    const items = reply.items.map((item) => toLua(item, resp3))
    return resp3 ? { set: items } : items
  }
  if (reply instanceof VerbatimReply) {
    return resp3
      ? { verbatim_string: { format: bytes(reply.format), string: bytes(reply.text) } }
      : bytes(reply.text)
  }
  if (reply instanceof BigNumberReply)
    return resp3 ? { big_number: bytes(reply.digits) } : bytes(reply.digits)
  if (reply instanceof PushReply) return reply.items.map((item) => toLua(item, resp3))
  if (reply instanceof Sequence) return reply.replies.map((item) => toLua(item, resp3))
  return reply.map((item) => toLua(item, resp3))
}

const NESTED = new ErrorReply("ERR reached lua stack limit")

const fromLua = (value: ReplyValue, depth = 0): Reply => {
  if (depth > DEEPEST_REPLY) throw NESTED
  if (value === null || typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return value
  if (Buffer.isBuffer(value)) return text(value)
  if (Array.isArray(value)) return value.map((item) => fromLua(item, depth + 1))
  if ("ok" in value) return new Status(text(value.ok))
  if ("err" in value)
    return new ErrorReply((value.code === undefined ? "" : `${text(value.code)} `) + text(value.err))
  if ("double" in value) return new DoubleReply(value.double)
  if ("big_number" in value) return new BigNumberReply(text(value.big_number))
  if ("verbatim_string" in value) {
    return new VerbatimReply(text(value.verbatim_string.string), text(value.verbatim_string.format))
  }
  if ("map" in value) {
    return new MapReply(
      value.map.flatMap(([key, item]) => [fromLua(key, depth + 1), fromLua(item, depth + 1)])
    )
  }
  return new SetReply(value.set.map((item) => fromLua(item, depth + 1)))
}

const failureOf = (value: ReplyValue): ScriptFailure | undefined => {
  if (value === null || typeof value !== "object" || Buffer.isBuffer(value) || Array.isArray(value))
    return undefined
  if (!("err" in value) || value.meta === undefined) return undefined
  const { kind, line, name } = value.meta
  return {
    message: text(value.err).replace(/\0+$/, ""),
    code: value.code === undefined ? "ERR" : text(value.code),
    line,
    kind: kind === "global-read" ? "unknown-global" : kind === "command-arg-type" ? "bad-argument" : "error",
    name: name ?? ""
  }
}

/** In the wrapper a script's last statement is the only one whose values are cut to the first, as Redis does. */
const wrap = (body: string): string => `return ((function() ${body}\nend)())`

const CHECK = "local f, e = loadstring(ARGV[1], '@user_script') if f then return false end return e"

class WasmLuaRuntime implements LuaRuntime {
  isLost = false
  private readonly engine: LuaEngine
  private readonly resetProtocol: () => void
  private readonly wrapped = new Map<string, Buffer>()

  constructor(engine: LuaEngine, resetProtocol: () => void) {
    this.engine = engine
    this.resetProtocol = resetProtocol
  }

  check(body: string): string | undefined {
    const error = this.engine.evalWithArgs(CHECK, [], [bytes(body)])
    return Buffer.isBuffer(error) ? text(error) : undefined
  }

  run(body: string, keys: ReadonlyArray<string>, args: ReadonlyArray<string>): ScriptOutcome {
    let script = this.wrapped.get(body)
    if (script === undefined) {
      if (this.wrapped.size > 1000) this.wrapped.clear()
      script = bytes(wrap(body))
      this.wrapped.set(body, script)
    }
    // `redis.setresp` counts for the script that calls it only.
    this.resetProtocol()
    try {
      const value = this.engine.evalWithArgs(script, keys.map(bytes), args.map(bytes))
      const failure = failureOf(value)
      return failure === undefined ? { reply: fromLua(value) } : { failure }
    } catch (error) {
      if (error instanceof ErrorReply) return { reply: error }
      // A trap leaves the instance unusable.
      this.isLost = true
      const message = error instanceof Error ? error.message : String(error)
      return { failure: { message, code: "ERR", line: 0, kind: "out-of-memory", name: "" } }
    }
  }
}

/** Redis's own Lua 5.1 as WebAssembly. The module is loaded when the first script needs it. */
export const makeWasmLuaRuntime: LuaRuntimeFactory = async (host: LuaHost) => {
  const { LuaWasmEngine } = await import("lua-redis-wasm")
  let resp3 = false
  const call = (args: Array<Buffer>): ReplyValue => toLua(host.call(args.map(text)), resp3)
  const engine = await LuaWasmEngine.create({
    host: {
      redisCall: call,
      redisPcall: call,
      log: (level, message) => host.log(level, text(message)),
      onSetResp: (version) => {
        resp3 = version === 3
        host.setProtocol(version)
      }
    },
    profile: "redis-7.0",
    limits: { maxFuel: FUEL, maxReplyBytes: REPLY_BYTES },
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
  return new WasmLuaRuntime(engine, () => {
    resp3 = false
  })
}
