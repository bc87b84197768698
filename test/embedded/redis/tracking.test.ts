import { connect, type Socket } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { EmbeddedRedis, type OpenEmbeddedRedis } from "../../../src/embedded/redis/index.ts"

let server: OpenEmbeddedRedis
let port: number
beforeAll(async () => {
  server = await EmbeddedRedis.open()
  port = (await server.listen({ password: false })).port
})
afterAll(() => server.close())

/** A connection whose answers are read as they come. */
class Line implements Disposable {
  private readonly socket: Socket
  private text = ""
  private wake: () => void = () => undefined

  constructor() {
    this.socket = connect(port, "127.0.0.1")
    this.socket.on("data", (bytes: Buffer) => {
      this.text += bytes.toString("latin1")
      this.wake()
    })
  }

  /** Sends a line and waits until what has come since the last one ends like this. */
  async say(command: string, end: string): Promise<string> {
    this.socket.write(`${command}\r\n`)
    return this.until(end)
  }

  async until(end: string): Promise<string> {
    while (!this.text.endsWith(end)) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    const { text } = this
    this.text = ""
    return text
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

const invalidated = (key: string): string => `>2\r\n$10\r\ninvalidate\r\n*1\r\n$${key.length}\r\n${key}\r\n`

describe("client side caching", () => {
  it("tells a client once of a key that it has read and another has changed", async () => {
    using reader = new Line()
    using writer = new Line()
    await reader.say("HELLO 3", "*0\r\n")
    await reader.say("CLIENT TRACKING on", "+OK\r\n")
    await reader.say("GET caching:a", "_\r\n")
    await writer.say("SET caching:a 1", "+OK\r\n")
    await writer.say("SET caching:a 2", "+OK\r\n")
    expect(await reader.say("PING", "+PONG\r\n")).toBe(`${invalidated("caching:a")}+PONG\r\n`)
  })

  it("answers before it tells a client of what it has done itself, or keeps silent with NOLOOP", async () => {
    using line = new Line()
    await line.say("HELLO 3", "*0\r\n")
    await line.say("CLIENT TRACKING on", "+OK\r\n")
    await line.say("GET caching:b", "_\r\n")
    const end = invalidated("caching:b")
    expect(await line.say("SET caching:b 1", end)).toBe(`+OK\r\n${end}`)
    await line.say("CLIENT TRACKING on NOLOOP", "+OK\r\n")
    await line.say("GET caching:b", "$1\r\n1\r\n")
    await line.say("SET caching:b 2", "+OK\r\n")
    expect(await line.say("PING", "+PONG\r\n")).toBe("+PONG\r\n")
  })

  it("tells those who listen to a prefix, and RESP2 clients through a channel", async () => {
    using listener = new Line()
    using told = new Line()
    using writer = new Line()
    const id = /:(\d+)/.exec(await told.say("CLIENT ID", "\r\n"))?.[1] ?? ""
    await told.say("SUBSCRIBE __redis__:invalidate", ":1\r\n")
    await listener.say(`CLIENT TRACKING on BCAST PREFIX p: REDIRECT ${id}`, "+OK\r\n")
    await writer.say("MSET p:1 x q:1 x", "+OK\r\n")
    expect(await told.until("p:1\r\n")).toBe(
      "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$3\r\np:1\r\n"
    )
  })

  it("tells of keys that expire and of flushes", async () => {
    using reader = new Line()
    using writer = new Line()
    await reader.say("HELLO 3", "*0\r\n")
    await reader.say("CLIENT TRACKING on", "+OK\r\n")
    await writer.say("SET caching:c 1 PX 20", "+OK\r\n")
    await reader.say("GET caching:c", "$1\r\n1\r\n")
    expect(await reader.until("caching:c\r\n")).toBe(invalidated("caching:c"))
    await writer.say("FLUSHALL", "+OK\r\n")
    expect(await reader.until("_\r\n")).toBe(">2\r\n$10\r\ninvalidate\r\n_\r\n")
  })
})

describe("CLIENT PAUSE", () => {
  it("holds writes back and lets reads through until UNPAUSE", async () => {
    using other = new Line()
    using writer = new Line()
    await other.say("CLIENT PAUSE 100000 WRITE", "+OK\r\n")
    const written = writer.say("SET paused 1", "+OK\r\n")
    expect(await other.say("GET paused", "$-1\r\n")).toBe("$-1\r\n")
    await other.say("CLIENT UNPAUSE", "+OK\r\n")
    expect(await written).toBe("+OK\r\n")
  })
})

describe("MONITOR", () => {
  it("shows commands without their passwords, and those of scripts", async () => {
    using monitor = new Line()
    using other = new Line()
    await monitor.say("MONITOR", "+OK\r\n")
    await other.say("AUTH default secret", "\r\n")
    await other.say("EVAL \"return redis.call('PING')\" 0", "+PONG\r\n")
    const lines = (await monitor.until('lua] "PING"\r\n'))
      .split("\r\n")
      .map((line) => line.replace(/^.*?\] /, ""))
    expect(lines).toEqual([
      '"AUTH" "(redacted)" "(redacted)"',
      `"EVAL" "return redis.call('PING')" "0"`,
      '"PING"',
      ""
    ])
  })
})
