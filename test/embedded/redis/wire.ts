/** A connection that shows the replies as they are on the wire: with their types, and nothing converted. */
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import type { OpenEmbeddedRedis } from "../../../src/embedded/redis/index.ts"

/** A reply: the byte that says its type, and its text or what it consists of. */
export interface WireReply {
  readonly type: string
  readonly text: string
  readonly items: ReadonlyArray<WireReply> | undefined
}

/** The part of a socket that is needed. */
type Stream = Pick<Socket, "write" | "on" | "destroy">

const AGGREGATES = "*~%>|"

/** Reads replies from bytes that arrive in pieces. */
class ReplyReader {
  private buffered = ""
  private at = 0

  feed(bytes: Buffer): void {
    this.buffered = this.buffered.slice(this.at) + bytes.toString("latin1")
    this.at = 0
  }

  /** The next whole reply. */
  next(): WireReply | undefined {
    const start = this.at
    const reply = this.read()
    if (reply === undefined) this.at = start
    return reply
  }

  private read(): WireReply | undefined {
    const end = this.buffered.indexOf("\r\n", this.at)
    if (end === -1) return undefined
    const type = this.buffered.charAt(this.at)
    const line = this.buffered.slice(this.at + 1, end)
    this.at = end + 2
    if ((type === "$" || type === "=") && line !== "-1") {
      const stop = this.at + Number(line)
      if (stop + 2 > this.buffered.length) return undefined
      const text = this.buffered.slice(this.at, stop)
      this.at = stop + 2
      return { type, text, items: undefined }
    }
    if (!AGGREGATES.includes(type) || line === "-1") return { type, text: line, items: undefined }
    const items: Array<WireReply> = []
    for (let left = Number(line) * (type === "%" ? 2 : 1); left > 0; left--) {
      const item = this.read()
      if (item === undefined) return undefined
      items.push(item)
    }
    return { type, text: "", items }
  }
}

/** A command as an array of bulk strings. */
const encode = (args: ReadonlyArray<string>): string =>
  `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`

/** A connection. */
export interface Wire {
  /** Sends commands in one go; their replies in order. */
  readonly send: (commands: ReadonlyArray<ReadonlyArray<string>>) => Promise<ReadonlyArray<WireReply>>
  readonly close: () => void
}

const wireOver = (stream: Stream): Wire => {
  const reader = new ReplyReader()
  let wanted = 0
  let replies: Array<WireReply> = []
  let deliver: (replies: ReadonlyArray<WireReply>) => void = () => undefined
  stream.on("data", (bytes: Buffer) => {
    reader.feed(bytes)
    for (let reply = reader.next(); reply !== undefined; reply = reader.next()) replies.push(reply)
    if (wanted === 0 || replies.length < wanted) return
    wanted = 0
    deliver(replies)
  })
  // Who waits for more than the server says learns what there was.
  stream.on("close", () => deliver(replies))
  return {
    send: (commands) =>
      new Promise((resolve) => {
        if (commands.length === 0) resolve([])
        replies = []
        wanted = commands.length
        deliver = resolve
        stream.write(Buffer.from(commands.map(encode).join(""), "latin1"))
      }),
    close: () => stream.destroy()
  }
}

/** Connects to an embedded server without a network. */
export const memoryWire = async (server: OpenEmbeddedRedis): Promise<Wire> =>
  wireOver(await new server.connector({}).connect(() => undefined))

/** Connects to a port of this machine, or to a Unix socket. */
export const socketWire = async (address: number | string): Promise<Wire> => {
  const socket =
    typeof address === "number" ? connect({ port: address, host: "127.0.0.1" }) : connect({ path: address })
  await once(socket, "connect")
  return wireOver(socket)
}
