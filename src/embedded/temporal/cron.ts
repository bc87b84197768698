import { invalidArgument } from "./errors.ts"

// The standard five fields of robfig/cron, in UTC, its descriptors and `@every`; see common/backoff/cron.go.

interface Field {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

const fields: readonly Field[] = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12, names: months },
  { name: "day of week", min: 0, max: 6, names: days }
]

const descriptors: Record<string, string> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *"
}

interface Spec {
  readonly sets: readonly ReadonlySet<number>[]
  readonly anyDay: boolean
  readonly anyWeekday: boolean
}

const bad = (schedule: string, why: string): Error =>
  invalidArgument(`invalid CronSchedule "${schedule}": ${why}`)

const parseValue = (text: string, field: Field, schedule: string): number => {
  const named = field.names?.indexOf(text.toLowerCase().slice(0, 3)) ?? -1
  if (named >= 0 && /^[a-z]/i.test(text)) return named + field.min
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(value) || value < field.min || value > field.max)
    throw bad(schedule, `"${text}" is no ${field.name}`)
  return value
}

const parseField = (text: string, field: Field, schedule: string): Set<number> => {
  const values = new Set<number>()
  for (const part of text.split(",")) {
    const [range = "", stepText, ...rest] = part.split("/")
    const step = stepText === undefined ? 1 : Number(stepText)
    if (rest.length > 0 || !Number.isInteger(step) || step < 1) throw bad(schedule, `"${part}" is no range`)
    const [from = "", to] = range.split("-")
    const any = range === "*" || range === "?"
    const start = any ? field.min : parseValue(from, field, schedule)
    const end = any
      ? field.max
      : to === undefined
        ? stepText === undefined
          ? start
          : field.max
        : parseValue(to, field, schedule)
    if (end < start) throw bad(schedule, `"${part}" ends before it begins`)
    for (let value = start; value <= end; value += step) values.add(value)
  }
  return values
}

const parse = (schedule: string): Spec => {
  const trimmed = schedule.trim().replace(/^(CRON_TZ|TZ)=UTC\s+/, "")
  const parts = (descriptors[trimmed.toLowerCase()] ?? trimmed).split(/\s+/)
  if (parts.length !== fields.length) throw bad(schedule, `expected 5 fields, found ${parts.length}`)
  return {
    sets: fields.map((field, index) => parseField(parts[index] ?? "", field, schedule)),
    anyDay: /^[*?]/.test(parts[2] ?? ""),
    anyWeekday: /^[*?]/.test(parts[4] ?? "")
  }
}

const every = /^@every\s+(.+)$/i
const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

const parseEvery = (schedule: string): number | undefined => {
  const text = every.exec(schedule.trim())?.[1]
  if (text === undefined) return undefined
  let total = 0
  let rest = text
  while (rest !== "") {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)/.exec(rest)
    if (match === null) throw bad(schedule, `"${text}" is no duration`)
    total += Number(match[1]) * (units[match[2] ?? ""] ?? 0)
    rest = rest.slice(match[0].length)
  }
  return Math.max(1000, Math.floor(total / 1000) * 1000)
}

const nextTime = (spec: Spec, after: number): number => {
  const [minutes, hours, monthDays, monthSet, weekdays] = spec.sets
  const time = new Date(Math.floor(after / 60_000) * 60_000 + 60_000)
  const limit = after + 5 * 366 * 86_400_000
  while (time.getTime() <= limit) {
    if (!monthSet?.has(time.getUTCMonth() + 1)) {
      time.setUTCMonth(time.getUTCMonth() + 1, 1)
      time.setUTCHours(0, 0, 0, 0)
      continue
    }
    const day = monthDays?.has(time.getUTCDate()) === true
    const weekday = weekdays?.has(time.getUTCDay()) === true
    // Where both are restricted, one of them is enough.
    if (spec.anyDay || spec.anyWeekday ? !(day && weekday) : !(day || weekday)) {
      time.setUTCDate(time.getUTCDate() + 1)
      time.setUTCHours(0, 0, 0, 0)
      continue
    }
    if (!hours?.has(time.getUTCHours())) {
      time.setUTCHours(time.getUTCHours() + 1, 0, 0, 0)
      continue
    }
    if (!minutes?.has(time.getUTCMinutes())) {
      time.setUTCMinutes(time.getUTCMinutes() + 1, 0, 0)
      continue
    }
    return time.getTime()
  }
  return Number.POSITIVE_INFINITY
}

/** Refuses a schedule that cannot be read. The empty one is none. */
export const validateCron = (schedule: string): void => {
  if (schedule === "") return
  if (parseEvery(schedule) === undefined) parse(schedule)
}

/** How long to wait at `now` for the next run, counted from the time for which the last one was planned. */
export const cronBackoff = (schedule: string, from: number, now: number): number => {
  const interval = parseEvery(schedule)
  const start = Math.floor(from / 1000) * 1000
  let next: number
  if (interval === undefined) {
    const spec = parse(schedule)
    next = nextTime(spec, start)
    while (next < now) next = nextTime(spec, next)
  } else next = start + interval * Math.max(1, Math.ceil((now - start) / interval))
  return Number.isFinite(next) ? Math.ceil(Math.max(next - now, 0) / 1000) * 1000 : 0
}
