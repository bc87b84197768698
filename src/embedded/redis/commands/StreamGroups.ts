import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { wrongUsage } from "../exec/Errors.ts"
import { LOWEST_ID } from "../format/StreamIds.ts"
import { ErrorReply, OK, type Reply } from "../resp/Reply.ts"
import { type ConsumerGroup, StreamValue } from "../types/StreamValue.ts"
import { create, readStream, writeStream } from "./Access.ts"
import { help } from "./Help.ts"
import { anyId, strictId } from "./StreamArguments.ts"
import { addConsumer, noGroupOfKey } from "./StreamEffects.ts"

const KEY_REQUIRED = new ErrorReply(
  "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically."
)

interface GroupOptions {
  readonly makeStream: boolean
  readonly entriesRead: number | undefined
}

const groupOptions = (args: Arguments, creates: boolean): GroupOptions => {
  let makeStream = false
  let entriesRead: number | undefined
  for (let at = 5; at < args.length; at++) {
    const name = argument(args, at).toUpperCase()
    if (creates && name === "MKSTREAM") makeStream = true
    else if (name === "ENTRIESREAD" && at + 1 < args.length) {
      const value = integer(argument(args, ++at))
      if (value < -1) throw new ErrorReply("ERR value for ENTRIESREAD must be positive or -1")
      entriesRead = value === -1 ? undefined : value
    } else throw wrongUsage(args)
  }
  return { makeStream, entriesRead }
}

const requireStream = (client: Client, args: Arguments): StreamValue => {
  const stream = writeStream(client, argument(args, 2))
  if (stream === undefined) throw KEY_REQUIRED
  return stream
}

const requireGroup = (stream: StreamValue, args: Arguments): ConsumerGroup => {
  const group = stream.groups.get(argument(args, 3))
  if (group === undefined) throw noGroupOfKey(argument(args, 2), argument(args, 3))
  return group
}

const told = (client: Client, args: Arguments, event: string): void => {
  client.server.dirty++
  client.server.notify(client.db, argument(args, 2), NOTIFY.stream, event)
}

const createGroup = (client: Client, args: Arguments): Reply => {
  const [key, name, text] = [argument(args, 2), argument(args, 3), argument(args, 4)]
  const options = groupOptions(args, true)
  const existing = writeStream(client, key)
  if (existing === undefined && !options.makeStream) throw KEY_REQUIRED
  if (args.length > 8) throw wrongUsage(args)
  const id = text === "$" ? (existing?.lastId ?? LOWEST_ID) : strictId(text)
  if (existing?.groups.has(name) === true)
    throw new ErrorReply("BUSYGROUP Consumer Group name already exists")
  const stream = existing ?? create(client, key, new StreamValue())
  if (existing === undefined) client.db.watchers.touch(key)
  stream.addGroup(name, id, options.entriesRead)
  told(client, args, "xgroup-create")
  return OK
}

const setId = (client: Client, args: Arguments): Reply => {
  const { entriesRead } = groupOptions(args, false)
  const stream = requireStream(client, args)
  const group = requireGroup(stream, args)
  if (args.length !== 5 && args.length !== 7) throw wrongUsage(args)
  const text = argument(args, 4)
  group.lastId = text === "$" ? stream.lastId : anyId(text)
  group.entriesRead = entriesRead
  told(client, args, "xgroup-setid")
  return OK
}

const destroy = (client: Client, args: Arguments): Reply => {
  const stream = requireStream(client, args)
  if (!stream.groups.delete(argument(args, 3))) return 0
  told(client, args, "xgroup-destroy")
  client.server.wake(client.db, argument(args, 2))
  return 1
}

const createConsumer = (client: Client, args: Arguments): Reply => {
  const group = requireGroup(requireStream(client, args), args)
  const consumer = argument(args, 4)
  if (group.consumers.has(consumer)) return 0
  addConsumer(client, { key: argument(args, 2), name: argument(args, 3), group }, consumer)
  return 1
}

const removeConsumer = (client: Client, args: Arguments): Reply => {
  const group = requireGroup(requireStream(client, args), args)
  const consumer = group.consumers.get(argument(args, 4))
  if (consumer === undefined) return 0
  const pending = consumer.pending.size
  group.removeConsumer(consumer)
  told(client, args, "xgroup-delconsumer")
  return pending
}

const xack = (client: Client, args: Arguments): Reply => {
  const group = readStream(client, argument(args, 1))?.groups.get(argument(args, 2))
  if (group === undefined) return 0
  const ids = args.slice(3).map(strictId)
  writeStream(client, argument(args, 1))
  let acknowledged = 0
  for (const id of ids) {
    const entry = group.pending.get(id)
    if (entry === undefined) continue
    group.release(entry)
    acknowledged++
  }
  client.server.dirty += acknowledged
  return acknowledged
}

const HELP = [
  "CREATE <key> <groupname> <id|$> [option]",
  "    Create a new consumer group. Options are:",
  "    * MKSTREAM",
  "      Create the empty stream if it does not exist.",
  "    * ENTRIESREAD entries_read",
  "      Set the group's entries_read counter (internal use).",
  "CREATECONSUMER <key> <groupname> <consumer>",
  "    Create a new consumer in the specified group.",
  "DELCONSUMER <key> <groupname> <consumer>",
  "    Remove the specified consumer.",
  "DESTROY <key> <groupname>",
  "    Remove the specified group.",
  "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
  "    Set the current group ID and entries_read counter."
]

const since = "5.0.0"
const keys = [2, 2, 1] as const

/** Commands on consumer groups. */
export const STREAM_GROUPS: ReadonlyArray<CommandDefinition> = [
  {
    name: "xgroup",
    arity: -2,
    flags: "",
    since,
    complexity: "Depends on subcommand.",
    summary: "A container for consumer groups commands.",
    subcommands: [
      {
        name: "create",
        arity: -5,
        flags: "write denyoom",
        keys,
        since,
        summary: "Creates a consumer group.",
        run: createGroup
      },
      {
        name: "setid",
        arity: -5,
        flags: "write",
        keys,
        since,
        summary: "Sets the last-delivered ID of a consumer group.",
        run: setId
      },
      {
        name: "destroy",
        arity: 4,
        flags: "write",
        keys,
        since,
        complexity: "O(1)",
        summary: "Destroys a consumer group.",
        run: destroy
      },
      {
        name: "createconsumer",
        arity: 5,
        flags: "write denyoom",
        keys,
        since: "6.2.0",
        summary: "Creates a consumer in a consumer group.",
        logsItself: true,
        run: createConsumer
      },
      {
        name: "delconsumer",
        arity: 5,
        flags: "write",
        keys,
        since,
        complexity: "O(N*log(M)) with N being the consumer's pending messages.",
        summary: "Deletes a consumer from a consumer group.",
        run: removeConsumer
      },
      help("xgroup", since, HELP)
    ]
  },
  {
    name: "xack",
    arity: -4,
    flags: "write fast",
    keys: [1, 1, 1],
    since,
    complexity: "O(log(N)) for each message.",
    summary: "Returns the number of messages that were successfully acknowledged by a consumer group.",
    run: xack
  }
]
