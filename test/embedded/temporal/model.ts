/**
 * Random workflows against a model of what they have to come to, on a service whose storage fails and whose process
 * ends at any commit. Everything is decided by one seed, and time is virtual.
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict"
import { join } from "node:path"

import { ServiceError } from "../../../src/embedded/temporal/errors.ts"
import { decodeFrame } from "../../../src/embedded/temporal/history.ts"
import { signalRun } from "../../../src/embedded/temporal/lifecycle.ts"
import { Code, EventType, Status } from "../../../src/embedded/temporal/proto/enums.ts"
import { types } from "../../../src/embedded/temporal/proto/root.ts"
import type { HistoryEvent, PollWorkflowTaskResponse } from "../../../src/embedded/temporal/proto/root.ts"
import { toNumber } from "../../../src/embedded/temporal/proto/time.ts"
import { resetWorkflow } from "../../../src/embedded/temporal/reset.ts"
import type { Run } from "../../../src/embedded/temporal/run.ts"
import { isOpen } from "../../../src/embedded/temporal/state.ts"
import { startWorkflow } from "../../../src/embedded/temporal/start.ts"
import { expected, randomSteps, wantedOf } from "./model-steps.ts"
import type { Step } from "./model-steps.ts"
import { answer, decode, encode, given, queue, refused, Replay } from "./model-worker.ts"
import type { Given } from "./model-worker.ts"
import { namespace, World } from "./model-world.ts"
import { type Random, random as randomOf } from "../random.ts"

export interface ModelReport {
  readonly commits: number
  readonly faults: number
  readonly restarts: number
  readonly resets: number
}

interface Script {
  readonly id: string
  readonly steps: readonly Step[]
  started: boolean
  /** How often it may still be reset. What has children is not: those of the former run would still be there. */
  resets: number
}

type ActivityTask = {
  input?: Parameters<typeof decode>[0]
  attempt?: number | null
  taskToken?: Uint8Array | null
}

const patience = { deadline: 0, onCancel: () => {}, isCancelled: () => false }

const eventsOf = (run: Run): HistoryEvent[] => run.frames.map(decodeFrame)

const givenTo = (run: Run): Given => decode(run.h.started.input) as Given

/** The client and the worker of the workflows. */
class Play {
  readonly #random: Random
  readonly #world: World
  readonly #scripts: readonly Script[]
  readonly #wanted = new Map<string, { readonly signals: number; readonly updates: number }>()
  readonly #signals = new Map<string, number>()
  resets = 0

  constructor(random: Random, world: World, scripts: readonly Script[]) {
    this.#random = random
    this.#world = world
    this.#scripts = scripts
    for (const { id, steps } of scripts) wantedOf(id, steps, this.#wanted)
  }

  isOver(): boolean {
    return this.#scripts.every(
      ({ id, started }) => started && this.#world.runOf(id)?.h.status === Status.Completed
    )
  }

  start(): void {
    for (const script of this.#scripts) {
      if (script.started || this.#random.next() < 0.3) continue
      script.started = this.#world.transact((tx) => {
        startWorkflow(tx, {
          namespace,
          workflowId: script.id,
          workflowType: { name: "root" },
          taskQueue: { name: queue },
          requestId: script.id,
          input: encode(given(script.steps))
        })
      })
    }
  }

  signal(): void {
    for (const [id, { signals }] of this.#wanted) {
      const sent = this.#signals.get(id) ?? 0
      if (sent >= signals || this.#random.next() < 0.5) continue
      const requestId = `${id}#${sent}`
      // Until it is heard: the run that it would go to later does not know what this one was told.
      for (;;) {
        const run = this.#world.runOf(id)
        if (run === undefined) break
        const heard = this.#world.transact((tx) =>
          signalRun(tx, run, { name: "s", input: undefined, header: undefined, identity: "", requestId })
        )
        if (!heard) continue
        this.#signals.set(id, sent + 1)
        break
      }
    }
  }

  /** Asks for an update that is not accepted yet, now and then for one that will be refused. */
  update(): void {
    for (const [id, { updates }] of this.#wanted) {
      const run = this.#world.runOf(id)
      if (run === undefined || !isOpen(run.h) || this.#random.next() < 0.7) continue
      const known = new Set([...givenTo(run).known, ...run.h.updates.keys()])
      const names = Array.from({ length: updates }, (_, index) => `${id}@${index}`)
      const next = names.find((name) => !known.has(name))
      if (next !== undefined) this.#ask(run, this.#random.next() < 0.2 ? `${next}${refused}` : next)
    }
  }

  #ask(run: Run, updateId: string): void {
    this.#world.try(() => {
      try {
        this.#world.engine.transact((tx) => {
          const asked = this.#world.updates.identify({
            request: { meta: { updateId }, input: { name: "u", args: encode(updateId) } }
          })
          this.#world.updates.admit(tx, run, asked)
        })
      } catch (error) {
        // It cannot be taken now.
        if (!(error instanceof ServiceError)) throw error
      }
    })
  }

  /** Takes a workflow back to one of its tasks. */
  reset(): void {
    for (const script of this.#scripts) {
      const run = script.resets > 0 ? this.#world.runOf(script.id) : undefined
      if (run === undefined || !isOpen(run.h) || this.#random.next() < 0.95) continue
      const tasks = eventsOf(run).filter(({ eventType }) => eventType === EventType.WorkflowTaskCompleted)
      if (tasks.length === 0) continue
      script.resets -= 1
      const requestId = `${script.id} is reset ${script.resets}`
      const workflowTaskFinishEventId = this.#random.pick(tasks).eventId
      const done = this.#world.transact((tx) => {
        resetWorkflow(tx, run, { namespace, requestId, reason: "model", workflowTaskFinishEventId })
      })
      if (done) this.resets += 1
    }
  }

  decide(task: PollWorkflowTaskResponse): void {
    const run = this.#world.engine.findRun(task.workflowExecution?.runId ?? "")
    if (run === undefined) return
    const { commands, messages, again } = answer(
      task,
      run.workflowId,
      eventsOf(run),
      run.h.cancelRequested,
      this.#random
    )
    if (this.#random.next() < 0.05) return // The worker is lost with the task.
    this.#respond(task, { commands, messages, forceCreateNewWorkflowTask: again })
  }

  /** The task of a child that waits to be cancelled. */
  cancelOrWait(task: PollWorkflowTaskResponse): void {
    const run = this.#world.engine.findRun(task.workflowExecution?.runId ?? "")
    const isCancelled = run?.h.cancelRequested === true
    this.#respond(task, {
      commands: isCancelled ? [{ commandType: 7, cancelWorkflowExecutionCommandAttributes: {} }] : []
    })
  }

  #respond(
    { taskToken }: PollWorkflowTaskResponse,
    completion: Partial<Parameters<World["tasks"]["respondWorkflowTaskCompleted"]>[0]>
  ): void {
    this.#world.try(() => {
      try {
        this.#world.tasks.respondWorkflowTaskCompleted({ taskToken, identity: "w", ...completion })
      } catch (error) {
        // Something came in meanwhile: the workflow is asked again.
        if (!(error instanceof ServiceError && error.message === "UnhandledCommand")) throw error
      }
    })
  }

  work(task: ActivityTask): void {
    const { failures } = decode(task.input) as { failures: number }
    const attempt = task.attempt ?? 0
    const taskToken = task.taskToken ?? null
    const say = (): void => {
      const { activities } = this.#world
      if (attempt <= failures)
        activities["RespondActivityTaskFailed"]?.(
          { taskToken, failure: { message: `failed at ${attempt}`, applicationFailureInfo: {} } },
          patience
        )
      else activities["RespondActivityTaskCompleted"]?.({ taskToken, result: encode(attempt) }, patience)
    }
    // Until it is heard, or not expected any more.
    for (;;)
      if (
        this.#world.try(() => {
          try {
            say()
          } catch (error) {
            if (!(error instanceof ServiceError && error.code === Code.NotFound)) throw error
          }
        })
      )
        return
  }

  verify(): void {
    for (const { id, steps } of this.#scripts) {
      const chain = this.#chain(id)
      const replays = chain.map((run) => {
        const events = eventsOf(run)
        for (const [index, event] of events.entries()) strictEqual(toNumber(event.eventId), index + 1)
        return new Replay(events)
      })
      const signals = replays.reduce((sum, replay) => sum + replay.signals, 0)
      strictEqual(signals, this.#signals.get(id) ?? 0, `${id} got another number of signals`)
      const updates = replays.flatMap((replay) => [...replay.completed])
      strictEqual(new Set(updates).size, updates.length, `${id} took an update twice`)
      for (const { accepted, admitted } of replays)
        for (const update of [...accepted, ...admitted])
          ok(!update.endsWith(refused), `${id} keeps ${update}, which was refused`)
      const result = decode(chain[0]?.h.closeEvent?.workflowExecutionCompletedEventAttributes?.result)
      deepStrictEqual(result, steps.map(expected), `${id} came to something else than the model`)
    }
  }

  /** The runs that came after each other, the last one first; without those that a reset replaced. */
  #chain(id: string): Run[] {
    const chain: Run[] = []
    let run = this.#world.runOf(id)
    while (run !== undefined) {
      chain.push(run)
      const before: string = run.h.started.continuedExecutionRunId ?? ""
      run = before === "" ? undefined : this.#world.engine.findRun(before)
    }
    return chain
  }
}

/** Runs a few random workflows to their end, and compares what they came to with the model. */
export const runModel = async (
  seed: number,
  folder: string,
  workflows = 2,
  faulty = true
): Promise<ModelReport> => {
  const random = randomOf(seed)
  const world = new World(random, join(folder, `model-${seed}.sqlite`), faulty)
  const scripts = Array.from({ length: workflows }, (_, index): Script => {
    const flat = index % 2 === 1
    return {
      id: `w${index}`,
      steps: randomSteps(random, flat ? 0 : 2),
      started: false,
      resets: flat ? 2 : 0
    }
  })
  const play = new Play(random, world, scripts)
  const backlog = (of: "workflows" | "activities", name = queue): number =>
    world.tasks[of].stats(`${namespace}\0${name}`).backlog
  const poll = async (name: string): Promise<PollWorkflowTaskResponse | undefined> => {
    const taskQueue = { name }
    const bytes = await world.ask(() =>
      world.tasks.pollWorkflowTask({ namespace, taskQueue, identity: "w" }, patience)
    )
    return bytes === undefined ? undefined : types.pollWorkflowTask.decode(bytes)
  }
  // Children that are to be cancelled have a queue that is served only when there is nothing else to do.
  const cancelled = `${queue}-cancelled`

  try {
    for (let turn = 0; !play.isOver(); turn += 1) {
      ok(turn < 20_000, "the workflows do not come to an end")
      play.start()
      play.signal()
      play.update()
      play.reset()
      if (backlog("workflows") > 0 && random.next() < 0.9) {
        const task = await poll(queue)
        if (task !== undefined) play.decide(task)
      } else if (backlog("activities") > 0) {
        const taskQueue = { name: queue }
        const task = await world.ask(() =>
          world.tasks.pollActivityTask({ namespace, taskQueue, identity: "a" }, patience)
        )
        if (task !== undefined) play.work(task as ActivityTask)
      } else {
        const task = backlog("workflows", cancelled) > 0 ? await poll(cancelled) : undefined
        if (task !== undefined) play.cancelOrWait(task)
        else if (backlog("workflows") === 0) world.advance()
      }
      if (faulty && random.next() < 0.01) world.restart()
    }
    play.verify()
    return {
      commits: world.commits,
      faults: world.faults,
      restarts: world.restarts - 1,
      resets: play.resets
    }
  } finally {
    world.close()
  }
}
