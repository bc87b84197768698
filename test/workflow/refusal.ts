/**
 * What a definition is refused with, as a text for snapshots: each place is replaced by the source that stands there.
 */
import { readFileSync } from "node:fs"
import { DefinitionError } from "../../src/workflow/index.ts"

export const refusal = (define: () => unknown): string => {
  try {
    define()
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error
    return `${error.code}\n${error.message.replaceAll(/([^\s:]+\.ts):(\d+):(\d+)/g, (_, ...at) => sourceAt(at))}`
  }
  return "it was not refused"
}

const sourceAt = ([file, line, column]: ReadonlyArray<unknown>): string => {
  const text = readFileSync(String(file), "utf8").split("\n")[Number(line) - 1] ?? ""
  return `«${text.slice(Number(column) - 1)}»`
}
