import type { Socket } from "node:net"
import type { Engine } from "../engine/Engine.ts"

/** Bytes that may wait behind a blocking command before the socket is read no further. */
const BACKLOG_LIMIT = 1024 * 1024
const LOOK_AGAIN_MILLIS = 10

/** Connects a socket to the engine. `path` is that of the Unix socket, if it is one. */
export const serveSocket = (
  engine: Engine,
  socket: Socket,
  password: string | undefined,
  path: string | undefined
): void => {
  if (!engine.admits()) {
    socket.on("error", () => undefined)
    socket.end("-ERR max number of clients reached\r\n")
    socket.destroySoon()
    return
  }
  if (path === undefined) socket.setNoDelay(true)
  const session = engine.connect(
    {
      address: path === undefined ? `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}` : `${path}:0`,
      localAddress:
        path === undefined ? `${socket.localAddress ?? "?"}:${socket.localPort ?? 0}` : `${path}:0`,
      isUnix: path !== undefined,
      send: (bytes) => {
        socket.write(bytes)
      },
      // A peer that goes on writing is to see that nobody reads.
      end: () => socket.destroySoon(),
      destroy: () => socket.destroy(),
      unsentBytes: () => socket.writableLength
    },
    password
  )
  socket.on("data", (chunk: Buffer) => {
    session.feed(chunk)
    if (session.isBlocked && session.backlog > BACKLOG_LIMIT) {
      socket.pause()
      const resume = setInterval(() => {
        if (session.isBlocked && !session.closed) return
        clearInterval(resume)
        socket.resume()
      }, LOOK_AGAIN_MILLIS)
    }
  })
  // The close event follows; a reset connection is nothing to report.
  socket.on("error", () => undefined)
  socket.on("close", () => session.close())
}
