import { argument, type Arguments, float, integer } from "../exec/Arguments.ts"
import type { CommandDefinition } from "../exec/CommandTable.ts"
import type { Client } from "../exec/Context.ts"
import { SYNTAX, WRONGTYPE } from "../exec/Errors.ts"
import { ErrorReply, type Reply } from "../resp/Reply.ts"
import { SetValue } from "../types/SetValue.ts"
import type { EncodingLimits } from "../types/EncodingLimits.ts"
import { type SortedMember, SortedSetValue } from "../types/SortedSetValue.ts"
import { numberedKeys } from "./NumberedKeys.ts"

type Operation = "inter" | "union" | "diff"
type Store = (client: Client, target: string, members: SortedSetValue, event: string) => number
type Show = (client: Client, members: ReadonlyArray<SortedMember>, withScores: boolean) => Reply

interface Source {
  readonly size: number
  readonly score: (member: string) => number | undefined
  readonly members: () => Iterable<readonly [member: string, score: number]>
}

const NO_SOURCE: Source = { size: 0, score: () => undefined, members: () => [] }

const source = (client: Client, key: string): Source => {
  const value = client.db.find(key)?.value
  if (value === undefined) return NO_SOURCE
  if (value instanceof SortedSetValue) {
    return {
      size: value.size,
      score: (member) => value.score(member),
      members: () => value.tree.range(0, value.size).map((item) => [item.key, item.score] as const)
    }
  }
  if (value instanceof SetValue) {
    return {
      size: value.size,
      score: (member) => (value.has(member) ? 1 : undefined),
      members: () => value.list().map((member) => [member, 1] as const)
    }
  }
  throw WRONGTYPE
}

interface Request {
  readonly sources: ReadonlyArray<Source>
  readonly weights: ReadonlyArray<number>
  readonly aggregate: "SUM" | "MIN" | "MAX"
  readonly withScores: boolean
}

const request = (
  client: Client,
  args: Arguments,
  at: number,
  name: string,
  operation: Operation,
  stores: boolean
): Request => {
  const number = integer(argument(args, at))
  if (number < 1) throw new ErrorReply(`ERR at least 1 input key is needed for '${name}' command`)
  if (number > args.length - at - 1) throw SYNTAX
  // Redis looks at the keys before it reads on.
  const sources = args.slice(at + 1, at + 1 + number).map((key) => source(client, key))
  let weights: Array<number> = sources.map(() => 1)
  let aggregate: Request["aggregate"] = "SUM"
  let withScores = false
  for (let next = at + 1 + number; next < args.length; next++) {
    const option = argument(args, next).toUpperCase()
    if (option === "WEIGHTS" && operation !== "diff" && next + number < args.length) {
      weights = args
        .slice(next + 1, next + 1 + number)
        .map((text) => float(text, new ErrorReply("ERR weight value is not a float")))
      next += number
    } else if (option === "AGGREGATE" && operation !== "diff" && next + 1 < args.length) {
      const kind = argument(args, ++next).toUpperCase()
      if (kind !== "SUM" && kind !== "MIN" && kind !== "MAX") throw SYNTAX
      aggregate = kind
    } else if (option === "WITHSCORES" && !stores) withScores = true
    else throw SYNTAX
  }
  return { sources, weights, aggregate, withScores }
}

/** Redis reads inf - inf and 0 * inf as 0 here. */
const orZero = (value: number): number => (Number.isNaN(value) ? 0 : value)

/** Of 0 and -0, which are equal, the first one stays: Math.min and Math.max would order them. */
const aggregated = (kind: Request["aggregate"], left: number, right: number): number => {
  if (kind === "SUM") return orZero(left + right)
  if (kind === "MIN") return right < left ? right : left
  return right > left ? right : left
}

const combine = (operation: Operation, input: Request): Map<string, number> => {
  const { sources } = input
  const out = new Map<string, number>()
  if (operation === "diff") {
    const [first, ...others] = sources
    for (const [member, score] of first?.members() ?? []) {
      if (!others.some((other) => other.score(member) !== undefined)) out.set(member, score)
    }
    return out
  }
  // From the smallest to the largest, as Redis does: the order decides how sums are rounded.
  const weighted = sources
    .map((value, index) => ({ value, weight: input.weights[index] ?? 1 }))
    .toSorted((left, right) => left.value.size - right.value.size)
  if (operation === "union") {
    for (const { value, weight } of weighted) {
      for (const [member, score] of value.members()) {
        const own = orZero(score * weight)
        const before = out.get(member)
        out.set(member, before === undefined ? own : aggregated(input.aggregate, before, own))
      }
    }
    return out
  }
  const [first, ...others] = weighted
  for (const [member, score] of first?.value.members() ?? []) {
    let result: number | undefined = orZero(score * (first?.weight ?? 1))
    for (const other of others) {
      const theirs = other.value.score(member)
      if (theirs === undefined) {
        result = undefined
        break
      }
      result = aggregated(input.aggregate, result, orZero(theirs * other.weight))
    }
    if (result !== undefined) out.set(member, result)
  }
  return out
}

/** A result. Only a listpack, which one that is not stored never is, loses a negative zero. */
const toSortedSet = (
  scores: Map<string, number>,
  limits: EncodingLimits,
  stored: boolean
): SortedSetValue => {
  const set = new SortedSetValue()
  set.compact =
    stored &&
    scores.size <= limits.zsetEntries &&
    [...scores.keys()].every((member) => member.length <= limits.zsetValue)
  for (const [member, score] of scores) set.set(member, score, limits)
  return set
}

/** ZINTER, ZUNION, ZDIFF, their STORE forms and ZINTERCARD. */
export const SORTED_SET_ALGEBRA = (store: Store, show: Show): ReadonlyArray<CommandDefinition> => {
  const definitions: Array<CommandDefinition> = []
  for (const operation of ["inter", "union", "diff"] as const) {
    const name = `z${operation}`
    definitions.push(
      {
        name,
        arity: -3,
        flags: "readonly movablekeys",
        since: "6.2.0",
        complexity: "O(N*K)+O(M*log(M))",
        summary: `Returns the ${operation} of several sorted sets.`,
        keysOf: numberedKeys(1),
        run: (client, args) => {
          const input = request(client, args, 1, name, operation, false)
          const sorted = toSortedSet(combine(operation, input), client.server.limits, false)
          return show(client, sorted.tree.range(0, sorted.size), input.withScores)
        }
      },
      {
        name: `${name}store`,
        arity: -4,
        flags: "write denyoom movablekeys",
        keys: [1, 1, 1],
        since: operation === "diff" ? "6.2.0" : "2.0.0",
        complexity: "O(N*K)+O(M*log(M))",
        summary: `Stores the ${operation} of several sorted sets in a key.`,
        keysOf: (args) => [argument(args, 1), ...numberedKeys(2)(args)],
        run: (client, args) => {
          const input = request(client, args, 2, `${name}store`, operation, true)
          const sorted = toSortedSet(combine(operation, input), client.server.limits, true)
          return store(client, argument(args, 1), sorted, `${name}store`)
        }
      }
    )
  }
  definitions.push({
    name: "zintercard",
    arity: -3,
    flags: "readonly movablekeys",
    since: "7.0.0",
    complexity: "O(N*K)",
    summary: "Returns the number of members of the intersect of multiple sorted sets.",
    keysOf: numberedKeys(1),
    run: (client, args) => {
      const number = integer(argument(args, 1))
      if (number < 1) throw new ErrorReply("ERR at least 1 input key is needed for 'zintercard' command")
      if (number > args.length - 2) throw SYNTAX
      const sources = args.slice(2, 2 + number).map((key) => source(client, key))
      let limit = 0
      for (let at = 2 + number; at < args.length; at += 2) {
        if (argument(args, at).toUpperCase() !== "LIMIT" || at + 1 >= args.length) throw SYNTAX
        limit = integer(argument(args, at + 1), new ErrorReply("ERR LIMIT can't be negative"))
        if (limit < 0) throw new ErrorReply("ERR LIMIT can't be negative")
      }
      const input: Request = { sources, weights: sources.map(() => 1), aggregate: "SUM", withScores: false }
      const size = combine("inter", input).size
      return limit === 0 ? size : Math.min(size, limit)
    }
  })
  return definitions
}
