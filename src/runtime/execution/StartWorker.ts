/** Starts the worker of a deployment: its activities, and the sink that tells the projection. */
import { Effect, type Scope } from "effect"
import type { WorkerSettings } from "../../config/Settings.ts"
import { type ServiceError, ServiceFailure } from "../../services/ServiceError.ts"
import type { SinkInfo, Temporal, TemporalWorker } from "../../services/Temporal.ts"
import { type ExecutionRecord, type SinkMessage, sinkName } from "../../workflow/interpreter/Protocol.ts"
import type { NewEvent, Projection } from "../Projection.ts"
import { workflowBundlePath } from "../WorkflowBundle.ts"
import { mustKeep } from "./Blobs.ts"
import { toTaskState, toWorkflowState } from "./Execution.ts"
import type { ActivityDependencies } from "./ToolActivity.ts"

/** What a worker needs. */
export interface WorkerSetup extends ActivityDependencies {
  readonly temporal: Temporal["Service"]
  readonly taskQueue: string
  readonly settings: Partial<WorkerSettings>
}

/** Outputs up to this many characters of JSON are part of the event that ends an execution. */
const eventOutput = 4_096

/** The end of an execution is reported to the engine at the latest after this, written or not. Milliseconds. */
const longestWrite = 2_000

const executionEvent = (executionId: string, record: ExecutionRecord): NewEvent => {
  const { error, output, parent, status, waitingFor, workflow } = record
  if (status === "RUNNING") {
    const first = parent !== null && record.seq === 1
    return first
      ? { executionId, type: "workflow_start", data: { workflow, parent } }
      : { executionId, type: "workflow_status", data: { status, waitingFor } }
  }
  if (status === "SUCCESS") {
    const shown = mustKeep(output, eventOutput) ? {} : { output }
    return { executionId, type: "complete", data: { status, ...shown } }
  }
  const shown = error === null ? null : { code: error.code, message: error.message, task: error.task ?? null }
  return { executionId, type: "error", data: { status, error: shown } }
}

const stepEvents = (executionId: string, message: SinkMessage): ReadonlyArray<NewEvent> => [
  ...(message.repair === true ? [] : (message.steps ?? [])).map((step): NewEvent => ({
    executionId,
    type: "task_status",
    data: {
      task: step.path,
      type: step.type,
      component: step.component,
      status: step.status,
      attempt: step.attempt,
      ...(step.error === null ? {} : { error: step.error.message })
    }
  })),
  ...(message.warning === undefined
    ? []
    : [
        {
          executionId,
          type: "warning" as const,
          data: { task: message.warning.path, message: message.warning.message }
        }
      ])
]

/** What the interpreter tells, for the projection. */
const tellInto =
  (projection: Projection, abort: (executionId: string, path: string) => void) =>
  ({ workflowId }: SinkInfo, message: SinkMessage): Promise<void> | undefined => {
    if (message.abort !== undefined) abort(workflowId, message.abort)
    const { execution, steps } = message
    projection.add({
      ...(execution === undefined ? {} : { workflow: toWorkflowState(workflowId, execution) }),
      ...(steps === undefined
        ? {}
        : { tasks: steps.map((step) => toTaskState(workflowId, message.workflow, step)) }),
      events: [
        ...stepEvents(workflowId, message),
        ...(execution === undefined ? [] : [executionEvent(workflowId, execution)])
      ]
    })
    if (execution === undefined || execution.status === "RUNNING") return undefined
    // The worker waits for this before it reports the end, so that who hears of the end finds it in the store.
    return Promise.race([
      projection.flush(),
      new Promise<void>((resolve) => setTimeout(resolve, longestWrite).unref())
    ])
  }

/** Starts the worker; it drains when the scope closes. */
export const startWorker = Effect.fnUntraced(function* (
  setup: WorkerSetup
): Effect.fn.Return<TemporalWorker, ServiceError, Scope.Scope> {
  const { settings } = setup
  const { codePath, makeActivities } = yield* Effect.tryPromise({
    try: async () => {
      const { makeActivities } = await import("./Activities.ts")
      return { codePath: workflowBundlePath(), makeActivities }
    },
    catch: (cause) =>
      new ServiceFailure({
        service: "temporal",
        operation: "temporal.worker",
        message: cause instanceof Error ? cause.message : String(cause),
        cause
      })
  })
  const activities = makeActivities(setup)
  return yield* setup.temporal.worker({
    taskQueue: setup.taskQueue,
    workflowBundle: { codePath },
    activities: activities.functions,
    sinks: { [sinkName]: { tell: tellInto(setup.projection, activities.abort) } },
    ...(settings.maxConcurrentActivities === undefined
      ? {}
      : { maxConcurrentActivities: settings.maxConcurrentActivities }),
    ...(settings.maxConcurrentWorkflowTasks === undefined
      ? {}
      : { maxConcurrentWorkflowTasks: settings.maxConcurrentWorkflowTasks }),
    ...(settings.maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows: settings.maxCachedWorkflows }),
    ...(settings.shutdownGrace === undefined ? {} : { shutdownGrace: settings.shutdownGrace })
  })
})
