import { connect } from "node:net"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { EmbeddedRedis, type OpenEmbeddedRedis } from "../../../src/embedded/redis/index.ts"

let server: OpenEmbeddedRedis
let port: number
beforeAll(async () => {
  server = await EmbeddedRedis.open()
  port = (await server.listen({ password: false })).port
})
afterAll(() => server.close())

/** Sends bytes, ends, and gives what came back until the server closed the connection. */
const send = (bytes: Uint8Array): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
    let text = ""
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1")
    })
    socket.on("error", () => undefined)
    socket.on("close", () => resolve(text))
    socket.end(bytes)
  })

const piece = fc.oneof(
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc.constantFrom(
    "*",
    "$",
    "\r\n",
    "*3\r\n",
    "$3\r\nSET\r\n",
    "$1\r\na\r\n",
    "*-1\r\n",
    "$-1\r\n",
    "'",
    '"\\x'
  ),
  fc.integer({ min: -5, max: 2 ** 40 }).map((count) => `*${count}\r\n`),
  fc.integer({ min: -5, max: 2 ** 40 }).map((length) => `$${length}\r\n`),
  fc.constantFrom("GET a\r\n", "EVAL 'return 1' 0\r\n", "DEBUG SLEEP 100\r\n", "SUBSCRIBE a\r\n")
)

describe("bytes of a hostile client", () => {
  it("get an answer or an error and a closed connection, and harm nobody else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const text = await send(Buffer.from(pieces.join(""), "latin1"))
        expect(text).not.toContain("internal error")
        expect(await send(Buffer.from("PING\r\n"))).toBe("+PONG\r\n")
      }),
      { numRuns: 60 }
    )
  })

  it("cannot make it hold lengths that are only announced", async () => {
    const before = process.memoryUsage().arrayBuffers
    await Promise.all(
      Array.from({ length: 20 }, () => send(Buffer.from("*2\r\n$3\r\nGET\r\n$536870912\r\nabc")))
    )
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
  })

  it("end after an inline command of 64 kB without an end", async () => {
    expect(await send(Buffer.alloc(70 * 1024, 65))).toBe("-ERR Protocol error: too big inline request\r\n")
  })
})

describe("replies that are too long", () => {
  it("are refused before they are made of the same member again and again", async () => {
    expect(await send(Buffer.from("SADD s a\r\nSRANDMEMBER s -999999999\r\n"))).toContain(
      "-ERR value is out of range"
    )
  })
})
