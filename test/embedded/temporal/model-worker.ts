/** The worker of the model-based test: it decides what a workflow does next by its history alone. */
import { ok } from "node:assert/strict"

import type {
  Command,
  HistoryEvent,
  PollWorkflowTaskResponse,
  ProtocolMessage
} from "../../../src/embedded/temporal/proto/root.ts"
import { types } from "../../../src/embedded/temporal/proto/root.ts"
import { fromMillis, toNumber } from "../../../src/embedded/temporal/proto/time.ts"
import type { Outcome, Step } from "./model-steps.ts"
import type { Random } from "../random.ts"

export const queue = "queue"
export const unserved = "nobody"

/** What a run is given: the steps, and what came of those that earlier runs of the chain have taken. */
export interface Given {
  readonly steps: readonly Step[]
  readonly done: readonly Outcome[]
  /** Signals and updates that are left from the earlier runs. */
  readonly signals: number
  readonly updates: number
  /** The updates that earlier runs have completed. */
  readonly known: readonly string[]
}

export const given = (steps: readonly Step[]): Given => ({
  steps,
  done: [],
  signals: 0,
  updates: 0,
  known: []
})

export const encode = (value: unknown) => ({
  payloads: [{ metadata: { encoding: Buffer.from("json/plain") }, data: Buffer.from(JSON.stringify(value)) }]
})

export const decode = (
  data: { payloads?: { data?: Uint8Array | null | undefined }[] | null | undefined } | null | undefined
) => JSON.parse(Buffer.from(data?.payloads?.[0]?.data ?? []).toString()) as unknown

/** What the history tells of one workflow, by the names of its steps. */
export class Replay {
  readonly outcomes = new Map<string, Outcome>()
  readonly begun = new Map<string, number>()
  readonly cancelling = new Set<string>()
  readonly childRuns = new Map<string, string>()
  signals = 0
  /** The updates that came with an event, that were accepted, and that are completed. */
  readonly admitted = new Set<string>()
  readonly accepted = new Set<string>()
  readonly completed = new Set<string>()
  readonly #names = new Map<number, string>()

  constructor(events: readonly HistoryEvent[]) {
    for (const event of events) this.#see(event)
  }

  #close(scheduled: unknown, outcome: Outcome): void {
    const name = this.#names.get(Number(scheduled)) ?? "unknown"
    ok(!this.outcomes.has(name), `${name} ended twice`)
    this.outcomes.set(name, outcome)
  }

  #begin(id: number, name: string): void {
    ok(!this.begun.has(name), `${name} began twice`)
    this.begun.set(name, id)
    this.#names.set(id, name)
  }

  #note(updates: Set<string>, updateId: string | null | undefined, how: string): void {
    ok(updateId && !updates.has(updateId), `the update ${String(updateId)} was ${how} twice`)
    updates.add(updateId)
  }

  #see(event: HistoryEvent): void {
    const id = toNumber(event.eventId)
    const {
      activityTaskScheduledEventAttributes: scheduled,
      activityTaskCompletedEventAttributes: completed,
      activityTaskFailedEventAttributes: failed,
      activityTaskTimedOutEventAttributes: timedOut,
      activityTaskCanceledEventAttributes: canceled,
      activityTaskCancelRequestedEventAttributes: cancelling,
      timerStartedEventAttributes: timer,
      timerFiredEventAttributes: fired,
      timerCanceledEventAttributes: timerCanceled,
      startChildWorkflowExecutionInitiatedEventAttributes: initiated,
      childWorkflowExecutionStartedEventAttributes: childStarted,
      childWorkflowExecutionCompletedEventAttributes: childCompleted,
      childWorkflowExecutionCanceledEventAttributes: childCanceled,
      requestCancelExternalWorkflowExecutionInitiatedEventAttributes: cancellingChild,
      workflowExecutionUpdateAdmittedEventAttributes: updateAdmitted,
      workflowExecutionUpdateAcceptedEventAttributes: updateAccepted,
      workflowExecutionUpdateCompletedEventAttributes: updateCompleted
    } = event
    if (scheduled) this.#begin(id, scheduled.activityId ?? "")
    else if (completed)
      this.#close(toNumber(completed.scheduledEventId), `done at ${String(decode(completed.result))}`)
    else if (failed) this.#close(toNumber(failed.scheduledEventId), failed.failure?.message ?? "")
    else if (timedOut) this.#close(toNumber(timedOut.scheduledEventId), "timed out")
    else if (canceled) this.#close(toNumber(canceled.scheduledEventId), "cancelled")
    else if (cancelling) this.cancelling.add(this.#names.get(toNumber(cancelling.scheduledEventId)) ?? "")
    else if (timer) this.#begin(id, timer.timerId ?? "")
    else if (fired) this.#close(toNumber(fired.startedEventId), "fired")
    else if (timerCanceled) this.#close(toNumber(timerCanceled.startedEventId), "cancelled")
    else if (initiated) this.#begin(id, initiated.workflowId ?? "")
    else if (childStarted)
      this.childRuns.set(
        this.#names.get(toNumber(childStarted.initiatedEventId)) ?? "",
        childStarted.workflowExecution?.runId ?? ""
      )
    else if (childCompleted)
      this.#close(toNumber(childCompleted.initiatedEventId), decode(childCompleted.result) as Outcome)
    else if (childCanceled) this.#close(toNumber(childCanceled.initiatedEventId), "cancelled")
    else if (cancellingChild) this.cancelling.add(cancellingChild.workflowExecution?.workflowId ?? "")
    else if (event.workflowExecutionSignaledEventAttributes) this.signals += 1
    else if (updateAdmitted) this.#note(this.admitted, updateAdmitted.request?.meta?.updateId, "admitted")
    else if (updateAccepted) this.#note(this.accepted, updateAccepted.protocolInstanceId, "accepted")
    else if (updateCompleted) this.#note(this.completed, updateCompleted.meta?.updateId, "completed")
  }
}

/** The workflow: what it asks for next, given what it has seen. Undefined while a step is not over. */
class Decider {
  readonly commands: Command[] = []
  /** Whether it is to be asked again at once, to cancel what has just begun. */
  again = false
  /** Set if the run is to be followed by one that is given this. */
  next: Given | undefined
  readonly #replay: Replay
  readonly #given: Given
  readonly #arrived: { signals: number; updates: number }
  constructor(replay: Replay, given: Given) {
    this.#replay = replay
    this.#given = given
    this.#arrived = {
      signals: given.signals + replay.signals,
      updates: given.updates + replay.completed.size
    }
  }

  all(prefix: string): Outcome[] | undefined {
    const { steps, done, known } = this.#given
    const outcomes = [...done]
    for (let index = done.length; index < steps.length; index += 1) {
      const step = steps[index]
      if (step === undefined) continue
      if (step.kind === "continue as new") {
        this.next = {
          steps,
          done: [...outcomes, "continued"],
          ...this.#arrived,
          known: [...known, ...this.#replay.completed]
        }
        return undefined
      }
      const outcome = this.#step(step, `${prefix}/${index}`)
      if (outcome === undefined) return undefined
      outcomes.push(outcome)
    }
    return outcomes
  }

  #step(step: Step, name: string): Outcome | undefined {
    if (step.kind === "signals" || step.kind === "updates") {
      if (this.#arrived[step.kind] < step.count) return undefined
      this.#arrived[step.kind] -= step.count
      return `${step.count} ${step.kind}`
    }
    if (step.kind === "both") {
      const outcomes = step.steps.map((each, index) => this.#step(each, `${name}/${index}`))
      const over = outcomes.flatMap((outcome) => (outcome === undefined ? [] : [outcome]))
      return over.length === outcomes.length ? over : undefined
    }
    const outcome = this.#replay.outcomes.get(name)
    if (outcome !== undefined) return outcome
    const begun = this.#replay.begun.get(name)
    if (begun === undefined) this.#begin(step, name)
    else this.#goOn(step, name, begun)
    return undefined
  }

  #begin(step: Step, name: string): void {
    if (step.kind === "cancelled activity" || step.kind === "cancelled timer") this.again = true
    switch (step.kind) {
      case "activity":
      case "cancelled activity":
        this.commands.push({
          commandType: 1,
          scheduleActivityTaskCommandAttributes: {
            activityId: name,
            activityType: { name: "act" },
            taskQueue: { name: step.kind === "activity" ? queue : unserved },
            input: encode(step.kind === "activity" ? step : {}),
            startToCloseTimeout: fromMillis(3_600_000),
            retryPolicy: {
              initialInterval: fromMillis(1000),
              backoffCoefficient: 1,
              maximumAttempts: step.kind === "activity" ? step.attempts : 0
            }
          }
        })
        return
      case "timer":
      case "cancelled timer":
        this.commands.push({
          commandType: 3,
          startTimerCommandAttributes: {
            timerId: name,
            startToFireTimeout: fromMillis(step.kind === "timer" ? step.ms : 10_000_000_000)
          }
        })
        return
      default:
        this.commands.push({
          commandType: 11,
          startChildWorkflowExecutionCommandAttributes: {
            workflowId: name,
            workflowType: { name: "child" },
            taskQueue: { name: step.kind === "child" ? queue : `${queue}-cancelled` },
            input: encode(given(step.kind === "child" ? step.steps : []))
          }
        })
    }
  }

  /** What is to be cancelled is, once it has begun. */
  #goOn(step: Step, name: string, begun: number): void {
    if (this.#replay.cancelling.has(name)) return
    if (step.kind === "cancelled activity")
      this.commands.push({
        commandType: 2,
        requestCancelActivityTaskCommandAttributes: { scheduledEventId: begun }
      })
    else if (step.kind === "cancelled timer") {
      // Nothing else tells that it is cancelled.
      this.again = true
      this.commands.push({ commandType: 6, cancelTimerCommandAttributes: { timerId: name } })
    } else if (step.kind === "cancelled child" && this.#replay.childRuns.has(name))
      this.commands.push({
        commandType: 8,
        requestCancelExternalWorkflowExecutionCommandAttributes: { workflowId: name, childWorkflowOnly: true }
      })
  }
}

const message = (kind: string, updateId: string, value: Uint8Array): ProtocolMessage => ({
  id: `${updateId}/${kind}`,
  protocolInstanceId: updateId,
  body: { type_url: `type.googleapis.com/temporal.api.update.v1.${kind}`, value }
})

const acceptance = (updateId: string): ProtocolMessage =>
  message(
    "Acceptance",
    updateId,
    types.updateAcceptance.encode({ acceptedRequestMessageId: `${updateId}/request` }).finish()
  )

const response = (updateId: string): ProtocolMessage =>
  message(
    "Response",
    updateId,
    types.updateResponse.encode({ meta: { updateId }, outcome: { success: encode(updateId) } }).finish()
  )

const rejection = (updateId: string): ProtocolMessage =>
  message(
    "Rejection",
    updateId,
    types.updateRejection
      .encode({ rejectedRequestMessageId: `${updateId}/request`, failure: { message: "refused" } })
      .finish()
  )

/** The mark of an update that is refused. */
export const refused = "!"

/** What a worker answers to a workflow task. */
export const answer = (
  task: PollWorkflowTaskResponse,
  workflowId: string,
  events: readonly HistoryEvent[],
  isCancelled: boolean,
  random: Random
): { commands: Command[]; messages: ProtocolMessage[]; again: boolean } => {
  if (isCancelled)
    return {
      commands: [{ commandType: 7, cancelWorkflowExecutionCommandAttributes: {} }],
      messages: [],
      again: false
    }
  const replay = new Replay(events)
  const given = decode(events[0]?.workflowExecutionStartedEventAttributes?.input) as Given
  const messages: ProtocolMessage[] = []
  const asked = new Set((task.messages ?? []).map((request) => request.protocolInstanceId ?? ""))
  for (const updateId of replay.admitted) if (!replay.accepted.has(updateId)) asked.add(updateId)
  const complete = (updateId: string): void => {
    messages.push(response(updateId))
    replay.completed.add(updateId)
  }
  for (const updateId of replay.accepted) if (!replay.completed.has(updateId)) complete(updateId)
  let again = false
  for (const updateId of asked) {
    if (updateId.endsWith(refused)) {
      messages.push(rejection(updateId))
      continue
    }
    messages.push(acceptance(updateId))
    // Some are done at once, others with the next task.
    if (random.next() < 0.5) complete(updateId)
    else again = true
  }
  const sequence: Command[] = messages.map(({ id }) => ({
    commandType: 14,
    protocolMessageCommandAttributes: { messageId: id }
  }))
  const decider = new Decider(replay, given)
  const outcomes = again ? undefined : decider.all(workflowId)
  if (again) return { commands: sequence, messages, again }
  if (decider.next !== undefined)
    sequence.push({
      commandType: 10,
      continueAsNewWorkflowExecutionCommandAttributes: {
        workflowType: { name: "next" },
        taskQueue: { name: queue },
        input: encode(decider.next)
      }
    })
  else if (outcomes === undefined) sequence.push(...decider.commands)
  else
    sequence.push({
      commandType: 4,
      completeWorkflowExecutionCommandAttributes: { result: encode(outcomes) }
    })
  return { commands: sequence, messages, again: decider.again }
}
