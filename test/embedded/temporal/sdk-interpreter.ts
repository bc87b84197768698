/** A workflow that does what it is told step by step, for programs that are made up at random. */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  getExternalWorkflowHandle,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo
} from "@temporalio/workflow"

import type { ComparedActivities } from "./sdk-activities.ts"
import { tellError } from "./sdk-errors.ts"

/** How a program is woken where it waits. */
export type Word = "signal" | "update" | "slow update" | "refused update" | "cancel" | "terminate" | "query"

export type Step =
  | { readonly do: "activity"; readonly fails: number; readonly attempts: number }
  | { readonly do: "activity times out"; readonly retried: boolean }
  | { readonly do: "local activity"; readonly fails: number }
  | { readonly do: "timer"; readonly milliseconds: number }
  | { readonly do: "cancel scope"; readonly timers: number; readonly activities: number }
  | { readonly do: "child"; readonly program: readonly Step[] }
  | { readonly do: "signal nobody" }
  | { readonly do: "memo"; readonly value: number }
  | { readonly do: "attribute"; readonly value: string }
  | { readonly do: "patch"; readonly name: string }
  | { readonly do: "wait"; readonly word: Word }
  | { readonly do: "fail" }
  | { readonly do: "continue as new" }

export const wake = defineSignal("wake")
export const wakeByUpdate = defineUpdate<number, [Word]>("wakeByUpdate")
export const wordsSoFar = defineQuery<number>("wordsSoFar")

const attempt = async (work: () => Promise<unknown>): Promise<unknown> => {
  try {
    return await work()
  } catch (error) {
    return tellError(error)
  }
}

const retried = { initialInterval: "20ms", backoffCoefficient: 1 } as const
const local = proxyLocalActivities<ComparedActivities>({
  startToCloseTimeout: "20s",
  retry: { ...retried, maximumAttempts: 2 }
})

/** A scope with timers and activities that nobody takes, which is cancelled. */
const cancelledScope = async (timers: number, activities: number): Promise<unknown> => {
  const nobody = proxyActivities<ComparedActivities>({
    startToCloseTimeout: "20s",
    taskQueue: "nobody-polls-this"
  })
  const scope = new CancellationScope()
  const pending = scope.run(async () => [
    ...Array.from({ length: timers }, () => attempt(() => sleep("1 day"))),
    ...Array.from({ length: activities }, () => attempt(() => nobody.echo("never")))
  ])
  await sleep(20)
  scope.cancel()
  return Promise.all(await pending)
}

export async function interprets(program: readonly Step[], waited = 0): Promise<unknown> {
  let words = waited
  let waits = waited
  setHandler(wake, () => {
    words += 1
  })
  setHandler(
    wakeByUpdate,
    async (word) => {
      if (word === "slow update") await sleep(20)
      words += 1
      return words
    },
    {
      validator: (word) => {
        if (word === "refused update") throw ApplicationFailure.nonRetryable("not now", "Refused")
      }
    }
  )
  setHandler(wordsSoFar, () => words)

  const perform = async (step: Step, index: number): Promise<unknown> => {
    switch (step.do) {
      case "activity": {
        const { failTimes } = proxyActivities<ComparedActivities>({
          startToCloseTimeout: "20s",
          retry: { ...retried, maximumAttempts: step.attempts }
        })
        return failTimes(step.fails)
      }
      case "activity times out": {
        const { hang } = proxyActivities<ComparedActivities>({
          startToCloseTimeout: "300ms",
          retry: { ...retried, maximumAttempts: step.retried ? 2 : 1 }
        })
        return hang()
      }
      case "local activity":
        return local.failTimes(step.fails)
      case "timer":
        return sleep(step.milliseconds)
      case "cancel scope":
        return cancelledScope(step.timers, step.activities)
      case "child":
        return executeChild(interprets, {
          args: [step.program],
          workflowId: `${workflowInfo().workflowId}/${index}`
        })
      case "signal nobody":
        return getExternalWorkflowHandle(`${workflowInfo().workflowId}-missing`).signal(wake)
      case "memo":
        return upsertMemo({ step: step.value })
      case "attribute":
        return upsertSearchAttributes({ CustomKeywordField: [step.value] })
      case "patch":
        return patched(step.name)
      case "wait":
        waits += 1
        upsertMemo({ waits })
        return condition(() => words >= waits)
      case "fail":
        throw ApplicationFailure.nonRetryable("as the program says", "Told", index)
      case "continue as new":
        return continueAsNew<typeof interprets>(program.slice(index + 1), waits)
    }
  }

  const told: unknown[] = []
  for (const [index, step] of program.entries()) {
    if (step.do === "fail" || step.do === "continue as new") await perform(step, index)
    told.push((await attempt(() => perform(step, index))) ?? null)
  }
  return told
}
