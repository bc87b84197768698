import { describe } from "vitest"
import { answersLikeRedis } from "./replies.ts"

describe("lists", () => {
  answersLikeRedis("lpush, rpush, lpushx and rpushx", [
    ["LPUSHX l a", 0],
    ["RPUSHX l a", 0],
    ["EXISTS l", 0],
    ["RPUSH l a b", 2],
    ["LPUSH l c d", 4],
    ["LPUSHX l e f", 6],
    ["RPUSHX l g h", 8],
    ["LLEN l", 8],
    ["LLEN none", 0],
    ["LRANGE l 0 -1", ["f", "e", "d", "c", "a", "b", "g", "h"]],
    ["RPUSH l", "!ERR wrong number of arguments for 'rpush' command"],
    ["SET s 1", "OK"],
    ["RPUSH s a", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["LLEN s", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("lpop and rpop", [
    ["RPUSH l a b c d e f", 6],
    ["LPOP l", "a"],
    ["RPOP l", "f"],
    ["LPOP l 2", ["b", "c"]],
    ["RPOP l 0", []],
    ["LPOP l -1", "!ERR value is out of range, must be positive"],
    ["LPOP l x", "!ERR value is out of range, must be positive"],
    ["LPOP l 1 2", "!ERR wrong number of arguments for 'lpop' command"],
    ["RPOP l 10", ["e", "d"]],
    ["RPOP l", null],
    ["LPOP l 1", null],
    ["LPOP l 0", null],
    ["SET s 1", "OK"],
    ["LPOP s", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("lrange and lindex", [
    ["RPUSH l a b c d", 4],
    ["LRANGE l 1 2", ["b", "c"]],
    ["LRANGE l -100 100", ["a", "b", "c", "d"]],
    ["LRANGE l 3 1", []],
    ["LRANGE l 9 10", []],
    ["LRANGE l x 1", "!ERR value is not an integer or out of range"],
    ["LRANGE none 0 -1", []],
    ["LINDEX l 0", "a"],
    ["LINDEX l -1", "d"],
    ["LINDEX l 9", null],
    ["LINDEX l -9", null],
    ["LINDEX l x", "!ERR value is not an integer or out of range"],
    ["LINDEX none 0", null]
  ])

  answersLikeRedis("ltrim", [
    ["RPUSH l a b c d e", 5],
    ["LTRIM l 1 -2", "OK"],
    ["LRANGE l 0 -1", ["b", "c", "d"]],
    ["LTRIM l 0 0", "OK"],
    ["LTRIM l 5 10", "OK"],
    ["EXISTS l", 0],
    ["LTRIM none 0 1", "OK"],
    ["LTRIM l x 1", "!ERR value is not an integer or out of range"]
  ])

  answersLikeRedis("lset and linsert", [
    ["RPUSH l a b c", 3],
    ["LSET l 1 x", "OK"],
    ["LSET l -1 y", "OK"],
    ["LSET l 3 z", "!ERR index out of range"],
    ["LSET l -4 z", "!ERR index out of range"],
    ["LSET l x z", "!ERR value is not an integer or out of range"],
    ["LSET none 0 z", "!ERR no such key"],
    ["LINSERT l BEFORE x new", 4],
    ["LINSERT l AFTER y last", 5],
    ["LINSERT l before none z", -1],
    ["LINSERT none AFTER a b", 0],
    ["LINSERT l NEAR a b", "!ERR syntax error"],
    ["LRANGE l 0 -1", ["a", "new", "x", "y", "last"]]
  ])

  answersLikeRedis("lrem", [
    ["RPUSH l a b a c a", 5],
    ["LREM l 1 a", 1],
    ["LREM l -1 a", 1],
    ["LRANGE l 0 -1", ["b", "a", "c"]],
    ["LREM l 0 none", 0],
    ["LREM l x a", "!ERR value is not an integer or out of range"],
    ["LREM none 0 a", 0],
    ["LREM l 0 a", 1],
    ["LREM l 0 b", 1],
    ["LREM l 0 c", 1],
    ["EXISTS l", 0]
  ])

  answersLikeRedis("lpos", [
    ["RPUSH l a b c 1 2 3 c c", 8],
    ["LPOS l c", 2],
    ["LPOS l c RANK 2", 6],
    ["LPOS l c RANK -1", 7],
    ["LPOS l c COUNT 2", [2, 6]],
    ["LPOS l c COUNT 0", [2, 6, 7]],
    ["LPOS l c RANK -1 COUNT 2", [7, 6]],
    ["LPOS l c COUNT 0 MAXLEN 3", [2]],
    ["LPOS l none", null],
    ["LPOS l none COUNT 1", []],
    ["LPOS none a", null],
    ["LPOS none a COUNT 1", []],
    [
      "LPOS l c RANK 0",
      "!ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list"
    ],
    ["LPOS l c RANK x", "!ERR value is not an integer or out of range"],
    ["LPOS l c COUNT -1", "!ERR COUNT can't be negative"],
    ["LPOS l c MAXLEN -1", "!ERR MAXLEN can't be negative"],
    ["LPOS l c NOPE 1", "!ERR syntax error"],
    ["LPOS l c RANK", "!ERR syntax error"]
  ])

  answersLikeRedis("lmove and rpoplpush", [
    ["RPUSH l a b c", 3],
    ["LMOVE l to LEFT RIGHT", "a"],
    ["LMOVE l to RIGHT LEFT", "c"],
    ["LMOVE l to UP RIGHT", "!ERR syntax error"],
    ["LMOVE none to LEFT LEFT", null],
    ["RPOPLPUSH l to", "b"],
    ["EXISTS l", 0],
    ["LRANGE to 0 -1", ["b", "c", "a"]],
    ["RPOPLPUSH to to", "a"],
    ["RPOPLPUSH none to", null],
    ["LRANGE to 0 -1", ["a", "b", "c"]],
    ["SET s 1", "OK"],
    ["LMOVE to s LEFT LEFT", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["RPOPLPUSH s to", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("blmove, brpoplpush, blpop and brpop when there is something", [
    ["RPUSH l a b c d", 4],
    ["BLMOVE l to LEFT RIGHT 0", "a"],
    ["BRPOPLPUSH l to 0", "d"],
    ["BLPOP none l 0", ["l", "b"]],
    ["BRPOP l to 0", ["l", "c"]],
    ["BLPOP l -1", "!ERR timeout is negative"],
    ["BLPOP l x", "!ERR timeout is not a float or out of range"],
    ["BLPOP l inf", "!ERR timeout is negative"],
    ["BLMOVE l to LEFT UP 0", "!ERR syntax error"],
    ["BLMOVE l to LEFT LEFT -1", "!ERR timeout is negative"],
    ["BLPOP none 0.001", null],
    ["BLMOVE none to LEFT LEFT 0.001", null],
    ["BRPOPLPUSH none to 0.001", null],
    ["MULTI", "OK"],
    ["BLPOP none 0", "QUEUED"],
    ["BLMOVE none to LEFT LEFT 0", "QUEUED"],
    ["EXEC", [null, null]],
    ["SET s 1", "OK"],
    ["BLPOP s 0", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("lmpop and blmpop", [
    ["RPUSH l a b c d e f", 6],
    ["LMPOP 2 none l LEFT", ["l", ["a"]]],
    ["LMPOP 1 l RIGHT COUNT 2", ["l", ["f", "e"]]],
    ["LMPOP 1 none LEFT", null],
    ["LMPOP 0 l LEFT", "!ERR numkeys should be greater than 0"],
    ["LMPOP x l LEFT", "!ERR numkeys should be greater than 0"],
    ["LMPOP 1 l UP", "!ERR syntax error"],
    ["LMPOP 2 l LEFT", "!ERR syntax error"],
    ["LMPOP 1 l LEFT COUNT 0", "!ERR count should be greater than 0"],
    ["LMPOP 1 l LEFT COUNT", "!ERR syntax error"],
    ["LMPOP 1 l LEFT NOPE 1", "!ERR syntax error"],
    ["BLMPOP 0 1 l LEFT COUNT 2", ["l", ["b", "c"]]],
    ["BLMPOP 0.001 1 none LEFT", null],
    ["BLMPOP x 1 l LEFT", "!ERR timeout is not a float or out of range"],
    ["BLMPOP 0 1 l LEFT COUNT 10", ["l", ["d"]]],
    ["MULTI", "OK"],
    ["BLMPOP 0 1 none LEFT", "QUEUED"],
    ["EXEC", [null]],
    ["EXISTS l", 0]
  ])
})

describe("hashes", () => {
  answersLikeRedis("hset, hmset and hsetnx", [
    ["HSET h a 1 b 2", 2],
    ["HSET h a 3 c 4", 1],
    ["HSET h a", "!ERR wrong number of arguments for 'hset' command"],
    ["HSET h a 1 b", "!ERR wrong number of arguments for 'hset' command"],
    ["HMSET h d 5 e 6", "OK"],
    ["HMSET h d", "!ERR wrong number of arguments for 'hmset' command"],
    ["HMSET h a 1 b", "!ERR wrong number of arguments for 'hmset' command"],
    ["HSETNX h a 9", 0],
    ["HSETNX h z 9", 1],
    ["HGET h z", "9"],
    ["HGET h none", null],
    ["HGET none a", null],
    ["SET s 1", "OK"],
    ["HSET s a 1", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["HGET s a", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("hlen, hstrlen, hexists, hkeys, hvals and hmget", [
    ["HSET h a 1 b hello", 2],
    ["HLEN h", 2],
    ["HLEN none", 0],
    ["HSTRLEN h b", 5],
    ["HSTRLEN h none", 0],
    ["HSTRLEN none b", 0],
    ["HEXISTS h a", 1],
    ["HEXISTS h none", 0],
    ["HEXISTS none a", 0],
    ["HKEYS h", ["a", "b"]],
    ["HVALS h", ["1", "hello"]],
    ["HGETALL h", ["a", "1", "b", "hello"]],
    ["HKEYS none", []],
    ["HVALS none", []],
    ["HGETALL none", []],
    ["HMGET h a none b", ["1", null, "hello"]],
    ["HMGET none a b", [null, null]],
    ["SET s 1", "OK"],
    ["HMGET s a", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("hdel", [
    ["HSET h a 1 b 2 c 3", 3],
    ["HDEL h a none", 1],
    ["HDEL none a", 0],
    ["HDEL h b c", 2],
    ["EXISTS h", 0]
  ])

  answersLikeRedis("hincrby", [
    ["HINCRBY h n 5", 5],
    ["HINCRBY h n -10", -5],
    ["HINCRBY h n x", "!ERR value is not an integer or out of range"],
    ["HSET h t text big 9223372036854775807", 2],
    ["HINCRBY h t 1", "!ERR hash value is not an integer"],
    ["HINCRBY h big 1", "!ERR increment or decrement would overflow"],
    ["HINCRBY h big -7", 9223372036854778000],
    ["HGET h big", "9223372036854775800"]
  ])

  answersLikeRedis("hincrbyfloat", [
    ["HINCRBYFLOAT h f 10.5", "10.5"],
    ["HINCRBYFLOAT h f 0.1", "10.6"],
    ["HINCRBYFLOAT h f 5e3", "5010.60000000000000009"],
    ["HINCRBYFLOAT h f x", "!ERR value is not a valid float"],
    ["HINCRBYFLOAT h f inf", "!ERR value is NaN or Infinity"],
    ["HSET h t text", 1],
    ["HINCRBYFLOAT h t 1", "!ERR hash value is not a float"]
  ])

  answersLikeRedis("hrandfield", [
    ["HSET h a 1", 1],
    ["HRANDFIELD h", "a"],
    ["HRANDFIELD h 3", ["a"]],
    ["HRANDFIELD h -3", ["a", "a", "a"]],
    ["HRANDFIELD h 2 WITHVALUES", ["a", "1"]],
    ["HRANDFIELD h -2 WITHVALUES", ["a", "1", "a", "1"]],
    ["HRANDFIELD h 0", []],
    ["HRANDFIELD h x", "!ERR value is not an integer or out of range"],
    ["HRANDFIELD h 1 NOPE", "!ERR syntax error"],
    ["HRANDFIELD none", null],
    ["HRANDFIELD none 2", []],
    ["HSET h b 2 c 3", 2],
    ["HRANDFIELD h 3", ["a", "b", "c"], "any order"]
  ])

  answersLikeRedis("hscan", [
    ["HSET h a 1 b 2 ab 3", 3],
    ["HSCAN h 0", ["0", ["a", "1", "b", "2", "ab", "3"]]],
    ["HSCAN h 0 MATCH a*", ["0", ["a", "1", "ab", "3"]]],
    ["HSCAN none 0", ["0", []]],
    ["HSCAN h 0 COUNT x", "!ERR value is not an integer or out of range"]
  ])
})

describe("sets", () => {
  answersLikeRedis("sadd, srem, sismember, smismember and scard", [
    ["SADD s 1 2 3", 3],
    ["SADD s 3 4", 1],
    ["SREM s 1 9", 1],
    ["SREM none 1", 0],
    ["SISMEMBER s 2", 1],
    ["SISMEMBER s 9", 0],
    ["SISMEMBER none 1", 0],
    ["SMISMEMBER s 2 9", [1, 0]],
    ["SMISMEMBER none 1 2", [0, 0]],
    ["SCARD s", 3],
    ["SCARD none", 0],
    ["SMEMBERS s", ["2", "3", "4"]],
    ["SMEMBERS none", []],
    ["SREM s 2 3 4", 3],
    ["EXISTS s", 0],
    ["SADD words b a", 2],
    ["SMEMBERS words", ["a", "b"], "any order"],
    ["SET str 1", "OK"],
    ["SADD str 1", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["SCARD str", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["SMISMEMBER str 1", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("smove", [
    ["SADD a 1 2", 2],
    ["SADD b 2", 1],
    ["SMOVE a b 1", 1],
    ["SMOVE a b 9", 0],
    ["SMOVE none b 1", 0],
    ["SMOVE a a 2", 1],
    ["SMOVE a b 2", 1],
    ["EXISTS a", 0],
    ["SMEMBERS b", ["1", "2"]],
    ["SET str 1", "OK"],
    ["SMOVE b str 1", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["SMOVE str b 1", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("spop and srandmember", [
    ["SADD s 1", 1],
    ["SRANDMEMBER s", "1"],
    ["SRANDMEMBER s 5", ["1"]],
    ["SRANDMEMBER s -3", ["1", "1", "1"]],
    ["SRANDMEMBER s 0", []],
    ["SRANDMEMBER s x", "!ERR value is not an integer or out of range"],
    ["SRANDMEMBER s 1 2", "!ERR syntax error"],
    ["SRANDMEMBER none", null],
    ["SRANDMEMBER none 2", []],
    ["SPOP s 0", []],
    ["SPOP s -1", "!ERR value is out of range, must be positive"],
    ["SPOP s x", "!ERR value is out of range, must be positive"],
    ["SPOP s 1 2", "!ERR syntax error"],
    ["SPOP s", "1"],
    ["SPOP s", null],
    ["SPOP s 2", []],
    ["SADD s 1 2 3", 3],
    ["SRANDMEMBER s 3", ["1", "2", "3"], "any order"],
    ["SPOP s 3", ["1", "2", "3"], "any order"],
    ["EXISTS s", 0]
  ])

  answersLikeRedis("sinter, sunion and sdiff", [
    ["SADD a 1 2 3 4", 4],
    ["SADD b 3 4 5", 3],
    ["SADD c 4 w", 2],
    ["SINTER a b", ["3", "4"], "any order"],
    ["SINTER a b c", ["4"], "any order"],
    ["SINTER a none", []],
    ["SUNION a b c", ["1", "2", "3", "4", "5", "w"], "any order"],
    ["SUNION none", []],
    ["SDIFF a b", ["1", "2"], "any order"],
    ["SDIFF a b c", ["1", "2"], "any order"],
    ["SDIFF none a", []],
    ["SET str 1", "OK"],
    ["SINTER a str", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["SUNION a str", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["SDIFF a str", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["SINTER none str", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("sinterstore, sunionstore and sdiffstore", [
    ["SADD a 1 2 3", 3],
    ["SADD b 2 3 4", 3],
    ["SINTERSTORE to a b", 2],
    ["SMEMBERS to", ["2", "3"]],
    ["SUNIONSTORE to a b", 4],
    ["SMEMBERS to", ["1", "2", "3", "4"]],
    ["SDIFFSTORE to a b", 1],
    ["SMEMBERS to", ["1"]],
    ["SDIFFSTORE to a a", 0],
    ["EXISTS to", 0],
    ["SINTERSTORE to none a", 0],
    ["SET str 1", "OK"],
    ["SUNIONSTORE str a b", 4],
    ["TYPE str", "set"]
  ])

  answersLikeRedis("sintercard", [
    ["SADD a 1 2 3", 3],
    ["SADD b 2 3 4", 3],
    ["SINTERCARD 2 a b", 2],
    ["SINTERCARD 2 a b LIMIT 1", 1],
    ["SINTERCARD 2 a b LIMIT 0", 2],
    ["SINTERCARD 2 a b LIMIT -1", "!ERR LIMIT can't be negative"],
    ["SINTERCARD 2 a b LIMIT", "!ERR syntax error"],
    ["SINTERCARD 2 a b NOPE 1", "!ERR syntax error"],
    ["SINTERCARD 0 a", "!ERR numkeys should be greater than 0"],
    ["SINTERCARD x a", "!ERR numkeys should be greater than 0"],
    ["SINTERCARD 3 a b", "!ERR Number of keys can't be greater than number of args"],
    ["SINTERCARD 2 a none", 0]
  ])

  answersLikeRedis("sscan", [
    ["SADD s 1 2 30", 3],
    ["SSCAN s 0", ["0", ["1", "2", "30"]]],
    ["SSCAN s 0 MATCH 3* COUNT 5", ["0", ["30"]]],
    ["SSCAN none 0", ["0", []]],
    ["SSCAN s 0 TYPE set", "!ERR syntax error"],
    ["SSCAN s 18446744073709551616", "!ERR invalid cursor"]
  ])
})
