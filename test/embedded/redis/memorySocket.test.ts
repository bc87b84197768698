import { once } from "node:events"
import type { Redis } from "ioredis"
import { describe, expect, it } from "vitest"
import { MemorySocket } from "../../../src/embedded/redis/net/MemorySocket.ts"
import { opened } from "./open.ts"

/** The end of a connection that a client of the embedded Redis holds. */
const socketOf = async (redis: Redis): Promise<MemorySocket> => {
  await redis.ping()
  const { stream } = redis
  const socket: unknown = stream
  if (!(socket instanceof MemorySocket)) throw new Error("a connection through the network")
  socket.removeAllListeners("data")
  return socket
}

const nextReply = async (socket: MemorySocket): Promise<string> => {
  const [bytes] = (await once(socket, "data")) as [Buffer]
  return bytes.toString("latin1")
}

describe("the connection without a network", () => {
  it("takes text in any encoding and bytes, and says when they were taken", async () => {
    await using server = await opened()
    const socket = await socketOf(server.redis)
    const written = new Promise((resolve) => socket.write("ECHO hi\r\n", resolve))
    expect(await nextReply(socket)).toBe("$2\r\nhi\r\n")
    expect(await written).toBe(null)
    socket.write(Buffer.from("ECHO hi\r\n").toString("hex"), "hex")
    expect(await nextReply(socket)).toBe("$2\r\nhi\r\n")
  })

  it("holds replies back while it is paused", async () => {
    await using server = await opened()
    const other = server.client()
    const socket = await socketOf(server.redis)
    const received: Array<string> = []
    socket.on("data", (bytes: Buffer) => received.push(bytes.toString("latin1")))
    socket.pause().write("SET a 1\r\n")
    await expect.poll(() => other.get("a")).toBe("1")
    await expect.poll(() => socket.unsentBytes()).toBe(5)
    expect(received).toEqual([])
    socket.resume().resume()
    expect(received).toEqual(["+OK\r\n"])
    expect(socket.unsentBytes()).toBe(0)
  })

  it("answers what came before the end, and takes nothing after it", async () => {
    await using server = await opened()
    const socket = await socketOf(server.redis)
    const closed = once(socket, "close")
    const reply = nextReply(socket)
    socket.end("PING\r\n")
    expect(await reply).toBe("+PONG\r\n")
    await closed
    expect(socket).toMatchObject({ destroyed: true, writable: false, readable: false })
    const failure = await new Promise((resolve) => {
      expect(socket.write("PING\r\n", "utf8", resolve)).toBe(false)
    })
    expect(String(failure)).toBe("Error: write after end")
    expect(socket.end()).toBe(socket)
  })

  it("tells of the error it is destroyed with", async () => {
    await using server = await opened()
    const socket = await socketOf(server.client())
    socket.removeAllListeners("error")
    const failed = once(socket, "error")
    const closed = new Promise((resolve) => socket.once("close", resolve))
    socket.destroy(new Error("enough")).destroy()
    expect(String((await failed)[0])).toBe("Error: enough")
    expect(await closed).toBe(true)
    expect(await server.redis.client("LIST")).not.toContain("\nid=")
  })

  it("has the settings of a socket, which change nothing", async () => {
    await using server = await opened()
    const socket = await socketOf(server.redis)
    socket.cork()
    socket.setNoDelay().setKeepAlive().setTimeout().setEncoding().unref().unref().ref().ref()
    socket.write("PING\r\n")
    socket.uncork()
    expect(await nextReply(socket)).toBe("+PONG\r\n")
  })
})
