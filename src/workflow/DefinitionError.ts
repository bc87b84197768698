/**
 * What is wrong with a definition, refused when it is made.
 */
import * as Schema from "effect/Schema"

/** The stable codes of {@link DefinitionError}. */
export const DefinitionErrorCode = Schema.Literals([
  "COMPOZY_DEFINITION_ID_INVALID",
  "COMPOZY_DEFINITION_ID_DUPLICATE",
  "COMPOZY_DEFINITION_NAME_CONFLICT",
  "COMPOZY_DEFINITION_REFERENCE_FOREIGN",
  "COMPOZY_DEFINITION_REFERENCE_OUT_OF_SCOPE",
  "COMPOZY_DEFINITION_REFERENCE_BETWEEN_BRANCHES",
  "COMPOZY_DEFINITION_REFERENCE_AS_VALUE",
  "COMPOZY_DEFINITION_FIELD_UNKNOWN",
  "COMPOZY_DEFINITION_OUTSIDE_BUILD",
  "COMPOZY_DEFINITION_TASK_MISPLACED",
  "COMPOZY_DEFINITION_ASYNC",
  "COMPOZY_DEFINITION_NOT_JSON",
  "COMPOZY_DEFINITION_SCHEMA_NOT_JSON",
  "COMPOZY_DEFINITION_ROUTE_UNKNOWN",
  "COMPOZY_DEFINITION_ROUTE_MISSING",
  "COMPOZY_DEFINITION_MISMATCH",
  "COMPOZY_DEFINITION_ARGUMENT_INVALID"
])
/** The stable codes of {@link DefinitionError}. */
export type DefinitionErrorCode = typeof DefinitionErrorCode.Type

/** A place that an error names: what is there, and `file:line:column`. */
export const DefinitionPlace = Schema.Struct({ what: Schema.String, at: Schema.String })
/** A place that an error names. */
export type DefinitionPlace = typeof DefinitionPlace.Type

/**
 * A definition was refused. `problem` says in one sentence what is wrong, `fix` what to do, `places` where, the
 * first one being where to look; `message` has it all.
 *
 * @example
 * ```ts
 * import { Schema } from "effect"
 * import { DefinitionError, defineWorkflow } from "compozy"
 *
 * try {
 *   defineWorkflow({ id: "no good", input: Schema.Struct({}) }, () => null)
 * } catch (error) {
 *   if (error instanceof DefinitionError) error.code // => "COMPOZY_DEFINITION_ID_INVALID"
 * }
 * ```
 */
export class DefinitionError extends Schema.TaggedError<DefinitionError>()("DefinitionError", {
  code: DefinitionErrorCode,
  problem: Schema.String,
  fix: Schema.String,
  places: Schema.Array(DefinitionPlace),
  message: Schema.String
}) {
  readonly isRetryable = false
}

/** A place that may not be known. */
export interface MaybePlace {
  readonly what: string
  readonly at: string | undefined
}

/** Makes a {@link DefinitionError} whose message has the problem, the fix and every known place. */
export const definitionError = (options: {
  readonly code: DefinitionErrorCode
  readonly problem: string
  readonly fix: string
  readonly places?: ReadonlyArray<MaybePlace>
}): DefinitionError => {
  const places = (options.places ?? []).flatMap(({ what, at }) => (at === undefined ? [] : [{ what, at }]))
  const problem = options.problem.replace(/^the /, "The ")
  const lines = [problem, ...places.map(({ what, at }) => `  ${what}: ${at}`), `  fix: ${options.fix}`]
  return new DefinitionError({
    code: options.code,
    problem,
    fix: options.fix,
    places,
    message: lines.join("\n")
  })
}
