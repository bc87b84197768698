/** What is measured: how a command is called once, and how it is put into a pipeline. */
import type { ChainableCommander, Redis } from "ioredis"
import RedisMock from "ioredis-mock"

/** What a measurement works with. */
export interface Load {
  readonly value: string
  /** How many keys there are. */
  readonly keys: number
}

/** A command under measurement. `step` counts the calls. */
export interface Measured {
  readonly prepare?: (redis: Redis, load: Load) => Promise<unknown>
  readonly call: (redis: Redis, step: number, load: Load) => Promise<unknown>
  /** Adds it to a pipeline; left out where a pipeline would be another thing. */
  readonly pipe?: (pipeline: ChainableCommander, step: number, load: Load) => unknown
}

const script = "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])"
const LIST = 1000

/** Spreads the calls over all keys. */
const key = (step: number, load: Load): string => `key:${(step * 7919) % load.keys}`

/** Every command that is measured, by its name. */
export const COMMANDS: Readonly<Record<string, Measured>> = {
  GET: {
    call: (redis, step, load) => redis.get(key(step, load)),
    pipe: (pipeline, step, load) => pipeline.get(key(step, load))
  },
  SET: {
    call: (redis, step, load) => redis.set(key(step, load), load.value),
    pipe: (pipeline, step, load) => pipeline.set(key(step, load), load.value)
  },
  INCR: {
    call: (redis, step) => redis.incr(`counter:${step % 1000}`),
    pipe: (pipeline, step) => pipeline.incr(`counter:${step % 1000}`)
  },
  RPUSH: {
    call: (redis, _step, load) => redis.rpush("pushed", load.value),
    pipe: (pipeline, _step, load) => pipeline.rpush("pushed", load.value)
  },
  LRANGE: {
    prepare: (redis, load) => redis.rpush("list", ...Array.from({ length: LIST }, () => load.value)),
    call: (redis) => redis.lrange("list", 450, 459),
    pipe: (pipeline) => pipeline.lrange("list", 450, 459)
  },
  HSET: {
    call: (redis, step, load) => redis.hset("hash", `field:${step % 1000}`, load.value),
    pipe: (pipeline, step, load) => pipeline.hset("hash", `field:${step % 1000}`, load.value)
  },
  ZADD: {
    call: (redis, step) => redis.zadd("zset", step, `member:${step % 1000}`),
    pipe: (pipeline, step) => pipeline.zadd("zset", step, `member:${step % 1000}`)
  },
  XADD: {
    call: (redis, _step, load) => redis.xadd("stream", "*", "field", load.value),
    pipe: (pipeline, _step, load) => pipeline.xadd("stream", "*", "field", load.value)
  },
  PUBLISH: {
    call: (redis, _step, load) => redis.publish("channel", load.value),
    pipe: (pipeline, _step, load) => pipeline.publish("channel", load.value)
  },
  EVAL: {
    call: (redis, step, load) => redis.eval(script, 1, key(step, load), load.value),
    pipe: (pipeline, step, load) => pipeline.eval(script, 1, key(step, load), load.value)
  },
  MULTI: {
    call: (redis, step, load) => redis.multi().set(key(step, load), load.value).get(key(step, load)).exec()
  }
}

/** Whether a target can do it at all: ioredis-mock has no EVAL in pipelines. */
export const isPossible = (redis: Redis, name: string, piped: boolean): boolean =>
  !(redis instanceof RedisMock && ((piped && name === "EVAL") || (piped && name === "XADD")))
