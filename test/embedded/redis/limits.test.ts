import { once } from "node:events"
import { connect } from "node:net"
import { describe, expect, it } from "vitest"
import { opened } from "./open.ts"

/** Everything that a server says to `words` until it closes the connection. */
const untilClosed = async (port: number, words: string): Promise<string> => {
  const socket = connect(port, "127.0.0.1")
  let text = ""
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1")
  })
  socket.on("error", () => undefined)
  socket.write(words)
  await once(socket, "close")
  return text
}

describe("limits", () => {
  it("refuses connections beyond maxclients, and takes them again", async () => {
    await using server = await opened()
    const { port } = await server.server.listen({ password: false })
    await server.redis.config("SET", "maxclients", "1")
    expect(await untilClosed(port, "PING\r\n")).toBe("-ERR max number of clients reached\r\n")
    expect(await server.redis.info("stats")).toContain("rejected_connections:1")
    await server.redis.config("SET", "maxclients", "2")
    expect(await untilClosed(port, "PING\r\nQUIT\r\n")).toBe("+PONG\r\n+OK\r\n")
  })

  it("cuts off a client whose replies are beyond its hard limit, and runs nothing more of it", async () => {
    await using server = await opened()
    const { port } = await server.server.listen({ password: false })
    await server.redis.set("big", "x".repeat(200_000))
    await server.redis.config("SET", "client-output-buffer-limit", "normal 100000 0 0")
    expect(await untilClosed(port, "SET a 1\r\nGET big\r\nSET b 1\r\n")).toBe("")
    expect(await server.redis.exists("a", "b")).toBe(1)
  })

  it("cuts off a subscriber who does not read for longer than the soft limit allows", async () => {
    await using server = await opened()
    const { port } = await server.server.listen({ password: false })
    await server.redis.config("SET", "client-output-buffer-limit", "pubsub 0 100000 0")
    const socket = connect(port, "127.0.0.1")
    socket.on("error", () => undefined)
    socket.write("SUBSCRIBE news\r\n")
    await once(socket, "data")
    socket.pause()
    const message = "x".repeat(90_000)
    await expect.poll(() => server.redis.publish("news", message), { interval: 1, timeout: 10_000 }).toBe(0)
    socket.destroy()
  })
})
