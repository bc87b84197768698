/**
 * Executions of workflows: the one surface that the HTTP server, the CLI and the testing kit use to start,
 * watch and control them. Temporal's history is the truth behind it, the `Store` the projection it reads.
 */
import { Context, Layer } from "effect"
import type { Cache } from "../services/Cache.ts"
import type { Store } from "../services/Store.ts"
import type { Temporal } from "../services/Temporal.ts"
import type { ExecutionsService } from "./execution/Execution.ts"
import { type ExecutionsOptions, makeExecutions } from "./execution/MakeExecutions.ts"

export type {
  Execution,
  ExecutionEvent,
  ExecutionsService,
  Json,
  StartOptions
} from "./execution/Execution.ts"
export type { ExecutionsOptions } from "./execution/MakeExecutions.ts"

/**
 * Starts, watches and controls executions.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Executions } from "./Executions.ts"
 *
 * const hello = Effect.gen(function* () {
 *   const executions = yield* Executions
 *   const { executionId } = yield* executions.start("hello", { name: "Ada" })
 *   return yield* executions.result(executionId)
 * })
 * ```
 */
export class Executions extends Context.Service<Executions, ExecutionsService>()(
  "compozy/runtime/Executions"
) {
  /**
   * The executions of a deployment, with a worker that runs them as long as the layer's scope is open. The worker
   * starts in the background: `workerReady` says when it polls.
   *
   * Tools get every service that is there when the layer is built, so provide the user's own layer to this one.
   *
   * @param options what to run, and how
   */
  static readonly layer = (
    options: ExecutionsOptions
  ): Layer.Layer<Executions, never, Store | Cache | Temporal> =>
    Layer.effect(Executions, makeExecutions(options))
}
