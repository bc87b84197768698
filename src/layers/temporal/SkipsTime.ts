/** Whether a workflow engine in this process skips time, for tests. */
import { Context } from "effect"

/**
 * Whether an engine in this process puts its clock forward while somebody waits for a result and nothing is in flight.
 * Tests of workflows that sleep set it.
 */
export const SkipsTime: Context.Reference<boolean> = Context.Reference("compozy/SkipsTime", {
  defaultValue: () => false
})
