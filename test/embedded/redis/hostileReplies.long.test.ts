import { once } from "node:events"
import { connect } from "node:net"
import { expect, it } from "vitest"
import { EmbeddedRedis } from "../../../src/embedded/redis/index.ts"

it("a reply that no string can hold costs the client its connection, not the process", async () => {
  await using server = await EmbeddedRedis.open()
  const { port } = await server.listen({ password: false })
  const socket = connect(port, "127.0.0.1")
  socket.on("error", () => undefined)
  socket.resume()
  socket.write("SETRANGE long 300000000 x\r\nMGET long long\r\n")
  await once(socket, "close")
  const other = connect(port, "127.0.0.1")
  other.write("STRLEN long\r\n")
  const [reply] = await once(other, "data")
  expect(String(reply)).toBe(":300000001\r\n")
  other.destroy()
})
