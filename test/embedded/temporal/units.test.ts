/** The parts of the service that need no server. */
import { describe, expect, it } from "vitest"

import { Wakeups } from "../../../src/embedded/temporal/clock.ts"
import { cronBackoff, validateCron } from "../../../src/embedded/temporal/cron.ts"
import { encodeFrame, splitFrames } from "../../../src/embedded/temporal/history.ts"
import { fromMillis, toMillis, toNumber } from "../../../src/embedded/temporal/proto/time.ts"
import { decideRetry, validateRetryPolicy, withDefaults } from "../../../src/embedded/temporal/retry.ts"

describe("cron", () => {
  const from = Date.UTC(2026, 0, 31, 23, 58, 30)
  const at = (schedule: string): string =>
    new Date(from + cronBackoff(schedule, from, from)).toISOString().slice(0, 19)

  it.each([
    ["* * * * *", "2026-01-31T23:59:00"],
    ["0 * * * *", "2026-02-01T00:00:00"],
    ["@daily", "2026-02-01T00:00:00"],
    ["30 9 * * mon-fri", "2026-02-02T09:30:00"],
    ["0 0 29 2 *", "2028-02-29T00:00:00"],
    ["*/15 8-10/2 1,15 * *", "2026-02-01T08:00:00"],
    ["0 12 13 * fri", "2026-02-06T12:00:00"],
    ["@every 90s", "2026-02-01T00:00:00"],
    ["CRON_TZ=Asia/Tokyo 30 9 * * *", "2026-02-01T00:30:00"],
    ["TZ=America/New_York 30 2 8 3 *", "2027-03-08T07:30:00"]
  ])("reads %s", (schedule, expected) => {
    expect(at(schedule)).toBe(expected)
  })

  it.each([
    "* * * *",
    "60 * * * *",
    "a b c d e",
    "@every soon",
    "5-1 * * * *",
    "*/0 * * * *",
    "0 0 30 2 *",
    "@sometimes",
    "TZ=Nowhere * * * * *"
  ])("refuses %s", (schedule) => {
    expect(() => validateCron(schedule)).toThrow(/CronSchedule/)
  })

  it("skips the times that passed while a run was busy", () => {
    const late = from + 10 * 60_000
    expect(cronBackoff("*/5 * * * *", from, late)).toBe(90_000)
    expect(cronBackoff("@every 4m", from, late)).toBe(120_000)
  })
})

describe("retries", () => {
  const policy = withDefaults({ maximumAttempts: 4 })
  const decide = (attempt: number, options: Partial<Parameters<typeof decideRetry>[0]> = {}) =>
    decideRetry({ now: 0, attempt, policy, failure: undefined, expiresAt: undefined, ...options })

  it("wait longer each time, up to the maximum", () => {
    expect([1, 2, 3].map((attempt) => decide(attempt))).toEqual([
      { delayMs: 1000 },
      { delayMs: 2000 },
      { delayMs: 4000 }
    ])
    expect(decide(60, { policy: withDefaults({}) })).toEqual({ delayMs: 100_000 })
    expect(decide(5000, { policy: withDefaults({}) })).toEqual({ delayMs: 100_000 })
  })

  it("end with the reason why", () => {
    expect(decide(4)).toEqual({ state: 4 })
    expect(decide(1, { policy: undefined })).toEqual({ state: 5 })
    expect(decide(1, { expiresAt: 999 })).toEqual({ state: 3 })
    expect(decide(1, { failure: { applicationFailureInfo: { nonRetryable: true } } })).toEqual({ state: 2 })
    expect(decide(1, { failure: { canceledFailureInfo: {} } })).toEqual({ state: 2 })
    expect(decide(1, { failure: { timeoutFailureInfo: { timeoutType: 2 } } })).toEqual({ state: 2 })
    expect(
      decide(1, {
        policy: { ...policy, nonRetryableErrorTypes: ["Fatal"] },
        failure: { applicationFailureInfo: { type: "Fatal" } }
      })
    ).toEqual({ state: 2 })
  })

  it("hold to the delay that the failure asks for", () => {
    expect(decide(1, { failure: { applicationFailureInfo: { nextRetryDelay: fromMillis(7) } } })).toEqual({
      delayMs: 7
    })
  })

  it("refuse a policy that makes no sense", () => {
    expect(() => validateRetryPolicy({ backoffCoefficient: 0.5 })).toThrow(/BackoffCoefficient/)
    expect(() =>
      validateRetryPolicy({ initialInterval: fromMillis(2), maximumInterval: fromMillis(1) })
    ).toThrow(/MaximumInterval/)
  })
})

describe("times", () => {
  it("survive the protocol, also before 1970 and with fractions", () => {
    for (const ms of [0, 1, 999, 1000, 1_767_225_600_123, -1, -1500])
      expect(toMillis(fromMillis(ms))).toBe(ms)
    expect(toMillis(undefined)).toBeUndefined()
    expect(toNumber({ low: -1, high: 1, unsigned: false })).toBe(2 ** 33 - 1)
  })
})

describe("wake-ups", () => {
  const once = (
    entries: readonly (readonly [number, string])[],
    expected: number
  ): Promise<readonly string[]> =>
    new Promise((resolve) => {
      const fired: string[] = []
      let now = 1000
      const wakeups = new Wakeups({ now: () => now }, (key) => {
        fired.push(key)
        if (fired.length === expected) {
          wakeups.close()
          resolve(fired)
        }
      })
      for (const [at, key] of entries) wakeups.push(at, key)
      now = 5000
    })

  it("come in the order of their times, one for each run that is due", async () => {
    expect(
      await once(
        [
          [1003, "c"],
          [1001, "a"],
          [1002, "b"],
          [1001, "a"],
          [9_000_000, "later"]
        ],
        3
      )
    ).toEqual(["a", "b", "c"])
  })

  it("can lie further ahead than setTimeout counts", () => {
    const wakeups = new Wakeups({ now: () => 0 }, () => {
      throw new Error("too early")
    })
    wakeups.push(400 * 86_400_000, "next year")
    expect(wakeups.size).toBe(1)
    wakeups.close()
  })
})

describe("frames", () => {
  it("are found again in a batch", () => {
    const frames = [1, 300, 70_000].map((size) =>
      encodeFrame({ eventId: size, markerRecordedEventAttributes: { markerName: "x".repeat(size) } })
    )
    expect(splitFrames(Buffer.concat(frames)).map((frame) => frame.length)).toEqual(
      frames.map((frame) => frame.length)
    )
    expect(() => splitFrames(Uint8Array.from([10, 200]))).toThrow(/cut off/)
  })
})
