/** Where references find their values, and where tasks find their run-time path. */
import type { TaskBase } from "../Definition.ts"
import type { Value } from "./Value.ts"

/** The values of a block, before those of the blocks around it. */
export class Scope {
  private readonly values = new Map<string, Value>()
  private readonly outer: Scope | undefined

  constructor(outer?: Scope) {
    this.outer = outer
  }

  set(key: string, value: Value): void {
    this.values.set(key, value)
  }

  get(key: string): Value | undefined {
    const own = this.values.get(key)
    return own === undefined ? this.outer?.get(key) : own
  }
}

/**
 * A block that runs: its scope, the container that it belongs to, and how static paths become run-time paths. The
 * first `cut` characters of a static path are `prefix` at run time: `reports.report` is `reports[2].report`.
 */
export interface Frame {
  readonly scope: Scope
  readonly container: string | null
  readonly prefix: string
  readonly cut: number
  /** How many blocks and executions stand around it, itself included. */
  readonly level: number
}

/** The run-time path of a task. */
export const pathIn = (frame: Frame, task: TaskBase): string => frame.prefix + task.path.slice(frame.cut)

/** The frame of a block inside a container. */
export const inside = (frame: Frame, task: TaskBase): Frame => {
  const path = pathIn(frame, task)
  const { level, scope } = frame
  return { scope: new Scope(scope), container: path, prefix: path, cut: task.path.length, level: level + 1 }
}

/** The frame of one iteration of a collection. */
export const iteration = (frame: Frame, task: TaskBase, index: number, item: Value): Frame => {
  const path = pathIn(frame, task)
  const scope = new Scope(frame.scope)
  scope.set(`item:${task.path}`, item)
  scope.set(`index:${task.path}`, index)
  return {
    scope,
    container: path,
    prefix: `${path}[${index}]`,
    cut: task.path.length,
    level: frame.level + 1
  }
}
