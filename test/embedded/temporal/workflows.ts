/** The workflows of the embedded service's own suite. */
import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
  startChild,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo
} from "@temporalio/workflow"

export interface Activities {
  readonly greet: (name: string) => Promise<string>
  readonly failUntil: (attempt: number) => Promise<number>
  readonly beat: (key: string) => Promise<string>
  readonly hang: (key: string) => Promise<string>
  readonly record: (name: string) => Promise<string>
}

const quick = proxyActivities<Activities>({
  startToCloseTimeout: "10s",
  retry: { initialInterval: "5ms", backoffCoefficient: 1 }
})

const beating = proxyActivities<Activities>({
  startToCloseTimeout: "10s",
  heartbeatTimeout: "400ms",
  retry: { initialInterval: "5ms" }
})

const once = proxyActivities<Activities>({
  startToCloseTimeout: "200ms",
  retry: { maximumAttempts: 1 }
})

const remote = proxyActivities<Activities>({
  startToCloseTimeout: "10s",
  taskQueue: "nobody",
  cancellationType: "WAIT_CANCELLATION_COMPLETED"
})

const local = proxyLocalActivities<Activities>({ startToCloseTimeout: "5s" })

export async function noop(): Promise<string> {
  return "done"
}

export async function hello(name: string): Promise<string> {
  return quick.greet(name)
}

/** Several activities side by side and a timer between. */
export async function fan(width: number): Promise<string[]> {
  await sleep(10)
  return Promise.all(Array.from({ length: width }, (_, index) => quick.greet(String(index))))
}

export async function retried(attempts: number): Promise<number> {
  return quick.failUntil(attempts)
}

export async function heartbeatResumes(key: string): Promise<string> {
  return beating.beat(key)
}

export async function timesOut(key: string): Promise<string> {
  return once.hang(key)
}

export async function localOnes(): Promise<string[]> {
  const first = await local.greet("a")
  const branch = patched("second") ? "new" : "old"
  return [first, branch, await local.greet("b")]
}

export const add = defineSignal<[number]>("add")
export const total = defineQuery<number>("total")

/** Sums what it is sent until it has enough. */
export async function counter(enough: number): Promise<number> {
  let sum = 0
  setHandler(add, (value) => {
    sum += value
  })
  setHandler(total, () => sum)
  await condition(() => sum >= enough)
  return sum
}

export const raise = defineUpdate<number, [number]>("raise")

/** Takes updates that raise a level, none that lowers it, until it is high enough. */
export async function updatable(enough: number): Promise<number> {
  let level = 0
  setHandler(
    raise,
    async (by) => {
      level += by
      await sleep(1)
      return level
    },
    {
      validator: (by) => {
        if (by <= 0) throw ApplicationFailure.nonRetryable("only up")
      }
    }
  )
  await condition(() => level >= enough && allHandlersFinished())
  return level
}

export async function cancelled(): Promise<string> {
  try {
    await sleep("1 day")
    return "slept"
  } catch (error) {
    if (!isCancellation(error)) throw error
    return CancellationScope.nonCancellable(() => quick.greet("cleanup"))
  }
}

export async function cancelUnstarted(): Promise<string> {
  const scope = new CancellationScope()
  const running = scope.run(() => remote.greet("never"))
  await sleep(5)
  scope.cancel()
  try {
    return await running
  } catch (error) {
    return isCancellation(error) ? "cancelled" : "failed"
  }
}

export async function parent(name: string): Promise<string> {
  const first = await executeChild(hello, { args: [name], workflowId: `${workflowInfo().workflowId}-child` })
  try {
    await executeChild(failing, { workflowId: `${workflowInfo().workflowId}-failing` })
  } catch (error) {
    return `${first}, and ${(error as Error).name}`
  }
  return first
}

export async function leavesChildren(): Promise<string> {
  const { workflowId } = workflowInfo()
  for (const [name, parentClosePolicy] of Object.entries({
    terminated: ParentClosePolicy.TERMINATE,
    cancelled: ParentClosePolicy.REQUEST_CANCEL,
    abandoned: ParentClosePolicy.ABANDON
  }))
    await startChild(counter, { args: [1], workflowId: `${workflowId}-${name}`, parentClosePolicy })
  return "left"
}

export async function failing(): Promise<never> {
  throw ApplicationFailure.nonRetryable("no")
}

export async function signalsOther(workflowId: string, value: number): Promise<string> {
  const other = getExternalWorkflowHandle(workflowId)
  await other.signal(add, value)
  try {
    await getExternalWorkflowHandle("nobody").signal(add, 1)
    return "signalled nobody"
  } catch {
    return "signalled"
  }
}

export async function cancelsOther(workflowId: string): Promise<string> {
  await getExternalWorkflowHandle(workflowId).cancel()
  return "cancelled"
}

export async function countsDown(left: number): Promise<string> {
  if (left > 0) await continueAsNew<typeof countsDown>(left - 1)
  return `${workflowInfo().runId === workflowInfo().firstExecutionRunId}`
}

export async function retriedWorkflow(): Promise<number> {
  if (workflowInfo().attempt < 3) throw ApplicationFailure.retryable("again")
  return workflowInfo().attempt
}

export async function upserts(): Promise<void> {
  upsertMemo({ color: "red", gone: null })
  upsertSearchAttributes({ CustomKeywordField: ["x"] })
  await sleep(1)
}

/** Steps that are recorded, with pauses in which a process can be killed. */
export async function steps(count: number): Promise<string[]> {
  const done: string[] = []
  for (let step = 0; step < count; step++) {
    done.push(await quick.record(`${workflowInfo().workflowId}/${step}`))
    await sleep(20)
  }
  return done
}
