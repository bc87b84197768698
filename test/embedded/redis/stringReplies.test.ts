import { describe } from "vitest"
import { answersLikeRedis } from "./replies.ts"

describe("strings", () => {
  answersLikeRedis("set", [
    ["SET a 1", "OK"],
    ["SET a 2 XX GET", "1"],
    ["SET a 3 NX GET", "2"],
    ["SET new x GET", null],
    ["SET a 1 EX 10 PX 10", "!ERR syntax error"],
    ["SET a 1 PX 0", "!ERR invalid expire time in 'set' command"],
    ["SET a 1 EX x", "!ERR value is not an integer or out of range"],
    ["SET a 1 EX", "!ERR syntax error"],
    ["SET a 1 KEEPTTL EX 1", "!ERR syntax error"],
    ["SET a 1 NOPE", "!ERR syntax error"],
    ["SET a 1 EXAT 99999999999", "OK"],
    ["EXPIRETIME a", 99999999999],
    ["SET a 1 PXAT 99999999999999", "OK"],
    ["PEXPIRETIME a", 99999999999999],
    ["SET a 1 PXAT 1", "OK"],
    ["GET a", null],
    ["SET a 1 EX 9223372036854775807", "!ERR invalid expire time in 'set' command"],
    ["LPUSH l 1", 1],
    ["SET l 1 GET", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["SET l 1", "OK"],
    ["GET l", "1"]
  ])

  answersLikeRedis("setex, psetex and setnx", [
    ["SETEX a 100 v", "OK"],
    ["TTL a", 100],
    ["SETEX a 0 v", "!ERR invalid expire time in 'setex' command"],
    ["SETEX a x v", "!ERR value is not an integer or out of range"],
    ["PSETEX a 100000 w", "OK"],
    ["PSETEX a -1 w", "!ERR invalid expire time in 'psetex' command"],
    ["GET a", "w"],
    ["SETNX a z", 0],
    ["SETNX b z", 1]
  ])

  answersLikeRedis("getset, getdel and getex", [
    ["GETSET a 1", null],
    ["GETSET a 2", "1"],
    ["GETDEL a", "2"],
    ["GETDEL a", null],
    ["GETEX none", null],
    ["SET a 1", "OK"],
    ["GETEX a", "1"],
    ["GETEX a EX 100", "1"],
    ["TTL a", 100],
    ["GETEX a PERSIST", "1"],
    ["TTL a", -1],
    ["GETEX a PX 100000", "1"],
    ["GETEX a EXAT 99999999999", "1"],
    ["EXPIRETIME a", 99999999999],
    ["GETEX a PXAT 1", "1"],
    ["EXISTS a", 0],
    ["SET a 1", "OK"],
    ["GETEX a EX 0", "!ERR invalid expire time in 'getex' command"],
    ["GETEX a EX x", "!ERR value is not an integer or out of range"],
    ["GETEX a EX 1 PERSIST", "!ERR syntax error"],
    ["GETEX a NOPE", "!ERR syntax error"],
    ["LPUSH l 1", 1],
    ["GETSET l 1", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["GETDEL l", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["GETEX l", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("mget, mset and msetnx", [
    ["MSET a 1 b 2", "OK"],
    ["MSET a 1 b", "!ERR wrong number of arguments for 'mset' command"],
    ["MSETNX a 1 c 2", 0],
    ["MSETNX c 1 d 2", 1],
    ["MSETNX c", "!ERR wrong number of arguments for 'msetnx' command"],
    ["LPUSH l 1", 1],
    ["MGET a b l none d", ["1", "2", null, null, "2"]]
  ])

  answersLikeRedis("incr, decr, incrby and decrby", [
    ["INCR n", 1],
    ["INCRBY n 10", 11],
    ["DECR n", 10],
    ["DECRBY n 5", 5],
    ["INCRBY n x", "!ERR value is not an integer or out of range"],
    ["DECRBY n x", "!ERR value is not an integer or out of range"],
    ["DECRBY n -9223372036854775808", "!ERR decrement would overflow"],
    ['SET n " 1"', "OK"],
    ["INCR n", "!ERR value is not an integer or out of range"],
    ["SET n 9223372036854775807", "OK"],
    ["INCR n", "!ERR increment or decrement would overflow"],
    ["DECRBY n 1", 9223372036854778000],
    ["DECRBY n -2", "!ERR increment or decrement would overflow"],
    ["GET n", "9223372036854775806"],
    ["SET n -9223372036854775808", "OK"],
    ["DECR n", "!ERR increment or decrement would overflow"],
    ["INCRBY n 9223372036854775807", -1],
    ["SET n 01", "OK"],
    ["INCR n", "!ERR value is not an integer or out of range"],
    ["LPUSH l 1", 1],
    ["INCR l", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("incrbyfloat", [
    ["INCRBYFLOAT f 10.5", "10.5"],
    ["INCRBYFLOAT f 0.1", "10.6"],
    ["INCRBYFLOAT f -5", "5.6"],
    ["INCRBYFLOAT f 5.0e3", "5005.60000000000000009"],
    ["INCRBYFLOAT f x", "!ERR value is not a valid float"],
    ["INCRBYFLOAT f inf", "!ERR increment would produce NaN or Infinity"],
    ["INCRBYFLOAT f nan", "!ERR value is not a valid float"],
    ["INCRBYFLOAT f 1e-17", "5005.60000000000000009"],
    ["SET f x", "OK"],
    ["INCRBYFLOAT f 1", "!ERR value is not a valid float"],
    ['SET f " 1"', "OK"],
    ["INCRBYFLOAT f 1", "!ERR value is not a valid float"],
    ["SET f 3.0e2", "OK"],
    ["INCRBYFLOAT f 200", "500"],
    ["LPUSH l 1", 1],
    ["INCRBYFLOAT l 1", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["SET b 9007199254740993", "OK"],
    ["INCRBYFLOAT b 1", "9007199254740994"]
  ])

  answersLikeRedis("append and strlen", [
    ["APPEND a foo", 3],
    ["APPEND a bar", 6],
    ["STRLEN a", 6],
    ["STRLEN none", 0],
    ["GET a", "foobar"],
    ["SET n 10", "OK"],
    ["APPEND n 5", 3],
    ["INCR n", 106],
    ["LPUSH l 1", 1],
    ["APPEND l x", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["STRLEN l", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ['APPEND e ""', 0],
    ["EXISTS e", 1]
  ])

  answersLikeRedis("setrange", [
    ['SETRANGE a 0 ""', 0],
    ["EXISTS a", 0],
    ["SETRANGE a 2 hi", 4],
    ["GET a", "\u0000\u0000hi"],
    ["SETRANGE a 0 XY", 4],
    ["SETRANGE a -1 x", "!ERR offset is out of range"],
    ["SETRANGE a x x", "!ERR value is not an integer or out of range"],
    ["SETRANGE a 536870912 x", "!ERR string exceeds maximum allowed size (proto-max-bulk-len)"],
    ['SETRANGE a 0 ""', 4],
    ["GET a", "XYhi"],
    ["SET n 123", "OK"],
    ["SETRANGE n 1 9", 3],
    ["GET n", "193"],
    ["LPUSH l 1", 1],
    ["SETRANGE l 0 x", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("getrange and substr", [
    ['SET a "Hello World"', "OK"],
    ["GETRANGE a 0 4", "Hello"],
    ["GETRANGE a -5 -1", "World"],
    ["GETRANGE a -100 100", "Hello World"],
    ["GETRANGE a 5 3", ""],
    ["GETRANGE a -1 -5", ""],
    ["GETRANGE a 50 60", ""],
    ["SUBSTR a 6 -1", "World"],
    ["GETRANGE a x 1", "!ERR value is not an integer or out of range"],
    ["GETRANGE none 0 -1", ""],
    ["APPEND a !", 12],
    ["GETRANGE a 6 -1", "World!"],
    ["SET n 12345", "OK"],
    ["GETRANGE n 1 2", "23"],
    ["LPUSH l 1", 1],
    ["GETRANGE l 0 1", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("lcs", [
    ["MSET a ohmytext b mynewtext", "OK"],
    ["LCS a b", "mytext"],
    ["LCS a b LEN", 6],
    [
      "LCS a b IDX",
      [
        "matches",
        [
          [
            [4, 7],
            [5, 8]
          ],
          [
            [2, 3],
            [0, 1]
          ]
        ],
        "len",
        6
      ]
    ],
    [
      "LCS a b IDX MINMATCHLEN 4",
      [
        "matches",
        [
          [
            [4, 7],
            [5, 8]
          ]
        ],
        "len",
        6
      ]
    ],
    ["LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN", ["matches", [[[4, 7], [5, 8], 4]], "len", 6]],
    ["LCS a b IDX LEN", "!ERR If you want both the length and indexes, please just use IDX."],
    ["LCS a b NOPE", "!ERR syntax error"],
    ["LCS a b MINMATCHLEN", "!ERR syntax error"],
    ["LCS a b IDX MINMATCHLEN x", "!ERR value is not an integer or out of range"],
    ["LCS a none", ""],
    ["LCS a none IDX", ["matches", [], "len", 0]],
    ["LPUSH l 1", 1],
    ["LCS a l", "!ERR The specified keys must contain string values"]
  ])

  answersLikeRedis("setbit and getbit", [
    ["SETBIT b 7 1", 0],
    ["SETBIT b 7 0", 1],
    ["SETBIT b 100 1", 0],
    ["STRLEN b", 13],
    ["GETBIT b 100", 1],
    ["GETBIT b 7", 0],
    ["GETBIT b 5000", 0],
    ["GETBIT none 1", 0],
    ["SET s a", "OK"],
    ["GETBIT s 1", 1],
    ["GETBIT s 0", 0],
    ["SETBIT s 0 1", 0],
    ["SETBIT s 0 2", "!ERR bit is not an integer or out of range"],
    ["SETBIT s 0 x", "!ERR bit is not an integer or out of range"],
    ["SETBIT s -1 1", "!ERR bit offset is not an integer or out of range"],
    ["SETBIT s 4294967296 1", "!ERR bit offset is not an integer or out of range"],
    ["GETBIT s x", "!ERR bit offset is not an integer or out of range"],
    ["SET n 12", "OK"],
    ["SETBIT n 7 1", 1],
    ["GET n", "12"],
    ["LPUSH l 1", 1],
    ["SETBIT l 0 1", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["GETBIT l 0", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("bitcount", [
    ["SET s foobar", "OK"],
    ["BITCOUNT s", 26],
    ["BITCOUNT s 0 0", 4],
    ["BITCOUNT s 1 1", 6],
    ["BITCOUNT s 1 -2 BYTE", 18],
    ["BITCOUNT s 5 30 BIT", 17],
    ["BITCOUNT s -3 -1 BIT", 1],
    ["BITCOUNT s 4 2", 0],
    ["BITCOUNT s -1 -3", 0],
    ["BITCOUNT s 100 200", 0],
    ["BITCOUNT s 0", "!ERR syntax error"],
    ["BITCOUNT s 0 1 NOPE", "!ERR syntax error"],
    ["BITCOUNT s 0 1 BIT 3", "!ERR syntax error"],
    ["BITCOUNT s x 1", "!ERR value is not an integer or out of range"],
    ["BITCOUNT none", 0],
    ["BITCOUNT none 0 -1", 0],
    ["LPUSH l 1", 1],
    ["BITCOUNT l", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])
})
