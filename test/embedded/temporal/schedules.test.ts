/** What schedules do as time goes by, on a clock that the test moves. */
import { describe, expect, it } from "vitest"

import type { Alarm, Clock } from "../../../src/embedded/temporal/clock.ts"
import { Engine } from "../../../src/embedded/temporal/engine.ts"
import { closeRun } from "../../../src/embedded/temporal/lifecycle.ts"
import { jsonPayloads, parsePayload } from "../../../src/embedded/temporal/payload.ts"
import { EventType, Status } from "../../../src/embedded/temporal/proto/enums.ts"
import { fromMillis } from "../../../src/embedded/temporal/proto/time.ts"
import type { Run } from "../../../src/embedded/temporal/run.ts"
import type { Schedule } from "../../../src/embedded/temporal/schedules/messages.ts"
import { OverlapPolicy } from "../../../src/embedded/temporal/schedules/overlap.ts"
import { readSchedule, Schedules } from "../../../src/embedded/temporal/schedules/schedules.ts"
import type { ScheduleState } from "../../../src/embedded/temporal/schedules/state.ts"
import { MemoryStorage } from "../../../src/embedded/temporal/storage/memory.ts"
import { SqliteStorage } from "../../../src/embedded/temporal/storage/sqlite.ts"
import type { Storage } from "../../../src/embedded/temporal/storage/storage.ts"
import { defaultLimits } from "../../../src/embedded/temporal/limits.ts"
import { expectRebuilt, temporaryFolder } from "./support.ts"

const namespace = "default"
const minute = 60_000
const day = 24 * 60 * minute

/** A clock that stands still until it is moved; on its way it stops wherever something goes off. */
class ManualClock implements Clock {
  #time = Date.parse("2026-01-01T00:00:00Z")
  readonly #alarms = new Set<Alarm>()

  now(): number {
    return this.#time
  }

  attach(alarm: Alarm): () => void {
    this.#alarms.add(alarm)
    return () => this.#alarms.delete(alarm)
  }

  pass(ms: number): void {
    const end = this.#time + ms
    for (;;) {
      const next = Math.min(...Array.from(this.#alarms, (alarm) => alarm.next()))
      if (next > end) break
      this.#time = Math.max(this.#time, next)
      for (const alarm of Array.from(this.#alarms)) alarm.wake()
    }
    this.#time = end
  }

  /** Lets time pass while nobody looks. */
  sleep(ms: number): void {
    this.#time += ms
  }
}

const open = (options: { clock?: ManualClock; storage?: Storage } = {}) => {
  const clock = options.clock ?? new ManualClock()
  const storage = options.storage ?? new MemoryStorage()
  const engine = new Engine({
    storage,
    clock,
    limits: defaultLimits,
    retention: { ageMs: 30 * day, closedRuns: 1000, bytes: 1e9 },
    lostActivities: "retry",
    logger: (level, message, attributes) => {
      if (level === "error") throw new Error(`${message} ${JSON.stringify(attributes)}`)
    }
  })
  const started: Run[] = []
  engine.inspect = (run) => {
    expectRebuilt(run)
    if (!started.includes(run)) started.push(run)
  }
  const schedules = new Schedules(engine, () => "namespace-id")
  engine.recover()
  schedules.recover()
  return {
    clock,
    engine,
    schedules,
    started,
    state: (id = "s"): ScheduleState => schedules.find(namespace, id),
    running: () => started.filter((run) => run.h.status === Status.Running),
    complete: (run: Run, result: unknown = null) =>
      engine.transact((tx) =>
        closeRun(tx, run, EventType.WorkflowExecutionCompleted, {
          workflowExecutionCompletedEventAttributes: { result: jsonPayloads(result) }
        })
      ),
    fail: (run: Run, message: string) =>
      engine.transact((tx) =>
        closeRun(tx, run, EventType.WorkflowExecutionFailed, {
          workflowExecutionFailedEventAttributes: { failure: { message } }
        })
      ),
    create: (schedule: Schedule = {}, more: { id?: string; requestId?: string; trigger?: boolean } = {}) =>
      schedules.create({
        namespace,
        scheduleId: more.id ?? "s",
        schedule: readSchedule({
          spec: { interval: [{ interval: fromMillis(minute) }] },
          action: {
            startWorkflow: { workflowId: "wf", workflowType: { name: "job" }, taskQueue: { name: "queue" } }
          },
          ...schedule
        }),
        initialPatch: more.trigger === true ? { triggerImmediately: {} } : undefined,
        memo: {},
        searchAttributes: {},
        requestId: more.requestId ?? crypto.randomUUID()
      }),
    patch: (patch: Parameters<Schedules["patch"]>[3], requestId: string = crypto.randomUUID()) =>
      schedules.patch(namespace, "s", requestId, patch)
  }
}

type Rig = ReturnType<typeof open>

const idsOf = (runs: readonly Run[]): string[] => runs.map((run) => run.workflowId)
const policy = (overlapPolicy: number): Schedule => ({ policies: { overlapPolicy } })

const statuses = (rig: Rig): number[] => rig.started.map((run) => run.h.status)

describe("a schedule", () => {
  it("starts its workflow at its times, named after them, and says in search attributes who did it", () => {
    const rig = open()
    rig.create()
    rig.clock.pass(minute)
    const [run] = rig.started
    expect(run?.workflowId).toBe("wf-2026-01-01T00:01:00Z")
    expect(run?.h.started.identity).toBe("temporal-scheduler-default-s")
    expect(parsePayload(run?.h.searchAttributes["TemporalScheduledById"])).toBe("s")
    expect(parsePayload(run?.h.searchAttributes["TemporalScheduledStartTime"])).toBe("2026-01-01T00:01:00Z")
    expect(rig.state()).toMatchObject({ actionCount: 1, running: [{ workflowId: run?.workflowId }] })
  })

  it("knows how its workflows ended", () => {
    const rig = open()
    rig.create()
    rig.clock.pass(minute)
    for (const run of rig.running()) rig.complete(run)
    expect(rig.state().running).toEqual([])
    expect(rig.state().recentActions).toMatchObject([{ startWorkflowStatus: Status.Completed }])
  })

  it("hands results and failures on to the next run", () => {
    const rig = open()
    rig.create()
    rig.clock.pass(minute)
    for (const run of rig.running()) rig.complete(run, 42)
    rig.clock.pass(minute)
    for (const run of rig.running()) rig.fail(run, "broken")
    rig.clock.pass(minute)
    const [, second, third] = rig.started
    expect(second?.h.started.lastCompletionResult).toMatchObject(jsonPayloads(42))
    expect(third?.h.started.lastCompletionResult).toMatchObject(jsonPayloads(42))
    expect(third?.h.started.continuedFailure).toMatchObject({ message: "broken" })
  })

  it("pauses when a workflow fails, if it is to, and says why", () => {
    const rig = open()
    rig.create({ policies: { pauseOnFailure: true } })
    rig.clock.pass(minute)
    for (const run of rig.running()) rig.fail(run, "broken")
    rig.clock.pass(5 * minute)
    expect(rig.started).toHaveLength(1)
    expect(rig.state().schedule.state).toMatchObject({
      paused: true,
      notes: "paused due to workflow failure: wf-2026-01-01T00:01:00Z: broken"
    })
  })

  it("acts as often as it may, then not any more", () => {
    const rig = open()
    rig.create({ ...policy(OverlapPolicy.AllowAll), state: { limitedActions: true, remainingActions: 2 } })
    expect(rig.schedules.futureTimes(rig.state(), 10)).toHaveLength(2)
    rig.clock.pass(10 * minute)
    expect(rig.started).toHaveLength(2)
    expect(Number(rig.state().schedule.state?.remainingActions)).toBe(0)
    expect(rig.state().conflictToken).toBe(3)
  })

  it("that has no more times goes away after a week", () => {
    const rig = open()
    rig.create({ spec: { calendar: [{ year: "2026", month: "1", dayOfMonth: "2" }] } })
    rig.clock.pass(2 * day)
    expect(rig.state()).toMatchObject({ actionCount: 1, closeTime: 0 })
    rig.clock.pass(7 * day)
    expect(rig.state().closeTime).toBe(Date.parse("2026-01-09T00:00:00Z"))
    for (const run of rig.running()) rig.complete(run)
    rig.clock.sleep(31 * day)
    const later = open({ clock: rig.clock, storage: rig.engine.storage })
    expect(() => later.state()).toThrow("workflow not found for ID: temporal-sys-scheduler:s")
  })

  it("is made once by a request that comes twice, and is in the way of others", () => {
    const rig = open()
    rig.create({}, { requestId: "one" })
    rig.create({}, { requestId: "one" })
    expect(() => rig.create()).toThrow(
      /Workflow execution is already running. WorkflowId: temporal-sys-scheduler:s/
    )
    rig.schedules.delete(namespace, "s")
    expect(() => rig.schedules.delete(namespace, "s")).toThrow("workflow execution already completed")
    rig.clock.pass(2 * minute)
    expect(rig.started).toEqual([])
    rig.create()
    expect(rig.state().closeTime).toBe(0)
  })
})

it("the schedules of a namespace go with it", () => {
  const rig = open()
  rig.create()
  rig.engine.deleteNamespace(namespace)
  rig.clock.pass(2 * minute)
  expect(rig.started).toEqual([])
  expect(() => rig.state()).toThrow("workflow not found")
})

describe("while the last workflow runs", () => {
  const after = (overlapPolicy: number, minutes = 3): Rig => {
    const rig = open()
    rig.create(policy(overlapPolicy))
    rig.clock.pass(minutes * minute)
    return rig
  }

  it("SKIP starts no other", () => {
    const rig = after(OverlapPolicy.Skip)
    expect(rig.started).toHaveLength(1)
    expect(rig.state()).toMatchObject({ overlapSkipped: 2, buffer: [] })
  })

  it("BUFFER_ONE keeps the first that waits, and starts it as soon as the way is free", () => {
    const rig = after(OverlapPolicy.BufferOne)
    expect(rig.state()).toMatchObject({
      overlapSkipped: 1,
      buffer: [{ nominal: Date.parse("2026-01-01T00:02:00Z") }]
    })
    for (const run of rig.running()) rig.complete(run)
    expect(idsOf(rig.running())).toEqual(["wf-2026-01-01T00:02:00Z"])
  })

  it("BUFFER_ALL keeps them all, and starts them one after the other", () => {
    const rig = after(OverlapPolicy.BufferAll, 4)
    for (let count = 0; count < 3; count += 1) for (const run of rig.running()) rig.complete(run)
    expect(idsOf(rig.started)).toEqual([1, 2, 3, 4].map((at) => `wf-2026-01-01T00:0${at}:00Z`))
    expect(rig.state().buffer).toEqual([])
  })

  it("CANCEL_OTHER asks it to end, and waits until it has", () => {
    const rig = after(OverlapPolicy.CancelOther, 2)
    const [first] = rig.started
    expect(first?.h).toMatchObject({ cancelRequested: true, status: Status.Running })
    if (first) rig.complete(first)
    expect(idsOf(rig.running())).toEqual(["wf-2026-01-01T00:02:00Z"])
  })

  it("TERMINATE_OTHER ends it", () => {
    const rig = after(OverlapPolicy.TerminateOther)
    expect(statuses(rig)).toEqual([Status.Terminated, Status.Terminated, Status.Running])
    expect(rig.started[0]?.h.closeEvent?.workflowExecutionTerminatedEventAttributes?.reason).toBe(
      "terminated by schedule overlap policy"
    )
  })

  it("ALLOW_ALL does not care, and hands nothing on", () => {
    const rig = after(OverlapPolicy.AllowAll)
    expect(rig.running()).toHaveLength(3)
    expect(rig.state().running).toEqual([])
  })
})

describe("its owner", () => {
  it("triggers it, by its own policy or another one", () => {
    const rig = open()
    rig.create({ state: { paused: true } }, { trigger: true })
    rig.patch({ triggerImmediately: {} })
    expect(rig.state()).toMatchObject({ actionCount: 1, overlapSkipped: 1 })
    rig.clock.pass(1000)
    rig.patch({ triggerImmediately: { overlapPolicy: OverlapPolicy.AllowAll } })
    expect(idsOf(rig.started)).toEqual(["wf-2026-01-01T00:00:00Z", "wf-2026-01-01T00:00:01Z"])
  })

  it("has times made up for, the first and the last included", () => {
    const rig = open()
    rig.create({ state: { paused: true } })
    rig.patch({
      backfillRequest: [
        {
          startTime: fromMillis(Date.parse("2025-06-01T00:00:00Z")),
          endTime: fromMillis(Date.parse("2025-06-01T00:24:00Z")),
          overlapPolicy: OverlapPolicy.AllowAll
        }
      ]
    })
    expect(rig.started).toHaveLength(10)
    rig.clock.pass(5000)
    expect(rig.started).toHaveLength(25)
    expect(idsOf(rig.started).at(-1)).toBe("wf-2025-06-01T00:24:00Z")
    expect(rig.state().backfills).toEqual([])
  })

  it("pauses it and lets it go on, without making up for what went by", () => {
    const rig = open()
    rig.create(policy(OverlapPolicy.AllowAll))
    rig.patch({ pause: "holiday" })
    rig.clock.pass(5 * minute)
    rig.patch({ unpause: "back" })
    rig.clock.pass(minute)
    expect(idsOf(rig.started)).toEqual(["wf-2026-01-01T00:06:00Z"])
    expect(rig.state()).toMatchObject({ conflictToken: 3, missedCatchupWindow: 0 })
  })

  it("is heard once for each request", () => {
    const rig = open()
    rig.create()
    rig.patch({ pause: "a" }, "same")
    rig.patch({ pause: "a" }, "same")
    expect(rig.state().conflictToken).toBe(2)
  })

  it("changes it if nobody else did in between", () => {
    const rig = open()
    rig.create()
    const update = (conflictToken: number, minutes: number) =>
      rig.schedules.update(namespace, "s", crypto.randomUUID(), {
        schedule: readSchedule({
          ...rig.state().schedule,
          spec: { interval: [{ interval: fromMillis(minutes * minute) }] }
        }),
        conflictToken,
        searchAttributes: undefined
      })
    update(7, 5)
    expect(rig.state()).toMatchObject({ conflictToken: 1, updateTime: 0 })
    update(1, 10)
    rig.clock.pass(10 * minute)
    expect(idsOf(rig.started)).toEqual(["wf-2026-01-01T00:10:00Z"])
    expect(rig.state().conflictToken).toBe(2)
  })
})

describe.each(["memory", "file"])("after a restart, from %s", (where) => {
  const reopened = (schedule: Schedule, away: number): Rig => {
    const folder = temporaryFolder()
    const file = `${folder.path}/t.sqlite`
    const memory = new MemoryStorage()
    const storage = (): Storage => (where === "memory" ? memory : new SqliteStorage(file, "off"))
    const before = open({ storage: storage() })
    before.create(schedule)
    before.clock.pass(minute)
    for (const run of before.running()) before.complete(run, "kept")
    before.schedules.close()
    if (where === "file") before.engine.close()
    before.clock.sleep(away)
    const rig = open({ clock: before.clock, storage: storage() })
    folder.remove()
    return rig
  }

  it("it makes up at once for what was missed", () => {
    const rig = reopened(policy(OverlapPolicy.BufferAll), 3 * minute)
    expect(idsOf(rig.started)).toEqual(["wf-2026-01-01T00:02:00Z"])
    expect(rig.state()).toMatchObject({ actionCount: 2, buffer: [{}, {}] })
    expect(parsePayload(rig.started[0]?.h.started.lastCompletionResult?.payloads?.[0])).toBe("kept")
  })

  it("it counts what is older than its catch-up window as missed", () => {
    const rig = reopened(
      { policies: { catchupWindow: fromMillis(90_000), overlapPolicy: OverlapPolicy.AllowAll } },
      10 * minute
    )
    expect(idsOf(rig.started)).toEqual(["wf-2026-01-01T00:10:00Z", "wf-2026-01-01T00:11:00Z"])
    expect(rig.state().missedCatchupWindow).toBe(8)
  })
})

it("a schedule that missed a year of seconds does not keep the others waiting", () => {
  const clock = new ManualClock()
  const storage = new MemoryStorage()
  const before = open({ clock, storage })
  before.create({
    spec: { interval: [{ interval: fromMillis(1000) }] },
    policies: { catchupWindow: fromMillis(10_000) }
  })
  before.schedules.close()
  clock.sleep(365 * day)
  const rig = open({ clock, storage })
  // One step looks at some of them, the rest comes in further ones.
  expect(rig.state().missedCatchupWindow).toBeLessThan(10_000)
  rig.schedules.close()
})
