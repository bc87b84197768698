/**
 * The tasks of a build function: each call records one task and gives a reference to its result. Tasks run one
 * after another in the order written; only `parallel` and `collection` run several at once.
 */
import type * as Duration from "effect/Duration"
import type { AttemptError, Strategy } from "./Definition.ts"
import type { Checked, Outcome, Ref, RefBase, Val } from "./Reference.ts"
import type { Signal } from "./Signal.ts"
import type { Tool } from "./Tool.ts"
import type { Workflow } from "./Workflow.ts"

/** How often a step is tried. The names are Temporal's. */
export interface RetryOptions {
  /** Attempts in all, the first one included; 1 means no retry. Without it the configuration's default counts. */
  readonly maximumAttempts?: number
  /** Before the second attempt. */
  readonly initialInterval?: Duration.Input
  /** By what the interval grows with each attempt; at least 1. */
  readonly backoffCoefficient?: number
  /** The interval does not grow beyond it. */
  readonly maximumInterval?: Duration.Input
  /** Errors (their `_tag` or class) that are not tried again. */
  readonly nonRetryableErrorTypes?: ReadonlyArray<string>
}

/** Whether a task runs at all: where it does not, its result is null. */
export type Condition = boolean | RefBase<boolean> | undefined

type Skipped<W> = [W] extends [undefined] ? never : null

/** `when`: the task runs only if it is true; its result is null otherwise. */
export interface ConditionOption<W> {
  readonly when?: W
}

/** The options of a task that does work. Durations are Effect's: `"200 millis"`. */
export interface WorkTaskOptions<W = undefined> extends ConditionOption<W> {
  readonly retry?: RetryOptions
  /** How long one attempt may take. */
  readonly timeout?: Duration.Input
  /** How long all attempts may take together. */
  readonly totalTimeout?: Duration.Input
  /** The attempt has failed when no heartbeat comes for this long. */
  readonly heartbeat?: Duration.Input
}

/** A duration that may be known only when the workflow runs: milliseconds, or a text such as `"2 hours"`. */
export type DurationVal = Duration.Input | RefBase<number> | RefBase<string>

type Branches = { readonly [name: string]: () => unknown }

/** Every part of a set of blocks gives something with a JSON form. */
type CheckedBlocks<B> = {
  readonly [K in keyof B]: B[K] extends () => infer V ? () => Checked<V> : B[K]
}

type Returned<F> = F extends () => infer V ? Outcome<V> : never

/** What a parallel gives, by strategy. */
export type ParallelResult<B extends Branches, S extends Strategy> = S extends "race"
  ? { readonly [K in keyof B]: { readonly winner: K; readonly output: Returned<B[K]> } }[keyof B]
  : S extends "bestEffort"
    ? { readonly [K in keyof B]: Returned<B[K]> | null }
    : { readonly [K in keyof B]: Returned<B[K]> }

/** Refuses routes that are no literal of `K`, and asks for all of them or for `default`. */
type Routes<K extends string, B> = {
  readonly [P in Exclude<keyof B, K | "default">]: never
} & ("default" extends keyof B
  ? unknown
  : string extends K
    ? { readonly default: () => unknown }
    : { readonly [P in K]: () => unknown })

type ItemOf<I> =
  I extends RefBase<infer L>
    ? L extends ReadonlyArray<infer E>
      ? E
      : never
    : I extends ReadonlyArray<infer E>
      ? Outcome<E>
      : never

/** The options of a collection. */
export interface CollectionOptions<I, V, S, W> extends ConditionOption<W> {
  /** A list: a literal, a reference or a mix. */
  readonly items: I
  /** Runs for each item. */
  readonly each: (scope: { readonly item: Ref<ItemOf<I>>; readonly index: Ref<number> }) => V & Checked<V>
  /** Leaves out the items for which it is not true. It computes only: it may use operators, but no tasks. */
  readonly filter?: (scope: {
    readonly item: Ref<ItemOf<I>>
    readonly index: Ref<number>
  }) => boolean | RefBase<boolean>
  /** Several at once (the default), or one after another. */
  readonly mode?: "parallel" | "sequential"
  /** How many items are taken at a time: the next ones begin when all of these have ended. */
  readonly batch?: number
  /** What a failing item does (default `waitAll`). */
  readonly strategy?: S
  /** How many items run at once. */
  readonly maxWorkers?: number
}

/** The options of a wait. */
export interface WaitOptions<P, T, W> extends ConditionOption<W> {
  readonly signal: Signal<P>
  /** Waits on for the next signal where it is not true. It computes only: it may use operators, but no tasks. */
  readonly until?: (scope: { readonly signal: Ref<P> }) => boolean | RefBase<boolean>
  /** Fails after this time, or runs `onTimeout`. */
  readonly timeout?: DurationVal
  /** What happens after `timeout`; its result is the result of the wait. */
  readonly onTimeout?: () => T & Checked<T>
}

/**
 * The tasks of a build function. It is the same object everywhere and records into the innermost open block. The
 * `id` of a task is a letter, then up to 63 letters, digits, `_` or `-`, unique within its block.
 *
 * @typeParam R the services that the workflow lists
 */
export interface Task<out R> {
  /** Runs a tool as one activity, and gives its output. */
  tool<I, O, TR extends R, const W extends Condition = undefined>(
    id: string,
    tool: Tool<I, O, TR>,
    input: Val<NoInfer<I>>,
    options?: WorkTaskOptions<W>
  ): Ref<O | Skipped<W>>

  /**
   * Runs the route that a text names, and gives its result. Every literal that the text may be has a route, or
   * there is a `default`.
   */
  router<K extends string, const B extends { readonly [P in K | "default"]?: () => unknown }>(
    id: string,
    on: RefBase<K>,
    routes: B & CheckedBlocks<B> & Routes<K, NoInfer<B>>
  ): Ref<{ [P in keyof B]: Returned<B[P]> }[keyof B]>

  /** Runs one of two blocks, and gives its result; null where there is none to run. */
  when<const V, const E = null>(
    id: string,
    condition: boolean | RefBase<boolean>,
    then: () => V & Checked<V>,
    otherwise?: () => E & Checked<E>
  ): Ref<Outcome<V> | Outcome<E>>

  /**
   * Runs branches at once. `waitAll` (the default) waits for all of them and fails if one failed, `failFast` fails
   * with the first and cancels the others, `bestEffort` gives null for those that failed, and `race` gives the first
   * that succeeds and cancels the others.
   */
  parallel<const B extends Branches, S extends Strategy = "waitAll", const W extends Condition = undefined>(
    id: string,
    branches: B & CheckedBlocks<B>,
    options?: ConditionOption<W> & { readonly strategy?: S; readonly maxWorkers?: number }
  ): Ref<ParallelResult<B, S> | Skipped<W>>

  /** Runs a block for each item of a list, and gives their results in the order of the items. */
  collection<
    const I extends ReadonlyArray<unknown> | RefBase<ReadonlyArray<unknown>>,
    const V,
    S extends Exclude<Strategy, "race"> = "waitAll",
    const W extends Condition = undefined
  >(
    id: string,
    options: CollectionOptions<I, V, S, W>
  ): Ref<ReadonlyArray<Outcome<V> | (S extends "bestEffort" ? null : never)> | Skipped<W>>

  /** Sleeps, durably. */
  sleep(id: string, duration: DurationVal, options?: ConditionOption<Condition>): void

  /** Waits for a signal, and gives its payload (or what `onTimeout` gives). */
  wait<P, const T = never, const W extends Condition = undefined>(
    id: string,
    options: WaitOptions<P, T, W>
  ): Ref<P | Outcome<T> | Skipped<W>>

  /** Sends a signal to another execution. */
  signal<P>(
    id: string,
    options: ConditionOption<Condition> & {
      /** The id of the execution. */
      readonly execution: Val<string>
      readonly signal: Signal<P>
      readonly payload: Val<NoInfer<P>>
    }
  ): void

  /** Runs another workflow and gives its output, or with `mode: "start"` only starts it and gives its execution id. */
  workflow<I, O, CR extends R, M extends "wait" | "start" = "wait", const W extends Condition = undefined>(
    id: string,
    workflow: Workflow<I, O, CR>,
    input: Val<NoInfer<I>>,
    options?: WorkTaskOptions<W> & { readonly mode?: M }
  ): Ref<(M extends "start" ? string : O) | Skipped<W>>

  /** A named block, whose paths begin with its id; gives the block's result. */
  group<const V>(id: string, block: () => V & Checked<V>): Ref<Outcome<V>>

  /** Runs a block; if it fails, `onError` gives the result instead, or fails again (`task.fail`). */
  attempt<const V, const E>(
    id: string,
    block: () => V & Checked<V>,
    options: { readonly onError: (scope: { readonly error: Ref<AttemptError> }) => E & Checked<E> }
  ): Ref<Outcome<V> | Outcome<E>>

  /** Fails, with a message; `error` names it for `nonRetryableErrorTypes` and for who reads it. */
  fail(id: string, message: Val<string>, options?: { readonly error?: string }): Ref<never>
}
