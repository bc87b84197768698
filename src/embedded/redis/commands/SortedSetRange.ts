import { parseLooseDouble } from "../format/Doubles.ts"
import { integer } from "../exec/Arguments.ts"
import { ErrorReply } from "../resp/Reply.ts"
import type { SortedMember, SortedSetValue } from "../types/SortedSetValue.ts"

/** Which members a range command means, as ranks from the lowest: `first` to `end`, `end` excluded. */
export interface RankRange {
  readonly first: number
  readonly end: number
}

interface ScoreBound {
  readonly value: number
  readonly exclusive: boolean
}

const NOT_A_RANGE = new ErrorReply("ERR min or max is not a float")
const NOT_LEX = new ErrorReply("ERR min or max not valid string range item")

const scoreBound = (text: string): ScoreBound => {
  const exclusive = text.startsWith("(")
  const value = parseLooseDouble(exclusive ? text.slice(1) : text)
  if (value === undefined) throw NOT_A_RANGE
  return { value, exclusive }
}

/** Members of a set that satisfy a bound. */
export type Range = (set: SortedSetValue) => RankRange

/** The range between two scores. */
export const scoreRange = (minimum: string, maximum: string): Range => {
  const low = scoreBound(minimum)
  const high = scoreBound(maximum)
  return (set) => ({
    first: set.tree.partition((item) => (low.exclusive ? item.score <= low.value : item.score < low.value)),
    end: set.tree.partition((item) => (high.exclusive ? item.score < high.value : item.score <= high.value))
  })
}

type LexBound =
  | { readonly kind: "min" }
  | { readonly kind: "max" }
  | { readonly kind: "text"; readonly text: string; readonly exclusive: boolean }

const lexBound = (text: string): LexBound => {
  if (text === "-") return { kind: "min" }
  if (text === "+") return { kind: "max" }
  if (text.startsWith("(")) return { kind: "text", text: text.slice(1), exclusive: true }
  if (text.startsWith("[")) return { kind: "text", text: text.slice(1), exclusive: false }
  throw NOT_LEX
}

/** Whether a member lies before a bound; `after` decides about one that equals it. */
const isBefore = (item: SortedMember, bound: LexBound, equalCounts: boolean): boolean => {
  if (bound.kind === "min") return false
  if (bound.kind === "max") return true
  return item.key === bound.text ? equalCounts : item.key < bound.text
}

/** The range between two members of equal score. */
export const lexRange = (minimum: string, maximum: string): Range => {
  const low = lexBound(minimum)
  const high = lexBound(maximum)
  return (set) => ({
    first: set.tree.partition((item) => isBefore(item, low, low.kind === "text" && low.exclusive)),
    end: set.tree.partition((item) => isBefore(item, high, high.kind === "text" && !high.exclusive))
  })
}

/** The range between two ranks; negative ones count from the end. */
export const rankRange = (from: string, to: string, reverse: boolean): Range => {
  const start = integer(from)
  const stop = integer(to)
  return (set) => {
    const size = set.size
    const low = Math.max(0, start < 0 ? size + start : start)
    const high = Math.min(size - 1, stop < 0 ? size + stop : stop)
    if (low > high) return { first: 0, end: 0 }
    return reverse ? { first: size - 1 - high, end: size - low } : { first: low, end: high + 1 }
  }
}

/** The members of a range in order, after LIMIT. */
export const membersOf = (
  set: SortedSetValue,
  range: RankRange,
  reverse: boolean,
  offset = 0,
  count = -1
): Array<SortedMember> => {
  const size = range.end - range.first
  if (size <= 0 || offset < 0 || offset >= size) return []
  const wanted = count < 0 ? size - offset : Math.min(count, size - offset)
  return set.tree.range(reverse ? range.end - 1 - offset : range.first + offset, wanted, reverse)
}
