import { randomUUID } from "node:crypto"

import { ConflictPolicy, ReusePolicy } from "./proto/enums.ts"
import { positiveMillis, toMillis } from "./proto/time.ts"
import type { Request } from "./proto/root.ts"
import { validateCron } from "./cron.ts"
import { invalidArgument } from "./errors.ts"
import { alreadyRunning, alreadyStartedRun } from "./identity.ts"
import { createRun, firstStarted, signalRun, terminateRun } from "./lifecycle.ts"
import { jsonPayloads, sizeOfFields, sizeOfPayloads } from "./payload.ts"
import { validateRetryPolicy } from "./retry.ts"
import { isOpen } from "./state.ts"
import type { Limits } from "./limits.ts"
import type { Tx } from "./tx.ts"
import type { Run } from "./run.ts"
import { validateSearchAttributes } from "./visibility/validate.ts"
import { serviceIdentity } from "./workflow-task.ts"

type StartRequest = Request<"StartWorkflowExecution">
type SignalWithStartRequest = Request<"SignalWithStartWorkflowExecution">

const validateTimeout = (name: string, value: number | undefined): void => {
  if (value !== undefined && value < 0)
    throw invalidArgument(`An invalid ${name}Seconds is set on request. cause: negative duration`)
}

/** What a start must hold to; see prepareStartWorkflowRequest in service/frontend/workflow_handler.go. */
export const validateStart = (request: StartRequest | SignalWithStartRequest, limits: Limits): void => {
  const workflowId = request.workflowId ?? ""
  if (workflowId === "") throw invalidArgument("WorkflowId is not set on request.")
  if (workflowId.length > limits.idLength) throw invalidArgument("WorkflowId length exceeds limit.")
  const type = request.workflowType?.name ?? ""
  if (type === "") throw invalidArgument("WorkflowType is not set on request.")
  if (type.length > limits.idLength) throw invalidArgument("WorkflowType length exceeds limit.")
  const queue = request.taskQueue?.name ?? ""
  if (queue === "") throw invalidArgument("missing task queue name")
  if (queue.length > limits.idLength) throw invalidArgument("taskQueue length exceeds limit")
  if ((request.requestId ?? "").length > limits.idLength)
    throw invalidArgument("RequestId length exceeds limit.")
  validateTimeout("WorkflowExecutionTimeout", toMillis(request.workflowExecutionTimeout))
  validateTimeout("WorkflowRunTimeout", toMillis(request.workflowRunTimeout))
  validateTimeout("WorkflowTaskTimeout", toMillis(request.workflowTaskTimeout))
  validateTimeout("WorkflowStartDelay", toMillis(request.workflowStartDelay))
  const cron = request.cronSchedule ?? ""
  if (cron !== "" && positiveMillis(request.workflowStartDelay) !== undefined)
    throw invalidArgument("CronSchedule and WorkflowStartDelay may not be used together.")
  validateCron(cron)
  validateRetryPolicy(request.retryPolicy)
  const conflict = request.workflowIdConflictPolicy ?? 0
  const reuse = request.workflowIdReusePolicy ?? 0
  if (conflict !== ConflictPolicy.Unspecified && reuse === ReusePolicy.TerminateIfRunning)
    throw invalidArgument(
      "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING cannot be used together with a WorkflowIDConflictPolicy"
    )
  if (conflict === ConflictPolicy.TerminateExisting && reuse === ReusePolicy.RejectDuplicate)
    throw invalidArgument(
      "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE cannot be used together with WorkflowIdConflictPolicy WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING"
    )
  // No address is configured to be called back: that is for Nexus.
  const callback = "completionCallbacks" in request ? request.completionCallbacks?.[0] : undefined
  if (callback)
    throw invalidArgument(
      `invalid url: url does not match any configured callback address: ${callback.nexus?.url ?? ""}`
    )
  if (sizeOfPayloads(request.input) > limits.blobSize) throw invalidArgument("Blob data size exceeds limit.")
  if (sizeOfFields(request.memo?.fields) > limits.memoSize) throw invalidArgument("Memo size exceeds limit.")
}

/** Whether the first workflow task goes to the one who starts the workflow, with the answer. */
const wantsEagerStart = (request: StartRequest | SignalWithStartRequest): boolean =>
  "requestEagerExecution" in request &&
  request.requestEagerExecution === true &&
  !request.cronSchedule &&
  positiveMillis(request.workflowStartDelay) === undefined

interface Started {
  readonly run: Run
  /** False if the request found an execution instead of creating one. */
  readonly started: boolean
}

/** What a schedule hands on from its last workflow. */
const carriedOver = (
  request: StartRequest | SignalWithStartRequest
): Pick<StartRequest, "continuedFailure" | "lastCompletionResult"> =>
  "lastCompletionResult" in request
    ? { continuedFailure: request.continuedFailure, lastCompletionResult: request.lastCompletionResult }
    : {}

/** Creates the first run of an execution, or finds the one that the policies say to use. */
const startRun = (
  tx: Tx,
  request: StartRequest | SignalWithStartRequest,
  defaultConflict: number,
  beforeFirstTask?: (run: Run) => void
): Started => {
  const namespace = request.namespace ?? ""
  const workflowId = request.workflowId ?? ""
  const requestId = request.requestId || randomUUID()
  let reuse = request.workflowIdReusePolicy || ReusePolicy.AllowDuplicate
  let conflict = request.workflowIdConflictPolicy || defaultConflict
  if (reuse === ReusePolicy.TerminateIfRunning) {
    reuse = ReusePolicy.AllowDuplicate
    conflict = ConflictPolicy.TerminateExisting
  }
  const runId = randomUUID()
  const existing = tx.currentRun(namespace, workflowId)
  if (existing !== undefined) {
    // The same request once more: the answer is the one it got.
    if (existing.x.startRequestId === requestId) return { run: existing, started: true }
    if (isOpen(existing.h)) {
      if (conflict === ConflictPolicy.UseExisting) return { run: existing, started: false }
      if (conflict !== ConflictPolicy.TerminateExisting) throw alreadyRunning(existing)
      terminateRun(tx, existing, {
        reason: "TerminateIfRunning WorkflowIdReusePolicy",
        identity: serviceIdentity,
        details: jsonPayloads(`terminated by new runID: ${runId}`)
      })
    } else {
      const refusal = alreadyStartedRun(existing, reuse)
      if (refusal !== undefined) throw refusal
    }
  }
  const run = createRun(tx, {
    namespace,
    workflowId,
    runId,
    requestId,
    userMetadata: request.userMetadata,
    links: request.links,
    attributes: firstStarted(
      tx.now,
      { workflowId, runId },
      {
        workflowType: request.workflowType?.name ?? "",
        taskQueue: request.taskQueue?.name ?? "",
        input: request.input,
        header: request.header,
        memo: request.memo,
        searchAttributes: request.searchAttributes,
        retryPolicy: request.retryPolicy,
        cronSchedule: request.cronSchedule ?? "",
        executionMs: positiveMillis(request.workflowExecutionTimeout) ?? 0,
        runMs: positiveMillis(request.workflowRunTimeout) ?? 0,
        taskMs: positiveMillis(request.workflowTaskTimeout) ?? 0,
        identity: request.identity ?? "",
        priority: request.priority
      },
      {
        startDelayMs: positiveMillis(request.workflowStartDelay) ?? 0,
        ...(wantsEagerStart(request) ? { eagerExecutionAccepted: true } : {}),
        ...carriedOver(request)
      }
    ),
    ...(beforeFirstTask ? { beforeFirstTask } : {})
  })
  return { run, started: true }
}

/** The request with the types of its search attributes, which are checked. */
const withAttributes = <Start extends StartRequest | SignalWithStartRequest>(
  tx: Tx,
  request: Start
): Start => {
  const namespace = request.namespace ?? ""
  const types = tx.core.searchAttributes(namespace)
  const searchAttributes = validateSearchAttributes(namespace, request.searchAttributes, types)
  return searchAttributes === undefined ? request : { ...request, searchAttributes }
}

export const startWorkflow = (tx: Tx, request: StartRequest): Started => {
  validateStart(request, tx.core.limits)
  return startRun(tx, withAttributes(tx, request), ConflictPolicy.Fail)
}

export const validateSignal = (
  run: Run | undefined,
  signal: {
    readonly signalName?: string | null | undefined
    readonly input?: StartRequest["input"]
    readonly requestId?: string | null | undefined
  },
  limits: Limits
): void => {
  if (!signal.signalName) throw invalidArgument("SignalName is not set on request.")
  if (signal.signalName.length > limits.idLength) throw invalidArgument("SignalName length exceeds limit.")
  if ((signal.requestId ?? "").length > limits.idLength)
    throw invalidArgument("RequestId length exceeds limit.")
  if (sizeOfPayloads(signal.input) > limits.blobSize) throw invalidArgument("Blob data size exceeds limit.")
  if (run !== undefined && run.h.signals >= limits.signals)
    throw invalidArgument("exceeded workflow execution limit for signal events")
}

export const signalWithStart = (tx: Tx, request: SignalWithStartRequest): Started => {
  const { limits } = tx.core
  validateStart(request, limits)
  const typed = withAttributes(tx, request)
  const signal = (run: Run): void =>
    signalRun(tx, run, {
      name: request.signalName ?? "",
      input: request.signalInput,
      header: request.header,
      identity: request.identity ?? "",
      requestId: request.requestId ?? "",
      links: request.links
    })
  validateSignal(
    undefined,
    { signalName: request.signalName, input: request.signalInput, requestId: request.requestId },
    limits
  )
  const existing = tx.currentRun(request.namespace ?? "", request.workflowId ?? "")
  if (existing !== undefined && existing.x.startRequestId === (request.requestId || "-"))
    return { run: existing, started: true }
  // A signal for a running execution is what this call is for: that is no conflict unless asked to be one.
  const result = startRun(tx, typed, ConflictPolicy.UseExisting, signal)
  if (!result.started) {
    validateSignal(result.run, { signalName: request.signalName }, limits)
    signal(result.run)
  }
  return result
}
