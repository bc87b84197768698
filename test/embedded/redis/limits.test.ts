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
  // A connection that is cut off while it sends is reset, which `once` would throw.
  await new Promise((resolve) => socket.once("close", resolve))
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

  it("cuts off a client that sends more than client-query-buffer-limit before it makes a command", async () => {
    await using server = await opened()
    const { port } = await server.server.listen({ password: false })
    await server.redis.config("SET", "client-query-buffer-limit", "1mb")
    expect(await untilClosed(port, `*2\r\n$4\r\nECHO\r\n$2000000\r\n${"x".repeat(1_100_000)}`)).toBe("")
    expect(await server.redis.ping()).toBe("PONG")
  })

  it("takes arguments up to proto-max-bulk-len, and lets no string become longer", async () => {
    await using server = await opened()
    const { port } = await server.server.listen({ password: false })
    const { redis } = server
    await expect(redis.config("SET", "proto-max-bulk-len", "1000")).rejects.toThrow(
      "argument must be between 1048576 and 9223372036854775807 inclusive"
    )
    await redis.config("SET", "proto-max-bulk-len", "1mb")
    expect(await untilClosed(port, "*2\r\n$4\r\nECHO\r\n$1048577\r\n")).toBe(
      "-ERR Protocol error: invalid bulk length\r\n"
    )
    await expect(redis.setrange("a", 1048576, "x")).rejects.toThrow(
      "string exceeds maximum allowed size (proto-max-bulk-len)"
    )
    expect(await redis.setrange("a", 1048575, "x")).toBe(1048576)
  })

  it("cuts off those clients that take most when all of them take more than maxmemory-clients", async () => {
    await using server = await opened()
    const { port } = await server.server.listen({ password: false })
    await server.redis.config("SET", "maxmemory-clients", "200kb")
    expect(await untilClosed(port, `*2\r\n$4\r\nECHO\r\n$2000000\r\n${"x".repeat(400_000)}`)).toBe("")
    expect(await server.redis.info("stats")).toContain("evicted_clients:1")
  })
})
