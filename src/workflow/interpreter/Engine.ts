/**
 * What every task of an execution shares: expressions and the calls that evaluate what is in blobs, the step
 * records, signals, the gate in front of new work, and the state that outlives a continue-as-new.
 */
import { CancellationScope, condition, scheduleLocalActivity, workflowInfo } from "@temporalio/workflow"
import type { Expression, Json, TaskDefinition } from "../Definition.ts"
import { fail } from "./Failure.ts"
import type { Frame, Scope } from "./Scope.ts"
import {
  activityNames,
  type Carried,
  type CollectionProgress,
  type EvaluateCall,
  type ExecutionRecord,
  type Packed,
  type Program,
  type ProgramWorkflow,
  type Settled,
  type StartArguments,
  type StepError,
  type Timer
} from "./Protocol.ts"
import { remote, resolve, sourcesOf } from "./Resolve.ts"
import { Steps } from "./Steps.ts"
import { hasBlob, pack, plain, sizeUpTo, sourceKey, unpack, type Value } from "./Value.ts"

const nothing: ReadonlyMap<object, Value> = new Map()

/** Values that the interpreter assembles may be larger than what one tool gives; beyond this they become blobs. */
const assembledFactor = 4

/** How many activities of one execution may be under way: servers allow 2,000. */
const mostInFlight = 1_000

/** How many signals wait to be taken at most. */
const mostSignals = 10_000

/** How much the state handed to the next run may weigh, in characters of JSON. */
const carriedSize = 256 * 1024

/** Local activities take values of any size and are not written into the history before they end. */
const localOptions = {
  startToCloseTimeout: 300_000,
  retry: { initialInterval: 200, maximumInterval: 10_000, backoffCoefficient: 2 }
} as const

/** Runs a local activity by name. */
export const local = <A>(name: string, argument: object): Promise<A> =>
  scheduleLocalActivity<A>(name, [argument], localOptions)

/** The value or the failure of a task. */
export type Outcome = { readonly value: Value } | { readonly error: StepError }

/** How far a collection is: results by index, those of the first `flushed` items in `segments`. */
export interface Progress {
  flushed: number
  readonly segments: Array<Value>
  readonly rest: Map<number, Outcome>
}

type Put = (packed: Packed) => void

/** The shared state of one run. */
export class Engine {
  readonly args: StartArguments
  readonly program: Program
  readonly workflow: ProgramWorkflow
  readonly executionId: string
  readonly steps: Steps
  /** The results of tasks that are over, of the blocks that are not. */
  readonly done = new Map<string, Outcome>()
  readonly timers: Map<string, Timer>
  readonly collections = new Map<string, Progress>()
  /** Signals that no wait has taken, oldest first. */
  readonly inbox: Array<{ readonly name: string; readonly payload: Value }> = []
  /** How many waits there are for a signal. */
  readonly waits = new Map<string, number>()
  /** Grows with every signal. */
  arrivals = 0
  /** Grows when missing tools may have come. */
  wakes = 0
  /** Children under way: the next run could not wait for them. */
  children = 0
  private readonly waiting = new Map<string, string>()
  private readonly startedAt: number
  private readonly shownInput: Json
  private inFlight = 0
  private draining = false
  private ending = false
  /** Whether any value has a blob in it: without, expressions are evaluated in one go. */
  private blobs = false

  constructor(args: StartArguments, program: Program) {
    const workflow = program.workflows[args.workflow]
    if (workflow === undefined) {
      throw fail("COMPOZY_WORKFLOW_NOT_FOUND", `the program has no workflow "${args.workflow}"`)
    }
    const info = workflowInfo()
    this.args = args
    this.program = program
    this.workflow = workflow
    this.executionId = info.workflowId
    this.startedAt = info.startTime.getTime()
    this.shownInput = plain(this.open(args.input))
    const carried = args.carried
    // A retry of a child begins again: its records come after those of the attempt before.
    const base = (info.attempt - 1) * 1e9
    this.steps = new Steps(args.workflow, {
      seq: carried?.seq ?? base,
      steps: carried?.steps ?? 0,
      open: new Map(Object.entries(carried?.open ?? {}))
    })
    for (const [path, settled] of Object.entries(carried?.done ?? {})) {
      this.done.set(path, this.reopen(settled))
    }
    this.timers = new Map(Object.entries(carried?.timers ?? {}))
    for (const [path, progress] of Object.entries(carried?.collections ?? {})) {
      this.collections.set(path, {
        flushed: progress.flushed,
        segments: progress.segments.map((segment) => this.open(segment)),
        rest: new Map(progress.rest.map(([index, settled]) => [index, this.reopen(settled)]))
      })
    }
    for (const signal of carried?.signals ?? []) {
      this.inbox.push({ name: signal.name, payload: this.open(signal.payload) })
    }
  }

  /** Fails what stands too deep: a workflow that starts itself would never end. */
  checkLevel(level: number, task: string | undefined): void {
    const { nesting } = this.args.defaults
    if (nesting === undefined || level <= nesting) return
    throw fail(
      "COMPOZY_NESTING_TOO_DEEP",
      `blocks and child workflows stand in each other more than ${nesting} levels deep (limits.nesting)`,
      task
    )
  }

  /** A signal that came. */
  receive(name: string, payload: Packed): void {
    if (this.inbox.length >= mostSignals) {
      this.steps.tell({ warning: { path: "", message: `signal "${name}" was dropped: nothing takes them` } })
      return
    }
    this.inbox.push({ name, payload: this.open(payload) })
    this.arrivals += 1
  }

  /** Unpacks what an activity, a signal or the run before gave. */
  open(packed: Packed): Value {
    if (packed.r === 1) this.blobs = true
    return unpack(packed)
  }

  private reopen(settled: Settled): Outcome {
    return "error" in settled ? settled : { value: this.open(settled.value) }
  }

  /** Packs for a history: what is too large becomes a blob first. */
  async close(value: Value): Promise<Packed> {
    if (
      sizeUpTo(value, this.args.defaults.inline * assembledFactor) >
      this.args.defaults.inline * assembledFactor
    ) {
      return this.keep(value)
    }
    return this.blobs ? pack(value) : { v: value as Json }
  }

  /** Packs for a local activity, which takes any size. */
  hand(value: Value): Packed {
    return this.blobs ? pack(value) : { v: value as Json }
  }

  /** Makes a blob of a value. */
  async keep(value: Value): Promise<Packed> {
    const kept = await this.working(() => local<Packed>(activityNames.keep, this.hand(value)))
    if (kept.r === 1) this.blobs = true
    return kept
  }

  /** The value of an expression. */
  async evaluate(expression: Expression, scope: Scope): Promise<Value> {
    const lookup = (source: Parameters<typeof sourceKey>[0]) => scope.get(sourceKey(source))
    if (!this.blobs) return resolve(expression, lookup, nothing)
    const needed = remote(expression, lookup)
    if (needed.length === 0) return resolve(expression, lookup, nothing)
    const known = new Map<object, Value>()
    await Promise.all(
      needed.map(async (part) => known.set(part, await this.evaluateOutside(part, scope, false)))
    )
    return resolve(expression, lookup, known)
  }

  /** The value of an expression that the interpreter itself must know: never a blob. */
  async evaluateInline(expression: Expression, scope: Scope): Promise<Value> {
    const value = await this.evaluate(expression, scope)
    return this.blobs && hasBlob(value) ? this.evaluateOutside(expression, scope, true) : value
  }

  /** The values of everything that an expression refers to, for a process to evaluate it. */
  sources(expression: Expression, scope: Scope): Record<string, Packed> {
    const sources: Record<string, Packed> = {}
    for (const key of sourcesOf(expression).keys()) {
      const value = scope.get(key)
      if (value !== undefined) sources[key] = this.hand(value)
    }
    return sources
  }

  private async evaluateOutside(expression: Expression, scope: Scope, inline: boolean): Promise<Value> {
    const call: EvaluateCall = { expression, sources: this.sources(expression, scope), inline }
    const packed = await this.working(() => local<Packed>(activityNames.evaluate, call))
    return inline ? packed.v : this.open(packed)
  }

  /**
   * Counts work that the next run could not take over, and holds it back while this run drains. Everything that
   * waits for an activity, a child or another execution runs through here.
   */
  async working<A>(work: () => Promise<A>): Promise<A> {
    if (this.draining || this.inFlight >= mostInFlight || this.isFull()) await this.enter()
    this.inFlight += 1
    try {
      return await work()
    } finally {
      this.inFlight -= 1
    }
  }

  private async enter(): Promise<void> {
    if (this.isFull()) this.draining = true
    await condition(() => !this.draining && this.inFlight < mostInFlight)
  }

  /** Everything has run: what is left belongs to this run, however full it is. */
  end(): void {
    this.ending = true
    this.draining = false
  }

  private isFull(): boolean {
    if (this.ending) return false
    const info = workflowInfo()
    if (!info.continueAsNewSuggested && info.historyLength < this.args.defaults.history) return false
    // A child may take its time: rather let the history grow than hold everything else back for it.
    return this.children === 0 || info.historyLength > this.args.defaults.history * 4
  }

  /** Resolves when this run is full and nothing is under way any more. */
  async drained(): Promise<void> {
    await condition(() => this.draining && this.inFlight === 0)
  }

  /** Shows what a step waits for, or that it does no longer. */
  waitingFor(path: string, what: string | null): void {
    if (what === null) {
      if (!this.waiting.delete(path)) return
    } else this.waiting.set(path, what)
    this.steps.tell({ execution: this.record("RUNNING", null, null) })
  }

  /** The record of the execution itself. */
  record(
    status: ExecutionRecord["status"],
    output: Value,
    error: StepError | null,
    seq = this.steps.next()
  ): ExecutionRecord {
    const now = Date.now()
    const waiting = this.waiting.values().next()
    return {
      workflow: this.workflow.definition.id,
      hash: this.workflow.hash,
      status,
      input: this.shownInput,
      output: plain(output),
      error,
      parent: this.args.parent ?? null,
      waitingFor: status === "RUNNING" && waiting.done !== true ? waiting.value : null,
      startedAt: this.startedAt,
      updatedAt: now,
      closedAt: status === "RUNNING" ? null : now,
      seq
    }
  }

  /** Forgets what was remembered of how far a task is that is over, and of the tasks inside it. */
  forget(path: string): void {
    this.timers.delete(path)
    this.collections.delete(path)
    for (const map of [this.done, this.timers, this.collections]) {
      for (const key of map.keys()) {
        if (key.startsWith(path) && (key[path.length] === "." || key[path.length] === "[")) map.delete(key)
      }
    }
  }

  /** What the next run needs, with the largest values in blobs. */
  async carry(): Promise<Carried> {
    const entries: Array<{ readonly size: number; readonly value: Value; readonly put: Put }> = []
    const slim = (value: Value, put: Put): void => {
      put(this.hand(value))
      entries.push({ size: sizeUpTo(value, carriedSize), value, put })
    }
    const settle = (outcome: Outcome, put: (settled: Settled) => void): void => {
      if ("error" in outcome) put(outcome)
      else slim(outcome.value, (value) => put({ value }))
    }
    const done: Record<string, Settled> = {}
    for (const [path, outcome] of this.done) settle(outcome, (settled) => (done[path] = settled))
    const collections: Record<string, CollectionProgress> = {}
    for (const [path, progress] of this.collections) {
      const rest: Array<readonly [number, Settled]> = []
      for (const [index, outcome] of progress.rest) {
        const at = rest.length
        settle(outcome, (settled) => (rest[at] = [index, settled]))
      }
      collections[path] = {
        flushed: progress.flushed,
        segments: progress.segments.map((segment) => this.hand(segment)),
        rest
      }
    }
    const signals: Array<{ readonly name: string; readonly payload: Packed }> = []
    for (const { name, payload } of this.inbox) {
      const at = signals.length
      slim(payload, (packed) => (signals[at] = { name, payload: packed }))
    }
    let total = entries.reduce((sum, entry) => sum + entry.size, 0)
    entries.sort((a, b) => b.size - a.size)
    for (const entry of entries) {
      if (total <= carriedSize) break
      entry.put(await local<Packed>(activityNames.keep, this.hand(entry.value)))
      total -= entry.size - 100
    }
    return {
      seq: this.steps.lastSeq,
      steps: this.steps.closed,
      done,
      timers: Object.fromEntries(this.timers),
      collections,
      open: this.steps.opened(),
      signals
    }
  }
}

/** Whether the code that runs was cancelled, as opposed to something it called. */
export const isCancelled = (): boolean => CancellationScope.current().consideredCancelled

/** How a block of tasks is run; containers call it. */
export type RunBlock = (
  block: { readonly tasks: ReadonlyArray<TaskDefinition>; readonly result: Expression },
  frame: Frame
) => Promise<Value>
