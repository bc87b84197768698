/** Subscriptions of a whole process over one connection, which is opened for the first one. */
import { Cause, Effect, Queue, RcRef, type Scope, Stream } from "effect"
import { ResourceExhausted, type ServiceError } from "../../services/ServiceError.ts"
import type { Message, PubSub } from "../../services/Cache.ts"
import { toCacheError } from "./CacheErrors.ts"
import { escapeGlob } from "./KeyNames.ts"
import type { RedisClient, RedisCommands } from "./RedisClient.ts"

/** How many messages wait for a slow reader before its subscription fails. */
const BACKLOG = 10_000

type Listener = (message: Message) => void

/** One channel or pattern: who listens, and the request that made the server send it. */
interface Topic {
  readonly listeners: Set<Listener>
  readonly subscribed: Promise<unknown>
}

/** One connection in subscriber mode. */
class Subscriber {
  readonly #redis: RedisCommands
  readonly #channels = new Map<string, Topic>()
  readonly #patterns = new Map<string, Topic>()

  constructor(redis: RedisCommands) {
    this.#redis = redis
    redis.on("message", (channel: string, payload: string) => {
      this.#deliver(this.#channels.get(channel), { channel, payload, pattern: null })
    })
    redis.on("pmessage", (pattern: string, channel: string, payload: string) => {
      this.#deliver(this.#patterns.get(pattern), { channel, payload, pattern })
    })
  }

  #deliver(topic: Topic | undefined, message: Message): void {
    for (const listener of topic?.listeners ?? []) listener(message)
  }

  /** Resolves when the server has confirmed every name. */
  async add(kind: "channels" | "patterns", names: ReadonlyArray<string>, listener: Listener): Promise<void> {
    const topics = kind === "channels" ? this.#channels : this.#patterns
    const confirmations = names.map((name) => {
      let topic = topics.get(name)
      if (topic === undefined) {
        const subscribed = kind === "channels" ? this.#redis.subscribe(name) : this.#redis.psubscribe(name)
        topic = { listeners: new Set(), subscribed }
        topics.set(name, topic)
      }
      topic.listeners.add(listener)
      return topic.subscribed
    })
    await Promise.all(confirmations)
  }

  /** Commands of one connection keep their order: a later `add` of the same name comes after this. */
  remove(kind: "channels" | "patterns", names: ReadonlyArray<string>, listener: Listener): void {
    const topics = kind === "channels" ? this.#channels : this.#patterns
    for (const name of names) {
      const topic = topics.get(name)
      if (topic === undefined) continue
      topic.listeners.delete(listener)
      if (topic.listeners.size > 0) continue
      topics.delete(name)
      const gone = kind === "channels" ? this.#redis.unsubscribe(name) : this.#redis.punsubscribe(name)
      // The connection is closing, or broken: nothing is sent to it any more either way.
      gone.catch(() => undefined)
    }
  }
}

/** The pub/sub part of a cache; channels carry the prefix. */
export const makePubSub = Effect.fnUntraced(function* (
  client: RedisClient,
  prefix: string
): Effect.fn.Return<PubSub, never, Scope.Scope> {
  const subscriber = yield* RcRef.make({
    acquire: Effect.map(
      Effect.acquireRelease(
        Effect.tryPromise({
          try: client.connectSubscriber,
          catch: (cause) => toCacheError("cache.subscribe", cause)
        }),
        (redis) => Effect.sync(() => redis.disconnect())
      ),
      (redis) => new Subscriber(redis)
    ),
    // Tests and event streams come and go.
    idleTimeToLive: "30 seconds"
  })
  // A pattern must not take characters of the prefix for wildcards.
  const prefixes = { channels: prefix, patterns: escapeGlob(prefix) }
  const strip = (kind: "channels" | "patterns", name: string) => name.slice(prefixes[kind].length)

  const subscribe = Effect.fnUntraced(function* (
    kind: "channels" | "patterns",
    names: ReadonlyArray<string>
  ): Effect.fn.Return<Stream.Stream<Message, ServiceError>, ServiceError, Scope.Scope> {
    const connection = yield* RcRef.get(subscriber)
    const queue = yield* Queue.dropping<Message, ServiceError>(BACKLOG)
    const overflow = Cause.fail(
      new ResourceExhausted({
        service: "cache",
        operation: "cache.subscribe",
        message: `cache.subscribe: the reader is more than ${BACKLOG} messages behind`
      })
    )
    const listener: Listener = ({ channel, pattern, payload }) => {
      const message = {
        channel: strip("channels", channel),
        payload,
        pattern: pattern === null ? null : strip("patterns", pattern)
      }
      if (!Queue.offerUnsafe(queue, message)) Queue.failCauseUnsafe(queue, overflow)
    }
    const full = names.map((name) => prefixes[kind] + name)
    yield* Effect.acquireRelease(
      Effect.tryPromise({
        try: () => connection.add(kind, full, listener),
        catch: (cause) => toCacheError("cache.subscribe", cause)
      }).pipe(Effect.tapError(() => Effect.sync(() => connection.remove(kind, full, listener)))),
      () =>
        Effect.andThen(
          Effect.sync(() => connection.remove(kind, full, listener)),
          Queue.shutdown(queue)
        )
    )
    return Stream.fromQueue(queue)
  })

  return {
    publish: (channel, payload) =>
      Effect.tryPromise({
        try: () => client.publisher(channel).publish(prefix + channel, payload),
        catch: (cause) => toCacheError("cache.publish", cause)
      }),
    subscribe: (...channels) => subscribe("channels", channels),
    subscribePattern: (...patterns) => subscribe("patterns", patterns)
  }
})
