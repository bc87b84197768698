import { timingSafeEqual } from "node:crypto"
import { constants, createServer } from "node:http2"
import { Server as NetServer } from "node:net"
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2"

import { Code } from "../proto/enums.ts"
import { serviceMethods } from "../proto/root.ts"
import type { MessageType, ReflectionMethod } from "../proto/root.ts"
import { encodeStatus, ServiceError } from "../errors.ts"
import type { Logger } from "../engine.ts"
import { farewell, isPoll } from "./farewell.ts"
import { Body, deadlineOf, encodeMessage, frame, readMessage } from "./frames.ts"
import type { Handler } from "./handler.ts"

export interface RpcOptions {
  readonly host: string
  readonly port: number
  /** The key that every call has to bring; none if undefined. */
  readonly key: string | undefined
  readonly logger: Logger
}

export interface RpcServer {
  readonly port: number
  /**
   * Refuses connections and calls from now on, and lets calls that run end; what still runs after `graceMs` is cut.
   * Workers stay connected until they end.
   */
  close(graceMs: number): Promise<void>
}

/** Compares in constant time. Only the length of the key shows, and that is no secret. */
const keyChecker = (key: string | undefined): ((headers: IncomingHttpHeaders) => boolean) => {
  if (key === undefined) return () => true
  const expected = Buffer.from(`Bearer ${key}`)
  return ({ authorization }) => {
    if (typeof authorization !== "string") return false
    const given = Buffer.from(authorization)
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
}

/** A method of a service. Its types are looked up when it is first called: most never are. */
class Method {
  readonly name: string
  readonly handler: Handler | undefined
  readonly #reflection: ReflectionMethod
  #request: MessageType<unknown> | undefined
  #response: MessageType<unknown> | undefined

  constructor(reflection: ReflectionMethod, handler: Handler | undefined) {
    this.name = reflection.name
    this.#reflection = reflection
    this.handler = handler
  }

  #resolve(): void {
    const { resolvedRequestType, resolvedResponseType } = this.#reflection.resolve()
    this.#request = resolvedRequestType
    this.#response = resolvedResponseType
  }

  decode(message: Uint8Array): unknown {
    if (this.#request === undefined) this.#resolve()
    try {
      return this.#request?.decode(message)
    } catch {
      throw new ServiceError(Code.InvalidArgument, "the request could not be decoded")
    }
  }

  encode(answer: unknown): Uint8Array {
    if (answer instanceof Uint8Array) return answer
    if (this.#response === undefined) this.#resolve()
    return this.#response?.encode(answer ?? {}).finish() ?? new Uint8Array(0)
  }
}

const contentType = "application/grpc"

/** One call: a stream of HTTP/2 with one message in it, and one to come. */
class UnaryCall {
  readonly deadline: number
  readonly #stream: ServerHttp2Stream
  #answered = false
  #onCancel: (() => void)[] | undefined

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.#stream = stream
    this.deadline = deadlineOf(headers["grpc-timeout"])
    stream.once("close", () => {
      if (this.#answered) return
      for (const cancelled of this.#onCancel ?? []) cancelled()
    })
  }

  isCancelled(): boolean {
    return !this.#answered && (this.#stream.closed || this.#stream.destroyed)
  }

  onCancel(cancelled: () => void): void {
    if (this.isCancelled()) cancelled()
    else (this.#onCancel ??= []).push(cancelled)
  }

  answer(message: Uint8Array): void {
    const stream = this.#stream
    if (this.#answered || stream.closed || stream.destroyed) return
    this.#answered = true
    stream.respond({ ":status": 200, "content-type": contentType }, { waitForTrailers: true })
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }))
    stream.end(frame(message))
  }

  fail(error: ServiceError): void {
    const stream = this.#stream
    if (this.#answered || stream.closed || stream.destroyed) return
    this.#answered = true
    const { code, details, message } = error
    stream.respond(
      {
        ":status": 200,
        "content-type": contentType,
        "grpc-status": String(code),
        "grpc-message": encodeMessage(message),
        ...(details.length > 0 && {
          "grpc-status-details-bin": Buffer.from(encodeStatus(error)).toString("base64")
        })
      },
      { endStream: true }
    )
    // What the caller still sends is not read any more.
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
  }
}

/** Serves handlers by gRPC. Methods of the services that have no handler are answered as not implemented. */
export const serve = async (
  services: Readonly<Record<string, Readonly<Record<string, Handler>>>>,
  options: RpcOptions
): Promise<RpcServer> => {
  const { logger } = options
  const authorized = keyChecker(options.key)
  const methods = new Map<string, Method>()
  for (const [service, handlers] of Object.entries(services))
    for (const method of serviceMethods(service))
      methods.set(`/${service}/${method.name}`, new Method(method, handlers[method.name]))

  const fail = (call: UnaryCall, error: unknown, method: string): void => {
    if (error instanceof ServiceError) return call.fail(error)
    call.fail(
      new ServiceError(Code.Unavailable, "the embedded service could not handle the request, see its log")
    )
    logger("error", `${method} failed unexpectedly`, {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error)
    })
  }

  const unknown = (path: string): ServiceError => {
    const [, service = "", method = ""] = path.split("/")
    return new ServiceError(Code.Unimplemented, `unknown method ${method} for service ${service}`)
  }

  const handle = (method: Method, handler: Handler, call: UnaryCall, message: Buffer): void => {
    try {
      const answer = handler(method.decode(message), call)
      if (answer instanceof Promise)
        answer
          .then((value) => call.answer(method.encode(value)))
          .catch((error: unknown) => fail(call, error, method.name))
      else call.answer(method.encode(answer))
    } catch (error) {
      fail(call, error, method.name)
    }
  }

  const receive = (
    method: Method,
    handler: Handler,
    call: UnaryCall,
    body: Buffer,
    encoding: string
  ): void => {
    const broken = (error: unknown): void =>
      call.fail(
        error instanceof ServiceError
          ? error
          : new ServiceError(Code.Internal, "the request could not be unpacked")
      )
    let message: Buffer | Promise<Buffer>
    try {
      message = readMessage(body, encoding)
    } catch (error) {
      return broken(error)
    }
    if (message instanceof Promise)
      message.then((unpacked) => handle(method, handler, call, unpacked), broken)
    else handle(method, handler, call, message)
  }

  /** The sessions over which workers have asked for tasks. */
  const workers = new WeakSet<object>()
  /** Set when the service is closed: how it answers from then on. */
  let closed: ((method: string) => Handler) | undefined
  /** The calls that had begun by then. */
  const running = new Set<ServerHttp2Stream>()
  let onIdle = ignore

  const onStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    stream.on("error", ignore)
    const path = headers[":path"] ?? ""
    if (headers[":method"] !== "POST" || headers["content-type"]?.startsWith(contentType) !== true) {
      stream.respond({ ":status": 415 }, { endStream: true })
      return
    }
    if (closed === undefined) {
      running.add(stream)
      stream.once("close", () => {
        running.delete(stream)
        if (running.size === 0) onIdle()
      })
    }
    const call = new UnaryCall(stream, headers)
    const body = new Body()
    const encoding = headers["grpc-encoding"]
    const method = methods.get(path)
    const handler = closed === undefined || method === undefined ? method?.handler : closed(method.name)
    if (method !== undefined && isPoll(method.name) && stream.session) workers.add(stream.session)
    if (!authorized(headers))
      return call.fail(new ServiceError(Code.Unauthenticated, "invalid or missing API key"))
    if (method === undefined || handler === undefined) return call.fail(unknown(path))
    stream.on("data", (chunk: Buffer) => {
      try {
        body.push(chunk)
      } catch (error) {
        stream.removeAllListeners("end")
        fail(call, error, method.name)
      }
    })
    stream.once("end", () =>
      receive(method, handler, call, body.finish(), typeof encoding === "string" ? encoding : "")
    )
  }

  const sessions = new Set<ServerHttp2Session>()
  const server = createServer({
    // The polls of all workers wait here, and a session may hold large histories.
    maxSessionMemory: 1024,
    settings: { maxConcurrentStreams: 100_000, initialWindowSize: 1024 * 1024 }
  })
  server.on("stream", onStream)
  server.on("session", (session) => {
    sessions.add(session)
    session.on("error", ignore)
    session.once("close", () => {
      sessions.delete(session)
      if (sessions.size === 0 && lingering.get(port) === sessions) lingering.delete(port)
    })
    if (!session.destroyed) session.setLocalWindowSize(4 * 1024 * 1024)
  })
  server.on("sessionError", ignore)

  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject)
    server.listen(options.port, options.host.replace(/^\[(.*)\]$/, "$1"), () => {
      server.off("error", reject)
      const address = server.address()
      resolve(typeof address === "object" && address !== null ? address.port : options.port)
    })
  })
  server.on("error", (error) => logger("error", "the server failed", { error: String(error) }))
  // Whoever lingers there would never notice that there is a service again.
  for (const session of lingering.get(port) ?? []) session.destroy()
  return {
    port,
    close: async (graceMs) => {
      closed = farewell()
      // Not its own method, which would end all sessions too.
      NetServer.prototype.close.call(server)
      for (const session of sessions) if (!workers.has(session)) session.close()
      await new Promise<void>((resolve) => {
        const force = setTimeout(resolve, graceMs)
        onIdle = () => {
          clearTimeout(force)
          resolve()
        }
        if (running.size === 0) onIdle()
      })
      for (const stream of running) stream.close(constants.NGHTTP2_CANCEL)
      for (const session of sessions)
        if (workers.has(session)) session.unref()
        else session.destroy()
      if (sessions.size > 0) lingering.set(port, sessions)
    }
  }
}

/** The sessions of workers that are still connected to services that are closed, by their ports. */
const lingering = new Map<number, ReadonlySet<ServerHttp2Session>>()

/** Whether workers are still connected to a service of this thread that is closed. */
export const lingers = (): boolean => lingering.size > 0

const ignore = (): void => {}
