/** What somebody would write by hand for Temporal: the same steps, and nothing around them. */
import { proxyActivities } from "@temporalio/workflow"
import type * as activities from "./activities.ts"

const { step } = proxyActivities<typeof activities>({ startToCloseTimeout: "5 minutes" })

const steps = async (
  count: number,
  input: { readonly value: number }
): Promise<{ readonly value: number }> => {
  let state = input
  for (let n = 0; n < count; n++) state = await step(state)
  return state
}

export const one = (input: { readonly value: number }): Promise<{ readonly value: number }> => steps(1, input)

export const ten = (input: { readonly value: number }): Promise<{ readonly value: number }> =>
  steps(10, input)
