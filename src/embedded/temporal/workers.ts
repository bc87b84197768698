import { notFound } from "./errors.ts"
import { toMillis } from "./proto/time.ts"
import type { WorkerHeartbeat } from "./proto/root.ts"
import type { VisibilityRecord } from "./storage/storage.ts"
import { compileFilter } from "./visibility/evaluate.ts"
import { readQuery } from "./visibility/resolve.ts"
import type { AttributeType } from "./visibility/attributes.ts"

/** How long a worker is listed after its last heartbeat; service/matching/workers/registry_impl.go. */
const workerMs = 300_000

/** Workers that are listed at most. */
const mostWorkers = 10_000

const largestPage = 1000

/** What filters of `ListWorkers` can name, beside `TaskQueue` and `StartTime`. */
const types: Readonly<Record<string, AttributeType>> = {
  WorkerInstanceKey: "Keyword",
  WorkerIdentity: "Keyword",
  HostName: "Keyword",
  DeploymentName: "Keyword",
  BuildId: "Keyword",
  SdkName: "Keyword",
  SdkVersion: "Keyword",
  HeartbeatTime: "Datetime",
  WorkerStatus: "Keyword"
}

const statusNames = ["Unspecified", "Running", "ShuttingDown", "Shutdown"]
const shutDown = 3

interface Entry {
  readonly namespace: string
  readonly heartbeat: WorkerHeartbeat
  readonly at: number
}

const recordOf = ({ namespace, heartbeat }: Entry): VisibilityRecord => ({
  namespace,
  workflowId: "",
  runId: heartbeat.workerInstanceKey ?? "",
  type: "",
  status: 1,
  startTime: toMillis(heartbeat.startTime) ?? 0,
  executionTime: 0,
  closeTime: 0,
  taskQueue: heartbeat.taskQueue ?? "",
  historyLength: 0,
  historySize: 0,
  stateTransitions: 0,
  firstRunId: "",
  parentWorkflowId: "",
  parentRunId: "",
  rootWorkflowId: "",
  rootRunId: "",
  memo: {},
  searchAttributes: {},
  attributes: {
    WorkerInstanceKey: heartbeat.workerInstanceKey ?? "",
    WorkerIdentity: heartbeat.workerIdentity ?? "",
    HostName: heartbeat.hostInfo?.hostName ?? "",
    DeploymentName: heartbeat.deploymentVersion?.deploymentName ?? "",
    BuildId: heartbeat.deploymentVersion?.buildId ?? "",
    SdkName: heartbeat.sdkName ?? "",
    SdkVersion: heartbeat.sdkVersion ?? "",
    HeartbeatTime: (toMillis(heartbeat.heartbeatTime) ?? 0) * 1000,
    WorkerStatus: statusNames[heartbeat.status ?? 0] ?? ""
  }
})

/** The workers that tell of themselves. In memory only: after a restart they do it again. */
export class Workers {
  readonly #entries = new Map<string, Entry>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  #key(namespace: string, worker: string): string {
    return `${namespace}\0${worker}`
  }

  /** Takes up what a worker tells; one that is shut down is not listed any more. */
  record(namespace: string, heartbeats: readonly WorkerHeartbeat[]): void {
    for (const heartbeat of heartbeats) {
      const key = this.#key(namespace, heartbeat.workerInstanceKey ?? "")
      this.#entries.delete(key)
      if (heartbeat.status !== shutDown) this.#entries.set(key, { namespace, heartbeat, at: this.#now() })
    }
    for (const [key, { at }] of this.#entries) {
      if (at >= this.#now() - workerMs && this.#entries.size <= mostWorkers) break
      this.#entries.delete(key)
    }
  }

  forget(namespace: string, worker: string): void {
    this.#entries.delete(this.#key(namespace, worker))
  }

  #find(namespace: string, query: string): WorkerHeartbeat[] {
    const { filter } = readQuery(query, (name) => types[name])
    const matches = filter === undefined ? () => true : compileFilter(filter)
    const found: WorkerHeartbeat[] = []
    for (const entry of this.#entries.values())
      if (
        entry.namespace === namespace &&
        entry.at >= this.#now() - workerMs &&
        matches(recordOf(entry)) === true
      )
        found.push(entry.heartbeat)
    return found
  }

  count(namespace: string, query: string): number {
    return this.#find(namespace, query).length
  }

  /** One page of the workers that a filter means, by their keys. */
  list(
    namespace: string,
    query: string,
    pageSize: number,
    after: string
  ): { readonly heartbeats: WorkerHeartbeat[]; readonly next: string } {
    const limit = pageSize > 0 ? Math.min(pageSize, largestPage) : largestPage
    const found = this.#find(namespace, query)
      .filter(({ workerInstanceKey }) => (workerInstanceKey ?? "") > after)
      .toSorted((a, b) => ((a.workerInstanceKey ?? "") < (b.workerInstanceKey ?? "") ? -1 : 1))
    const heartbeats = found.slice(0, limit)
    return { heartbeats, next: found.length > limit ? (heartbeats.at(-1)?.workerInstanceKey ?? "") : "" }
  }

  describe(namespace: string, worker: string): WorkerHeartbeat {
    const entry = this.#entries.get(this.#key(namespace, worker))
    if (entry === undefined) throw notFound(`Worker ${worker} not found`)
    return entry.heartbeat
  }

  get size(): number {
    return this.#entries.size
  }
}
