/** What is compared when the same program ran on two services. */
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"

import type { Connection } from "@temporalio/client"
import type { temporal } from "@temporalio/proto"

import { FakeWorker, namespace } from "./fake-worker.ts"

/**
 * The differences that are no fault: what each service makes up (ids, times, sizes), and what the real one leaves
 * open (numbers of its storage and of its replication).
 */
const open: ReadonlySet<string> = new Set([
  // Times, and what is reckoned from them.
  "eventTime",
  "startTime",
  "closeTime",
  "executionTime",
  "executionDuration",
  "scheduledTime",
  "originalScheduledTime",
  "startedTime",
  "lastStartedTime",
  "lastHeartbeatTime",
  "lastAttemptCompleteTime",
  "nextAttemptScheduleTime",
  "currentRetryInterval",
  "expirationTime",
  "pauseTime",
  "originalStartTime",
  "lastResetTime",
  "createTime",
  "expireTime",
  "executionExpirationTime",
  "runExpirationTime",
  "workflowExecutionExpirationTime",
  // The real server keeps the runs of a chain a second apart, and adds the time that its storage took.
  "firstWorkflowTaskBackoff",
  // Ids that are made up for each request and shown to nobody else.
  "requestId",
  "startRequestId",
  "requestIdInfos",
  "taskToken",
  "namespaceId",
  "parentNamespaceId",
  "parentWorkflowNamespaceId",
  // How each encodes and stores its events.
  "historySizeBytes",
  "stateTransitionCount",
  "taskId",
  "version",
  // The real server's bookkeeping of workers.
  "mostRecentWorkerVersionStamp",
  "workerMayIgnore",
  "parentInitiatedEventVersion",
  "inheritedBuildId"
])

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

const text = new TextDecoder()

/** The same for two runs of the same program: without what is open, ids by the order in which they turn up. */
export const comparable = (value: unknown): unknown => {
  const known = new Map<string, string>()
  const named = (id: string): string => {
    const name = known.get(id) ?? `<id ${known.size + 1}>`
    known.set(id, name)
    return name
  }
  const convert = (item: unknown): unknown => {
    if (item instanceof Uint8Array) return convert(text.decode(item))
    if (typeof item === "string") return item.replaceAll(uuid, named)
    if (Array.isArray(item)) return item.map(convert)
    if (typeof item !== "object" || item === null) return item
    if ("low" in item && "high" in item) return Number(item)
    const fields: [string, unknown][] = []
    for (const [name, field] of Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (open.has(name)) continue
      const converted = convert(field)
      const absent =
        converted === undefined ||
        converted === null ||
        converted === 0 ||
        converted === "" ||
        converted === false ||
        (Array.isArray(converted) && converted.length === 0) ||
        (typeof converted === "object" && !Array.isArray(converted) && Object.keys(converted).length === 0)
      if (!absent) fields.push([name, converted])
    }
    return Object.fromEntries(fields)
  }
  return convert(value)
}

type Rpc = Connection["workflowService"]
/** What a program is given: a service, a worker that does as it is told, and a workflow id of its own. */
export class Kit {
  readonly worker: FakeWorker
  readonly id: string
  readonly #told: unknown[] = []
  readonly #connection: Connection

  constructor(connection: Connection, program: string) {
    this.#connection = connection
    this.id = `${program}-${randomUUID()}`
    this.worker = new FakeWorker(connection, `queue-${this.id}`)
  }

  get rpc(): Rpc {
    return this.#connection.workflowService
  }

  get execution(): { workflowId: string } {
    return { workflowId: this.id }
  }

  /** Notes something that has to be the same on both services. */
  tell(what: string, value: unknown): void {
    this.#told.push({ [what]: value })
  }

  get told(): unknown {
    return this.#told
  }

  /** Notes how a call is refused. */
  async refused(what: string, call: Promise<unknown>): Promise<void> {
    try {
      this.tell(what, { answered: await call })
    } catch (error) {
      const { code, details } = error as { code?: unknown; details?: unknown }
      this.tell(what, { code, details, types: detailTypes(error) })
    }
  }

  async history(workflowId = this.id, runId = ""): Promise<temporal.api.history.v1.IHistoryEvent[]> {
    const { history } = await this.rpc.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId, runId }
    })
    return history?.events ?? []
  }

  /** Notes the history of a run. */
  async tellHistory(workflowId = this.id, runId = ""): Promise<void> {
    this.tell("history", (await this.history(workflowId, runId)).map(named))
  }

  async tellDescription(workflowId = this.id): Promise<void> {
    this.tell(
      "description",
      await this.rpc.describeWorkflowExecution({ namespace, execution: { workflowId } })
    )
  }

  /** Waits until a history looks like something. */
  async until(
    done: (events: temporal.api.history.v1.IHistoryEvent[]) => boolean,
    workflowId = this.id
  ): Promise<void> {
    for (let tries = 0; tries < 400; tries += 1) {
      if (done(await this.history(workflowId))) return
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error(`${workflowId} never got so far`)
  }
}

const named = (event: temporal.api.history.v1.IHistoryEvent): unknown => {
  const key = Object.keys(event).find((name) => name.endsWith("EventAttributes"))
  return { key, ...event }
}

/** The names of the details that an error carries. */
const detailTypes = (error: unknown): string[] => {
  const metadata = (error as { metadata?: { get?: (key: string) => unknown[] } }).metadata
  const status = metadata?.get?.("grpc-status-details-bin")[0]
  if (!(status instanceof Uint8Array)) return []
  return Array.from(text.decode(status).matchAll(/temporal\.api\.errordetails\.v1\.\w+/g), ([name]) => name)
}

/** What a program came to on a service. */
export const outcomeOf = async (
  connection: Connection,
  name: string,
  program: (kit: Kit) => Promise<void>
): Promise<unknown> => {
  const kit = new Kit(connection, name.replaceAll(" ", "-"))
  await program(kit)
  return comparable([kit.id, kit.told])
}

/** Where it is written down what the programs came to on the official server. */
export const recordedFile = new URL("./programs.json", import.meta.url)

export const readRecorded = (): Record<string, unknown> =>
  JSON.parse(readFileSync(recordedFile, "utf8")) as Record<string, unknown>
