/** How the end of an execution in Temporal's terms becomes its last row. */
import type { Status, StoredError, WorkflowState } from "../../services/Store.ts"
import type { ExecutionFailure, ExecutionResult, ExecutionStatus } from "../../services/Temporal.ts"
import type { Completion, FailureDetail } from "../../workflow/interpreter/Protocol.ts"
import type { Json } from "./Execution.ts"

/** Rows that are made from outside come after everything that the interpreter says. */
export const afterAll = 2 ** 52

const isFailureDetail = (detail: Json | undefined): detail is Json & FailureDetail =>
  typeof detail === "object" && detail !== null && "error" in detail && "steps" in detail

const detailOf = (failure: ExecutionFailure): FailureDetail | undefined => {
  const [detail] = failure.details
  return isFailureDetail(detail) ? detail : undefined
}

const isCompletion = (output: Json): output is Json & Completion =>
  typeof output === "object" && output !== null && "value" in output && "steps" in output

/** The status of an execution that Temporal says is over. */
export const statusOf = (status: Exclude<ExecutionStatus, "RUNNING" | "CONTINUED_AS_NEW">): Status => {
  switch (status) {
    case "COMPLETED":
      return "SUCCESS"
    case "FAILED":
      return "FAILED"
    case "TIMED_OUT":
      return "TIMED_OUT"
    default:
      return "CANCELED"
  }
}

/** How many steps an execution recorded, if its end says so. */
export const stepsOf = (result: ExecutionResult): number | undefined => {
  if (result.status === "COMPLETED") return isCompletion(result.output) ? result.output.steps : undefined
  return detailOf(result.error)?.steps
}

const errorOf = (result: Exclude<ExecutionResult, { readonly status: "COMPLETED" }>): StoredError | null => {
  const { error, status } = result
  const detail = detailOf(error)
  if (detail !== undefined) return detail.error
  switch (status) {
    case "CANCELED":
      return null
    case "TERMINATED":
      return { code: "COMPOZY_TERMINATED", message: error.message }
    case "TIMED_OUT":
      return { code: "COMPOZY_EXECUTION_TIMED_OUT", message: "the execution took longer than it was given" }
    default:
      return {
        code: "COMPOZY_EXECUTION_FAILED",
        message: error.message,
        ...(error.type === null ? {} : { type: error.type }),
        ...(error.stack === null ? {} : { stack: error.stack })
      }
  }
}

/** The last row of an execution. */
export const finished = (state: WorkflowState, result: ExecutionResult, closedAt: number): WorkflowState => ({
  ...state,
  status: statusOf(result.status),
  output: result.status === "COMPLETED" && isCompletion(result.output) ? result.output.value.v : null,
  error: result.status === "COMPLETED" ? null : errorOf(result),
  updatedAt: closedAt,
  closedAt,
  eventId: afterAll
})
