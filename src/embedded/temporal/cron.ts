import { parseDuration } from "./duration.ts"
import { invalidArgument } from "./errors.ts"
import { cronDescriptors, splitZone } from "./schedules/cron-string.ts"
import { findZone, instantOf, utc, wallTime } from "./schedules/zone.ts"
import type { WallTime, Zone } from "./schedules/zone.ts"

// Cron schedules of workflows: the standard form of robfig/cron, see common/backoff/cron.go. Those of schedules are
// others: there a day has to fit both of its fields, and years and seconds can be said.

interface Field {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

const fields = {
  minute: { min: 0, max: 59 },
  hour: { min: 0, max: 23 },
  dayOfMonth: { min: 1, max: 31 },
  month: { min: 1, max: 12, names: ["", ...months] },
  dayOfWeek: { min: 0, max: 6, names: days }
} satisfies Record<string, Field>

/** Years ahead in which a time is looked for. */
const yearsAhead = 5

interface Values {
  readonly values: ReadonlySet<number>
  /** Whether a star without a step stands in it. */
  readonly any: boolean
}

const parseValue = (text: string, { names }: Field): number | undefined => {
  const named = names?.indexOf(text.toLowerCase()) ?? -1
  if (named >= 0 && text !== "") return named
  return /^\+?\d+$/.test(text) ? Number(text) : undefined
}

const parseField = (text: string, field: Field): Values | undefined => {
  const values = new Set<number>()
  let any = false
  for (const part of text.split(",").filter((item) => item !== "")) {
    const [range = "", stepText, ...more] = part.split("/")
    const [first = "", last, ...rest] = range.split("-")
    const step = stepText === undefined ? 1 : parseValue(stepText, { min: 1, max: 0 })
    if (more.length > 0 || step === undefined || step < 1) return undefined
    const star = first === "*" || first === "?"
    if (!star && rest.length > 0) return undefined
    const start = star ? field.min : parseValue(first, field)
    const open = star || (last === undefined && stepText !== undefined)
    const end = open ? field.max : last === undefined ? start : parseValue(last, field)
    if (start === undefined || end === undefined) return undefined
    if (start < field.min || end > field.max || start > end) return undefined
    if (star && step === 1) any = true
    for (let value = start; value <= end; value += step) values.add(value)
  }
  return { values, any }
}

/** Finds the next time behind another one, in milliseconds; undefined if there is none. */
type Next = (after: number) => number | undefined

const parseFields = (text: string, zone: Zone): Next | undefined => {
  const parts = text.split(/\s+/).filter((part) => part !== "")
  if (parts.length !== 5) return undefined
  const [minute, hour, dayOfMonth, month, dayOfWeek] = Object.values(fields).map((field, index) =>
    parseField(parts[index] ?? "", field)
  )
  if (!minute || !hour || !dayOfMonth || !month || !dayOfWeek) return undefined
  // Where both are restricted, one of them is enough.
  const isDay = ({ day, weekday }: WallTime): boolean =>
    dayOfMonth.any || dayOfWeek.any
      ? dayOfMonth.values.has(day) && dayOfWeek.values.has(weekday)
      : dayOfMonth.values.has(day) || dayOfWeek.values.has(weekday)
  // From instant to instant: what clocks leave out is not met, what they repeat is met twice.
  return (after) => {
    let instant = Math.floor(after / 60_000) * 60 + 60
    let wall = wallTime(zone, instant)
    const untilYear = wall.year + yearsAhead
    for (; wall.year <= untilYear; wall = wallTime(zone, instant)) {
      const least = instant + 60
      if (!month.values.has(wall.month)) instant = instantOf(zone, wall.year, wall.month + 1, 1)
      else if (!isDay(wall)) instant = instantOf(zone, wall.year, wall.month, wall.day + 1)
      else if (!hour.values.has(wall.hour)) instant += (60 - wall.minute) * 60
      else if (minute.values.has(wall.minute)) return instant * 1000
      instant = Math.max(instant, least)
    }
    return undefined
  }
}

const parse = (schedule: string): Next | undefined => {
  const { zone: name, rest } = splitZone(schedule)
  const zone = name === undefined ? utc : findZone(name)
  if (zone === undefined || rest === undefined) return undefined
  const text = name === undefined ? rest : rest.trim()
  if (!text.startsWith("@")) return parseFields(text, zone)
  if (text.startsWith("@every ")) {
    const duration = parseDuration(text.slice("@every ".length))
    if (duration === undefined) return undefined
    // Not less than a second, and whole ones.
    const interval = Math.floor(Math.max(duration, 1000) / 1000) * 1000
    return (after) => Math.floor(after / 1000) * 1000 + interval
  }
  const fieldsOf = cronDescriptors[text]
  return fieldsOf === undefined ? undefined : parseFields(fieldsOf, zone)
}

/** Refuses a schedule that cannot be read, or is never due. The empty one is none. */
export const validateCron = (schedule: string): void => {
  if (schedule === "") return
  const next = parse(schedule)
  if (next === undefined) throw invalidArgument("invalid CronSchedule.")
  if (next(0) === undefined)
    throw invalidArgument("invalid CronSchedule, no time can be found to satisfy the schedule")
}

/** How long to wait at `now` for the next run, counted from the time for which the last one was planned. */
export const cronBackoff = (schedule: string, from: number, now: number): number => {
  const nextAfter = parse(schedule)
  if (nextAfter === undefined) return 0
  let next: number | undefined = from
  if (now >= from) {
    // Whole steps at once: a short interval may have been missed for long.
    const first = nextAfter(from)
    next =
      first !== undefined && first < now && schedule.includes("@every")
        ? skipTo(first, nextAfter, now)
        : first
    while (next !== undefined && next < now) next = nextAfter(next)
  }
  return next === undefined ? 0 : Math.max(Math.ceil((next - now) / 1000) * 1000, 0)
}

/** The last of the regular times that is not after another one. */
const skipTo = (first: number, nextAfter: Next, now: number): number => {
  const interval = (nextAfter(first) ?? first + 1000) - first
  return first + Math.floor((now - first) / interval) * interval
}
