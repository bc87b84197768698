/**
 * Kills the embedded Temporal service again and again while workflows run on it, and looks whether a step was lost
 * or done twice. The service is a process of its own on one SQLite file, ended by SIGKILL at a random moment; the
 * worker and the clients are this process, which remembers everything that the service has acknowledged.
 *
 *     npm run soak:temporal-kill                    500 kills
 *     npm run soak:temporal-kill -- 50 --seed 7     fewer, and the same choices again
 */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { Connection } from "@temporalio/client"
import type { temporal } from "@temporalio/proto"

type HistoryEvent = temporal.api.history.v1.IHistoryEvent
type Command = temporal.api.command.v1.ICommand

const namespace = "default"
const taskQueue = { name: "steps" }
const openAtOnce = 8
const stepsOfEach = 12

/** The same sequence for the same seed (mulberry32). */
const random = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What the service has acknowledged, and so must never lose. */
interface Workflow {
  readonly id: string
  readonly requestId: string
  started: boolean
  finished: boolean
  readonly completions: Set<string>
  readonly signals: Map<string, boolean>
}

const payloads = (value: unknown): temporal.api.common.v1.IPayloads => ({
  payloads: [{ metadata: { encoding: Buffer.from("json/plain") }, data: Buffer.from(JSON.stringify(value)) }]
})

const duration = (ms: number): { seconds: never; nanos: number } => ({
  // The client's encoder takes plain numbers for the library's 64-bit type.
  seconds: Math.floor(ms / 1000) as never,
  nanos: (ms % 1000) * 1_000_000
})

/** What the workflow does next: a step is an activity, every third one a timer. */
const next = (events: readonly HistoryEvent[]): Command[] => {
  const done = events.filter(
    (event) => event.activityTaskCompletedEventAttributes ?? event.timerFiredEventAttributes
  ).length
  const begun = events.filter(
    (event) => event.activityTaskScheduledEventAttributes ?? event.timerStartedEventAttributes
  ).length
  if (begun > done) return []
  const name = String(begun)
  if (done === stepsOfEach)
    return [{ commandType: 4, completeWorkflowExecutionCommandAttributes: { result: payloads(done) } }]
  if (begun % 3 === 2)
    return [
      { commandType: 3, startTimerCommandAttributes: { timerId: name, startToFireTimeout: duration(20) } }
    ]
  return [
    {
      commandType: 1,
      scheduleActivityTaskCommandAttributes: {
        activityId: name,
        activityType: { name: "step" },
        taskQueue,
        startToCloseTimeout: duration(10_000)
      }
    }
  ]
}

class Soak {
  readonly workflows: Workflow[] = []
  readonly #pick: () => number
  acknowledged = 0
  #killAt = Number.POSITIVE_INFINITY
  #kill: () => void = () => {}

  constructor(seed: number) {
    this.#pick = random(seed)
  }

  /** Has the service killed after a random number of answers, in the midst of what else is asked. */
  killSoon(kill: () => void): void {
    this.#killAt = this.acknowledged + 1 + Math.floor(this.#pick() * 25)
    this.#kill = kill
  }

  #acknowledge(): void {
    this.acknowledged += 1
    if (this.acknowledged < this.#killAt) return
    this.#killAt = Number.POSITIVE_INFINITY
    this.#kill()
  }

  #open(): Workflow[] {
    return this.workflows.filter((workflow) => !workflow.finished)
  }

  /** Starts workflows and sends signals, each again until it is acknowledged. */
  async #drive(rpc: Connection["workflowService"], more: boolean): Promise<void> {
    const missing = more ? openAtOnce - this.#open().length : 0
    for (let index = 0; index < missing; index += 1)
      this.workflows.push({
        id: randomUUID(),
        requestId: randomUUID(),
        started: false,
        finished: false,
        completions: new Set(),
        signals: new Map()
      })
    for (const workflow of this.#open()) {
      if (!workflow.started)
        await rpc.startWorkflowExecution({
          namespace,
          workflowId: workflow.id,
          workflowType: { name: "steps" },
          taskQueue,
          requestId: workflow.requestId
        })
      if (!workflow.started) this.#acknowledge()
      workflow.started = true
      if (more && workflow.signals.size < 5 && this.#pick() < 0.3) workflow.signals.set(randomUUID(), false)
      for (const [requestId, acknowledged] of workflow.signals) {
        if (acknowledged) continue
        try {
          await rpc.signalWorkflowExecution({
            namespace,
            workflowExecution: { workflowId: workflow.id },
            signalName: requestId,
            requestId
          })
        } catch (error) {
          // It ended before the signal got to it, or the signal got to it before.
          if ((error as { code?: unknown }).code !== 5) throw error
          workflow.signals.delete(requestId)
          continue
        }
        workflow.signals.set(requestId, true)
        this.acknowledged += 1
      }
    }
  }

  async #workflowTask(rpc: Connection["workflowService"]): Promise<void> {
    const task = await rpc.pollWorkflowTaskQueue({ namespace, taskQueue, identity: "soak" })
    const workflowId = task.workflowExecution?.workflowId
    if (!task.taskToken || task.taskToken.length === 0 || !workflowId) return
    const commands = next(task.history?.events ?? [])
    await rpc
      .respondWorkflowTaskCompleted({ namespace, taskToken: task.taskToken, identity: "soak", commands })
      .then(() => this.#acknowledge(), unlessGone)
  }

  async #activity(rpc: Connection["workflowService"]): Promise<void> {
    const task = await rpc.pollActivityTaskQueue({ namespace, taskQueue, identity: "soak" })
    if (!task.taskToken || task.taskToken.length === 0) return
    const done = await rpc
      .respondActivityTaskCompleted({
        namespace,
        taskToken: task.taskToken,
        result: payloads(task.activityId)
      })
      .then(
        () => true,
        (error: unknown) => unlessGone(error) ?? false
      )
    const workflow = this.workflows.find(({ id }) => id === task.workflowExecution?.workflowId)
    if (!done || workflow === undefined) return
    const step = task.activityId ?? ""
    if (workflow.completions.has(step))
      throw new Error(`step ${step} of ${workflow.id} was acknowledged twice`)
    workflow.completions.add(step)
    this.#acknowledge()
  }

  async #settle(connection: Connection): Promise<void> {
    for (const workflow of this.#open()) {
      if (!workflow.started) continue
      const { workflowExecutionInfo } = await connection.workflowService.describeWorkflowExecution({
        namespace,
        execution: { workflowId: workflow.id }
      })
      if (workflowExecutionInfo?.status === 2) workflow.finished = true
    }
  }

  /** Works until the service is gone, or until nothing is left to do. */
  async work(connection: Connection, more: boolean, gone: () => boolean): Promise<void> {
    const rpc = connection.workflowService
    const loop = async (step: () => Promise<void>): Promise<void> => {
      const over = (): boolean => gone() || (!more && this.#open().length === 0)
      while (!over())
        try {
          await connection.withDeadline(Date.now() + 2000, step)
        } catch (error) {
          const { code } = error as { code?: unknown }
          // 4: nothing came in time; 14 and 1: the service was killed.
          if (code !== 4 && code !== 14 && code !== 1 && code !== 13) throw error
          if (code !== 4 && !gone()) await new Promise((resolve) => setTimeout(resolve, 5))
        }
    }
    await Promise.all([
      loop(() => this.#workflowTask(rpc)),
      loop(() => this.#workflowTask(rpc)),
      loop(() => this.#activity(rpc)),
      loop(() => this.#activity(rpc)),
      loop(async () => {
        await this.#drive(rpc, more)
        await this.#settle(connection)
        await new Promise((resolve) => setTimeout(resolve, 10))
      })
    ])
  }

  /** Looks in the histories for what was lost or done twice. */
  async verify(connection: Connection): Promise<{ steps: number; signals: number }> {
    let steps = 0
    let signals = 0
    for (const workflow of this.workflows) {
      if (!workflow.started) continue
      const events: HistoryEvent[] = []
      let nextPageToken: Uint8Array | undefined
      do {
        const page = await connection.workflowService.getWorkflowExecutionHistory({
          namespace,
          execution: { workflowId: workflow.id },
          ...(nextPageToken ? { nextPageToken } : {})
        })
        events.push(...(page.history?.events ?? []))
        nextPageToken = page.nextPageToken
      } while (nextPageToken.length > 0)
      const scheduled = new Map(
        events.flatMap(({ eventId, activityTaskScheduledEventAttributes: attributes }) =>
          attributes ? [[String(eventId), attributes.activityId ?? ""] as const] : []
        )
      )
      const completed = events.flatMap(({ activityTaskCompletedEventAttributes: attributes }) =>
        attributes ? [scheduled.get(String(attributes.scheduledEventId)) ?? "unknown"] : []
      )
      const fired = events.flatMap(({ timerFiredEventAttributes: attributes }) =>
        attributes ? [attributes.timerId ?? ""] : []
      )
      const all = [...completed, ...fired].toSorted((a, b) => Number(a) - Number(b))
      const expected = Array.from({ length: stepsOfEach }, (_, step) => String(step))
      if (all.join() !== expected.join()) throw new Error(`${workflow.id}: steps ${all.join()}`)
      for (const step of workflow.completions)
        if (!completed.includes(step)) throw new Error(`${workflow.id}: step ${step} was lost`)
      const received = events.flatMap(
        ({ workflowExecutionSignaledEventAttributes: attributes }) => attributes?.signalName ?? []
      )
      if (new Set(received).size !== received.length) throw new Error(`${workflow.id}: a signal came twice`)
      for (const [signal, acknowledged] of workflow.signals)
        if (acknowledged && !received.includes(signal)) throw new Error(`${workflow.id}: a signal was lost`)
      steps += all.length
      signals += received.length
    }
    return { steps, signals }
  }
}

/** An answer that comes too late for its task: another attempt has it by now. */
const unlessGone = (error: unknown): undefined => {
  const { code } = error as { code?: unknown }
  if (code !== 5 && code !== 3) throw error
  return undefined
}

const launch = async (
  file: string,
  compileCache: string
): Promise<{ child: ChildProcess; address: string }> => {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("./lib/temporalServe.ts", import.meta.url)), file],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache }
    }
  )
  const [line] = (await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(([code]) => {
      throw new Error(`the service did not start: ${String(code)}`)
    })
  ])) as [Buffer]
  return { child, address: line.toString().trim() }
}

const main = async (args: readonly string[]): Promise<void> => {
  const kills = Number(args.find((arg, index) => /^\d+$/.test(arg) && args[index - 1] !== "--seed") ?? 500)
  const seedAt = args.indexOf("--seed")
  const seed = seedAt < 0 ? Date.now() % 1_000_000 : Number(args[seedAt + 1])
  const folder = mkdtempSync(join(tmpdir(), "temporal-kill-"))
  const file = join(folder, "temporal.sqlite")
  const soak = new Soak(seed)
  const began = Date.now()
  console.log(`seed ${seed}`)
  try {
    for (let cycle = 0; cycle <= kills; cycle += 1) {
      const last = cycle === kills
      const { child, address } = await launch(file, join(folder, "cache"))
      const connection = await Connection.connect({ address, interceptors: [] })
      let gone = false
      const killed = once(child, "exit")
      if (!last)
        soak.killSoon(() => {
          gone = true
          child.kill("SIGKILL")
        })
      await soak.work(connection, !last, () => gone)
      if (last) {
        const { steps, signals } = await soak.verify(connection)
        console.log(
          `${kills} kills in ${Math.round((Date.now() - began) / 1000)} s: ${soak.workflows.length} workflows, ` +
            `${steps} steps and ${signals} signals recorded once each, ${soak.acknowledged} acknowledgements kept`
        )
        child.kill("SIGKILL")
      }
      await killed
      await connection.close()
      if (cycle > 0 && cycle % 50 === 0) console.log(`${cycle} kills`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await main(process.argv.slice(2))
