import { describe } from "vitest"
import { answersLikeRedis } from "./replies.ts"

describe("SORT", () => {
  answersLikeRedis("sorts", [
    ["RPUSH l 10 9 1 -3 2.5", 5],
    ["SORT l", ["-3", "1", "2.5", "9", "10"]],
    ["SORT l DESC", ["10", "9", "2.5", "1", "-3"]],
    ["SORT l LIMIT 1 2", ["1", "2.5"]],
    ["SORT l LIMIT -1 100 ALPHA", ["-3", "1", "10", "2.5", "9"]],
    ["SORT l ALPHA DESC", ["9", "2.5", "10", "1", "-3"]],
    ["RPUSH t b a c", 3],
    ["SORT t", "!ERR One or more scores can't be converted into double"],
    ["SORT t ALPHA", ["a", "b", "c"]],
    ["SORT t BY nosort", ["b", "a", "c"]],
    ["SORT t BY nosort DESC LIMIT 0 2", ["c", "a"]],
    ["SORT none", []],
    ["SET s 1", "OK"],
    ["SORT s", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["SORT l NOPE", "!ERR syntax error"],
    ["SORT l LIMIT 1", "!ERR syntax error"],
    ["SORT l LIMIT x 1", "!ERR value is not an integer or out of range"],
    ["SADD set 3 1 2", 3],
    ["SORT set", ["1", "2", "3"]],
    ["ZADD z 5 x 1 y", 2],
    ["SORT z ALPHA", ["x", "y"]],
    ["SORT z BY nosort", ["y", "x"]],
    ["OBJECT ENCODING z", "skiplist"],
    ["SORT_RO l", ["-3", "1", "2.5", "9", "10"]],
    ["SORT_RO l STORE d", "!ERR syntax error"]
  ])

  answersLikeRedis("sorts by other keys, and gets them", [
    ["RPUSH l 1 2 3", 3],
    ["MSET w1 30 w2 10 w3 20 n1 one n2 two", "OK"],
    ["HSET h1 f x", 1],
    ["SORT l BY w*", ["2", "3", "1"]],
    ["SORT l BY w* DESC GET n* GET # GET h*->f", ["one", "1", "x", null, "3", null, "two", "2", null]],
    ["SORT l BY n* ALPHA", ["3", "1", "2"]],
    ["SORT l BY n*", "!ERR One or more scores can't be converted into double"],
    ["SORT l GET nokey", [null, null, null]],
    ["SORT l BY w* STORE d", 3],
    ["LRANGE d 0 -1", ["2", "3", "1"]],
    ["SORT l BY w* GET n* STORE d", 3],
    ["LRANGE d 0 -1", ["two", "", "one"]],
    ["TYPE d", "list"],
    ["SORT none STORE d", 0],
    ["EXISTS d", 0],
    ["SORT l BY h*->f ALPHA GET h*->", [null, null, null]],
    ["SORT l BY w* LIMIT 0 1 GET #", ["2"]]
  ])
})
