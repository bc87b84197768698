/**
 * What a tool is told about the step that it runs: an abort signal, the attempt, the idempotency key, the
 * execution and heartbeats. Plain tools get it as the second argument of `run`, Effect tools read the same
 * from the service {@link Activity}.
 */
import * as Context from "effect/Context"
import type { Json } from "./Definition.ts"

/** The step that a tool runs, and how to talk to the engine while it does. */
export interface ToolContext {
  /** Aborted when the step is cancelled, times out or the process shuts down. */
  readonly signal: AbortSignal
  /** The number of this attempt, from 1. */
  readonly attempt: number
  /** The same for every attempt of one step and different for every step: give it to services that deduplicate. */
  readonly idempotencyKey: string
  /** Which execution this is, of which workflow, and the path of the step in it (`reports[2].report`). */
  readonly execution: { readonly id: string; readonly workflow: string; readonly task: string }
  /** Tells the engine that the step is alive; `details` are given to the next attempt. */
  readonly heartbeat: (details?: Json) => void
  /** The details of the last heartbeat of the attempt before this one. */
  readonly lastHeartbeat: Json | undefined
}

/**
 * The step that an Effect tool runs. It is given to every tool and need not be listed in a workflow's
 * `services`.
 *
 * @example
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { Activity, defineTool } from "compozy"
 *
 * export const charge = defineTool({
 *   id: "charge",
 *   input: Schema.Struct({ cents: Schema.Int }),
 *   output: Schema.Struct({ key: Schema.String }),
 *   run: Effect.fn("charge")(function* () {
 *     const { idempotencyKey } = yield* Activity
 *     return { key: idempotencyKey }
 *   })
 * })
 * ```
 */
export class Activity extends Context.Service<Activity, ToolContext>()("compozy/Activity") {}
