import fc from "fast-check"
import type { Redis } from "ioredis"
import { describe, expect, it } from "vitest"
import {
  followingStreamId,
  formatStreamId,
  HIGHEST_ID,
  LOWEST_ID,
  nextStreamId,
  parseStreamId,
  previousStreamId,
  streamId
} from "../../../src/embedded/redis/format/StreamIds.ts"
import { StreamLog } from "../../../src/embedded/redis/structures/StreamLog.ts"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"

const uint64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 3n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constant(2n ** 64n - 1n),
  fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 2n })
)

describe("the IDs of streams", () => {
  it("are ordered as their numbers, and are read as they are written", () => {
    fc.assert(
      fc.property(uint64, uint64, uint64, uint64, (ms, sequence, otherMs, otherSequence) => {
        const [id, other] = [streamId(ms, sequence), streamId(otherMs, otherSequence)]
        expect(formatStreamId(id)).toBe(`${ms}-${sequence}`)
        expect(parseStreamId(`${ms}-${sequence}`, { missing: "lowest" })?.id).toBe(id)
        expect(id < other).toBe(ms < otherMs || (ms === otherMs && sequence < otherSequence))
        const next = nextStreamId(id)
        expect(next === undefined).toBe(id === HIGHEST_ID)
        if (next !== undefined) expect([next > id, previousStreamId(next)]).toEqual([true, id])
      })
    )
    expect(previousStreamId(LOWEST_ID)).toBeUndefined()
  })

  it("never go back with the clock", () => {
    const last = streamId(1000, 7)
    expect([500, 1000, 1001].map((now) => formatStreamId(followingStreamId(last, now) ?? ""))).toEqual([
      "1000-8",
      "1000-8",
      "1001-0"
    ])
  })
})

describe("the entries of a stream", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ op: fc.constant("append" as const), gap: fc.nat(2) }) },
    { weight: 3, arbitrary: fc.record({ op: fc.constant("remove" as const), at: fc.nat(120) }) },
    fc.record({
      op: fc.constant("length" as const),
      left: fc.nat(60),
      whole: fc.boolean(),
      limit: fc.nat(9)
    }),
    fc.record({ op: fc.constant("from" as const), at: fc.nat(120), whole: fc.boolean() }),
    {
      weight: 2,
      arbitrary: fc.record({ op: fc.constant("range" as const), from: fc.nat(120), to: fc.nat(120) })
    }
  )
  const limits = { streamNodeBytes: 4096, streamNodeEntries: 4 }
  const id = (number: number): string => streamId(1, number)

  it("are those of a list that is kept in order", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const log = new StreamLog()
        let model: Array<number> = []
        let last = 0
        for (const action of steps) {
          if (action.op === "append") {
            last += 1 + action.gap
            log.append(id(last), ["field", String(last)], limits)
            model.push(last)
          } else if (action.op === "remove") {
            expect(log.remove(id(action.at))).toBe(model.includes(action.at))
            model = model.filter((number) => number !== action.at)
          } else if (action.op === "range") {
            const within = model.filter((number) => number >= action.from && number <= action.to)
            for (const reverse of [false, true]) {
              const found = log.range(id(action.from), id(action.to), 5, reverse)
              const expected = (reverse ? within.toReversed() : within).slice(0, 5)
              expect(found.map(({ fields }) => Number(fields[1]))).toEqual(expected)
            }
          } else {
            const { whole: wholeNodes } = action
            const limit = action.op === "length" && wholeNodes ? action.limit : 0
            const trim = action.op === "length" ? { length: action.left } : { from: id(action.at) }
            const removed = log.trim({ ...trim, wholeNodes, limit })
            const exact =
              action.op === "length"
                ? Math.max(0, model.length - action.left)
                : model.filter((number) => number < action.at).length
            // Whole nodes go only if nothing in them is to stay.
            if (wholeNodes) expect(removed).toBeLessThanOrEqual(limit === 0 ? exact : Math.min(exact, limit))
            else expect(removed).toBe(exact)
            model = model.slice(removed)
          }
          expect([log.length, log.firstId(), log.lastId()]).toEqual([
            model.length,
            model.length === 0 ? undefined : id(model[0] ?? 0),
            model.length === 0 ? undefined : id(model.at(-1) ?? 0)
          ])
        }
        expect(log.clone().range(LOWEST_ID, HIGHEST_ID)).toEqual(log.range(LOWEST_ID, HIGHEST_ID))
      }),
      { numRuns: 60 }
    )
  })
})

/** Waits until so many clients wait for a key. */
const blocked = async (redis: Redis, count: number): Promise<void> => {
  await expect.poll(() => redis.info("clients")).toContain(`blocked_clients:${count}\r\n`)
}

const refused = (reply: Promise<unknown>): Promise<string> =>
  reply.then(String, (error: unknown) => (error instanceof Error ? error.message : String(error)))

describe("clients that wait for a stream", () => {
  it("are served once the whole transaction is done, in the order in which they came", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.xgroup("CREATE", "s", "g", "$", "MKSTREAM")
    const readers: Array<Promise<unknown>> = []
    for (const name of ["first", "second"]) {
      readers.push(
        server.client().xreadgroup("GROUP", "g", name, "COUNT", 2, "BLOCK", 0, "STREAMS", "s", ">")
      )
      await blocked(redis, readers.length)
    }
    readers.push(server.client().xread("BLOCK", 0, "STREAMS", "s", "$"))
    await blocked(redis, 3)
    await redis.multi().xadd("s", "1-1", "n", 1).xadd("s", "1-2", "n", 2).xadd("s", "1-3", "n", 3).exec()
    const entry = (n: number): unknown => [`1-${n}`, ["n", String(n)]]
    expect(await Promise.all(readers)).toEqual([
      [["s", [entry(1), entry(2)]]],
      [["s", [entry(3)]]],
      [["s", [entry(1), entry(2), entry(3)]]]
    ])
    expect(await redis.xpending("s", "g")).toEqual([
      3,
      "1-1",
      "1-3",
      [
        ["first", "2"],
        ["second", "1"]
      ]
    ])
  })

  it("learn that the group or the stream is gone, whatever took it", async () => {
    await using server = await opened()
    const { redis } = server
    const reader = server.client()
    const goings: ReadonlyArray<readonly [string, () => Promise<unknown>]> = [
      ["NOGROUP the consumer group", () => redis.xgroup("DESTROY", "s", "g")],
      ["UNBLOCKED the stream key", () => redis.del("s")],
      ["UNBLOCKED the stream key", () => redis.set("s", "x")],
      ["UNBLOCKED the stream key", () => redis.flushall()],
      ["UNBLOCKED the stream key", () => redis.call("SWAPDB", "0", "1")],
      ["UNBLOCKED the stream key", () => redis.pexpire("s", 1)]
    ]
    for (const [answer, go] of goings) {
      await redis.flushall()
      await redis.xgroup("CREATE", "s", "g", "$", "MKSTREAM")
      const reply = refused(reader.xreadgroup("GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">"))
      await blocked(redis, 1)
      await go()
      expect(await reply).toMatch(answer)
    }
  })

  it("go on waiting for what comes when entries are added and removed in one step", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.xadd("s", "1-1", "a", "b")
    const reply = server.client().xread("BLOCK", 0, "STREAMS", "s", "none", "$", "$")
    await blocked(redis, 1)
    await redis.multi().xadd("none", "1-1", "a", "b").del("none").exec()
    await redis.xadd("s", "1-2", "c", "d")
    expect(await reply).toEqual([["s", [["1-2", ["c", "d"]]]]])
  })
})

/** Everything that XINFO knows of a stream, without when its consumers were seen. */
const everything = async (redis: Redis, key: string): Promise<string> =>
  JSON.stringify(await redis.call("XINFO", "STREAM", key, "FULL", "COUNT", "0")).replace(
    /"seen-time",\d+/g,
    '"seen-time"'
  )

/** Streams in every state that a log must bring back. */
const fillStreams = async (redis: Redis): Promise<void> => {
  await redis.call("CONFIG", "SET", "stream-node-max-entries", "10")
  for (let n = 1; n <= 35; n++) await redis.xadd("s", `${n}-0`, "n", n)
  await redis.xadd("s", "MAXLEN", "~", 25, "36-*", "n", 36)
  await redis.xgroup("CREATE", "s", "g", "0")
  await redis.xreadgroup("GROUP", "g", "alice", "COUNT", 6, "STREAMS", "s", ">")
  await redis.xreadgroup("GROUP", "g", "bob", "COUNT", 3, "NOACK", "STREAMS", "s", ">")
  await redis.xreadgroup("GROUP", "g", "idle", "STREAMS", "s", "0")
  await redis.xreadgroup("GROUP", "g", "alice", "STREAMS", "s", "0")
  await redis.xclaim("s", "g", "carol", 0, "13-0", "RETRYCOUNT", 9)
  await redis.xack("s", "g", "14-0")
  await redis.xdel("s", "15-0", "30-0", "36-0")
  await redis.xtrim("s", "MINID", "13-0")
  await redis.call("XAUTOCLAIM", "s", "g", "dave", "0", "16-0", "COUNT", "1")
  await redis.xgroup("CREATE", "empty", "g", "$", "MKSTREAM")
  await redis.xadd("emptied", "5-5", "a", "b")
  await redis.xgroup("CREATE", "emptied", "g", "0")
  await redis.xreadgroup("GROUP", "g", "alice", "STREAMS", "emptied", ">")
  await redis.xtrim("emptied", "MAXLEN", 0)
  await redis.xadd("moved", "9-9", "a", "b")
  await redis.xdel("moved", "9-9")
  await redis.call("XSETID", "moved", "3-3")
}

const KEYS = ["s", "empty", "emptied", "moved"]

describe("streams in a folder", () => {
  for (const [how, settings] of [
    ["from the log", undefined],
    ["from a snapshot", "yes"],
    ["from a snapshot of commands", "no"]
  ] as const) {
    it(`come back ${how} with groups, consumers and what is pending`, async () => {
      using dir = folder()
      const states: Array<ReadonlyArray<string>> = []
      {
        await using server = await opened({ persistence: { dir: dir.path, fsync: "no" } })
        await fillStreams(server.redis)
        states.push(await Promise.all(KEYS.map((key) => everything(server.redis, key))))
        await server.redis.call("COPY", "s", "copy")
        expect(await everything(server.redis, "copy")).toBe(states[0]?.[0])
        await server.redis.del("copy")
        if (settings !== undefined) {
          await server.redis.call("CONFIG", "SET", "aof-use-rdb-preamble", settings)
          await server.server.save()
        }
      }
      await using server = await opened({ persistence: { dir: dir.path } })
      states.push(await Promise.all(KEYS.map((key) => everything(server.redis, key))))
      const withoutNodes = states.map((state) =>
        state.map((text) => (settings === "yes" ? text : text.replace(/"radix-tree-(keys|nodes)",\d+/g, "")))
      )
      expect(withoutNodes[1]).toEqual(withoutNodes[0])
    })
  }
})
