import fc from "fast-check"
import type { Redis } from "ioredis"
import { describe, expect, it } from "vitest"
import { compileFilter } from "../../../src/embedded/redis/commands/VectorFilter.ts"
import { NearestHeap } from "../../../src/embedded/redis/structures/NearestHeap.ts"
import { folder } from "./folder.ts"
import { opened } from "./open.ts"
import { answersLikeRedis, speaksLikeRedis } from "./replies.ts"

const floats = (...values: ReadonlyArray<number>): Buffer => {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, at) => bytes.writeFloatLE(value, at * 4))
  return bytes
}

describe("vector sets", () => {
  answersLikeRedis("vadd, vcard, vdim, vismember and vrem", [
    ["VADD v VALUES 3 1 0 0 a", 1],
    ["VADD v VALUES 3 0 1 0 b SETATTR {\\x22n\\x22:1}", 1],
    ["VADD v VALUES 3 0 1 1 a CAS EF 10", 0],
    ["VADD v VALUES 2 1 0 c", "!ERR Vector dimension mismatch - got 2 but set has 3"],
    ["VADD v VALUES 3 1 0 0 c NOQUANT", "!ERR asked quantization mismatch with existing vector set"],
    ["VADD v VALUES 3 1 0 0 c M 8", "!ERR asked M value mismatch with existing vector set"],
    ["VADD v REDUCE 3 VALUES 3 1 0 0 c", "!ERR cannot add projection to existing set without projection"],
    ["VADD v REDUCE 4 VALUES 3 1 0 0 c", "!ERR invalid vector specification"],
    ["VADD v VALUES 3 1 0 c", "!ERR invalid vector specification"],
    ["VADD v VALUES 3 1 0 x c", "!ERR invalid vector specification"],
    ["VADD v VALUES 0 c d", "!ERR invalid vector specification"],
    ["VADD v FP32 abc c", "!ERR invalid vector specification"],
    ["VADD v FOO 3 1 0", "!ERR invalid vector specification"],
    ["VADD v VALUES 3 1 0 0", "!ERR wrong number of arguments for 'vadd' command"],
    ["VADD v VALUES 3 1 0 0 c FOO", "!ERR invalid option after element"],
    ["VADD v VALUES 3 1 0 0 c EF 0", "!ERR invalid EF"],
    ["VADD v VALUES 3 1 0 0 c M 1", "!ERR invalid M"],
    ["VADD v STORED a int8 3 0 16 abc 1 1 x", "!ERR invalid vector specification"],
    ["VCARD v", 2],
    ["VCARD none", 0],
    ["VDIM v", 3],
    ["VDIM none", "!ERR key does not exist"],
    ["VISMEMBER v a", 1],
    ["VISMEMBER v z", 0],
    ["VISMEMBER none a", 0],
    ["TYPE v", "vectorset"],
    ["OBJECT ENCODING v", "raw"],
    ["COPY v w", 1],
    ["VREM v a", 1],
    ["VREM v a", 0],
    ["VREM none a", 0],
    ["VREM v b", 1],
    ["EXISTS v", 0],
    ["VCARD w", 2],
    ["SET s x", "OK"],
    ["VADD s VALUES 1 1 a", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["VCARD s", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["VSIM s ELE a", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["GET w", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("vsim", [
    ["VADD v VALUES 2 1 0 east NOQUANT SETATTR '{\"n\": 1}'", 1],
    ["VADD v VALUES 2 0 2 north NOQUANT SETATTR '{\"n\": 2}'", 1],
    ["VADD v VALUES 2 -3 0 west NOQUANT", 1],
    ["VSIM v VALUES 2 5 0.1 WITHSCORES COUNT 1", ["east", "0.99990001320838928"]],
    ["VSIM v ELE east WITHSCORES", ["east", "1", "north", "0.5", "west", "0"]],
    ["VSIM v ELE east WITHSCORES EPSILON 0.5", ["east", "1", "north", "0.5"]],
    ["VSIM v ELE east WITHATTRIBS COUNT 2", ["east", '{"n": 1}', "north", '{"n": 2}']],
    ["VSIM v ELE west WITHSCORES WITHATTRIBS COUNT 1 TRUTH NOTHREAD EF 10", ["west", "1", null]],
    ["VSIM v ELE west FILTER '.n > 0' FILTER-EF 10", ["north", "east"]],
    ["VSIM v ELE west FILTER '.n > 1 and .n < 5'", ["north"]],
    ["VSIM v ELE west FILTER '.n >'", "!ERR syntax error in FILTER expression near: .n >"],
    ["VSIM v ELE west FILTER '.n @ 5'", "!ERR syntax error in FILTER expression near: @ 5"],
    ["VSIM v ELE none", "!ERR element not found in set"],
    ["VSIM v VALUES 3 1 0 0", "!ERR Vector dimension mismatch - got 3 but set has 2"],
    ["VSIM v VALUES 2 1", "!ERR invalid vector specification"],
    ["VSIM v FOO 2 1 0", "!ERR invalid vector specification"],
    ["VSIM v ELE east COUNT 0", "!ERR invalid COUNT"],
    ["VSIM v ELE east EPSILON 0", "!ERR invalid EPSILON"],
    ["VSIM v ELE east EF 0", "!ERR invalid EF"],
    ["VSIM v ELE east FILTER-EF 0", "!ERR invalid FILTER-EF"],
    ["VSIM v ELE east FOO", "!ERR syntax error in VSIM command"],
    ["VSIM none ELE east", []],
    ["VLINKS v east", [["north", "west"]]],
    ["VLINKS v east WITHSCORES", [["north", "0.5", "west", "0"]]],
    ["VLINKS v none", null],
    ["VLINKS v east FOO", "!ERR wrong number of arguments for 'vlinks' command"]
  ])

  answersLikeRedis("vemb, vinfo, vgetattr, vsetattr and vrandmember", [
    ["VADD f VALUES 2 3 4 a NOQUANT", 1],
    ["VEMB f a", ["3", "4"]],
    ["VADD q VALUES 2 3 4 a", 1],
    ["VEMB q a", ["2.9921259880065918", "4"]],
    ["VADD b VALUES 3 3 -4 0 a BIN", 1],
    ["VEMB b a", ["1", "-1", "-1"]],
    ["VEMB b none", null],
    ["VEMB none a", null],
    ["VEMB b a FOO", "!ERR invalid option"],
    ["VEMB b a RAW", ["bin", "\u0001\0\0\0\0\0\0\0", "5"]],
    ["VSIM b VALUES 3 1 1 1 WITHSCORES", ["a", "0.33333331346511841"]],
    ["VINFO none", null],
    ["VSETATTR q a {}", 1],
    ["VGETATTR q a", "{}"],
    ["VSETATTR q a ''", 1],
    ["VGETATTR q a", null],
    ["VSETATTR q none {}", 0],
    ["VSETATTR none a {}", 0],
    ["VGETATTR none a", null],
    ["VRANDMEMBER q", "a"],
    ["VRANDMEMBER q 5", ["a"]],
    ["VRANDMEMBER q -2", ["a", "a"]],
    ["VRANDMEMBER q 0", []],
    ["VRANDMEMBER none", null],
    ["VRANDMEMBER none 2", []],
    ["VRANDMEMBER q x", "!ERR COUNT value is not an integer"]
  ])

  speaksLikeRedis("answers maps and booleans in RESP3", [
    ["VADD v VALUES 2 1 0 a NOQUANT", "#t"],
    ["VADD v VALUES 2 1 0 a NOQUANT", "#f"],
    ["VSIM v ELE a", "*1 $1 a"],
    ["VSIM v ELE a WITHSCORES", "%1 $1 a ,1"],
    ["VSIM v ELE a WITHSCORES WITHATTRIBS", "%1 $1 a *2 ,1 _"],
    ["VLINKS v a WITHSCORES", "*1 %0"],
    ["VREM v a", "#t"]
  ])

  it("tell what they are made of", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.call("VADD", "v", "REDUCE", 2, "VALUES", 3, 1, 0, 0, "a", "BIN", "M", 8, "SETATTR", "{}")
    const info = await redis.call("VINFO", "v")
    expect(Array.isArray(info) ? info.filter((_, at) => at < 14) : info).toEqual(
      [
        ["quant-type", "bin", "hnsw-m", 8, "vector-dim", 2, "projection-input-dim", 3],
        ["size", 1, "max-level", 0, "attributes-count", 1]
      ].flat()
    )
  })

  it("take vectors of bytes, and project them where REDUCE asks for it", async () => {
    await using server = await opened()
    const { redis } = server
    await redis.call("VADD", "v", "REDUCE", 2, "FP32", floats(1, 2, 3, 4), "a", "NOQUANT")
    expect(await redis.call("VEMB", "v", "a")).toEqual(["5", "-1"])
    expect(await redis.call("VSIM", "v", "FP32", floats(2, 4, 6, 8), "WITHSCORES")).toEqual(["a", "1"])
    expect(await redis.call("VSIM", "v", "VALUES", 2, -5, 1, "WITHSCORES")).toEqual(["a", "0"])
    await expect(redis.call("VADD", "v", "REDUCE", 2, "VALUES", 3, 1, 2, 3, "b", "NOQUANT")).rejects.toThrow(
      "Input dimension mismatch for projection - got 3 but projection expects 4"
    )
  })
})

describe("the filter of VSIM", () => {
  const movie = {
    year: 1984,
    name: "Alien",
    rating: 8.5,
    tags: ["a", 3, true],
    gone: null,
    yes: true,
    in: {}
  }
  const matches = (expression: string): boolean | string => {
    const filter = compileFilter(expression)
    return typeof filter === "function" ? filter(movie) : `wrong at ${filter.at}`
  }

  it.each([
    [".year >= 1980 and .rating > 8", true],
    [".year >= 1980 && .rating > 9 || .name == 'Alien'", true],
    ["not (.year == 1984)", false],
    ["!.yes", false],
    [".name in ['Alien', \"Blade\"]", true],
    ["3 in .tags and 1 in .tags", true],
    ["'b' in .tags", false],
    ["2 + 3 * 4 ** 2 ** 0.5 == 2 + 3 * 4 ** (2 ** 0.5)", true],
    ["-5 + 10 - -5 == 10", true],
    [".year % 10 == 4 and .year / 2 == 992", true],
    [".gone == null", true],
    [".missing or 1", false],
    [".in", false],
    ["'' or 0", false],
    ["'1984' == .year", true],
    ["'it\\'s' != 'its'", true],
    ["5 6", "wrong at 0"],
    ["(1", "wrong at 0"],
    ["1)", "wrong at 0"],
    ["'open", "wrong at 0"],
    ["[1, [2]] ", "wrong at 4"],
    [".year ~ 5", "wrong at 6"],
    ["", "wrong at 0"]
  ])("%s", (expression, result) => {
    expect(matches(expression)).toBe(result)
  })
})

describe("the nearest of many", () => {
  it("are the first of all in order", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.integer({ min: 1, max: 20 }), (distances, limit) => {
        const heap = new NearestHeap<number>(limit)
        for (const distance of distances) heap.offer(distance, distance)
        const sorted = distances.toSorted((left, right) => left - right)
        expect(heap.sorted().map(({ item }) => item)).toEqual(sorted.slice(0, limit))
      })
    )
  })
})

const everything = async (redis: Redis): Promise<unknown> => {
  const found: Array<unknown> = []
  for (const key of ["f32", "int8", "bin", "reduced"]) {
    found.push(await redis.call("VSIM", key, "ELE", "e1", "COUNT", "50", "WITHSCORES", "WITHATTRIBS"))
    for (const name of ["e1", "e2"]) found.push(await redis.callBuffer("VEMB", key, name, "RAW"))
  }
  return found
}

describe("vector sets in a folder", () => {
  it.each([
    ["the log", undefined],
    ["a snapshot", "yes"],
    ["a snapshot of commands", "no"]
  ])("come back from %s exactly as they were", async (_, preamble) => {
    using dir = folder()
    let before: unknown
    {
      await using server = await opened({ persistence: { dir: dir.path, fsync: "no" } })
      const { redis } = server
      for (let n = 1; n <= 20; n++) {
        const vector = Array.from({ length: 70 }, (_unused, at) => Math.sin(n * (at + 1)))
        for (const [key, ...options] of [["f32", "NOQUANT"], ["int8"], ["bin", "BIN", "M", "8"]]) {
          await redis.call("VADD", key ?? "", "FP32", floats(...vector), `e${n}`, ...options)
        }
        await redis.call(
          "VADD",
          "reduced",
          "REDUCE",
          10,
          "VALUES",
          70,
          ...vector,
          `e${n}`,
          "SETATTR",
          `{"n":${n}}`
        )
      }
      await redis.call("VREM", "int8", "e9")
      await redis.call("VSETATTR", "reduced", "e9", "")
      if (preamble !== undefined) {
        await redis.call("CONFIG", "SET", "aof-use-rdb-preamble", preamble)
        await server.server.save()
      }
      before = await everything(redis)
    }
    await using server = await opened({ persistence: { dir: dir.path } })
    expect(await everything(server.redis)).toEqual(before)
  })
})
