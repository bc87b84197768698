import { invalidArgument } from "./errors.ts"
import type { ServiceError } from "./errors.ts"
import { types } from "./proto/root.ts"
import type { Failure } from "./proto/root.ts"
import type { Run } from "./run.ts"
import { isOpen } from "./state.ts"

/** Limits of the service; the defaults are the real server's. */
export interface Limits {
  /** Bytes of one payload field (an input, a result, details) that are refused. Default: 2 MiB. */
  readonly blobSize: number
  /** Bytes of one event from which the log is told. Default: 512 KiB. */
  readonly blobSizeWarn: number
  /** Bytes of a memo that are refused. Default: 2 MiB. */
  readonly memoSize: number
  /** Events of history from which a run is told to continue as new. Default: 4,096. */
  readonly suggestContinueAsNewCount: number
  /** Bytes of history from which it is told the same. Default: 4 MiB. */
  readonly suggestContinueAsNewSize: number
  /** Updates from which it is told the same; 90 % of the most that it may have. Default: 1,800. */
  readonly suggestContinueAsNewUpdates: number
  /** Events of history over which a run is terminated. Default: 51,200. */
  readonly historyCount: number
  /** Bytes of history over which it is terminated. Default: 50 MiB. */
  readonly historySize: number
  /** Activities that a run may have at a time. Default: 2,000. */
  readonly pendingActivities: number
  /** Children that it may have at a time. Default: 2,000. */
  readonly pendingChildren: number
  /** Signals to others that it may have under way. Default: 2,000. */
  readonly pendingSignals: number
  /** Cancellations of others that it may have under way. Default: 2,000. */
  readonly pendingCancels: number
  /** Signals that it may get. Default: 10,000. */
  readonly signals: number
  /** Updates that it may have under way. Default: 10. */
  readonly updatesInFlight: number
  /** Updates that it may have in all. Default: 2,000. */
  readonly updates: number
  /** Characters of an id or a name. Default: 1,000. */
  readonly idLength: number
}

export const defaultLimits: Limits = {
  blobSize: 2 * 1024 * 1024,
  blobSizeWarn: 512 * 1024,
  memoSize: 2 * 1024 * 1024,
  suggestContinueAsNewCount: 4096,
  suggestContinueAsNewSize: 4 * 1024 * 1024,
  suggestContinueAsNewUpdates: 1800,
  historyCount: 51_200,
  historySize: 50 * 1024 * 1024,
  pendingActivities: 2000,
  pendingChildren: 2000,
  pendingSignals: 2000,
  pendingCancels: 2000,
  signals: 10_000,
  updatesInFlight: 10,
  updates: 2000,
  idLength: 1000
}

/** A run whose history has become too long: what made it so is undone, and the run terminated. */
export class HistoryTooLong extends Error {
  readonly run: Run
  constructor(run: Run, what: "count" | "size") {
    super(`Workflow history ${what} exceeds limit.`)
    this.name = "HistoryTooLong"
    this.run = run
  }

  /** What the caller is answered. */
  toAnswer(): ServiceError {
    return invalidArgument(this.message)
  }
}

/** Refuses a transition that leaves an open run with too long a history; service/history/workflow/context.go. */
export const checkHistory = (run: Run, limits: Limits): void => {
  if (!isOpen(run.h)) return
  if (run.historySize > limits.historySize) throw new HistoryTooLong(run, "size")
  if (run.frames.length > limits.historyCount) throw new HistoryTooLong(run, "count")
}

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
