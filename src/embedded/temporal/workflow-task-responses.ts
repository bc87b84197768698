import { randomUUID } from "node:crypto"

import { TaskFailedCause } from "./proto/enums.ts"
import { toMillis } from "./proto/time.ts"
import { types } from "./proto/root.ts"
import type { Request } from "./proto/root.ts"
import { startActivity } from "./activities.ts"
import { CommandFailure } from "./commands/context.ts"
import type { CommandContext } from "./commands/context.ts"
import { handleCommands, validateSequence } from "./commands/index.ts"
import type { Engine } from "./engine.ts"
import { invalidArgument, ServiceError, workflowTaskNotFound } from "./errors.ts"
import { delimited } from "./history.ts"
import { terminateRun } from "./lifecycle.ts"
import type { Queries } from "./queries.ts"
import { isOpen } from "./state.ts"
import { respondingWorker } from "./task-worker.ts"
import { parseWorkflowToken } from "./token.ts"
import type { Tx } from "./tx.ts"
import type { Run, WorkflowTask } from "./run.ts"
import type { Updates } from "./updates.ts"
import { joined } from "./workflow-task-answers.ts"
import type { TaskAnswers } from "./workflow-task-answers.ts"
import {
  completeTask,
  failTask,
  heartbeatExpired,
  scheduleTask,
  serviceIdentity,
  startTask,
  timeOutTask
} from "./workflow-task.ts"

/** The number of the next task's field in the answer to a completion. */
const nextTaskField = 1

/** What workers answer to workflow tasks (service/history/api/respondworkflowtaskcompleted). */
export class WorkflowTaskResponses {
  readonly #engine: Engine
  readonly #queries: Queries
  readonly #updates: Updates
  readonly #answers: TaskAnswers

  constructor(engine: Engine, queries: Queries, updates: Updates, answers: TaskAnswers) {
    this.#engine = engine
    this.#queries = queries
    this.#updates = updates
    this.#answers = answers
  }

  /** The run and task that a worker answers, if it still has it. */
  #started(token: Uint8Array | null | undefined): { run: Run; task: WorkflowTask } {
    const parsed = parseWorkflowToken(token)
    const run = this.#engine.findRun(parsed.runId)
    const task = run?.x.task
    if (
      run === undefined ||
      task === undefined ||
      !isOpen(run.h) ||
      task.startedEventId === 0 ||
      task.startedEventId !== parsed.startedEventId ||
      task.scheduledEventId !== parsed.scheduledEventId ||
      task.startedTime !== parsed.startedTime ||
      task.attempt !== parsed.attempt
    )
      throw workflowTaskNotFound()
    return { run, task }
  }

  completed(request: Request<"RespondWorkflowTaskCompleted">): Uint8Array {
    const { run, task } = this.#started(request.taskToken)
    const commands = request.commands ?? []
    validateSequence(commands)
    const settleQueries = this.#queries.take(run, request.queryResults)
    try {
      return this.#engine.transact((tx) => this.#complete(tx, run, task, request))
    } catch (error) {
      this.#updates.undo(run)
      if (!(error instanceof CommandFailure || error instanceof ServiceError)) throw error
      this.#updates.abort(run)
      // Its history was too long: it is closed by now.
      if (!isOpen(run.h)) throw error
      const unhandled =
        error instanceof CommandFailure && error.failedCause === TaskFailedCause.UnhandledCommand
      // A task that keeps failing for what it says is dropped: it times out, and that is its backoff.
      if (task.attempt > 1 && !unhandled) throw invalidArgument(error.message)
      this.#engine.transact((tx) => {
        failTask(tx, run, {
          cause: error instanceof CommandFailure ? error.failedCause : TaskFailedCause.Unspecified,
          failure: { message: error.message, serverFailureInfo: {} },
          identity: request.identity ?? ""
        })
        if (error instanceof CommandFailure && error.terminate) {
          tx.flush(run)
          terminateRun(tx, run, { reason: error.message, identity: serviceIdentity })
        } else scheduleTask(tx, run)
      })
      throw invalidArgument(error.message)
    } finally {
      settleQueries()
    }
  }

  #complete(
    tx: Tx,
    run: Run,
    task: WorkflowTask,
    request: Request<"RespondWorkflowTaskCompleted">
  ): Uint8Array {
    const commands = request.commands ?? []
    const forced = request.forceCreateNewWorkflowTask === true
    const heartbeat = forced && commands.length === 0 && (request.messages?.length ?? 0) === 0
    const expired = heartbeat && heartbeatExpired(task, tx.now)
    let completedEventId: number | undefined = 0
    if (expired) timeOutTask(tx, run, 1)
    else completedEventId = completeTask(tx, run, task, request)
    const sticky = request.stickyAttributes
    run.x.sticky =
      sticky?.workerTaskQueue?.name && !expired
        ? {
            queue: sticky.workerTaskQueue.name,
            scheduleToStartMs: toMillis(sticky.scheduleToStartTimeout) || 10_000
          }
        : undefined
    const context: CommandContext = {
      tx,
      run,
      completedEventId: completedEventId ?? 0,
      identity: request.identity ?? "",
      hasBuffered: run.x.buffered.length > 0,
      activityCancelled: false,
      protocolMessage: (messageId) => {
        const message = messages.get(messageId)
        if (message === undefined)
          throw new CommandFailure(
            TaskFailedCause.BadUpdateWorkflowExecutionMessage,
            `ProtocolMessageCommand referenced absent message ID ${messageId}`
          )
        messages.delete(messageId)
        this.#updates.handle(context, message)
      },
      eager: []
    }
    const messages = new Map((request.messages ?? []).map((message) => [message.id ?? "", message]))
    handleCommands(context, commands)
    for (const message of messages.values()) this.#updates.handle(context, message)
    // Where the workflow has closed itself, the updates that it passed over are aborted instead.
    if (!forced && isOpen(run.h)) this.#updates.rejectUnanswered(run)
    if (isOpen(run.h) && (forced || context.hasBuffered || context.activityCancelled))
      scheduleTask(tx, run, {
        originalScheduledTime: heartbeat && !expired ? task.originalScheduledTime : undefined
      })
    tx.settle()
    // What came in while the worker had the task is carried by one that may leave no trace, if it is taken at once.
    if (isOpen(run.h) && this.#updates.hasUnsent(run))
      scheduleTask(tx, run, { speculative: request.returnNewWorkflowTask === true })
    if (completedEventId === undefined) tx.speculate(run)
    const answer: Uint8Array[] = []
    const worker = respondingWorker(request)
    if (request.returnNewWorkflowTask === true && run.x.task?.startedEventId === 0) {
      const next = startTask(tx, run, worker, "request-from-RespondWorkflowTaskCompleted")
      answer.push(
        ...delimited(nextTaskField, this.#answers.workflowTask(run, next, run.x.sticky !== undefined))
      )
    }
    const eager = context.eager.flatMap(({ scheduledEventId }) => {
      const started = startActivity(
        tx,
        run,
        scheduledEventId,
        { attempt: 1, stamp: 0 },
        { identity: worker.identity, requestId: randomUUID() }
      )
      return started === undefined ? [] : [started]
    })
    if (eager.length > 0)
      answer.push(types.respondWorkflowTaskCompleted.encode({ activityTasks: eager }).finish())
    // The worker has to go back to before what it was shown of a task that never was.
    if (completedEventId === undefined)
      answer.push(
        types.respondWorkflowTaskCompleted.encode({ resetHistoryEventId: run.h.lastStartedEventId }).finish()
      )
    return joined(answer)
  }

  failed(request: Request<"RespondWorkflowTaskFailed">): void {
    const { run } = this.#started(request.taskToken)
    this.#engine.transact((tx) => {
      failTask(tx, run, {
        cause: request.cause ?? 0,
        failure: request.failure ?? undefined,
        identity: request.identity ?? "",
        binaryChecksum: request.binaryChecksum ?? ""
      })
      scheduleTask(tx, run)
    })
  }
}
