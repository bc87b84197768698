import { describe } from "vitest"
import { answersLikeRedis } from "./replies.ts"

describe("bits of strings", () => {
  answersLikeRedis("are combined", [
    ["SET a foobar", "OK"],
    ["SET b abcdef", "OK"],
    ["BITOP AND dest a b", 6],
    ["GET dest", "`bc`ab"],
    ["BITOP OR dest a b none", 6],
    ["STRLEN dest", 6],
    ["BITOP XOR dest a a", 6],
    ["BITOP NOT dest a", 6],
    ["STRLEN dest", 6],
    ["BITOP NOT dest a b", "!ERR BITOP NOT must be called with a single source key."],
    ["BITOP NOPE dest a", "!ERR syntax error"],
    ["BITOP AND dest none", 0],
    ["EXISTS dest", 0],
    ["LPUSH l 1", 1],
    ["BITOP OR dest a l", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["OBJECT ENCODING a", "embstr"]
  ])

  answersLikeRedis("are found", [
    ["SETBIT k 7 1", 0],
    ["BITPOS k 1", 7],
    ["BITPOS k 0", 0],
    ["BITPOS k 1 1", -1],
    ["SET ones '\\xff\\xff'", "OK"],
    ["BITPOS k 2", "!ERR The bit argument must be 1 or 0."],
    ["SETBIT all 0 1", 0],
    ["BITPOS all 0", 1],
    ["BITPOS all 1 0 0 BIT", 0],
    ["BITPOS all 1 -1 -1", 0],
    ["BITPOS all 0 1 -1 BIT", 1],
    ["BITPOS none 0", 0],
    ["BITPOS none 1", -1],
    ["BITPOS k 1 0 1 NOPE", "!ERR syntax error"],
    ["BITPOS k 1 x", "!ERR value is not an integer or out of range"],
    ["SET e ''", "OK"],
    ["BITPOS e 0", -1],
    ["BITCOUNT k 0 -1 BIT", 1],
    ["BITCOUNT k 5 30 BYTE", 0],
    ["BITCOUNT k 5", "!ERR syntax error"]
  ])

  answersLikeRedis("are fields of integers", [
    ["BITFIELD f SET u8 0 255 GET u8 0 GET u4 0", [0, 255, 15]],
    ["BITFIELD f INCRBY u8 0 1", [0]],
    ["BITFIELD f OVERFLOW SAT INCRBY i8 #1 200 INCRBY i8 #1 200", [127, 127]],
    ["BITFIELD f OVERFLOW FAIL INCRBY i8 #1 1 SET u2 0 9", [null, null]],
    ["BITFIELD f SET i64 #1 -9223372036854775808 GET i64 #1", [0, -9223372036854778000]],
    ["BITFIELD f OVERFLOW SAT INCRBY i64 #1 -1 INCRBY u63 #2 -1", [-9223372036854778000, 0]],
    [
      "BITFIELD f GET u64 0",
      "!ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
    ],
    [
      "BITFIELD f GET i65 0",
      "!ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
    ],
    [
      "BITFIELD f GET x8 0",
      "!ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
    ],
    ["BITFIELD f GET u8 -1", "!ERR bit offset is not an integer or out of range"],
    ["BITFIELD f GET u8 #x", "!ERR bit offset is not an integer or out of range"],
    ["BITFIELD f OVERFLOW NOPE", "!ERR Invalid OVERFLOW type specified"],
    ["BITFIELD f SET u8 0 x", "!ERR value is not an integer or out of range"],
    ["BITFIELD f INCRBY u8 0", "!ERR syntax error"],
    ["BITFIELD f", []],
    ["BITFIELD_RO f GET u16 3", [1016]],
    ["BITFIELD_RO f SET u8 0 1", "!ERR BITFIELD_RO only supports the GET subcommand"],
    ["BITFIELD_RO none GET u8 100", [0]],
    ["LPUSH l 1", 1],
    ["BITFIELD l GET u8 0", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])
})
