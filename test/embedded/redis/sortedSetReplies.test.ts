import { describe } from "vitest"
import { answersLikeRedis } from "./replies.ts"

describe("sorted sets", () => {
  answersLikeRedis("zadd", [
    ["ZADD z 1 a 2 b 3 c", 3],
    ["ZADD z NX 9 a 4 d", 1],
    ["ZADD z XX CH 5 a 6 none", 1],
    ["ZADD z GT CH 1 a 7 b", 1],
    ["ZADD z LT CH 1 a 9 b", 1],
    ["ZADD z INCR 2.5 a", "3.5"],
    ["ZADD z NX INCR 1 a", null],
    ["ZADD z XX INCR 1 none", null],
    ["ZADD none XX 1 a", 0],
    ["ZADD none XX INCR 1 a", null],
    ["ZADD z NX XX 1 a", "!ERR XX and NX options at the same time are not compatible"],
    ["ZADD z NX GT 1 a", "!ERR GT, LT, and/or NX options at the same time are not compatible"],
    ["ZADD z GT LT 1 a", "!ERR GT, LT, and/or NX options at the same time are not compatible"],
    ["ZADD z INCR 1 a 2 b", "!ERR INCR option supports a single increment-element pair"],
    ["ZADD z 1", "!ERR wrong number of arguments for 'zadd' command"],
    ["ZADD z NX 1", "!ERR syntax error"],
    ["ZADD z CH", "!ERR wrong number of arguments for 'zadd' command"],
    ["ZADD z nan a", "!ERR value is not a valid float"],
    ["ZADD z 1 a x b", "!ERR value is not a valid float"],
    ["ZADD z +inf up -inf down", 2],
    ["ZINCRBY z -inf up", "!ERR resulting score is not a number (NaN)"],
    ["ZRANGE z 0 -1 WITHSCORES", ["down", "-inf", "c", "3", "a", "3.5", "d", "4", "b", "7", "up", "inf"]],
    ["SET s 1", "OK"],
    ["ZADD s 1 a", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("zincrby", [
    ["ZINCRBY z 1.5 a", "1.5"],
    ["ZINCRBY z 3e300 a", "3.0000000000000002e+300"],
    ["ZINCRBY z -3e300 a", "0"],
    ["ZINCRBY z x a", "!ERR value is not a valid float"],
    ["ZINCRBY z 1", "!ERR wrong number of arguments for 'zincrby' command"],
    ["ZSCORE z a", "0"]
  ])

  answersLikeRedis("zscore, zmscore, zcard", [
    ["ZADD z 1.25 a 17976931348623157e292 b 3e-7 c", 3],
    ["ZSCORE z a", "1.25"],
    ["ZSCORE z b", "1.7976931348623157e+308"],
    ["ZSCORE z c", "2.9999999999999999e-07"],
    ["ZSCORE z none", null],
    ["ZSCORE none a", null],
    ["ZMSCORE z a none c", ["1.25", null, "2.9999999999999999e-07"]],
    ["ZMSCORE none a", [null]],
    ["ZMSCORE z", "!ERR wrong number of arguments for 'zmscore' command"],
    ["ZCARD z", 3],
    ["ZCARD none", 0],
    ["SET s 1", "OK"],
    ["ZCARD s", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["ZMSCORE s a", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("zrank and zrevrank", [
    ["ZADD z 1 a 2 b 3 c", 3],
    ["ZRANK z c", 2],
    ["ZREVRANK z c", 0],
    ["ZRANK z none", null],
    ["ZREVRANK none a", null],
    ["SET s 1", "OK"],
    ["ZRANK s a", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("zrem", [
    ["ZADD z 1 a 2 b 3 c", 3],
    ["ZREM z a none c", 2],
    ["ZREM none a", 0],
    ["ZREM z b", 1],
    ["EXISTS z", 0]
  ])

  answersLikeRedis("zrange", [
    ["ZADD z 1 a 2 b 3 c 4 d", 4],
    ["ZRANGE z 0 1", ["a", "b"]],
    ["ZRANGE z -2 -1 WITHSCORES", ["c", "3", "d", "4"]],
    ["ZRANGE z 5 9", []],
    ["ZRANGE z 0 1 REV WITHSCORES", ["d", "4", "c", "3"]],
    ["ZRANGE z (1 3 BYSCORE", ["b", "c"]],
    ["ZRANGE z 3 (1 BYSCORE REV", ["c", "b"]],
    ["ZRANGE z -inf +inf BYSCORE LIMIT 1 2 WITHSCORES", ["b", "2", "c", "3"]],
    ["ZRANGE z - + BYLEX LIMIT 1 -1", ["b", "c", "d"]],
    ["ZRANGE z [b (d BYLEX", ["b", "c"]],
    ["ZRANGE z + - BYLEX REV LIMIT 0 2", ["d", "c"]],
    [
      "ZRANGE z 0 1 LIMIT 0 1",
      "!ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
    ],
    [
      "ZRANGE z - + BYLEX WITHSCORES",
      "!ERR syntax error, WITHSCORES not supported in combination with BYLEX"
    ],
    ["ZRANGE z a b BYSCORE", "!ERR min or max is not a float"],
    ["ZRANGE z a b BYLEX", "!ERR min or max not valid string range item"],
    ["ZRANGE z a b", "!ERR value is not an integer or out of range"],
    ["ZRANGE z 0 1 NOPE", "!ERR syntax error"],
    ["ZRANGE z 0 1 LIMIT 1", "!ERR syntax error"],
    ["ZRANGE z 1 2 BYSCORE LIMIT x 1", "!ERR value is not an integer or out of range"],
    ["ZRANGE none 0 -1", []],
    ["SET s 1", "OK"],
    ["ZRANGE s 0 -1", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("zrevrange, zrangebyscore, zrevrangebyscore", [
    ["ZADD z 1 a 2 b 3 c 4 d", 4],
    ["ZREVRANGE z 0 1", ["d", "c"]],
    ["ZREVRANGE z 0 -3 WITHSCORES", ["d", "4", "c", "3"]],
    ["ZREVRANGE z 0 1 REV", "!ERR syntax error"],
    ["ZRANGEBYSCORE z 2 3", ["b", "c"]],
    ["ZRANGEBYSCORE z (2 (4 WITHSCORES", ["c", "3"]],
    ["ZRANGEBYSCORE z -inf +inf LIMIT 2 1", ["c"]],
    ["ZRANGEBYSCORE z -inf +inf LIMIT -1 1", []],
    ["ZRANGEBYSCORE z 4 1", []],
    ["ZRANGEBYSCORE z x 1", "!ERR min or max is not a float"],
    ["ZRANGEBYSCORE z 1 2 BYSCORE", "!ERR syntax error"],
    ["ZREVRANGEBYSCORE z +inf 3", ["d", "c"]],
    ["ZREVRANGEBYSCORE z 3 (1 WITHSCORES LIMIT 0 1", ["c", "3"]]
  ])

  answersLikeRedis("zrangebylex, zrevrangebylex, zlexcount", [
    ["ZADD z 0 a 0 b 0 c 0 d", 4],
    ["ZRANGEBYLEX z - [c", ["a", "b", "c"]],
    ["ZRANGEBYLEX z (a (c", ["b"]],
    ["ZRANGEBYLEX z - + LIMIT 1 2", ["b", "c"]],
    ["ZRANGEBYLEX z + -", []],
    ["ZRANGEBYLEX z a b", "!ERR min or max not valid string range item"],
    ["ZRANGEBYLEX z - + WITHSCORES", "!ERR syntax error, WITHSCORES not supported in combination with BYLEX"],
    ["ZREVRANGEBYLEX z [c -", ["c", "b", "a"]],
    ["ZREVRANGEBYLEX z + (b LIMIT 0 1", ["d"]],
    ["ZLEXCOUNT z - +", 4],
    ["ZLEXCOUNT z [b [c", 2],
    ["ZLEXCOUNT z (b [b", 0],
    ["ZLEXCOUNT z b c", "!ERR min or max not valid string range item"],
    ["ZLEXCOUNT none - +", 0]
  ])

  answersLikeRedis("zcount", [
    ["ZADD z 1 a 2 b 3 c", 3],
    ["ZCOUNT z 1 3", 3],
    ["ZCOUNT z (1 (3", 1],
    ["ZCOUNT z 3 1", 0],
    ["ZCOUNT z x 3", "!ERR min or max is not a float"],
    ["ZCOUNT none 0 1", 0]
  ])

  answersLikeRedis("zrangestore", [
    ["ZADD z 1 a 2 b 3 c", 3],
    ["ZRANGESTORE to z 1 2", 2],
    ["ZRANGE to 0 -1 WITHSCORES", ["b", "2", "c", "3"]],
    ["ZRANGESTORE to z (1 +inf BYSCORE REV", 0],
    ["ZRANGESTORE to z +inf (1 BYSCORE REV LIMIT 0 1", 1],
    ["ZRANGE to 0 -1 WITHSCORES", ["c", "3"]],
    ["ZRANGESTORE to z [a [b BYLEX", 2],
    ["ZRANGESTORE to z 0 -1 WITHSCORES", "!ERR syntax error"],
    ["ZRANGESTORE to none 0 -1", 0],
    ["EXISTS to", 0],
    ["SET s 1", "OK"],
    ["ZRANGESTORE to s 0 -1", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("zremrangebyrank, zremrangebyscore, zremrangebylex", [
    ["ZADD z 0 a 0 b 0 c 0 d 0 e 1 f 2 g", 7],
    ["ZREMRANGEBYRANK z 0 0", 1],
    ["ZREMRANGEBYRANK z 10 20", 0],
    ["ZREMRANGEBYSCORE z 2 inf", 1],
    ["ZREMRANGEBYSCORE z 5 6", 0],
    ["ZREMRANGEBYLEX z [b (d", 2],
    ["ZREMRANGEBYLEX z b d", "!ERR min or max not valid string range item"],
    ["ZREMRANGEBYSCORE z x 1", "!ERR min or max is not a float"],
    ["ZREMRANGEBYRANK z x 1", "!ERR value is not an integer or out of range"],
    ["ZRANGE z 0 -1", ["d", "e", "f"]],
    ["ZREMRANGEBYRANK z 0 -1", 3],
    ["ZREMRANGEBYRANK none 0 -1", 0],
    ["EXISTS z", 0]
  ])

  answersLikeRedis("zpopmin and zpopmax", [
    ["ZADD z 1 a 2 b 3 c 4 d 5 e", 5],
    ["ZPOPMIN z", ["a", "1"]],
    ["ZPOPMAX z", ["e", "5"]],
    ["ZPOPMIN z 2", ["b", "2", "c", "3"]],
    ["ZPOPMAX z 0", []],
    ["ZPOPMAX z -1", "!ERR value is out of range, must be positive"],
    ["ZPOPMAX z x", "!ERR value is out of range, must be positive"],
    ["ZPOPMIN z 1 2", "!ERR syntax error"],
    ["ZPOPMAX z 10", ["d", "4"]],
    ["ZPOPMAX z", []],
    ["EXISTS z", 0],
    ["SET s 1", "OK"],
    ["ZPOPMIN s", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("zmpop", [
    ["ZADD z 1 a 2 b 3 c 4 d", 4],
    ["ZMPOP 2 none z MIN", ["z", [["a", "1"]]]],
    [
      "ZMPOP 1 z MAX COUNT 2",
      [
        "z",
        [
          ["d", "4"],
          ["c", "3"]
        ]
      ]
    ],
    ["ZMPOP 1 none MIN", null],
    ["ZMPOP 0 z MIN", "!ERR numkeys should be greater than 0"],
    ["ZMPOP x z MIN", "!ERR numkeys should be greater than 0"],
    ["ZMPOP 1 z SIDE", "!ERR syntax error"],
    ["ZMPOP 2 z MIN", "!ERR syntax error"],
    ["ZMPOP 1 z MIN COUNT 0", "!ERR count should be greater than 0"],
    ["ZMPOP 1 z MIN COUNT", "!ERR syntax error"],
    ["ZMPOP 1 z MIN COUNT 1 COUNT 2", "!ERR syntax error"],
    ["ZMPOP 1 z MIN COUNT 9", ["z", [["b", "2"]]]],
    ["EXISTS z", 0],
    ["SET s 1", "OK"],
    ["ZMPOP 1 s MIN", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("bzpopmin, bzpopmax and bzmpop when there is something", [
    ["ZADD z 1 a 2 b 3 c 4 d", 4],
    ["BZPOPMIN none z 0", ["z", "a", "1"]],
    ["BZPOPMAX z 0", ["z", "d", "4"]],
    ["BZPOPMAX z -1", "!ERR timeout is negative"],
    ["BZPOPMAX z x", "!ERR timeout is not a float or out of range"],
    [
      "BZMPOP 0 2 none z MIN COUNT 5",
      [
        "z",
        [
          ["b", "2"],
          ["c", "3"]
        ]
      ]
    ],
    ["BZMPOP x 1 z MIN", "!ERR timeout is not a float or out of range"],
    ["BZMPOP 0 0 z MIN", "!ERR numkeys should be greater than 0"],
    ["BZPOPMIN none 0.001", null],
    ["BZMPOP 0.001 1 none MAX", null],
    ["MULTI", "OK"],
    ["BZPOPMIN none 0", "QUEUED"],
    ["BZMPOP 0 1 none MIN", "QUEUED"],
    ["EXEC", [null, null]],
    ["SET s 1", "OK"],
    ["BZPOPMIN s 0", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("zrandmember", [
    ["ZADD z 1 a", 1],
    ["ZRANDMEMBER z", "a"],
    ["ZRANDMEMBER z 5", ["a"]],
    ["ZRANDMEMBER z -3", ["a", "a", "a"]],
    ["ZRANDMEMBER z 2 WITHSCORES", ["a", "1"]],
    ["ZRANDMEMBER z -2 WITHSCORES", ["a", "1", "a", "1"]],
    ["ZRANDMEMBER z 0", []],
    ["ZRANDMEMBER none", null],
    ["ZRANDMEMBER none 3", []],
    ["ZRANDMEMBER z x", "!ERR value is not an integer or out of range"],
    ["ZRANDMEMBER z 1 NOPE", "!ERR syntax error"],
    ["ZRANDMEMBER z 1 WITHSCORES 2", "!ERR syntax error"],
    ["ZADD z 2 b", 1],
    ["ZRANDMEMBER z 2", ["a", "b"], "any order"]
  ])

  answersLikeRedis("zscan", [
    ["ZADD z 1 a 2 b 3.5 ab", 3],
    ["ZSCAN z 0", ["0", ["a", "1", "b", "2", "ab", "3.5"]]],
    ["ZSCAN z 0 MATCH a* COUNT 100", ["0", ["a", "1", "ab", "3.5"]]],
    ["ZSCAN none 0", ["0", []]],
    ["ZSCAN z x", "!ERR invalid cursor"],
    ["ZSCAN z 0 COUNT 0", "!ERR syntax error"],
    ["ZSCAN z 0 COUNT", "!ERR syntax error"],
    ["ZSCAN z 0 NOPE 1", "!ERR syntax error"]
  ])

  answersLikeRedis("zinter and zinterstore", [
    ["ZADD a 1 x 2 y 3 z", 3],
    ["ZADD b 10 y 20 z 30 w", 3],
    ["SADD s y z", 2],
    ["ZINTER 2 a b", ["y", "z"]],
    ["ZINTER 2 a b WITHSCORES", ["y", "12", "z", "23"]],
    ["ZINTER 2 a b WEIGHTS 2 0.5 WITHSCORES", ["y", "9", "z", "16"]],
    ["ZINTER 2 a b AGGREGATE MIN WITHSCORES", ["y", "2", "z", "3"]],
    ["ZINTER 2 a b AGGREGATE MAX WITHSCORES", ["y", "10", "z", "20"]],
    ["ZINTER 3 a b s WITHSCORES", ["y", "13", "z", "24"]],
    ["ZINTER 2 a none", []],
    ["ZINTERSTORE to 2 a b AGGREGATE SUM", 2],
    ["ZRANGE to 0 -1 WITHSCORES", ["y", "12", "z", "23"]],
    ["ZINTERSTORE to 2 a none", 0],
    ["EXISTS to", 0],
    ["ZINTER 0 a", "!ERR at least 1 input key is needed for 'zinter' command"],
    ["ZINTERSTORE to 0 a", "!ERR at least 1 input key is needed for 'zinterstore' command"],
    ["ZINTER x a", "!ERR value is not an integer or out of range"],
    ["ZINTER 3 a b", "!ERR syntax error"],
    ["ZINTER 2 a b WEIGHTS 1", "!ERR syntax error"],
    ["ZINTER 2 a b WEIGHTS 1 x", "!ERR weight value is not a float"],
    ["ZINTER 2 a b AGGREGATE AVG", "!ERR syntax error"],
    ["ZINTER 2 a b NOPE", "!ERR syntax error"],
    ["ZINTERSTORE to 2 a b WITHSCORES", "!ERR syntax error"],
    ["SET str 1", "OK"],
    ["ZINTER 2 a str", "!WRONGTYPE Operation against a key holding the wrong kind of value"]
  ])

  answersLikeRedis("zunion and zunionstore", [
    ["ZADD a 1 x 2 y", 2],
    ["ZADD b 10 y 20 z", 2],
    ["SADD s x", 1],
    ["ZUNION 2 a b", ["x", "y", "z"]],
    ["ZUNION 3 a b s WITHSCORES", ["x", "2", "y", "12", "z", "20"]],
    ["ZUNION 2 a b WEIGHTS 3 1 AGGREGATE MAX WITHSCORES", ["x", "3", "y", "10", "z", "20"]],
    ["ZUNION 2 a b WEIGHTS 1 1 AGGREGATE min WITHSCORES", ["x", "1", "y", "2", "z", "20"]],
    ["ZUNION 1 none", []],
    ["ZADD inf inf m", 1],
    ["ZADD minus -inf m", 1],
    ["ZUNION 2 inf minus WITHSCORES", ["m", "0"]],
    ["ZUNION 2 inf inf WEIGHTS 0 1 WITHSCORES", ["m", "inf"]],
    ["ZUNIONSTORE to 2 a b", 3],
    ["ZRANGE to 0 -1 WITHSCORES", ["x", "1", "y", "12", "z", "20"]],
    ["ZUNIONSTORE a 1 a WEIGHTS 2", 2],
    ["ZSCORE a y", "4"],
    ["ZUNIONSTORE to 1 none", 0],
    ["ZUNIONSTORE to 2 a", "!ERR syntax error"]
  ])

  answersLikeRedis("zdiff and zdiffstore", [
    ["ZADD a 1 x 2 y 3 z", 3],
    ["ZADD b 1 y", 1],
    ["SADD s z", 1],
    ["ZDIFF 2 a b", ["x", "z"]],
    ["ZDIFF 3 a b s WITHSCORES", ["x", "1"]],
    ["ZDIFF 2 none a", []],
    ["ZDIFF 2 a b WEIGHTS 1 1", "!ERR syntax error"],
    ["ZDIFFSTORE to 2 a b", 2],
    ["ZRANGE to 0 -1 WITHSCORES", ["x", "1", "z", "3"]],
    ["ZDIFFSTORE to 2 a a", 0],
    ["EXISTS to", 0],
    ["ZDIFFSTORE to 0 a", "!ERR at least 1 input key is needed for 'zdiffstore' command"]
  ])

  answersLikeRedis("zintercard", [
    ["ZADD a 1 x 2 y 3 z", 3],
    ["ZADD b 1 y 2 z", 2],
    ["ZINTERCARD 2 a b", 2],
    ["ZINTERCARD 2 a b LIMIT 1", 1],
    ["ZINTERCARD 2 a b LIMIT 0", 2],
    ["ZINTERCARD 2 a b LIMIT -1", "!ERR LIMIT can't be negative"],
    ["ZINTERCARD 2 a b LIMIT", "!ERR syntax error"],
    ["ZINTERCARD 0 a", "!ERR at least 1 input key is needed for 'zintercard' command"],
    ["ZINTERCARD 3 a b", "!ERR syntax error"],
    ["ZINTERCARD 2 a none", 0]
  ])
})
