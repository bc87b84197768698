import type { Arguments } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"

const WORDS: ReadonlySet<string> = new Set(["NOSAVE", "SAVE", "NOW", "FORCE", "ABORT"])
const FAILED = new ErrorReply("ERR Errors trying to SHUTDOWN. Check logs.")

/** Saves as SAVE does, or as `save` rules ask for; whether that is done, or need not be. */
const saves = (client: Client, words: ReadonlySet<string>): boolean => {
  const { persistence, settings } = client.server
  if (words.has("NOSAVE")) return true
  if (!words.has("SAVE") && (persistence === undefined || settings.get("save") === "")) return true
  return persistence !== undefined && persistence.saveNow() === undefined
}

const shutdown = (client: Client, args: Arguments): Reply => {
  const words = new Set(args.slice(1).map((word) => word.toUpperCase()))
  for (const word of words) if (!WORDS.has(word)) throw SYNTAX
  if (words.has("ABORT") && words.size > 1) throw SYNTAX
  if (words.has("SAVE") && words.has("NOSAVE")) throw SYNTAX
  // There are no replicas to wait for, so none is ever under way.
  if (words.has("ABORT")) throw new ErrorReply("ERR No shutdown in progress.")
  const { shutdown: stop } = client.server
  if (stop === undefined)
    throw new ErrorReply("ERR SHUTDOWN is not available: this server runs within a program")
  if (!saves(client, words) && !words.has("FORCE")) throw FAILED
  stop(words.has("SAVE") ? true : words.has("NOSAVE") ? false : undefined)
  return undefined
}

/** SHUTDOWN, which ends a server that is one of its own. */
export const SHUTDOWN: CommandDefinition = {
  name: "shutdown",
  arity: -1,
  flags: "admin noscript loading stale no_multi allow_busy",
  since: "1.0.0",
  complexity: "O(N) when it saves, with N being the number of keys, otherwise O(1)",
  summary: "Saves the databases, if it is asked to, and ends the server.",
  run: shutdown
}
