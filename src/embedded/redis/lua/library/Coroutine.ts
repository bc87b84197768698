import { caught } from "../machine/Caught.ts"
import { resume, running, yieldValues } from "../machine/Coroutines.ts"
import { argumentError, raised, raisedAt } from "../machine/Errors.ts"
import type { LuaTable } from "../machine/LuaTable.ts"
import { isNative, named } from "../machine/Positions.ts"
import { toText } from "../machine/Types.ts"
import { type LuaFunction, type LuaResult, LuaThread } from "../machine/Values.ts"
import { type Args, library } from "./Arguments.ts"

const bodyAt = (args: Args): LuaFunction => {
  const body = args[0]
  if (typeof body === "function" && !isNative(body)) return body
  throw argumentError(1, "Lua function expected")
}

const threadAt = (args: Args): LuaThread => {
  const thread = args[0]
  if (thread instanceof LuaThread) return thread
  throw argumentError(1, "coroutine expected")
}

const cannot = (thread: LuaThread): string => `cannot resume ${thread.state} coroutine`

const wrap = (...args: Args): LuaFunction => {
  const thread = new LuaThread(bodyAt(args))
  return named("wrap", (...values: Args): LuaResult => {
    if (thread.state !== "suspended") throw raisedAt(cannot(thread), 1)
    try {
      return resume(thread, values)
    } catch (problem) {
      const { value } = caught(problem)
      const text = toText(value)
      throw text === undefined ? raised(value) : raisedAt(text, 1)
    }
  })
}

/** Makes a library `coroutine`. */
export const coroutineLibrary = (): LuaTable => {
  const table = library({
    create: (...args) => new LuaThread(bodyAt(args)),
    resume: (...args) => {
      const thread = threadAt(args)
      if (thread.state !== "suspended") return [false, cannot(thread)]
      try {
        return [true, ...resume(thread, args.slice(1))]
      } catch (problem) {
        return [false, caught(problem).value]
      }
    },
    running: () => running(),
    status: (...args) => threadAt(args).state,
    wrap
  })
  table.set("yield", yieldValues)
  return table
}
