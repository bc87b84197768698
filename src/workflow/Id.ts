/**
 * The grammar of ids: they are parts of paths (`reports[2].report`) and keys in histories and stores.
 */
import { definitionError } from "./DefinitionError.ts"

const idGrammar = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/

/** Refuses an id that cannot be part of a path. */
export const checkId = (what: string, id: unknown, at: string | undefined): void => {
  if (typeof id === "string" && idGrammar.test(id)) return
  throw definitionError({
    code: "COMPOZY_DEFINITION_ID_INVALID",
    problem: `The id ${typeof id === "string" ? JSON.stringify(id) : String(id)} of ${what} is not valid`,
    fix: 'begin with a letter, and go on with up to 63 letters, digits, "_" or "-"',
    places: [{ what: "given at", at }]
  })
}
