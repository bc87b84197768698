import { argument, type Arguments, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import { type Client, NOTIFY } from "../exec/Context.ts"
import { cut, SYNTAX, WRONGTYPE } from "../exec/Errors.ts"
import type { Value } from "../db/Value.ts"
import { parseLooseDouble } from "../format/Doubles.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import { HashValue } from "../types/HashValue.ts"
import { ListValue } from "../types/ListValue.ts"
import { SetValue } from "../types/SetValue.ts"
import { SortedSetValue } from "../types/SortedSetValue.ts"
import { isString, textOf } from "./Access.ts"

interface SortRequest {
  readonly descending: boolean
  readonly alpha: boolean
  readonly start: number
  /** Negative for all. */
  readonly count: number
  readonly by: string | undefined
  readonly get: ReadonlyArray<string>
  readonly target: string | undefined
}

const sortRequest = (args: Arguments, readOnly: boolean): SortRequest => {
  let descending = false
  let alpha = false
  let limit: readonly [number, number] = [0, -1]
  let by: string | undefined
  let target: string | undefined
  const get: Array<string> = []
  for (let at = 2; at < args.length; at++) {
    const name = argument(args, at).toUpperCase()
    const left = args.length - at - 1
    if (name === "ASC") descending = false
    else if (name === "DESC") descending = true
    else if (name === "ALPHA") alpha = true
    else if (name === "LIMIT" && left >= 2) {
      limit = [integer(argument(args, at + 1)), integer(argument(args, at + 2))]
      at += 2
    } else if (name === "STORE" && left >= 1 && !readOnly) target = argument(args, ++at)
    else if (name === "BY" && left >= 1) by = argument(args, ++at)
    else if (name === "GET" && left >= 1) get.push(argument(args, ++at))
    else throw SYNTAX
  }
  return { descending, alpha, start: limit[0], count: limit[1], by, get, target }
}

/** What a pattern of BY or GET finds for an element: `#` is the element, `*` stands for it in a key or `key->field`. */
const lookUp = (client: Client, pattern: string, element: string): string | undefined => {
  if (pattern === "#") return element
  const star = pattern.indexOf("*")
  if (star === -1) return undefined
  const arrow = pattern.indexOf("->", star + 1)
  const field = arrow === -1 || arrow + 2 === pattern.length ? undefined : pattern.slice(arrow + 2)
  const name = field === undefined ? pattern : pattern.slice(0, arrow)
  const value = client.db.find(name.slice(0, star) + element + name.slice(star + 1))?.value
  if (value === undefined) return undefined
  if (field === undefined) return isString(value) ? textOf(value) : undefined
  return value instanceof HashValue ? value.get(field) : undefined
}

interface Weighted {
  readonly element: string
  readonly score: number
  readonly text: string | undefined
}

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/** Elements without a text come first. */
const compareTexts = (left: Weighted, right: Weighted): number =>
  left.text === undefined || right.text === undefined
    ? Number(left.text !== undefined) - Number(right.text !== undefined)
    : compareText(left.text, right.text)

const compareScores = (left: Weighted, right: Weighted): number =>
  left.score === right.score ? compareText(left.element, right.element) : left.score < right.score ? -1 : 1

const BAD_SCORE = new ErrorReply("ERR One or more scores can't be converted into double")

const scoreOf = (text: string): number => {
  const score = parseLooseDouble(text)
  // A number that does not fit is none, but infinity is one.
  if (score === undefined || (!Number.isFinite(score) && !/inf/i.test(text))) throw BAD_SCORE
  return score
}

const weighted = (client: Client, element: string, request: SortRequest): Weighted => {
  const text = request.by === undefined ? element : lookUp(client, request.by, element)
  if (request.alpha) {
    // Redis compares by strcoll what it does not store: up to the first zero byte.
    return { element, score: 0, text: text === undefined || request.target !== undefined ? text : cut(text) }
  }
  return { element, score: text === undefined ? 0 : scoreOf(text), text }
}

const elementsOf = (value: Value | undefined): ReadonlyArray<string> => {
  if (value === undefined) return []
  if (value instanceof ListValue) return value.items.slice(0, value.length - 1)
  if (value instanceof SetValue) return value.list()
  if (value instanceof SortedSetValue) {
    // As in Redis, where sorting changes how it is kept.
    value.compact = false
    return value.tree.range(0, value.size).map((item) => item.key)
  }
  throw WRONGTYPE
}

/** The elements in the order that is asked for. */
const ordered = (client: Client, value: Value | undefined, request: SortRequest): ReadonlyArray<string> => {
  const elements = elementsOf(value)
  const constant = request.by !== undefined && !request.by.includes("*")
  // A set has no order of its own: one that is stored or that a script sees must still be the same every time.
  const unordered = constant && value instanceof SetValue
  const reproducible = unordered && (request.target !== undefined || client.deniesBlocking)
  if (constant && !reproducible) {
    return request.descending && !unordered ? elements.toReversed() : elements
  }
  const how = reproducible ? { ...request, by: undefined, alpha: true } : request
  const compare = how.alpha ? compareTexts : compareScores
  const sorted = elements
    .map((element) => weighted(client, element, how))
    .toSorted(how.descending ? (left, right) => -compare(left, right) : compare)
  return sorted.map(({ element }) => element)
}

const sort =
  (readOnly: boolean) =>
  (client: Client, args: Arguments): Reply => {
    const request = sortRequest(args, readOnly)
    const all = ordered(client, client.db.find(argument(args, 1))?.value, request)
    const start = Math.max(0, request.start)
    const chosen = request.count < 0 ? all.slice(start) : all.slice(start, start + request.count)
    const results =
      request.get.length === 0
        ? chosen
        : chosen.flatMap((element) => request.get.map((pattern) => lookUp(client, pattern, element) ?? null))
    return request.target === undefined ? results : store(client, request.target, results)
  }

const store = (client: Client, target: string, results: ReadonlyArray<string | null>): number => {
  if (results.length === 0) {
    if (client.db.delete(target)) client.server.changed(client.db, target, NOTIFY.generic, "del")
    return 0
  }
  const list = new ListValue()
  for (const result of results) list.push(result ?? "", false)
  client.db.set(target, list)
  client.server.changed(client.db, target, NOTIFY.list, "sortstore")
  return results.length
}

/** The key that is sorted, and the last one that STORE names. */
const sortKeys = (args: Arguments): ReadonlyArray<string> => {
  const skipped: Readonly<Record<string, number>> = { LIMIT: 2, GET: 1, BY: 1 }
  let target: string | undefined
  for (let at = 2; at < args.length; at++) {
    const name = argument(args, at).toUpperCase()
    if (name === "STORE" && at + 1 < args.length) target = argument(args, at + 1)
    else at += skipped[name] ?? 0
  }
  return target === undefined ? [argument(args, 1)] : [argument(args, 1), target]
}

/** SORT and its read-only form. */
export const SORT: ReadonlyArray<CommandDefinition> = [
  {
    name: "sort",
    arity: -2,
    flags: "write denyoom movablekeys",
    keys: [1, 1, 1],
    complexity: "O(N+M*log(M))",
    summary: "Sorts the elements in a list, a set, or a sorted set, optionally storing the result.",
    keysOf: sortKeys,
    run: sort(false)
  },
  {
    name: "sort_ro",
    arity: -2,
    flags: "readonly movablekeys",
    keys: [1, 1, 1],
    since: "7.0.0",
    complexity: "O(N+M*log(M))",
    summary: "Returns the sorted elements of a list, a set, or a sorted set.",
    keysOf: (args) => [argument(args, 1)],
    run: sort(true)
  }
]
