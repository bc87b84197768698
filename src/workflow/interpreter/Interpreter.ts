/** Runs the tasks of a definition in the order written. */
import type { TaskDefinition } from "../Definition.ts"
import { runCollection } from "./Collection.ts"
import { runAttempt, runGroup, runParallel, runRouter, runWhen } from "./Containers.ts"
import type { Engine, RunBlock } from "./Engine.ts"
import { StepFailure } from "./Failure.ts"
import { runFail, runFunction, runSignal, runSleep, runTool, runWait, runWorkflow, skip } from "./Leaf.ts"
import { type Frame, pathIn, Scope } from "./Scope.ts"
import type { Value } from "./Value.ts"

/** The value of a whole definition. */
export const interpret = (engine: Engine): Promise<Value> => {
  const { definition } = engine.workflow

  const runBlock: RunBlock = async (block, frame) => {
    engine.checkLevel(frame.level, frame.container ?? undefined)
    for (const task of block.tasks) {
      frame.scope.set(`task:${task.path}`, await runTask(task, frame))
    }
    return engine.evaluate(block.result, frame.scope)
  }

  const runTask = async (task: TaskDefinition, frame: Frame): Promise<Value> => {
    const path = pathIn(frame, task)
    const known = engine.done.get(path)
    if (known !== undefined) {
      if ("error" in known) throw new StepFailure(known.error)
      return known.value
    }
    if (task.when !== undefined && (await engine.evaluateInline(task.when, frame.scope)) !== true) {
      skip(engine, task, frame)
      engine.done.set(path, { value: null })
      return null
    }
    try {
      const value = await dispatch(task, frame)
      engine.forget(path)
      engine.done.set(path, { value })
      return value
    } catch (error) {
      if (error instanceof StepFailure) {
        engine.forget(path)
        engine.done.set(path, { error: error.error })
      }
      throw error
    }
  }

  const dispatch = (task: TaskDefinition, frame: Frame): Promise<Value> => {
    switch (task.type) {
      case "tool":
        return runTool(engine, task, frame)
      case "fn":
      case "decode":
        return runFunction(engine, task, frame)
      case "sleep":
        return runSleep(engine, task, frame)
      case "wait":
        return runWait(engine, task, frame, runBlock)
      case "signal":
        return runSignal(engine, task, frame)
      case "workflow":
        return runWorkflow(engine, task, frame)
      case "router":
        return runRouter(engine, task, frame, runBlock)
      case "when":
        return runWhen(engine, task, frame, runBlock)
      case "group":
        return runGroup(engine, task, frame, runBlock)
      case "attempt":
        return runAttempt(engine, task, frame, runBlock)
      case "fail":
        return runFail(engine, task, frame)
      case "parallel":
        return runParallel(engine, task, frame, runBlock)
      case "collection":
        return runCollection(engine, task, frame, runBlock)
      default:
        task satisfies never
        return Promise.reject(new Error(`unknown type of task: ${JSON.stringify(task)}`))
    }
  }

  const scope = new Scope()
  scope.set("input", engine.open(engine.args.input))
  return runBlock(definition, { scope, container: null, prefix: "", cut: 0, level: engine.args.level ?? 1 })
}
