/**
 * What must happen in one step and cannot be a transaction, because a later command depends on an earlier one's answer.
 * Keys and arguments are passed, never written into the text, so that Redis keeps each script once.
 */
import { createHash } from "node:crypto"
import type { RedisCommands } from "./RedisClient.ts"

/** A script and the digest that Redis knows it by. */
export interface Script {
  readonly lua: string
  readonly digest: string
}

const script = (lua: string): Script => ({ lua, digest: createHash("sha1").update(lua).digest("hex") })

/** Deletes a lock if the token still owns it. */
export const releaseLock = script(
  `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
return 0`
)

/** Sets a lock's time to live if the token still owns it. */
export const refreshLock = script(
  `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("PEXPIRE", KEYS[1], ARGV[2]) end
return 0`
)

/** Replaces a value if it is still the one that was read; its time to live stays. */
export const replaceValue = script(
  `if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[2], "KEEPTTL")
return 1`
)

/** Numbers, logs and publishes an event. Keys: log, counter. Arguments: channel, rest of the entry, length, TTL. */
export const appendEvent = script(
  `local id = redis.call("INCR", KEYS[2])
local entry = '{"id":' .. string.format("%d", id) .. ARGV[2]
redis.call("RPUSH", KEYS[1], entry)
redis.call("LTRIM", KEYS[1], -tonumber(ARGV[3]), -1)
redis.call("PEXPIRE", KEYS[1], ARGV[4])
redis.call("PEXPIRE", KEYS[2], ARGV[4])
redis.call("PUBLISH", ARGV[1], entry)
return id`
)

const isUnknown = (cause: unknown): boolean => cause instanceof Error && cause.message.startsWith("NOSCRIPT")

/** Runs a script by its digest; sends its text to a server that does not have it yet. */
export const runScript = async (
  redis: RedisCommands,
  { digest, lua }: Script,
  keys: ReadonlyArray<string>,
  args: ReadonlyArray<string | number>
): Promise<number> => {
  try {
    return Number(await redis.evalsha(digest, keys.length, ...keys, ...args))
  } catch (cause) {
    if (!isUnknown(cause)) throw cause
    return Number(await redis.eval(lua, keys.length, ...keys, ...args))
  }
}
