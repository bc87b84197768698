/** A service with an unmodified client and worker of the SDK on it, and what is compared of what they do there. */
import { randomUUID } from "node:crypto"

import { Client } from "@temporalio/client"
import type {
  Connection,
  WorkflowHandleWithFirstExecutionRunId,
  WorkflowStartOptions
} from "@temporalio/client"
import type { temporal } from "@temporalio/proto"
import { NativeConnection, Worker } from "@temporalio/worker"

import { comparable } from "./differential.ts"
import { namespace } from "./fake-worker.ts"
import { comparedActivities } from "./sdk-activities.ts"
import { tellError } from "./sdk-errors.ts"
import { bundlePath } from "./support.ts"

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent

const sources = ["sdk-workflows.ts", "sdk-interpreter.ts", "sdk-errors.ts"] as const

/** The attributes that the workflows set; CustomKeywordField is one of the names in many examples. */
export const searchAttributes = { CustomKeywordField: 2, CustomIntField: 3, CustomDatetimeField: 6 }

/** A client and a worker of the SDK on a service. */
export interface Stage {
  readonly client: Client
  /** A client on the worker's own connection, as an eager start wants it. */
  readonly nearClient: Client
  readonly taskQueue: string
  close(): Promise<void>
}

const untilAttributesAreKnown = async (connection: Connection): Promise<void> => {
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes })
  } catch {
    // Another suite has done it.
  }
  const query = Object.keys(searchAttributes)
    .map((name) => `${name} IS NULL`)
    .join(" AND ")
  for (let tries = 0; ; tries += 1)
    try {
      await connection.workflowService.countWorkflowExecutions({ namespace, query })
      return
    } catch (error) {
      if (tries > 400) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
}

/** Opens the stage on a service. Both stages of a comparison have the same task queue. */
export const openStage = async (
  connection: Connection,
  address: string,
  taskQueue: string
): Promise<Stage> => {
  await untilAttributesAreKnown(connection)
  const near = await NativeConnection.connect({ address })
  const worker = await Worker.create({
    connection: near,
    taskQueue,
    identity: "worker",
    workflowBundle: { codePath: await bundlePath(sources) },
    activities: comparedActivities,
    shutdownGraceTime: 50,
    // A cancellation comes with the answer to a heartbeat.
    maxHeartbeatThrottleInterval: 100
  })
  const running = worker.run()
  return {
    client: new Client({ connection, identity: "client" }),
    nearClient: new Client({ connection: near, identity: "client" }),
    taskQueue,
    close: async () => {
      worker.shutdown()
      await running
      await near.close()
    }
  }
}

/** What a scenario is given: a stage, a workflow id of its own, and a place for what is compared. */
export class Scene {
  readonly id: string
  readonly stage: Stage
  readonly #told: unknown[] = []

  constructor(stage: Stage, scenario: string) {
    this.stage = stage
    this.id = `${scenario}-${randomUUID()}`
  }

  get client(): Client {
    return this.stage.client
  }

  get told(): unknown {
    return comparedText([this.id, this.#told])
  }

  tell(what: string, value: unknown): void {
    this.#told.push({ [what]: value })
  }

  /** Notes what comes of something, an error with its causes. */
  async outcome(what: string, work: Promise<unknown>): Promise<void> {
    this.tell(
      what,
      await work.then(
        (value) => ({ value }),
        (error: unknown) => ({ error: tellError(error) })
      )
    )
  }

  start(
    type: string,
    args: unknown[] = [],
    options: Partial<WorkflowStartOptions> = {}
  ): Promise<WorkflowHandleWithFirstExecutionRunId> {
    return this.client.workflow.start(type, {
      workflowId: this.id,
      taskQueue: this.stage.taskQueue,
      args,
      ...options
    })
  }

  /** Runs a workflow to its end, and notes its result and its history. */
  async play(type: string, args: unknown[] = [], options: Partial<WorkflowStartOptions> = {}): Promise<void> {
    const handle = await this.start(type, args, options)
    await this.outcome("result", handle.result())
    await this.tellChain(this.id, handle.firstExecutionRunId)
  }

  async history(workflowId = this.id, runId?: string): Promise<readonly HistoryEvent[]> {
    return (await this.client.workflow.getHandle(workflowId, runId).fetchHistory()).events ?? []
  }

  async tellHistory(workflowId = this.id, runId?: string): Promise<void> {
    const events = await this.history(workflowId, runId)
    this.tell("history", [workflowId, events.map(withName)])
  }

  /** Notes the histories of a run and of those that followed it. */
  async tellChain(workflowId: string, firstRunId: string | undefined): Promise<void> {
    for (let runId = firstRunId; runId !== undefined && runId !== "";) {
      const events = await this.history(workflowId, runId)
      this.tell("history", [workflowId, events.map(withName)])
      runId = followingRun(events)
    }
  }

  async tellDescription(workflowId = this.id): Promise<void> {
    this.tell(
      "description",
      await this.client.workflowService.describeWorkflowExecution({
        namespace,
        execution: { workflowId }
      })
    )
  }

  /** Waits until a history looks like something. */
  async until(done: (events: readonly HistoryEvent[]) => boolean, workflowId = this.id): Promise<void> {
    await this.eventually(async () => done(await this.history(workflowId)))
  }

  /** Waits until nothing is left to be done by a worker, and the history says so. */
  settles(workflowId = this.id): Promise<void> {
    return this.until((events) => isSettled(events.at(-1)), workflowId)
  }

  /** Waits until a run is followed by another, and tells which. */
  async successor(runId: string): Promise<string> {
    let next: string | undefined
    await this.eventually(async () => (next = followingRun(await this.history(this.id, runId))) !== undefined)
    return next ?? ""
  }

  async eventually(holds: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 1000; tries += 1) {
      if (await holds()) return
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error(`${this.id} never got so far`)
  }
}

/** Whether an event is the end of a task, or one that a command in it brought about. */
const isSettled = (event: HistoryEvent | undefined): boolean =>
  [
    event?.workflowTaskCompletedEventAttributes,
    event?.timerStartedEventAttributes,
    event?.workflowExecutionUpdateAcceptedEventAttributes,
    event?.workflowExecutionUpdateCompletedEventAttributes
  ].some(Boolean)

const followingRun = (events: readonly HistoryEvent[]): string | undefined => {
  const last = events.at(-1)
  return (
    last?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ??
    last?.workflowExecutionCompletedEventAttributes?.newExecutionRunId ??
    last?.workflowExecutionFailedEventAttributes?.newExecutionRunId ??
    last?.workflowExecutionTimedOutEventAttributes?.newExecutionRunId ??
    undefined
  )
}

const withName = (event: HistoryEvent): unknown => ({
  name: Object.keys(event).find((name) => name.endsWith("EventAttributes")),
  ...event
})

/**
 * Sticky queues end in an id of the worker's; what a schedule starts is named by its time; the flags of its own that the
 * worker tells are in no order.
 */
const comparedText = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(comparable(value), (name, item: unknown) =>
      name === "coreUsedFlags" && Array.isArray(item) ? item.toSorted() : item
    )
      .replaceAll(/worker-[0-9a-f]{32}/g, "<sticky queue>")
      .replaceAll(/(_time\\":)\{[^}]*\}/g, "$1<time>")
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>")
  )
