/**
 * The routes of a router: one for each literal that its value may be, or a default.
 */
import { definitionError } from "./DefinitionError.ts"
import { nearestOf } from "./Nearest.ts"
import type { literalsOf } from "./Shape.ts"
import type { Step } from "./Step.ts"

/** Refuses routes that the value never takes, and values without a route. */
export const checkRoutes = (
  self: Step,
  known: ReturnType<typeof literalsOf>,
  routes: { readonly [value: string]: unknown }
): void => {
  const names = Object.keys(routes)
  const literals = known?.literals
  const unknown = names.find(
    (name) => name !== "default" && known?.open === false && !known.literals.includes(name)
  )
  if (literals !== undefined && unknown !== undefined) {
    const nearest = nearestOf(unknown, literals)
    throw definitionError({
      code: "COMPOZY_DEFINITION_ROUTE_UNKNOWN",
      problem: `${self.name} has a route "${unknown}", but the value is never that`,
      fix: `${nearest === undefined ? "" : `did you mean "${nearest}"? `}The value is one of ${literals.join(", ")}`,
      places: [{ what: "given at", at: self.at }]
    })
  }
  if (names.includes("default")) return
  const missing = (literals ?? []).filter((literal) => !names.includes(literal))
  if (literals !== undefined && missing.length === 0) return
  throw definitionError({
    code: "COMPOZY_DEFINITION_ROUTE_MISSING",
    problem:
      literals === undefined
        ? `${self.name} has no default, but the value may be any text`
        : `${self.name} has no route for ${missing.map((literal) => JSON.stringify(literal)).join(", ")}`,
    fix: "add a route for it, or a default",
    places: [{ what: "given at", at: self.at }]
  })
}
