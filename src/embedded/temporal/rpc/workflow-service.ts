import { randomUUID } from "node:crypto"

import { fromMillis, toMillis } from "../proto/time.ts"
import type { Request } from "../proto/root.ts"
import { describeRun } from "../describe.ts"
import {
  invalidArgument,
  multiOperationFailed,
  namespaceExists,
  ServiceError,
  workflowCompleted
} from "../errors.ts"
import type { HistoryReader } from "../history-reader.ts"
import { requestCancel, signalRun, terminateRun } from "../lifecycle.ts"
import { Matching } from "../matching.ts"
import type { Namespaces } from "../namespaces.ts"
import type { Queries } from "../queries.ts"
import { resetWorkflow } from "../reset.ts"
import { isOpen } from "../state.ts"
import { signalWithStart, startWorkflow, validateSignal } from "../start.ts"
import type { Call } from "../call.ts"
import type { Tasks } from "../tasks.ts"
import type { Updates, UpdateState } from "../updates.ts"
import type { Engine } from "../engine.ts"
import type { Run } from "../run.ts"
import { activityHandlers } from "./activity-service.ts"
import { on } from "./handler.ts"
import type { Handler } from "./handler.ts"
import { checkChain, Lookup } from "./lookup.ts"
import { visibilityHandlers } from "./visibility-service.ts"

export interface ServiceParts {
  readonly engine: Engine
  readonly tasks: Tasks
  readonly queries: Queries
  readonly updates: Updates
  readonly reader: HistoryReader
  readonly namespaces: Namespaces
}

/** What the service says it can do: only what it does. Version checks of old clients look at the version. */
const systemInfo = {
  serverVersion: "1.29.1",
  capabilities: {
    signalAndQueryHeader: true,
    internalErrorDifferentiation: true,
    activityFailureIncludeHeartbeat: true,
    supportsSchedules: false,
    encodedFailureAttributes: true,
    buildIdBasedVersioning: false,
    upsertMemo: true,
    eagerWorkflowStart: false,
    sdkMetadata: true,
    countGroupByExecutionStatus: true,
    nexus: false
  }
}

/** The handlers of `temporal.api.workflowservice.v1.WorkflowService`. */
export const workflowService = (parts: ServiceParts): Record<string, Handler> => {
  const { engine, tasks, queries, updates, reader, namespaces } = parts
  const lookup = new Lookup(engine, namespaces)
  const find = lookup.find.bind(lookup)

  const checkQueue = (request: {
    readonly namespace?: string | null | undefined
    readonly taskQueue?: { readonly name?: string | null | undefined } | null | undefined
  }): void => {
    namespaces.check(request.namespace)
    if (!request.taskQueue?.name) throw invalidArgument("TaskQueue is not set on request.")
  }

  const answerUpdate = (run: Run, updateId: string, state: UpdateState) => ({
    updateRef: { workflowExecution: { workflowId: run.workflowId, runId: run.runId }, updateId },
    stage: state.stage,
    outcome: state.outcome
  })

  const updateRun = async (request: Request<"UpdateWorkflowExecution">, call: Call) => {
    const run = find(request.namespace, request.workflowExecution)
    checkChain(run, request.firstExecutionRunId)
    const updateId = request.request?.meta?.updateId || randomUUID()
    const identified = {
      ...request,
      request: { ...request.request, meta: { ...request.request?.meta, updateId } }
    }
    return answerUpdate(run, updateId, await updates.update(run, identified, call))
  }

  return {
    GetSystemInfo: () => systemInfo,
    GetClusterInfo: () => ({
      supportedClients: {},
      serverVersion: systemInfo.serverVersion,
      clusterName: "active",
      clusterId: namespaces.clusterId,
      historyShardCount: 1,
      persistenceStore: engine.storage.persistent ? "sqlite" : "memory",
      visibilityStore: engine.storage.persistent ? "sqlite" : "memory"
    }),

    DescribeNamespace: on<"DescribeNamespace">((request) =>
      namespaces.describe(request.namespace, request.id)
    ),
    ListNamespaces: () => ({ namespaces: namespaces.list() }),
    RegisterNamespace: on<"RegisterNamespace">((request) => {
      if (!request.namespace) throw invalidArgument("Namespace is not set on request.")
      if (namespaces.has(request.namespace)) throw namespaceExists()
      const retentionMs = toMillis(request.workflowExecutionRetentionPeriod)
      if (retentionMs === undefined) throw invalidArgument("A valid retention period is not set on request.")
      namespaces.register({
        name: request.namespace,
        id: randomUUID(),
        description: request.description ?? "",
        ownerEmail: request.ownerEmail ?? "",
        retentionMs
      })
      return {}
    }),

    StartWorkflowExecution: on<"StartWorkflowExecution">((request) => {
      namespaces.check(request.namespace)
      const { run, started } = engine.transact((tx) => startWorkflow(tx, request))
      return { runId: run.runId, started, status: run.h.status }
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
    UpdateWorkflowExecution: on<"UpdateWorkflowExecution">((request, call) => updateRun(request, call)),
    PollWorkflowExecutionUpdate: on<"PollWorkflowExecutionUpdate">(async (request, call) => {
      const run = find(request.namespace, request.updateRef?.workflowExecution)
      const state = await updates.poll(run, request, call)
      return answerUpdate(run, request.updateRef?.updateId ?? "", state)
    }),
    ExecuteMultiOperation: on<"ExecuteMultiOperation">(async (request, call) => {
      const start = request.operations?.[0]?.startWorkflow
      const update = request.operations?.[1]?.updateWorkflow
      if (!start || !update || request.operations?.length !== 2)
        throw invalidArgument("Operations have to be exactly [Start, Update].")
      namespaces.check(request.namespace)
      if (start.workflowId !== update.workflowExecution?.workflowId)
        throw invalidArgument("WorkflowId is not consistent with previous operation(s)")
      let position = 0
      try {
        const { run, started } = engine.transact((tx) => startWorkflow(tx, start))
        position = 1
        const updated = await updateRun(
          { ...update, workflowExecution: { workflowId: run.workflowId, runId: run.runId } },
          call
        )
        return {
          responses: [
            { startWorkflow: { runId: run.runId, started, status: run.h.status } },
            { updateWorkflow: updated }
          ]
        }
      } catch (error) {
        throw error instanceof ServiceError ? multiOperationFailed(error, position) : error
      }
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
      const run = lookup.open(request.namespace, request.workflowExecution)
      checkChain(run, request.firstExecutionRunId)
      engine.transact((tx) =>
        terminateRun(tx, run, {
          reason: request.reason ?? "",
          identity: request.identity ?? "",
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
      describeRun(find(request.namespace, request.execution), engine.now())
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
    ...activityHandlers(engine, lookup),

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
    RespondQueryTaskCompleted: on<"RespondQueryTaskCompleted">((request) => {
      queries.respond(request)
      return {}
    }),
    PollActivityTaskQueue: on<"PollActivityTaskQueue">((request, call) => {
      checkQueue(request)
      return tasks.pollActivityTask(request, call)
    }),
    ShutdownWorker: on<"ShutdownWorker">((request) => {
      tasks.shutdownWorker(request)
      return {}
    }),
    DescribeTaskQueue: on<"DescribeTaskQueue">((request) => {
      checkQueue(request)
      const key = Matching.key(request.namespace ?? "", request.taskQueue?.name ?? "")
      const matching = request.taskQueueType === 2 ? tasks.activities : tasks.workflows
      return {
        pollers: matching.pollers(key).map(({ identity }) => ({
          identity,
          lastAccessTime: fromMillis(engine.now()),
          ratePerSecond: 100_000
        })),
        taskQueueStatus: { backlogCountHint: matching.backlog(key) },
        stats: { approximateBacklogCount: matching.backlog(key) }
      }
    }),
    GetSearchAttributes: () => ({ keys: {} })
  }
}
