/**
 * Checks of what tasks are given, for callers that TypeScript does not check, and their form in the definition.
 */
import * as Duration from "effect/Duration"
import type { RetryDefinition, WorkOptions } from "./Definition.ts"
import { definitionError, type DefinitionError } from "./DefinitionError.ts"
import { nearestOf } from "./Nearest.ts"
import type { RetryOptions, WorkTaskOptions } from "./Task.ts"

/** Refuses an argument. */
export const invalidArgument = (problem: string, fix: string, at: string | undefined): DefinitionError =>
  definitionError({
    code: "COMPOZY_DEFINITION_ARGUMENT_INVALID",
    problem,
    fix,
    places: [{ what: "given at", at }]
  })

/** Refuses keys that nothing reads: a slip such as `retries` would otherwise change nothing, silently. */
export const checkKeys = (
  options: unknown,
  known: ReadonlyArray<string>,
  what: string,
  at: string | undefined
): void => {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalidArgument(`${what} is not an object`, `give it an object with ${known.join(", ")}`, at)
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown === undefined) return
  const meant = nearestOf(unknown, known)
  throw invalidArgument(
    `${what} ${what.startsWith("the options") ? "have" : "has"} no key "${unknown}"`,
    `${meant === undefined ? "" : `did you mean "${meant}"? `}Its keys are ${known.join(", ")}`,
    at
  )
}

/** A duration in milliseconds. */
export const millisOf = (duration: Duration.Input, what: string, at: string | undefined): number => {
  const parsed = parse(duration)
  if (parsed === undefined || !Number.isFinite(parsed) || parsed < 0) {
    throw invalidArgument(
      `${what} is not a duration: ${typeof duration === "string" ? JSON.stringify(duration) : String(duration)}`,
      'use a number of milliseconds, or a text such as "200 millis", "5 seconds" or "2 hours"',
      at
    )
  }
  return Math.round(parsed)
}

const parse = (duration: Duration.Input): number | undefined => {
  try {
    return Duration.toMillis(Duration.fromInputUnsafe(duration))
  } catch {
    return undefined
  }
}

/** A number that is at least `least`. */
export const numberOf = (
  value: number,
  least: number,
  whole: boolean,
  what: string,
  at: string | undefined
): number => {
  if (
    typeof value !== "number" ||
    !Number.isFinite(value) ||
    value < least ||
    (whole && !Number.isInteger(value))
  ) {
    throw invalidArgument(
      `${what} is ${String(value)}`,
      `use ${whole ? "a whole number" : "a number"} that is at least ${least}`,
      at
    )
  }
  return value
}

/** One of some words. */
export const choiceOf = <A extends string>(
  value: A,
  choices: ReadonlyArray<A>,
  what: string,
  at: string | undefined
): A => {
  if (choices.includes(value)) return value
  throw invalidArgument(
    `${what} is ${JSON.stringify(value)}`,
    `use one of ${choices.map((word) => `"${word}"`).join(", ")}`,
    at
  )
}

/** Refuses what is no function. */
export const checkBlock = (value: unknown, what: string, at: string | undefined): void => {
  if (typeof value === "function") return
  throw invalidArgument(
    `${what} is not a function`,
    "give a function that records its tasks and returns its result",
    at
  )
}

/** The names of the options of a task that does work. */
export const workOptionNames = ["when", "retry", "timeout", "totalTimeout", "heartbeat"] as const

/** The options of a task that does work, as data. */
export const workOptionsOf = (
  options: WorkTaskOptions<unknown>,
  what: string,
  at: string | undefined
): WorkOptions => ({
  ...(options.retry === undefined ? {} : { retry: retryOf(options.retry, what, at) }),
  ...(options.timeout === undefined ? {} : { timeout: positive(options.timeout, `timeout of ${what}`, at) }),
  ...(options.totalTimeout === undefined
    ? {}
    : { totalTimeout: positive(options.totalTimeout, `totalTimeout of ${what}`, at) }),
  ...(options.heartbeat === undefined
    ? {}
    : { heartbeat: positive(options.heartbeat, `heartbeat of ${what}`, at) })
})

const positive = (duration: Duration.Input, what: string, at: string | undefined): number =>
  numberOf(millisOf(duration, what, at), 1, true, what, at)

const retryNames = [
  "maximumAttempts",
  "initialInterval",
  "backoffCoefficient",
  "maximumInterval",
  "nonRetryableErrorTypes"
] as const

const retryOf = (retry: RetryOptions, what: string, at: string | undefined): RetryDefinition => {
  checkKeys(retry, retryNames, `retry of ${what}`, at)
  const { maximumAttempts, initialInterval, backoffCoefficient, maximumInterval, nonRetryableErrorTypes } =
    retry
  return {
    ...(maximumAttempts === undefined
      ? {}
      : { maximumAttempts: numberOf(maximumAttempts, 1, true, `retry.maximumAttempts of ${what}`, at) }),
    ...(initialInterval === undefined
      ? {}
      : { initialInterval: positive(initialInterval, `retry.initialInterval of ${what}`, at) }),
    ...(backoffCoefficient === undefined
      ? {}
      : {
          backoffCoefficient: numberOf(
            backoffCoefficient,
            1,
            false,
            `retry.backoffCoefficient of ${what}`,
            at
          )
        }),
    ...(maximumInterval === undefined
      ? {}
      : { maximumInterval: positive(maximumInterval, `retry.maximumInterval of ${what}`, at) }),
    ...(nonRetryableErrorTypes === undefined ? {} : { nonRetryableErrorTypes: [...nonRetryableErrorTypes] })
  }
}
