import { randomUUID } from "node:crypto"

import {
  EventType,
  ResetExclude,
  ResetReapplyType,
  TaskFailedCause,
  UpdateAdmittedOrigin
} from "./proto/enums.ts"
import { toNumber } from "./proto/time.ts"
import type { Failure, HistoryEvent, Request } from "./proto/root.ts"
import { addAttempt } from "./activities.ts"
import { invalidArgument } from "./errors.ts"
import { cancelExternal, reconnectChild, signalExternal } from "./external.ts"
import { decodeFrame } from "./history.ts"
import { resetterIdentity, terminateRun } from "./lifecycle.ts"
import { childEnd, isOpen, rebuildState } from "./state.ts"
import type { Tx } from "./tx.ts"
import { Run } from "./run.ts"
import { scheduleTask, serviceIdentity } from "./workflow-task.ts"

// service/history/ndc/workflow_resetter.go: a reset ends the current run and makes a new one out of the beginning
// of a former run's history, up to a workflow task, which fails. What came from outside later is applied again.

type ResetRequest = Request<"ResetWorkflowExecution">

const resetFailure = (message: string): Failure => ({ message, resetWorkflowFailureInfo: {} })

/** What is not to be applied to the new run, by the new and the old way to say it. */
const excluded = (request: ResetRequest): ReadonlySet<number> => {
  const types = new Set<number>(request.resetReapplyExcludeTypes ?? [])
  const include = request.resetReapplyType ?? ResetReapplyType.Unspecified
  if (include === ResetReapplyType.Signal || include === ResetReapplyType.None) types.add(ResetExclude.Update)
  if (include === ResetReapplyType.None) types.add(ResetExclude.Signal)
  return types
}

/** The workflow task that is open at the end of the events, if one is. */
const pendingTask = (events: readonly HistoryEvent[]): { scheduled: number; started: number } | undefined => {
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const event = events[index]
    switch (event?.eventType) {
      case EventType.WorkflowTaskScheduled:
        return { scheduled: toNumber(event.eventId), started: 0 }
      case EventType.WorkflowTaskStarted:
        return {
          scheduled: toNumber(event.workflowTaskStartedEventAttributes?.scheduledEventId),
          started: toNumber(event.eventId)
        }
      case EventType.WorkflowTaskCompleted:
      case EventType.WorkflowTaskFailed:
      case EventType.WorkflowTaskTimedOut:
        return undefined
      default:
        continue
    }
  }
  return undefined
}

/** Makes the new run, as far as the history of the base run goes. */
const fork = (tx: Tx, base: Run, runId: string, request: ResetRequest): Run => {
  const finishEventId = toNumber(request.workflowTaskFinishEventId)
  const run = new Run({ namespace: base.namespace, workflowId: base.workflowId, runId })
  const events: HistoryEvent[] = []
  for (const frame of base.frames.slice(0, finishEventId - 1)) {
    run.frames.push(frame)
    run.historySize += frame.length
    events.push(decodeFrame(frame))
  }
  run.h = rebuildState(events)
  const task = pendingTask(events)
  if (task === undefined)
    throw invalidArgument(
      `Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, WorkflowTaskStarted + 1]: ${finishEventId}`
    )
  tx.create(run)
  // The timers and timeouts of its history are its own: they are set when it is looked at.
  run.wakeAt(tx.now)
  run.x.startRequestId = request.requestId ?? ""
  let startedEventId = task.started
  if (startedEventId === 0)
    startedEventId = toNumber(
      tx.add(run, EventType.WorkflowTaskStarted, {
        workflowTaskStartedEventAttributes: {
          scheduledEventId: task.scheduled,
          identity: serviceIdentity,
          requestId: randomUUID(),
          historySizeBytes: run.historySize
        }
      }).eventId
    )
  tx.add(run, EventType.WorkflowTaskFailed, {
    workflowTaskFailedEventAttributes: {
      scheduledEventId: task.scheduled,
      startedEventId,
      cause: TaskFailedCause.ResetWorkflow,
      failure: resetFailure(request.reason ?? ""),
      identity: serviceIdentity,
      baseRunId: base.runId,
      newRunId: runId
    }
  })
  // failInflightActivity: what no worker had yet begins anew.
  for (const info of run.h.activities.values()) {
    run.setAttempt({ ...addAttempt(run, info.scheduledEventId, tx.now), firstScheduledTime: tx.now })
    tx.offers.push({ kind: "activity", run, scheduledEventId: info.scheduledEventId })
  }
  return run
}

/** Applies an event that came from outside to the new run. */
const reapply = (tx: Tx, run: Run, event: HistoryEvent, exclude: ReadonlySet<number>): void => {
  const links = event.links && event.links.length > 0 ? { links: event.links } : {}
  switch (event.eventType) {
    case EventType.WorkflowExecutionSignaled: {
      const attributes = event.workflowExecutionSignaledEventAttributes
      if (exclude.has(ResetExclude.Signal) || !attributes) return
      tx.add(run, EventType.WorkflowExecutionSignaled, {
        workflowExecutionSignaledEventAttributes: {
          signalName: attributes.signalName,
          input: attributes.input,
          identity: attributes.identity,
          header: attributes.header
        },
        ...links
      })
      return
    }
    case EventType.UpdateAdmitted:
    case EventType.UpdateAccepted: {
      if (exclude.has(ResetExclude.Update)) return
      const admitted = event.workflowExecutionUpdateAdmittedEventAttributes
      // One that was admitted by an event is accepted without its request: it is applied by that event.
      const request = admitted
        ? admitted.request
        : event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest
      if (!request) return
      tx.add(run, EventType.UpdateAdmitted, {
        workflowExecutionUpdateAdmittedEventAttributes: {
          request,
          origin: admitted?.origin ?? UpdateAdmittedOrigin.Reapply
        }
      })
      return
    }
    case EventType.WorkflowExecutionOptionsUpdated:
      tx.add(run, EventType.WorkflowExecutionOptionsUpdated, {
        workflowExecutionOptionsUpdatedEventAttributes: event.workflowExecutionOptionsUpdatedEventAttributes,
        ...links
      })
      return
    default:
      return reapplyChildEvent(tx, run, event)
  }
}

// reapplyChildEvents: what became of children that were initiated before the point of the reset.
const reapplyChildEvent = (tx: Tx, run: Run, event: HistoryEvent): void => {
  const started = event.childWorkflowExecutionStartedEventAttributes
  const closed = childEnd(event)
  const child = run.h.children.get(toNumber((started ?? closed)?.initiatedEventId))
  if (child === undefined || (started && child.startedEventId !== 0)) return
  const { eventId: _, eventTime: __, eventType, ...body } = event
  if (closed && "startedEventId" in closed) {
    // The started event has another id here.
    const wired = { ...closed, startedEventId: child.startedEventId }
    const key = Object.keys(body).find((name) => body[name as keyof typeof body] === closed)
    if (key === undefined) return
    tx.add(run, eventType ?? 0, { ...body, [key]: wired })
    return
  }
  tx.add(run, eventType ?? 0, body)
}

/**
 * Applies what came after the point of the reset: in the base run, and in the runs in which it was continued as new.
 */
const reapplyChain = (tx: Tx, run: Run, base: Run, from: number, exclude: ReadonlySet<number>): void => {
  if (Object.values(ResetExclude).every((type) => exclude.has(type))) return
  let visited: Run | undefined = base
  let first = from
  while (visited !== undefined) {
    let last: HistoryEvent | undefined
    for (const frame of visited.frames.slice(first - 1)) {
      last = decodeFrame(frame)
      reapply(tx, run, last, exclude)
    }
    const next: string | null | undefined =
      last?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId
    visited = next ? tx.findRun(next) : undefined
    first = 1
  }
}

/** Resets a workflow to a point in the history of one of its runs. Returns the run that goes on from there. */
export const resetWorkflow = (tx: Tx, base: Run, request: ResetRequest): Run => {
  const finishEventId = toNumber(request.workflowTaskFinishEventId)
  if (finishEventId <= 1 || finishEventId >= base.nextEventId)
    throw invalidArgument("Workflow task finish ID must be > 1 && <= workflow last event ID.")
  const current = tx.currentRun(base.namespace, base.workflowId) ?? base
  // The same request once more.
  if (current.x.startRequestId === request.requestId) return current
  const runId = randomUUID()
  tx.touch(base)
  base.x.resetRunId = runId
  if (isOpen(current.h))
    terminateRun(tx, current, { reason: request.reason ?? "", identity: resetterIdentity })
  const run = fork(tx, base, runId, request)
  reapplyChain(tx, run, base, finishEventId, excluded(request))
  tx.defer(() => {
    for (const child of run.h.children.values())
      if (child.startedEventId === 0) reconnectChild(tx, run, child.initiatedEventId)
    for (const initiatedEventId of run.h.signalsOut.keys()) signalExternal(tx, run, initiatedEventId)
    for (const initiatedEventId of run.h.cancelsOut.keys()) cancelExternal(tx, run, initiatedEventId)
  })
  scheduleTask(tx, run)
  return run
}
