import { badTaskToken } from "./errors.ts"
import type { RunKey } from "./run.ts"

// Task tokens are opaque to workers. They name what the task was given out for, so that an answer that comes too
// late is told apart, and they hold across a restart of the service.

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true })

const parse = (token: Uint8Array | null | undefined, kind: string, fields: number): (string | number)[] => {
  if (token === null || token === undefined || token.length === 0) throw badTaskToken()
  try {
    const value: unknown = JSON.parse(decoder.decode(token))
    if (!Array.isArray(value) || value[0] !== kind || value.length !== fields + 1) throw badTaskToken()
    return value.slice(1).map((item) => {
      if (typeof item !== "string" && typeof item !== "number") throw badTaskToken()
      return item
    })
  } catch {
    throw badTaskToken()
  }
}

const text = (value: string | number | undefined): string => {
  if (typeof value !== "string") throw badTaskToken()
  return value
}

const number = (value: string | number | undefined): number => {
  if (typeof value !== "number") throw badTaskToken()
  return value
}

const encode = (value: readonly (string | number)[]): Uint8Array => encoder.encode(JSON.stringify(value))

export interface WorkflowTaskToken {
  readonly runId: string
  readonly scheduledEventId: number
  readonly startedEventId: number
  readonly startedTime: number
  readonly attempt: number
}

export const workflowToken = (
  run: RunKey,
  task: { scheduledEventId: number; startedEventId: number; startedTime: number; attempt: number }
): Uint8Array =>
  encode(["w", run.runId, task.scheduledEventId, task.startedEventId, task.startedTime, task.attempt])

export const parseWorkflowToken = (token: Uint8Array | null | undefined): WorkflowTaskToken => {
  const [runId, scheduledEventId, startedEventId, startedTime, attempt] = parse(token, "w", 5)
  return {
    runId: text(runId),
    scheduledEventId: number(scheduledEventId),
    startedEventId: number(startedEventId),
    startedTime: number(startedTime),
    attempt: number(attempt)
  }
}

export interface ActivityTaskToken {
  readonly runId: string
  readonly scheduledEventId: number
  readonly attempt: number
}

export const activityToken = (run: RunKey, scheduledEventId: number, attempt: number): Uint8Array =>
  encode(["a", run.runId, scheduledEventId, attempt])

export const parseActivityToken = (token: Uint8Array | null | undefined): ActivityTaskToken => {
  const [runId, scheduledEventId, attempt] = parse(token, "a", 3)
  return { runId: text(runId), scheduledEventId: number(scheduledEventId), attempt: number(attempt) }
}

export const queryToken = (runId: string, queryId: string): Uint8Array => encode(["q", runId, queryId])

export const parseQueryToken = (
  token: Uint8Array | null | undefined
): { readonly runId: string; readonly queryId: string } => {
  const [runId, queryId] = parse(token, "q", 2)
  return { runId: text(runId), queryId: text(queryId) }
}

/** Where a page of history goes on. */
export interface HistoryPageToken {
  readonly runId: string
  readonly nextEventId: number
  /** For long polls: only what comes after. 0 otherwise. */
  readonly waitAfter: number
  /** Up to where the page set goes; 0 for whatever there is. */
  readonly endEventId: number
}

export const historyToken = (token: HistoryPageToken): Uint8Array =>
  encode(["h", token.runId, token.nextEventId, token.waitAfter, token.endEventId])

export const parseHistoryToken = (token: Uint8Array): HistoryPageToken => {
  const [runId, nextEventId, waitAfter, endEventId] = parse(token, "h", 4)
  return {
    runId: text(runId),
    nextEventId: number(nextEventId),
    waitAfter: number(waitAfter),
    endEventId: number(endEventId)
  }
}
