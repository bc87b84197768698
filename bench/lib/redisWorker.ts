/**
 * One Redis with its client, in a process of its own, so that no target pays for the garbage of another. Started by
 * bench/redis.ts with --expose-gc, which sends what is to be measured and gets figures.
 */
import type { Redis } from "ioredis"
import { COMMANDS, isPossible, type Load, type Measured } from "./redisCommands.ts"
import { open, type Target } from "./redisTargets.ts"

/** What a worker is asked to do. */
export type Task =
  | { readonly do: "open"; readonly target: string }
  | { readonly do: "reset"; readonly load: Load }
  | { readonly do: "prepare"; readonly name: string; readonly piped: boolean; readonly load: Load }
  | {
      readonly do: "round"
      readonly name: string
      readonly piped: boolean
      readonly load: Load
      readonly millis: number
    }
  | {
      readonly do: "growth"
      readonly name: "RPUSH" | "LRANGE"
      readonly list: string
      readonly millis: number
    }
  | { readonly do: "list"; readonly list: string; readonly length: number; readonly value: string }
  | { readonly do: "close" }

/** What a round came to. */
export interface Round {
  /** Commands a second. */
  readonly rate: number
  /** Microseconds of this process's processor time for a command: client and embedded engine, or client alone. */
  readonly cpu: number
}

const PIPELINE = 100

let target: Target | undefined
let step = 0

const redis = (): Redis => {
  if (target === undefined) throw new Error("no target is open")
  return target.redis
}

const measure = async (millis: number, once: () => Promise<number>): Promise<Round> => {
  const start = performance.now()
  const before = process.cpuUsage()
  let done = 0
  while (performance.now() - start < millis) done += await once()
  const { user, system } = process.cpuUsage(before)
  return { rate: (done * 1000) / (performance.now() - start), cpu: (user + system) / done }
}

const pipelineOf = async (pipe: NonNullable<Measured["pipe"]>, load: Load): Promise<number> => {
  const pipeline = redis().pipeline()
  for (let at = 0; at < PIPELINE; at++) pipe(pipeline, step++, load)
  await pipeline.exec()
  return PIPELINE
}

const once = (name: string, piped: boolean, load: Load): (() => Promise<number>) => {
  const measured = COMMANDS[name]
  if (measured === undefined) throw new Error(`there is no command ${name}`)
  const { pipe } = measured
  if (piped && pipe !== undefined) return () => pipelineOf(pipe, load)
  return async () => {
    await measured.call(redis(), step++, load)
    return 1
  }
}

const fill = async (load: Load): Promise<void> => {
  for (let at = 0; at < load.keys; at += 1000) {
    const pipeline = redis().pipeline()
    for (let key = at; key < Math.min(at + 1000, load.keys); key++) pipeline.set(`key:${key}`, load.value)
    await pipeline.exec()
  }
}

const fillList = async (list: string, length: number, value: string): Promise<void> => {
  const items = Array.from({ length: 1000 }, () => value)
  for (let at = 0; at < length; at += 1000) await redis().rpush(list, ...items)
}

const growth = (name: "RPUSH" | "LRANGE", list: string, millis: number): Promise<Round> => {
  const load: Load = { value: "x".repeat(100), keys: 1 }
  return measure(millis, () =>
    pipelineOf(
      (pipeline) => (name === "RPUSH" ? pipeline.rpush(list, load.value) : pipeline.lrange(list, 450, 459)),
      load
    )
  )
}

/** Does something with the server, also where a target answers by itself. */
const live = async (work: () => Promise<unknown>): Promise<void> => {
  if (target?.record === undefined) await work()
  else await target.record(work)
}

const perform = async (task: Task): Promise<unknown> => {
  switch (task.do) {
    case "open":
      target = await open(task.target)
      return target !== undefined
    case "reset":
      await live(async () => {
        await redis().flushall()
        await fill(task.load)
      })
      return undefined
    case "prepare": {
      const { name, piped, load } = task
      if (!isPossible(redis(), name, piped)) return false
      // What one case has left behind is not to be collected in the next.
      globalThis.gc?.()
      await live(async () => COMMANDS[name]?.prepare?.(redis(), load))
      await target?.record?.(once(name, piped, load))
      return true
    }
    case "round":
      return measure(task.millis, once(task.name, task.piped, task.load))
    case "growth":
      return growth(task.name, task.list, task.millis)
    case "list":
      await fillList(task.list, task.length, task.value)
      return undefined
    case "close":
      await target?.close()
      return undefined
  }
}

process.on("message", (task: Task) => {
  perform(task).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) })
  )
})
