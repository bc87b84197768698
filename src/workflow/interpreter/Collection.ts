/**
 * A block for each item. Items may be in a blob: then each is a reference into it. Results are kept in order; once
 * they weigh too much, the finished ones in front are put into blobs, and the whole becomes one blob at the end.
 */
import type { CollectionTask } from "../Definition.ts"
import { concurrently, type Ended } from "./Concurrent.ts"
import { contained } from "./Containers.ts"
import { type Engine, local, type Progress, type RunBlock } from "./Engine.ts"
import { fail, StepFailure } from "./Failure.ts"
import { activityNames, type FilterCall, type FilterResult, type Packed } from "./Protocol.ts"
import { type Frame, iteration, pathIn } from "./Scope.ts"
import { shown } from "./Leaf.ts"
import { BlobRef, isList, sizeUpTo, type Value } from "./Value.ts"

/** Which items there are, by their index in `items`. */
interface Items {
  readonly kept: ReadonlyArray<number>
  readonly at: (index: number) => Value
}

const all = (length: number): ReadonlyArray<number> => Array.from({ length }, (_, index) => index)

const itemsOf = async (engine: Engine, task: CollectionTask, frame: Frame, items: Value): Promise<Items> => {
  const path = pathIn(frame, task)
  const limit = engine.args.defaults.items
  const refuse = (length: number) =>
    fail(
      "COMPOZY_TOO_MANY_ITEMS",
      `${length} items; a collection may have ${limit} (limits.collectionItems)`,
      path
    )
  if (items instanceof BlobRef) {
    const filter = task.filter ?? null
    const call: FilterCall = {
      items: engine.hand(items),
      path: task.path,
      filter,
      sources: filter === null ? {} : engine.sources(filter, frame.scope)
    }
    const result = await engine.working(() => local<FilterResult>(activityNames.filter, call))
    if (result.length < 0) throw fail("COMPOZY_NOT_AN_ARRAY", "the items are not an array", path)
    if (result.length > limit) throw refuse(result.length)
    return { kept: result.kept ?? all(result.length), at: (index) => items.at(index) }
  }
  if (!isList(items)) throw fail("COMPOZY_NOT_AN_ARRAY", `the items are not an array: ${shown(items)}`, path)
  if (items.length > limit) throw refuse(items.length)
  const at = (index: number): Value => items[index] ?? null
  if (task.filter === undefined) return { kept: all(items.length), at }
  const kept: Array<number> = []
  for (const index of items.keys()) {
    const { scope } = iteration(frame, task, index, at(index))
    if ((await engine.evaluateInline(task.filter, scope)) === true) kept.push(index)
  }
  return { kept, at }
}

/** The results of a collection while it runs, by position among the kept items. */
class Results {
  private readonly engine: Engine
  private readonly progress: Progress
  /** How much the results in front weigh that could be flushed. */
  private weight = 0
  /** The position up to which `weight` counts. */
  private counted: number
  private flushing: Promise<void> | undefined

  constructor(engine: Engine, path: string) {
    this.engine = engine
    const known = engine.collections.get(path)
    this.progress = known ?? { flushed: 0, segments: [], rest: new Map() }
    if (known === undefined) engine.collections.set(path, this.progress)
    this.counted = this.progress.flushed
  }

  /** What is known of a position already, from the run before. */
  known(position: number): Ended<Value> | undefined {
    if (position < this.progress.flushed) return { value: null }
    const outcome = this.progress.rest.get(position)
    if (outcome === undefined) return undefined
    return "error" in outcome ? { failure: new StepFailure(outcome.error) } : outcome
  }

  /** Remembers how a position ended; `null` stands for a failure that the strategy allows. */
  async add(position: number, ended: Ended<Value>): Promise<void> {
    if (position < this.progress.flushed) return
    if ("failure" in ended) {
      if (ended.failure instanceof StepFailure) {
        this.progress.rest.set(position, { error: ended.failure.error })
      }
    } else this.progress.rest.set(position, { value: ended.value })
    await this.flush()
  }

  /** Puts the results in front into a blob once they weigh more than what is passed inline. */
  private async flush(): Promise<void> {
    const limit = this.engine.args.defaults.inline * 4
    for (;;) {
      const outcome = this.progress.rest.get(this.counted)
      // A failure stays where it is, so that it is thrown at the end.
      if (outcome === undefined || "error" in outcome) break
      this.weight += 1 + sizeUpTo(outcome.value, limit)
      this.counted += 1
    }
    if (this.weight <= limit || this.flushing !== undefined) return
    const from = this.progress.flushed
    const to = this.counted
    const values: Array<Value> = []
    for (let position = from; position < to; position++) {
      const outcome = this.progress.rest.get(position)
      values.push(outcome !== undefined && "value" in outcome ? outcome.value : null)
    }
    this.weight = 0
    const put = async (): Promise<void> => {
      this.progress.segments.push(this.engine.open(await this.engine.keep(values)))
      for (let position = from; position < to; position++) this.progress.rest.delete(position)
      this.progress.flushed = to
      this.flushing = undefined
    }
    this.flushing = put()
    await this.flushing
  }

  /** Everything in order. */
  async value(count: number): Promise<Value> {
    await this.flushing
    const rest: Array<Value> = []
    for (let position = this.progress.flushed; position < count; position++) {
      const outcome = this.progress.rest.get(position)
      rest.push(outcome !== undefined && "value" in outcome ? outcome.value : null)
    }
    if (this.progress.segments.length === 0) return rest
    const parts = [...this.progress.segments, rest].map((part) => this.engine.hand(part))
    const whole = await this.engine.working(() => local<Packed>(activityNames.concat, { parts }))
    return this.engine.open(whole)
  }
}

export const runCollection = async (
  engine: Engine,
  task: CollectionTask,
  frame: Frame,
  runBlock: RunBlock
): Promise<Value> => {
  const path = pathIn(frame, task)
  const items = await engine.evaluate(task.items, frame.scope)
  const { mode, strategy } = task
  const seen: Value = items instanceof BlobRef ? items : { count: isList(items) ? items.length : null }
  return contained(engine, task, frame, { mode, strategy, items: seen }, async () => {
    const { kept, at } = await itemsOf(engine, task, frame, items)
    const results = new Results(engine, path)

    const one = async (position: number): Promise<Value> => {
      const index = kept[position] ?? 0
      const within = iteration(frame, task, index, at(index))
      const value = await runBlock(task.each, within)
      engine.forget(within.prefix)
      return value
    }

    /** Items are taken in waves of `batch`; the next wave begins when the one before is over. */
    const wave = task.batch === undefined ? Math.max(1, kept.length) : Math.max(1, task.batch)
    const most = Math.max(1, task.maxWorkers ?? engine.args.defaults.parallel)
    const bound = mode === "parallel" || task.batch !== undefined ? most : 1
    let failure: Error | undefined
    const failed = (position: number, error: Error): void => {
      if (strategy === "failFast") throw error
      failure ??= error
      if (strategy === "waitAll") return
      const at = `${path}[${kept[position] ?? 0}]`
      engine.steps.tell({ warning: { path: at, message: `failed: ${error.message}` } })
    }
    for (let from = 0; from < kept.length; from += wave) {
      const todo: Array<number> = []
      for (let position = from; position < Math.min(from + wave, kept.length); position++) {
        const known = results.known(position)
        if (known === undefined) todo.push(position)
        else if ("failure" in known) failed(position, known.failure)
      }
      // In waves `waitAll` must not stop at the first one that fails: what failed is thrown at the end.
      const ended = await concurrently(
        todo.length,
        bound,
        strategy === "failFast" ? "failFast" : "bestEffort",
        (index) => one(todo[index] ?? 0),
        (index, each) => results.add(todo[index] ?? 0, each)
      )
      for (const [index, position] of todo.entries()) {
        const each = ended.get(index)
        if (each !== undefined && "failure" in each) failed(position, each.failure)
      }
    }
    if (failure !== undefined && strategy === "waitAll") throw failure
    return results.value(kept.length)
  })
}
