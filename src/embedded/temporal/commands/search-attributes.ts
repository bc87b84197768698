import { ServiceError } from "../errors.ts"
import { TaskFailedCause } from "../proto/enums.ts"
import type { SearchAttributes } from "../proto/root.ts"
import { validateSearchAttributes } from "../visibility/validate.ts"
import { CommandFailure } from "./context.ts"
import type { CommandContext } from "./context.ts"

/** Checks the search attributes of a command; the workflow task fails with those that are not right. Returns them with their types. */
export const checkSearchAttributes = (
  { tx }: CommandContext,
  namespace: string,
  attributes: SearchAttributes | null | undefined,
  wrap?: (message: string) => string
): SearchAttributes | undefined => {
  try {
    return validateSearchAttributes(namespace, attributes, tx.core.searchAttributes(namespace), wrap)
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    throw new CommandFailure(TaskFailedCause.BadSearchAttributes, error.message)
  }
}
