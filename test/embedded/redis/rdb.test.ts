import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Value } from "../../../src/embedded/redis/db/Value.ts"
import { Crc64 } from "../../../src/embedded/redis/rdb/Crc64.ts"
import { dumpPayload, readPayload } from "../../../src/embedded/redis/rdb/DumpPayload.ts"
import { decodeFile } from "../../../src/embedded/redis/rdb/FileDecoder.ts"
import { RdbError, TYPE } from "../../../src/embedded/redis/rdb/Format.ts"
import { ListpackBuilder, ListpackCursor } from "../../../src/embedded/redis/rdb/Listpack.ts"
import { compress, decompress } from "../../../src/embedded/redis/rdb/Lzf.ts"
import { RdbReader } from "../../../src/embedded/redis/rdb/RdbReader.ts"
import { decodeValue } from "../../../src/embedded/redis/rdb/ValueDecoder.ts"
import { HashValue } from "../../../src/embedded/redis/types/HashValue.ts"
import { ListValue } from "../../../src/embedded/redis/types/ListValue.ts"
import { SetValue } from "../../../src/embedded/redis/types/SetValue.ts"
import { SortedSetValue } from "../../../src/embedded/redis/types/SortedSetValue.ts"
import { EngineSettings } from "../../../src/embedded/redis/engine/Settings.ts"
import { opened } from "./open.ts"

const { limits } = new EngineSettings(16)

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString("latin1")),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom("", "-0", "007", "x".repeat(63), "ab".repeat(2100), "-", "9223372036854775808")
)

/** What a value holds, for comparison. */
const contentOf = (value: Value): unknown => {
  if (value instanceof ListValue) return value.items.slice(0, value.length - 1)
  if (value instanceof SetValue) return [...value.members.values()].toSorted()
  if (value instanceof HashValue) return [...value.fields.values()].map((field) => [field.key, field.value])
  if (value instanceof SortedSetValue) {
    return value.tree.range(0, value.size).map((member) => [member.key, member.score])
  }
  return value
}

const listOf = (items: ReadonlyArray<string>): ListValue => {
  const list = new ListValue()
  for (const item of items) list.push(item, false)
  return list
}

const value: fc.Arbitrary<Value> = fc.oneof(
  bytes,
  fc.array(bytes, { minLength: 1, maxLength: 60 }).map(listOf),
  fc.array(bytes, { minLength: 1, maxLength: 60 }).map((members) => {
    const set = new SetValue()
    for (const member of members) set.add(member, limits)
    return set
  }),
  fc.array(fc.tuple(bytes, bytes), { minLength: 1, maxLength: 60 }).map((pairs) => {
    const hash = new HashValue()
    for (const [field, text] of pairs) hash.set(field, text, limits)
    return hash
  }),
  fc
    .array(
      fc.tuple(
        bytes,
        fc.double({ noNaN: true }).map((score) => score + 0)
      ),
      { minLength: 1, maxLength: 60 }
    )
    .map((pairs) => {
      const zset = new SortedSetValue()
      for (const [member, score] of pairs) zset.set(member, score, limits)
      return zset
    })
)

const read = (type: number, body: string | Buffer): Value | undefined =>
  decodeValue(RdbReader.ofBytes(Buffer.from(body as string, "latin1")), type, limits)

describe("a value as RDB", () => {
  it("is read back as it was written, compressed or not", () => {
    fc.assert(
      fc.property(value, fc.boolean(), fc.constantFrom(-2, -1, 3), (before, compresses, nodeSize) => {
        const after = readPayload(dumpPayload(before, compresses, nodeSize), limits)
        if (typeof after === "object" && "problem" in after) throw new Error(after.problem)
        expect(contentOf(after)).toEqual(contentOf(before))
      }),
      { numRuns: 150 }
    )
  })

  it("is refused or read when its bytes are damaged, and never anything else", () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.nat(255), fc.nat(), (before, place, byte, length) => {
        const payload = Buffer.from(dumpPayload(before, true, -2), "latin1").subarray(0, -10)
        const damaged = Buffer.from(payload.subarray(0, 1 + (length % payload.length)))
        damaged[place % damaged.length] = byte
        try {
          const reader = RdbReader.ofBytes(damaged)
          decodeValue(reader, reader.byte(), limits)
        } catch (error) {
          expect(error).toBeInstanceOf(RdbError)
        }
      }),
      { numRuns: 400 }
    )
  })

  it("is not believed when it announces more than there is", () => {
    for (const body of [
      "\x81\0\0\0\x10\0\0\0\0",
      "\x80\xff\xff\xff\xffab",
      "\xc3\x05\x80\x7f\xff\xff\xff\x01ab"
    ]) {
      for (const type of [TYPE.string, TYPE.list, TYPE.hash, TYPE.zset2, TYPE.listQuicklist2]) {
        expect(() => read(type, body)).toThrow(RdbError)
      }
    }
  })
})

describe("the forms of older versions", () => {
  const ziplist = (...entries: ReadonlyArray<string>): string => {
    const body = entries.join("")
    const header = Buffer.alloc(10)
    header.writeUInt32LE(11 + body.length, 0)
    header.writeUInt32LE(10 + body.length - (entries.at(-1)?.length ?? 0), 4)
    header.writeUInt16LE(entries.length, 8)
    return `${header.toString("latin1")}${body}\xff`
  }
  const string = (text: string): string => `${String.fromCharCode(text.length)}${text}`
  // Each entry begins with the length of the one before.
  const pair = ziplist("\0\x01a", "\x03\xf3")

  it("are read: ziplist, zipmap, quicklist 1, and scores as text", () => {
    expect(contentOf(read(TYPE.listZiplist, string(pair)) ?? "")).toEqual(["a", "2"])
    expect(contentOf(read(TYPE.hashZiplist, string(pair)) ?? "")).toEqual([["a", "2"]])
    expect(contentOf(read(TYPE.zsetZiplist, string(pair)) ?? "")).toEqual([["a", 2]])
    expect(contentOf(read(TYPE.listQuicklist, `\x02${string(pair)}${string(pair)}`) ?? "")).toEqual([
      "a",
      "2",
      "a",
      "2"
    ])
    expect(contentOf(read(TYPE.hashZipmap, string("\x01\x01k\x02\x01vv\0\xff")) ?? "")).toEqual([["k", "vv"]])
    expect(contentOf(read(TYPE.zset, "\x02\x01a\x033.5\x01b\xff") ?? "")).toEqual([
      ["b", -Infinity],
      ["a", 3.5]
    ])
  })

  it("are read with every integer of a ziplist", () => {
    const entries = [
      "\0\xfe\xff",
      "\x03\xc0\x39\x30",
      "\x04\xf0\x40\x42\x0f",
      "\x05\xd0\0\0\0\x80",
      "\x06\xe0\0\0\0\0\x01\0\0\0",
      "\x0a\xf1"
    ]
    expect(contentOf(read(TYPE.listZiplist, string(ziplist(...entries))) ?? "")).toEqual([
      "-1",
      "12345",
      "1000000",
      "-2147483648",
      "4294967296",
      "0"
    ])
  })
})

describe("the parts of RDB", () => {
  it("have Redis's checksum, whatever the pieces that it is computed of", () => {
    const sum = (text: string, cut: number): string => {
      const crc = new Crc64()
      const input = Buffer.from(text, "latin1")
      crc.update(input, 0, cut)
      crc.update(input, cut, input.length)
      const out = Buffer.alloc(8)
      crc.digest(out, 0)
      return out.readBigUInt64LE().toString(16)
    }
    expect(sum("123456789", 0)).toBe("e9c6d914c4b8d9ca")
    fc.assert(
      fc.property(bytes, fc.nat(), (text, cut) => sum(text, 0) === sum(text, cut % (text.length + 1)))
    )
  })

  it("have LZF's compression, which is undone exactly", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "abc", "\0".repeat(400), "xyzw")), (parts) => {
        const input = Buffer.from(parts.join(""), "latin1")
        const target = Buffer.alloc(input.length + 8)
        const size = compress(input, 0, input.length, target, 0, Math.max(0, input.length - 4))
        const back = Buffer.alloc(input.length)
        if (size > 0) expect([decompress(target, 0, size, back, input.length), back]).toEqual([true, input])
      })
    )
  })

  it("have listpacks with elements of any length", () => {
    fc.assert(
      fc.property(fc.array(bytes), (elements) => {
        const pack = new ListpackBuilder()
        for (const element of elements) pack.add(element)
        const end = pack.finish()
        const cursor = new ListpackCursor(pack.bytes.subarray(0, end), 0)
        const out: Array<string> = []
        while (!cursor.done) out.push(cursor.next())
        expect(out).toEqual(elements)
      })
    )
  })

  it("have a header that must be RDB's, of a version that is known", () => {
    const contents = { onKey: () => undefined, onLibrary: () => undefined }
    const decode = (text: string): void =>
      decodeFile(RdbReader.ofBytes(Buffer.from(text, "latin1")), limits, contents)
    expect(() => decode("RADIS0010")).toThrow(RdbError)
    expect(() => decode("REDIS9999")).toThrow(RdbError)
    expect(() => decode("REDIS0003\xff")).not.toThrow()
    expect(() => decode("REDIS0010\xff")).toThrow(RdbError)
  })
})

describe("RESTORE", () => {
  it("answers as Redis does to what it cannot take", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.set("key", "value")
    const payload = await redis.dumpBuffer("key")
    const flipped = Buffer.from(payload)
    flipped[1] = 99
    const answer = (...args: Array<string | number | Buffer>): Promise<unknown> =>
      redis.call("RESTORE", ...args).catch((error: unknown) => String(error))
    expect(await answer("key", 0, payload)).toContain("BUSYKEY Target key name already exists.")
    expect(await answer("new", -1, payload)).toContain("ERR Invalid TTL value, must be >= 0")
    expect(await answer("new", 0, flipped)).toContain("ERR DUMP payload version or checksum are wrong")
    expect(await answer("new", 0, payload, "IDLETIME", 5, "FREQ", 1)).toContain("ERR syntax error")
    expect(await answer("key", 0, payload, "REPLACE", "IDLETIME", 1000)).toBe("OK")
    expect(await redis.object("IDLETIME", "key")).toBe(1000)
    expect(await answer("key", 1, payload, "REPLACE", "ABSTTL")).toBe("OK")
    expect(await redis.exists("key")).toBe(0)
  })

  it("wakes a client that waits for the key", async () => {
    await using server = await opened()
    await server.redis.rpush("list", "element")
    const payload = await server.redis.dumpBuffer("list")
    const waiting = server.client().blpop("other", 0)
    await expect.poll(() => server.redis.info("clients")).toContain("blocked_clients:1")
    await server.redis.call("RESTORE", "other", 0, payload)
    expect(await waiting).toEqual(["other", "element"])
  })
})
