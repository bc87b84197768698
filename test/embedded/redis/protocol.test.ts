import { once } from "node:events"
import { connect, type Socket } from "node:net"
import fc from "fast-check"
import { Redis } from "ioredis"
import { describe, expect, it } from "vitest"
import { EmbeddedRedis } from "../../../src/embedded/redis/index.ts"
import { encodeCommand } from "../../../src/embedded/redis/resp/Encoder.ts"
import { ProtocolError, RespParser } from "../../../src/embedded/redis/resp/Parser.ts"

/** Sends bytes and answers with what came back until the text appears (or the connection ends). */
const talk = async (port: number, bytes: string, until: string): Promise<string> => {
  const socket: Socket = connect(port, "127.0.0.1")
  socket.write(Buffer.from(bytes, "latin1"))
  let out = ""
  for await (const chunk of socket.setEncoding("latin1")) {
    out += String(chunk)
    if (until !== "" && out.includes(until)) break
  }
  socket.destroy()
  return out
}

describe("the parser", () => {
  it("reads the same commands however the bytes are cut", () => {
    const command = fc.array(fc.string({ unit: "binary-ascii", maxLength: 40 }), {
      minLength: 1,
      maxLength: 5
    })
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 30 })),
        (commands, cuts) => {
          const bytes = Buffer.from(commands.map(encodeCommand).join(""), "latin1")
          const parser = new RespParser()
          const out: Array<ReadonlyArray<string>> = []
          for (let at = 0, cut = 0; at < bytes.length; cut++) {
            const end = at + (cuts[cut % Math.max(1, cuts.length)] ?? bytes.length)
            parser.feed(bytes.subarray(at, end))
            for (let args = parser.next(); args !== undefined; args = parser.next()) out.push(args)
            at = end
          }
          expect(out).toEqual(commands)
          expect(parser.bufferedBytes).toBe(0)
        }
      ),
      // A bulk that came in one chunk of its own, and then a command cut in two.
      {
        examples: [
          [
            [["0123456789"], [""]],
            [9, 13]
          ]
        ]
      }
    )
  })

  it("reads the same commands from text as from its bytes, wherever it is cut", () => {
    const command = fc.array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 6 })
    const all = (feed: (parser: RespParser) => void): ReadonlyArray<ReadonlyArray<string>> => {
      const parser = new RespParser()
      feed(parser)
      const out: Array<ReadonlyArray<string>> = []
      for (let args = parser.next(); args !== undefined; args = parser.next()) out.push(args)
      return out
    }
    const written = (args: ReadonlyArray<string>): string =>
      `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join("")}`
    fc.assert(
      fc.property(fc.array(command, { maxLength: 10 }), fc.nat(), (commands, place) => {
        const text = commands.map(written).join("")
        const cut = place % (text.length + 1)
        const fromBytes = all((parser) => parser.feed(Buffer.from(text)))
        expect(all((parser) => parser.feedText(text))).toEqual(fromBytes)
        // A client cuts between characters, never within a pair of surrogates.
        const isPair = /^[\uDC00-\uDFFF]/.test(text.slice(cut))
        const parts = isPair ? [text] : [text.slice(0, cut), text.slice(cut)]
        const fromParts = all((parser) => {
          for (const part of parts) parser.feedText(part)
        })
        expect(fromParts).toEqual(fromBytes)
      })
    )
  })

  it("refuses what is no RESP with Redis's words, and never anything but a ProtocolError", () => {
    const answer = (parser: RespParser): string => {
      try {
        return String(parser.next())
      } catch (error) {
        return error instanceof ProtocolError ? error.text : "another error"
      }
    }
    const problem = (bytes: string): string => {
      const parser = new RespParser()
      parser.feed(Buffer.from(bytes, "latin1"))
      const found = answer(parser)
      const ofText = new RespParser()
      ofText.feedText(bytes)
      expect(answer(ofText)).toBe(found)
      return found
    }
    expect(problem("*x\r\n")).toBe("invalid multibulk length")
    expect(problem("*99999999\r\n")).toBe("invalid multibulk length")
    expect(problem("*1\r\n:1\r\n")).toBe("expected '$', got ':'")
    expect(problem("*1\r\n$-5\r\n")).toBe("invalid bulk length")
    expect(problem("*1\r\n$999999999999\r\n")).toBe("invalid bulk length")
    expect(problem('set "a\r\n')).toBe("unbalanced quotes in request")
    expect(problem("x".repeat(70_000))).toBe("too big inline request")
    expect(problem(`*${"1".repeat(70_000)}`)).toBe("too big mbulk count string")
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (bytes) => {
        expect(problem(bytes)).not.toBe("another error")
      })
    )
  })
})

describe("a port of the embedded Redis", () => {
  it("asks for a password of its own by default, and serves those who know it", async () => {
    const server = await EmbeddedRedis.open()
    const { host, port, password } = await server.listen()
    expect(host).toBe("127.0.0.1")
    expect(password).toHaveLength(43)
    expect(await talk(port, "GET a\r\n", "\n")).toBe("-NOAUTH Authentication required.\r\n")
    const redis = new Redis({ host, port, password })
    expect(await redis.ping()).toBe("PONG")
    redis.disconnect()
    await server.close()
  })

  it("bounds what a stranger may send before the password", async () => {
    const server = await EmbeddedRedis.open()
    const { port } = await server.listen()
    expect(await talk(port, "*100\r\n", "")).toBe("-ERR Protocol error: unauthenticated multibulk length\r\n")
    expect(await talk(port, "*1\r\n$100000\r\n", "")).toBe(
      "-ERR Protocol error: unauthenticated bulk length\r\n"
    )
    await server.close()
  })

  it("is refused on an address that other machines reach, unless it is exposed on purpose", async () => {
    const server = await EmbeddedRedis.open()
    await expect(server.listen({ host: "0.0.0.0" })).rejects.toMatchObject({ reason: "Exposed", key: "host" })
    const open = await server.listen({ host: "0.0.0.0", expose: true })
    expect(open.port).toBeGreaterThan(0)
    await server.close()
  })

  it("says which port is taken", async () => {
    const server = await EmbeddedRedis.open()
    const { port } = await server.listen()
    await expect(server.listen({ port })).rejects.toMatchObject({ reason: "Listen", value: String(port) })
    await server.close()
  })

  it("closes a connection that sends no RESP, and goes on serving others", async () => {
    const server = await EmbeddedRedis.open()
    const { port } = await server.listen({ password: false })
    expect(await talk(port, "*1\r\n!\r\n", "")).toBe("-ERR Protocol error: expected '$', got '!'\r\n")
    expect(await talk(port, "PING\r\n", "PONG")).toBe("+PONG\r\n")
    await server.close()
  })

  it("is closed with the server", async () => {
    const server = await EmbeddedRedis.open()
    const { port } = await server.listen({ password: false })
    const socket = connect(port, "127.0.0.1")
    await once(socket, "connect")
    const closed = once(socket, "close")
    await server.close()
    await closed
  })

  it("is not opened for a server that is closed, or is being closed", async () => {
    const server = await EmbeddedRedis.open()
    const late = expect(server.listen()).rejects.toMatchObject({ reason: "Closed", isRetryable: false })
    await server.close()
    await late
    await expect(server.listen()).rejects.toMatchObject({ code: "EMBEDDED_REDIS_CLOSED" })
  })

  it("speaks RESP3 after HELLO 3, as ioredis 6 begins", async () => {
    const server = await EmbeddedRedis.open()
    const { port } = await server.listen({ password: false })
    const hello = await talk(
      port,
      "HELLO 3\r\nCLIENT SETINFO LIB-NAME ioredis\r\nHSET h a 1\r\nHGETALL h\r\nGET none\r\nECHO end\r\n",
      "end"
    )
    expect(hello).toMatch(
      /^%7\r\n\$6\r\nserver\r\n\$5\r\nredis\r\n\$7\r\nversion\r\n\$6\r\n7\.0\.15\r\n\$5\r\nproto\r\n:3\r\n/
    )
    expect(hello).toContain("+OK\r\n:1\r\n%1\r\n$1\r\na\r\n$1\r\n1\r\n_\r\n")
    await server.close()
  })

  it("pushes messages between replies in RESP3, where a subscriber may still run commands", async () => {
    const server = await EmbeddedRedis.open()
    const { port } = await server.listen({ password: false })
    const text = await talk(port, "HELLO 3\r\nSUBSCRIBE c\r\nPUBLISH c hi\r\nSET k v\r\nECHO end\r\n", "end")
    expect(text).toContain(
      ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n:1\r\n+OK\r\n"
    )
    await server.close()
  })
})
