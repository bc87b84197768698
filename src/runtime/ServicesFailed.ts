/** Several services of a stack could not be had: all of them at once, so that one start shows everything to mend. */
import * as Schema from "effect/Schema"
import { LayerError } from "../layers/LayerError.ts"

/** More than one service failed; `errors` holds what each has to say. */
export class ServicesFailed extends Schema.TaggedError<ServicesFailed>()("ServicesFailed", {
  errors: Schema.Array(LayerError)
}) {
  readonly code = "COMPOZY_SERVICES_FAILED"
  /** Whether the same start may succeed later without a change of the configuration. */
  get isRetryable(): boolean {
    return this.errors.every((error) => error.isRetryable)
  }
  override get message(): string {
    const parts = this.errors.map(
      ({ code, fix, message }, index) => `${index + 1}. ${message}\n   fix: ${fix}\n   [${code}]`
    )
    return `${this.errors.length} services cannot be used.\n\n${parts.join("\n\n")}`
  }
}
