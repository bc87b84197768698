import { describe } from "vitest"
import { speaksLikeRedis } from "./replies.ts"

describe("RESP3 on the wire", () => {
  speaksLikeRedis("sorted sets", [
    ["PING", "+PONG"],
    ["HELLO 3 NOPE", "-ERR Syntax error in HELLO option 'NOPE'"],
    ["ZADD z 1 a 2.5 b", ":2"],
    ["ZADD z INCR 1 a", ",2"],
    ["ZSCORE z b", ",2.5"],
    ["ZMSCORE z a none", "*2 ,2 _"],
    ["ZRANGE z 0 -1 WITHSCORES", "*2 *2 $1 a ,2 *2 $1 b ,2.5"],
    ["ZINTER 1 z WITHSCORES", "*2 *2 $1 a ,2 *2 $1 b ,2.5"],
    ["ZPOPMIN z", "*2 $1 a ,2"],
    ["ZPOPMIN z 1", "*1 *2 $1 b ,2.5"],
    ["ZPOPMAX none", "*0"],
    ["ZADD z 1 a", ":1"],
    ["ZMPOP 1 z MIN", "*2 $1 z *1 *2 $1 a ,1"],
    ["BZPOPMIN z 0.001", "_"],
    ["ZADD z inf a", ":1"],
    ["BZPOPMAX z 0", "*3 $1 z $1 a ,inf"],
    ["ZRANDMEMBER none 1 WITHSCORES", "*0"],
    ["ZADD z 1 a", ":1"],
    ["ZRANDMEMBER z 1 WITHSCORES", "*1 *2 $1 a ,1"],
    ["ZSCAN z 0", "*2 $1 0 *2 $1 a $1 1"]
  ])

  speaksLikeRedis("maps, sets, nulls and numbers", [
    ["HSET h a 1", ":1"],
    ["HGETALL h", "%1 $1 a $1 1"],
    ["HGETALL none", "%0"],
    ["HRANDFIELD h 1 WITHVALUES", "*1 *2 $1 a $1 1"],
    ["SADD s 1 2", ":2"],
    ["SMEMBERS s", "~2 $1 1 $1 2"],
    ["SINTER s s", "~2 $1 1 $1 2"],
    ["SPOP s 2", "~2 $1 1 $1 2"],
    ["GET none", "_"],
    ["LPOP none", "_"],
    ["LPOP none 2", "_"],
    ["LMPOP 1 none LEFT", "_"],
    ["BLPOP none 0.001", "_"],
    ["INCRBYFLOAT f 1.5", "$3 1.5"],
    ["CONFIG GET hash-max-listpack-entries", "%1 $25 hash-max-listpack-entries $3 512"],
    ["MSET a ohmy b my", "+OK"],
    ["LCS a b IDX", "%2 $7 matches *1 *2 *2 :2 :3 *2 :0 :1 $3 len :2"],
    ["COMMAND DOCS nope", "%0"],
    ["PUBSUB NUMSUB a", "*2 $1 a :0"]
  ])

  speaksLikeRedis("scripts", [
    ['EVAL "redis.setresp(3) return {double=3.5}" 0', ",3.5"],
    ['EVAL "redis.setresp(3) return {map={a=1}}" 0', "%1 $1 a :1"],
    ['EVAL "redis.setresp(3) return {set={a=true}}" 0', "~1 $1 a"],
    ["EVAL \"redis.setresp(3) return {big_number='123'}\" 0", "(123"],
    ["EVAL \"redis.setresp(3) return {verbatim_string={string='hi',format='txt'}}\" 0", "=6 txt:hi"],
    ['EVAL "return false" 0', "_"],
    ['EVAL "redis.setresp(3) return true" 0', "#t"],
    ["EVAL \"return {1, 'a', {2}}\" 0", "*3 :1 $1 a *1 :2"]
  ])

  speaksLikeRedis("subscriptions", [
    ["SUBSCRIBE c", ">3 $9 subscribe $1 c :1"],
    ["PSUBSCRIBE n*", ">3 $10 psubscribe $2 n* :2"],
    ["SSUBSCRIBE s", ">3 $10 ssubscribe $1 s :1"],
    ["PUBLISH c hi", ">3 $7 message $1 c $2 hi :1"],
    ["PUBLISH news hi", ">4 $8 pmessage $2 n* $4 news $2 hi :1"],
    ["SPUBLISH s hi", ">3 $8 smessage $1 s $2 hi :1"],
    ["PUBSUB CHANNELS", "*1 $1 c"],
    ["PUBSUB CHANNELS x*", "*0"],
    ["PUBSUB NUMSUB c x", "*4 $1 c :1 $1 x :0"],
    ["PUBSUB NUMPAT", ":1"],
    ["PUBSUB SHARDCHANNELS", "*1 $1 s"],
    ["PUBSUB SHARDNUMSUB s", "*2 $1 s :1"],
    ["PING", "+PONG"],
    ["UNSUBSCRIBE c", ">3 $11 unsubscribe $1 c :1"],
    ["UNSUBSCRIBE", ">3 $11 unsubscribe _ :1"],
    ["PUNSUBSCRIBE", ">3 $12 punsubscribe $2 n* :0"],
    ["SUNSUBSCRIBE", ">3 $12 sunsubscribe $1 s :0"],
    ["RESET", "+RESET"],
    ["PING", "+PONG"]
  ])

  speaksLikeRedis("lines as they are typed", [
    ["SET \"a b\" 'it\\'s'", "+OK"],
    ['GET "a b"', "$4 it's"],
    ['SET bytes "\\x41\\n\\t\\r\\b\\a\\"\\\\\\q"', "+OK"],
    ["STRLEN bytes", ":9"],
    ["GETRANGE bytes 0 0", "$1 A"],
    ['SET empty ""', "+OK"],
    ["GET empty", "$0"],
    ["   GET   empty", "$0"]
  ])
})
