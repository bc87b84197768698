import { structureCalendar, SpecError } from "./ranges.ts"
import type { IntervalSpec, StructuredCalendarSpec } from "./messages.ts"
import { fromMillis } from "../proto/time.ts"
import { parseDuration } from "../duration.ts"

/** What cron calls the usual schedules. */
export const cronDescriptors: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *"
}

/** Takes `TZ=` or `CRON_TZ=` off a cron string. The rest is undefined if nothing follows. */
export const splitZone = (text: string): { zone: string | undefined; rest: string | undefined } => {
  const prefixed = /^(?:CRON_)?TZ=([^ ]*)( [^]*)?$/.exec(text)
  return prefixed === null
    ? { zone: undefined, rest: text }
    : { zone: prefixed[1] ?? "", rest: prefixed[2]?.slice(1) }
}

export interface CronString {
  readonly calendar?: StructuredCalendarSpec
  readonly interval?: IntervalSpec
  readonly zone: string
}

const parseInterval = (text: string): IntervalSpec => {
  const space = text.indexOf(" ")
  if (space < 0) throw new SpecError("CronString does not have interval after @every")
  const [interval = "", ...phase] = text.slice(space + 1).split("/")
  const duration = (value: string): number => {
    const ms = parseDuration(value, { days: true })
    if (ms === undefined) throw new SpecError(`time: invalid duration ${JSON.stringify(value)}`)
    return ms
  }
  const phaseText = phase.join("/")
  return phaseText === ""
    ? { interval: fromMillis(duration(interval)) }
    : { interval: fromMillis(duration(interval)), phase: fromMillis(duration(phaseText)) }
}

/**
 * A cron string of a schedule: five fields, six with a year at the end, seven with seconds in front, `@every` and
 * the other descriptors, with a time zone before and a comment behind it.
 */
export const parseCronString = (text: string): CronString => {
  const { zone = "", rest } = splitZone(text.trim())
  if (rest === undefined) throw new SpecError("CronString has time zone but missing fields")
  const hash = rest.indexOf("#")
  const comment = hash < 0 ? "" : rest.slice(hash + 1).trim()
  const body = (hash < 0 ? rest : rest.slice(0, hash)).trim()
  // As on the real server, the zone of an interval says nothing.
  if (body.startsWith("@every")) return { interval: parseInterval(body), zone: "" }
  const parts = (cronDescriptors[body] ?? body).split(/\s+/).filter((part) => part !== "")
  if (parts.length < 5 || parts.length > 7) throw new SpecError("CronString does not have 5-7 fields")
  const second = parts.length === 7 ? (parts.shift() ?? "") : ""
  const [minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = "", year = ""] = parts
  return {
    calendar: structureCalendar({ second, minute, hour, dayOfMonth, month, dayOfWeek, year, comment }),
    zone
  }
}
