import { instantOf, wallTime } from "./zone.ts"
import type { Zone } from "./zone.ts"

/** Which wall clock times are meant. */
export interface CalendarFields {
  /** Undefined for every year. */
  readonly years: ReadonlySet<number> | undefined
  readonly months: ReadonlySet<number>
  /** Decides over a day by its number in the month and in the week (Sunday is 0). */
  readonly day: (dayOfMonth: number, dayOfWeek: () => number) => boolean
  readonly hours: ReadonlySet<number>
  readonly minutes: ReadonlySet<number>
  readonly seconds: ReadonlySet<number>
}

/** The last year in which times are looked for. */
export const lastYear = 2100

const hour = 3600

const ascending = (values: ReadonlySet<number>): number[] => [...values].toSorted((a, b) => a - b)

const daysInMonth = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate()

/** Where in a day the search begins. */
interface Position {
  readonly hour: number
  /** Whether the hour, of those that come twice, is the second one. */
  readonly again: boolean
  readonly minute: number
  readonly second: number
}

const midnight: Position = { hour: 0, again: false, minute: 0, second: 0 }

/**
 * Wall clock times in a zone, with a resolution of a second, as service/worker/scheduler/calendar.go finds them:
 * those that are left out when clocks go forward do not match; those that come twice when they go back match twice,
 * or only the second time where {@link instantOf} gives that one, which it does east of Greenwich.
 */
export class Calendar {
  readonly #fields: CalendarFields
  readonly #zone: Zone
  readonly #hours: readonly number[]
  readonly #minutes: readonly number[]
  readonly #seconds: readonly number[]

  constructor(fields: CalendarFields, zone: Zone) {
    this.#fields = fields
    this.#zone = zone
    this.#hours = ascending(fields.hours)
    this.#minutes = ascending(fields.minutes)
    this.#seconds = ascending(fields.seconds)
  }

  matches(instant: number): boolean {
    const fields = this.#fields
    const wall = wallTime(this.#zone, instant)
    return (
      fields.years?.has(wall.year) !== false &&
      fields.months.has(wall.month) &&
      fields.day(wall.day, () => wall.weekday) &&
      fields.hours.has(wall.hour) &&
      fields.minutes.has(wall.minute) &&
      fields.seconds.has(wall.second)
    )
  }

  /**
   * The last instant of the stretch around a match in which everything matches: the match itself, or the end of its
   * minute, hour or day.
   */
  matchesUntil(instant: number): number {
    const wall = wallTime(this.#zone, instant)
    let left = 0
    if (this.#seconds.length === 60) left = 59 - wall.second
    if (this.#seconds.length === 60 && this.#minutes.length === 60) {
      left += (59 - wall.minute) * 60
      if (this.#hours.length === 24) left += (23 - wall.hour) * hour
    }
    // Unless clocks change in between.
    return this.#zone.offsetAt(instant) === this.#zone.offsetAt(instant + left) ? instant + left : instant
  }

  /** The first match behind an instant, undefined if there is none up to the end of a year. */
  next(after: number, untilYear = lastYear): number | undefined {
    const { years, months, day: meant } = this.#fields
    const start = wallTime(this.#zone, after)
    let from: Position = {
      hour: start.hour,
      again: wallTime(this.#zone, after - hour).hour === start.hour,
      minute: start.minute,
      second: start.second + 1
    }
    let { year, month, day } = start
    while (year <= untilYear) {
      if (years?.has(year) === false) {
        year += 1
        month = 1
        day = 1
        from = midnight
        continue
      }
      if (!months.has(month) || day > daysInMonth(year, month)) {
        if (month === 12) year += 1
        month = month === 12 ? 1 : month + 1
        day = 1
        from = midnight
        continue
      }
      const { hour: h, minute, second } = from
      const weekday = (): number =>
        // Asked for at the position: where midnight is left out, that may be in the day before.
        wallTime(this.#zone, instantOf(this.#zone, year, month, day, h, minute, second)).weekday
      if (meant(day, weekday)) {
        const found = this.#inDay(year, month, day, from)
        if (found !== undefined) return found
      }
      day += 1
      from = midnight
    }
    return undefined
  }

  #inDay(year: number, month: number, day: number, from: Position): number | undefined {
    const at = (h: number, minute = 0, second = 0): number =>
      instantOf(this.#zone, year, month, day, h, minute, second)
    for (const h of this.#hours) {
      if (h < from.hour) continue
      const twice = at(h + 1) - at(h) > hour
      for (const again of [false, true]) {
        const first = h === from.hour
        if (first && from.again ? !again : again && !twice) continue
        const resumes = first && again === from.again
        const time = this.#inHour(resumes ? from : midnight)
        if (time === undefined) continue
        const instant = at(h, time.minute, time.second)
        // The hour, or its part up to the first match, is left out.
        if (wallTime(this.#zone, instant).hour !== h) break
        return again ? instant + hour : instant
      }
    }
    return undefined
  }

  #inHour(from: { minute: number; second: number }): { minute: number; second: number } | undefined {
    for (const minute of this.#minutes) {
      if (minute < from.minute) continue
      for (const second of this.#seconds)
        if (minute > from.minute || second >= from.second) return { minute, second }
    }
    return undefined
  }
}
