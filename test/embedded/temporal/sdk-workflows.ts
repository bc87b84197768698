/** The workflows that run through the SDK on the embedded service and on the official server alike. */
export { interprets } from "./sdk-interpreter.ts"
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  deprecatePatch,
  executeChild,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
  startChild,
  upsertMemo,
  upsertSearchAttributes,
  uuid4,
  workflowInfo
} from "@temporalio/workflow"

import type { ComparedActivities } from "./sdk-activities.ts"
import { tellError } from "./sdk-errors.ts"

/** What came of something, errors told with their causes. */
export const settled = async (work: () => Promise<unknown>): Promise<unknown> => {
  try {
    return { value: await work() }
  } catch (error) {
    return { error: tellError(error) }
  }
}

const plain = proxyActivities<ComparedActivities>({
  startToCloseTimeout: "20s",
  retry: { initialInterval: "20ms", backoffCoefficient: 1 }
})

const local = proxyLocalActivities<ComparedActivities>({
  startToCloseTimeout: "20s",
  retry: { initialInterval: "20ms", backoffCoefficient: 1, maximumAttempts: 3 }
})

export async function activitySucceeds(): Promise<unknown> {
  const { echo } = proxyActivities<ComparedActivities>({
    startToCloseTimeout: "20s",
    scheduleToStartTimeout: "30s",
    heartbeatTimeout: "25s",
    retry: { maximumAttempts: 4, maximumInterval: "3s", nonRetryableErrorTypes: ["Never"] }
  })
  return [await echo("one"), await echo({ nested: [1, null, "two"] })]
}

export async function activityIsDescribed(): Promise<unknown> {
  const described = proxyActivities<ComparedActivities>({
    startToCloseTimeout: "20s",
    activityId: "named",
    summary: "what it is for",
    priority: { priorityKey: 2 }
  })
  return described.echo("described")
}

/** Fails as the plan of each attempt says. */
export async function activityFails(): Promise<unknown> {
  const limited = proxyActivities<ComparedActivities>({
    startToCloseTimeout: "20s",
    retry: { initialInterval: "20ms", maximumAttempts: 3, nonRetryableErrorTypes: ["Listed"] }
  })
  return [
    await settled(() => plain.failTimes(2)),
    await settled(() => limited.failTimes(9)),
    await settled(() => limited.failAs("Listed", false)),
    await settled(() => limited.failAs("Other", true)),
    await settled(() => limited.failAfterDelay(30))
  ]
}

export async function activityTimesOut(): Promise<unknown> {
  const once = { maximumAttempts: 1 }
  const short = proxyActivities<ComparedActivities>({ startToCloseTimeout: "600ms", retry: once })
  const silent = proxyActivities<ComparedActivities>({
    startToCloseTimeout: "20s",
    heartbeatTimeout: "600ms",
    retry: once
  })
  const overall = proxyActivities<ComparedActivities>({ scheduleToCloseTimeout: "600ms" })
  const nobody = proxyActivities<ComparedActivities>({
    startToCloseTimeout: "20s",
    scheduleToStartTimeout: "500ms",
    taskQueue: "nobody-polls-this"
  })
  return [
    await settled(() => short.hang()),
    await settled(() => silent.beatOnceAndHang("beaten")),
    await settled(() => overall.hang()),
    await settled(() => nobody.echo("never"))
  ]
}

export async function heartbeatIsHandedOn(): Promise<unknown> {
  const beating = proxyActivities<ComparedActivities>({
    startToCloseTimeout: "20s",
    heartbeatTimeout: "15s",
    retry: { initialInterval: "20ms" }
  })
  return beating.resume("progress")
}

export async function activityIsCancelled(how: keyof typeof ActivityCancellationType): Promise<unknown> {
  const cancellable = proxyActivities<ComparedActivities>({
    startToCloseTimeout: "30s",
    heartbeatTimeout: "20s",
    cancellationType: ActivityCancellationType[how]
  })
  let started = false
  setHandler(go, () => {
    started = true
  })
  const scope = new CancellationScope()
  const running = settled(() => scope.run(() => cancellable.untilCancelled(workflowInfo().workflowId)))
  await condition(() => started)
  scope.cancel()
  return running
}

export async function unstartedActivityIsCancelled(): Promise<unknown> {
  const nobody = proxyActivities<ComparedActivities>({
    startToCloseTimeout: "20s",
    taskQueue: "nobody-polls-this",
    cancellationType: "WAIT_CANCELLATION_COMPLETED"
  })
  const scope = new CancellationScope()
  const running = settled(() => scope.run(() => nobody.echo("never")))
  await sleep(200)
  scope.cancel()
  return running
}

export async function activityIsCompletedFromOutside(): Promise<unknown> {
  const asynchronous = proxyActivities<ComparedActivities>({
    startToCloseTimeout: "30s",
    activityId: "outside"
  })
  return [await settled(() => asynchronous.later()), await settled(() => asynchronous.later())]
}

export async function localActivities(): Promise<unknown> {
  const backingOff = proxyLocalActivities<ComparedActivities>({
    startToCloseTimeout: "20s",
    localRetryThreshold: "10ms",
    retry: { initialInterval: "300ms", backoffCoefficient: 1, maximumAttempts: 2 }
  })
  const cancelled = new CancellationScope()
  cancelled.cancel()
  return [
    await local.echo("local"),
    await settled(() => local.failTimes(1)),
    await settled(() => local.failAs("Local", true)),
    await settled(() => backingOff.failTimes(1)),
    await settled(() => cancelled.run(() => local.echo("cancelled")))
  ]
}

export async function timers(): Promise<unknown> {
  await sleep(1)
  const scope = new CancellationScope()
  const long = settled(() => scope.run(() => sleep("1 day")))
  await sleep(100)
  scope.cancel()
  const inTime = await condition(() => false, 50)
  return [await long, inTime]
}

export const go = defineSignal<[string?]>("go")
export const gathered = defineQuery<readonly string[]>("gathered")
export const failingQuery = defineQuery<string>("failingQuery")

/** Gathers what it is sent until it is sent the last. */
export async function gathers(last: string): Promise<readonly string[]> {
  const all: string[] = []
  setHandler(go, (word) => {
    all.push(word ?? "")
  })
  setHandler(gathered, () => all)
  setHandler(failingQuery, () => {
    throw ApplicationFailure.create({ message: "no answer", type: "Unasked" })
  })
  await condition(() => all.includes(last))
  return all
}

export const raise = defineUpdate<number, [number]>("raise")
export const raiseByActivity = defineUpdate<unknown, [number]>("raiseByActivity")
export const raiseLater = defineUpdate<number, [number]>("raiseLater")

/** Takes updates of several kinds until its level is reached. */
export async function raises(enough: number): Promise<number> {
  let level = 0
  setHandler(
    raise,
    (by) => {
      if (by > 100) throw ApplicationFailure.nonRetryable("too much", "Much", by)
      level += by
      return level
    },
    {
      validator: (by) => {
        if (by <= 0) throw ApplicationFailure.nonRetryable("only up", "Down", by)
      }
    }
  )
  setHandler(raiseByActivity, async (by) => {
    const echoed = await plain.echo(by)
    level += by
    return echoed
  })
  setHandler(raiseLater, async (by) => {
    await sleep(300)
    level += by
    return level
  })
  await condition(() => level >= enough)
  return level
}

export async function childResults(): Promise<unknown> {
  const { workflowId } = workflowInfo()
  const child = { workflowId: `${workflowId}-child` }
  return [
    await settled(() =>
      executeChild(childReturns, {
        ...child,
        args: ["given"],
        memo: { of: "child" },
        workflowExecutionTimeout: "1 hour",
        staticSummary: "a child"
      })
    ),
    await settled(() => executeChild(childFails, { ...child, args: [false] })),
    await settled(() =>
      executeChild(childFails, {
        ...child,
        args: [true],
        retry: { initialInterval: "20ms", maximumAttempts: 2 }
      })
    ),
    await settled(() => executeChild(childSleeps, { ...child, workflowRunTimeout: "600ms" })),
    await settled(() =>
      executeChild(childReturns, { ...child, args: ["again"], workflowIdReusePolicy: "REJECT_DUPLICATE" })
    ),
    await settled(() => executeChild("noSuchWorkflowEither", { workflowId, args: [] }))
  ]
}

export async function childReturns(value: string): Promise<string> {
  return value
}

export async function childFails(retryable: boolean): Promise<never> {
  throw ApplicationFailure.create({ message: "child fails", type: "Child", nonRetryable: !retryable })
}

export async function childSleeps(): Promise<void> {
  await sleep("1 day")
}

export async function childIsCancelled(how: keyof typeof ChildWorkflowCancellationType): Promise<unknown> {
  const scope = new CancellationScope()
  const running = settled(() =>
    scope.run(async () => {
      const child = await startChild(childSleeps, {
        workflowId: `${workflowInfo().workflowId}-child`,
        cancellationType: ChildWorkflowCancellationType[how]
      })
      return child.result()
    })
  )
  await sleep(800)
  scope.cancel()
  return running
}

export async function childIsSignalled(): Promise<unknown> {
  const child = await startChild(gathers, { workflowId: `${workflowInfo().workflowId}-child`, args: ["end"] })
  await child.signal(go, "middle")
  await child.signal(go, "end")
  return child.result()
}

export async function leavesChildren(): Promise<string> {
  const { workflowId } = workflowInfo()
  for (const [name, parentClosePolicy] of Object.entries({
    terminated: ParentClosePolicy.TERMINATE,
    cancelled: ParentClosePolicy.REQUEST_CANCEL,
    abandoned: ParentClosePolicy.ABANDON
  }))
    await startChild(gathers, { args: ["end"], workflowId: `${workflowId}-${name}`, parentClosePolicy })
  await condition(() => false, 500)
  return "left"
}

/** Fields of a map, which neither a server nor the SDK keeps in an order. */
const inOrder = (fields: object | undefined): ReadonlyArray<unknown> =>
  Object.entries(fields ?? {}).toSorted()

export async function continuesAsNew(left: number): Promise<unknown> {
  upsertMemo({ left })
  if (left > 0) {
    upsertSearchAttributes({ CustomKeywordField: [`left-${left}`] })
    await sleep(1100)
    await continueAsNew<typeof continuesAsNew>(left - 1)
  }
  const { memo, searchAttributes, continuedFromExecutionRunId } = workflowInfo()
  return [inOrder(memo), inOrder(searchAttributes), continuedFromExecutionRunId !== undefined]
}

export async function cleansUp(): Promise<unknown> {
  const { workflowId } = workflowInfo()
  const work = await settled(() => sleep("1 day"))
  const cleaned = await CancellationScope.nonCancellable(() => plain.echo(`clean-${workflowId}`))
  return [work, cleaned]
}

export async function letsItselfBeCancelled(): Promise<void> {
  await CancellationScope.withTimeout(60_000, () => sleep("1 day"))
}

export async function patches(): Promise<unknown> {
  const first = patched("first") ? await plain.echo("new") : "old"
  deprecatePatch("second")
  await sleep(1)
  return [first, patched("first")]
}

export async function upserts(): Promise<unknown> {
  upsertMemo({ added: "memo", changed: 2, gone: null })
  upsertSearchAttributes({ CustomKeywordField: ["upserted"], CustomIntField: [7] })
  await sleep(1)
  upsertSearchAttributes({ CustomKeywordField: [], CustomDatetimeField: [new Date(1_700_000_000_000)] })
  await sleep(1)
  const { memo, searchAttributes } = workflowInfo()
  return [inOrder(memo), inOrder(searchAttributes)]
}

export async function sideEffects(): Promise<unknown> {
  const ids = new Set([uuid4(), uuid4(), String(Math.random()), String(Math.random())])
  return [ids.size, await plain.echo(typeof Date.now())]
}

export async function reachesOut(other: string): Promise<unknown> {
  const missing = getExternalWorkflowHandle(`${other}-missing`)
  const there = getExternalWorkflowHandle(other)
  return [
    await settled(() => missing.signal(go, "nobody")),
    await settled(() => missing.cancel()),
    await settled(() => there.signal(go, "from outside")),
    await settled(() => there.cancel())
  ]
}

export async function failsUntil(attempt: number): Promise<unknown> {
  const info = workflowInfo()
  if (info.attempt < attempt)
    throw ApplicationFailure.create({
      message: `attempt ${info.attempt}`,
      type: "Again",
      details: [1, "two"]
    })
  return [info.attempt, info.lastFailure?.message]
}

/** What a cron job knows of the run before. */
export async function remembers(): Promise<unknown> {
  const { lastResult, cronSchedule } = workflowInfo()
  return { count: Number((lastResult as { count?: number } | undefined)?.count ?? 0) + 1, cronSchedule }
}

export async function failsItsTask(): Promise<void> {
  throw new TypeError("a mistake in the code")
}
