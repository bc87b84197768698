import { randomBytes } from "node:crypto"
import { chmodSync, lstatSync, unlinkSync } from "node:fs"
import type { AddressInfo, Server as NetServer, Socket } from "node:net"
import { isMainThread } from "node:worker_threads"
import type { Engine } from "../engine/Engine.ts"
import { EmbeddedRedisError } from "../Errors.ts"
import type { ListenOptions } from "../Options.ts"
import { serveSocket } from "./SocketTransport.ts"

/** A listener. */
export interface Listening {
  readonly host: string
  /** 0 for a Unix socket. */
  readonly port: number
  /** The Unix socket; `undefined` for TCP. */
  readonly path: string | undefined
  /** What clients must AUTH with. */
  readonly password: string | undefined
  readonly close: () => Promise<void>
}

/** The longest path that every operating system takes for a Unix socket. */
const LONGEST_PATH = 100

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/i

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const bind = (
  server: NetServer,
  target: { readonly port: number; readonly host: string } | { readonly path: string }
): Promise<AddressInfo | string> =>
  new Promise((resolve, reject) => {
    server.once("error", reject)
    // Everything that is bound while this runs is for the owner only: the socket must not be open for a moment.
    const before = "path" in target && isMainThread ? process.umask(0o177) : undefined
    server.listen(target, () => {
      server.off("error", reject)
      const address = server.address()
      if (address === null) reject(new Error("no address"))
      else resolve(address)
    })
    if (before !== undefined) process.umask(before)
  })

/** Whether someone accepts connections on a Unix socket. */
const answers = async (path: string): Promise<boolean> => {
  const { connect } = await import("node:net")
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
}

/** Removes the socket of a server that has died; anything else in its place is left alone. */
const clearStale = async (path: string): Promise<void> => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) throw new Error("there is a file of that name")
  if (await answers(path)) throw new Error("another server listens there")
  unlinkSync(path)
}

const checkHost = (engine: Engine, host: string, expose: boolean | undefined): void => {
  if (LOOPBACK.test(host)) return
  if (expose !== true) {
    throw new EmbeddedRedisError({
      reason: "Exposed",
      key: "host",
      value: host,
      message: `${host} can be reached by other machines.`,
      fix: "Listen on 127.0.0.1, or set expose: true if other machines are meant to connect."
    })
  }
  engine.logger("warn", `The embedded Redis listens on ${host}, without TLS: other machines can reach it.`)
}

const passwordOf = (options: ListenOptions): string | undefined => {
  if (options.password === "") {
    throw new EmbeddedRedisError({
      reason: "InvalidOption",
      key: "password",
      message: "The password is empty.",
      fix: "Leave it out for a random one, or use false to ask for none."
    })
  }
  return options.password === false ? undefined : (options.password ?? randomBytes(32).toString("base64url"))
}

const opened = async (
  engine: Engine,
  password: string | undefined,
  path: string | undefined,
  listen: (server: NetServer) => Promise<AddressInfo | string>
): Promise<{ readonly address: AddressInfo | string; readonly close: () => Promise<void> }> => {
  const { createServer } = await import("node:net")
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
    serveSocket(engine, socket, password, path)
  })
  const address = await listen(server)
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return { address, close }
}

const listenOnPath = async (engine: Engine, path: string, options: ListenOptions): Promise<Listening> => {
  const password = passwordOf(options)
  if (path === "" || Buffer.byteLength(path) > LONGEST_PATH) {
    throw new EmbeddedRedisError({
      reason: "InvalidOption",
      key: "unixSocket",
      value: path,
      message: `The path of the Unix socket has ${Buffer.byteLength(path)} bytes.`,
      fix: `Choose one of 1 to ${LONGEST_PATH} bytes; operating systems allow no more.`
    })
  }
  try {
    await clearStale(path)
    const { close } = await opened(engine, password, path, async (server) => {
      const bound = await bind(server, { path })
      chmodSync(path, 0o600)
      return bound
    })
    engine.settings.assign("unixsocket", path)
    return { host: path, port: 0, path, password, close }
  } catch (cause) {
    throw new EmbeddedRedisError({
      reason: "Listen",
      key: "unixSocket",
      value: path,
      message: `Cannot listen on ${path}: ${messageOf(cause)}`,
      fix: "Choose another path, in a folder that this user can write to.",
      cause
    })
  }
}

/**
 * Listens on TCP or on a Unix socket: on loopback only unless told otherwise, with a password unless told otherwise.
 * The Unix socket is for its owner only (mode 0600).
 */
export const listen = async (engine: Engine, options: ListenOptions): Promise<Listening> => {
  if (options.unixSocket !== undefined) return listenOnPath(engine, options.unixSocket, options)
  const host = options.host ?? "127.0.0.1"
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
  const password = passwordOf(options)
  checkHost(engine, host, options.expose)
  try {
    const { address, close } = await opened(engine, password, undefined, (server) =>
      bind(server, { port, host })
    )
    if (typeof address === "string") throw new Error("no address")
    engine.settings.assign("port", String(address.port))
    return { host: address.address, port: address.port, path: undefined, password, close }
  } catch (cause) {
    throw new EmbeddedRedisError({
      reason: "Listen",
      key: "port",
      value: String(port),
      message: `Cannot listen on ${host}:${port}: ${messageOf(cause)}`,
      fix: "Choose another port, or 0 for a free one.",
      cause
    })
  }
}
