/** A worker that speaks the protocol by hand, so that a test decides what happens when. */
import type { Connection } from "@temporalio/client"
import type { temporal } from "@temporalio/proto"

type Command = temporal.api.command.v1.ICommand
type Task = temporal.api.workflowservice.v1.PollWorkflowTaskQueueResponse
type ActivityTask = temporal.api.workflowservice.v1.IPollActivityTaskQueueResponse
type Completion = Partial<temporal.api.workflowservice.v1.IRespondWorkflowTaskCompletedRequest>

export const namespace = "default"

const encoder = new TextEncoder()

export const payloads = (...values: unknown[]): temporal.api.common.v1.IPayloads => ({
  payloads: values.map((value) => ({
    metadata: { encoding: encoder.encode("json/plain") },
    data: encoder.encode(JSON.stringify(value))
  }))
})

/** A duration of so many milliseconds, in the client's own types. */
export const millis = (ms: number): { seconds: Long; nanos: number } => ({
  seconds: Math.floor(ms / 1000) as unknown as Long,
  nanos: (ms % 1000) * 1e6
})

type Long = NonNullable<NonNullable<temporal.api.history.v1.IHistoryEvent["eventId"]>>

export const long = (value: number): Long => value as unknown as Long

const short = (event: temporal.api.history.v1.IHistoryEvent): string => {
  const name = Object.keys(event).find((key) => key.endsWith("EventAttributes")) ?? "unknown"
  return name.replace("EventAttributes", "").replace(/^workflowExecution/, "")
}

export const names = (
  events: readonly temporal.api.history.v1.IHistoryEvent[] | null | undefined
): string[] => (events ?? []).map(short)

export class FakeWorker {
  readonly connection: Connection
  readonly taskQueue: string
  readonly sticky: string
  constructor(connection: Connection, taskQueue: string) {
    this.connection = connection
    this.taskQueue = taskQueue
    this.sticky = `sticky-${taskQueue}`
  }

  get rpc(): Connection["workflowService"] {
    return this.connection.workflowService
  }

  start(
    workflowId: string,
    options: Partial<temporal.api.workflowservice.v1.IStartWorkflowExecutionRequest> = {}
  ): Promise<temporal.api.workflowservice.v1.StartWorkflowExecutionResponse> {
    return this.rpc.startWorkflowExecution({
      namespace,
      workflowId,
      workflowType: { name: "test" },
      taskQueue: { name: this.taskQueue },
      requestId: crypto.randomUUID(),
      ...options
    })
  }

  signal(workflowId: string, signalName = "go", requestId: string = crypto.randomUUID()): Promise<unknown> {
    return this.rpc.signalWorkflowExecution({
      namespace,
      workflowExecution: { workflowId },
      signalName,
      requestId
    })
  }

  /** The real server refuses a poll that says no deadline. */
  #waiting<T>(poll: () => Promise<T>): Promise<T> {
    return this.connection.withDeadline(Date.now() + 15_000, poll)
  }

  poll(options: Partial<temporal.api.workflowservice.v1.IPollWorkflowTaskQueueRequest> = {}): Promise<Task> {
    return this.#waiting(() =>
      this.rpc.pollWorkflowTaskQueue({
        namespace,
        taskQueue: { name: this.taskQueue },
        identity: "fake",
        ...options
      })
    )
  }

  pollSticky(): Promise<Task> {
    return this.#waiting(() =>
      this.rpc.pollWorkflowTaskQueue({
        namespace,
        taskQueue: { name: this.sticky, kind: 2, normalName: this.taskQueue },
        identity: "fake"
      })
    )
  }

  pollActivity(
    options: Partial<temporal.api.workflowservice.v1.IPollActivityTaskQueueRequest> = {}
  ): Promise<ActivityTask> {
    return this.#waiting(() =>
      this.rpc.pollActivityTaskQueue({
        namespace,
        taskQueue: { name: this.taskQueue },
        identity: "fake",
        ...options
      })
    )
  }

  complete(
    task: { taskToken?: Uint8Array | null },
    commands: Command[] = [],
    options: Completion = {}
  ): Promise<temporal.api.workflowservice.v1.RespondWorkflowTaskCompletedResponse> {
    return this.rpc.respondWorkflowTaskCompleted({
      namespace,
      taskToken: task.taskToken ?? null,
      identity: "fake",
      commands,
      ...options
    })
  }

  completeSticky(
    task: { taskToken?: Uint8Array | null },
    commands: Command[] = [],
    scheduleToStart = 10_000
  ): Promise<temporal.api.workflowservice.v1.RespondWorkflowTaskCompletedResponse> {
    return this.complete(task, commands, {
      stickyAttributes: {
        workerTaskQueue: { name: this.sticky, kind: 2, normalName: this.taskQueue },
        scheduleToStartTimeout: millis(scheduleToStart)
      }
    })
  }

  fail(task: { taskToken?: Uint8Array | null }): Promise<unknown> {
    return this.rpc.respondWorkflowTaskFailed({
      namespace,
      taskToken: task.taskToken ?? null,
      cause: 24,
      identity: "fake"
    })
  }

  /** A command that schedules an activity on this worker's queue. */
  activity(
    activityId: string,
    options: Partial<temporal.api.command.v1.IScheduleActivityTaskCommandAttributes> = {}
  ): Command {
    return {
      commandType: 1,
      scheduleActivityTaskCommandAttributes: {
        activityId,
        activityType: { name: "work" },
        taskQueue: { name: this.taskQueue },
        startToCloseTimeout: millis(10_000),
        ...options
      }
    }
  }

  async history(workflowId: string): Promise<temporal.api.history.v1.IHistoryEvent[]> {
    const { history } = await this.rpc.getWorkflowExecutionHistory({ namespace, execution: { workflowId } })
    return history?.events ?? []
  }

  async names(workflowId: string): Promise<string[]> {
    return names(await this.history(workflowId))
  }
}

export const cancelActivity = (scheduledEventId: number): Command => ({
  commandType: 2,
  requestCancelActivityTaskCommandAttributes: { scheduledEventId: long(scheduledEventId) }
})

export const startTimer = (timerId: string, ms: number): Command => ({
  commandType: 3,
  startTimerCommandAttributes: { timerId, startToFireTimeout: millis(ms) }
})

export const cancelTimer = (timerId: string): Command => ({
  commandType: 6,
  cancelTimerCommandAttributes: { timerId }
})

export const completeWorkflow = (result: unknown = null): Command => ({
  commandType: 4,
  completeWorkflowExecutionCommandAttributes: { result: payloads(result) }
})
