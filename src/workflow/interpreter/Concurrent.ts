/** Several blocks at once: bounded, each in a cancellation scope of its own, with one strategy for their failures. */
import { CancellationScope, isCancellation } from "@temporalio/workflow"
import type { Strategy } from "../Definition.ts"
import { isCancelled } from "./Engine.ts"
import { toFailure } from "./Failure.ts"

/** How one of several ended. */
export type Ended<A> = { readonly value: A } | { readonly failure: Error }

/**
 * Runs `count` works, at most `bound` at a time, begun in order.
 *
 * - `waitAll`: all run to their end; then the failure of the first in order is thrown, if there is one.
 * - `failFast`: the first failure in time cancels the others and is thrown.
 * - `bestEffort`: all run to their end; failures are given.
 * - `race`: the first success cancels the others; the others are left out of the result. Fails when all failed.
 *
 * @param onEnd called with each that ended by itself, before the next begins
 */
export const concurrently = async <A>(
  count: number,
  bound: number,
  strategy: Strategy,
  work: (index: number) => Promise<A>,
  onEnd: (index: number, ended: Ended<A>) => Promise<void> | void = () => undefined
): Promise<ReadonlyMap<number, Ended<A>>> => {
  const results = new Map<number, Ended<A>>()
  const scopes = new Set<CancellationScope>()
  let next = 0
  let decided = false
  let reason: unknown

  /** Only where one decides for all, each needs a scope of its own to be cancelled in. */
  const scoped = async (index: number): Promise<A> => {
    const scope = new CancellationScope()
    scopes.add(scope)
    try {
      return await scope.run(() => work(index))
    } finally {
      scopes.delete(scope)
    }
  }
  const run = strategy === "failFast" || strategy === "race" ? scoped : work

  const one = async (index: number): Promise<void> => {
    let ended: Ended<A>
    try {
      ended = { value: await run(index) }
    } catch (error) {
      // The whole was cancelled, or this one because another one decided.
      if (isCancelled() || (decided && isCancellation(error))) throw error
      ended = { failure: toFailure(error, "") }
    }
    if (decided) return
    results.set(index, ended)
    const decides =
      strategy === "failFast" ? "failure" in ended : strategy === "race" ? "value" in ended : false
    if (decides) {
      decided = true
      reason = "failure" in ended ? ended.failure : undefined
      for (const other of scopes) other.cancel()
    } else await onEnd(index, ended)
  }

  const worker = async (): Promise<void> => {
    for (;;) {
      if (next >= count || decided) return
      const index = next
      next += 1
      await one(index)
    }
  }

  const workers: Array<Promise<void>> = []
  for (let index = 0; index < Math.min(bound, count); index++) workers.push(worker())
  const settled = await Promise.allSettled(workers)
  if (reason !== undefined) throw reason
  if (!decided) for (const one of settled) if (one.status === "rejected") throw one.reason

  if (strategy === "waitAll" || (strategy === "race" && !decided)) {
    for (let index = 0; index < count; index++) {
      const ended = results.get(index)
      if (ended !== undefined && "failure" in ended) throw ended.failure
    }
  }
  return results
}
