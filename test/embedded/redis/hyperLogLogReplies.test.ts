import { describe } from "vitest"
import { answersLikeRedis } from "./replies.ts"

describe("HyperLogLogs", () => {
  answersLikeRedis("count what was added", [
    ["PFADD h a b c d e f g", 1],
    ["PFADD h a", 0],
    ["PFCOUNT h", 7],
    ["PFADD new", 1],
    ["PFADD new", 0],
    ["PFCOUNT new none", 0],
    ["PFADD i g h i", 1],
    ["PFCOUNT h i", 9],
    ["PFMERGE both h i", "OK"],
    ["PFCOUNT both", 9],
    ["PFCOUNT none", 0],
    ["STRLEN h", 38],
    ["PFDEBUG ENCODING h", "sparse"],
    [
      "PFDEBUG DECODE h",
      "Z:1646 v:1,1 Z:5645 v:1,1 Z:1085 v:2,1 z:57 v:1,1 Z:4274 v:2,1 Z:2445 v:1,1 Z:622 v:1,1 Z:603"
    ],
    ["PFDEBUG TODENSE h", 1],
    ["PFDEBUG TODENSE h", 0],
    ["PFDEBUG ENCODING h", "dense"],
    ["PFCOUNT h", 7],
    ["STRLEN h", 12304],
    ["PFDEBUG DECODE h", "!ERR HLL encoding is not sparse"],
    ["PFDEBUG NOPE h", "!ERR Unknown PFDEBUG subcommand 'NOPE'"],
    ["PFDEBUG DECODE none", "!ERR The specified key does not exist"],
    ["PFMERGE dense both h", "OK"],
    ["PFDEBUG ENCODING dense", "dense"],
    ["PFCOUNT dense", 9]
  ])

  answersLikeRedis("are strings with a certain form", [
    ["SET s hello", "OK"],
    ["PFADD s a", "!WRONGTYPE Key is not a valid HyperLogLog string value."],
    ["PFCOUNT s", "!WRONGTYPE Key is not a valid HyperLogLog string value."],
    ["PFMERGE x s", "!WRONGTYPE Key is not a valid HyperLogLog string value."],
    ["LPUSH l 1", 1],
    ["PFCOUNT l", "!WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["PFADD h a", 1],
    ["SETRANGE h 0 H", 21],
    ["APPEND h x", 22],
    ["PFADD h b", 1],
    ["PFCOUNT h", "!INVALIDOBJ Corrupted HLL object detected"]
  ])
})
