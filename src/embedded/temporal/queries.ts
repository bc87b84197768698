import { randomUUID } from "node:crypto"

import { QueryRejectCondition, QueryResultType, Status } from "./proto/enums.ts"
import type { Query, QueryResult, Request } from "./proto/root.ts"
import { invalidArgument, notFound, queryFailed, ServiceError, workflowNotReady } from "./errors.ts"
import { sizeOfPayloads } from "./payload.ts"
import type { Waits } from "./time-skipping.ts"
import { parseQueryToken } from "./token.ts"
import { isOpen } from "./state.ts"
import type { PendingQuery, Run } from "./run.ts"

/** A query that is sent to a worker by itself, not with a workflow task. */
export interface DirectQuery {
  readonly run: Run
  readonly pending: PendingQuery
  /** Whether a worker has it. */
  taken: boolean
}

export interface QueryAnswer {
  readonly queryResult?: QueryResult["answer"]
  readonly queryRejected?: { readonly status: number }
}

/**
 * Queries see everything that happened before they were asked: while a workflow task is pending they wait for it
 * and go along with it, otherwise they are sent at once (service/history/api/queryworkflow/api.go).
 */
export class Queries {
  readonly #direct = new Map<string, DirectQuery>()
  readonly #waits: Waits
  readonly #answerLimit: number
  /** Puts a direct query on the queue of the run's worker; set by the task service. */
  dispatch: (run: Run, queryId: string) => void = () => {}

  /** Answers of more than `answerLimit` bytes are refused. */
  constructor(waits: Waits, answerLimit: number) {
    this.#waits = waits
    this.#answerLimit = answerLimit
  }

  query(
    run: Run,
    query: Query,
    rejectCondition: number,
    onCancel: (cancel: () => void) => void
  ): Promise<QueryAnswer> | QueryAnswer {
    const { h, x } = run
    const open = isOpen(h)
    if (
      (rejectCondition === QueryRejectCondition.NotOpen && !open) ||
      (rejectCondition === QueryRejectCondition.NotCompletedCleanly && !open && h.status !== Status.Completed)
    )
      return { queryRejected: { status: h.status } }
    if (!open && h.lastStartedEventId === 0)
      throw workflowNotReady("Workflow execution closed before WorkflowTaskStarted event")
    if (open && !h.hadTask && x.task === undefined)
      throw workflowNotReady("Workflow task is not scheduled yet.")
    if (open && x.task !== undefined && x.task.attempt >= 3)
      throw workflowNotReady("Unable to query workflow due to Workflow Task in failed state.")
    return new Promise((resolve, reject) => {
      const pending: PendingQuery = {
        id: randomUUID(),
        query,
        attached: false,
        settle: (result) => {
          this.#end(run, pending)
          if (result instanceof Error) reject(result)
          else if (sizeOfPayloads(result.answer) > this.#answerLimit)
            reject(invalidArgument("Blob data size exceeds limit."))
          else if (result.resultType === QueryResultType.Answered) resolve({ queryResult: result.answer })
          else reject(queryFailed(result.errorMessage ?? "", result.failure))
        }
      }
      run.queries.push(pending)
      this.#waits.begin(pending, "query")
      if (x.task === undefined || !open) this.#dispatch(run, pending)
      onCancel(() => this.#end(run, pending))
    })
  }

  #end(run: Run, pending: PendingQuery): void {
    this.#waits.end(pending)
    const index = run.queries.indexOf(pending)
    if (index >= 0) run.queries.splice(index, 1)
    this.#direct.delete(pending.id)
  }

  #dispatch(run: Run, pending: PendingQuery): void {
    const index = run.queries.indexOf(pending)
    if (index >= 0) run.queries.splice(index, 1)
    this.#direct.set(pending.id, { run, pending, taken: false })
    this.dispatch(run, pending.id)
  }

  direct(queryId: string): DirectQuery | undefined {
    return this.#direct.get(queryId)
  }

  /** The queries that go along with a workflow task that starts now. */
  attach(run: Run): Record<string, Query> {
    const queries: Record<string, Query> = {}
    for (const pending of run.queries) {
      pending.attached = true
      queries[pending.id] = pending.query
    }
    return queries
  }

  /** Takes the queries that a completed workflow task answers. Returns how to pass the answers on. */
  take(run: Run, results: Record<string, QueryResult | undefined> | null | undefined): () => void {
    const answered: (() => void)[] = []
    for (const [id, result] of Object.entries(results ?? {})) {
      const index = run.queries.findIndex((query) => query.id === id)
      const pending = run.queries[index]
      if (pending === undefined || result === undefined) continue
      run.queries.splice(index, 1)
      answered.push(() => pending.settle(result))
    }
    return () => {
      for (const settle of answered) settle()
    }
  }

  /** What still waits when no workflow task is pending any more is sent by itself. */
  release(run: Run): void {
    if (run.queries.length === 0) return
    if (run.x.task !== undefined) {
      const repeatedly = run.x.task.attempt >= 3
      for (const pending of Array.from(run.queries)) {
        if (repeatedly)
          pending.settle(workflowNotReady("Unable to query workflow due to Workflow Task in failed state."))
        else if (run.x.task.startedEventId === 0) pending.attached = false
      }
      return
    }
    for (const pending of Array.from(run.queries)) {
      if (!isOpen(run.h) && run.h.lastStartedEventId === 0)
        pending.settle(workflowNotReady("Workflow execution closed before WorkflowTaskStarted event"))
      else this.#dispatch(run, pending)
    }
  }

  /** Sends queries that were on their way to a worker that is gone to another one. */
  redispatch(run: Run, queryId: string): void {
    if (this.#direct.has(queryId)) this.dispatch(run, queryId)
  }

  respond(request: Request<"RespondQueryTaskCompleted">): void {
    const { queryId } = parseQueryToken(request.taskToken)
    const direct = this.#direct.get(queryId)
    if (direct === undefined) throw notFound("query task not found, or already expired")
    direct.pending.settle({
      resultType: request.completedType ?? 0,
      answer: request.queryResult,
      errorMessage: request.errorMessage ?? "",
      failure: request.failure
    })
  }

  close(): void {
    for (const { pending } of Array.from(this.#direct.values()))
      pending.settle(new ServiceError(14, "the service is shutting down"))
  }
}
