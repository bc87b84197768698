import { describe } from "vitest"
import { answersLikeRedis } from "./replies.ts"

describe("points", () => {
  answersLikeRedis("are stored, read and measured", [
    ["GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", 2],
    ["GEOADD g CH 13.361389 38.2 Palermo 2 48 Paris", 2],
    ["GEOADD g NX XX 1 1 a", "!ERR syntax error"],
    ["GEOADD g 200 1 a", "!ERR invalid longitude,latitude pair 200.000000,1.000000"],
    ["GEOADD g 1 86 a", "!ERR invalid longitude,latitude pair 1.000000,86.000000"],
    ["GEOADD g 1 1", "!ERR wrong number of arguments for 'geoadd' command"],
    ["GEOADD g XX 1 1 a", 0],
    ["ZSCORE g Palermo", "3479101030759983"],
    [
      "GEOPOS g Palermo none Paris",
      [["13.36138933897018433", "38.2000006309196749"], null, ["2.00000256299972534", "48.00000065343533606"]]
    ],
    ["GEOHASH g Palermo Catania none", ["sqc92417nu0", "sqdtr74hyu0", null]],
    ["GEODIST g Palermo Catania", "170262.6445"],
    ["GEODIST g Palermo Catania km", "170.2626"],
    ["GEODIST g Palermo Catania ft", "558604.4766"],
    ["GEODIST g Palermo Catania yd", "!ERR unsupported unit provided. please use M, KM, FT, MI"],
    ["GEODIST g Palermo none", null],
    ["GEODIST g Palermo Palermo", "0.0000"],
    ["GEOPOS none a", [null]],
    ["GEOADD e -180 -85.05112878 sw 180 85.05112878 ne 0 0 mid", 3],
    [
      "GEOPOS e sw ne mid",
      [
        ["-179.99999731779098511", "-85.05112751263942528"],
        ["180", "85.0511287799999991"],
        ["0.00000268220901489", "0.00000126736058093"]
      ]
    ],
    ["GEOHASH e sw ne mid", ["00bh0hbj200", "bp05b5048p0", "s0000000000"]]
  ])

  answersLikeRedis("are found around a place", [
    ["GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 2.35 48.85 Paris 12.5 41.9 Rome", 4],
    ["GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC", ["Catania", "Palermo"]],
    [
      "GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km DESC WITHDIST WITHCOORD WITHHASH",
      [
        ["Palermo", "190.4424", 3479099956230698, ["13.36138933897018433", "38.11555639549629859"]],
        ["Catania", "56.4413", 3479447370796909, ["15.08726745843887329", "37.50266842333162032"]]
      ]
    ],
    [
      "GEOSEARCH g FROMMEMBER Rome BYRADIUS 1000 km COUNT 2 WITHDIST",
      [
        ["Rome", "0.0000"],
        ["Palermo", "427.2716"]
      ]
    ],
    ["GEOSEARCH g FROMMEMBER Rome BYRADIUS 1000 km COUNT 1 ANY", ["Palermo"]],
    ["GEOSEARCH g FROMMEMBER none BYRADIUS 1 m", "!ERR could not decode requested zset member"],
    ["GEOSEARCH none FROMMEMBER a BYRADIUS 1 m", []],
    ["GEOSEARCH g FROMMEMBER Rome BYRADIUS 1 km ANY", "!ERR the ANY argument requires COUNT argument"],
    ["GEOSEARCH g FROMMEMBER Rome FROMLONLAT 1 1 BYRADIUS 1 m", "!ERR syntax error"],
    [
      "GEOSEARCH g FROMMEMBER Rome ASC ASC ASC",
      "!ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH"
    ],
    [
      "GEOSEARCH g BYRADIUS 1 km ASC ASC",
      "!ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH"
    ],
    ["GEOSEARCH g FROMMEMBER Rome BYRADIUS -1 km", "!ERR radius cannot be negative"],
    ["GEOSEARCH g FROMMEMBER Rome BYBOX 1 -1 km", "!ERR height or width cannot be negative"],
    ["GEOSEARCH g FROMMEMBER Rome BYRADIUS x km", "!ERR need numeric radius"],
    ["GEOSEARCH g FROMMEMBER Rome BYRADIUS 1 km COUNT 0", "!ERR COUNT must be > 0"],
    ["GEOSEARCHSTORE d g FROMMEMBER Rome BYRADIUS 1000 km STOREDIST", 3],
    ["ZRANGE d 0 -1", ["Rome", "Palermo", "Catania"]],
    ["GEOSEARCHSTORE d g FROMLONLAT 0 0 BYRADIUS 1 m", 0],
    ["EXISTS d", 0],
    [
      "GEOSEARCHSTORE d g FROMMEMBER Rome BYRADIUS 1 km WITHDIST",
      "!ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
    ],
    [
      "GEORADIUS g 15 37 200 km WITHDIST DESC",
      [
        ["Palermo", "190.4424"],
        ["Catania", "56.4413"]
      ]
    ],
    ["GEORADIUS g 15 37 200 km STORE d", 2],
    ["ZRANGE d 0 -1 WITHSCORES", ["Palermo", "3479099956230698", "Catania", "3479447370796909"]],
    ["GEORADIUS_RO g 15 37 200 km STORE d", "!ERR syntax error"],
    [
      "GEORADIUSBYMEMBER g Rome 500 km WITHDIST ASC",
      [
        ["Rome", "0.0000"],
        ["Palermo", "427.2716"]
      ]
    ],
    ["GEORADIUSBYMEMBER_RO g Rome 500 km COUNT 1", ["Rome"]],
    [
      "GEORADIUS g 15 37 200 km WITHDIST STORE d",
      "!ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
    ],
    ["GEORADIUSBYMEMBER none Rome 500 km", []]
  ])
})
