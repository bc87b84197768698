/** What activities throw: every error as Temporal's failure, with code, attempt and the stack where it was thrown. */
import { ApplicationFailure } from "@temporalio/common"
import type { Json } from "../../workflow/Definition.ts"

const textOf = (value: object, key: string): string | undefined => {
  const found: unknown = Reflect.get(value, key)
  return typeof found === "string" && found !== "" ? found : undefined
}

/** The details of an error that says some, if they are JSON. */
const detailsOf = (error: object): Json | undefined => {
  const details: unknown = Reflect.get(error, "details")
  if (details === undefined) return undefined
  try {
    return JSON.parse(JSON.stringify(details))
  } catch {
    return undefined
  }
}

const codePattern = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/

/** A failure that no other attempt can avoid. */
export const refused = (code: string, type: string, message: string, details?: Json): ApplicationFailure =>
  ApplicationFailure.create({
    message,
    type,
    nonRetryable: true,
    details: [{ code, ...(details === undefined ? {} : { details }) }]
  })

/**
 * Any thrown value as a failure. Its type is the error's `_tag` or name, which `nonRetryableErrorTypes` match; an error
 * that says `isRetryable: false` is not tried again.
 */
export const toApplicationFailure = (error: unknown, attempt: number): ApplicationFailure => {
  if (error instanceof ApplicationFailure) {
    const [first, ...others] = error.details ?? []
    const detail = typeof first === "object" && first !== null ? first : {}
    const details = [{ ...detail, attempt }, ...others]
    const failure = ApplicationFailure.create({
      message: error.message,
      details,
      nonRetryable: error.nonRetryable ?? false,
      ...(typeof error.type === "string" ? { type: error.type } : {})
    })
    if (error.stack !== undefined) failure.stack = error.stack
    return failure
  }
  if (typeof error !== "object" || error === null) {
    return ApplicationFailure.create({
      message: String(error),
      type: "Error",
      details: [{ code: "COMPOZY_TASK_FAILED", attempt }]
    })
  }
  const code = textOf(error, "code")
  const details = detailsOf(error)
  const type = textOf(error, "_tag") ?? textOf(error, "name") ?? "Error"
  const failure = ApplicationFailure.create({
    message: textOf(error, "message") ?? type,
    type,
    nonRetryable: Reflect.get(error, "isRetryable") === false,
    details: [
      {
        code: code !== undefined && codePattern.test(code) ? code : "COMPOZY_TASK_FAILED",
        attempt,
        ...(details === undefined ? {} : { details })
      }
    ]
  })
  const stack = textOf(error, "stack")
  if (stack !== undefined) failure.stack = stack
  return failure
}
