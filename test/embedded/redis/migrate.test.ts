import { createServer, type Server } from "node:net"
import { once } from "node:events"
import { describe, expect, it } from "vitest"
import { opened, type Opened } from "./open.ts"

const migrate = (from: Opened, port: number, ...rest: ReadonlyArray<string | number>): Promise<unknown> =>
  from.redis.call("MIGRATE", "127.0.0.1", port, ...rest).catch((error: unknown) => String(error))

/** A server that takes everything and says `answer` for each command that it sees. */
const stranger = async (
  answer: () => string
): Promise<{ readonly server: Server; readonly port: number }> => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined)
    socket.on("data", () => {
      const text = answer()
      if (text !== "") socket.write(text)
    })
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  return { server, port: address !== null && typeof address === "object" ? address.port : 0 }
}

describe("MIGRATE", () => {
  it("moves keys with their times to live, and says when there are none", async () => {
    await using from = await opened()
    await using to = await opened()
    const { port } = await to.server.listen({ password: false })
    await from.redis.multi().set("a", "1", "PX", 100_000).rpush("l", "x", "y").exec()
    expect(await migrate(from, port, "", 2, 1000, "KEYS", "a", "nothing", "l")).toBe("OK")
    expect(await from.redis.dbsize()).toBe(0)
    await to.redis.select(2)
    expect(await to.redis.lrange("l", 0, -1)).toEqual(["x", "y"])
    expect(await to.redis.pttl("a")).toBeGreaterThan(90_000)
    expect(await migrate(from, port, "a", 2, 1000)).toBe("NOKEY")
  })

  it("refuses what cannot be, and leaves the key", async () => {
    await using from = await opened()
    await using to = await opened()
    const { port } = await to.server.listen({ password: false })
    await from.redis.set("a", "1")
    await to.redis.set("a", "2")
    expect(await migrate(from, port, "a", 0, 1000)).toContain(
      "ERR Target instance replied with error: BUSYKEY Target key name already exists."
    )
    expect(await migrate(from, port, "a", 99, 1000)).toContain("ERR Target instance replied with error")
    expect(await migrate(from, port, "a", 0, 1000, "KEYS", "b")).toContain(
      "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"
    )
    expect(await migrate(from, port, "a", 0, 1000, "AUTH")).toContain("ERR syntax error")
    expect(await migrate(from, 1, "a", 0, 1000)).toContain("IOERR error or timeout connecting to the client")
    const [refused] = (await from.redis.multi().call("MIGRATE", "127.0.0.1", port, "a", 0, 1000).exec()) ?? []
    expect(String(refused?.[0])).toContain("ERR MIGRATE cannot be part of a transaction")
    expect(await from.redis.get("a")).toBe("1")
  })

  it("gives up on a server that does not answer, while other clients go on", async () => {
    await using from = await opened()
    const { server, port } = await stranger(() => "")
    await from.redis.set("a", "1")
    const migrating = migrate(from, port, "a", 0, 50)
    expect(await from.client().get("a")).toBe("1")
    expect(await migrating).toContain("IOERR error or timeout reading to target instance")
    expect(await from.redis.get("a")).toBe("1")
    server.close()
  })

  it("sends a key again that changes on the way", async () => {
    await using from = await opened()
    const other = from.client()
    await from.redis.set("a", "1")
    let sent = 0
    const { server, port } = await stranger(() => {
      // Answers once the other client has written, the first time.
      if (sent++ > 0) return "+OK\r\n"
      void other.set("a", "2").then(() => answerLate())
      return ""
    })
    let answerLate = (): void => undefined
    server.on("connection", (socket) => {
      answerLate = () => void socket.write("+OK\r\n")
    })
    expect(await migrate(from, port, "a", 0, 1000)).toBe("OK")
    expect(sent).toBe(2)
    expect(await from.redis.exists("a")).toBe(0)
    server.close()
  })
})
