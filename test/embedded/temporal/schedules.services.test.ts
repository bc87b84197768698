/** Schedules on the embedded service and on the official server: the same times, descriptions and refusals. */
import { Connection } from "@temporalio/client"
import type { temporal } from "@temporalio/proto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { address, isLeftOut } from "../../layers/Services.ts"
import { comparable } from "./differential.ts"
import { long, namespace } from "./fake-worker.ts"
import { openRig } from "./support.ts"
import type { Rig } from "./support.ts"

type Spec = temporal.api.schedule.v1.IScheduleSpec

const at = (text: string) => ({ seconds: long(Date.parse(text) / 1000), nanos: 0 })
const seconds = (count: number) => ({ seconds: long(count), nanos: 0 })

const zones = [
  "UTC",
  "Europe/Berlin",
  "Europe/Dublin",
  "America/New_York",
  "America/Havana",
  "America/St_Johns",
  "America/Santiago",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Africa/Cairo",
  "Australia/Lord_Howe",
  "Pacific/Chatham",
  "Antarctica/Troll"
]

const specs: readonly Spec[] = [
  ...zones.flatMap((timezoneName): Spec[] => [
    { timezoneName, calendar: [{ minute: "*/20", hour: "0-3" }] },
    { timezoneName, cronString: ["30 1,2 * * sun"] }
  ]),
  { cronString: ["TZ=Asia/Tokyo 0 9 * * 1-5 # work", "CRON_TZ=Asia/Tokyo 15 10 1,15 */2 *"] },
  { cronString: ["@every 36h/90m", "@every 1d"] },
  { cronString: ["@monthly", "0 0 12 29 2 * 2028"] },
  { cronString: ["0 12 * * 5-7", "0 13 * * 1-7/2"] },
  { interval: [{ interval: seconds(86_400), phase: seconds(3661) }] },
  { calendar: [{ dayOfWeek: "mon,WED", month: "mar-nov/2", year: "2026,2027" }] },
  { calendar: [{ hour: "*/6" }], excludeCalendar: [{ hour: "6", dayOfWeek: "sat" }] },
  {
    structuredCalendar: [
      {
        second: [{ start: 30 }],
        minute: [{ start: 0, end: 59, step: 25 }],
        hour: [{ start: 5 }],
        dayOfMonth: [{ start: 1, end: 31 }],
        month: [{ start: 1, end: 12 }],
        dayOfWeek: [{ start: 6 }]
      }
    ],
    startTime: at("2026-06-01T00:00:00Z"),
    endTime: at("2026-07-01T00:00:00Z")
  }
]

const refused: readonly Spec[] = [
  { cronString: ["* * *"] },
  { cronString: ["61 * * * *"] },
  { cronString: ["@every soon"] },
  { cronString: ["TZ=UTC"] },
  { cronString: ["TZ=Asia/Tokyo 0 0 * * *", "0 0 * * *"] },
  { calendar: [{ hour: "5-3", minute: "1/2/3", second: "x" }] },
  { calendar: [{ dayOfWeek: "m", month: "ja", comment: "c".repeat(201) }] },
  { structuredCalendar: [{ minute: [{ start: 70, end: 3, step: -1 }] }] },
  { interval: [{ interval: seconds(0) }] },
  { interval: [{ interval: seconds(10), phase: seconds(10) }] },
  { timezoneName: "Europe/Atlantis" },
  { timezoneName: "europe/berlin" }
]

describe.skipIf(isLeftOut("temporal"))("schedules beside the official server", () => {
  let rig: Rig
  let real: Connection
  beforeAll(async () => {
    rig = await openRig()
    real = await Connection.connect({ address: address("TEMPORAL_HOST_PORT") })
  })
  afterAll(async () => {
    await rig.close()
    await real.close()
  })

  const told = async ({ workflowService: rpc }: Connection, spec: Spec): Promise<unknown> => {
    const scheduleId = `golden-${crypto.randomUUID()}`
    try {
      await rpc.createSchedule({
        namespace,
        scheduleId,
        requestId: crypto.randomUUID(),
        schedule: { spec, state: { paused: true } }
      })
    } catch (error) {
      return error instanceof Error ? error.message : error
    }
    const times = []
    for (const [start, end] of [
      ["2026-02-27T00:00:00Z", "2026-04-10T00:00:00Z"],
      ["2026-09-20T00:00:00Z", "2026-11-10T00:00:00Z"]
    ] as const) {
      const { startTime } = await rpc.listScheduleMatchingTimes({
        namespace,
        scheduleId,
        startTime: at(start),
        endTime: at(end)
      })
      times.push(startTime.map((time) => new Date(Number(time.seconds) * 1000).toISOString()))
    }
    const { schedule } = await rpc.describeSchedule({ namespace, scheduleId })
    await rpc.deleteSchedule({ namespace, scheduleId })
    return { times, schedule: comparable(schedule) }
  }

  it.concurrent.each(specs)("%j means the same times", async (spec) => {
    const [ours, theirs] = await Promise.all([told(rig.connection, spec), told(real, spec)])
    expect(ours).toEqual(theirs)
    expect(typeof ours).toBe("object")
  })

  it.concurrent.each(refused)("%j is refused in the same words", async (spec) => {
    const [ours, theirs] = await Promise.all([told(rig.connection, spec), told(real, spec)])
    expect(ours).toEqual(theirs)
    expect(typeof ours).toBe("string")
  })
})
