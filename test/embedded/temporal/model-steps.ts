/** The random workflows of the model-based test, and what the model says that they come to. */
import type { Random } from "../random.ts"

/** A step of a workflow. */
export type Step =
  | { readonly kind: "activity"; readonly failures: number; readonly attempts: number }
  | { readonly kind: "cancelled activity" }
  | { readonly kind: "timer"; readonly ms: number }
  | { readonly kind: "cancelled timer" }
  | { readonly kind: "signals"; readonly count: number }
  | { readonly kind: "updates"; readonly count: number }
  | { readonly kind: "continue as new" }
  | { readonly kind: "child"; readonly steps: readonly Step[] }
  | { readonly kind: "cancelled child" }
  | { readonly kind: "both"; readonly steps: readonly Step[] }

type Kind = Step["kind"]

/** The kinds of steps that may be beside others, each as often as it is to be met. */
const simple: readonly Kind[] = [
  "activity",
  "activity",
  "activity",
  "cancelled activity",
  "timer",
  "cancelled timer",
  "signals",
  "updates"
]

const randomStep = (random: Random, depth: number, inBoth: boolean): Step => {
  const kinds: Kind[] = [...simple]
  if (!inBoth) kinds.push("continue as new")
  if (depth > 0) kinds.push("child", "cancelled child", "both")
  const kind = random.pick(kinds)
  switch (kind) {
    case "activity":
      return { kind, failures: random.below(4), attempts: 1 + random.below(4) }
    case "timer":
      return { kind, ms: 1 + random.below(100_000) }
    case "signals":
    case "updates":
      return { kind, count: 1 + random.below(3) }
    case "child":
      return { kind, steps: randomSteps(random, depth - 1) }
    case "both":
      return { kind, steps: randomSteps(random, depth - 1, true) }
    default:
      return { kind }
  }
}

export const randomSteps = (random: Random, depth: number, inBoth = false): Step[] =>
  Array.from({ length: 1 + random.below(3) }, () => randomStep(random, depth, inBoth))

export type Outcome = string | readonly Outcome[]

/** What a step comes to: the model. */
export const expected = (step: Step): Outcome => {
  switch (step.kind) {
    case "activity":
      return step.failures < step.attempts ? `done at ${step.failures + 1}` : `failed at ${step.attempts}`
    case "timer":
      return "fired"
    case "signals":
    case "updates":
      return `${step.count} ${step.kind}`
    case "continue as new":
      return "continued"
    case "child":
    case "both":
      return step.steps.map(expected)
    default:
      return "cancelled"
  }
}

const countOf = (kind: "signals" | "updates", steps: readonly Step[]): number =>
  steps.reduce(
    (sum, step) =>
      sum + (step.kind === kind ? step.count : step.kind === "both" ? countOf(kind, step.steps) : 0),
    0
  )

/** How many signals and updates a workflow waits for. */
export interface Wanted {
  readonly signals: number
  readonly updates: number
}

/** What a workflow and its children wait for, by their ids: a child's is below its parent's. */
export const wantedOf = (id: string, steps: readonly Step[], wanted = new Map<string, Wanted>()) => {
  wanted.set(id, { signals: countOf("signals", steps), updates: countOf("updates", steps) })
  const children = (prefix: string, list: readonly Step[]): void => {
    for (const [index, step] of list.entries()) {
      if (step.kind === "child") wantedOf(`${prefix}/${index}`, step.steps, wanted)
      if (step.kind === "both") children(`${prefix}/${index}`, step.steps)
    }
  }
  children(id, steps)
  return wanted
}
