import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { cut, SYNTAX } from "../exec/Errors.ts"
import { formatStreamId, LOWEST_ID, parseStreamId, type StreamId } from "../format/StreamIds.ts"
import { EMPTY, ErrorReply, NULL_ARRAY, type Reply } from "../resp/Reply.ts"
import type { Consumer, ConsumerGroup, PendingEntry, StreamValue } from "../types/StreamValue.ts"
import { readStream, writeStream } from "./Access.ts"
import { entryReply, intervalEnd, intervalStart, strictId } from "./StreamArguments.ts"
import { logPending, logPosition, type NamedGroup, noGroup, useConsumer } from "./StreamEffects.ts"

interface PendingRequest {
  readonly minIdle: number
  readonly from: StreamId
  readonly to: StreamId
  readonly count: number
  readonly consumer: string | undefined
}

const pendingArguments = (args: Arguments): PendingRequest | undefined => {
  if (args.length === 3) return undefined
  if (args.length < 6 || args.length > 9) throw SYNTAX
  let minIdle = 0
  let at = 3
  if (argument(args, 3).toUpperCase() === "IDLE") {
    minIdle = integer(argument(args, 4))
    if (args.length < 8) throw SYNTAX
    at = 5
  }
  const count = Math.max(0, integer(argument(args, at + 2)))
  return {
    minIdle,
    from: intervalStart(argument(args, at)),
    to: intervalEnd(argument(args, at + 1)),
    count,
    consumer: args[at + 3]
  }
}

const summary = (group: ConsumerGroup): Reply => {
  const [first, last] = [group.pending.first(), group.pending.last()]
  if (first === undefined || last === undefined) return [0, null, null, NULL_ARRAY]
  const consumers = group
    .list()
    .filter((consumer) => consumer.pending.size > 0)
    .map((consumer) => [consumer.name, String(consumer.pending.size)])
  return [group.pending.size, formatStreamId(first.key), formatStreamId(last.key), consumers]
}

const xpending = (client: Client, args: Arguments): Reply => {
  const request = pendingArguments(args)
  const [key, name] = [argument(args, 1), argument(args, 2)]
  const group = readStream(client, key)?.groups.get(name)
  if (group === undefined) throw noGroup(key, name)
  if (request === undefined) return summary(group)
  const owner = request.consumer === undefined ? group : group.consumers.get(request.consumer)
  if (owner === undefined) return EMPTY
  const { now } = client.server
  const out: Array<Reply> = []
  for (const entry of owner.pending.iterate(request.from)) {
    if (out.length >= request.count || entry.key > request.to) break
    const idle = now - entry.deliveredAt
    if (request.minIdle !== 0 && idle < request.minIdle) continue
    out.push([formatStreamId(entry.key), entry.consumer.name, Math.max(0, idle), entry.deliveries])
  }
  return out
}

interface ClaimRequest {
  readonly ids: ReadonlyArray<StreamId>
  readonly minIdle: number
  readonly deliveredAt: number
  readonly retries: number | undefined
  readonly force: boolean
  readonly justId: boolean
  readonly lastId: StreamId
}

const invalid = (what: string): ErrorReply => new ErrorReply(`ERR Invalid ${what} argument for XCLAIM`)

const claimArguments = (client: Client, args: Arguments): ClaimRequest => {
  const { now } = client.server
  const minIdle = Math.max(0, integer(argument(args, 4), invalid("min-idle-time")))
  const ids: Array<StreamId> = []
  let at = 5
  for (; at < args.length; at++) {
    const parsed = parseStreamId(argument(args, at), { missing: "lowest" })
    if (parsed === undefined) break
    ids.push(parsed.id)
  }
  let deliveredAt: number | undefined
  let retries: number | undefined
  let force = false
  let justId = false
  let lastId = LOWEST_ID
  for (; at < args.length; at++) {
    const name = argument(args, at).toUpperCase()
    const hasValue = at + 1 < args.length
    if (name === "FORCE") force = true
    else if (name === "JUSTID") justId = true
    else if (name === "IDLE" && hasValue) {
      deliveredAt = now - integer(argument(args, ++at), invalid("IDLE option"))
    } else if (name === "TIME" && hasValue) {
      deliveredAt = integer(argument(args, ++at), invalid("TIME option"))
    } else if (name === "RETRYCOUNT" && hasValue) {
      retries = integer(argument(args, ++at), invalid("RETRYCOUNT option"))
    } else if (name === "LASTID" && hasValue) lastId = strictId(argument(args, ++at))
    else throw new ErrorReply(`ERR Unrecognized XCLAIM option '${cut(argument(args, at))}'`)
  }
  // Clocks differ: a time that cannot be is taken for now.
  const possible = deliveredAt !== undefined && deliveredAt >= 0 && deliveredAt <= now
  return {
    ids,
    minIdle,
    deliveredAt: possible && deliveredAt !== undefined ? deliveredAt : now,
    retries: retries === undefined || retries < 0 ? undefined : retries,
    force,
    justId,
    lastId
  }
}

/** Forgets a pending message whose entry is no longer in the stream. */
const forget = (client: Client, named: NamedGroup, entry: PendingEntry): void => {
  // Replayed, the claim of a message that is gone has the same effect.
  logPending(client, named, entry)
  named.group.release(entry)
  client.server.dirty++
}

const claimedReply = (stream: StreamValue, id: StreamId, justId: boolean): Reply => {
  if (justId) return formatStreamId(id)
  const entry = stream.log.get(id)
  return entry === undefined ? null : entryReply(entry)
}

const xclaim = (client: Client, args: Arguments): Reply => {
  const [key, name] = [argument(args, 1), argument(args, 2)]
  const stream = writeStream(client, key)
  const group = stream?.groups.get(name)
  if (stream === undefined || group === undefined) throw noGroup(key, name)
  const request = claimArguments(client, args)
  const { now } = client.server
  const named: NamedGroup = { key, name, group }
  let positionMoved = request.lastId > group.lastId
  if (positionMoved) group.lastId = request.lastId
  let consumer: Consumer | undefined
  const out: Array<Reply> = []
  for (const id of request.ids) {
    const pending = group.pending.get(id)
    if (!stream.log.has(id)) {
      if (pending !== undefined) {
        forget(client, named, pending)
        positionMoved = false
      }
      continue
    }
    if (pending === undefined && !request.force) continue
    if (pending !== undefined && request.minIdle > 0 && now - pending.deliveredAt < request.minIdle) continue
    consumer ??= useConsumer(client, named, argument(args, 3))
    const deliveries = request.retries ?? (pending?.deliveries ?? 1) + (request.justId ? 0 : 1)
    logPending(client, named, group.assign(id, consumer, request.deliveredAt, deliveries))
    positionMoved = false
    client.server.dirty++
    out.push(claimedReply(stream, id, request.justId))
  }
  if (positionMoved) {
    logPosition(client, named)
    client.server.dirty++
  }
  return out
}

/** How many messages XAUTOCLAIM looks at for each that it may claim. */
const ATTEMPTS = 10
const MOST_CLAIMS = 576460752303423500

const xautoclaim = (client: Client, args: Arguments): Reply => {
  const minIdle = Math.max(
    0,
    integer(argument(args, 4), new ErrorReply("ERR Invalid min-idle-time argument for XAUTOCLAIM"))
  )
  const from = intervalStart(argument(args, 5))
  let count = 100
  let justId = false
  for (let at = 6; at < args.length; at++) {
    const option = argument(args, at).toUpperCase()
    if (option === "COUNT" && at + 1 < args.length) {
      const positive = new ErrorReply("ERR COUNT must be > 0")
      count = integer(argument(args, ++at), positive)
      if (count < 1 || count > MOST_CLAIMS) throw positive
    } else if (option === "JUSTID") justId = true
    else throw SYNTAX
  }
  const [key, name] = [argument(args, 1), argument(args, 2)]
  const stream = writeStream(client, key)
  const group = stream?.groups.get(name)
  if (stream === undefined || group === undefined) throw noGroup(key, name)
  const { now } = client.server
  const named: NamedGroup = { key, name, group }
  let consumer: Consumer | undefined
  let attempts = count * ATTEMPTS
  let next = LOWEST_ID
  const claimed: Array<Reply> = []
  const gone: Array<string> = []
  for (const pending of group.pending.iterate(from)) {
    const id = pending.key
    if (attempts-- === 0 || count === 0) {
      next = id
      break
    }
    if (!stream.log.has(id)) {
      forget(client, named, pending)
      gone.push(formatStreamId(id))
      count--
      continue
    }
    if (minIdle > 0 && now - pending.deliveredAt < minIdle) continue
    consumer ??= useConsumer(client, named, argument(args, 3))
    logPending(client, named, group.assign(id, consumer, now, pending.deliveries + (justId ? 0 : 1)))
    client.server.dirty++
    count--
    claimed.push(claimedReply(stream, id, justId))
  }
  return [formatStreamId(next), claimed, gone]
}

const since = "5.0.0"
const keys = [1, 1, 1] as const

/** Commands on messages that were delivered and not acknowledged. */
export const STREAM_CLAIMS: ReadonlyArray<CommandDefinition> = [
  {
    name: "xpending",
    arity: -3,
    flags: "readonly",
    keys,
    since,
    complexity: "O(log(N)+M), O(N) with the IDLE filter.",
    summary: "Returns the information and entries from a stream consumer group's pending entries list.",
    run: xpending
  },
  {
    name: "xclaim",
    arity: -6,
    flags: "write fast",
    keys,
    since,
    complexity: "O(log N) with N being the number of messages in the PEL of the consumer group.",
    summary: "Changes, or acquires, ownership of a message in a consumer group.",
    logsItself: true,
    run: xclaim
  },
  {
    name: "xautoclaim",
    arity: -6,
    flags: "write fast",
    keys,
    since: "6.2.0",
    complexity: "O(1) if COUNT is small.",
    summary: "Changes, or acquires, ownership of messages in a consumer group.",
    logsItself: true,
    run: xautoclaim
  }
]
