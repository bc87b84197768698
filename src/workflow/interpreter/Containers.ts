/** The tasks that hold blocks: choose one, run several, handle a failure. */
import { isCancellation } from "@temporalio/workflow"
import type {
  AttemptError,
  AttemptTask,
  Block,
  GroupTask,
  ParallelTask,
  RouterTask,
  TaskDefinition,
  WhenTask
} from "../Definition.ts"
import { concurrently } from "./Concurrent.ts"
import { type Engine, isCancelled, type RunBlock } from "./Engine.ts"
import { fail, toFailure } from "./Failure.ts"
import { ended, shown } from "./Leaf.ts"
import { type Frame, inside } from "./Scope.ts"
import type { Value } from "./Value.ts"

/** Runs a container that has a record. */
export const contained = async (
  engine: Engine,
  task: TaskDefinition,
  frame: Frame,
  input: Value,
  work: (path: string) => Promise<Value>
): Promise<Value> => {
  const record = engine.steps.begin(frame, task, { input })
  try {
    const output = await work(record.path)
    engine.steps.end(record.path, "SUCCESS", { output })
    return output
  } catch (error) {
    throw ended(engine, record.path, error)
  }
}

export const runRouter = async (
  engine: Engine,
  task: RouterTask,
  frame: Frame,
  runBlock: RunBlock
): Promise<Value> => {
  const on = await engine.evaluateInline(task.on, frame.scope)
  return contained(engine, task, frame, { on }, (path) => {
    const name = typeof on === "string" ? on : JSON.stringify(on)
    const route = Object.hasOwn(task.routes, name) ? task.routes[name] : task.default
    if (route === undefined) {
      throw fail(
        "COMPOZY_NO_ROUTE",
        `no route for ${shown(on)}; there are ${Object.keys(task.routes).join(", ")}`,
        path
      )
    }
    return runBlock(route, inside(frame, task))
  })
}

export const runWhen = async (
  engine: Engine,
  task: WhenTask,
  frame: Frame,
  runBlock: RunBlock
): Promise<Value> => {
  const condition = await engine.evaluateInline(task.condition, frame.scope)
  return contained(engine, task, frame, { condition }, async () => {
    const block: Block | undefined = condition === true ? task.then : task.otherwise
    return block === undefined ? null : runBlock(block, inside(frame, task))
  })
}

export const runGroup = (engine: Engine, task: GroupTask, frame: Frame, runBlock: RunBlock): Promise<Value> =>
  contained(engine, task, frame, null, () => runBlock(task.block, inside(frame, task)))

export const runAttempt = (
  engine: Engine,
  task: AttemptTask,
  frame: Frame,
  runBlock: RunBlock
): Promise<Value> =>
  contained(engine, task, frame, null, async (path) => {
    try {
      return await runBlock(task.block, inside(frame, task))
    } catch (error) {
      if (isCancelled() && isCancellation(error)) throw error
      const failure = toFailure(error, path)
      const within = inside(frame, task)
      const { code, message, task: failed = path, type = "Error" } = failure.error
      within.scope.set(`error:${task.path}`, { path: failed, message, code, type } satisfies AttemptError)
      return runBlock(task.onError, within)
    }
  })

export const runParallel = async (
  engine: Engine,
  task: ParallelTask,
  frame: Frame,
  runBlock: RunBlock
): Promise<Value> => {
  const names = Object.keys(task.branches)
  const bound = Math.max(1, task.maxWorkers ?? engine.args.defaults.parallel)
  return contained(engine, task, frame, { strategy: task.strategy, branches: names }, async (path) => {
    const results = await concurrently(names.length, bound, task.strategy, (index) => {
      const branch = task.branches[names[index] ?? ""]
      if (branch === undefined) throw fail("COMPOZY_DEFINITION_INVALID", "a branch is missing", path)
      return runBlock(branch, inside(frame, task))
    })
    const output: Array<[string, Value]> = []
    for (const [index, name] of names.entries()) {
      const ended = results.get(index)
      if (ended === undefined) continue
      if ("value" in ended) {
        if (task.strategy === "race") return { winner: name, output: ended.value }
        output.push([name, ended.value])
      } else if (task.strategy === "bestEffort") {
        engine.steps.tell({ warning: { path, message: `branch "${name}" failed: ${ended.failure.message}` } })
        output.push([name, null])
      }
    }
    return Object.fromEntries(output)
  })
}
