import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { NO_SUCH_KEY, SYNTAX, wrongArity } from "../exec/Errors.ts"
import {
  followingStreamId,
  formatStreamId,
  HIGHEST_ID,
  LOWEST_ID,
  nextStreamId,
  type StreamId
} from "../format/StreamIds.ts"
import { EMPTY, ErrorReply, NULL_ARRAY, OK, type Reply } from "../resp/Reply.ts"
import { StreamValue } from "../types/StreamValue.ts"
import { create, readStream, writeStream } from "./Access.ts"
import {
  addOrTrimArguments,
  type AddRequest,
  entryReply,
  intervalEnd,
  intervalStart,
  strictId,
  type TrimRequest
} from "./StreamArguments.ts"
import { STREAM_CLAIMS } from "./StreamClaims.ts"
import { STREAM_GROUPS } from "./StreamGroups.ts"
import { STREAM_INFO } from "./StreamInfo.ts"
import { STREAM_READS } from "./StreamReads.ts"

/** Redis keeps the fields of an entry in one listpack, which cannot be larger. */
const LARGEST_ENTRY = 1 << 30

const ZERO_ID = new ErrorReply("ERR The ID specified in XADD must be greater than 0-0")
const EXHAUSTED = new ErrorReply(
  "ERR The stream has exhausted the last possible ID, unable to add more items"
)
const NOT_AFTER_TOP = new ErrorReply(
  "ERR The ID specified in XADD is equal or smaller than the target stream top item"
)
const TOO_LARGE = new ErrorReply("ERR Elements are too large to be stored")

/** The ID of a new entry. */
const newId = (stream: StreamValue | undefined, request: AddRequest, now: number): StreamId => {
  const last = stream?.lastId ?? LOWEST_ID
  if (last === HIGHEST_ID) throw EXHAUSTED
  let id: StreamId | undefined
  if (request.id === undefined) id = followingStreamId(last, now)
  else if (request.id.open && request.id.id.slice(0, 8) === last.slice(0, 8)) {
    id = nextStreamId(last)
    // This is what Redis says when a millisecond has no sequence left.
    if (id?.slice(0, 8) !== last.slice(0, 8)) throw TOO_LARGE
  } else id = request.id.id
  if (id === undefined || id <= last) throw NOT_AFTER_TOP
  return id
}

/** Arguments of a trim as they must be repeated: `~` and LIMIT depend on how the stream was stored. */
const exactTrim = (request: TrimRequest, stream: StreamValue): ReadonlyArray<string> => {
  const isLength = request.trim?.length !== undefined
  return [
    isLength ? "MAXLEN" : "MINID",
    "=",
    isLength ? String(stream.length) : formatStreamId(stream.log.firstStoredId() ?? HIGHEST_ID)
  ]
}

const xadd = (client: Client, args: Arguments): Reply => {
  const request = addOrTrimArguments(client, args, true)
  const { id: wanted, idAt, trim, approximate } = request
  const count = args.length - idAt - 1
  if (count < 2 || count % 2 === 1) throw wrongArity("xadd")
  if (wanted !== undefined && !wanted.open && wanted.id === LOWEST_ID) throw ZERO_ID
  const { db, server } = client
  const key = argument(args, 1)
  const existing = writeStream(client, key)
  if (existing === undefined && request.mustExist) return null
  const id = newId(existing, request, server.now)
  const fields = args.slice(idAt + 1)
  let size = 0
  for (const text of fields) size += text.length
  if (size > LARGEST_ENTRY) throw TOO_LARGE
  const stream = existing ?? create(client, key, new StreamValue())
  stream.append(id, fields, server.limits)
  server.changed(db, key, NOTIFY.stream, "xadd")
  if (trim !== undefined && stream.log.trim(trim) > 0) server.notify(db, key, NOTIFY.stream, "xtrim")
  const text = formatStreamId(id)
  if (server.logging) {
    const options = trim === undefined ? [] : approximate ? exactTrim(request, stream) : trimWords(trim)
    server.propagate(db, ["XADD", key, ...options, text, ...args.slice(idAt + 1)])
  }
  return text
}

const trimWords = (trim: TrimRequest["trim"] & {}): ReadonlyArray<string> =>
  trim.length === undefined
    ? ["MINID", "=", formatStreamId(trim.from ?? LOWEST_ID)]
    : ["MAXLEN", "=", String(trim.length)]

const xtrim = (client: Client, args: Arguments): Reply => {
  const request = addOrTrimArguments(client, args, false)
  const { db, server } = client
  const key = argument(args, 1)
  const stream = writeStream(client, key)
  if (stream === undefined || request.trim === undefined) return 0
  const removed = stream.log.trim(request.trim)
  if (removed === 0) return 0
  server.changed(db, key, NOTIFY.stream, "xtrim")
  const options = request.approximate ? exactTrim(request, stream) : trimWords(request.trim)
  server.propagate(db, ["XTRIM", key, ...options])
  return removed
}

const xrange =
  (reverse: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const from = intervalStart(argument(args, reverse ? 3 : 2))
    const to = intervalEnd(argument(args, reverse ? 2 : 3))
    let count = Infinity
    for (let at = 4; at < args.length; at += 2) {
      if (argument(args, at).toUpperCase() !== "COUNT" || at + 1 >= args.length) throw SYNTAX
      count = Math.max(0, integer(argument(args, at + 1)))
    }
    const stream = readStream(client, argument(args, 1))
    if (stream === undefined) return EMPTY
    return count === 0 ? NULL_ARRAY : stream.log.range(from, to, count, reverse).map(entryReply)
  }

const xdel = (client: Client, args: Arguments): Reply => {
  const key = argument(args, 1)
  const stream = writeStream(client, key)
  if (stream === undefined) return 0
  const ids = args.slice(2).map(strictId)
  let removed = 0
  for (const id of ids) if (stream.remove(id)) removed++
  if (removed > 0) client.server.changed(client.db, key, NOTIFY.stream, "xdel")
  return removed
}

const xsetid = (client: Client, args: Arguments): Reply => {
  const id = strictId(argument(args, 2))
  let entriesAdded: number | undefined
  let maxDeletedId = LOWEST_ID
  for (let at = 3; at < args.length; at += 2) {
    const name = argument(args, at).toUpperCase()
    if (at + 1 >= args.length) throw SYNTAX
    if (name === "ENTRIESADDED") {
      entriesAdded = integer(argument(args, at + 1))
      if (entriesAdded < 0) throw new ErrorReply("ERR entries_added must be positive")
    } else if (name === "MAXDELETEDID") {
      maxDeletedId = strictId(argument(args, at + 1))
      if (id < maxDeletedId) {
        throw new ErrorReply(
          "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"
        )
      }
    } else throw SYNTAX
  }
  const key = argument(args, 1)
  const stream = writeStream(client, key)
  if (stream === undefined) throw NO_SUCH_KEY
  if (stream.length > 0) {
    if (id < (stream.log.lastId() ?? LOWEST_ID)) {
      throw new ErrorReply("ERR The ID specified in XSETID is smaller than the target stream top item")
    }
    if (entriesAdded !== undefined && stream.length > entriesAdded) {
      throw new ErrorReply(
        "ERR The entries_added specified in XSETID is smaller than the target stream length"
      )
    }
  }
  stream.lastId = id
  if (entriesAdded !== undefined) stream.entriesAdded = entriesAdded
  if (maxDeletedId !== LOWEST_ID) stream.maxDeletedId = maxDeletedId
  client.server.dirty++
  client.server.notify(client.db, key, NOTIFY.stream, "xsetid")
  return OK
}

const keys = [1, 1, 1] as const
const since = "5.0.0"

/** Commands on streams. */
export const STREAMS: ReadonlyArray<CommandDefinition> = [
  {
    name: "xadd",
    arity: -5,
    flags: "write denyoom fast",
    keys,
    since,
    complexity: "O(1) when adding a new entry, O(N) when trimming.",
    summary: "Appends a new message to a stream. Creates the key if it doesn't exist.",
    logsItself: true,
    run: xadd
  },
  {
    name: "xlen",
    arity: 2,
    flags: "readonly fast",
    keys,
    since,
    summary: "Return the number of messages in a stream.",
    run: (client, args) => readStream(client, argument(args, 1))?.length ?? 0
  },
  {
    name: "xrange",
    arity: -4,
    flags: "readonly",
    keys,
    since,
    complexity: "O(log(N)+M)",
    summary: "Returns the messages from a stream within a range of IDs.",
    run: xrange(false)
  },
  {
    name: "xrevrange",
    arity: -4,
    flags: "readonly",
    keys,
    since,
    complexity: "O(log(N)+M)",
    summary: "Returns the messages from a stream within a range of IDs in reverse order.",
    run: xrange(true)
  },
  {
    name: "xdel",
    arity: -3,
    flags: "write fast",
    keys,
    since,
    complexity: "O(log(N)) for each message.",
    summary: "Returns the number of messages after removing them from a stream.",
    run: xdel
  },
  {
    name: "xtrim",
    arity: -4,
    flags: "write",
    keys,
    since,
    complexity: "O(N), with N being the number of evicted entries.",
    summary: "Deletes messages from the beginning of a stream.",
    logsItself: true,
    run: xtrim
  },
  {
    name: "xsetid",
    arity: -3,
    flags: "write denyoom fast",
    keys,
    since,
    summary: "An internal command for replicating stream values.",
    run: xsetid
  },
  ...STREAM_READS,
  ...STREAM_GROUPS,
  ...STREAM_CLAIMS,
  ...STREAM_INFO
]
