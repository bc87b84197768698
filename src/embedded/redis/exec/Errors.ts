import { ErrorReply } from "../resp/Reply.ts"

export const WRONGTYPE = new ErrorReply("WRONGTYPE Operation against a key holding the wrong kind of value")
export const SYNTAX = new ErrorReply("ERR syntax error")
export const NOT_INTEGER = new ErrorReply("ERR value is not an integer or out of range")
export const NOT_FLOAT = new ErrorReply("ERR value is not a valid float")
export const NO_SUCH_KEY = new ErrorReply("ERR no such key")
export const OUT_OF_RANGE = new ErrorReply("ERR value is out of range")
export const MUST_BE_POSITIVE = new ErrorReply("ERR value is out of range, must be positive")
export const INDEX_OUT_OF_RANGE = new ErrorReply("ERR index out of range")

/** Text within an error as Redis shows it: cut after a number of bytes, and before a zero byte. */
export const cut = (text: string, length = Infinity): string => text.slice(0, length).replace(/\0.*$/s, "")

/** The error of a command that got too few or too many arguments. */
export const wrongArity = (name: string): ErrorReply =>
  new ErrorReply(`ERR wrong number of arguments for '${name.toLowerCase()}' command`)

/** The error of an expiry that is zero, negative or does not fit. */
export const invalidExpire = (name: string): ErrorReply =>
  new ErrorReply(`ERR invalid expire time in '${name.toLowerCase()}' command`)

/** The error of a subcommand that is unknown or was called wrongly. */
export const wrongUsage = (args: ReadonlyArray<string>): ErrorReply =>
  new ErrorReply(
    `ERR unknown subcommand or wrong number of arguments for '${(args[1] ?? "").slice(0, 128)}'. Try ${(args[0] ?? "").toUpperCase()} HELP.`
  )
