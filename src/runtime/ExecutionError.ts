/** What starting, watching and controlling executions may refuse. */
import { Schema } from "effect"

/** One thing wrong with a value: where in it, and what was expected. */
export const Issue = Schema.Struct({
  path: Schema.Array(Schema.Union([Schema.String, Schema.Number])),
  message: Schema.String
})
/** One thing wrong with a value. */
export type Issue = typeof Issue.Type

/** No workflow of that id; `suggestion` is the nearest one. */
export class WorkflowNotFound extends Schema.TaggedError<WorkflowNotFound>()("WorkflowNotFound", {
  workflow: Schema.String,
  suggestion: Schema.NullOr(Schema.String)
}) {
  readonly code = "COMPOZY_WORKFLOW_NOT_FOUND"
  readonly isRetryable = false
  override get message(): string {
    return `There is no workflow "${this.workflow}".${this.suggestion === null ? "" : ` Did you mean "${this.suggestion}"?`}`
  }
}

/** No execution of that id. */
export class ExecutionNotFound extends Schema.TaggedError<ExecutionNotFound>()("ExecutionNotFound", {
  executionId: Schema.String
}) {
  readonly code = "COMPOZY_EXECUTION_NOT_FOUND"
  readonly isRetryable = false
  override get message(): string {
    return `There is no execution "${this.executionId}".`
  }
}

/** The input does not fit the workflow's schema; every issue is listed. */
export class InputInvalid extends Schema.TaggedError<InputInvalid>()("InputInvalid", {
  workflow: Schema.String,
  issues: Schema.Array(Issue)
}) {
  readonly code = "COMPOZY_INPUT_INVALID"
  readonly isRetryable = false
  override get message(): string {
    return `The input of workflow "${this.workflow}" is not valid: ${this.issues.map((i) => `${i.path.join(".") || "(root)"}: ${i.message}`).join("; ")}`
  }
}

/** The idempotency key began an execution with other input; that one goes on. */
export class IdempotencyKeyReused extends Schema.TaggedError<IdempotencyKeyReused>()("IdempotencyKeyReused", {
  key: Schema.String,
  executionId: Schema.String
}) {
  readonly code = "COMPOZY_IDEMPOTENCY_KEY_REUSED"
  readonly isRetryable = false
  override get message(): string {
    return `The idempotency key "${this.key}" began execution "${this.executionId}" with other input; use a new key for new input.`
  }
}

/** The workflow waits for no such signal, or the payload does not fit its schema. */
export class SignalInvalid extends Schema.TaggedError<SignalInvalid>()("SignalInvalid", {
  signal: Schema.String,
  issues: Schema.Array(Issue)
}) {
  readonly code = "COMPOZY_SIGNAL_INVALID"
  readonly isRetryable = false
  override get message(): string {
    return `The signal "${this.signal}" is not valid: ${this.issues.map((i) => `${i.path.join(".") || "(root)"}: ${i.message}`).join("; ")}`
  }
}
