import { types } from "./proto/root.ts"
import type { Failure } from "./proto/root.ts"

/** A failure that the service reports in place of something that is too large. */
export const tooLarge = (message: string, cause?: Failure): Failure => ({
  message,
  source: "Server",
  serverFailureInfo: { nonRetryable: true },
  ...(cause === undefined ? {} : { cause })
})

/** Bytes of an encoded failure. */
export const sizeOfFailure = (failure: Failure): number => types.failure.encode(failure).finish().length

const deepest = 20

/** What of a failure fits into so many bytes: what it is, its message, its stack, then its causes. */
export const truncateFailure = (failure: Failure, bytes: number, depth = deepest): Failure => {
  let left = bytes
  const cut = (text: string | null | undefined): string => {
    const encoded = Buffer.from(text ?? "")
    const kept = encoded.length <= left ? encoded : encoded.subarray(0, Math.max(left, 0))
    // What the encoding takes besides.
    left -= kept.length === 0 ? 0 : kept.length + 4
    // A character that is cut in half is left out.
    return kept.toString().replace(/\uFFFD+$/, "")
  }
  const { applicationFailureInfo: application, serverFailureInfo: server } = failure
  const info: Failure = application
    ? { applicationFailureInfo: { nonRetryable: application.nonRetryable, type: cut(application.type) } }
    : server
      ? { serverFailureInfo: { nonRetryable: server.nonRetryable } }
      : {}
  if (application) left -= 8
  else if (server) left -= 4
  const source = cut(failure.source)
  const message = cut(failure.message)
  const stackTrace = cut(failure.stackTrace)
  const cause =
    failure.cause && left > 4 && depth > 0 ? truncateFailure(failure.cause, left - 4, depth - 1) : undefined
  return { ...info, source, message, stackTrace, ...(cause === undefined ? {} : { cause }) }
}
