/**
 * The cache contracts: values with a time to live, lists, hashes, pub/sub, locks, key iteration and the one
 * atomic list operation that agents' memory needs. Keys are text; values are bytes or text.
 */
import { Context, type Effect, type Option, type Scope, type Stream } from "effect"
import type { ServiceError } from "./ServiceError.ts"

/** Options of a write: `ttl` in milliseconds, `ifAbsent` writes only a key that does not exist. */
export interface SetOptions {
  readonly ttl?: number
  readonly ifAbsent?: boolean
}

/** Values by key. */
export interface KeyValue {
  readonly get: (key: string) => Effect.Effect<Option.Option<string>, ServiceError>
  readonly getBytes: (key: string) => Effect.Effect<Option.Option<Uint8Array>, ServiceError>
  readonly getMany: (
    keys: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<Option.Option<string>>, ServiceError>
  /** Reads a value and sets a new time to live (milliseconds) in one step. */
  readonly getAndExpire: (key: string, ttl: number) => Effect.Effect<Option.Option<string>, ServiceError>
  /** True when it was written; false only with `ifAbsent` on an existing key. */
  readonly set: (
    key: string,
    value: string | Uint8Array,
    options?: SetOptions
  ) => Effect.Effect<boolean, ServiceError>
  /** How many of the keys existed. */
  readonly remove: (...keys: ReadonlyArray<string>) => Effect.Effect<number, ServiceError>
  readonly has: (key: string) => Effect.Effect<boolean, ServiceError>
  /** False when the key does not exist. `ttl` in milliseconds. */
  readonly expire: (key: string, ttl: number) => Effect.Effect<boolean, ServiceError>
  /** Milliseconds left; `none` without the key or without an expiry. */
  readonly ttl: (key: string) => Effect.Effect<Option.Option<number>, ServiceError>
  readonly increment: (key: string, by?: number) => Effect.Effect<number, ServiceError>
  /**
   * Optimistic locking: writes `value` only if the key's current etag is `etag` (`null`: only if absent), and
   * returns the new etag. `Conflict` otherwise. The etag is the SHA-256 of the value.
   */
  readonly putIfMatch: (
    key: string,
    value: string,
    etag: string | null
  ) => Effect.Effect<string, ServiceError>
}

/** Lists by key. Indexes are Redis's: negative ones count from the end, both ends inclusive. */
export interface Lists {
  /** The length after the push. */
  readonly append: (key: string, ...values: ReadonlyArray<string>) => Effect.Effect<number, ServiceError>
  readonly prepend: (key: string, ...values: ReadonlyArray<string>) => Effect.Effect<number, ServiceError>
  readonly range: (
    key: string,
    start: number,
    stop: number
  ) => Effect.Effect<ReadonlyArray<string>, ServiceError>
  readonly trim: (key: string, start: number, stop: number) => Effect.Effect<void, ServiceError>
  readonly length: (key: string) => Effect.Effect<number, ServiceError>
}

/** Hashes by key. */
export interface Hashes {
  readonly get: (key: string, field: string) => Effect.Effect<Option.Option<string>, ServiceError>
  readonly getAll: (key: string) => Effect.Effect<Readonly<Record<string, string>>, ServiceError>
  /** How many fields are new. */
  readonly set: (key: string, fields: Readonly<Record<string, string>>) => Effect.Effect<number, ServiceError>
  readonly remove: (key: string, ...fields: ReadonlyArray<string>) => Effect.Effect<number, ServiceError>
  readonly increment: (key: string, field: string, by: number) => Effect.Effect<number, ServiceError>
}

/** A message; `pattern` is set when a pattern subscription matched. */
export interface Message {
  readonly channel: string
  readonly payload: string
  readonly pattern: string | null
}

/**
 * Publish and subscribe. A subscription is live when its effect returns, and ends with its scope. Messages of a channel keep
 * their order. A reader that falls 10,000 messages behind fails with `ResourceExhausted`; what is published while the
 * connection to a Redis elsewhere is broken is missed.
 */
export interface PubSub {
  /** How many subscribers received it; those of a cluster's other servers are not counted. */
  readonly publish: (channel: string, payload: string) => Effect.Effect<number, ServiceError>
  readonly subscribe: (
    ...channels: ReadonlyArray<string>
  ) => Effect.Effect<Stream.Stream<Message, ServiceError>, ServiceError, Scope.Scope>
  /** Redis's glob patterns. */
  readonly subscribePattern: (
    ...patterns: ReadonlyArray<string>
  ) => Effect.Effect<Stream.Stream<Message, ServiceError>, ServiceError, Scope.Scope>
}

/** A held lock. `refresh` and `release` act only while the token still owns it. */
export interface Lock {
  readonly key: string
  readonly token: string
  /** Sets a new time to live (milliseconds); false when the lock was lost. */
  readonly refresh: (ttl: number) => Effect.Effect<boolean, ServiceError>
  /** False when the lock was lost before. */
  readonly release: Effect.Effect<boolean, ServiceError>
}

/** Locks with an owner's token and a time to live. */
export interface Locks {
  /** `Conflict` when somebody holds it. `ttl` in milliseconds. */
  readonly acquire: (key: string, ttl: number) => Effect.Effect<Lock, ServiceError>
}

/** What `appendAndTrim` leaves: the list's length after the trim, and its metadata. */
export interface AppendedList {
  readonly length: number
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * The cache: Redis in every mode. Every key and channel carries the deployment's prefix, which callers never see.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Cache } from "./Cache.ts"
 *
 * const visits = Effect.gen(function* () {
 *   const cache = yield* Cache
 *   return yield* cache.values.increment("visits")
 * })
 * ```
 */
export class Cache extends Context.Service<
  Cache,
  {
    readonly ping: Effect.Effect<void, ServiceError>
    readonly values: KeyValue
    readonly lists: Lists
    readonly hashes: Hashes
    readonly pubsub: PubSub
    readonly locks: Locks
    /** Every key that matches the glob pattern, each once; stable while keys change (SCAN's guarantees). */
    readonly keys: (pattern: string) => Stream.Stream<string, ServiceError>
    /**
     * Appends messages to a list, keeps the newest `maxLength`, adds `increments` to the counters of its
     * metadata hash (`<key>:metadata`), and sets the time to live of both: one atomic step.
     */
    readonly appendAndTrim: (options: {
      readonly key: string
      readonly values: ReadonlyArray<string>
      readonly maxLength: number
      readonly increments?: Readonly<Record<string, number>>
      readonly ttl?: number
    }) => Effect.Effect<AppendedList, ServiceError>
    /**
     * One event of a stream: takes the next number of `key`'s counter (`<key>:sequence`, from 1 on), appends
     * `{"id":n,"type":type,"data":data}` to its log, the list `key` (the newest `maxLength` are kept), publishes the same
     * text on the channel `key`, sets the time to live (milliseconds) of both. One atomic step; gives the number. `data`
     * is JSON text, and part of the entry as it is.
     */
    readonly appendEvent: (options: {
      readonly key: string
      readonly type: string
      readonly data: string
      readonly maxLength: number
      readonly ttl: number
    }) => Effect.Effect<number, ServiceError>
    /** Deletes every key of this deployment (its prefix). */
    readonly clear: Effect.Effect<void, ServiceError>
  }
>()("compozy/services/Cache") {}
