import { randomBytes } from "node:crypto"
import type { AddressInfo, Server as NetServer, Socket } from "node:net"
import type { Engine } from "../engine/Engine.ts"
import type { Session } from "../engine/Session.ts"
import { EmbeddedRedisError } from "../Errors.ts"
import type { ListenOptions } from "../Options.ts"

/** A TCP listener. */
export interface Listening {
  readonly host: string
  readonly port: number
  /** What clients must AUTH with. */
  readonly password: string | undefined
  readonly close: () => Promise<void>
}

/** Bytes that may wait behind a blocking command before the socket is read no further. */
const BACKLOG_LIMIT = 1024 * 1024

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/i

const serve = (engine: Engine, socket: Socket, password: string | undefined): Session => {
  socket.setNoDelay(true)
  const session = engine.connect(
    {
      address: `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`,
      localAddress: `${socket.localAddress ?? "?"}:${socket.localPort ?? 0}`,
      send: (bytes) => {
        socket.write(bytes)
      },
      end: () => socket.end(),
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
      }, 10)
    }
  })
  // The close event follows; a reset connection is nothing to report.
  socket.on("error", () => undefined)
  socket.on("close", () => session.close())
  return session
}

const bind = (server: NetServer, port: number, host: string): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, () => {
      server.off("error", reject)
      const address = server.address()
      if (address === null || typeof address === "string") reject(new Error("no address"))
      else resolve(address)
    })
  })

/** Listens on TCP: on loopback only unless told otherwise, with a password unless told otherwise. */
export const listen = async (engine: Engine, options: ListenOptions): Promise<Listening> => {
  const host = options.host ?? "127.0.0.1"
  if (!LOOPBACK.test(host) && options.expose !== true) {
    throw new EmbeddedRedisError({
      reason: "Exposed",
      key: "host",
      value: host,
      message: `${host} can be reached by other machines.`,
      fix: "Listen on 127.0.0.1, or set expose: true if other machines are meant to connect."
    })
  }
  const port = options.port ?? 0
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new EmbeddedRedisError({
      reason: "InvalidOption",
      key: "port",
      value: String(port),
      message: `${port} is no port.`,
      fix: "Use a number from 0 to 65535; 0 picks a free one."
    })
  }
  if (options.password === "") {
    throw new EmbeddedRedisError({
      reason: "InvalidOption",
      key: "password",
      message: "The password is empty.",
      fix: "Leave it out for a random one, or use false to ask for none."
    })
  }
  const password =
    options.password === false ? undefined : (options.password ?? randomBytes(32).toString("base64url"))
  if (!LOOPBACK.test(host)) {
    engine.logger("warn", `The embedded Redis listens on ${host}, without TLS: other machines can reach it.`)
  }
  const { createServer } = await import("node:net")
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
    serve(engine, socket, password)
  })
  let address: AddressInfo
  try {
    address = await bind(server, port, host)
  } catch (cause) {
    throw new EmbeddedRedisError({
      reason: "Listen",
      key: "port",
      value: String(port),
      message: `Cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}`,
      fix: "Choose another port, or 0 for a free one.",
      cause
    })
  }
  engine.settings.assign("port", String(address.port))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return { host: address.address, port: address.port, password, close }
}
