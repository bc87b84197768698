/**
 * Random workflows against a model of what they have to come to, on a service whose storage fails and whose process
 * ends at any commit. Everything is decided by one seed, and time is virtual.
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict"
import { join } from "node:path"

import type { Clock } from "../../../src/embedded/temporal/clock.ts"
import { Engine } from "../../../src/embedded/temporal/engine.ts"
import { decodeFrame } from "../../../src/embedded/temporal/history.ts"
import { signalRun } from "../../../src/embedded/temporal/lifecycle.ts"
import { defaultLimits } from "../../../src/embedded/temporal/limits.ts"
import { Namespaces } from "../../../src/embedded/temporal/namespaces.ts"
import { types } from "../../../src/embedded/temporal/proto/root.ts"
import type {
  Command,
  HistoryEvent,
  PollWorkflowTaskResponse
} from "../../../src/embedded/temporal/proto/root.ts"
import { fromMillis, toNumber } from "../../../src/embedded/temporal/proto/time.ts"
import { Queries } from "../../../src/embedded/temporal/queries.ts"
import { activityHandlers } from "../../../src/embedded/temporal/rpc/activity-service.ts"
import { Lookup } from "../../../src/embedded/temporal/rpc/lookup.ts"
import { startWorkflow } from "../../../src/embedded/temporal/start.ts"
import { Code, Status } from "../../../src/embedded/temporal/proto/enums.ts"
import { ServiceError } from "../../../src/embedded/temporal/errors.ts"
import { SqliteStorage } from "../../../src/embedded/temporal/storage/sqlite.ts"
import type { Storage } from "../../../src/embedded/temporal/storage/storage.ts"
import { Tasks } from "../../../src/embedded/temporal/tasks.ts"
import type { Tx } from "../../../src/embedded/temporal/tx.ts"
import { Updates } from "../../../src/embedded/temporal/updates.ts"
import { Random } from "./random.ts"
import { expectRebuilt } from "./support.ts"

const namespace = "default"
const queue = "queue"
const unserved = "nobody"

/** A step of a workflow. */
type Step =
  | { readonly kind: "activity"; readonly failures: number; readonly attempts: number }
  | { readonly kind: "cancelled activity" }
  | { readonly kind: "timer"; readonly ms: number }
  | { readonly kind: "cancelled timer" }
  | { readonly kind: "signals"; readonly count: number }
  | { readonly kind: "child"; readonly steps: readonly Step[] }
  | { readonly kind: "cancelled child" }
  | { readonly kind: "both"; readonly steps: readonly Step[] }

const randomStep = (random: Random, depth: number): Step => {
  switch (random.below(depth > 0 ? 10 : 7)) {
    case 0:
    case 1:
    case 2:
      return { kind: "activity", failures: random.below(4), attempts: 1 + random.below(4) }
    case 3:
      return { kind: "cancelled activity" }
    case 4:
      return { kind: "timer", ms: 1 + random.below(100_000) }
    case 5:
      return { kind: "cancelled timer" }
    case 6:
      return { kind: "signals", count: 1 + random.below(3) }
    case 7:
      return { kind: "child", steps: randomSteps(random, depth - 1) }
    case 8:
      return { kind: "cancelled child" }
    default:
      return { kind: "both", steps: randomSteps(random, depth - 1) }
  }
}

const randomSteps = (random: Random, depth: number): Step[] =>
  Array.from({ length: 1 + random.below(3) }, () => randomStep(random, depth))

type Outcome = string | readonly Outcome[]

/** What a step comes to: the model. */
const expected = (step: Step): Outcome => {
  switch (step.kind) {
    case "activity":
      return step.failures < step.attempts ? `done at ${step.failures + 1}` : `failed at ${step.attempts}`
    case "timer":
      return "fired"
    case "signals":
      return `${step.count} signals`
    case "child":
    case "both":
      return step.steps.map(expected)
    default:
      return "cancelled"
  }
}

const signalsOf = (steps: readonly Step[]): number =>
  steps.reduce(
    (sum, step) =>
      sum + (step.kind === "signals" ? step.count : step.kind === "both" ? signalsOf(step.steps) : 0),
    0
  )

const encode = (value: unknown) => ({
  payloads: [{ metadata: { encoding: Buffer.from("json/plain") }, data: Buffer.from(JSON.stringify(value)) }]
})

const decode = (
  data: { payloads?: { data?: Uint8Array | null | undefined }[] | null | undefined } | null | undefined
) => JSON.parse(Buffer.from(data?.payloads?.[0]?.data ?? []).toString()) as unknown

/** What the history tells of one workflow, by the names of its steps. */
class Replay {
  readonly outcomes = new Map<string, Outcome>()
  readonly begun = new Map<string, number>()
  readonly cancelling = new Set<string>()
  readonly childRuns = new Map<string, string>()
  signals = 0
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
      requestCancelExternalWorkflowExecutionInitiatedEventAttributes: cancellingChild
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
  }
}

/** The workflow: what it asks for next, given what it has seen. Undefined while a step is not over. */
class Decider {
  readonly commands: Command[] = []
  /** Whether it is to be asked again at once, to cancel what has just begun. */
  again = false
  readonly #replay: Replay
  #signalsUsed = 0
  constructor(replay: Replay) {
    this.#replay = replay
  }

  all(steps: readonly Step[], prefix: string): Outcome[] | undefined {
    const outcomes: Outcome[] = []
    for (const [index, step] of steps.entries()) {
      const outcome = this.#step(step, `${prefix}/${index}`)
      if (outcome === undefined) return undefined
      outcomes.push(outcome)
    }
    return outcomes
  }

  #step(step: Step, name: string): Outcome | undefined {
    if (step.kind === "signals") {
      if (this.#replay.signals < this.#signalsUsed + step.count) return undefined
      this.#signalsUsed += step.count
      return `${step.count} signals`
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
            input: encode(step.kind === "child" ? step.steps : [])
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

class VirtualClock implements Clock {
  #now = 1_700_000_000_000
  readonly #alarms = new Set<{ next(): number; wake(): void }>()
  now(): number {
    return this.#now
  }
  attach(alarm: { next(): number; wake(): void }): () => void {
    this.#alarms.add(alarm)
    return () => this.#alarms.delete(alarm)
  }
  /** Goes on to the next thing that happens by itself; false if there is none. */
  advance(): boolean {
    let next = Number.POSITIVE_INFINITY
    for (const alarm of this.#alarms) next = Math.min(next, alarm.next())
    if (!Number.isFinite(next)) return false
    this.#now = Math.max(this.#now, next)
    for (const alarm of Array.from(this.#alarms)) alarm.wake()
    return true
  }
}

/** The storage could not write. */
class Fault extends Error {}

/** The process ended, just after a commit. */
class Crash extends Error {}

export interface ModelReport {
  readonly commits: number
  readonly faults: number
  readonly restarts: number
}

/** One service after another on the same file, and the worker and client that outlive them. */
class World {
  readonly #random: Random
  readonly #file: string
  readonly #clock = new VirtualClock()
  readonly #faulty: boolean
  commits = 0
  faults = 0
  restarts = 0
  #storage: SqliteStorage | undefined
  engine!: Engine
  tasks!: Tasks
  activities!: ReturnType<typeof activityHandlers>

  constructor(random: Random, file: string, faulty: boolean) {
    this.#random = random
    this.#file = file
    this.#faulty = faulty
    this.restart()
  }

  #wrap(storage: SqliteStorage): Storage {
    return new Proxy(storage, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target)
        if (typeof value !== "function") return value
        if (property !== "commit") return (value as (...args: unknown[]) => unknown).bind(target)
        return (...args: Parameters<Storage["commit"]>) => {
          const chance = this.#faulty ? this.#random.next() : 1
          if (chance < 0.03) {
            this.faults += 1
            throw new Fault("the disk is full")
          }
          target.commit(...args)
          this.commits += 1
          if (chance < 0.05) throw new Crash("killed")
        }
      }
    })
  }

  restart(): void {
    this.restarts += 1
    if (this.#storage !== undefined) {
      this.tasks.close()
      this.engine.close()
    }
    for (;;) {
      this.#storage = new SqliteStorage(this.#file, "off")
      const storage = this.#wrap(this.#storage)
      this.engine = new Engine({
        storage,
        clock: this.#clock,
        limits: defaultLimits,
        retention: { ageMs: 1e15, closedRuns: 1e9, bytes: 1e15 },
        lostActivities: "repeat",
        logger: () => {}
      })
      this.engine.inspect = (run) => expectRebuilt(run, this.#clock.now() + 1000)
      try {
        const namespaces = new Namespaces(storage, defaultLimits)
        namespaces.ensure(namespace, { retentionMs: 1e15, isRetentionAskedFor: false, searchAttributes: {} })
        this.engine.searchAttributes = namespaces.types
        const updates = new Updates(this.engine)
        this.tasks = new Tasks(this.engine, new Queries(this.engine.waits, defaultLimits.blobSize), updates)
        this.activities = activityHandlers(this.engine, new Lookup(this.engine, namespaces))
        this.engine.recover()
        return
      } catch (error) {
        if (!(error instanceof Fault || error instanceof Crash)) throw error
        this.engine.close()
      }
    }
  }

  /** Does something; false if it failed or the process ended meanwhile, so that it has to be asked again. */
  try(action: () => void): boolean {
    try {
      action()
      return true
    } catch (error) {
      if (error instanceof Crash) this.restart()
      else if (!(error instanceof Fault)) throw error
      return false
    }
  }

  transact(action: (tx: Tx) => void): boolean {
    return this.try(() => this.engine.transact(action))
  }

  advance(): void {
    this.try(() => this.#clock.advance())
  }

  close(): void {
    this.tasks.close()
    this.engine.close()
  }
}

const patience = { deadline: 0, onCancel: () => {}, isCancelled: () => false }

/** Runs a few random workflows to their end, and compares what they came to with the model. */
export const runModel = async (
  seed: number,
  folder: string,
  workflows = 2,
  faulty = true
): Promise<ModelReport> => {
  const random = new Random(seed)
  const world = new World(random, join(folder, `model-${seed}.sqlite`), faulty)
  const scripts = Array.from({ length: workflows }, (_, index) => ({
    id: `w${index}`,
    steps: randomSteps(random, 2),
    started: false
  }))
  /** Signals by workflow: how many each needs; those of children have their ids below the parent's. */
  const wanted = new Map<string, number>()
  const want = (id: string, steps: readonly Step[]): void => {
    wanted.set(id, signalsOf(steps))
    const children = (prefix: string, list: readonly Step[]): void => {
      for (const [index, step] of list.entries()) {
        if (step.kind === "child") want(`${prefix}/${index}`, step.steps)
        if (step.kind === "both") children(`${prefix}/${index}`, step.steps)
      }
    }
    children(id, steps)
  }
  for (const { id, steps } of scripts) want(id, steps)
  const sent = new Map<string, number>()
  const runOf = (id: string) => {
    const runId = world.engine.currentRunId(namespace, id)
    return runId === undefined ? undefined : world.engine.findRun(runId)
  }

  const signalSome = (): void => {
    for (const [id, count] of wanted) {
      const already = sent.get(id) ?? 0
      const run = already < count ? runOf(id) : undefined
      if (run === undefined || random.next() < 0.5) continue
      const requestId = `${id}#${already}`
      const done = world.transact((tx) =>
        signalRun(tx, run, { name: "s", input: undefined, header: undefined, identity: "", requestId })
      )
      if (done) sent.set(id, already + 1)
    }
  }

  const decide = (task: PollWorkflowTaskResponse): void => {
    const runId = task.workflowExecution?.runId ?? ""
    const run = world.engine.findRun(runId)
    if (run === undefined) return
    const events = run.frames.map(decodeFrame)
    const decider = new Decider(new Replay(events))
    const outcomes = run.h.cancelRequested
      ? undefined
      : decider.all(decode(run.h.started.input) as Step[], run.workflowId)
    const commands: Command[] = run.h.cancelRequested
      ? [{ commandType: 7, cancelWorkflowExecutionCommandAttributes: {} }]
      : outcomes === undefined
        ? decider.commands
        : [{ commandType: 4, completeWorkflowExecutionCommandAttributes: { result: encode(outcomes) } }]
    if (random.next() < 0.05) return // The worker is lost with the task.
    world.try(() => {
      try {
        world.tasks.respondWorkflowTaskCompleted({
          taskToken: task.taskToken,
          identity: "w",
          commands,
          forceCreateNewWorkflowTask: decider.again
        })
      } catch (error) {
        // Something came in meanwhile: the workflow is asked again.
        if ((error as Error).message !== "UnhandledCommand") throw error
      }
    })
  }

  const work = (task: {
    input?: Parameters<typeof decode>[0]
    attempt?: number | null
    taskToken?: Uint8Array | null
  }): void => {
    const { failures } = decode(task.input) as { failures: number }
    const attempt = task.attempt ?? 0
    const taskToken = task.taskToken ?? null
    const answer = (): void => {
      if (attempt <= failures)
        world.activities["RespondActivityTaskFailed"]?.(
          { taskToken, failure: { message: `failed at ${attempt}`, applicationFailureInfo: {} } },
          patience
        )
      else
        world.activities["RespondActivityTaskCompleted"]?.({ taskToken, result: encode(attempt) }, patience)
    }
    // Until it is heard, or not expected any more.
    for (;;)
      if (
        world.try(() => {
          try {
            answer()
          } catch (error) {
            if (!(error instanceof ServiceError && error.code === Code.NotFound)) throw error
          }
        })
      )
        return
  }

  const polled = async <T>(poll: () => Promise<T | undefined>): Promise<T | undefined> => {
    try {
      return await poll()
    } catch (error) {
      if (error instanceof Crash) world.restart()
      else if (!(error instanceof Fault)) throw error
      return undefined
    }
  }

  const backlog = (of: "workflows" | "activities"): number =>
    world.tasks[of].stats(`${namespace}\0${queue}`).backlog

  const finished = (): boolean =>
    scripts.every(({ id, started }) => started && runOf(id)?.h.status === Status.Completed)

  try {
    for (let turn = 0; !finished(); turn += 1) {
      ok(turn < 20_000, "the workflows do not come to an end")
      for (const script of scripts) {
        if (script.started || random.next() < 0.3) continue
        script.started = world.transact((tx) => {
          startWorkflow(tx, {
            namespace,
            workflowId: script.id,
            workflowType: { name: "root" },
            taskQueue: { name: queue },
            requestId: script.id,
            input: encode(script.steps)
          })
        })
      }
      signalSome()
      if (backlog("workflows") > 0 && random.next() < 0.9) {
        const bytes = await polled(() =>
          world.tasks.pollWorkflowTask({ namespace, taskQueue: { name: queue }, identity: "w" }, patience)
        )
        if (bytes !== undefined) decide(types.pollWorkflowTask.decode(bytes))
      } else if (backlog("activities") > 0) {
        const task = await polled(() =>
          world.tasks.pollActivityTask({ namespace, taskQueue: { name: queue }, identity: "a" }, patience)
        )
        if (task !== undefined) work(task as Parameters<typeof work>[0])
      } else {
        // Children that are to be cancelled have a queue that is served only then.
        const bytes =
          world.tasks.workflows.stats(`${namespace}\0${queue}-cancelled`).backlog > 0
            ? await polled(() =>
                world.tasks.pollWorkflowTask(
                  { namespace, taskQueue: { name: `${queue}-cancelled` }, identity: "w" },
                  patience
                )
              )
            : undefined
        if (bytes !== undefined) cancelOrWait(types.pollWorkflowTask.decode(bytes))
        else if (backlog("workflows") === 0) world.advance()
      }
      if (faulty && random.next() < 0.01) world.restart()
    }
    for (const { id, steps } of scripts) verify(id, steps)
    return { commits: world.commits, faults: world.faults, restarts: world.restarts - 1 }
  } finally {
    world.close()
  }

  function cancelOrWait(task: PollWorkflowTaskResponse): void {
    const run = world.engine.findRun(task.workflowExecution?.runId ?? "")
    const commands: Command[] =
      run?.h.cancelRequested === true
        ? [{ commandType: 7, cancelWorkflowExecutionCommandAttributes: {} }]
        : []
    world.try(() => {
      try {
        world.tasks.respondWorkflowTaskCompleted({ taskToken: task.taskToken, identity: "w", commands })
      } catch (error) {
        if ((error as Error).message !== "UnhandledCommand") throw error
      }
    })
  }

  function verify(id: string, steps: readonly Step[]): void {
    const run = runOf(id)
    ok(run !== undefined)
    const events = run.frames.map(decodeFrame)
    for (const [index, event] of events.entries()) strictEqual(toNumber(event.eventId), index + 1)
    const replay = new Replay(events)
    strictEqual(replay.signals, sent.get(id) ?? 0, `${id} got another number of signals`)
    const result = decode(run.h.closeEvent?.workflowExecutionCompletedEventAttributes?.result)
    deepStrictEqual(result, steps.map(expected), `${id} came to something else than the model`)
  }
}
