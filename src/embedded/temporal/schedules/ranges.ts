import type { CalendarSpec, Range, StructuredCalendarSpec } from "./messages.ts"

// The text form of calendars: `*`, `5`, `1-5`, `1-10/2`, `3/5`, and lists of those; see makeRange in
// service/worker/scheduler/calendar.go.

/** A schedule's specification that cannot be read. */
export class SpecError extends Error {}

interface Field {
  readonly name: string
  readonly min: number
  readonly max: number
  /** Names of the values, as far as they have some, and how few letters tell them apart. */
  readonly names?: readonly string[]
  readonly shortest?: number
}

const monthNames = [
  ["january", "february", "march", "april", "may", "june"],
  ["july", "august", "september", "october", "november", "december"]
].flat()
const dayNames = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]

const fields = {
  second: { name: "Second", min: 0, max: 59 },
  minute: { name: "Minute", min: 0, max: 59 },
  hour: { name: "Hour", min: 0, max: 23 },
  dayOfWeek: { name: "DayOfWeek", min: 0, max: 7, names: dayNames, shortest: 2 },
  dayOfMonth: { name: "DayOfMonth", min: 1, max: 31 },
  month: { name: "Month", min: 1, max: 12, names: ["", ...monthNames], shortest: 3 },
  year: { name: "Year", min: 2000, max: 2100 }
} as const satisfies Record<string, Field>

/** The fields of a calendar, in the order in which the real server reports what is wrong with them. */
const fieldNames = ["second", "minute", "hour", "dayOfWeek", "dayOfMonth", "month", "year"] as const

const parseValue = (text: string, field: Field, min: number): number | undefined => {
  const name = text.toLowerCase()
  const named =
    field.names === undefined || text.length < (field.shortest ?? 0)
      ? -1
      : field.names.findIndex((candidate) => candidate !== "" && candidate.startsWith(name))
  const value = named >= 0 ? named : /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
  return value >= min && value <= field.max ? value : undefined
}

const parseStep = (text: string, field: Field): number => {
  if (text === "") throw new SpecError(`${field.name} missing step value`)
  if (!/^[+-]?\d+$/.test(text)) throw new SpecError(`strconv.Atoi: parsing "${text}": invalid syntax`)
  const step = Number(text)
  if (step < 1) throw new SpecError(`${field.name} has invalid Step`)
  return step
}

const parseBounds = (text: string, field: Field, hasStep: boolean): [start: number, end: number] => {
  const { name, min, max } = field
  if (text === "*") return [min, max]
  const [first = "", second, ...more] = text.split("-")
  if (more.length > 0) throw new SpecError(`${name} has too many dashes`)
  const start = parseValue(first, field, min)
  if (second === undefined) {
    if (start === undefined) throw new SpecError(`${name} is not in range [${min}-${max}]`)
    return [start, hasStep ? max : start]
  }
  if (start === undefined) throw new SpecError(`${name} Start is not in range [${min}-${max}]`)
  const end = parseValue(second, field, start)
  if (end === undefined) throw new SpecError(`${name} End is before Start or not in range [${min}-${max}]`)
  return [start, end]
}

/** The ranges that a text means. What is the default is left out: an end equal to the start, a step of 1. */
const parseRanges = (text: string, field: Field): Range[] => {
  const ranges: Range[] = []
  for (const part of text.split(",")) {
    const [bounds = "", stepText, ...more] = part.split("/")
    if (more.length > 0) throw new SpecError(`${field.name} has too many slashes`)
    const step = stepText === undefined ? 1 : parseStep(stepText, field)
    const [start, last] = parseBounds(bounds, field, stepText !== undefined)
    let end = last
    // Sunday may be a 7 too. It becomes a range of its own unless the range it ends begins that low anyway.
    if (field === fields.dayOfWeek && end === 7) {
      if ((7 - start) % step === 0 && (step > 1 || start > 1)) {
        ranges.push({ start: 0, end: 0, step: 0 })
        if (start === 7) continue
      }
      end = 6
    }
    ranges.push({ start, end: start === end ? 0 : end, step: step === 1 ? 0 : step })
  }
  return ranges
}

/** A calendar of texts as one of ranges. */
export const structureCalendar = (calendar: CalendarSpec): StructuredCalendarSpec => {
  const structured: StructuredCalendarSpec = { comment: calendar.comment ?? "" }
  const problems: string[] = []
  for (const name of fieldNames) {
    const text = (calendar[name] ?? "").trim()
    const isTime = name === "second" || name === "minute" || name === "hour"
    try {
      // Every year is said by no range at all.
      structured[name] =
        name === "year" && (text === "" || text === "*")
          ? []
          : parseRanges(text === "" ? (isTime ? "0" : "*") : text, fields[name])
    } catch (error) {
      if (!(error instanceof SpecError)) throw error
      problems.push(error.message)
    }
  }
  if (problems.length > 0) throw new SpecError(problems.join(", "))
  return structured
}

const longestComment = 200

/** Refuses a calendar whose ranges are out of bounds. */
export const validateCalendar = (calendar: StructuredCalendarSpec): void => {
  const problems: string[] = []
  for (const name of ["second", "minute", "hour", "dayOfMonth", "month", "year", "dayOfWeek"] as const) {
    const { name: label, min } = fields[name]
    const max = name === "dayOfWeek" ? 6 : fields[name].max
    for (const { start, end, step } of calendar[name] ?? []) {
      const from = start ?? 0
      const to = end ?? 0
      if (from < min || from > max) problems.push(`${label} Start is not in range [${min}-${max}]`)
      if (to !== 0 && (to < from || to > max))
        problems.push(`${label} End is before Start or not in range [${min}-${max}]`)
      if ((step ?? 0) < 0) problems.push(`${label} has invalid Step`)
    }
  }
  if (new TextEncoder().encode(calendar.comment ?? "").length > longestComment)
    problems.push("comment is too long")
  if (problems.length > 0) throw new SpecError(`invalid calendar spec: ${problems.join(", ")}`)
}

/** The numbers that ranges hold. */
export const valuesOf = (ranges: readonly Range[] | null | undefined): Set<number> => {
  const values = new Set<number>()
  for (const { start, end, step } of ranges ?? []) {
    const from = start ?? 0
    const to = Math.max(end ?? 0, from)
    for (let value = from; value <= to; value += step || 1) values.add(value)
  }
  return values
}
