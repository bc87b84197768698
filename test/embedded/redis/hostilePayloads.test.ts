import fc from "fast-check"
import { expect, it } from "vitest"
import { Crc64 } from "../../../src/embedded/redis/rdb/Crc64.ts"
import { fill } from "./fill.ts"
import { opened } from "./open.ts"

const FOOTER = 10
const RUNS = Number(process.env["COMPOZY_HOSTILE_PAYLOADS"] ?? 200)

/** What is done to a payload: at which part of it, and how. */
const change = fc.record({
  part: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  /** Lengths and headers are at the beginning. */
  nearStart: fc.boolean(),
  how: fc.oneof(
    fc.record({
      put: fc.oneof(fc.constantFrom(0, 127, 128, 129, 192, 195, 240, 244, 254, 255), fc.nat(255))
    }),
    fc.record({ insert: fc.uint8Array({ minLength: 1, maxLength: 9 }) }),
    fc.record({ remove: fc.integer({ min: 1, max: 16 }) }),
    fc.record({ cut: fc.constant(true) })
  )
})

type Change = typeof change extends fc.Arbitrary<infer A> ? A : never

const changed = (bytes: Buffer, { part, nearStart, how }: Change): Buffer => {
  const at = Math.floor(part * (nearStart ? Math.min(24, bytes.length) : bytes.length))
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  if ("put" in how) return Buffer.concat([before, Buffer.from([how.put]), after.subarray(1)])
  if ("insert" in how) return Buffer.concat([before, how.insert, after])
  if ("remove" in how) return Buffer.concat([before, after.subarray(how.remove)])
  return Buffer.from(before)
}

/** Ends a payload with a version and the checksum that belongs to it. */
const sealed = (body: Buffer): Buffer => {
  const bytes = Buffer.concat([body, Buffer.alloc(FOOTER)])
  bytes[body.length] = 12
  const crc = new Crc64()
  crc.update(bytes, 0, body.length + 2)
  crc.digest(bytes, body.length + 2)
  return bytes
}

const READS: Readonly<Record<string, ReadonlyArray<ReadonlyArray<string>>>> = {
  string: [
    ["APPEND", "k", "x"],
    ["BITCOUNT", "k"],
    ["PFCOUNT", "k"]
  ],
  list: [
    ["LRANGE", "k", "0", "-1"],
    ["LPOP", "k"],
    ["RPUSH", "k", "x"]
  ],
  hash: [
    ["HGETALL", "k"],
    ["HSET", "k", "a", "b"],
    ["HTTL", "k", "FIELDS", "1", "a"]
  ],
  set: [
    ["SMEMBERS", "k"],
    ["SADD", "k", "x"],
    ["SPOP", "k"]
  ],
  zset: [
    ["ZRANGE", "k", "0", "-1", "WITHSCORES"],
    ["ZADD", "k", "1", "x"],
    ["ZPOPMIN", "k"]
  ],
  stream: [
    ["XINFO", "STREAM", "k", "FULL"],
    ["XREVRANGE", "k", "+", "-"],
    ["XTRIM", "k", "MAXLEN", "1"]
  ]
}

it("refuses damaged payloads, or can work with what they hold", async () => {
  await using server = await opened()
  const { redis } = server
  await fill(redis)
  const payloads: Array<Buffer> = []
  for (const key of await redis.keys("*")) {
    const payload = await redis.dumpBuffer(key)
    if (payload.length < 20_000) payloads.push(payload.subarray(0, -FOOTER))
  }
  const attempts = fc.tuple(fc.constantFrom(...payloads), fc.array(change, { minLength: 1, maxLength: 4 }))
  const problem = (call: Promise<unknown>): Promise<string> =>
    call.then(String, (error: unknown) => (error instanceof Error ? error.message : String(error)))
  await fc.assert(
    fc.asyncProperty(attempts, async ([payload, changes]) => {
      const bytes = sealed(changes.reduce(changed, payload))
      const answer = await problem(redis.call("RESTORE", "k", "0", bytes, "REPLACE"))
      expect(["OK", "ERR Bad data format"]).toContain(answer)
      if (answer !== "OK") return
      const calls = [
        ...(READS[await redis.type("k")] ?? []),
        ["MEMORY", "USAGE", "k"],
        ["DUMP", "k"],
        ["DEL", "k"]
      ]
      for (const [name = "", ...args] of calls)
        expect(await problem(redis.call(name, ...args))).not.toContain("internal error")
    }),
    { numRuns: RUNS }
  )
})
