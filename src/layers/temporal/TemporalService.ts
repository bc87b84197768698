/**
 * The `Temporal` service on one connection. It speaks to the frontend's own API: the SDK's client would wrap each
 * answer in types that the contract does not have.
 */
import type { Connection } from "@temporalio/client/lib/connection.js"
import type { temporal } from "@temporalio/proto"
import { Effect, Option, Stream } from "effect"
import { randomUUID } from "node:crypto"
import type { ServiceError } from "../../services/ServiceError.ts"
import type {
  ExecutionDescription,
  ExecutionRef,
  ExecutionResult,
  ExecutionStatus,
  HistoryEvent,
  StartOptions,
  Temporal
} from "../../services/Temporal.ts"
import { plainFailure, toExecutionFailure } from "./Failures.ts"
import { toHistoryEvent, toMillis } from "./History.ts"
import { decodeFields, decodeFirst, decodePayloads, encodePayload, encodePayloads } from "./Payloads.ts"
import type { Sdk } from "./Sdk.ts"
import { toTemporalError } from "./TemporalErrors.ts"

/** How long a request may take that the frontend answers at once. */
const REQUEST_TIMEOUT = 10_000
/** A query waits for a worker. */
const QUERY_TIMEOUT = 30_000
/** The frontend holds a long poll for up to 20 s, then answers with nothing new. */
const LONG_POLL_TIMEOUT = 60_000

const HISTORY_PAGE = 1_000
const LIST_PAGE = 200

/** `temporal.api.enums.v1.WorkflowExecutionStatus` by number; a paused execution still runs. */
const STATUSES: ReadonlyArray<ExecutionStatus> = [
  "RUNNING",
  "RUNNING",
  "COMPLETED",
  "FAILED",
  "CANCELED",
  "TERMINATED",
  "CONTINUED_AS_NEW",
  "TIMED_OUT",
  "RUNNING"
]

const toExecution = ({ runId, workflowId }: ExecutionRef): temporal.api.common.v1.IWorkflowExecution => ({
  workflowId,
  ...(runId !== undefined && { runId })
})

const toDescription = (
  info: temporal.api.workflow.v1.IWorkflowExecutionInfo,
  pending: ReadonlyArray<temporal.api.workflow.v1.IPendingActivityInfo>
): ExecutionDescription => ({
  workflowId: info.execution?.workflowId ?? "",
  runId: info.execution?.runId ?? "",
  firstRunId: info.firstRunId || (info.execution?.runId ?? ""),
  workflowType: info.type?.name ?? "",
  status: STATUSES[info.status ?? 0] ?? "RUNNING",
  taskQueue: info.taskQueue ?? "",
  startTime: toMillis(info.startTime),
  closeTime: info.closeTime ? toMillis(info.closeTime) : null,
  historyLength: Number(info.historyLength ?? 0),
  memo: decodeFields(info.memo?.fields),
  pendingActivities: pending.map((activity) => ({
    activityId: activity.activityId ?? "",
    activityType: activity.activityType?.name ?? "",
    attempt: activity.attempt ?? 1,
    lastFailure: activity.lastFailure?.message ?? null
  }))
})

/** How a run closed, or the run that goes on from it. */
const toResult = (
  event: temporal.api.history.v1.IHistoryEvent
): ExecutionResult | { readonly nextRunId: string } | undefined => {
  const completed = event.workflowExecutionCompletedEventAttributes
  if (completed) {
    return completed.newExecutionRunId
      ? { nextRunId: completed.newExecutionRunId }
      : { status: "COMPLETED", output: decodeFirst(completed.result) }
  }
  const failed = event.workflowExecutionFailedEventAttributes
  if (failed) {
    if (failed.newExecutionRunId) return { nextRunId: failed.newExecutionRunId }
    return { status: "FAILED", error: toExecutionFailure(failed.failure ?? {}) }
  }
  const canceled = event.workflowExecutionCanceledEventAttributes
  if (canceled) {
    const details = decodePayloads(canceled.details)
    return {
      status: "CANCELED",
      error: plainFailure("CanceledFailure", "Workflow execution canceled", details)
    }
  }
  const terminated = event.workflowExecutionTerminatedEventAttributes
  if (terminated) {
    const message = terminated.reason || "Workflow execution terminated"
    return {
      status: "TERMINATED",
      error: plainFailure("TerminatedFailure", message, decodePayloads(terminated.details))
    }
  }
  const timedOut = event.workflowExecutionTimedOutEventAttributes
  if (timedOut) {
    return timedOut.newExecutionRunId
      ? { nextRunId: timedOut.newExecutionRunId }
      : { status: "TIMED_OUT", error: plainFailure("TimeoutFailure", "Workflow execution timed out") }
  }
  const continued = event.workflowExecutionContinuedAsNewEventAttributes
  return continued?.newExecutionRunId ? { nextRunId: continued.newExecutionRunId } : undefined
}

/** Everything of the service but its workers. */
export type TemporalOperations = Omit<Temporal["Service"], "worker">

/** The operations of the service, over an open connection. */
export const makeTemporalOperations = (
  sdk: Sdk,
  connection: Connection,
  namespace: string,
  identity: string
): TemporalOperations => {
  const { enums, history } = sdk.temporal.api
  const { WorkflowIdConflictPolicy: Conflicts, WorkflowIdReusePolicy: Reuse } = enums.v1
  const service = connection.workflowService

  /** One request, which ends when its fiber is interrupted. */
  const call = <A>(
    operation: string,
    timeout: number,
    request: () => Promise<A>
  ): Effect.Effect<A, ServiceError> =>
    Effect.tryPromise({
      try: (signal) =>
        connection.withAbortSignal(signal, () => connection.withDeadline(Date.now() + timeout, request)),
      catch: (cause) => toTemporalError(operation, cause)
    })

  /** A long poll that was not answered in time is asked again: the caller waits for as long as it takes. */
  const longPoll = <A>(operation: string, request: () => Promise<A>): Effect.Effect<A, ServiceError> =>
    Effect.retry(call(operation, LONG_POLL_TIMEOUT, request), { while: (error) => error._tag === "TimedOut" })

  const reusePolicies = {
    "allow-duplicate": Reuse.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
    "allow-duplicate-failed-only": Reuse.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
    "reject-duplicate": Reuse.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
  }
  const conflictPolicies = {
    fail: Conflicts.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
    "use-existing": Conflicts.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
  }

  const startRequest = (options: StartOptions) => ({
    namespace,
    identity,
    requestId: randomUUID(),
    workflowId: options.workflowId,
    workflowType: { name: options.workflowType },
    taskQueue: { name: options.taskQueue },
    input: encodePayloads(options.args),
    workflowIdReusePolicy: reusePolicies[options.reuse ?? "allow-duplicate"],
    workflowIdConflictPolicy: conflictPolicies[options.onConflict ?? "fail"],
    ...(options.executionTimeout !== undefined && {
      workflowExecutionTimeout: sdk.toDuration(options.executionTimeout)
    }),
    ...(options.runTimeout !== undefined && { workflowRunTimeout: sdk.toDuration(options.runTimeout) }),
    ...(options.startDelay !== undefined && { workflowStartDelay: sdk.toDuration(options.startDelay) }),
    ...(options.memo !== undefined && {
      memo: {
        fields: Object.fromEntries(
          Object.entries(options.memo).map(([name, value]) => [name, encodePayload(value)])
        )
      }
    })
  })

  return {
    namespace,

    ping: Effect.asVoid(call("temporal.ping", 5_000, () => service.getSystemInfo({}))),

    start: (options) =>
      Effect.map(
        call("temporal.start", REQUEST_TIMEOUT, () => service.startWorkflowExecution(startRequest(options))),
        ({ runId, started }) => ({ runId, started })
      ),

    signal: (execution, name, ...args) =>
      Effect.asVoid(
        call("temporal.signal", REQUEST_TIMEOUT, () =>
          service.signalWorkflowExecution({
            namespace,
            identity,
            requestId: randomUUID(),
            workflowExecution: toExecution(execution),
            signalName: name,
            input: encodePayloads(args)
          })
        )
      ),

    query: (execution, name, ...args) =>
      Effect.map(
        call("temporal.query", QUERY_TIMEOUT, () =>
          service.queryWorkflow({
            namespace,
            execution: toExecution(execution),
            query: { queryType: name, queryArgs: encodePayloads(args) }
          })
        ),
        ({ queryResult }) => decodeFirst(queryResult)
      ),

    result: Effect.fnUntraced(function* (execution) {
      let run = execution
      let nextPageToken: Uint8Array = new Uint8Array()
      for (;;) {
        const page = yield* longPoll("temporal.result", () =>
          service.getWorkflowExecutionHistory({
            namespace,
            execution: toExecution(run),
            nextPageToken,
            waitNewEvent: true,
            skipArchival: true,
            historyEventFilterType: enums.v1.HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT
          })
        )
        const event = page.history?.events?.at(-1)
        const result = event && toResult(event)
        if (result === undefined) {
          nextPageToken = page.nextPageToken
        } else if ("nextRunId" in result) {
          run = { workflowId: execution.workflowId, runId: result.nextRunId }
          nextPageToken = new Uint8Array()
        } else {
          return result
        }
      }
    }),

    cancel: (execution) =>
      call("temporal.cancel", REQUEST_TIMEOUT, () =>
        service.requestCancelWorkflowExecution({
          namespace,
          identity,
          requestId: randomUUID(),
          workflowExecution: toExecution(execution)
        })
      ).pipe(
        // Older servers say so of an execution that has closed; newer ones take the request.
        Effect.catchIf(
          (error) => error._tag === "NotFound" && error.message.includes("already completed"),
          () => Effect.void
        ),
        Effect.asVoid
      ),

    terminate: (execution, reason) =>
      Effect.asVoid(
        call("temporal.terminate", REQUEST_TIMEOUT, () =>
          service.terminateWorkflowExecution({
            namespace,
            identity,
            workflowExecution: toExecution(execution),
            ...(reason !== undefined && { reason })
          })
        )
      ),

    describe: (execution) =>
      Effect.map(
        call("temporal.describe", REQUEST_TIMEOUT, () =>
          service.describeWorkflowExecution({ namespace, execution: toExecution(execution) })
        ),
        ({ pendingActivities, workflowExecutionInfo }) =>
          toDescription(workflowExecutionInfo ?? {}, pendingActivities)
      ),

    history: (execution, options) => {
      const follow = options?.follow ?? false
      const poll = <A>(request: () => Promise<A>) =>
        follow ? longPoll("temporal.history", request) : call("temporal.history", REQUEST_TIMEOUT, request)
      return Stream.paginate<Uint8Array, HistoryEvent, ServiceError>(new Uint8Array(), (nextPageToken) =>
        Effect.map(
          poll(() =>
            service.getWorkflowExecutionHistory({
              namespace,
              execution: toExecution(execution),
              nextPageToken,
              maximumPageSize: HISTORY_PAGE,
              waitNewEvent: follow,
              skipArchival: true
            })
          ),
          (page) => [
            (page.history?.events ?? []).map((event) =>
              toHistoryEvent(history.v1.HistoryEvent, history.v1.HistoryEvent.create(event))
            ),
            page.nextPageToken.length > 0 ? Option.some(page.nextPageToken) : Option.none()
          ]
        )
      )
    },

    list: (query) =>
      Stream.paginate<Uint8Array, ExecutionDescription, ServiceError>(new Uint8Array(), (nextPageToken) =>
        Effect.map(
          call("temporal.list", REQUEST_TIMEOUT, () =>
            service.listWorkflowExecutions({
              namespace,
              pageSize: LIST_PAGE,
              nextPageToken,
              ...(query !== undefined && { query })
            })
          ),
          (page) => [
            page.executions.map((info) => toDescription(info, [])),
            page.nextPageToken.length > 0 ? Option.some(page.nextPageToken) : Option.none()
          ]
        )
      )
  }
}
