import { randomUUID } from "node:crypto"

import { EventType, ParentClosePolicy } from "./proto/enums.ts"
import { positiveMillis } from "./proto/time.ts"
import type { WorkflowExecution } from "./proto/root.ts"
import { alreadyStartedRun } from "./identity.ts"
import { createRun, firstStarted, requestCancel, signalRun } from "./lifecycle.ts"
import { isOpen } from "./state.ts"
import type { Tx } from "./tx.ts"
import type { Run } from "./run.ts"
import { scheduleTask } from "./workflow-task.ts"

// What one run does to another one. It happens behind the commands of the workflow task, in the same transaction,
// so there is nothing to deliver later and nothing to lose.

const workflowAlreadyExists = 1
const namespaceNotFound = 2
const externalNotFound = 1

export const startChild = (tx: Tx, parent: Run, initiatedEventId: number): void => {
  const child = parent.h.children.get(initiatedEventId)
  // A parent that closed with the same task still starts the children that do not depend on it.
  const attributes = child?.attributes ?? orphanedAttributes(parent, initiatedEventId)
  if (attributes === undefined) return
  if (!isOpen(parent.h) && attributes.parentClosePolicy !== ParentClosePolicy.Abandon) return
  const namespace = attributes.namespace || parent.namespace
  const workflowId = attributes.workflowId ?? ""
  const fail = (cause: number): void => {
    if (!isOpen(parent.h)) return
    tx.add(parent, EventType.StartChildFailed, {
      startChildWorkflowExecutionFailedEventAttributes: {
        namespace,
        workflowId,
        workflowType: attributes.workflowType,
        cause,
        control: attributes.control ?? "",
        initiatedEventId,
        workflowTaskCompletedEventId: attributes.workflowTaskCompletedEventId ?? 0
      }
    })
    scheduleTask(tx, parent)
  }
  if (!tx.core.hasNamespace(namespace)) return fail(namespaceNotFound)
  const existing = tx.currentRun(namespace, workflowId)
  if (
    existing !== undefined &&
    alreadyStartedRun(existing, attributes.workflowIdReusePolicy ?? 0) !== undefined
  )
    return fail(workflowAlreadyExists)
  const runId = randomUUID()
  const root = parent.h.started.rootWorkflowExecution
  createRun(tx, {
    namespace,
    workflowId,
    runId,
    requestId: randomUUID(),
    userMetadata: child?.userMetadata,
    attributes: firstStarted(
      tx.now,
      { workflowId, runId },
      {
        workflowType: attributes.workflowType?.name ?? "",
        taskQueue: attributes.taskQueue?.name ?? "",
        input: attributes.input,
        header: attributes.header,
        memo: attributes.memo,
        searchAttributes: attributes.searchAttributes,
        retryPolicy: attributes.retryPolicy,
        cronSchedule: attributes.cronSchedule ?? "",
        executionMs: positiveMillis(attributes.workflowExecutionTimeout) ?? 0,
        runMs: positiveMillis(attributes.workflowRunTimeout) ?? 0,
        taskMs: positiveMillis(attributes.workflowTaskTimeout) ?? 0,
        identity: "",
        priority: attributes.priority ?? parent.h.started.priority
      },
      {
        parentWorkflowNamespace: parent.namespace,
        parentWorkflowExecution: { workflowId: parent.workflowId, runId: parent.runId },
        parentInitiatedEventId: initiatedEventId,
        rootWorkflowExecution: root?.workflowId
          ? root
          : { workflowId: parent.workflowId, runId: parent.runId }
      }
    )
  })
  if (!isOpen(parent.h)) return
  tx.add(parent, EventType.ChildStarted, {
    childWorkflowExecutionStartedEventAttributes: {
      namespace,
      initiatedEventId,
      workflowExecution: { workflowId, runId },
      workflowType: attributes.workflowType,
      header: attributes.header
    }
  })
  scheduleTask(tx, parent)
}

const orphanedAttributes = (parent: Run, initiatedEventId: number) =>
  parent.event(initiatedEventId).startChildWorkflowExecutionInitiatedEventAttributes ?? undefined

/** The open run that a command means: the named one, or the workflow id's current one. */
const target = (
  tx: Tx,
  namespace: string,
  execution: WorkflowExecution | null | undefined,
  parentOf: Run | undefined
): Run | undefined => {
  const run = execution?.runId
    ? tx.findRun(execution.runId)
    : tx.currentRun(namespace, execution?.workflowId ?? "")
  if (run === undefined || run.workflowId !== execution?.workflowId || run.namespace !== namespace)
    return undefined
  if (parentOf !== undefined && run.h.started.parentWorkflowExecution?.runId !== parentOf.runId)
    return undefined
  return isOpen(run.h) ? run : undefined
}

export const signalExternal = (tx: Tx, run: Run, initiatedEventId: number): void => {
  const attributes =
    run.h.signalsOut.get(initiatedEventId) ??
    run.event(initiatedEventId).signalExternalWorkflowExecutionInitiatedEventAttributes
  if (!attributes) return
  const namespace = attributes.namespace || run.namespace
  const known = tx.core.hasNamespace(namespace)
  const other = known
    ? target(tx, namespace, attributes.workflowExecution, attributes.childWorkflowOnly ? run : undefined)
    : undefined
  if (other !== undefined)
    signalRun(tx, other, {
      name: attributes.signalName ?? "",
      input: attributes.input,
      header: attributes.header,
      identity: "history-service",
      requestId: `${run.runId}:${initiatedEventId}`,
      external: { workflowId: run.workflowId, runId: run.runId }
    })
  if (!isOpen(run.h)) return
  if (other === undefined)
    tx.add(run, EventType.SignalExternalFailed, {
      signalExternalWorkflowExecutionFailedEventAttributes: {
        cause: known ? externalNotFound : namespaceNotFound,
        workflowTaskCompletedEventId: attributes.workflowTaskCompletedEventId ?? 0,
        namespace,
        workflowExecution: attributes.workflowExecution,
        initiatedEventId,
        control: attributes.control ?? ""
      }
    })
  else
    tx.add(run, EventType.ExternalSignaled, {
      externalWorkflowExecutionSignaledEventAttributes: {
        initiatedEventId,
        namespace,
        workflowExecution: attributes.workflowExecution,
        control: attributes.control ?? ""
      }
    })
  scheduleTask(tx, run)
}

export const cancelExternal = (tx: Tx, run: Run, initiatedEventId: number): void => {
  const attributes =
    run.h.cancelsOut.get(initiatedEventId) ??
    run.event(initiatedEventId).requestCancelExternalWorkflowExecutionInitiatedEventAttributes
  if (!attributes) return
  const namespace = attributes.namespace || run.namespace
  const known = tx.core.hasNamespace(namespace)
  const other = known
    ? target(tx, namespace, attributes.workflowExecution, attributes.childWorkflowOnly ? run : undefined)
    : undefined
  if (other !== undefined)
    requestCancel(tx, other, {
      cause: attributes.reason ?? "",
      identity: "history-service",
      external: { workflowId: run.workflowId, runId: run.runId },
      externalInitiatedEventId: initiatedEventId
    })
  if (!isOpen(run.h)) return
  if (other === undefined)
    tx.add(run, EventType.RequestCancelExternalFailed, {
      requestCancelExternalWorkflowExecutionFailedEventAttributes: {
        cause: known ? externalNotFound : namespaceNotFound,
        workflowTaskCompletedEventId: attributes.workflowTaskCompletedEventId ?? 0,
        namespace,
        workflowExecution: attributes.workflowExecution,
        initiatedEventId,
        control: attributes.control ?? ""
      }
    })
  else
    tx.add(run, EventType.ExternalCancelRequested, {
      externalWorkflowExecutionCancelRequestedEventAttributes: {
        initiatedEventId,
        namespace,
        workflowExecution: attributes.workflowExecution
      }
    })
  scheduleTask(tx, run)
}
