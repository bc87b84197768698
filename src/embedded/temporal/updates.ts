import { randomUUID } from "node:crypto"

import { EventType, TaskFailedCause, UpdateStage } from "./proto/enums.ts"
import { toNumber } from "./proto/time.ts"
import { types } from "./proto/root.ts"
import type { ProtocolMessage, Request, UpdateOutcome, UpdateRequest } from "./proto/root.ts"
import { CommandFailure } from "./commands/context.ts"
import type { CommandContext } from "./commands/context.ts"
import type { Engine } from "./engine.ts"
import {
  invalidArgument,
  notFound,
  permissionDenied,
  ServiceError,
  tooManyUpdates,
  unavailable,
  workflowClosing,
  workflowCompleted,
  workflowNotReady
} from "./errors.ts"
import { newRunIdOf } from "./lifecycle.ts"
import { isOpen } from "./state.ts"
import type { Call } from "./call.ts"
import type { Run } from "./run.ts"
import type { Tx } from "./tx.ts"
import { scheduleTask } from "./workflow-task.ts"

/** An update that no workflow task has accepted yet. In memory only, as the real server keeps it. */
interface Admitted {
  readonly request: UpdateRequest
  /** Given to a worker with the workflow task that is started now. */
  sent: boolean
  /** Set by the task that is just completed; nothing of a rejection is stored. */
  rejection: UpdateOutcome | undefined
}

export interface UpdateState {
  readonly stage: number
  readonly outcome?: UpdateOutcome
}

/** An update request that was checked. */
export interface IdentifiedUpdate {
  readonly updateId: string
  readonly stage: number
  readonly request: UpdateRequest
}

interface Waiter {
  readonly updateId: string
  readonly stage: number
  readonly settle: (state: UpdateState | Error) => void
}

/** How long a wait for an update lasts before its stage is told as it is; history.longPollExpirationInterval. */
const longPollMs = 20_000

/** From this attempt of a workflow task on, updates are refused instead of waiting for it. */
const failingAttempts = 3

/** service/history/workflow/update/abort_reason.go: what an accepted update gets when its workflow closes first. */
const closedFirst: UpdateOutcome = {
  failure: {
    message: "Workflow Update failed because the Workflow completed before the Update completed.",
    source: "Server",
    applicationFailureInfo: { type: "AcceptedUpdateCompletedWorkflow", nonRetryable: true }
  }
}

/** The update never reached its workflow, because that ended. */
export class ClosedBeforeAccepted extends ServiceError {
  constructor() {
    const { code, message, details } = notFound("workflow update was aborted by closing workflow")
    super(code, message, details)
  }
}

const failedTask = (): ServiceError =>
  workflowNotReady("Unable to perform workflow execution update due to Workflow Task in failed state.")

/**
 * Updates: admitted in memory, accepted and completed by events. Where no workflow task is pending they are carried
 * by a speculative one (service/history/api/updateworkflow/api.go).
 */
export class Updates {
  readonly #engine: Engine
  readonly #admitted = new Map<string, Map<string, Admitted>>()
  readonly #waiters = new Map<string, Set<Waiter>>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** What is known of an update; undefined if nothing is. */
  #state(run: Run, updateId: string): UpdateState | undefined {
    const known = run.h.updates.get(updateId)
    if (known === undefined || known.acceptedEventId === 0) {
      if (known !== undefined) return { stage: UpdateStage.Admitted }
      const admitted = this.#admitted.get(run.runId)?.get(updateId)
      return admitted === undefined ? undefined : { stage: UpdateStage.Admitted }
    }
    if (known.completedEventId > 0) {
      const { outcome } =
        run.event(known.completedEventId).workflowExecutionUpdateCompletedEventAttributes ?? {}
      return { stage: UpdateStage.Completed, ...(outcome ? { outcome } : {}) }
    }
    return isOpen(run.h)
      ? { stage: UpdateStage.Accepted }
      : { stage: UpdateStage.Completed, outcome: closedFirst }
  }

  /** The outcome of an update, once it has one. */
  completed(run: Run, updateId: string): UpdateState | undefined {
    const state = this.#state(run, updateId)
    return state?.stage === UpdateStage.Completed ? state : undefined
  }

  isKnown(run: Run, updateId: string): boolean {
    return this.#state(run, updateId) !== undefined
  }

  /** Checks an update, and gives it an id if it has none. */
  identify(request: Request<"UpdateWorkflowExecution">): IdentifiedUpdate {
    const update = request.request
    if (!update?.meta) throw invalidArgument("Update meta is not set on request.")
    const updateId = update.meta.updateId || randomUUID()
    if (updateId.length > this.#engine.limits.idLength)
      throw invalidArgument("UpdateId length exceeds limit.")
    if (!update.input) throw invalidArgument("Update input is not set on request.")
    if (!update.input.name) throw invalidArgument("Update name is not set on request.")
    const stage = request.waitPolicy?.lifecycleStage || UpdateStage.Accepted
    if (stage === UpdateStage.Admitted)
      throw permissionDenied(
        "UpdateWorkflowExecution issued asynchronously and waiting on update admitted is not supported."
      )
    return { updateId, stage, request: { ...update, meta: { ...update.meta, updateId } } }
  }

  /** Admits an update, unless it is known, and has a workflow task carry it. */
  admit(tx: Tx, run: Run, { updateId, request }: IdentifiedUpdate): void {
    if (this.#state(run, updateId) !== undefined) return
    if (!isOpen(run.h)) throw workflowCompleted()
    if ((run.x.task?.attempt ?? run.x.taskAttempt) >= failingAttempts) throw failedTask()
    if (run.x.closeAttempted === true && (run.x.task?.startedEventId ?? 0) > 0) throw workflowClosing()
    const admitted = this.#admitted.get(run.runId) ?? new Map<string, Admitted>()
    const accepted = [...run.h.updates.values()].filter((known) => known.completedEventId === 0).length
    const { updatesInFlight, updates } = this.#engine.limits
    if (admitted.size + accepted >= updatesInFlight) throw tooManyUpdates(updatesInFlight)
    if (run.h.updates.size + admitted.size >= updates)
      throw new ServiceError(
        9,
        `The limit on the total number of distinct updates in this workflow has been reached (${updates}). Make sure any duplicate updates share an Update ID so the server can deduplicate them, and consider rejecting updates that you aren't going to process`
      )
    this.#admitted.set(run.runId, admitted)
    admitted.set(updateId, { request, sent: false, rejection: undefined })
    scheduleTask(tx, run, { speculative: true })
  }

  poll(
    run: Run,
    request: Request<"PollWorkflowExecutionUpdate">,
    call: Call
  ): Promise<UpdateState> | UpdateState {
    const updateId = request.updateRef?.updateId ?? ""
    if (this.#state(run, updateId) === undefined) throw notFound(`update "${updateId}" not found`)
    return this.wait(run, updateId, request.waitPolicy?.lifecycleStage ?? UpdateStage.Unspecified, call)
  }

  /** Waits until an update has got so far. */
  wait(run: Run, updateId: string, stage: number, call: Call): Promise<UpdateState> | UpdateState {
    const now = this.#state(run, updateId)
    if (now !== undefined && now.stage >= stage) return now
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(run.runId) ?? new Set<Waiter>()
      this.#waiters.set(run.runId, waiters)
      const end = (state: UpdateState | Error): void => {
        clearTimeout(timer)
        waiters.delete(waiter)
        this.#engine.waits.end(waiter)
        if (waiters.size === 0) this.#waiters.delete(run.runId)
        if (state instanceof Error) reject(state)
        else resolve(state)
      }
      const waiter: Waiter = { updateId, stage, settle: end }
      // The caller asks again: it only learns how far the update has got.
      const giveUp = (): void => end(this.#state(run, updateId) ?? { stage: UpdateStage.Unspecified })
      const timer = setTimeout(giveUp, Math.max(Math.min(longPollMs, call.deadline - Date.now() - 500), 0))
      timer.unref()
      waiters.add(waiter)
      this.#engine.waits.begin(waiter, "update")
      call.onCancel(giveUp)
    })
  }

  /** The requests that go along with a workflow task. */
  messages(run: Run, startedEventId: number): ProtocolMessage[] {
    const messages: ProtocolMessage[] = []
    for (const [updateId, admitted] of this.#admitted.get(run.runId) ?? []) {
      if (admitted.rejection !== undefined || run.h.updates.has(updateId)) continue
      admitted.sent = true
      messages.push({
        id: `${updateId}/request`,
        protocolInstanceId: updateId,
        eventId: startedEventId - 1,
        body: {
          type_url: "type.googleapis.com/temporal.api.update.v1.Request",
          value: types.updateRequest.encode(admitted.request).finish()
        }
      })
    }
    return messages
  }

  /** Whether updates wait that no task has carried yet. */
  hasUnsent(run: Run): boolean {
    for (const admitted of this.#admitted.get(run.runId)?.values() ?? []) if (!admitted.sent) return true
    return false
  }

  /** A worker's answer to an update. */
  handle(context: CommandContext, message: ProtocolMessage): void {
    const { tx, run } = context
    const updateId = message.protocolInstanceId ?? ""
    const value = message.body?.value ?? new Uint8Array(0)
    if (value.length > tx.core.limits.blobSize)
      throw new CommandFailure(
        TaskFailedCause.BadUpdateWorkflowExecutionMessage,
        `Message type ${message.body?.type_url?.split("/").at(-1) ?? ""} exceeds size limit.`,
        true
      )
    const admitted = this.#admitted.get(run.runId)?.get(updateId)
    const unknown = (): CommandFailure =>
      new CommandFailure(
        TaskFailedCause.BadUpdateWorkflowExecutionMessage,
        `update ${updateId} wasn't found on the server. This is most likely a transient error which will be resolved automatically by retries`
      )
    const bad = (why: string): CommandFailure =>
      new CommandFailure(TaskFailedCause.BadUpdateWorkflowExecutionMessage, `update "${updateId}": ${why}`)
    switch (message.body?.type_url?.split("/").at(-1)) {
      case "temporal.api.update.v1.Acceptance": {
        const acceptance = types.updateAcceptance.decode(value)
        const known = run.h.updates.get(updateId)
        // One that was admitted by an event has its request there; one that was in memory only, before a restart of
        // the service, comes back with its acceptance.
        const request = admitted?.request ?? acceptance.acceptedRequest
        if (known !== undefined ? known.acceptedEventId > 0 : !request) throw unknown()
        tx.add(run, EventType.UpdateAccepted, {
          workflowExecutionUpdateAcceptedEventAttributes: {
            protocolInstanceId: updateId,
            acceptedRequestMessageId: acceptance.acceptedRequestMessageId,
            acceptedRequestSequencingEventId: toNumber(acceptance.acceptedRequestSequencingEventId),
            ...(known === undefined ? { acceptedRequest: request } : {})
          }
        })
        return
      }
      case "temporal.api.update.v1.Rejection": {
        const rejection = { failure: types.updateRejection.decode(value).failure }
        if (admitted !== undefined) admitted.rejection = rejection
        else if (run.h.updates.get(updateId)?.acceptedEventId === 0) this.#reject(run, updateId, rejection)
        else if (!types.updateRejection.decode(value).rejectedRequest) throw unknown()
        return
      }
      case "temporal.api.update.v1.Response": {
        const known = run.h.updates.get(updateId)
        if (known === undefined || known.completedEventId > 0) throw bad("completed, but it was not accepted")
        const response = types.updateResponse.decode(value)
        tx.add(run, EventType.UpdateCompleted, {
          workflowExecutionUpdateCompletedEventAttributes: {
            meta: { ...response.meta, updateId },
            acceptedEventId: known.acceptedEventId,
            outcome: response.outcome
          }
        })
        return
      }
      default:
        throw bad(`unknown message ${message.body?.type_url ?? ""}`)
    }
  }

  /** Tells those who wait for an update that was admitted by an event that it was rejected. */
  #reject(run: Run, updateId: string, outcome: UpdateOutcome): void {
    for (const waiter of Array.from(this.#waiters.get(run.runId) ?? []))
      if (waiter.updateId === updateId) waiter.settle({ stage: UpdateStage.Completed, outcome })
  }

  /** Updates that a completed task was given but did not answer are rejected, as by the real server. */
  rejectUnanswered(run: Run): void {
    for (const [updateId, admitted] of this.#admitted.get(run.runId) ?? [])
      if (admitted.sent && admitted.rejection === undefined && !run.h.updates.has(updateId))
        admitted.rejection = {
          failure: {
            message:
              "Workflow Update is rejected because it wasn't processed by worker. Probably, Workflow Update is not supported by the worker.",
            source: "Server",
            applicationFailureInfo: { type: "UnprocessedUpdate", nonRetryable: true }
          }
        }
  }

  /** The transition was undone: its answers are to be asked for again. */
  undo(run: Run): void {
    for (const admitted of this.#admitted.get(run.runId)?.values() ?? []) admitted.rejection = undefined
  }

  /**
   * The service failed a workflow task for what it brought (abort_reason.go, AbortReasonWorkflowTaskFailed): the
   * updates that it carried are over, the others may be asked for again.
   */
  abort(run: Run): void {
    const admitted = this.#admitted.get(run.runId)
    this.#admitted.delete(run.runId)
    for (const [updateId, { sent }] of admitted ?? [])
      this.#fail(
        run,
        updateId,
        sent
          ? workflowNotReady(
              "Unable to perform workflow execution update due to unexpected workflow task failure."
            )
          : unavailable("workflow update was aborted")
      )
  }

  #fail(run: Run, updateId: string, error: ServiceError): void {
    for (const waiter of Array.from(this.#waiters.get(run.runId) ?? []))
      if (waiter.updateId === updateId) waiter.settle(error)
  }

  /** Tells those who wait what a commit has brought. */
  changed(run: Run): void {
    const admitted = this.#admitted.get(run.runId)
    const waiters = this.#waiters.get(run.runId)
    if (admitted === undefined && waiters === undefined) return
    const open = isOpen(run.h)
    const failing = (run.x.task?.attempt ?? run.x.taskAttempt) >= failingAttempts
    for (const [updateId, update] of admitted ?? []) {
      const { rejection } = update
      const known = run.h.updates.has(updateId)
      if (run.x.task === undefined || run.x.task.startedEventId === 0) update.sent = false
      if (!known && rejection === undefined && open && !failing) continue
      admitted?.delete(updateId)
      if (known) continue
      if (rejection === undefined) this.#fail(run, updateId, failing && open ? failedTask() : closed(run))
      else this.#reject(run, updateId, rejection)
    }
    if (admitted?.size === 0) this.#admitted.delete(run.runId)
    for (const waiter of Array.from(waiters ?? [])) {
      const state = this.#state(run, waiter.updateId)
      if (state !== undefined && state.stage >= waiter.stage) waiter.settle(state)
    }
  }

  close(): void {
    for (const waiters of this.#waiters.values())
      for (const waiter of Array.from(waiters)) waiter.settle(unavailable("the service is shutting down"))
  }
}

/** What an update gets that its workflow did not accept before it ended. */
const closed = (run: Run): ServiceError =>
  newRunIdOf(run) === "" ? new ClosedBeforeAccepted() : workflowClosing()
