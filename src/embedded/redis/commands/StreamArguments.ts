import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { Client } from "../exec/Context.ts"
import { SYNTAX } from "../exec/Errors.ts"
import {
  formatStreamId,
  nextStreamId,
  type ParsedStreamId,
  parseStreamId,
  previousStreamId,
  type StreamId
} from "../format/StreamIds.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import type { StreamEntry, StreamTrim } from "../structures/StreamLog.ts"

const INVALID_ID = new ErrorReply("ERR Invalid stream ID specified as stream command argument")
const INVALID_START = new ErrorReply("ERR invalid start ID for the interval")
const INVALID_END = new ErrorReply("ERR invalid end ID for the interval")
const TWO_STRATEGIES = new ErrorReply(
  "ERR syntax error, MAXLEN and MINID options at the same time are not compatible"
)
const LIMIT_ALONE = new ErrorReply(
  "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"
)
const LIMIT_EXACT = new ErrorReply("ERR syntax error, LIMIT cannot be used without the special ~ option")
const NO_STRATEGY = new ErrorReply("ERR syntax error, XTRIM must be called with a trimming strategy")

/** An ID that must be written out; without a sequence it is the first of its millisecond. */
export const strictId = (text: string): StreamId => {
  const parsed = parseStreamId(text, { missing: "lowest" })
  if (parsed === undefined) throw INVALID_ID
  return parsed.id
}

/** An ID, where `-` and `+` stand for the lowest and the highest. */
export const anyId = (text: string): StreamId => {
  const parsed = parseStreamId(text, { missing: "lowest", bounds: true })
  if (parsed === undefined) throw INVALID_ID
  return parsed.id
}

const isOpen = (text: string): boolean => text.length > 1 && text.startsWith("(")

const intervalId = (text: string, missing: "lowest" | "highest"): StreamId => {
  const open = isOpen(text)
  const parsed = parseStreamId(open ? text.slice(1) : text, { missing, bounds: !open })
  if (parsed === undefined) throw INVALID_ID
  return parsed.id
}

/** The first ID of an interval; a bracket leaves out the one that is written. */
export const intervalStart = (text: string): StreamId => {
  const id = intervalId(text, "lowest")
  const start = isOpen(text) ? nextStreamId(id) : id
  if (start === undefined) throw INVALID_START
  return start
}

/** The last ID of an interval. */
export const intervalEnd = (text: string): StreamId => {
  const id = intervalId(text, "highest")
  const end = isOpen(text) ? previousStreamId(id) : id
  if (end === undefined) throw INVALID_END
  return end
}

/** How an entry is answered. */
export const entryReply = (entry: StreamEntry): Reply => [formatStreamId(entry.id), entry.fields]

/** How XADD and XTRIM were asked to trim. */
export interface TrimRequest {
  readonly trim: StreamTrim | undefined
  /** The place of the number or ID, after the `~` or `=` if there is one. */
  readonly at: number
  /** Whether only whole nodes go, so that what was removed depends on how the stream is stored. */
  readonly approximate: boolean
}

/** What XADD was asked to do. */
export interface AddRequest extends TrimRequest {
  readonly mustExist: boolean
  /** `undefined` for `*`. */
  readonly id: ParsedStreamId | undefined
  readonly idAt: number
}

/** Reads the options of XADD up to the ID, or those of XTRIM. */
export const addOrTrimArguments = (client: Client, args: Arguments, adds: boolean): AddRequest => {
  let strategy: "maxlen" | "minid" | undefined
  let length = 0
  let from: StreamId | undefined
  let trimAt = 0
  let approximate = false
  let limit: number | undefined
  let mustExist = false
  let id: ParsedStreamId | undefined
  let at = 2
  for (; at < args.length; at++) {
    const option = argument(args, at)
    const more = args.length - 1 - at
    const name = option.toLowerCase()
    if (adds && option === "*") break
    if ((name === "maxlen" || name === "minid") && more > 0) {
      if (strategy !== undefined) throw TWO_STRATEGIES
      const sign = argument(args, at + 1)
      approximate = more >= 2 && sign === "~"
      if (more >= 2 && (sign === "~" || sign === "=")) at++
      trimAt = ++at
      if (name === "maxlen") {
        length = integer(argument(args, at))
        if (length < 0) throw new ErrorReply("ERR The MAXLEN argument must be >= 0.")
      } else from = strictId(argument(args, at))
      strategy = name
    } else if (name === "limit" && more > 0) {
      limit = integer(argument(args, ++at))
      if (limit < 0) throw new ErrorReply("ERR The LIMIT argument must be >= 0.")
    } else if (adds && name === "nomkstream") mustExist = true
    else if (adds) {
      id = parseStreamId(option, { missing: "lowest", openSequence: true })
      if (id === undefined) throw INVALID_ID
      break
    } else throw SYNTAX
  }
  if (limit !== undefined && limit > 0 && strategy === undefined) throw LIMIT_ALONE
  if (!adds && strategy === undefined) throw NO_STRATEGY
  // A log may hold a limit that has had its effect: the number beside it says what was left.
  const replayed = client.db.frozen
  if (!replayed && limit !== undefined && !approximate) throw LIMIT_EXACT
  const most = replayed || !approximate ? 0 : (limit ?? defaultLimit(client))
  const trim: StreamTrim | undefined =
    strategy === undefined
      ? undefined
      : {
          ...(strategy === "maxlen" ? { length } : {}),
          ...(from === undefined ? {} : { from }),
          wholeNodes: approximate,
          limit: most
        }
  return { trim, at: trimAt, approximate, mustExist, id, idAt: at }
}

/** Without LIMIT, `~` removes about a hundred nodes at most. */
const defaultLimit = (client: Client): number => {
  const limit = 100 * client.server.limits.streamNodeEntries
  return limit <= 0 ? 10_000 : Math.min(limit, 1_000_000)
}
