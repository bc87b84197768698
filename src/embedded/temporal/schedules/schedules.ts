import { randomUUID } from "node:crypto"

import { Wakeups } from "../clock.ts"
import type { Engine } from "../engine.ts"
import { alreadyStarted, invalidArgument, notFound, workflowCompleted } from "../errors.ts"
import { newRunIdOf } from "../lifecycle.ts"
import type { Payload } from "../proto/root.ts"
import type { Run } from "../run.ts"
import type { Schedule, SchedulePatch, ScheduleSpec } from "./messages.ts"
import { SpecError } from "./ranges.ts"
import { CompiledSpec } from "./spec.ts"
import { applyPatch, canAct, takeStep } from "./step.ts"
import type { Step } from "./step.ts"
import { decodeSchedule, encodeSchedule, withDefaults } from "./state.ts"
import type { ScheduleState } from "./state.ts"

/** The kind of the stored documents. */
const kind = "schedule"

/** A schedule is found where the real server has a workflow of this name. */
const workflowIdOf = (scheduleId: string): string => `temporal-sys-scheduler:${scheduleId}`

const keyOf = (namespace: string, scheduleId: string): string => `${namespace}\0${scheduleId}`

interface Entry {
  readonly state: ScheduleState
  /** When it next does something by itself. */
  readonly wakeAt: number
}

/** How many of the requests that changed a schedule are known by their id. */
const requestIds = 200
/** Times in one answer. */
const mostTimes = 1000
const retryMs = 1000

export interface NewSchedule {
  readonly namespace: string
  readonly scheduleId: string
  readonly schedule: Schedule
  readonly initialPatch: SchedulePatch | undefined
  readonly memo: Record<string, Payload>
  readonly searchAttributes: Record<string, Payload>
  readonly requestId: string
}

/** Reads the specification of a request and brings it into its canonical form. */
export const readSchedule = (schedule: Schedule | null | undefined): Schedule => {
  try {
    const { canonical } = new CompiledSpec(schedule?.spec ?? {})
    return withDefaults({ ...schedule, spec: canonical })
  } catch (error) {
    if (error instanceof SpecError) throw invalidArgument(`Invalid schedule spec: ${error.message}`)
    throw error
  }
}

/** The schedules of all namespaces. */
export class Schedules {
  readonly #engine: Engine
  readonly #namespaceId: (namespace: string) => string
  readonly #entries = new Map<string, Entry>()
  /** The schedules of the executions that are watched, by their first runs. */
  readonly #watched = new Map<string, string>()
  readonly #specs = new WeakMap<ScheduleSpec, CompiledSpec>()
  readonly #wakeups: Wakeups
  /** Set while a step is committed; what it closes is looked at when its state is known. */
  #stepping = false
  readonly #closedMeanwhile = new Set<string>()

  constructor(engine: Engine, namespaceId: (namespace: string) => string) {
    this.#engine = engine
    this.#namespaceId = namespaceId
    this.#wakeups = new Wakeups(
      engine.clock,
      (key) => this.#wake(key),
      (key) => this.#nextAction(key)
    )
    engine.closed = (run) => this.#closed(run)
    engine.forgetNamespace.push((namespace) => {
      for (const [key, { state }] of this.#entries)
        if (state.namespace === namespace) this.#entries.delete(key)
    })
  }

  /** When a schedule next acts. Nobody puts a clock forward only to forget one that is closed. */
  #nextAction(key: string): number {
    const entry = this.#entries.get(key)
    return entry === undefined || entry.state.closeTime > 0 ? Number.POSITIVE_INFINITY : entry.wakeAt
  }

  /** Takes up what a former process left; starts that were missed are made up for at once. */
  recover(): void {
    for (const { data } of this.#engine.storage.documents(kind)) {
      const state = decodeSchedule(data)
      this.#set(state, Number.POSITIVE_INFINITY)
      this.#wake(keyOf(state.namespace, state.scheduleId))
    }
  }

  #compile({ schedule }: ScheduleState): CompiledSpec {
    const spec = schedule.spec ?? {}
    const compiled = this.#specs.get(spec) ?? new CompiledSpec(spec)
    this.#specs.set(spec, compiled)
    return compiled
  }

  #specOf(state: ScheduleState): CompiledSpec | undefined {
    return this.problemOf(state) === "" ? this.#compile(state) : undefined
  }

  /** Why a specification cannot be read any more (a time zone may have gone), empty if it can. */
  problemOf(state: ScheduleState): string {
    try {
      this.#compile(state)
      return ""
    } catch (error) {
      if (error instanceof SpecError) return error.message
      throw error
    }
  }

  #seedOf(state: ScheduleState): string {
    return `${this.#namespaceId(state.namespace)}-${state.scheduleId}`
  }

  #set(state: ScheduleState, wakeAt: number): void {
    const key = keyOf(state.namespace, state.scheduleId)
    for (const { runId } of this.#entries.get(key)?.state.running ?? []) this.#watched.delete(runId ?? "")
    for (const { runId } of state.running) this.#watched.set(runId ?? "", key)
    this.#entries.set(key, { state, wakeAt })
    if (Number.isFinite(wakeAt)) this.#wakeups.push(wakeAt, key)
  }

  /** Takes a step and commits what comes of it. */
  #step(base: ScheduleState, change?: (step: Step) => void): void {
    const draft = { ...base }
    let wakeAt: number
    this.#stepping = true
    try {
      wakeAt = this.#engine.transact((tx) => {
        const step: Step = { tx, draft, spec: () => this.#specOf(draft), seed: this.#seedOf(base) }
        const next = takeStep(step, change)
        const { namespace, scheduleId: id } = draft
        tx.documents.push({ kind, namespace, id, data: encodeSchedule(draft) })
        return next
      })
    } finally {
      this.#stepping = false
    }
    this.#set(draft, draft.closeTime > 0 ? this.#forgetAt(draft) : wakeAt)
    for (const key of this.#closedMeanwhile) {
      this.#closedMeanwhile.delete(key)
      this.#wake(key)
    }
  }

  /** A schedule that is gone is still known to be so for as long as closed runs are kept. */
  #forgetAt(state: ScheduleState): number {
    return state.closeTime + this.#engine.retention.ageMs
  }

  #wake(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    const { state } = entry
    try {
      if (state.closeTime === 0) this.#step(state)
      else if (this.#forgetAt(state) <= this.#engine.now()) this.#forget(state)
      else this.#set(state, this.#forgetAt(state))
    } catch (error) {
      const { namespace, scheduleId } = state
      this.#engine.logger("error", "a schedule could not go on", {
        namespace,
        scheduleId,
        error: String(error)
      })
      this.#set(state, this.#engine.now() + retryMs)
    }
  }

  #forget({ namespace, scheduleId: id }: ScheduleState): void {
    this.#engine.transact((tx) => tx.documents.push({ kind, namespace, id, data: undefined }))
    this.#entries.delete(keyOf(namespace, id))
  }

  #closed(run: Run): void {
    const key = this.#watched.get(run.h.started.firstExecutionRunId ?? "")
    if (key === undefined || newRunIdOf(run) !== "") return
    if (this.#stepping) this.#closedMeanwhile.add(key)
    else this.#wake(key)
  }

  /** A schedule, even if it was deleted. */
  find(namespace: string, scheduleId: string): ScheduleState {
    const entry = this.#entries.get(keyOf(namespace, scheduleId))
    if (entry === undefined) throw notFound(`workflow not found for ID: ${workflowIdOf(scheduleId)}`)
    return entry.state
  }

  #open(namespace: string, scheduleId: string): ScheduleState {
    const state = this.find(namespace, scheduleId)
    if (state.closeTime > 0) throw workflowCompleted()
    return state
  }

  create(options: NewSchedule): void {
    const { namespace, scheduleId, requestId, initialPatch } = options
    const existing = this.#entries.get(keyOf(namespace, scheduleId))?.state
    if (existing !== undefined) {
      if (existing.createRequestId === requestId) return
      if (existing.closeTime === 0)
        throw alreadyStarted(
          `Workflow execution is already running. WorkflowId: ${workflowIdOf(scheduleId)}, RunId: ${existing.runId}.`,
          existing.createRequestId,
          existing.runId
        )
    }
    const now = this.#engine.now()
    const created: ScheduleState = {
      namespace,
      scheduleId,
      runId: randomUUID(),
      schedule: options.schedule,
      memo: options.memo,
      searchAttributes: options.searchAttributes,
      createRequestId: requestId,
      requestIds: [],
      conflictToken: 1,
      createTime: now,
      updateTime: 0,
      closeTime: 0,
      processed: now,
      buffer: [],
      backfills: [],
      running: [],
      recentActions: [],
      actionCount: 0,
      missedCatchupWindow: 0,
      overlapSkipped: 0,
      bufferDropped: 0,
      lastCompletionResult: undefined,
      continuedFailure: undefined
    }
    this.#step(created, initialPatch === undefined ? undefined : (step) => applyPatch(step, initialPatch))
  }

  #change(namespace: string, scheduleId: string, requestId: string, change: (step: Step) => void): void {
    const state = this.#open(namespace, scheduleId)
    if (requestId !== "" && state.requestIds.includes(requestId)) return
    this.#step(state, (step) => {
      if (requestId !== "") step.draft.requestIds = [...step.draft.requestIds, requestId].slice(-requestIds)
      change(step)
    })
  }

  patch(namespace: string, scheduleId: string, requestId: string, patch: SchedulePatch): void {
    this.#change(namespace, scheduleId, requestId, (step) => applyPatch(step, patch))
  }

  update(
    namespace: string,
    scheduleId: string,
    requestId: string,
    update: {
      readonly schedule: Schedule
      /** 0 for whatever it is. */
      readonly conflictToken: number
      readonly searchAttributes: Record<string, Payload> | undefined
    }
  ): void {
    this.#change(namespace, scheduleId, requestId, ({ tx, draft }) => {
      // As on the real server: an update that comes too late is accepted, and has no effect.
      if (update.conflictToken !== 0 && update.conflictToken !== draft.conflictToken) return
      draft.schedule = update.schedule
      draft.searchAttributes = update.searchAttributes ?? draft.searchAttributes
      draft.updateTime = tx.now
      draft.conflictToken += 1
    })
  }

  delete(namespace: string, scheduleId: string): void {
    const state = { ...this.#open(namespace, scheduleId), closeTime: this.#engine.now(), running: [] }
    this.#engine.transact((tx) =>
      tx.documents.push({ kind, namespace, id: scheduleId, data: encodeSchedule(state) })
    )
    this.#set(state, this.#forgetAt(state))
  }

  /** The schedules of a namespace that there are, the youngest first. */
  list(namespace: string): ScheduleState[] {
    const states: ScheduleState[] = []
    for (const { state } of this.#entries.values())
      if (state.namespace === namespace && state.closeTime === 0) states.push(state)
    return states.toSorted((a, b) => b.createTime - a.createTime || (a.runId < b.runId ? -1 : 1))
  }

  /** The times at which a schedule will act. */
  futureTimes(state: ScheduleState, count: number): number[] {
    const { state: settings } = state.schedule
    const remaining = settings?.limitedActions === true ? Number(settings.remainingActions ?? 0) : count
    // A paused schedule is not looked at until it goes on.
    const from = canAct(state) ? state.processed : Math.max(state.processed, this.#engine.now())
    const times: number[] = []
    for (const time of this.#timesAfter(state, from)) {
      if (times.length >= Math.min(count, remaining)) break
      if (time >= state.updateTime) times.push(time)
    }
    return times
  }

  /** The times behind a start and up to an end, at most a thousand. */
  matchingTimes(namespace: string, scheduleId: string, start: number, end: number): number[] {
    const times: number[] = []
    for (const time of this.#timesAfter(this.find(namespace, scheduleId), start)) {
      if (time > end || times.length >= mostTimes) break
      times.push(time)
    }
    return times
  }

  *#timesAfter(state: ScheduleState, start: number): Generator<number> {
    const spec = this.#specOf(state)
    const seed = this.#seedOf(state)
    for (let time = spec?.next(seed, start); time !== undefined; time = spec?.next(seed, time.next))
      yield time.next
  }

  close(): void {
    this.#wakeups.close()
  }
}
