import { createHash } from "node:crypto"
import { ErrorReply } from "../../resp/Reply.ts"
import { errorTable, toLua } from "../Conversions.ts"
import type { LuaHost } from "../LuaRuntime.ts"
import { budget } from "../machine/Budget.ts"
import { raised } from "../machine/Errors.ts"
import { LuaTable } from "../machine/LuaTable.ts"
import { exactText, toNumber, toText } from "../machine/Types.ts"
import { type LuaFunction, type LuaResult, type LuaValue, NOTHING } from "../machine/Values.ts"
import { type Args, library, toInteger } from "./Arguments.ts"

const VERSION = "7.0.15"
const VERSION_NUMBER = 0x0007000f
const LOG_LEVELS = { LOG_DEBUG: 0, LOG_VERBOSE: 1, LOG_NOTICE: 2, LOG_WARNING: 3 }
const REPLICATION = { REPL_NONE: 0, REPL_AOF: 1, REPL_SLAVE: 2, REPL_REPLICA: 2, REPL_ALL: 3 }

/** The error of a function of `redis`: a table, without a place. */
export const apiError = (text: string): unknown => raised(errorTable(`ERR ${text}`))

/** The protocol that a script has chosen for what it calls and returns. */
export interface Protocol {
  resp3: boolean
}

const areTexts = (args: Args): args is ReadonlyArray<string> => {
  for (const value of args) if (typeof value !== "string") return false
  return true
}

const commandOf = (args: Args): ReadonlyArray<string> | undefined => {
  if (areTexts(args)) return args
  const command: Array<string> = []
  for (const value of args) {
    if (typeof value === "string") command.push(value)
    else if (typeof value === "number") command.push(exactText(value))
    else return undefined
  }
  return command
}

/** What a command counts for: some take long, and the clock is to be looked at between them. */
const CALL_STEPS = 500
const NO_ARGUMENTS = "ERR Please specify at least one argument for this redis lib call"
const BAD_ARGUMENTS = "ERR Lua redis lib command arguments must be strings or integers"

const failed = (reply: ErrorReply): LuaTable => {
  const table = errorTable(reply.text)
  // The command counted it.
  table.set("ignore_error_stats_update", true)
  return table
}

const caller =
  (host: LuaHost, protocol: Protocol, raises: boolean): LuaFunction =>
  (...args) => {
    const command = commandOf(args)
    let problem: LuaTable
    if (command === undefined) problem = errorTable(BAD_ARGUMENTS)
    else if (command.length === 0) problem = errorTable(NO_ARGUMENTS)
    else {
      budget.callsCommands = true
      budget.spend(CALL_STEPS)
      const reply = host.call(command)
      if (!(reply instanceof ErrorReply)) {
        if (Array.isArray(reply)) budget.spend(reply.length)
        return toLua(reply, protocol.resp3)
      }
      problem = failed(reply)
    }
    if (raises) throw raised(problem)
    return problem
  }

const log =
  (host: LuaHost): LuaFunction =>
  (...args) => {
    if (args.length < 2) throw apiError("redis.log() requires two arguments or more.")
    const given = toNumber(args[0])
    if (given === undefined) throw apiError("First argument must be a number (log level).")
    const level = toInteger(given)
    if (level < LOG_LEVELS.LOG_DEBUG || level > LOG_LEVELS.LOG_WARNING) throw apiError("Invalid debug level.")
    const texts = args.slice(1).map(toText)
    host.log(level, texts.filter((text) => text !== undefined).join(" "))
    return NOTHING
  }

const aclCheck =
  (host: LuaHost): LuaFunction =>
  (...args) => {
    const command = commandOf(args)
    if (command === undefined) throw apiError(BAD_ARGUMENTS.slice(4))
    const [name] = command
    if (name === undefined) throw apiError(NO_ARGUMENTS.slice(4))
    const known = host.call(["COMMAND", "INFO", name])
    if (!Array.isArray(known) || known[0] === null || known[0] === undefined) {
      throw apiError("Invalid command passed to redis.acl_check_cmd()")
    }
    return true
  }

const onlyText = (args: Args): string | undefined => {
  const [value] = args
  return args.length === 1 && typeof value === "string" ? value : undefined
}

const WRONG_TEXT = "ERR wrong number or type of arguments"

const errorReply = (...args: Args): LuaTable => {
  const text = onlyText(args)
  if (text === undefined) return errorTable(WRONG_TEXT)
  const given = text.startsWith("-") ? text.slice(1) : text
  const end = given.indexOf("\0")
  return errorTable((end === -1 ? given : given.slice(0, end)).replace(/^[\r\n]+|[\r\n]+$/g, ""))
}

const statusReply = (...args: Args): LuaTable => {
  const text = onlyText(args)
  if (text === undefined) return errorTable(WRONG_TEXT)
  const table = new LuaTable(0, 1)
  table.set("ok", text)
  return table
}

const addAll = (table: LuaTable, values: Readonly<Record<string, LuaValue>>): void => {
  for (const [name, value] of Object.entries(values)) table.set(name, value)
}

/** What `redis` has while a library is loaded. */
export const loadingApi = (host: LuaHost, register: LuaFunction): LuaTable => {
  const table = library({ register_function: register, log: log(host) })
  addAll(table, { ...LOG_LEVELS, REDIS_VERSION: VERSION, REDIS_VERSION_NUM: VERSION_NUMBER })
  return table
}

/** `redis`, for functions or for scripts, which have some more of it. */
export const redisApi = (host: LuaHost, protocol: Protocol, isForScripts: boolean): LuaTable => {
  const table = library({
    call: caller(host, protocol, true),
    pcall: caller(host, protocol, false),
    log: log(host),
    setresp: (...args) => {
      if (args.length !== 1) throw apiError("redis.setresp() requires one argument.")
      const version = toInteger(toNumber(args[0]) ?? 0)
      if (version !== 2 && version !== 3) throw apiError("RESP version must be 2 or 3.")
      protocol.resp3 = version === 3
      host.setProtocol(version)
      return NOTHING
    },
    sha1hex: (...args) => {
      if (args.length !== 1) throw apiError("wrong number of arguments")
      return createHash("sha1")
        .update(toText(args[0]) ?? "", "latin1")
        .digest("hex")
    },
    error_reply: errorReply,
    status_reply: statusReply,
    set_repl: (...args) => {
      if (args.length !== 1) throw apiError("redis.set_repl() requires two arguments.")
      const flags = toInteger(toNumber(args[0]) ?? 0)
      if (flags < 0 || flags > REPLICATION.REPL_ALL) {
        throw apiError("Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")
      }
      return NOTHING
    },
    acl_check_cmd: aclCheck(host)
  })
  addAll(table, { ...LOG_LEVELS, ...REPLICATION, REDIS_VERSION: VERSION, REDIS_VERSION_NUM: VERSION_NUMBER })
  if (isForScripts) {
    const more = library({
      breakpoint: (): LuaResult => false,
      debug: (): LuaResult => NOTHING,
      replicate_commands: (): LuaResult => true
    })
    for (const name of ["breakpoint", "debug", "replicate_commands"]) table.set(name, more.get(name))
  }
  return table
}
