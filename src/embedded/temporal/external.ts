import { randomUUID } from "node:crypto"

import { EventType, ParentClosePolicy } from "./proto/enums.ts"
import { positiveMillis } from "./proto/time.ts"
import type {
  CancelExternalAttributes,
  ChildInitiatedAttributes,
  SignalExternalAttributes
} from "./proto/root.ts"
import { alreadyStartedRun } from "./identity.ts"
import { createRun, firstStarted, requestCancel, signalRun } from "./lifecycle.ts"
import { isOpen } from "./state.ts"
import type { ChildInfo } from "./state.ts"
import type { Tx } from "./tx.ts"
import type { Run } from "./run.ts"
import { scheduleTask, serviceIdentity } from "./workflow-task.ts"

// What one run does to another one. It happens behind the commands of the workflow task, in the same transaction,
// so there is nothing to deliver later and nothing to lose.

const workflowAlreadyExists = 1
const namespaceNotFound = 2
const externalNotFound = 1
const signalLimitExceeded = 3

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
        initiatedEventId
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
  addChildStarted(tx, parent, initiatedEventId, attributes, runId)
}

const orphanedAttributes = (parent: Run, initiatedEventId: number) =>
  parent.event(initiatedEventId).startChildWorkflowExecutionInitiatedEventAttributes ?? undefined

/** verifyChildWorkflow: the run of a child that an earlier run of the parent started. */
const formerChild = (tx: Tx, parent: Run, child: ChildInfo): Run | undefined => {
  const { namespace, workflowId } = child.attributes
  const run = tx.currentRun(namespace || parent.namespace, workflowId ?? "")
  const its = run?.h.started.parentWorkflowExecution
  if (run === undefined || its?.workflowId !== parent.workflowId) return undefined
  const former = tx.findRun(its.runId ?? "")
  return former?.h.started.originalExecutionRunId === parent.h.started.originalExecutionRunId
    ? run
    : undefined
}

/** After a reset: takes on a child that the former run has started already, or starts it. */
export const reconnectChild = (tx: Tx, parent: Run, initiatedEventId: number): void => {
  const child = parent.h.children.get(initiatedEventId)
  if (child === undefined) return
  const run = formerChild(tx, parent, child)
  if (run === undefined) return startChild(tx, parent, initiatedEventId)
  addChildStarted(tx, parent, initiatedEventId, child.attributes, run.h.started.firstExecutionRunId ?? "")
}

const addChildStarted = (
  tx: Tx,
  parent: Run,
  initiatedEventId: number,
  attributes: ChildInitiatedAttributes,
  runId: string
): void => {
  tx.add(parent, EventType.ChildStarted, {
    childWorkflowExecutionStartedEventAttributes: {
      namespace: attributes.namespace || parent.namespace,
      initiatedEventId,
      workflowExecution: { workflowId: attributes.workflowId ?? "", runId },
      workflowType: attributes.workflowType,
      header: attributes.header
    }
  })
  scheduleTask(tx, parent)
}

/** The run that a command means: the named one, or the workflow id's current one. Never one of the sender's own. */
const target = (tx: Tx, run: Run, attributes: SignalExternalAttributes | CancelExternalAttributes) => {
  const namespace = attributes.namespace || run.namespace
  const execution = attributes.workflowExecution
  if (namespace === run.namespace && execution?.workflowId === run.workflowId) return undefined
  const found = execution?.runId
    ? tx.findRun(execution.runId)
    : tx.currentRun(namespace, execution?.workflowId ?? "")
  if (found === undefined || found.workflowId !== execution?.workflowId || found.namespace !== namespace)
    return undefined
  if (attributes.childWorkflowOnly && found.h.started.parentWorkflowExecution?.runId !== run.runId)
    return undefined
  return found
}

/** What is told of a request to another run, however it went. */
const told = (
  tx: Tx,
  run: Run,
  initiatedEventId: number,
  attributes: SignalExternalAttributes | CancelExternalAttributes
) => {
  const { workflowExecution, control } = attributes
  const namespace = attributes.namespace || run.namespace
  const common = { initiatedEventId, namespace, workflowExecution }
  return {
    common,
    failed: {
      ...common,
      cause: tx.core.hasNamespace(namespace) ? externalNotFound : namespaceNotFound,
      control: control ?? ""
    }
  }
}

// transfer_queue_active_task_executor.go: what a run asked of others with the task that closed it is not done.

export const signalExternal = (tx: Tx, run: Run, initiatedEventId: number): void => {
  const attributes = run.h.signalsOut.get(initiatedEventId)
  if (attributes === undefined || !isOpen(run.h)) return
  const { common, failed } = told(tx, run, initiatedEventId, attributes)
  const other = target(tx, run, attributes)
  const full = other !== undefined && other.h.signals >= tx.core.limits.signals
  if (other === undefined || full || !isOpen(other.h))
    tx.add(run, EventType.SignalExternalFailed, {
      signalExternalWorkflowExecutionFailedEventAttributes: full
        ? { ...failed, cause: signalLimitExceeded }
        : failed
    })
  else {
    signalRun(tx, other, {
      name: attributes.signalName ?? "",
      input: attributes.input,
      header: attributes.header,
      identity: serviceIdentity,
      requestId: `${run.runId}:${initiatedEventId}`,
      external: { workflowId: run.workflowId, runId: run.runId }
    })
    tx.add(run, EventType.ExternalSignaled, {
      externalWorkflowExecutionSignaledEventAttributes: { ...common, control: attributes.control ?? "" }
    })
  }
  scheduleTask(tx, run)
}

export const cancelExternal = (tx: Tx, run: Run, initiatedEventId: number): void => {
  const attributes = run.h.cancelsOut.get(initiatedEventId)
  if (attributes === undefined || !isOpen(run.h)) return
  const { common, failed } = told(tx, run, initiatedEventId, attributes)
  const other = target(tx, run, attributes)
  if (other === undefined)
    tx.add(run, EventType.RequestCancelExternalFailed, {
      requestCancelExternalWorkflowExecutionFailedEventAttributes: failed
    })
  else {
    // One that is closed already is as good as cancelled.
    if (isOpen(other.h))
      requestCancel(tx, other, {
        cause: attributes.reason ?? "",
        identity: serviceIdentity,
        external: { workflowId: run.workflowId, runId: run.runId },
        externalInitiatedEventId: initiatedEventId
      })
    tx.add(run, EventType.ExternalCancelRequested, {
      externalWorkflowExecutionCancelRequestedEventAttributes: common
    })
  }
  scheduleTask(tx, run)
}
