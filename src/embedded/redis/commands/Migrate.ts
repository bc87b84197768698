import type { Keyspace } from "../db/Keyspace.ts"
import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { ConnectionFailure, ReplyLines } from "../net/ReplyLines.ts"
import { dumpPayload } from "../rdb/DumpPayload.ts"
import { ErrorReply, OK, type Reply, Status } from "../resp/Reply.ts"

const NOT_HERE = new ErrorReply("ERR MIGRATE cannot be part of a transaction or a script in this server")
const KEYS_AND_KEY = new ErrorReply(
  "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"
)
const DEFAULT_TIMEOUT = 1000
/** How often a key is sent that changes while it is on its way. */
const MOST_ATTEMPTS = 10

interface Migration {
  readonly host: string
  readonly port: number
  readonly targetDb: number
  readonly timeout: number
  readonly copy: boolean
  readonly replace: boolean
  readonly auth: ReadonlyArray<string>
  readonly keys: ReadonlyArray<string>
}

/** Where the options end: behind KEYS there are keys only. */
const optionsOf = (args: Arguments): Pick<Migration, "copy" | "replace" | "auth" | "keys"> => {
  let [copy, replace] = [false, false]
  let auth: ReadonlyArray<string> = []
  for (let at = 6; at < args.length; at++) {
    const option = argument(args, at).toUpperCase()
    const more = args.length - 1 - at
    if (option === "COPY") copy = true
    else if (option === "REPLACE") replace = true
    else if (option === "AUTH" && more >= 1) auth = [argument(args, ++at)]
    else if (option === "AUTH2" && more >= 2) {
      auth = [argument(args, at + 1), argument(args, at + 2)]
      at += 2
    } else if (option === "KEYS") {
      if (argument(args, 3) !== "") throw KEYS_AND_KEY
      return { copy, replace, auth, keys: args.slice(at + 1) }
    } else throw SYNTAX
  }
  return { copy, replace, auth, keys: [argument(args, 3)] }
}

const migrationOf = (args: Arguments): Migration => {
  const options = optionsOf(args)
  const timeout = integer(argument(args, 5))
  const targetDb = integer(argument(args, 4))
  return {
    ...options,
    host: argument(args, 1),
    port: Number(argument(args, 2)),
    targetDb,
    timeout: timeout <= 0 ? DEFAULT_TIMEOUT : timeout
  }
}

const isError = (line: string): boolean => line.startsWith("-")

const refusal = (line: string): ErrorReply =>
  new ErrorReply(`ERR Target instance replied with error: ${line.slice(1)}`)

/** The command that makes a key on the other server; nothing if the key has gone. */
const restoreOf = (client: Client, db: Keyspace, key: string, replace: boolean): Arguments | undefined => {
  const entry = db.peek(key)
  if (entry === undefined) return undefined
  const { settings } = client.server
  const deadline = db.deadlineOf(entry)
  const ttl = deadline === undefined ? 0 : Math.max(1, deadline - client.server.now)
  const payload = dumpPayload(
    entry.value,
    settings.get("rdbcompression") === "yes",
    Number(settings.get("list-max-listpack-size"))
  )
  return ["RESTORE", key, String(ttl), payload, ...(replace ? ["REPLACE"] : [])]
}

/** Removes a key that the other server has now. */
const removeMigrated = (client: Client, db: Keyspace, key: string): void => {
  const { server } = client
  server.atomically(() => {
    const entry = db.peek(key)
    if (entry === undefined) return
    db.remove(entry)
    server.changed(db, key, NOTIFY.generic, "del")
    server.propagate(db, ["DEL", key])
  })
}

/**
 * Sends one key. Other clients go on meanwhile: a key that one of them has changed is sent again, since what the other
 * server has is no longer what would be removed here.
 */
const sendKey = async (
  client: Client,
  db: Keyspace,
  lines: ReplyLines,
  key: string,
  { copy, replace }: Migration
): Promise<ErrorReply | undefined> => {
  const watcher = { dirty: false }
  db.watchers.add(key, watcher)
  try {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      watcher.dirty = false
      const command = restoreOf(client, db, key, replace || attempt > 0)
      if (command === undefined) return undefined
      await lines.send(command)
      const answer = await lines.line()
      if (isError(answer)) return refusal(answer)
      if (copy) return undefined
      if (!watcher.dirty) {
        removeMigrated(client, db, key)
        return undefined
      }
    }
    return new ErrorReply(`ERR The key has changed ${MOST_ATTEMPTS} times while it was sent; it is left here`)
  } finally {
    db.watchers.remove(key, watcher)
  }
}

const transfer = async (client: Client, db: Keyspace, migration: Migration): Promise<Reply> => {
  const { host, port, timeout, auth, targetDb, keys } = migration
  const lines = await ReplyLines.open(host, port, timeout)
  try {
    const before = [
      ...(auth.length === 0 ? [] : [["AUTH", ...auth]]),
      ...(targetDb === 0 ? [] : [["SELECT", String(targetDb)]])
    ]
    for (const command of before) {
      await lines.send(command)
      const answer = await lines.line()
      if (isError(answer)) return refusal(answer)
    }
    let problem: ErrorReply | undefined
    for (const key of keys) {
      const found = await sendKey(client, db, lines, key, migration)
      problem ??= found
    }
    return problem ?? OK
  } finally {
    lines.close()
  }
}

const attempt = async (client: Client, db: Keyspace, migration: Migration): Promise<Reply> => {
  try {
    return await transfer(client, db, migration)
  } catch (error) {
    if (!(error instanceof ConnectionFailure)) throw error
    return error.problem === "connecting"
      ? new ErrorReply("IOERR error or timeout connecting to the client")
      : new ErrorReply(`IOERR error or timeout ${error.problem} to target instance`)
  }
}

const migrate = (client: Client, args: Arguments): Reply => {
  const migration = migrationOf(args)
  const { db } = client
  const keys = migration.keys.filter((key) => db.peek(key) !== undefined)
  if (keys.length === 0) return new Status("NOKEY")
  if (client.deniesBlocking) throw NOT_HERE
  return client.answerLater(attempt(client, db, { ...migration, keys }))
}

const keysOfMigrate = (args: Arguments): ReadonlyArray<string> => {
  const at = args.findIndex((word, index) => index >= 6 && word.toUpperCase() === "KEYS")
  return at === -1 || argument(args, 3) !== "" ? [argument(args, 3)] : args.slice(at + 1)
}

/** MIGRATE, which moves keys to another server. */
export const MIGRATE: CommandDefinition = {
  name: "migrate",
  arity: -6,
  flags: "write movablekeys",
  group: "generic",
  keys: [3, 3, 1],
  since: "2.6.0",
  complexity: "O(N) with N being the number of bytes that are sent.",
  summary: "Moves keys to another server.",
  logsItself: true,
  keysOf: keysOfMigrate,
  run: migrate
}
