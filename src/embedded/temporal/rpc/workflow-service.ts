import { describeRun } from "../describe.ts"
import { invalidArgument, workflowCompleted } from "../errors.ts"
import type { HistoryReader } from "../history-reader.ts"
import { requestCancel, signalRun, terminateRun } from "../lifecycle.ts"
import type { Namespaces } from "../namespaces.ts"
import type { Queries } from "../queries.ts"
import type { Batches } from "../batches/batches.ts"
import type { Schedules } from "../schedules/schedules.ts"
import { resetWorkflow } from "../reset.ts"
import { isOpen } from "../state.ts"
import { signalWithStart, startWorkflow, validateSignal } from "../start.ts"
import type { Tasks } from "../tasks.ts"
import type { Workers } from "../workers.ts"
import type { Updates } from "../updates.ts"
import type { Engine } from "../engine.ts"
import { activityHandlers } from "./activity-service.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"
import { checkChain, Lookup } from "./lookup.ts"
import { startAnswer } from "./start-answer.ts"
import { updateHandlers } from "./update-service.ts"
import { namespaceHandlers } from "./namespace-service.ts"
import { batchHandlers } from "./batch-service.ts"
import { optionsHandlers } from "./options-service.ts"
import { scheduleHandlers } from "./schedule-service.ts"
import { clusterInfo } from "./operator-service.ts"
import { taskQueueHandlers } from "./task-queue-service.ts"
import { unimplementedHandlers } from "./unimplemented.ts"
import { workerHandlers } from "./worker-service.ts"
import { visibilityHandlers } from "./visibility-service.ts"

export interface ServiceParts {
  readonly engine: Engine
  readonly tasks: Tasks
  readonly queries: Queries
  readonly updates: Updates
  readonly reader: HistoryReader
  readonly namespaces: Namespaces
  readonly workers: Workers
  readonly schedules: Schedules
  readonly batches: Batches
}

/** What the service says it can do: only what it does. Version checks of old clients look at the version. */
const systemInfo = {
  serverVersion: "1.29.1",
  capabilities: {
    signalAndQueryHeader: true,
    internalErrorDifferentiation: true,
    activityFailureIncludeHeartbeat: true,
    supportsSchedules: true,
    encodedFailureAttributes: true,
    buildIdBasedVersioning: true,
    upsertMemo: true,
    eagerWorkflowStart: true,
    sdkMetadata: true,
    countGroupByExecutionStatus: true,
    nexus: false
  }
}

/** The clients that the real server of this version takes; common/headers/versions.go. */
const supportedClients = {
  "Nexus-go-sdk": "<2.0.0",
  "temporal-cli": "<2.0.0",
  "temporal-go": "<2.0.0",
  "temporal-java": "<2.0.0",
  "temporal-php": "<2.0.0",
  "temporal-server": "<2.0.0",
  "temporal-typescript": "<2.0.0",
  "temporal-ui": "<3.0.0"
}

/** The handlers of `temporal.api.workflowservice.v1.WorkflowService`. */
export const workflowService = (parts: ServiceParts): Record<string, Handler> => {
  const { engine, tasks, queries, updates, reader, namespaces, schedules, batches, workers } = parts
  const lookup = new Lookup(engine, namespaces)
  const find = lookup.find.bind(lookup)

  const checkQueue = (request: {
    readonly namespace?: string | null | undefined
    readonly taskQueue?: { readonly name?: string | null | undefined } | null | undefined
  }): void => {
    namespaces.check(request.namespace)
    if (!request.taskQueue?.name) throw invalidArgument("TaskQueue is not set on request.")
  }

  return {
    GetSystemInfo: () => systemInfo,
    GetClusterInfo: () => ({
      supportedClients,
      serverVersion: systemInfo.serverVersion,
      ...clusterInfo(namespaces),
      persistenceStore: engine.storage.persistent ? "sqlite" : "memory",
      visibilityStore: engine.storage.persistent ? "sqlite" : "memory"
    }),

    ...namespaceHandlers(namespaces),

    StartWorkflowExecution: on<"StartWorkflowExecution">((request) => {
      namespaces.check(request.namespace)
      return engine.transact((tx) => {
        const { run, started } = startWorkflow(tx, request)
        const eager = run.h.started.eagerExecutionAccepted === true && tx.created.has(run)
        return {
          ...startAnswer(run, started),
          ...(eager ? { eagerWorkflowTask: tasks.startEagerly(tx, run, request.identity ?? "") } : {})
        }
      })
    }),
    SignalWithStartWorkflowExecution: on<"SignalWithStartWorkflowExecution">((request) => {
      namespaces.check(request.namespace)
      const { run, started } = engine.transact((tx) => signalWithStart(tx, request))
      return { runId: run.runId, started }
    }),
    SignalWorkflowExecution: on<"SignalWorkflowExecution">((request) => {
      const run = find(request.namespace, request.workflowExecution)
      if (request.requestId && run.h.signalRequestIds.has(request.requestId)) return {}
      if (!isOpen(run.h)) throw workflowCompleted()
      validateSignal(run, request, engine.limits)
      engine.transact((tx) =>
        signalRun(tx, run, {
          name: request.signalName ?? "",
          input: request.input,
          header: request.header,
          identity: request.identity ?? "",
          requestId: request.requestId ?? "",
          links: request.links
        })
      )
      return {}
    }),
    QueryWorkflow: on<"QueryWorkflow">((request, call) => {
      const run = find(request.namespace, request.execution)
      if (!request.query?.queryType) throw invalidArgument("QueryType is not set on request.")
      return queries.query(run, request.query, request.queryRejectCondition ?? 0, (cancelled) =>
        call.onCancel(cancelled)
      )
    }),
    RequestCancelWorkflowExecution: on<"RequestCancelWorkflowExecution">((request) => {
      const { workflowId, runId } = request.workflowExecution ?? {}
      // requestcancelworkflow/api.go: whoever names the first run means the chain, whichever run is named beside.
      const run = find(request.namespace, {
        workflowId,
        runId: request.firstExecutionRunId ? "" : runId
      })
      // To cancel what is closed, or was cancelled before, is no mistake.
      if (!isOpen(run.h)) return {}
      checkChain(run, request.firstExecutionRunId)
      engine.transact((tx) =>
        requestCancel(tx, run, {
          cause: request.reason ?? "",
          identity: request.identity ?? "",
          links: request.links
        })
      )
      return {}
    }),
    ResetWorkflowExecution: on<"ResetWorkflowExecution">((request) => {
      const { requestId } = request
      if (!requestId) throw invalidArgument("RequestId is not set on request.")
      if (requestId.length > engine.limits.idLength) throw invalidArgument("RequestId length exceeds limit.")
      const base = find(request.namespace, request.workflowExecution)
      return { runId: engine.transact((tx) => resetWorkflow(tx, base, request)).runId }
    }),
    TerminateWorkflowExecution: on<"TerminateWorkflowExecution">((request) => {
      const { workflowId, runId } = request.workflowExecution ?? {}
      const run = lookup.open(request.namespace, {
        workflowId,
        runId: request.firstExecutionRunId ? "" : runId
      })
      checkChain(run, request.firstExecutionRunId)
      engine.transact((tx) =>
        terminateRun(tx, run, {
          reason: request.reason || "terminated by user via frontend",
          identity: request.identity || "frontend-service",
          details: request.details,
          links: request.links
        })
      )
      return {}
    }),
    DeleteWorkflowExecution: on<"DeleteWorkflowExecution">((request) => {
      const run = find(request.namespace, request.workflowExecution)
      if (isOpen(run.h))
        engine.transact((tx) =>
          terminateRun(tx, run, { reason: "Delete workflow execution", identity: "history-service" })
        )
      engine.deleteRun(run)
      return {}
    }),
    DescribeWorkflowExecution: on<"DescribeWorkflowExecution">((request) =>
      describeRun(
        find(request.namespace, request.execution),
        engine.now(),
        namespaces.types(request.namespace ?? "")
      )
    ),
    GetWorkflowExecutionHistory: on<"GetWorkflowExecutionHistory">((request, call) =>
      reader.read(
        (runId) =>
          find(request.namespace, {
            workflowId: request.execution?.workflowId,
            runId: runId ?? request.execution?.runId
          }),
        request,
        call
      )
    ),
    GetWorkflowExecutionHistoryReverse: on<"GetWorkflowExecutionHistoryReverse">((request) =>
      reader.reverse(
        (runId) =>
          find(request.namespace, {
            workflowId: request.execution?.workflowId,
            runId: runId ?? request.execution?.runId
          }),
        request
      )
    ),

    ...visibilityHandlers(engine, namespaces),
    ...scheduleHandlers(schedules, namespaces, engine.limits),
    ...batchHandlers(batches, namespaces),
    ...optionsHandlers(lookup),
    ...activityHandlers(engine, lookup),
    ...updateHandlers(engine, updates, lookup),

    PollWorkflowTaskQueue: on<"PollWorkflowTaskQueue">((request, call) => {
      checkQueue(request)
      return tasks.pollWorkflowTask(request, call)
    }),
    RespondWorkflowTaskCompleted: on<"RespondWorkflowTaskCompleted">((request) =>
      tasks.respondWorkflowTaskCompleted(request)
    ),
    RespondWorkflowTaskFailed: on<"RespondWorkflowTaskFailed">((request) => {
      tasks.respondWorkflowTaskFailed(request)
      return {}
    }),
    ResetStickyTaskQueue: on<"ResetStickyTaskQueue">((request) => {
      const run = find(request.namespace, request.execution)
      if (!isOpen(run.h)) throw workflowCompleted()
      engine.transact((tx) => {
        tx.touch(run)
        run.x.sticky = undefined
      })
      return {}
    }),
    RespondQueryTaskCompleted: on<"RespondQueryTaskCompleted">((request) => {
      queries.respond(request)
      return {}
    }),
    PollActivityTaskQueue: on<"PollActivityTaskQueue">((request, call) => {
      checkQueue(request)
      return tasks.pollActivityTask(request, call)
    }),
    ...taskQueueHandlers(engine, tasks, namespaces),
    ...workerHandlers(tasks, workers, namespaces),
    ...unimplementedHandlers
  }
}
