import { argument, type Arguments } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client, Persistence } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { ErrorReply, OK, type Reply, Status } from "../resp/Reply.ts"

const NO_PERSISTENCE = new ErrorReply("ERR This server keeps no files: open it with the persistence option")
const SAVE_RUNNING = new ErrorReply("ERR Background save already in progress")
const REWRITE_RUNNING = new ErrorReply("ERR Background append only file rewriting already in progress")
const OTHER_RUNNING = new ErrorReply(
  "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible."
)

const persistenceOf = (client: Client): Persistence => {
  const { persistence } = client.server
  if (persistence === undefined) throw NO_PERSISTENCE
  return persistence
}

const rewrite = (client: Client): Reply => {
  const outcome = persistenceOf(client).startRewrite(client.deniesBlocking)
  if (outcome === "running") throw REWRITE_RUNNING
  return new Status(`Background append only file rewriting ${outcome}`)
}

const save = (client: Client): Reply => {
  const persistence = persistenceOf(client)
  if (persistence.running === "dump") throw SAVE_RUNNING
  const problem = persistence.saveNow()
  if (problem !== undefined) throw new ErrorReply(`ERR ${problem}`)
  return OK
}

const saveInBackground = (client: Client, args: Arguments): Reply => {
  const schedules = args.length === 2 && argument(args, 1).toUpperCase() === "SCHEDULE"
  if (args.length > 1 && !schedules) throw SYNTAX
  const persistence = persistenceOf(client)
  if (persistence.running === "dump") throw SAVE_RUNNING
  if (persistence.running === "base" && !schedules) throw OTHER_RUNNING
  return new Status(`Background saving ${persistence.startSave(client.deniesBlocking)}`)
}

/** Commands that write files. */
export const SAVING: ReadonlyArray<CommandDefinition> = [
  {
    name: "bgrewriteaof",
    arity: 1,
    flags: "admin noscript no_async_loading",
    summary: "Asynchronously rewrites the append-only file to disk.",
    run: rewrite
  },
  {
    name: "bgsave",
    arity: -1,
    flags: "admin noscript no_async_loading",
    summary: "Asynchronously saves the database(s) to disk.",
    run: saveInBackground
  },
  {
    name: "save",
    arity: 1,
    flags: "admin noscript no_async_loading no_multi",
    complexity: "O(N)",
    summary: "Synchronously saves the database(s) to disk.",
    run: save
  },
  {
    name: "lastsave",
    arity: 1,
    flags: "loading stale fast",
    summary: "Returns the Unix timestamp of the last successful save to disk.",
    run: (client) => Math.floor((client.server.persistence?.lastSave ?? client.server.startedAt) / 1000)
  }
]
