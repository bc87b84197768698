import type { ReplyValue } from "lua-redis-wasm"
import { formatDouble } from "../format/Doubles.ts"
import { INT64_MAX } from "../format/Integers.ts"
import {
  AttributeReply,
  BigNumberReply,
  DoubleReply,
  ErrorReply,
  MapReply,
  NULL_ARRAY,
  PushReply,
  type Reply,
  Sequence,
  SetReply,
  Status,
  VerbatimReply
} from "../resp/Reply.ts"

/** Tables nested deeper than this come from a table that contains itself. */
const DEEPEST_REPLY = 500
const NESTED = new ErrorReply("ERR reached lua stack limit")

const bytes = (text: string): Buffer => Buffer.from(text, "latin1")
const text = (value: Buffer): string => value.toString("latin1")

/** RESP3's null, which is nil: the runtime knows only RESP2's, which is false. Bootstrap replaces it. */
const NIL: ReplyValue = { verbatim_string: { format: bytes("nil"), string: bytes("") } }

/** A reply as Lua gets it: in the shapes of RESP2, or of RESP3 after `redis.setresp(3)`. */
export const toLua = (reply: Reply, resp3: boolean): ReplyValue => {
  if (typeof reply === "string") return bytes(reply)
  if (typeof reply === "number" || typeof reply === "bigint") return reply
  if (reply === null || reply === undefined || reply === NULL_ARRAY) return resp3 ? NIL : null
  if (typeof reply === "boolean") return resp3 ? reply : reply ? 1 : 0
  if (reply instanceof Status) return { ok: bytes(reply.text) }
  if (reply instanceof ErrorReply) return { err: bytes(reply.text) }
  if (reply instanceof DoubleReply)
    return resp3 ? { double: reply.value } : bytes(reply.text ?? formatDouble(reply.value))
  if (reply instanceof MapReply) {
    if (!resp3) return reply.entries.map((item) => toLua(item, resp3))
    const pairs: Array<[ReplyValue, ReplyValue]> = []
    for (let at = 0; at < reply.entries.length; at += 2) {
      pairs.push([toLua(reply.entries[at], resp3), toLua(reply.entries[at + 1], resp3)])
    }
    return { map: pairs }
  }
  if (reply instanceof SetReply) {
    const items = reply.items.map((item) => toLua(item, resp3))
    return resp3 ? { set: items } : items
  }
  if (reply instanceof VerbatimReply) {
    return resp3
      ? { verbatim_string: { format: bytes(reply.format), string: bytes(reply.text) } }
      : bytes(reply.text)
  }
  if (reply instanceof BigNumberReply)
    return resp3 ? { big_number: bytes(reply.digits) } : bytes(reply.digits)
  if (reply instanceof PushReply) return reply.items.map((item) => toLua(item, resp3))
  if (reply instanceof AttributeReply) return null
  // Attributes and pushes come before what is answered; scripts do not see them.
  if (reply instanceof Sequence) return toLua(reply.replies.at(-1) ?? null, resp3)
  return reply.map((item) => toLua(item, resp3))
}

/** What a script returned, as a reply. Booleans are 1 and null unless the script has called `redis.setresp(3)`. */
export const fromLua = (value: ReplyValue, resp3: boolean, depth = 0): Reply => {
  if (depth > DEEPEST_REPLY) throw NESTED
  if (typeof value === "boolean") return resp3 ? value : value ? 1 : null
  if (value === null || typeof value === "number") return value
  // No Lua number has this value: it stands for one that is too large, which becomes the least integer in Redis.
  if (typeof value === "bigint") return value === INT64_MAX ? -INT64_MAX - 1n : value
  if (Buffer.isBuffer(value)) return text(value)
  if (Array.isArray(value)) return value.map((item) => fromLua(item, resp3, depth + 1))
  if ("ok" in value) return new Status(text(value.ok).replace(/[\r\n]/g, " "))
  if ("err" in value) return new ErrorReply(errorText(value))
  if ("double" in value) return new DoubleReply(value.double)
  if ("big_number" in value) return new BigNumberReply(text(value.big_number).replace(/[\r\n]/g, " "))
  if ("verbatim_string" in value) {
    return new VerbatimReply(text(value.verbatim_string.string), text(value.verbatim_string.format))
  }
  if ("map" in value) {
    return new MapReply(
      value.map.flatMap(([key, item]) => [fromLua(key, resp3, depth + 1), fromLua(item, resp3, depth + 1)])
    )
  }
  return new SetReply(value.set.map((item) => fromLua(item, resp3, depth + 1)))
}

/** The text of an error table, with its code in front if it has one. */
export const errorText = (value: { readonly err: Buffer; readonly code?: Buffer }): string =>
  (value.code === undefined ? "" : `${text(value.code)} `) + text(value.err).replace(/\0+$/, "")
