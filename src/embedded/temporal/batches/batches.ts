import { randomUUID } from "node:crypto"

import { Wakeups } from "../clock.ts"
import type { Engine } from "../engine.ts"
import { alreadyStarted, notFound, ServiceError, tooManyBatches, workflowCompleted } from "../errors.ts"
import { Code } from "../proto/enums.ts"
import { messageType } from "../proto/root.ts"
import type { WorkflowExecution } from "../proto/root.ts"
import type { Run } from "../run.ts"
import { readOperation } from "./operation.ts"
import type { BatchCall, BatchOperation, BatchRequest } from "./operation.ts"

/** The kinds of the stored documents: how far a batch is, and the executions that it is for. */
const kind = "batch"
const targetsKind = "batch-targets"

export const BatchState = { Running: 1, Completed: 2, Failed: 3 } as const

/** A batch operation as far as it can be described. Times in milliseconds, 0 for never. */
export interface BatchJob {
  readonly namespace: string
  readonly jobId: string
  readonly runId: string
  readonly type: number
  readonly identity: string
  readonly reason: string
  readonly state: number
  readonly startTime: number
  readonly closeTime: number
  readonly total: number
  readonly completed: number
  readonly failed: number
}

interface StoredJob extends BatchJob {
  readonly version: 1
  /** The request, as the protocol encodes it. */
  readonly request: string
}

interface RunningBatch {
  readonly operation: BatchOperation
  readonly request: string
  readonly targets: readonly WorkflowExecution[]
}

interface Entry {
  job: BatchJob
  running: RunningBatch | undefined
}

/** What batches need of the service. */
export interface BatchPorts {
  /** Carries out a call as if a client had made it. Throws what the client would be answered. */
  readonly call: (call: BatchCall) => void
  readonly run: (namespace: string, execution: WorkflowExecution) => Run
  /** The executions that a query means. */
  readonly find: (namespace: string, query: string) => Iterable<WorkflowExecution>
}

/** So many executions are dealt with before others get their turn. */
const executionsPerStep = 50
/** frontend.MaxConcurrentBatchOperationPerNamespace. */
const runningPerNamespace = 1

const requestType = messageType<BatchRequest>("temporal.api.workflowservice.v1.StartBatchOperationRequest")

const keyOf = (namespace: string, jobId: string): string => `${namespace}\0${jobId}`

/** Batch operations: the same call for many executions, made one after the other while others go on. */
export class Batches {
  readonly #engine: Engine
  readonly #ports: BatchPorts
  readonly #entries = new Map<string, Entry>()
  readonly #wakeups: Wakeups

  constructor(engine: Engine, ports: BatchPorts) {
    this.#engine = engine
    this.#ports = ports
    this.#wakeups = new Wakeups(
      engine.clock,
      (key) => this.#step(key),
      // Nobody puts a clock forward only to forget a batch that is closed.
      (key) =>
        this.#entries.get(key)?.running === undefined ? Number.POSITIVE_INFINITY : this.#nextStep(key)
    )
    engine.forgetNamespace.push((namespace) => {
      for (const [key, { job }] of this.#entries) if (job.namespace === namespace) this.#entries.delete(key)
    })
  }

  #nextStep(key: string): number {
    const entry = this.#entries.get(key)
    if (entry === undefined) return Number.POSITIVE_INFINITY
    return entry.running === undefined ? this.#forgetAt(entry.job) : entry.job.startTime
  }

  /** A closed batch is known for as long as closed runs are kept. */
  #forgetAt(job: BatchJob): number {
    return job.closeTime + this.#engine.retention.ageMs
  }

  /** Goes on with the batches that a former process left. */
  recover(): void {
    const { storage } = this.#engine
    const targets = new Map(
      storage
        .documents(targetsKind)
        // What `start` wrote.
        .map(({ namespace, id, data }) => [keyOf(namespace, id), JSON.parse(data) as WorkflowExecution[]])
    )
    for (const { data } of storage.documents(kind)) {
      // What `#save` wrote; its version is checked first.
      const { version, request, ...job } = JSON.parse(data) as StoredJob
      if (version !== 1) throw new Error(`unknown version ${String(version)} of a stored batch operation`)
      const key = keyOf(job.namespace, job.jobId)
      const running =
        job.state === BatchState.Running
          ? {
              operation: readOperation(requestType.decode(Buffer.from(request, "base64"))),
              request,
              targets: targets.get(key) ?? []
            }
          : undefined
      this.#entries.set(key, { job, running })
      this.#wakeups.push(this.#nextStep(key), key)
    }
  }

  start(request: BatchRequest): void {
    const operation = readOperation(request)
    const namespace = request.namespace ?? ""
    const jobId = request.jobId ?? ""
    const key = keyOf(namespace, jobId)
    let open = 0
    for (const { job } of this.#entries.values())
      if (job.namespace === namespace && job.state === BatchState.Running) open += 1
    if (open >= runningPerNamespace) throw tooManyBatches()
    const existing = this.#entries.get(key)?.job
    if (existing !== undefined)
      throw alreadyStarted(
        `Workflow execution already finished. WorkflowId: ${jobId}, RunId: ${existing.runId}. Workflow Id reuse policy: reject duplicate workflow Id.`,
        "",
        existing.runId
      )
    const query = request.visibilityQuery ?? ""
    const condition = operation.condition === "" ? "" : ` AND (${operation.condition})`
    const targets: WorkflowExecution[] =
      query === ""
        ? (request.executions ?? []).map(({ workflowId, runId }) => ({ workflowId, runId }))
        : [...this.#ports.find(namespace, `(${query})${condition}`)]
    const running = {
      operation,
      request: Buffer.from(requestType.encode(request).finish()).toString("base64"),
      targets
    }
    const job: BatchJob = {
      namespace,
      jobId,
      runId: randomUUID(),
      type: operation.type,
      identity: operation.identity,
      reason: request.reason ?? "",
      state: BatchState.Running,
      startTime: this.#engine.now(),
      closeTime: 0,
      total: targets.length,
      completed: 0,
      failed: 0
    }
    this.#save(job, running, JSON.stringify(targets))
  }

  /** Stores how far a batch is; its executions are stored once and deleted when it is closed. */
  #save(job: BatchJob, running: RunningBatch, targets?: string): void {
    const { namespace, jobId: id } = job
    const open = job.state === BatchState.Running
    const stored: StoredJob = { version: 1, ...job, request: open ? running.request : "" }
    this.#engine.transact((tx) => {
      tx.documents.push({ kind, namespace, id, data: JSON.stringify(stored) })
      if (targets !== undefined || !open)
        tx.documents.push({ kind: targetsKind, namespace, id, data: open ? targets : undefined })
    })
    const key = keyOf(namespace, id)
    this.#entries.set(key, { job, running: open ? running : undefined })
    this.#wakeups.push(this.#nextStep(key), key)
  }

  #step(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    const { job, running } = entry
    if (running === undefined) {
      if (this.#forgetAt(job) <= this.#engine.now()) this.#forget(key, job)
      return
    }
    let { completed, failed } = job
    const from = completed + failed
    for (const execution of running.targets.slice(from, from + executionsPerStep))
      if (this.#apply(job, running.operation, execution)) completed += 1
      else failed += 1
    const done = completed + failed >= running.targets.length
    this.#save(
      {
        ...job,
        completed,
        failed,
        state: done ? BatchState.Completed : BatchState.Running,
        closeTime: done ? this.#engine.now() : 0
      },
      running
    )
  }

  #apply(job: BatchJob, operation: BatchOperation, execution: WorkflowExecution): boolean {
    try {
      const find = (): Run => this.#ports.run(job.namespace, execution)
      for (const { method, request } of operation.calls(execution, find))
        this.#ports.call({ method, request: { ...request, namespace: job.namespace } })
      return true
    } catch (error) {
      // What is gone needs nothing more.
      if (error instanceof ServiceError) return error.code === Code.NotFound
      this.#engine.logger("error", "a batch operation failed for an execution", {
        jobId: job.jobId,
        workflowId: execution.workflowId,
        error: String(error)
      })
      return false
    }
  }

  #forget(key: string, { namespace, jobId: id }: BatchJob): void {
    this.#engine.transact((tx) => tx.documents.push({ kind, namespace, id, data: undefined }))
    this.#entries.delete(key)
  }

  find(namespace: string, jobId: string): BatchJob {
    const entry = this.#entries.get(keyOf(namespace, jobId))
    if (entry === undefined) throw notFound(`workflow not found for ID: ${jobId}`)
    return entry.job
  }

  /** Stops a batch where it is. */
  stop(namespace: string, jobId: string): void {
    const job = this.find(namespace, jobId)
    const running = this.#entries.get(keyOf(namespace, jobId))?.running
    if (running === undefined) throw workflowCompleted()
    this.#save({ ...job, state: BatchState.Failed, closeTime: this.#engine.now() }, running)
  }

  /** The batches of a namespace, the youngest first. */
  list(namespace: string): BatchJob[] {
    return Array.from(this.#entries.values(), ({ job }) => job)
      .filter((job) => job.namespace === namespace)
      .toSorted((a, b) => b.startTime - a.startTime || (a.runId < b.runId ? -1 : 1))
  }

  close(): void {
    this.#wakeups.close()
  }
}
