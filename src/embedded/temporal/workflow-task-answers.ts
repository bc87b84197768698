import { TaskQueueKind } from "./proto/enums.ts"
import { fromMillis } from "./proto/time.ts"
import { types } from "./proto/root.ts"
import type { PollWorkflowTaskResponse } from "./proto/root.ts"
import { delimited } from "./history.ts"
import { historyPage } from "./history-page.ts"
import type { Queries } from "./queries.ts"
import { queryToken, workflowToken } from "./token.ts"
import type { Run, WorkflowTask } from "./run.ts"
import type { Updates } from "./updates.ts"

/** The number of the history's field in the message that carries it. */
const historyField = 8

const encode = (response: PollWorkflowTaskResponse, frames: readonly Uint8Array[]): Uint8Array[] => [
  types.pollWorkflowTask.encode(response).finish(),
  ...delimited(historyField, frames)
]

const queueOf = (run: Run) => ({
  name: run.h.started.taskQueue?.name ?? "",
  kind: TaskQueueKind.Normal
})

/** Puts the parts of an encoded message behind each other. */
export const joined = (parts: readonly Uint8Array[]): Uint8Array =>
  parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)

/** What a worker that polls for workflow tasks is answered, encoded: the fields, and the history as it is stored. */
export class TaskAnswers {
  readonly #queries: Queries
  readonly #updates: Updates

  constructor(queries: Queries, updates: Updates) {
    this.#queries = queries
    this.#updates = updates
  }

  /** A task that was just started, with the queries and updates that go along; a sticky one with what is new only. */
  workflowTask(run: Run, task: WorkflowTask, sticky: boolean): Uint8Array[] {
    const previousStartedEventId = run.h.lastStartedEventId
    const page = historyPage(run, sticky ? previousStartedEventId + 1 : 1, task.startedEventId)
    return encode(
      {
        taskToken: workflowToken(run, task),
        workflowExecution: { workflowId: run.workflowId, runId: run.runId },
        workflowType: run.h.started.workflowType,
        previousStartedEventId,
        startedEventId: task.startedEventId,
        attempt: task.attempt,
        workflowExecutionTaskQueue: queueOf(run),
        scheduledTime: fromMillis(task.scheduledTime),
        startedTime: fromMillis(task.startedTime),
        queries: this.#queries.attach(run),
        messages: this.#updates.messages(run, task.startedEventId),
        nextPageToken: page.nextPageToken
      },
      page.frames
    )
  }

  /** A query that is sent by itself; undefined if another worker has it already. */
  queryTask(run: Run, queryId: string, sticky: boolean): Uint8Array | undefined {
    const direct = this.#queries.direct(queryId)
    if (direct === undefined || direct.taken) return undefined
    direct.taken = true
    const page = sticky
      ? { frames: [], nextPageToken: new Uint8Array(0) }
      : historyPage(run, 1, run.frames.length)
    return joined(
      encode(
        {
          taskToken: queryToken(run.runId, queryId),
          workflowExecution: { workflowId: run.workflowId, runId: run.runId },
          workflowType: run.h.started.workflowType,
          previousStartedEventId: run.h.lastStartedEventId,
          startedEventId: 0,
          attempt: 1,
          workflowExecutionTaskQueue: queueOf(run),
          query: direct.pending.query,
          nextPageToken: page.nextPageToken
        },
        page.frames
      )
    )
  }
}
