import * as Data from "effect/Data"

/** Why an embedded Redis did not open, listen or close. */
export type EmbeddedRedisReason =
  /** Another process has the folder open. */
  | "Locked"
  /** A file of the folder is damaged. */
  | "Damaged"
  /** A file of the folder was written by something that this version cannot read. */
  | "Unsupported"
  /** The operating system refused (permissions, disk full, no such folder ...). */
  | "Io"
  /** An option has a value that it must not have. */
  | "InvalidOption"
  /** The address is not a loopback address and `expose` is not set. */
  | "Exposed"
  /** The address cannot be listened on. */
  | "Listen"
  /** The engine is closed. */
  | "Closed"

/**
 * The error of an embedded Redis.
 *
 * `code` is stable (`EMBEDDED_REDIS_LOCKED` ...), `fix` says what to do, `key` and `value` name the option if it is one,
 * `file` and `offset` (bytes) name the place of damage, `pid` the process that holds the folder.
 *
 * @example
 * ```ts
 * import { EmbeddedRedis, EmbeddedRedisError } from "compozy/embedded/redis"
 *
 * try {
 *   await EmbeddedRedis.open({ persistence: { dir: "data" } })
 * } catch (error) {
 *   if (error instanceof EmbeddedRedisError && error.reason === "Locked") console.error(error.pid, error.fix)
 * }
 * ```
 */
export class EmbeddedRedisError extends Data.TaggedError("EmbeddedRedisError")<{
  readonly reason: EmbeddedRedisReason
  readonly message: string
  readonly fix: string
  readonly key?: string | undefined
  readonly value?: string | undefined
  readonly file?: string | undefined
  readonly offset?: number | undefined
  readonly pid?: number | undefined
  readonly cause?: unknown
}> {
  /** A name that does not change between versions. */
  get code(): string {
    return `EMBEDDED_REDIS_${this.reason.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase()}`
  }

  /** Whether the same call can succeed later without any change. */
  get isRetryable(): boolean {
    return this.reason === "Locked" || this.reason === "Io" || this.reason === "Listen"
  }
}
