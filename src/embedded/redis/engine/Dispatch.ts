import type { Arguments } from "../exec/Arguments.ts"
import { arityMatches } from "../exec/Arity.ts"
import type { Client, Command } from "../exec/Context.ts"
import { cut, wrongArity } from "../exec/Errors.ts"
import { ErrorReply } from "../resp/Reply.ts"

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
  container: Command | undefined,
  command: Command | undefined,
  args: Arguments,
  log: LogState | undefined
): ErrorReply | undefined => {
  if (container === undefined) return unknown(args)
  if (command === undefined) return unknownSubcommand(container, args)
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
