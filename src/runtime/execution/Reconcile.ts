/**
 * Repairs the projection from the truth. What an execution did is asked of the execution itself, by a query that
 * replays its history; whether that is needed is seen from how it ended.
 */
import { Clock, Effect, Option, Stream } from "effect"
import type { ServiceError } from "../../services/ServiceError.ts"
import type { Store, TaskState, WorkflowState } from "../../services/Store.ts"
import type { ExecutionDescription, ExecutionResult, Temporal } from "../../services/Temporal.ts"
import {
  type StepRecord,
  type StepsPage,
  stepsQuery,
  wakeSignal,
  workflowType
} from "../../workflow/interpreter/Protocol.ts"
import { isClosed, toExecution, toTaskState, toWorkflowState } from "./Execution.ts"
import { afterAll, finished, stepsOf } from "./Finishing.ts"

/** How many closed executions a reconciliation looks at, the newest first: older ones were looked at before. */
const mostClosed = 1_000

/** How many executions are looked at side by side. */
const concurrency = 4

const tasksPage = 10_000

/** Compares and repairs. */
export interface Reconciler {
  /** Everything that the engine knows of this deployment. */
  readonly all: Effect.Effect<{ readonly checked: number; readonly repaired: number }, ServiceError>
  /** One execution that should be closed or is not in the store; gives its row. */
  readonly one: (executionId: string) => Effect.Effect<Option.Option<WorkflowState>, ServiceError>
  /** Writes how an execution ended, and gives its row. */
  readonly finish: (
    state: WorkflowState,
    result: ExecutionResult,
    closedAt: number
  ) => Effect.Effect<WorkflowState, ServiceError>
}

/** What is needed to reconcile. */
export interface ReconcilerOptions {
  readonly store: Store["Service"]
  readonly temporal: Temporal["Service"]
  readonly taskQueue: string
  /** Queries need a worker. */
  readonly workerReady: Effect.Effect<void, ServiceError>
}

type Tasks = ReadonlyMap<string, TaskState>

/** The reconciler of one deployment. */
export const makeReconciler = ({
  store,
  taskQueue,
  temporal,
  workerReady
}: ReconcilerOptions): Reconciler => {
  const tasksOf = Effect.fnUntraced(function* (executionId: string) {
    const tasks = new Map<string, TaskState>()
    let cursor: string | undefined
    do {
      const page = yield* store.listTaskStates(executionId, {
        limit: tasksPage,
        ...(cursor === undefined ? {} : { cursor })
      })
      for (const task of page.items) tasks.set(task.path, task)
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    return tasks as Tasks
  })

  /** The run before this one, when it continued as new. */
  const runBefore = (workflowId: string, runId: string) =>
    Effect.map(Stream.runHead(Stream.take(temporal.history({ workflowId, runId }), 1)), (event) => {
      const before = Option.isSome(event) ? event.value.attributes["continuedExecutionRunId"] : undefined
      return typeof before === "string" && before !== "" ? before : undefined
    })

  /** What an execution says of itself: its steps of every run, the newest record of each. */
  const replay = Effect.fnUntraced(function* (description: ExecutionDescription) {
    yield* workerReady
    const { workflowId } = description
    const steps = new Map<string, StepRecord>()
    let execution: StepsPage["execution"] | undefined
    let runId: string | undefined = description.runId
    while (runId !== undefined) {
      let cursor: number | null = 0
      while (cursor !== null) {
        // The interpreter of this package answers its own query.
        // An execution that ended before it did anything, or that cannot be replayed, has nothing to say.
        const answer = yield* temporal
          .query({ workflowId, runId }, stepsQuery, cursor)
          .pipe(Effect.catchTag("InvalidRequest", () => Effect.succeed(null)))
        // The interpreter of this package answers its own query.
        const page = answer as unknown as StepsPage | null
        execution ??= page?.execution
        for (const step of page?.steps ?? []) if (!steps.has(step.path)) steps.set(step.path, step)
        cursor = page?.next ?? null
      }
      // What an older run says no longer counts once the store has forgotten that run.
      runId = yield* runBefore(workflowId, runId).pipe(
        Effect.catchTag("NotFound", () => Effect.succeed(undefined))
      )
    }
    return execution === undefined ? undefined : { execution, steps: [...steps.values()] }
  })

  /** Writes what differs; the number of rows. */
  const repairTasks = Effect.fnUntraced(function* (
    description: ExecutionDescription,
    workflow: string,
    steps: ReadonlyArray<StepRecord>,
    stored: Tasks
  ) {
    const over = description.status !== "RUNNING"
    const status = description.status === "TIMED_OUT" ? "TIMED_OUT" : "CANCELED"
    const closedAt = description.closeTime
    const wanted = steps.map((step) => {
      const task = toTaskState(description.workflowId, workflow, step)
      // Nothing goes on in an execution that was ended from outside.
      return over && task.closedAt === null
        ? ({ ...task, status, closedAt, eventId: afterAll } satisfies TaskState)
        : task
    })
    const wrong = wanted.filter((task) => {
      const found = stored.get(task.path)
      return found === undefined || found.status !== task.status
    })
    if (wrong.length > 0) yield* store.putTaskStates(wrong)
    return wrong.length
  })

  const finish = Effect.fnUntraced(function* (
    state: WorkflowState,
    result: ExecutionResult,
    closedAt: number
  ) {
    const row = finished(state, result, closedAt)
    yield* store.putWorkflowState(row)
    return row
  })

  /** Repairs one execution; whether anything was wrong. */
  const repair = Effect.fnUntraced(function* (description: ExecutionDescription) {
    const { closeTime, status, workflowId } = description
    const found = Option.getOrUndefined(yield* store.getWorkflowState(workflowId))
    const stored = yield* tasksOf(workflowId)
    const over = status !== "RUNNING"
    const result = over ? yield* temporal.result({ workflowId, runId: description.runId }) : undefined
    const count = result === undefined ? undefined : stepsOf(result)
    const open = [...stored.values()].some((task) => task.closedAt === null)
    if (over && found !== undefined && isClosed(found.status) && count === stored.size && !open) return false

    const replayed = yield* replay(description)
    const said = replayed === undefined ? undefined : toWorkflowState(workflowId, replayed.execution)
    let row = found ?? said
    if (row === undefined) return false
    let repaired = found === undefined
    if (result !== undefined && !isClosed(row.status)) {
      row = finished(row, result, closeTime ?? (yield* Clock.currentTimeMillis))
      repaired = true
    } else if (said !== undefined && found !== undefined && result === undefined) {
      repaired =
        found.eventId < said.eventId && toExecution(found).waitingFor !== toExecution(said).waitingFor
      if (repaired) row = said
    }
    if (repaired) yield* store.putWorkflowState(row)
    const tasks =
      replayed === undefined ? 0 : yield* repairTasks(description, row.workflowId, replayed.steps, stored)
    return repaired || tasks > 0
  })

  /** Steps that wait for a tool ask again when a process starts that may have it. */
  const wake = Effect.fnUntraced(function* ({ workflowId }: ExecutionDescription) {
    const found = yield* store.getWorkflowState(workflowId)
    const waitingFor = Option.isSome(found) ? toExecution(found.value).waitingFor : null
    if (waitingFor !== null && !waitingFor.startsWith("signal "))
      yield* temporal.signal({ workflowId }, wakeSignal)
  })

  const look = (description: ExecutionDescription) =>
    repair(description).pipe(
      Effect.tap(() => (description.status === "RUNNING" ? wake(description) : Effect.void)),
      Effect.catch((error) =>
        Effect.as(
          Effect.logWarning(`execution ${description.workflowId} could not be reconciled: ${error.message}`),
          false
        )
      )
    )

  /** Rows that say RUNNING of executions that the engine does not know (any more). */
  const orphans = (known: ReadonlySet<string>) =>
    Stream.paginate<string | undefined, WorkflowState, ServiceError>(undefined, (cursor) =>
      Effect.map(
        store.listWorkflowStates({
          status: ["PENDING", "RUNNING", "WAITING", "PAUSED"],
          limit: 500,
          ...(cursor === undefined ? {} : { cursor })
        }),
        (page) => [
          page.items,
          page.next === null ? Option.none<string | undefined>() : Option.some<string | undefined>(page.next)
        ]
      )
    ).pipe(
      Stream.filter((state) => !known.has(state.executionId)),
      Stream.mapEffect((state) => one(state.executionId)),
      Stream.filter(Option.isSome),
      Stream.runCount
    )

  const lost = Effect.fnUntraced(function* (state: WorkflowState) {
    const now = yield* Clock.currentTimeMillis
    const row: WorkflowState = {
      ...state,
      status: "FAILED",
      error: { code: "COMPOZY_EXECUTION_LOST", message: "the workflow engine does not know this execution" },
      updatedAt: now,
      closedAt: now,
      eventId: afterAll
    }
    yield* store.putWorkflowState(row)
    return row
  })

  const one = Effect.fnUntraced(function* (executionId: string) {
    const description = yield* temporal
      .describe({ workflowId: executionId })
      .pipe(Effect.catchTag("NotFound", () => Effect.succeed(undefined)))
    if (description === undefined) {
      const found = yield* store.getWorkflowState(executionId)
      if (Option.isNone(found) || isClosed(found.value.status)) return found
      // A start writes its row while the engine begins it.
      const age = (yield* Clock.currentTimeMillis) - found.value.startedAt
      return age < 10_000 ? found : Option.some(yield* lost(found.value))
    }
    if (description.workflowType !== workflowType || description.taskQueue !== taskQueue) return Option.none()
    const found = yield* store.getWorkflowState(executionId)
    if (Option.isSome(found) && description.status === "RUNNING") return found
    yield* repair(description)
    return yield* store.getWorkflowState(executionId)
  })

  const all = Effect.gen(function* () {
    const begun = yield* Clock.currentTimeMillis
    yield* workerReady
    let closed = 0
    let checked = 0
    let repaired = 0
    const known = new Set<string>()
    yield* temporal.list(`WorkflowType = '${workflowType}'`).pipe(
      Stream.filter(
        (description) => description.taskQueue === taskQueue && description.status !== "CONTINUED_AS_NEW"
      ),
      Stream.filter((description) => {
        known.add(description.workflowId)
        // What began meanwhile is being recorded right now.
        if (description.status === "RUNNING") return description.startTime < begun
        closed += 1
        return closed <= mostClosed
      }),
      Stream.mapEffect(look, { concurrency }),
      Stream.runForEach((wrong) =>
        Effect.sync(() => {
          checked += 1
          if (wrong) repaired += 1
        })
      )
    )
    yield* orphans(known)
    return { checked, repaired }
  })

  return { all, one, finish }
}
