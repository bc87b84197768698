import { toMillis } from "../proto/time.ts"
import { Calendar, lastYear } from "./calendar.ts"
import { parseCronString } from "./cron-string.ts"
import { jitterMs } from "./jitter.ts"
import type { IntervalSpec, Range, ScheduleSpec, StructuredCalendarSpec } from "./messages.ts"
import { SpecError, structureCalendar, validateCalendar, valuesOf } from "./ranges.ts"
import { findZone } from "./zone.ts"
import type { Zone } from "./zone.ts"

const validateInterval = (spec: IntervalSpec): void => {
  const interval = toMillis(spec.interval) ?? 0
  const phase = toMillis(spec.phase) ?? 0
  if (interval < 1000) throw new SpecError("interval is too small")
  if (phase < 0) throw new SpecError("phase is negative")
  if (phase >= interval) throw new SpecError("phase cannot be greater than Interval")
}

const conflictingZones = (): SpecError => new SpecError("conflicting timezone names")

/**
 * The form in which a specification is kept and shown: all texts are ranges or intervals, and the zone of cron
 * strings is the one of the specification.
 */
export const canonicalSpec = (spec: ScheduleSpec): ScheduleSpec => {
  const structuredCalendar = [
    ...(spec.structuredCalendar ?? []),
    ...(spec.calendar ?? []).map(structureCalendar)
  ]
  const excludeStructuredCalendar = [
    ...(spec.excludeStructuredCalendar ?? []),
    ...(spec.excludeCalendar ?? []).map(structureCalendar)
  ]
  const interval = [...(spec.interval ?? [])]
  let cronZone: string | undefined
  for (const text of spec.cronString ?? []) {
    const cron = parseCronString(text)
    // They have to agree, also on naming none.
    if (cronZone !== undefined && cron.zone !== cronZone) throw conflictingZones()
    cronZone = cron.zone
    if (cron.calendar !== undefined) structuredCalendar.push(cron.calendar)
    if (cron.interval !== undefined) interval.push(cron.interval)
  }
  let timezoneName = spec.timezoneName ?? ""
  const hasData = (spec.timezoneData?.length ?? 0) > 0
  if (cronZone) {
    if ((timezoneName !== "" && timezoneName !== cronZone) || hasData) throw conflictingZones()
    timezoneName = cronZone
  }
  structuredCalendar.forEach(validateCalendar)
  interval.forEach(validateInterval)
  return {
    structuredCalendar,
    interval,
    excludeStructuredCalendar,
    startTime: spec.startTime,
    endTime: spec.endTime,
    jitter: spec.jitter,
    timezoneName,
    timezoneData: spec.timezoneData ?? new Uint8Array(0)
  }
}

/** When a schedule acts next. Times in milliseconds. */
export interface NextTime {
  /** The time that the specification says. */
  readonly nominal: number
  /** The same with its jitter. */
  readonly next: number
}

const calendarOf = (spec: StructuredCalendarSpec, zone: Zone): Calendar => {
  const daysOfMonth = valuesOf(spec.dayOfMonth)
  const daysOfWeek = valuesOf(spec.dayOfWeek)
  return new Calendar(
    {
      years: (spec.year?.length ?? 0) === 0 ? undefined : valuesOf(spec.year),
      months: valuesOf(spec.month),
      day: (dayOfMonth, dayOfWeek) => daysOfMonth.has(dayOfMonth) && daysOfWeek.has(dayOfWeek()),
      hours: valuesOf(spec.hour),
      minutes: valuesOf(spec.minute),
      seconds: valuesOf(spec.second)
    },
    zone
  )
}

/** So many times in a row may be excluded, in stretches, before there counts to be none. */
const mostExcluded = 2000

const endOfTime = Date.UTC(lastYear + 1, 0) - 1

/** A specification ready to be asked for times; see service/worker/scheduler/spec.go. */
export class CompiledSpec {
  /** The specification in its canonical form. */
  readonly canonical: ScheduleSpec
  readonly #calendars: readonly Calendar[]
  readonly #excluded: readonly Calendar[]
  readonly #intervals: readonly { readonly interval: number; readonly phase: number }[]
  readonly #from: number
  readonly #until: number
  readonly #jitter: number

  /** Throws a {@link SpecError} if the specification cannot be read. */
  constructor(spec: ScheduleSpec) {
    const canonical = canonicalSpec(spec)
    this.canonical = canonical
    if ((canonical.timezoneData?.length ?? 0) > 0)
      throw new SpecError("timezone data is not supported, name the time zone instead")
    const name = canonical.timezoneName ?? ""
    const zone = findZone(name)
    if (zone === undefined) throw new SpecError(`unknown time zone ${name}`)
    this.#calendars = (canonical.structuredCalendar ?? []).map((each) => calendarOf(each, zone))
    this.#excluded = (canonical.excludeStructuredCalendar ?? []).map((each) => calendarOf(each, zone))
    this.#intervals = (canonical.interval ?? []).map((each) => ({
      interval: Math.floor((toMillis(each.interval) ?? 0) / 1000),
      phase: Math.floor((toMillis(each.phase) ?? 0) / 1000)
    }))
    this.#from = toMillis(canonical.startTime) ?? 0
    this.#until = Math.min(toMillis(canonical.endTime) ?? endOfTime, endOfTime)
    this.#jitter = Math.max(toMillis(canonical.jitter) ?? 0, 0)
  }

  /** The first time behind another one, undefined if there is none. The seed decides over the jitter. */
  next(seed: string, after: number): NextTime | undefined {
    // A second earlier than the start, so that the start itself may be a time.
    let second = Math.floor(Math.max(after, this.#from - 1000) / 1000)
    for (let tries = 0; ; tries += 1) {
      const found = this.#following(second)
      if (found === undefined || found * 1000 > this.#until || tries > mostExcluded) return undefined
      const excluding = this.#excluded.find((calendar) => calendar.matches(found))
      if (excluding === undefined) return this.#spread(seed, found)
      second = excluding.matchesUntil(found)
    }
  }

  #spread(seed: string, second: number): NextTime {
    const nominal = second * 1000
    // The jitter never goes beyond the next time, so the order stays.
    const following = this.#jitter > 0 ? this.#following(second) : undefined
    const limit = following === undefined ? this.#jitter : Math.min(this.#jitter, following * 1000 - nominal)
    return { nominal, next: nominal + jitterMs(seed, second, limit) }
  }

  #following(after: number): number | undefined {
    let first: number | undefined
    for (const calendar of this.#calendars) {
      const next = calendar.next(after)
      if (next !== undefined && (first === undefined || next < first)) first = next
    }
    for (const { interval, phase } of this.#intervals) {
      const next = (Math.trunc((after - phase) / interval) + 1) * interval + phase
      if (first === undefined || next < first) first = next
    }
    return first
  }
}

const shownRange = ({ start, end, step }: Range): Range => ({
  start: start ?? 0,
  end: Math.max(end ?? 0, start ?? 0),
  step: step || 1
})

const shownCalendar = (calendar: StructuredCalendarSpec): StructuredCalendarSpec => ({
  second: (calendar.second ?? []).map(shownRange),
  minute: (calendar.minute ?? []).map(shownRange),
  hour: (calendar.hour ?? []).map(shownRange),
  dayOfMonth: (calendar.dayOfMonth ?? []).map(shownRange),
  month: (calendar.month ?? []).map(shownRange),
  year: (calendar.year ?? []).map(shownRange),
  dayOfWeek: (calendar.dayOfWeek ?? []).map(shownRange),
  comment: calendar.comment ?? ""
})

/** A canonical specification with the defaults of its ranges filled in, at most `limit` of each kind. */
export const shownSpec = (spec: ScheduleSpec, limit = Number.POSITIVE_INFINITY): ScheduleSpec => ({
  ...spec,
  structuredCalendar: (spec.structuredCalendar ?? []).slice(0, limit).map(shownCalendar),
  excludeStructuredCalendar: (spec.excludeStructuredCalendar ?? []).slice(0, limit).map(shownCalendar),
  interval: (spec.interval ?? []).slice(0, limit)
})
