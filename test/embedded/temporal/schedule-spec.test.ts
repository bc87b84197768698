/** When schedules act: how specifications are read, and which times they mean. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"

import type { ScheduleSpec } from "../../../src/embedded/temporal/schedules/messages.ts"
import { canonicalSpec, CompiledSpec, shownSpec } from "../../../src/embedded/temporal/schedules/spec.ts"
import { findZone, wallTime } from "../../../src/embedded/temporal/schedules/zone.ts"

const seconds = (count: number) => ({ seconds: count, nanos: 0 })

const timesOf = (spec: ScheduleSpec, after: string, count: number, seed = ""): string[] => {
  const compiled = new CompiledSpec(spec)
  const times: string[] = []
  for (let time = compiled.next(seed, Date.parse(after)); time && times.length < count;) {
    times.push(new Date(time.next).toISOString())
    time = compiled.next(seed, time.next)
  }
  return times
}

const minutes = (times: string[]): string[] => times.map((time) => time.slice(0, 16))

describe("reading", () => {
  it("turns texts into ranges, with the defaults left out", () => {
    const { structuredCalendar } = canonicalSpec({
      calendar: [{ hour: "9-17/2,20", dayOfWeek: "mon,THURS-sat", month: "*", year: "2030/5" }]
    })
    expect(structuredCalendar?.[0]).toMatchObject({
      second: [{ start: 0, end: 0, step: 0 }],
      hour: [
        { start: 9, end: 17, step: 2 },
        { start: 20, end: 0, step: 0 }
      ],
      dayOfWeek: [
        { start: 1, end: 0, step: 0 },
        { start: 4, end: 6, step: 0 }
      ],
      month: [{ start: 1, end: 12, step: 0 }],
      year: [{ start: 2030, end: 2100, step: 5 }]
    })
  })

  it("takes seven for Sunday, wherever it stands", () => {
    const days = (text: string) =>
      canonicalSpec({ calendar: [{ dayOfWeek: text }] }).structuredCalendar?.[0]?.dayOfWeek
    const shown = (text: string) => days(text)?.map(({ start, end, step }) => [start, end, step])
    expect(shown("7")).toEqual([[0, 0, 0]])
    expect(shown("1-7")).toEqual([[1, 6, 0]])
    expect(shown("3-7")).toEqual([
      [0, 0, 0],
      [3, 6, 0]
    ])
    expect(shown("1-7/2")).toEqual([
      [0, 0, 0],
      [1, 6, 2]
    ])
  })

  it("reads cron strings of five to seven fields, with zone, comment, and the names of the usual ones", () => {
    const spec = canonicalSpec({
      cronString: ["CRON_TZ=Europe/Berlin 0 12 * * 1-5 # lunch", "TZ=Europe/Berlin 5 4 3 2 1 * 2030"]
    })
    expect(spec.timezoneName).toBe("Europe/Berlin")
    expect(spec.structuredCalendar?.map(({ comment }) => comment)).toEqual(["lunch", ""])
    expect(shownSpec(spec).structuredCalendar?.[1]).toMatchObject({
      second: [{ start: 5 }],
      minute: [{ start: 4 }],
      hour: [{ start: 3 }],
      dayOfMonth: [{ start: 2 }],
      month: [{ start: 1 }],
      year: [{ start: 2030, end: 2030, step: 1 }]
    })
    expect(canonicalSpec({ cronString: ["@every 1h30m/5m", "@every 2d"] }).interval).toEqual([
      { interval: seconds(5400), phase: seconds(300) },
      { interval: seconds(172_800) }
    ])
    expect(minutes(timesOf({ cronString: ["@weekly"] }, "2026-01-01T00:00:00Z", 2))).toEqual([
      "2026-01-04T00:00",
      "2026-01-11T00:00"
    ])
  })

  it.each([
    [{ cronString: ["* *"] }, "CronString does not have 5-7 fields"],
    [{ cronString: ["TZ=UTC"] }, "CronString has time zone but missing fields"],
    [{ cronString: ["@every"] }, "CronString does not have interval after @every"],
    [{ cronString: ["TZ=Asia/Tokyo 0 0 * * *", "0 0 * * *"] }, "conflicting timezone names"],
    [{ cronString: ["TZ=Asia/Tokyo 0 0 * * *"], timezoneName: "UTC" }, "conflicting timezone names"],
    [
      { calendar: [{ hour: "25", minute: "a" }] },
      "Minute is not in range [0-59], Hour is not in range [0-23]"
    ],
    [{ calendar: [{ hour: "5-3" }] }, "Hour End is before Start or not in range [0-23]"],
    [{ calendar: [{ hour: "1-2-3" }] }, "Hour has too many dashes"],
    [{ calendar: [{ hour: "1/2/3" }] }, "Hour has too many slashes"],
    [{ calendar: [{ hour: "1/" }] }, "Hour missing step value"],
    [{ calendar: [{ hour: "*/0" }] }, "Hour has invalid Step"],
    [
      { structuredCalendar: [{ minute: [{ start: 60 }] }] },
      "invalid calendar spec: Minute Start is not in range [0-59]"
    ],
    [{ calendar: [{ comment: "x".repeat(201) }] }, "invalid calendar spec: comment is too long"],
    [{ interval: [{ interval: seconds(0) }] }, "interval is too small"],
    [{ interval: [{ interval: seconds(5), phase: seconds(5) }] }, "phase cannot be greater than Interval"],
    [{ timezoneName: "Europe/Atlantis" }, "unknown time zone Europe/Atlantis"],
    [{ timezoneName: "+05:00" }, "unknown time zone +05:00"]
  ] satisfies [ScheduleSpec, string][])("refuses %j", (spec, message) => {
    expect(() => new CompiledSpec(spec)).toThrow(message)
  })
})

describe("times", () => {
  it("come at whole intervals since 1970, moved by their phase", () => {
    const spec = { interval: [{ interval: seconds(3600), phase: seconds(90) }] }
    expect(timesOf(spec, "2026-01-01T00:00:30Z", 2)).toEqual([
      "2026-01-01T00:01:30.000Z",
      "2026-01-01T01:01:30.000Z"
    ])
  })

  it("are left out when clocks go forward", () => {
    const spec = { calendar: [{ hour: "2", minute: "30" }], timezoneName: "Europe/Berlin" }
    expect(minutes(timesOf(spec, "2026-03-28T12:00:00Z", 1))).toEqual(["2026-03-30T00:30"])
  })

  it("come twice when clocks go back west of Greenwich, and the second time only east of it, as in Go", () => {
    const half = (hour: string, timezoneName: string) => ({
      calendar: [{ hour, minute: "30" }],
      timezoneName
    })
    expect(minutes(timesOf(half("1", "America/New_York"), "2026-10-31T12:00:00Z", 3))).toEqual([
      "2026-11-01T05:30",
      "2026-11-01T06:30",
      "2026-11-02T06:30"
    ])
    expect(minutes(timesOf(half("2", "Europe/Berlin"), "2026-10-24T12:00:00Z", 2))).toEqual([
      "2026-10-25T01:30",
      "2026-10-26T01:30"
    ])
  })

  it("keep to the start and the end, and to what is excluded", () => {
    const spec = {
      calendar: [{ hour: "0,12" }],
      excludeCalendar: [{ hour: "12", dayOfMonth: "2" }],
      startTime: seconds(Date.parse("2026-01-01T12:00:00Z") / 1000),
      endTime: seconds(Date.parse("2026-01-03T00:00:00Z") / 1000)
    }
    expect(minutes(timesOf(spec, "2025-01-01T00:00:00Z", 9))).toEqual([
      "2026-01-01T12:00",
      "2026-01-02T00:00",
      "2026-01-03T00:00"
    ])
  })

  it("there are none where everything is excluded, or no date fits", () => {
    const all = { second: "*", minute: "*", hour: "*" }
    expect(timesOf({ cronString: ["0 0 30 2 *"] }, "2026-01-01T00:00:00Z", 1)).toEqual([])
    expect(
      timesOf(
        { interval: [{ interval: seconds(86_400) }], excludeCalendar: [all] },
        "2026-01-01T00:00:00Z",
        1
      )
    ).toEqual([])
  })

  it("are spread by their jitter as the real server spreads them", () => {
    const spec = { interval: [{ interval: seconds(3600) }], jitter: seconds(600) }
    // Taken from server 1.29.1.
    expect(
      timesOf(spec, "2026-01-01T00:00:00Z", 4, "a3f1d0f2-26a8-4e6f-8a7a-d9a1c2b0e001-my-schedule")
    ).toEqual([
      "2026-01-01T01:08:19.726Z",
      "2026-01-01T02:08:49.568Z",
      "2026-01-01T03:00:07.881Z",
      "2026-01-01T04:05:38.537Z"
    ])
  })
})

/** The slow model: looks at the wall clock of every second. */
const slowly = (matches: (second: number) => boolean, after: number, limit: number): number | undefined => {
  for (let second = after + 1; second <= after + limit; second += 1) if (matches(second)) return second
  return undefined
}

describe("the next time", () => {
  const value = (min: number, max: number) =>
    fc.oneof(
      fc.constant("*"),
      fc.integer({ min, max }).map(String),
      fc
        .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      fc.tuple(fc.integer({ min, max }), fc.integer({ min: 1, max: 9 })).map(([a, step]) => `${a}/${step}`)
    )
  const numbers = (text: string, max: number): ReadonlySet<number> => {
    const [range = "", step] = text.split("/")
    const [from = "", to] = range === "*" ? ["0", String(max)] : range.split("-")
    const end = to === undefined ? (step === undefined ? Number(from) : max) : Number(to)
    const found = new Set<number>()
    for (let n = Number(from); n <= end; n += Number(step ?? 1)) found.add(n)
    return found
  }

  it("is the first second whose wall clock fits, in any zone and around its changes", () => {
    const moments = [
      ["UTC", "2026-01-01T00:00:00Z"],
      ["Asia/Kolkata", "2026-02-28T17:00:00Z"],
      ["Europe/Berlin", "2026-03-28T23:30:00Z"],
      ["America/New_York", "2026-03-08T05:00:00Z"],
      ["America/New_York", "2026-11-01T04:00:00Z"],
      ["America/Santiago", "2026-04-05T01:00:00Z"]
    ] as const
    const at = fc.tuple(fc.constantFrom(...moments), fc.integer({ min: 0, max: 14_400 }))
    fc.assert(
      fc.property(
        fc.record({
          minute: value(0, 59),
          hour: value(0, 23),
          // The real server leaves Sunday out of 1/1, and so does the engine.
          dayOfWeek: value(0, 6).filter((text) => text !== "1/1")
        }),
        at,
        (calendar, [[timezoneName, moment], later]) => {
          const after = Date.parse(moment) / 1000 + later
          const fields = {
            minute: numbers(calendar.minute, 59),
            hour: numbers(calendar.hour, 23),
            dayOfWeek: new Set(Array.from(numbers(calendar.dayOfWeek, 7), (day) => day % 7))
          }
          const zone = findZone(timezoneName)
          const expected = slowly(
            (second) => {
              if (zone === undefined) return false
              const wall = wallTime(zone, second)
              return (
                wall.second === 0 &&
                fields.minute.has(wall.minute) &&
                fields.hour.has(wall.hour) &&
                fields.dayOfWeek.has(wall.weekday)
              )
            },
            after,
            5400
          )
          const next = new CompiledSpec({ calendar: [calendar], timezoneName }).next("", after * 1000)
          if (expected !== undefined) expect(next?.nominal).toBe(expected * 1000)
          else if (next !== undefined) expect(next.nominal).toBeGreaterThan((after + 5400) * 1000)
        }
      ),
      { numRuns: 25 }
    )
  })
})
