import { raised } from "./Errors.ts"
import { named } from "./Positions.ts"
import { all, type LuaFunction, type LuaResult, type LuaThread, type LuaValue, type Steps } from "./Values.ts"

const ACROSS = "attempt to yield across metamethod/C-call boundary"

/** The coroutine that runs, and whether what runs in it may yield: not within a function that a library called. */
let current: LuaThread | undefined
let canYield = false

/** The coroutine that runs; `undefined` in the script itself. */
export const running = (): LuaThread | undefined => current

/** Runs a function to its end. */
const finish = (steps: Steps): LuaResult => {
  const before = canYield
  canYield = false
  try {
    const { value } = steps.next([])
    return value
  } finally {
    canYield = before
  }
}

/** A function of a script that mentions coroutines. */
export const stepped = (steps: (...args: ReadonlyArray<LuaValue>) => Steps): LuaFunction =>
  Object.assign((...args: ReadonlyArray<LuaValue>): LuaResult => finish(steps(...args)), { steps })

/** Calls a function from one that coroutines can leave. */
export function* invoke(callee: LuaFunction, args: ReadonlyArray<LuaValue>): Steps {
  return callee.steps === undefined ? callee(...args) : yield* callee.steps(...args)
}

/** `coroutine.yield` */
export const yieldValues: LuaFunction = Object.assign(
  named("yield", (): LuaResult => {
    throw raised(ACROSS)
  }),
  {
    steps: named("yield", function* (...args: ReadonlyArray<LuaValue>): Steps {
      if (!canYield) throw raised(ACROSS)
      return yield args
    })
  }
)

/** Goes on with a suspended coroutine until it yields or ends. */
export const resume = (thread: LuaThread, args: ReadonlyArray<LuaValue>): ReadonlyArray<LuaValue> => {
  const outer = current
  const before = canYield
  if (outer !== undefined) outer.state = "normal"
  current = thread
  canYield = true
  thread.state = "running"
  try {
    if (thread.steps === undefined) {
      if (thread.body.steps === undefined) {
        canYield = false
        const result = thread.body(...args)
        thread.state = "dead"
        return all(result)
      }
      thread.steps = thread.body.steps(...args)
    }
    const { done, value } = thread.steps.next(args)
    thread.state = done === true ? "dead" : "suspended"
    return all(value)
  } catch (error) {
    thread.state = "dead"
    throw error
  } finally {
    current = outer
    canYield = before
    if (outer !== undefined) outer.state = "running"
  }
}
