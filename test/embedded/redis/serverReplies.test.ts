import { describe } from "vitest"
import { answersLikeRedis } from "./replies.ts"

describe("connections", () => {
  answersLikeRedis("ping, echo, select", [
    ["PING", "PONG"],
    ["PING hello", "hello"],
    ["PING a b", "!ERR wrong number of arguments for 'ping' command"],
    ["ECHO hi", "hi"],
    ["SELECT 1", "OK"],
    ["SET a 1", "OK"],
    ["SELECT 0", "OK"],
    ["GET a", null],
    ["SELECT 16", "!ERR DB index is out of range"],
    ["SELECT x", "!ERR value is not an integer or out of range"]
  ])

  answersLikeRedis("auth and hello", [
    [
      "AUTH x",
      "!ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
    ],
    ["AUTH nobody x", "!WRONGPASS invalid username-password pair or user is disabled."],
    ["AUTH default x y", "!ERR syntax error"],
    ["AUTH default x", "OK"],
    ["HELLO 4", "!NOPROTO unsupported protocol version"],
    ["HELLO x", "!ERR Protocol version is not an integer or out of range"],
    ["HELLO 2 SETNAME", "!ERR Syntax error in HELLO option 'SETNAME'"],
    ["HELLO 2 NOPE", "!ERR Syntax error in HELLO option 'NOPE'"],
    ['HELLO 2 SETNAME "a b"', "!ERR Client names cannot contain spaces, newlines or special characters."],
    ["HELLO 2 AUTH nobody x", "!WRONGPASS invalid username-password pair or user is disabled."],
    ["CLIENT GETNAME", null]
  ])

  answersLikeRedis("client names", [
    ["CLIENT GETNAME", null],
    ["CLIENT SETNAME worker", "OK"],
    ["CLIENT GETNAME", "worker"],
    ['CLIENT SETNAME "a b"', "!ERR Client names cannot contain spaces, newlines or special characters."],
    ['CLIENT SETNAME ""', "OK"],
    ["CLIENT GETNAME", null],
    ["CLIENT NOPE", "!ERR unknown subcommand 'NOPE'. Try CLIENT HELP."],
    ["CLIENT", "!ERR wrong number of arguments for 'client' command"],
    ["CLIENT SETNAME", "!ERR wrong number of arguments for 'client|setname' command"],
    ["CLIENT GETREDIR", -1],
    ["CLIENT NO-EVICT ON", "OK"],
    ["CLIENT NO-EVICT off", "OK"],
    ["CLIENT NO-EVICT maybe", "!ERR syntax error"]
  ])

  answersLikeRedis("client list, kill and unblock refuse", [
    ["CLIENT LIST TYPE nope", "!ERR Unknown client type 'nope'"],
    ["CLIENT LIST NOPE", "!ERR syntax error"],
    ["CLIENT LIST ID x", "!ERR Invalid client ID"],
    ["CLIENT LIST ID 999999", ""],
    ["CLIENT LIST TYPE master", ""],
    ["CLIENT LIST TYPE pubsub", ""],
    ["CLIENT KILL 1.2.3.4:5", "!ERR No such client"],
    ["CLIENT KILL ID 0", "!ERR client-id should be greater than 0"],
    ["CLIENT KILL ID x", "!ERR client-id should be greater than 0"],
    ["CLIENT KILL ID 999999", 0],
    ["CLIENT KILL ADDR 1.2.3.4:5", 0],
    ["CLIENT KILL TYPE pubsub", 0],
    ["CLIENT KILL TYPE nope", "!ERR Unknown client type 'nope'"],
    ["CLIENT KILL SKIPME maybe", "!ERR syntax error"],
    ["CLIENT KILL ID 1 SKIPME", "!ERR syntax error"],
    ["CLIENT KILL NOPE 1", "!ERR syntax error"],
    ["CLIENT UNBLOCK 999999", 0],
    ["CLIENT UNBLOCK x", "!ERR value is not an integer or out of range"],
    ["CLIENT UNBLOCK 1 NOPE", "!ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"],
    ["CLIENT REPLY NOPE", "!ERR syntax error"],
    ["CLIENT REPLY ON", "OK"]
  ])

  answersLikeRedis("reset", [
    ["MULTI", "OK"],
    ["RESET", "RESET"],
    ["CLIENT SETNAME a", "OK"],
    ["SELECT 2", "OK"],
    ["RESET", "RESET"],
    ["CLIENT GETNAME", null]
  ])

  answersLikeRedis("transactions", [
    ["EXEC", "!ERR EXEC without MULTI"],
    ["DISCARD", "!ERR DISCARD without MULTI"],
    ["MULTI", "OK"],
    ["MULTI", "!ERR MULTI calls can not be nested"],
    ["WATCH a", "!ERR WATCH inside MULTI is not allowed"],
    ["SET a 1", "QUEUED"],
    ["DISCARD", "OK"],
    ["GET a", null],
    ["MULTI", "OK"],
    ["NOPE", "!ERR unknown command 'NOPE', with args beginning with: "],
    ["SET a", "!ERR wrong number of arguments for 'set' command"],
    ["EXEC", "!EXECABORT Transaction discarded because of previous errors."],
    ["MULTI", "OK"],
    ["LPUSH l 1", "QUEUED"],
    ["INCR l", "QUEUED"],
    ["GET a", "QUEUED"],
    ["EXEC", [1, "!WRONGTYPE Operation against a key holding the wrong kind of value", null]],
    ["WATCH a b", "OK"],
    ["UNWATCH", "OK"],
    ["WATCH a", "OK"],
    ["SET a 2", "OK"],
    ["MULTI", "OK"],
    ["GET a", "QUEUED"],
    ["EXEC", null]
  ])
})

describe("the server", () => {
  answersLikeRedis("command", [
    ["COMMAND GETKEYS GET a", ["a"]],
    ["COMMAND GETKEYS MSET a 1 b 2", ["a", "b"]],
    ["COMMAND GETKEYS ZUNIONSTORE to 2 a b", ["to", "a", "b"]],
    ['COMMAND GETKEYS EVAL "return 1" 2 a b c', ["a", "b"]],
    ["COMMAND GETKEYS LMPOP 2 a b LEFT", ["a", "b"]],
    ["COMMAND GETKEYS PING x", "!ERR The command has no key arguments"],
    ["COMMAND GETKEYS NOPE x", "!ERR Invalid command specified"],
    ["COMMAND GETKEYS GET", "!ERR wrong number of arguments for 'command|getkeys' command"],
    ["COMMAND GETKEYS GET a b", "!ERR Invalid number of arguments specified for command"],
    ["COMMAND GETKEYS OBJECT ENCODING a", ["a"]],
    ["COMMAND INFO nope", [null]],
    ["COMMAND LIST FILTERBY PATTERN mset*", ["mset", "msetnx"]],
    ["COMMAND LIST FILTERBY MODULE none", []],
    ["COMMAND LIST FILTERBY NOPE x", "!ERR syntax error"],
    ["COMMAND LIST FILTERBY", "!ERR syntax error"],
    ["COMMAND DOCS nope", []],
    ["COMMAND NOPE", "!ERR unknown subcommand 'NOPE'. Try COMMAND HELP."]
  ])

  answersLikeRedis("config", [
    ["CONFIG GET hash-max-listpack-entries", ["hash-max-listpack-entries", "512"]],
    ["CONFIG GET none", []],
    [
      "CONFIG GET zset-max-listpack-entries zset-max-listpack-value",
      ["zset-max-listpack-entries", "128", "zset-max-listpack-value", "64"]
    ],
    ["CONFIG SET hash-max-listpack-entries 100 zset-max-listpack-entries 10", "OK"],
    ["CONFIG GET hash-max-listpack-entries", ["hash-max-listpack-entries", "100"]],
    [
      "CONFIG SET hash-max-listpack-entries x",
      "!ERR CONFIG SET failed (possibly related to argument 'hash-max-listpack-entries') - argument couldn't be parsed into an integer"
    ],
    ["CONFIG SET hash-max-listpack-entries", "!ERR wrong number of arguments for 'config|set' command"],
    ["CONFIG SET nope 1", "!ERR Unknown option or number of arguments for CONFIG SET - 'nope'"],
    [
      "CONFIG SET hash-max-listpack-entries 1 hash-max-listpack-entries 2",
      "!ERR CONFIG SET failed (possibly related to argument 'hash-max-listpack-entries') - duplicate parameter"
    ],
    [
      "CONFIG SET databases 3",
      "!ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config"
    ],
    ["CONFIG SET notify-keyspace-events KEA", "OK"],
    ["CONFIG GET notify-keyspace-events", ["notify-keyspace-events", "AKE"]],
    [
      "CONFIG SET notify-keyspace-events ?",
      "!ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'."
    ],
    [
      "CONFIG SET maxmemory-policy nope",
      "!ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction"
    ],
    ["CONFIG SET maxmemory 1mb", "OK"],
    ["CONFIG GET maxmemory", ["maxmemory", "1048576"]],
    [
      "CONFIG SET maxmemory 1zz",
      "!ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value"
    ],
    ["CONFIG RESETSTAT", "OK"],
    ["CONFIG REWRITE", "!ERR The server is running without a config file"],
    ["CONFIG NOPE", "!ERR unknown subcommand 'NOPE'. Try CONFIG HELP."]
  ])

  answersLikeRedis("swapdb, role, wait", [
    ["SET a zero", "OK"],
    ["SELECT 1", "OK"],
    ["SET a one", "OK"],
    ["SWAPDB 0 1", "OK"],
    ["GET a", "zero"],
    ["SWAPDB x 1", "!ERR invalid first DB index"],
    ["SWAPDB 0 x", "!ERR invalid second DB index"],
    ["SWAPDB 0 99", "!ERR DB index is out of range"],
    ["SELECT 0", "OK"],
    ["GET a", "one"],
    ["ROLE", ["master", 0, []]],
    ["WAIT 0 0", 0],
    ["WAIT 0 -1", "!ERR timeout is negative"],
    ["WAIT 0 x", "!ERR timeout is not an integer or out of range"],
    ["WAIT x 0", "!ERR value is not an integer or out of range"]
  ])

  answersLikeRedis("keys", [
    ["SET a 1", "OK"],
    ["RENAMENX a b", 1],
    ["SET a 2", "OK"],
    ["RENAMENX a b", 0],
    ["RENAMENX none b", "!ERR no such key"],
    ["RENAME a a", "OK"],
    ["COPY b c", 1],
    ["COPY b c", 0],
    ["COPY b c REPLACE", 1],
    ["COPY b c DB 3", 1],
    ["COPY b b", "!ERR source and destination objects are the same"],
    ["COPY b c DB 99", "!ERR DB index is out of range"],
    ["COPY b c NOPE", "!ERR syntax error"],
    ["COPY none c", 0],
    ["MOVE b 0", "!ERR source and destination objects are the same"],
    ["MOVE b 99", "!ERR DB index is out of range"],
    ["MOVE none 1", 0],
    ["TOUCH a b none", 2],
    ["UNLINK a none", 1],
    ["DEL none b", 1],
    ["EXISTS c c none", 2],
    ["TYPE none", "none"],
    ["EXPIRE c x", "!ERR value is not an integer or out of range"],
    ["EXPIRE c 1 NOPE", "!ERR Unsupported option NOPE"],
    ["EXPIRE c 1 NX XX", "!ERR NX and XX, GT or LT options at the same time are not compatible"],
    ["EXPIRE c 1 GT LT", "!ERR GT and LT options at the same time are not compatible"],
    ["EXPIRE c 9223372036854775807", "!ERR invalid expire time in 'expire' command"],
    ["EXPIRE none 1", 0],
    ["EXPIREAT c 99999999999", 1],
    ["EXPIRETIME c", 99999999999],
    ["PEXPIREAT c 99999999999999", 1],
    ["PEXPIRETIME c", 99999999999999],
    ["PEXPIRE c 100000 LT", 1],
    ["PERSIST c", 1],
    ["PERSIST c", 0],
    ["PERSIST none", 0],
    ["TTL c", -1],
    ["PTTL none", -2],
    ["PEXPIRETIME none", -2],
    ["RANDOMKEY", "c"],
    ["DBSIZE", 1],
    ["FLUSHDB NOPE", "!ERR syntax error"],
    ["FLUSHALL ASYNC", "OK"],
    ["RANDOMKEY", null],
    ["KEYS *", []],
    ["SCAN 0 TYPE string", ["0", []]],
    ["SCAN x", "!ERR invalid cursor"]
  ])

  answersLikeRedis("copies of every type", [
    ["RPUSH l a b", 2],
    ["HSET h a 1", 1],
    ["SADD s 1 2", 2],
    ["SADD w a", 1],
    ["ZADD z 1 a", 1],
    ["APPEND raw a", 1],
    ["APPEND raw b", 2],
    ["COPY l l2", 1],
    ["COPY h h2", 1],
    ["COPY s s2", 1],
    ["COPY w w2", 1],
    ["COPY z z2", 1],
    ["COPY raw raw2", 1],
    ["DEL l h s w z raw", 6],
    ["LRANGE l2 0 -1", ["a", "b"]],
    ["HGETALL h2", ["a", "1"]],
    ["SMEMBERS s2", ["1", "2"]],
    ["SMEMBERS w2", ["a"]],
    ["ZRANGE z2 0 -1 WITHSCORES", ["a", "1"]],
    ["GET raw2", "ab"],
    ["TYPE l2", "list"],
    ["TYPE h2", "hash"],
    ["TYPE s2", "set"],
    ["TYPE z2", "zset"],
    ["TYPE raw2", "string"]
  ])

  answersLikeRedis("object", [
    ["SET int 12", "OK"],
    ["SET short text", "OK"],
    ['SET long "12345678901234567890123456789012345678901234567890"', "OK"],
    ["SET almost 12345678901234567890123", "OK"],
    ["APPEND raw a", 1],
    ["APPEND raw b", 2],
    ["RPUSH l a", 1],
    ["SADD s 1", 1],
    ["SADD w a", 1],
    ["HSET h a 1", 1],
    ["ZADD z 1 a", 1],
    ["OBJECT ENCODING int", "int"],
    ["OBJECT ENCODING short", "embstr"],
    ["OBJECT ENCODING long", "raw"],
    ["OBJECT ENCODING almost", "embstr"],
    ["OBJECT ENCODING raw", "raw"],
    ["OBJECT ENCODING s", "intset"],
    ["OBJECT ENCODING w", "hashtable"],
    ["OBJECT ENCODING h", "listpack"],
    ["OBJECT ENCODING z", "listpack"],
    ["OBJECT ENCODING none", null],
    ["OBJECT REFCOUNT short", 1],
    ["OBJECT REFCOUNT none", null],
    ["OBJECT IDLETIME none", null],
    ["OBJECT NOPE x", "!ERR unknown subcommand 'NOPE'. Try OBJECT HELP."],
    ["OBJECT ENCODING", "!ERR wrong number of arguments for 'object|encoding' command"]
  ])
})

describe("scripts", () => {
  answersLikeRedis("the cache", [
    ['SCRIPT LOAD "return 1"', "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"],
    ["SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db none", [1, 0]],
    ["EVALSHA E0E1F9FABFC9D4800C877A703B823AC0578FF8DB 0", 1],
    ["EVALSHA_RO e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0", 1],
    ["EVALSHA none 0", "!NOSCRIPT No matching script. Please use EVAL."],
    ["SCRIPT FLUSH NOPE", "!ERR SCRIPT FLUSH only support SYNC|ASYNC option"],
    ["SCRIPT FLUSH ASYNC", "OK"],
    ["SCRIPT KILL", "!NOTBUSY No scripts in execution right now."],
    ["SCRIPT DEBUG NO", "OK"],
    ["SCRIPT DEBUG", "!ERR wrong number of arguments for 'script|debug' command"],
    ["SCRIPT NOPE", "!ERR unknown subcommand 'NOPE'. Try SCRIPT HELP."],
    ['EVAL "return 1" x', "!ERR value is not an integer or out of range"],
    ['EVAL "return 1" -1', "!ERR Number of keys can't be negative"],
    ['EVAL "return 1" 2 a', "!ERR Number of keys can't be greater than number of args"],
    ['EVAL "return 1"', "!ERR wrong number of arguments for 'eval' command"]
  ])

  answersLikeRedis("what Lua gets and gives", [
    ["EVAL \"return redis.status_reply('FINE')\" 0", "FINE"],
    ["EVAL \"return redis.error_reply('MY ERR')\" 0", "!MY ERR"],
    ["EVAL \"return redis.error_reply('single')\" 0", "!ERR single"],
    ["EVAL \"return {ok='yes'}\" 0", "yes"],
    ["EVAL \"return {err='ERR no'}\" 0", "!ERR no"],
    ['EVAL "redis.setresp(3) return {double=3.5}" 0', "3.5"],
    ['EVAL "redis.setresp(3) return {map={a=1}}" 0', ["a", 1]],
    ['EVAL "redis.setresp(3) return {set={a=true}}" 0', ["a"]],
    ["EVAL \"redis.setresp(3) return {big_number='123'}\" 0", "123"],
    ["EVAL \"redis.setresp(3) return {verbatim_string={string='hi',format='txt'}}\" 0", "hi"],
    ["EVAL \"return redis.call('ZADD', 'z', '1.5', 'a')\" 0", 1],
    ["EVAL \"return redis.call('ZSCORE', 'z', 'a')\" 0", "1.5"],
    ["EVAL \"redis.call('HSET', 'h', 'a', '1') return redis.call('HGETALL', 'h')\" 0", ["a", "1"]],
    ["EVAL \"redis.setresp(3) return redis.call('HGETALL', 'h')['map']['a']\" 0", "1"],
    ["EVAL \"redis.setresp(3) return redis.call('ZSCORE', 'z', 'a')['double'] == 1.5\" 0", 1],
    ["EVAL \"redis.call('SADD', 's', 'x') return redis.call('SMEMBERS', 's')\" 0", ["x"]],
    ["EVAL \"redis.setresp(3) return redis.call('SMEMBERS', 's')['set']['x']\" 0", 1],
    [
      "EVAL \"return redis.call('BLPOP', 'none', 0) == false\" 0",
      "!ERR This Redis command is not allowed from script script: 52ac4d5d40ef7cb1302a0e06c8ad1602e5121c23, on @user_script:1."
    ],
    [
      "EVAL \"return redis.call('SUBSCRIBE', 'c')\" 0",
      "!ERR This Redis command is not allowed from script script: fa2d76c712f187fcf5e66d07e8d0bf47c3687b4b, on @user_script:1."
    ],
    [
      "EVAL \"return redis.call('GET')\" 0",
      "!ERR Wrong number of args calling Redis command from script script: 72273adc3c5955bf8543f1ad6ce893355b89617d, on @user_script:1."
    ],
    [
      "EVAL \"return redis.call('CONFIG', 'NOPE')\" 0",
      "!ERR Unknown Redis command called from script script: 631c133f1b354d1aa0f2686b2d6a351f4bcd991d, on @user_script:1."
    ],
    [
      'EVAL "return redis.call()" 0',
      "!ERR Please specify at least one argument for this redis lib call script: 0a907e1429221a4d85516cab7fd219a82a9439d8, on @user_script:1."
    ],
    [
      "EVAL \"return redis.call('GET', {})\" 0",
      "!ERR Lua redis lib command arguments must be strings or integers script: 1343dc154e60f8f7264d986cb42bf48ba973e527, on @user_script:1."
    ],
    [
      "EVAL \"return redis.pcall('LPUSH', 'h', '1').err\" 0",
      "WRONGTYPE Operation against a key holding the wrong kind of value"
    ],
    ['EVAL "return redis.REDIS_VERSION" 0', "7.0.15"],
    ["EVAL \"return redis.log(redis.LOG_WARNING, 'x')\" 0", null],
    ['EVAL "return math.floor(2.5)" 0', 2],
    [
      "EVAL \"error('boom')\" 0",
      "!ERR user_script:1: boom script: 82903a0434f1503e152f89c03c9acd881a0e8150, on @user_script:1."
    ],
    [
      "EVAL \"#!lua flags=no-writes\\nreturn redis.call('SET', 'a', '1')\" 0",
      "!ERR Write commands are not allowed from read-only scripts. script: b7656887d4bfcbe89bf949579c873430a0ac9828, on @user_script:2."
    ],
    ['EVAL "#!lua\\nreturn 7" 0', 7],
    ['EVAL "#!lua flags=no-writes,allow-stale\\nreturn 7" 0', 7],
    ['EVAL "#!lua flags=nope\\nreturn 7" 0', "!ERR Unexpected flag in script shebang: nope"],
    ['EVAL "#!lua nope=1\\nreturn 7" 0', "!ERR Unknown lua shebang option: nope=1"],
    ['EVAL "#!js\\nreturn 7" 0', "!ERR Unexpected engine in script shebang: #!js"],
    ['EVAL "#!lua" 0', "!ERR Invalid script shebang"],
    ["EVAL \"redis.call('SELECT', 3) redis.call('SET', 'a', '3') return redis.call('GET', 'a')\" 0", "3"],
    ["GET a", null]
  ])
})
