/** One request and its answer, between `node:http` and the handlers. */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type HandlerError, type Problem, ProblemError, problemOf } from "./Problem.ts"

/** What a handler sees of a request. */
export interface HttpRequest {
  readonly method: string
  /** The path without the query string, undecoded. */
  readonly path: string
  readonly search: URLSearchParams
  readonly header: (name: string) => string | undefined
  /** The JSON body; `undefined` when there is none. Read once. */
  readonly json: Effect.Effect<unknown, ProblemError>
}

/** What a handler answers: a JSON value, text, a stream of event frames, or nothing. */
export interface HttpReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly text?: string
  readonly frames?: Stream.Stream<string, HandlerError>
}

const decoder = new TextDecoder("utf-8", { fatal: true })

const tooLarge = (limit: number) =>
  new ProblemError(
    "COMPOZY_BODY_TOO_LARGE",
    `The body is larger than ${limit} bytes. Send less, or raise server.bodyLimit.`,
    { headers: { connection: "close" } }
  )

const checkContentType = (request: IncomingMessage): ProblemError | undefined => {
  const encoding = request.headers["content-encoding"]
  if (encoding !== undefined && encoding !== "identity") {
    return new ProblemError(
      "COMPOZY_UNSUPPORTED_MEDIA_TYPE",
      `Content-Encoding "${encoding}" is not supported.`
    )
  }
  const type = request.headers["content-type"] ?? ""
  const match = /^application\/json\s*(?:;\s*charset\s*=\s*"?([\w-]+)"?\s*)?$/i.exec(type)
  if (match === null || (match[1] !== undefined && match[1].toLowerCase() !== "utf-8")) {
    return new ProblemError(
      "COMPOZY_UNSUPPORTED_MEDIA_TYPE",
      `The body must be application/json, not ${type === "" ? "of no content type" : `"${type}"`}.`
    )
  }
  return undefined
}

/**
 * Reads a JSON body of at most `limit` bytes.
 *
 * @param request the request
 * @param limit in bytes
 * @returns the value, or `undefined` when there is no body; fails with 400, 413 or 415
 */
export const readJson = (request: IncomingMessage, limit: number): Effect.Effect<unknown, ProblemError> =>
  Effect.callback<unknown, ProblemError>((resume) => {
    const length = request.headers["content-length"]
    if (request.headers["transfer-encoding"] === undefined && (length === undefined || length === "0")) {
      resume(Effect.succeed(undefined))
      return
    }
    const refused = checkContentType(request)
    if (refused !== undefined) {
      request.resume()
      resume(Effect.fail(refused))
      return
    }
    if (length !== undefined && Number(length) > limit) {
      resume(Effect.fail(tooLarge(limit)))
      return
    }
    const chunks: Array<Buffer> = []
    let size = 0
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) {
        stop()
        request.pause()
        resume(Effect.fail(tooLarge(limit)))
        return
      }
      chunks.push(chunk)
    }
    const onEnd = () => {
      stop()
      try {
        const text = decoder.decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size))
        resume(Effect.succeed(text.trim() === "" ? undefined : JSON.parse(text)))
      } catch (cause) {
        const why = cause instanceof SyntaxError ? cause.message : "it is not UTF-8"
        resume(Effect.fail(new ProblemError("COMPOZY_BAD_REQUEST", `The body is not JSON: ${why}.`)))
      }
    }
    const onError = () => {
      stop()
      resume(Effect.fail(new ProblemError("COMPOZY_BAD_REQUEST", "The body ended before it was complete.")))
    }
    const stop = () => {
      request.off("data", onData).off("end", onEnd).off("error", onError).off("aborted", onError)
    }
    request.on("data", onData).on("end", onEnd).on("error", onError).on("aborted", onError)
    return Effect.sync(stop)
  })

const baseHeaders = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'"
}

const write = (response: ServerResponse, chunk: string): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (response.write(chunk) || response.destroyed) {
      resume(Effect.void)
      return
    }
    const done = () => {
      response.off("drain", done).off("close", done)
      resume(Effect.void)
    }
    response.on("drain", done).on("close", done)
    return Effect.sync(() => response.off("drain", done).off("close", done))
  })

const frameOfProblem = (problem: Problem) => `event: problem\ndata: ${JSON.stringify(problem)}\n\n`

const pingInterval = 15_000

const sendFrames = (
  response: ServerResponse,
  frames: Stream.Stream<string, HandlerError>
): Effect.Effect<void> => {
  const ping = setInterval(() => {
    if (!response.writableNeedDrain) response.write(": ping\n\n")
  }, pingInterval)
  ping.unref()
  response.flushHeaders()
  return frames.pipe(
    Stream.runForEach((frame) => write(response, frame)),
    Effect.catch((error) => write(response, frameOfProblem(problemOf(error)))),
    Effect.ensuring(
      Effect.sync(() => {
        clearInterval(ping)
        response.end()
      })
    )
  )
}

/** Writes a reply. `head` leaves out the body, `headers` are added to every answer. */
export const sendReply = (
  response: ServerResponse,
  reply: HttpReply,
  options: { readonly head: boolean; readonly headers: Readonly<Record<string, string>> }
): Effect.Effect<void> => {
  if (response.destroyed) return Effect.void
  const headers: Record<string, string | number> = { ...baseHeaders, ...options.headers, ...reply.headers }
  if (reply.frames !== undefined && !options.head) {
    headers["content-type"] = "text/event-stream; charset=utf-8"
    headers["x-accel-buffering"] = "no"
    response.writeHead(reply.status, headers)
    return sendFrames(response, reply.frames)
  }
  const body = reply.json === undefined ? reply.text : JSON.stringify(reply.json)
  if (body !== undefined) {
    headers["content-type"] ??= reply.json === undefined ? "text/plain; charset=utf-8" : "application/json"
    headers["content-length"] = Buffer.byteLength(body)
  }
  response.writeHead(reply.status, headers)
  if (body === undefined || options.head) response.end()
  else response.end(body)
  return Effect.void
}

/** The reply that an error becomes. */
export const problemReply = (error: HandlerError): HttpReply => {
  const problem = problemOf(error)
  return {
    status: problem.status,
    headers: {
      "content-type": "application/problem+json",
      ...(problem.status === 503 ? { "retry-after": "1" } : {}),
      ...(error instanceof ProblemError ? error.headers : {})
    },
    json: problem
  }
}
