/** The activities of the workflows that run on the embedded service and on the official server alike. */
import {
  activityInfo,
  ApplicationFailure,
  cancelled,
  CompleteAsyncError,
  getClient,
  heartbeat,
  sleep
} from "@temporalio/activity"

/** The task tokens of the activities that are completed from outside, by their workflow. */
export const tokens = new Map<string, Uint8Array>()

/** Heartbeats until it is told to stop. */
const beatUntilCancelled = async (): Promise<never> => {
  for (;;) {
    heartbeat("still here")
    await sleep(50)
  }
}

export const comparedActivities = {
  echo: async <Value>(value: Value): Promise<Value> => value,

  failTimes: async (times: number): Promise<number> => {
    const { attempt } = activityInfo()
    if (attempt <= times)
      throw ApplicationFailure.create({
        message: `attempt ${attempt}`,
        type: "Again",
        details: [attempt, { more: true }],
        cause: new Error("what lies below")
      })
    return attempt
  },

  failAs: async (type: string, nonRetryable: boolean): Promise<never> => {
    throw ApplicationFailure.create({ message: "as told", type, nonRetryable })
  },

  failAfterDelay: async (milliseconds: number): Promise<number> => {
    const { attempt } = activityInfo()
    if (attempt === 1) throw ApplicationFailure.create({ message: "later", nextRetryDelay: milliseconds })
    return attempt
  },

  hang: (): Promise<never> => cancelled(),

  beatOnceAndHang: (details: string): Promise<never> => {
    heartbeat(details)
    return cancelled()
  },

  resume: async (details: string): Promise<unknown> => {
    const { attempt, heartbeatDetails } = activityInfo()
    if (attempt > 1) return [attempt, heartbeatDetails]
    heartbeat(details)
    throw new Error("before it was done")
  },

  /** Says that it has begun, then waits to be cancelled. */
  untilCancelled: async (workflowId: string): Promise<never> => {
    await getClient().workflow.getHandle(workflowId).signal("go")
    return beatUntilCancelled()
  },

  later: async (): Promise<never> => {
    const { taskToken, workflowExecution } = activityInfo()
    if (workflowExecution !== undefined) tokens.set(workflowExecution.workflowId, taskToken)
    throw new CompleteAsyncError()
  }
}

export type ComparedActivities = typeof comparedActivities
