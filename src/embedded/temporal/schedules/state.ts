import { definedFields } from "../payload.ts"
import { types } from "../proto/root.ts"
import type { Failure, MessageType, Payload, Payloads, WorkflowExecution } from "../proto/root.ts"
import { fromMillis, positiveMillis, toMillis } from "../proto/time.ts"
import { messages } from "./messages.ts"
import type { ActionResult, Schedule } from "./messages.ts"
import { OverlapPolicy } from "./overlap.ts"
import type { BufferedStart } from "./overlap.ts"

/** A range of times that is being made up for. Times in milliseconds. */
export interface Backfill {
  readonly start: number
  readonly end: number
  readonly overlapPolicy: number
}

/** Everything of a schedule, as it is stored. Never changed, only replaced. Times in milliseconds, 0 for never. */
export interface ScheduleState {
  readonly namespace: string
  readonly scheduleId: string
  /** Tells apart schedules that had the same id one after the other. */
  readonly runId: string
  readonly schedule: Schedule
  readonly memo: Record<string, Payload>
  readonly searchAttributes: Record<string, Payload>
  readonly createRequestId: string
  /** The last requests that changed it, so that none counts twice. */
  readonly requestIds: readonly string[]
  readonly conflictToken: number
  readonly createTime: number
  readonly updateTime: number
  /** When it was deleted or had been without work for long. */
  readonly closeTime: number
  /** Times up to this one are done. */
  readonly processed: number
  readonly buffer: readonly BufferedStart[]
  readonly backfills: readonly Backfill[]
  readonly running: readonly WorkflowExecution[]
  readonly recentActions: readonly ActionResult[]
  readonly actionCount: number
  readonly missedCatchupWindow: number
  readonly overlapSkipped: number
  readonly bufferDropped: number
  readonly lastCompletionResult: Payloads | undefined
  readonly continuedFailure: Failure | undefined
}

const defaultCatchupMs = 365 * 86_400_000
const leastCatchupMs = 10_000

/** A schedule with its defaults filled in, as descriptions show it. */
export const withDefaults = (schedule: Schedule): Schedule => {
  const policies = schedule.policies ?? {}
  const catchup = toMillis(policies.catchupWindow)
  return {
    spec: schedule.spec ?? {},
    action: schedule.action ?? {},
    policies: {
      ...policies,
      overlapPolicy: policies.overlapPolicy || OverlapPolicy.Skip,
      catchupWindow: fromMillis(catchup === undefined ? defaultCatchupMs : Math.max(catchup, leastCatchupMs))
    },
    state: schedule.state ?? {}
  }
}

/** How late a start may be. */
export const catchupWindow = (schedule: Schedule): number =>
  positiveMillis(schedule.policies?.catchupWindow) ?? defaultCatchupMs

interface StoredSchedule extends Omit<
  ScheduleState,
  "schedule" | "memo" | "searchAttributes" | "recentActions" | "lastCompletionResult" | "continuedFailure"
> {
  readonly version: 1
  readonly schedule: string
  readonly memo: string
  readonly searchAttributes: string
  readonly recentActions: string
  readonly lastCompletionResult?: string
  readonly continuedFailure?: string
}

const pack = <T>(type: MessageType<T>, message: T): string =>
  Buffer.from(type.encode(message).finish()).toString("base64")
const unpack = <T>(type: MessageType<T>, text: string): T => type.decode(Buffer.from(text, "base64"))

export const encodeSchedule = (state: ScheduleState): string => {
  const { schedule, memo, searchAttributes, recentActions, lastCompletionResult, continuedFailure, ...rest } =
    state
  const stored: StoredSchedule = {
    version: 1,
    ...rest,
    schedule: pack(messages.schedule, schedule),
    memo: pack(types.memo, { fields: memo }),
    searchAttributes: pack(types.searchAttributes, { indexedFields: searchAttributes }),
    recentActions: pack(messages.info, { recentActions: [...recentActions] }),
    ...(lastCompletionResult ? { lastCompletionResult: pack(types.payloads, lastCompletionResult) } : {}),
    ...(continuedFailure ? { continuedFailure: pack(types.failure, continuedFailure) } : {})
  }
  return JSON.stringify(stored)
}

export const decodeSchedule = (text: string): ScheduleState => {
  // What `encodeSchedule` wrote; its version is checked first.
  const { version, ...stored } = JSON.parse(text) as StoredSchedule
  if (version !== 1) throw new Error(`unknown version ${String(version)} of a stored schedule`)
  return {
    ...stored,
    schedule: unpack(messages.schedule, stored.schedule),
    memo: definedFields(unpack(types.memo, stored.memo).fields),
    searchAttributes: definedFields(unpack(types.searchAttributes, stored.searchAttributes).indexedFields),
    recentActions: unpack(messages.info, stored.recentActions).recentActions ?? [],
    lastCompletionResult: stored.lastCompletionResult
      ? unpack(types.payloads, stored.lastCompletionResult)
      : undefined,
    continuedFailure: stored.continuedFailure ? unpack(types.failure, stored.continuedFailure) : undefined
  }
}
