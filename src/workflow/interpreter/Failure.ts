/** How failures inside an execution become the errors that steps and executions show. */
import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure
} from "@temporalio/common"
import type { Json } from "../Definition.ts"
import type { FailureDetail, StepError } from "./Protocol.ts"

/** A failed step; `error.task` stays the path of the step that failed first. */
export class StepFailure extends Error {
  override readonly name = "StepFailure"
  readonly error: StepError
  /** The attempt that failed, where it is known. */
  readonly attempt: number | undefined

  constructor(error: StepError, attempt?: number) {
    super(error.message)
    this.error = error
    this.attempt = attempt
  }
}

/** A failure that the interpreter itself finds. */
export const fail = (code: string, message: string, task?: string, details?: Json): StepFailure =>
  new StepFailure({
    code,
    message,
    ...(task === undefined ? {} : { task }),
    ...(details === undefined ? {} : { details })
  })

/** What activities give as their failure's first detail. */
interface ActivityDetail {
  readonly code?: string
  readonly attempt?: number
  readonly details?: Json
}

const detailOf = (failure: ApplicationFailure): unknown => failure.details?.[0]

const isFailureDetail = (detail: unknown): detail is FailureDetail =>
  typeof detail === "object" && detail !== null && "error" in detail && "steps" in detail

const isActivityDetail = (detail: unknown): detail is ActivityDetail =>
  typeof detail === "object" && detail !== null && "code" in detail

const isRecord = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Where in a child, and in its children, a step failed: `levels` of them. */
const cut = (child: Json | undefined, levels: number): Json => {
  if (!isRecord(child)) return child ?? null
  const { child: deeper, ...here } = child
  return deeper === undefined || levels <= 1 ? here : { ...here, child: cut(deeper, levels - 1) }
}

/** The failure of an execution, which shows so many levels of the children that it came from. */
export const shownTo = (failure: StepFailure, levels: number): StepFailure => {
  const { details } = failure.error
  if (!isRecord(details) || details["child"] === undefined) return failure
  return new StepFailure(
    { ...failure.error, details: { ...details, child: cut(details["child"], levels) } },
    failure.attempt
  )
}

/** Any error, as a step's failure. */
export const toFailure = (error: unknown, task: string): StepFailure => {
  if (error instanceof StepFailure) return error
  const cause =
    error instanceof ActivityFailure || error instanceof ChildWorkflowFailure ? error.cause : error
  if (cause instanceof ApplicationFailure) {
    const detail = detailOf(cause)
    if (isFailureDetail(detail)) {
      // The child's own path means nothing here.
      const { details, task: within = null, ...why } = detail.error
      const deeper = isRecord(details) && "child" in details ? { child: details["child"] ?? null } : {}
      return new StepFailure({ ...why, task, details: { child: { task: within, ...deeper } } })
    }
    const known = isActivityDetail(detail) ? detail : {}
    return new StepFailure(
      {
        code: known.code ?? "COMPOZY_TASK_FAILED",
        message: cause.message,
        ...(cause.type === undefined || cause.type === null ? {} : { type: cause.type }),
        task,
        ...(cause.stack === undefined || cause.stack === "" ? {} : { stack: cause.stack }),
        ...(known.details === undefined ? {} : { details: known.details })
      },
      known.attempt
    )
  }
  if (cause instanceof TimeoutFailure) {
    return new StepFailure({
      code: "COMPOZY_TASK_TIMED_OUT",
      message: `timed out (${cause.timeoutType})`,
      type: "TimeoutFailure",
      task
    })
  }
  if (cause instanceof TerminatedFailure) {
    return new StepFailure({ code: "COMPOZY_TERMINATED", message: "was terminated", task })
  }
  const shown = cause instanceof Error ? cause : new Error(String(cause))
  return new StepFailure({
    code: "COMPOZY_TASK_FAILED",
    message: shown.message,
    type: shown.name,
    task,
    ...(shown.stack === undefined ? {} : { stack: shown.stack })
  })
}
