/** What every `Cache` layer must do, whatever runs behind it. */
import { assert, layer as withLayer } from "@effect/vitest"
import { Effect, Fiber, type Layer, Option, Schedule, Stream } from "effect"
import { createHash, randomUUID } from "node:crypto"
import { Cache } from "../../src/services/Cache.ts"

const fresh = (name: string) => `${name}-${randomUUID()}`

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

/** Tries again until `effect` gives what `until` accepts. */
const eventually = <A, E, R>(effect: Effect.Effect<A, E, R>, until: (value: A) => boolean) =>
  Effect.repeat(effect, { until, schedule: Schedule.spaced(10) })

/** Declares the suite for one layer. */
export const suite = (name: string, layer: Layer.Layer<Cache, unknown>): void => {
  withLayer(layer, { excludeTestServices: true, timeout: 60_000 })(`Cache: ${name}`, (it) => {
    it.effect("answers a ping", () => Effect.flatMap(Cache, (cache) => cache.ping))

    it.effect("keeps text and bytes", () =>
      Effect.gen(function* () {
        const { values } = yield* Cache
        const key = fresh("value")
        assert.isTrue(Option.isNone(yield* values.get(key)))
        assert.isTrue(yield* values.set(key, "grüße \u0000 \ud83d\ude80"))
        assert.strictEqual(Option.getOrThrow(yield* values.get(key)), "grüße \u0000 \ud83d\ude80")
        const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
        yield* values.set(key, bytes)
        assert.deepStrictEqual(Option.getOrThrow(yield* values.getBytes(key)), bytes)
      })
    )

    it.effect("reads many values at once, in order", () =>
      Effect.gen(function* () {
        const { values } = yield* Cache
        const [a, b, missing] = [fresh("a"), fresh("b"), fresh("missing")]
        yield* values.set(a, "1")
        yield* values.set(b, "2")
        assert.deepStrictEqual(yield* values.getMany([b, missing, a]), [
          Option.some("2"),
          Option.none(),
          Option.some("1")
        ])
        assert.deepStrictEqual(yield* values.getMany([]), [])
      })
    )

    it.effect("writes only where nothing is, when asked to", () =>
      Effect.gen(function* () {
        const { values } = yield* Cache
        const key = fresh("value")
        assert.isTrue(yield* values.set(key, "first", { ifAbsent: true, ttl: 60_000 }))
        assert.isFalse(yield* values.set(key, "second", { ifAbsent: true }))
        assert.strictEqual(Option.getOrThrow(yield* values.get(key)), "first")
      })
    )

    it.effect("forgets a value when its time to live is over", () =>
      Effect.gen(function* () {
        const { values } = yield* Cache
        const key = fresh("value")
        yield* values.set(key, "gone soon", { ttl: 40 })
        yield* eventually(values.get(key), Option.isNone)
        assert.isFalse(yield* values.has(key))
      })
    )

    it.effect("says how long a value lives, and changes it", () =>
      Effect.gen(function* () {
        const { values } = yield* Cache
        const key = fresh("value")
        assert.isFalse(yield* values.expire(key, 1_000))
        yield* values.set(key, "kept")
        assert.isTrue(Option.isNone(yield* values.ttl(key)))
        assert.isTrue(yield* values.expire(key, 50_000))
        const left = Option.getOrThrow(yield* values.ttl(key))
        assert.isTrue(left > 40_000 && left <= 50_000)
        assert.strictEqual(Option.getOrThrow(yield* values.getAndExpire(key, 90_000)), "kept")
        assert.isAbove(Option.getOrThrow(yield* values.ttl(key)), 50_000)
        assert.isTrue(Option.isNone(yield* values.getAndExpire(fresh("missing"), 1_000)))
      })
    )

    it.effect("refuses a time to live that is none", () =>
      Effect.gen(function* () {
        const { locks, values } = yield* Cache
        const errors = yield* Effect.all([
          Effect.flip(values.set(fresh("value"), "x", { ttl: 0 })),
          Effect.flip(values.expire(fresh("value"), 1.5)),
          Effect.flip(locks.acquire(fresh("lock"), -1))
        ])
        assert.deepStrictEqual(
          errors.map((error) => error._tag),
          ["InvalidRequest", "InvalidRequest", "InvalidRequest"]
        )
      })
    )

    it.effect("removes values and says how many there were", () =>
      Effect.gen(function* () {
        const { values } = yield* Cache
        const [a, b] = [fresh("a"), fresh("b")]
        yield* values.set(a, "1")
        yield* values.set(b, "2")
        assert.strictEqual(yield* values.remove(a, b, fresh("missing")), 2)
        assert.strictEqual(yield* values.remove(), 0)
        assert.isFalse(yield* values.has(a))
      })
    )

    it.effect("counts", () =>
      Effect.gen(function* () {
        const { values } = yield* Cache
        const key = fresh("counter")
        assert.strictEqual(yield* values.increment(key), 1)
        assert.strictEqual(yield* values.increment(key, 41), 42)
        yield* values.set(key, "text")
        assert.strictEqual((yield* Effect.flip(values.increment(key)))._tag, "InvalidRequest")
      })
    )

    it.effect("replaces a value only when it is still the one that was read", () =>
      Effect.gen(function* () {
        const { values } = yield* Cache
        const key = fresh("resource")
        const first = yield* values.putIfMatch(key, "one", null)
        assert.strictEqual(first, sha256("one"))
        assert.strictEqual((yield* Effect.flip(values.putIfMatch(key, "other", null)))._tag, "Conflict")
        yield* values.expire(key, 60_000)
        const second = yield* values.putIfMatch(key, "two", first)
        assert.isTrue(Option.isSome(yield* values.ttl(key)))
        assert.strictEqual((yield* Effect.flip(values.putIfMatch(key, "late", first)))._tag, "Conflict")
        assert.strictEqual(Option.getOrThrow(yield* values.get(key)), "two")
        assert.strictEqual(second, sha256("two"))
        assert.strictEqual(
          (yield* Effect.flip(values.putIfMatch(fresh("missing"), "x", first)))._tag,
          "Conflict"
        )
      })
    )

    it.effect("lets one of many replacements win", () =>
      Effect.gen(function* () {
        const { values } = yield* Cache
        const key = fresh("resource")
        const etag = yield* values.putIfMatch(key, "start", null)
        const results = yield* Effect.forEach(
          Array.from({ length: 10 }, (_, index) => index),
          (index) => Effect.exit(values.putIfMatch(key, `writer ${index}`, etag)),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(results.filter((exit) => exit._tag === "Success").length, 1)
      })
    )

    it.effect("keeps lists", () =>
      Effect.gen(function* () {
        const { lists } = yield* Cache
        const key = fresh("list")
        assert.deepStrictEqual(yield* lists.range(key, 0, -1), [])
        assert.strictEqual(yield* lists.append(key, "b", "c"), 2)
        assert.strictEqual(yield* lists.prepend(key, "a"), 3)
        assert.strictEqual(yield* lists.append(key), 3)
        assert.deepStrictEqual(yield* lists.range(key, 0, -1), ["a", "b", "c"])
        assert.deepStrictEqual(yield* lists.range(key, -2, -1), ["b", "c"])
        yield* lists.trim(key, 1, -1)
        assert.strictEqual(yield* lists.length(key), 2)
      })
    )

    it.effect("keeps hashes", () =>
      Effect.gen(function* () {
        const { hashes } = yield* Cache
        const key = fresh("hash")
        assert.deepStrictEqual(yield* hashes.getAll(key), {})
        assert.strictEqual(yield* hashes.set(key, { a: "1", b: "2" }), 2)
        assert.strictEqual(yield* hashes.set(key, { b: "3" }), 0)
        assert.strictEqual(yield* hashes.set(key, {}), 0)
        assert.strictEqual(yield* hashes.increment(key, "a", 4), 5)
        assert.strictEqual(Option.getOrThrow(yield* hashes.get(key, "b")), "3")
        assert.isTrue(Option.isNone(yield* hashes.get(key, "missing")))
        assert.strictEqual(yield* hashes.remove(key, "b", "missing"), 1)
        assert.deepStrictEqual(yield* hashes.getAll(key), { a: "5" })
      })
    )

    it.effect("says InvalidRequest of an operation on another type", () =>
      Effect.gen(function* () {
        const { lists, values } = yield* Cache
        const key = fresh("list")
        yield* lists.append(key, "a")
        assert.strictEqual((yield* Effect.flip(values.get(key)))._tag, "InvalidRequest")
      })
    )

    it.effect("delivers messages to the subscribers of a channel and of a pattern", () =>
      Effect.gen(function* () {
        const { pubsub } = yield* Cache
        const channel = fresh("news")
        const exact = yield* pubsub.subscribe(channel)
        const matching = yield* pubsub.subscribePattern(`${channel.slice(0, -3)}*`)
        yield* pubsub.publish(channel, "hello")
        assert.deepStrictEqual(yield* Stream.runCollect(Stream.take(exact, 1)), [
          { channel, payload: "hello", pattern: null }
        ])
        assert.deepStrictEqual(yield* Stream.runCollect(Stream.take(matching, 1)), [
          { channel, payload: "hello", pattern: `${channel.slice(0, -3)}*` }
        ])
        assert.strictEqual(yield* pubsub.publish(fresh("nobody"), "hello"), 0)
      })
    )

    it.effect("ends a subscription with its scope, and only that one", () =>
      Effect.gen(function* () {
        const { pubsub } = yield* Cache
        const channel = fresh("news")
        const lasting = yield* pubsub.subscribe(channel)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const brief = yield* pubsub.subscribe(channel)
            yield* pubsub.publish(channel, "to both")
            assert.strictEqual((yield* Stream.runCollect(Stream.take(brief, 1))).length, 1)
          })
        )
        yield* pubsub.publish(channel, "to one")
        const messages = yield* Stream.runCollect(Stream.take(lasting, 2))
        assert.deepStrictEqual(
          messages.map(({ payload }) => payload),
          ["to both", "to one"]
        )
      })
    )

    it.effect("keeps the order of messages", () =>
      Effect.gen(function* () {
        const { pubsub } = yield* Cache
        const channel = fresh("news")
        const stream = yield* pubsub.subscribe(channel)
        const reading = yield* Effect.forkChild(Stream.runCollect(Stream.take(stream, 200)))
        const payloads = Array.from({ length: 200 }, (_, index) => String(index))
        yield* Effect.forEach(payloads, (payload) => pubsub.publish(channel, payload), { concurrency: 1 })
        const messages = yield* Fiber.join(reading)
        assert.deepStrictEqual(
          messages.map(({ payload }) => payload),
          payloads
        )
      })
    )

    it.effect("gives a lock to one holder at a time", () =>
      Effect.gen(function* () {
        const { locks } = yield* Cache
        const key = fresh("lock")
        const lock = yield* locks.acquire(key, 60_000)
        assert.strictEqual((yield* Effect.flip(locks.acquire(key, 60_000)))._tag, "Conflict")
        assert.isTrue(yield* lock.refresh(90_000))
        assert.isTrue(yield* lock.release)
        assert.isFalse(yield* lock.release)
        const next = yield* locks.acquire(key, 60_000)
        assert.notStrictEqual(next.token, lock.token)
      })
    )

    it.effect("does not touch a lock that somebody else has got meanwhile", () =>
      Effect.gen(function* () {
        const { locks } = yield* Cache
        const key = fresh("lock")
        const lost = yield* locks.acquire(key, 30)
        const held = yield* eventually(Effect.option(locks.acquire(key, 60_000)), Option.isSome)
        assert.isFalse(yield* lost.refresh(60_000))
        assert.isFalse(yield* lost.release)
        assert.isTrue(yield* Option.getOrThrow(held).release)
      })
    )

    it.effect("finds keys by a pattern, each once", () =>
      Effect.gen(function* () {
        const { keys, values } = yield* Cache
        const name = fresh("many")
        const expected = Array.from({ length: 1_500 }, (_, index) => `${name}:${index}`)
        yield* Effect.forEach(expected, (key) => values.set(key, "x"), { concurrency: 100, discard: true })
        yield* values.set(`other-${name}`, "x")
        const found = yield* Stream.runCollect(keys(`${name}:*`))
        assert.deepStrictEqual(found.toSorted(), expected.toSorted())
        assert.deepStrictEqual(
          yield* Stream.runCollect(keys(`${name}:[12]`)).pipe(Effect.map((some) => some.toSorted())),
          [`${name}:1`, `${name}:2`]
        )
      })
    )

    it.effect("appends to a list, keeps its newest entries, and counts in its metadata", () =>
      Effect.gen(function* () {
        const { appendAndTrim, hashes, keys, lists, values } = yield* Cache
        const key = fresh("memory")
        const first = yield* appendAndTrim({
          key,
          values: ["a", "b"],
          maxLength: 3,
          increments: { tokens: 10, messages: 2 },
          ttl: 60_000
        })
        assert.deepStrictEqual(first, { length: 2, metadata: { tokens: "10", messages: "2" } })
        const second = yield* appendAndTrim({
          key,
          values: ["c", "d"],
          maxLength: 3,
          increments: { tokens: -4 }
        })
        assert.deepStrictEqual(second, { length: 3, metadata: { tokens: "6", messages: "2" } })
        assert.deepStrictEqual(yield* lists.range(key, 0, -1), ["b", "c", "d"])
        assert.deepStrictEqual(yield* hashes.getAll(`${key}:metadata`), { tokens: "6", messages: "2" })
        assert.isTrue(Option.isSome(yield* values.ttl(key)))
        assert.isTrue(Option.isSome(yield* values.ttl(`${key}:metadata`)))
        const found = yield* Stream.runCollect(keys(`${key}*`))
        assert.deepStrictEqual(found.toSorted(), [key, `${key}:metadata`])
        const unchanged = yield* appendAndTrim({ key, values: [], maxLength: 1 })
        assert.deepStrictEqual(unchanged, { length: 1, metadata: { tokens: "6", messages: "2" } })
      })
    )

    it.effect("numbers, logs and publishes events", () =>
      Effect.gen(function* () {
        const { appendEvent, lists, pubsub, values } = yield* Cache
        const key = fresh("events")
        const live = yield* pubsub.subscribe(key)
        const append = (text: string) =>
          appendEvent({ key, type: "note", data: JSON.stringify({ text }), maxLength: 2, ttl: 60_000 })
        assert.strictEqual(yield* append("one"), 1)
        assert.strictEqual(yield* append('two \u0000 "quoted"'), 2)
        assert.strictEqual(yield* append("three"), 3)
        const messages = yield* Stream.runCollect(Stream.take(live, 3))
        const published = messages.map(({ payload }): unknown => JSON.parse(payload))
        assert.deepStrictEqual(published, [
          { id: 1, type: "note", data: { text: "one" } },
          { id: 2, type: "note", data: { text: 'two \u0000 "quoted"' } },
          { id: 3, type: "note", data: { text: "three" } }
        ])
        const kept = yield* lists.range(key, 0, -1)
        assert.deepStrictEqual(
          kept.map((entry): unknown => JSON.parse(entry)),
          published.slice(1)
        )
        assert.isTrue(Option.isSome(yield* values.ttl(key)))
      })
    )

    it.effect("numbers events of many fibers without a gap, in the order of the log", () =>
      Effect.gen(function* () {
        const { appendEvent, lists } = yield* Cache
        const key = fresh("events")
        const ids = yield* Effect.forEach(
          Array.from({ length: 100 }, (_, index) => index),
          (index) => appendEvent({ key, type: "note", data: String(index), maxLength: 1_000, ttl: 60_000 }),
          { concurrency: "unbounded" }
        )
        const expected = Array.from({ length: 100 }, (_, index) => index + 1)
        assert.deepStrictEqual(
          ids.toSorted((a, b) => a - b),
          expected
        )
        const kept = yield* lists.range(key, 0, -1)
        assert.deepStrictEqual(
          kept.map((entry): unknown => JSON.parse(entry).id),
          expected
        )
      })
    )
  })

  withLayer(layer, { excludeTestServices: true, timeout: 60_000 })(`Cache: ${name}, cleared`, (it) => {
    it.effect("deletes every key of its own", () =>
      Effect.gen(function* () {
        const { appendEvent, clear, keys, lists, values } = yield* Cache
        yield* values.set(fresh("value"), "x")
        yield* lists.append(fresh("list"), "x")
        yield* appendEvent({ key: fresh("events"), type: "note", data: "1", maxLength: 10, ttl: 60_000 })
        yield* clear
        assert.deepStrictEqual(yield* Stream.runCollect(keys("*")), [])
      })
    )
  })
}
