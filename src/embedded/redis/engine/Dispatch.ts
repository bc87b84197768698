import { discard } from "../commands/Transactions.ts"
import type { Arguments } from "../exec/Arguments.ts"
import { arityMatches } from "../exec/Arity.ts"
import type { Client, Command, CommandLookup } from "../exec/Context.ts"
import { cut, wrongArity } from "../exec/Errors.ts"
import type { ScriptEngine } from "../lua/ScriptEngine.ts"
import { changesSomething } from "../lua/ScriptFlags.ts"
import { ErrorReply, QUEUED } from "../resp/Reply.ts"
import type { EngineLogger } from "./EngineOptions.ts"
import type { Session } from "./Session.ts"

/** The state of the log that decides whether changes are accepted. */
interface LogState {
  readonly problem: string | undefined
  readonly flush: () => string | undefined
  readonly refusesChanges: boolean
}

/** The error of changes that cannot be made durable. */
export const misconf = (problem: string): ErrorReply =>
  new ErrorReply(`MISCONF Errors writing to the AOF file: ${problem}`)

const NOT_SAVED = new ErrorReply(
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error."
)
/** The error of changes while replicas are asked for, which there are none of. */
export const NO_REPLICAS = new ErrorReply("NOREPLICAS Not enough good replicas to write.")
/** The error of commands that take memory when there is none. */
export const OOM = new ErrorReply("OOM command not allowed when used memory > 'maxmemory'.")
const NOT_IN_MULTI = new ErrorReply("ERR Command not allowed inside a transaction")
const NOAUTH = new ErrorReply("NOAUTH Authentication required.")

/** What a RESP2 client may still say while it is subscribed. */
const WHILE_SUBSCRIBED: ReadonlySet<string> = new Set([
  "subscribe",
  "unsubscribe",
  "psubscribe",
  "punsubscribe",
  "ssubscribe",
  "sunsubscribe",
  "ping",
  "quit",
  "reset"
])

const unknown = (args: Arguments): ErrorReply => {
  let shown = ""
  for (let at = 1; at < args.length && shown.length < 128; at++) {
    shown += `'${cut(args[at] ?? "", 128 - shown.length)}' `
  }
  return new ErrorReply(
    `ERR unknown command '${cut(args[0] ?? "", 128)}', with args beginning with: ${shown}`
  )
}

const unknownSubcommand = (container: Command, args: Arguments): ErrorReply =>
  new ErrorReply(
    `ERR unknown subcommand '${cut(args[1] ?? "", 128)}'. Try ${container.name.toUpperCase()} HELP.`
  )

/** Why a command may not run or be queued; `undefined` if it may. */
export const refusal = (
  client: Client,
  commands: CommandLookup,
  command: Command | undefined,
  args: Arguments,
  log: LogState | undefined
): ErrorReply | undefined => {
  if (command === undefined) {
    const container = commands.find(args[0] ?? "")
    return container === undefined ? unknown(args) : unknownSubcommand(container, args)
  }
  if (!arityMatches(command, args)) return wrongArity(command.name)
  if (!client.authenticated && !command.flags.has("no_auth")) return NOAUTH
  if (
    client.resp === 2 &&
    (client.channels.size > 0 || client.patterns.size > 0 || client.shardChannels.size > 0) &&
    !WHILE_SUBSCRIBED.has(command.name)
  ) {
    return new ErrorReply(
      `ERR Can't execute '${command.name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`
    )
  }
  if (command.isWrite && log?.refusesChanges === true) return NOT_SAVED
  if (command.isWrite && log?.problem !== undefined) {
    // The disk may have recovered: the refused change is the occasion to find out.
    const problem = log.flush()
    if (problem !== undefined) return misconf(problem)
  }
  return undefined
}

/** What is answered when a command throws: its error, or that there is a defect, which is logged. */
export const failure = (command: Command, error: unknown, logger: EngineLogger): ErrorReply => {
  if (error instanceof ErrorReply) return error
  logger("error", `${command.name} failed: ${error instanceof Error ? error.stack : String(error)}`)
  return new ErrorReply(`ERR internal error in '${command.name}'`)
}

/** Answers a command that may not run; a transaction that it belongs to fails. */
export const refuse = (session: Session, command: Command | undefined, problem: ErrorReply): void => {
  const { observer } = session.server
  if (command !== undefined) observer.rejected(command)
  observer.error(problem.text)
  if (session.transaction !== undefined && command?.name === "exec") {
    discard(session)
    const why = problem.text.replace(/^ERR /, "")
    session.reply(new ErrorReply(`EXECABORT Transaction discarded because of: ${why}`))
    return
  }
  if (session.transaction !== undefined) session.transaction.failed = true
  session.reply(problem)
}

/** Adds a command to the transaction that the client has begun. */
export const enqueue = (session: Session, command: Command, args: Arguments): void => {
  const { transaction } = session
  if (transaction === undefined) return
  if (command.flags.has("no_multi")) {
    refuse(session, command, NOT_IN_MULTI)
    return
  }
  transaction.queue.push({ command, args })
  for (const arg of args) transaction.bytes += arg.length
  session.reply(QUEUED)
}

/** Commands that act at once although a transaction is being queued. */
export const RUNS_IN_MULTI: ReadonlySet<string> = new Set([
  "exec",
  "discard",
  "multi",
  "watch",
  "quit",
  "reset"
])

const couldChange = (scripts: ScriptEngine, command: Command, args: Arguments): boolean => {
  if (!command.runsScript) return changesSomething(command)
  const flags = scripts.flagsOfCall(command.name, args)
  return flags?.declared === true ? !flags.noWrites : !command.flags.has("readonly")
}

/** Whether a command may change data, or have something sent to others: what CLIENT PAUSE WRITE holds back. */
export const mayChange = (
  scripts: ScriptEngine,
  client: Client,
  command: Command,
  args: Arguments
): boolean => {
  if (client.transaction === undefined) return couldChange(scripts, command, args)
  if (command.name !== "exec") return false
  return client.transaction.queue.some((queued) => couldChange(scripts, queued.command, queued.args))
}

/** Whether a command is refused while there is no memory left. */
export const deniesMemory = (client: Client, command: Command): boolean => {
  if (command.flags.has("denyoom")) return true
  const { transaction } = client
  if (transaction === undefined) return false
  if (command.name === "exec") return transaction.queue.some((queued) => queued.command.flags.has("denyoom"))
  return !RUNS_IN_MULTI.has(command.name)
}

/** Commands that need the Lua runtime without running a script. */
const USES_RUNTIME: ReadonlySet<string> = new Set([
  "script|load",
  "function|load",
  "function|list",
  "function|stats",
  "function|delete",
  "function|restore"
])

const needsRuntime = (command: Command): boolean => command.runsScript || USES_RUNTIME.has(command.name)

/** Whether the Lua runtime must be there for a command. */
export const needsScripts = (client: Client, command: Command): boolean =>
  needsRuntime(command) ||
  (command.name === "exec" &&
    client.transaction?.queue.some((queued) => needsRuntime(queued.command)) === true)
