import { formatDouble, formatDouble3 } from "../format/Doubles.ts"
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
} from "./Reply.ts"

/** The version of the protocol that a connection speaks. */
export type RespVersion = 2 | 3

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`

const items = (replies: ReadonlyArray<Reply>, resp: RespVersion): string => {
  let out = ""
  for (const reply of replies) out += encodeReply(reply, resp)
  return out
}

/** Writes a reply as RESP text: a byte string. */
export const encodeReply = (reply: Reply, resp: RespVersion): string => {
  if (typeof reply === "string") return `$${reply.length}\r\n${reply}\r\n`
  if (typeof reply === "number" || typeof reply === "bigint") return `:${reply}\r\n`
  if (reply === null) return resp === 2 ? "$-1\r\n" : "_\r\n"
  if (reply === undefined) return ""
  if (typeof reply === "boolean")
    return resp === 2 ? (reply ? ":1\r\n" : ":0\r\n") : reply ? "#t\r\n" : "#f\r\n"
  if (reply === NULL_ARRAY) return resp === 2 ? "*-1\r\n" : "_\r\n"
  if (reply instanceof Status) return `+${reply.text}\r\n`
  if (Array.isArray(reply)) return `*${reply.length}\r\n${items(reply, resp)}`
  if (reply instanceof ErrorReply) return `-${reply.text.replace(/[\r\n]/g, " ")}\r\n`
  if (reply instanceof MapReply) {
    const count = reply.entries.length
    return (resp === 2 ? `*${count}\r\n` : `%${count / 2}\r\n`) + items(reply.entries, resp)
  }
  if (reply instanceof SetReply) {
    return (resp === 2 ? "*" : "~") + `${reply.items.length}\r\n${items(reply.items, resp)}`
  }
  if (reply instanceof DoubleReply) {
    const text = reply.text ?? (resp === 2 ? formatDouble(reply.value) : formatDouble3(reply.value))
    return resp === 2 ? bulk(text) : `,${text}\r\n`
  }
  if (reply instanceof PushReply) {
    return (resp === 2 ? "*" : ">") + `${reply.items.length}\r\n${items(reply.items, resp)}`
  }
  if (reply instanceof AttributeReply) {
    return resp === 2 ? "" : `|${reply.entries.length / 2}\r\n${items(reply.entries, resp)}`
  }
  if (reply instanceof VerbatimReply) {
    return resp === 2 ? bulk(reply.text) : `=${reply.text.length + 4}\r\n${reply.format}:${reply.text}\r\n`
  }
  if (reply instanceof BigNumberReply) return resp === 2 ? bulk(reply.digits) : `(${reply.digits}\r\n`
  if (reply instanceof Sequence) return items(reply.replies, resp)
  return ""
}

/** Writes a command as a RESP array of bulk strings, the form of the append-only file. */
export const encodeCommand = (args: ReadonlyArray<string>): string => {
  let out = `*${args.length}\r\n`
  for (const arg of args) out += `$${arg.length}\r\n${arg}\r\n`
  return out
}
