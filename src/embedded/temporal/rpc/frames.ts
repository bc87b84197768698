import { gunzip, gunzipSync, inflateSync } from "node:zlib"

import { Code } from "../proto/enums.ts"
import { ServiceError } from "../errors.ts"

/** The largest request that is read, in bytes, before and after it is unpacked. */
export const maxMessageBytes = 128 * 1024 * 1024

// A gRPC message: whether it is compressed, its length, its bytes.
const prefixBytes = 5

/** From here on unpacking is left to another thread. */
const unpackElsewhereBytes = 256 * 1024

const tooLarge = (bytes: number): ServiceError =>
  new ServiceError(
    Code.ResourceExhausted,
    `grpc: received message larger than max (${bytes} vs. ${maxMessageBytes})`
  )

const broken = (): ServiceError => new ServiceError(Code.Internal, "the request is no gRPC message")

const unpack = (message: Buffer, encoding: string): Buffer | Promise<Buffer> => {
  const options = { maxOutputLength: maxMessageBytes }
  if (encoding === "deflate") return inflateSync(message, options)
  if (encoding !== "gzip")
    throw new ServiceError(Code.Unimplemented, `grpc: unknown compression ${encoding || "identity"}`)
  if (message.length < unpackElsewhereBytes) return gunzipSync(message, options)
  return new Promise((resolve, reject) => {
    gunzip(message, options, (error, result) => (error === null ? resolve(result) : reject(error)))
  })
}

/** The one message of a unary request; a promise only if it is large and compressed. */
export const readMessage = (body: Buffer, encoding: string): Buffer | Promise<Buffer> => {
  if (body.length < prefixBytes) throw broken()
  const length = body.readUInt32BE(1)
  if (length > maxMessageBytes) throw tooLarge(length)
  if (body.length !== prefixBytes + length) throw broken()
  const message = body.subarray(prefixBytes)
  return body[0] === 0 ? message : unpack(message, encoding)
}

/** Collects the chunks of a request. */
export class Body {
  readonly #chunks: Buffer[] = []
  #bytes = 0

  /** Throws when it gets too large. */
  push(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > maxMessageBytes + prefixBytes) throw tooLarge(this.#bytes)
    this.#chunks.push(chunk)
  }

  finish(): Buffer {
    const [only] = this.#chunks
    return this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks)
  }
}

/** A message as it is sent. */
export const frame = (message: Uint8Array): Buffer => {
  const framed = Buffer.allocUnsafe(prefixBytes + message.length)
  framed[0] = 0
  framed.writeUInt32BE(message.length, 1)
  framed.set(message, prefixBytes)
  return framed
}

const units: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6
}

/** When the caller gives up, from the `grpc-timeout` header, in milliseconds since 1970; infinite without one. */
export const deadlineOf = (timeout: string | string[] | undefined): number => {
  if (typeof timeout !== "string") return Number.POSITIVE_INFINITY
  const unit = units[timeout.slice(-1)]
  const value = Number(timeout.slice(0, -1))
  return unit === undefined || !Number.isFinite(value) ? Number.POSITIVE_INFINITY : Date.now() + value * unit
}

/** A status message as its header carries it: everything but printable ASCII in percent-encoding. */
export const encodeMessage = (message: string): string => {
  if (/^[\x20-\x24\x26-\x7e]*$/.test(message)) return message
  let encoded = ""
  for (const byte of Buffer.from(message))
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
  return encoded
}
