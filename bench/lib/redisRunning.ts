/** A target in a process of its own, as bench/redis.ts sees it. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Load } from "./redisCommands.ts"
import type { Round, Task } from "./redisWorker.ts"

/** A target that can be measured. */
export interface Running {
  readonly name: string
  /** Empties it and sets as many keys as the load says. */
  readonly reset: (load: Load) => Promise<void>
  /** Gets ready for a command; false if the target cannot do it. */
  readonly prepare: (name: string, piped: boolean, load: Load) => Promise<boolean>
  /** Calls the command for some milliseconds. */
  readonly round: (name: string, piped: boolean, load: Load, millis: number) => Promise<Round>
  readonly fillList: (list: string, length: number, value: string) => Promise<void>
  /** Calls RPUSH or LRANGE on a list in pipelines. */
  readonly growth: (name: "RPUSH" | "LRANGE", list: string, millis: number) => Promise<Round>
  readonly close: () => Promise<void>
}

interface Answer<A> {
  readonly result?: A
  readonly error?: string
}

/** Starts a target by its name; `undefined` if it is not installed. */
export const start = async (name: string): Promise<Running | undefined> => {
  const child = fork(fileURLToPath(new URL("redisWorker.ts", import.meta.url)), {
    execArgv: ["--expose-gc"]
  })
  const ask = async <A>(task: Task): Promise<A> => {
    const answer = new Promise<Answer<A>>((resolve) => child.once("message", resolve))
    child.send(task)
    // The worker answers each task with what the task is declared to give.
    const { result, error } = await answer
    if (error !== undefined) throw new Error(`${name}: ${error}`)
    return result as A
  }
  if (!(await ask<boolean>({ do: "open", target: name }))) {
    child.kill()
    return undefined
  }
  return {
    name,
    reset: (load) => ask({ do: "reset", load }),
    prepare: (command, piped, load) => ask({ do: "prepare", name: command, piped, load }),
    round: (command, piped, load, millis) => ask({ do: "round", name: command, piped, load, millis }),
    fillList: (list, length, value) => ask({ do: "list", list, length, value }),
    growth: (command, list, millis) => ask({ do: "growth", name: command, list, millis }),
    close: async () => {
      await ask({ do: "close" })
      child.kill()
      await once(child, "exit")
    }
  }
}
