import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import { formatStreamId, HIGHEST_ID, LOWEST_ID, nextStreamId, type StreamId } from "../format/StreamIds.ts"
import { ErrorReply, MapReply, NULL_ARRAY, type Reply } from "../resp/Reply.ts"
import { StreamValue } from "../types/StreamValue.ts"
import { readStream, writeStream } from "./Access.ts"
import { entryReply, strictId } from "./StreamArguments.ts"
import { logPending, logPosition, type NamedGroup, noGroup, useConsumer } from "./StreamEffects.ts"

/** Who reads on behalf of a group. */
interface Reader {
  readonly group: string
  readonly consumer: string
  readonly noAck: boolean
}

interface ReadRequest {
  readonly keys: Arguments
  readonly ids: Arguments
  /** Infinity if there is no COUNT. */
  readonly count: number
  /** Milliseconds; `undefined` if the client does not want to wait. */
  readonly block: number | undefined
  readonly reader: Reader | undefined
}

/** A client that waited is not flooded if the ID it gave is very old. */
const waitCount = (count: number): number => (count === Infinity ? 1000 : count)

const NOT_INTEGER_TIMEOUT = new ErrorReply("ERR timeout is not an integer or out of range")

const waitMillis = (text: string): number => {
  const millis = integer(text, NOT_INTEGER_TIMEOUT)
  if (millis < 0) throw new ErrorReply("ERR timeout is negative")
  return millis
}

const NO_SUCH_OPTION = (option: string): ErrorReply =>
  new ErrorReply(`ERR The ${option} option is only supported by XREADGROUP. You called XREAD instead.`)

const readArguments = (client: Client, args: Arguments, grouped: boolean): ReadRequest => {
  let count = 0
  let block: number | undefined
  let streams = 0
  let group: string | undefined
  let consumer = ""
  let noAck = false
  for (let at = 1; at < args.length && streams === 0; at++) {
    const more = args.length - 1 - at
    const name = argument(args, at).toUpperCase()
    if (name === "BLOCK" && more > 0) {
      if (client.runsScript) {
        throw new ErrorReply(`ERR ${argument(args, 0)} command is not allowed with BLOCK option from scripts`)
      }
      block = waitMillis(argument(args, ++at))
    } else if (name === "COUNT" && more > 0) count = Math.max(0, integer(argument(args, ++at)))
    else if (name === "STREAMS" && more > 0) {
      streams = at + 1
      if ((args.length - streams) % 2 !== 0) {
        throw new ErrorReply(
          "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."
        )
      }
    } else if (name === "GROUP" && more >= 2) {
      if (!grouped) throw NO_SUCH_OPTION("GROUP")
      group = argument(args, ++at)
      consumer = argument(args, ++at)
    } else if (name === "NOACK") {
      if (!grouped) throw NO_SUCH_OPTION("NOACK")
      noAck = true
    } else throw SYNTAX
  }
  if (streams === 0) throw SYNTAX
  if (grouped && group === undefined) throw new ErrorReply("ERR Missing GROUP option for XREADGROUP")
  const half = (args.length - streams) / 2
  return {
    keys: args.slice(streams, streams + half),
    ids: args.slice(streams + half),
    count: count === 0 ? Infinity : count,
    block,
    reader: group === undefined ? undefined : { group, consumer, noAck }
  }
}

/** The answer to a read: keys with their entries, of which RESP2 sees pairs. */
const streamsReply = (client: Client, found: ReadonlyArray<readonly [string, Reply]>): Reply =>
  client.resp === 2 ? found : new MapReply(found.flat())

const after = (id: StreamId): StreamId => nextStreamId(id) ?? LOWEST_ID

const entriesAfter = (stream: StreamValue, id: StreamId, count: number): Reply =>
  stream.log.range(after(id), HIGHEST_ID, count).map(entryReply)

/** The ID that each key is read from, for XREAD. */
const positions = (client: Client, request: ReadRequest): Array<StreamId> =>
  request.keys.map((key, at) => {
    const stream = readStream(client, key)
    const id = argument(request.ids, at)
    if (id === ">") {
      throw new ErrorReply(
        "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
      )
    }
    return id === "$" ? (stream?.lastId ?? LOWEST_ID) : strictId(id)
  })

const xread = (client: Client, args: Arguments): Reply => {
  const request = readArguments(client, args, false)
  const { keys, count } = request
  const from = positions(client, request)
  const found: Array<readonly [string, Reply]> = []
  keys.forEach((key, at) => {
    const id = from[at] ?? LOWEST_ID
    const stream = readStream(client, key)
    if (stream !== undefined && (stream.log.lastId() ?? LOWEST_ID) > id) {
      found.push([key, entriesAfter(stream, id, count)])
    }
  })
  if (found.length > 0) return streamsReply(client, found)
  if (request.block === undefined || client.deniesBlocking) return NULL_ARRAY
  return client.block({
    keys,
    timeout: request.block,
    onTimeout: NULL_ARRAY,
    serve: (key) => {
      const stream = client.db.peek(key)?.value
      const id = from[keys.indexOf(key)] ?? LOWEST_ID
      if (!(stream instanceof StreamValue) || stream.lastId <= id) return undefined
      return streamsReply(client, [[key, entriesAfter(stream, id, waitCount(count))]])
    }
  })
}

/** Delivers new messages of a stream to a consumer. */
const deliver = (
  client: Client,
  stream: StreamValue,
  named: NamedGroup,
  reader: Reader,
  count: number
): Reply => {
  const { group } = named
  const consumer = useConsumer(client, named, reader.consumer)
  const entries = stream.log.range(after(group.lastId), HIGHEST_ID, count)
  for (const { id } of entries) {
    if (id > group.lastId) {
      group.entriesRead = stream.readUpTo(group.entriesRead, id)
      group.lastId = id
    }
    if (!reader.noAck) logPending(client, named, group.assign(id, consumer, client.server.now, 1))
  }
  if (entries.length > 0) logPosition(client, named)
  client.server.dirty++
  return entries.map(entryReply)
}

/** Answers again what a consumer has not acknowledged. */
const history = (
  client: Client,
  stream: StreamValue,
  named: NamedGroup,
  reader: Reader,
  from: StreamId,
  count: number
): Reply => {
  const consumer = useConsumer(client, named, reader.consumer)
  client.server.dirty++
  return consumer.pending.range(from, count).map((pending): Reply => {
    const entry = stream.log.get(pending.key)
    // The message may have been removed since.
    if (entry === undefined) return [formatStreamId(pending.key), NULL_ARRAY]
    pending.deliveredAt = client.server.now
    pending.deliveries++
    logPending(client, named, pending)
    return entryReply(entry)
  })
}

const xreadgroup = (client: Client, args: Arguments): Reply => {
  const request = readArguments(client, args, true)
  const { reader, count } = request
  if (reader === undefined) throw SYNTAX
  const sources = request.keys.map((key, at) => {
    const stream = writeStream(client, key)
    const group = stream?.groups.get(reader.group)
    if (stream === undefined || group === undefined) {
      throw noGroup(key, reader.group, " in XREADGROUP with GROUP option")
    }
    const id = argument(request.ids, at)
    if (id === "$") {
      throw new ErrorReply(
        "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set."
      )
    }
    const named: NamedGroup = { key, name: reader.group, group }
    return { key, stream, named, from: id === ">" ? undefined : strictId(id) }
  })
  const found: Array<readonly [string, Reply]> = []
  for (const { key, stream, named, from } of sources) {
    if (from !== undefined && from !== HIGHEST_ID) {
      found.push([key, history(client, stream, named, reader, after(from), count)])
    } else if ((stream.log.lastId() ?? LOWEST_ID) > named.group.lastId) {
      found.push([key, deliver(client, stream, named, reader, count)])
    }
  }
  if (found.length > 0) return streamsReply(client, found)
  if (request.block === undefined || client.deniesBlocking) return NULL_ARRAY
  return client.block({
    keys: request.keys,
    timeout: request.block,
    onTimeout: NULL_ARRAY,
    servesGone: true,
    serve: (key) => serveGroup(client, reader, key, waitCount(count))
  })
}

/** Answers a client that waits on behalf of a group. */
const serveGroup = (client: Client, reader: Reader, key: string, count: number): Reply => {
  const stream = client.db.findForWrite(key)?.value
  if (!(stream instanceof StreamValue)) return new ErrorReply("UNBLOCKED the stream key no longer exists")
  const group = stream.groups.get(reader.group)
  if (group === undefined) {
    return new ErrorReply("NOGROUP the consumer group this client was blocked on no longer exists")
  }
  if (stream.lastId <= group.lastId) return undefined
  const named: NamedGroup = { key, name: reader.group, group }
  return streamsReply(client, [[key, deliver(client, stream, named, reader, count)]])
}

const keysAfterStreams =
  (start: number) =>
  (args: Arguments): ReadonlyArray<string> => {
    for (let at = start; at < args.length; at++) {
      if (argument(args, at).toUpperCase() === "STREAMS") {
        return args.slice(at + 1, at + 1 + Math.floor((args.length - at - 1) / 2))
      }
    }
    return []
  }

/** Commands that read streams, and wait for them. */
export const STREAM_READS: ReadonlyArray<CommandDefinition> = [
  {
    name: "xread",
    arity: -4,
    flags: "readonly blocking movablekeys",
    keysOf: keysAfterStreams(1),
    since: "5.0.0",
    complexity: "O(N) with N being the number of returned elements.",
    summary: "Returns messages from multiple streams with IDs greater than the ones requested.",
    run: xread
  },
  {
    name: "xreadgroup",
    arity: -7,
    flags: "write blocking movablekeys",
    keysOf: keysAfterStreams(4),
    since: "5.0.0",
    complexity: "O(M) with M being the number of returned elements.",
    summary: "Returns new or historical messages from a stream for a consumer in a group.",
    logsItself: true,
    run: xreadgroup
  }
]
