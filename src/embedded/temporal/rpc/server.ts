import { timingSafeEqual } from "node:crypto"
import { createServer } from "node:net"

import { Metadata, Server, ServerCredentials } from "@grpc/grpc-js"
import type { handleUnaryCall, MethodDefinition, sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js"

import { Code } from "../proto/enums.ts"
import { serviceMethods } from "../proto/root.ts"
import { encodeStatus, ServiceError } from "../errors.ts"
import type { Logger } from "../engine.ts"
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
  /** Lets calls that run end, then stops; what still runs after `graceMs` is cut. */
  close(graceMs: number): Promise<void>
}

/** Compares in constant time. Only the length of the key shows, and that is no secret. */
const keyChecker = (key: string | undefined): ((metadata: Metadata) => boolean) => {
  if (key === undefined) return () => true
  const expected = Buffer.from(`Bearer ${key}`)
  return (metadata) => {
    const value = metadata.get("authorization")[0]
    if (typeof value !== "string") return false
    const given = Buffer.from(value)
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
}

const unreadable = Symbol("unreadable")

/** The definition of a service for grpc-js, from the reflection root of the protocol. */
const definitionOf = (service: string): Record<string, MethodDefinition<unknown, unknown>> => {
  const definition: Record<string, MethodDefinition<unknown, unknown>> = {}
  for (const method of serviceMethods(service)) {
    const { resolvedRequestType, resolvedResponseType } = method.resolve()
    definition[method.name] = {
      path: `/${service}/${method.name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (value: unknown) => Buffer.from(resolvedRequestType.encode(value).finish()),
      requestDeserialize: (bytes: Buffer): unknown => {
        try {
          return resolvedRequestType.decode(bytes)
        } catch {
          return unreadable
        }
      },
      responseSerialize: (value: unknown): Buffer => {
        const bytes = value instanceof Uint8Array ? value : resolvedResponseType.encode(value ?? {}).finish()
        return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      },
      responseDeserialize: (bytes: Buffer) => resolvedResponseType.decode(bytes)
    }
  }
  return definition
}

const deadlineOf = (call: ServerUnaryCall<unknown, unknown>): number => {
  const deadline = call.getDeadline()
  return typeof deadline === "number" ? deadline : deadline.getTime()
}

const toStatus = (error: unknown, logger: Logger, method: string) => {
  const known =
    error instanceof ServiceError
      ? error
      : new ServiceError(Code.Unavailable, "the embedded service could not handle the request, see its log")
  if (known !== error)
    logger("error", `${method} failed unexpectedly`, {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error)
    })
  const metadata = new Metadata()
  if (known.details.length > 0) metadata.set("grpc-status-details-bin", Buffer.from(encodeStatus(known)))
  return { code: known.code, details: known.message, metadata }
}

const settle = async (
  answer: Promise<unknown>,
  callback: sendUnaryData<unknown>,
  fail: (error: unknown) => void
): Promise<void> => {
  let value: unknown
  try {
    value = await answer
  } catch (error) {
    return fail(error)
  }
  callback(null, value)
}

/** Finds a busy port before grpc-js does, which would also tell it on stderr. */
const assertFree = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once("error", reject)
    probe.listen(port, host, () => probe.close(() => resolve()))
  })

/** Serves handlers by gRPC. Methods of the services that have no handler are answered as not implemented. */
export const serve = async (
  services: Readonly<Record<string, Readonly<Record<string, Handler>>>>,
  options: RpcOptions
): Promise<RpcServer> => {
  const server = new Server({
    "grpc.max_receive_message_length": 128 * 1024 * 1024,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": 100_000
  })
  const authorized = keyChecker(options.key)
  const { logger } = options

  const unary =
    (service: string, method: string, handler: Handler | undefined): handleUnaryCall<unknown, unknown> =>
    (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => {
      const fail = (error: unknown): void => callback(toStatus(error, logger, method))
      if (!authorized(call.metadata))
        return fail(new ServiceError(Code.Unauthenticated, "invalid or missing API key"))
      if (handler === undefined)
        return fail(new ServiceError(Code.Unimplemented, `unknown method ${method} for service ${service}`))
      if (call.request === unreadable)
        return fail(new ServiceError(Code.InvalidArgument, "the request could not be decoded"))
      try {
        const answer = handler(call.request, {
          deadline: deadlineOf(call),
          onCancel: (cancelled) => {
            if (call.cancelled) cancelled()
            else call.once("cancelled", cancelled)
          },
          isCancelled: () => call.cancelled
        })
        if (answer instanceof Promise) void settle(answer, callback, fail)
        else callback(null, answer)
      } catch (error) {
        fail(error)
      }
    }

  for (const [service, handlers] of Object.entries(services)) {
    const definition = definitionOf(service)
    const implementation: Record<string, handleUnaryCall<unknown, unknown>> = {}
    for (const name of Object.keys(definition)) implementation[name] = unary(service, name, handlers[name])
    server.addService(definition, implementation)
  }

  if (options.port !== 0) await assertFree(options.host, options.port)
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${options.host}:${options.port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error)
    )
  })
  return {
    port,
    close: (graceMs) =>
      new Promise((resolve) => {
        const force = setTimeout(() => {
          server.forceShutdown()
          resolve()
        }, graceMs)
        server.tryShutdown(() => {
          clearTimeout(force)
          resolve()
        })
      })
  }
}
